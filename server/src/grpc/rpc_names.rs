//! The RPCs that there are, by the paths of their calls. A path is the caller's text: what
//! is none of these has one name for all.

use std::{collections::HashMap, sync::Arc};

use gestan_account_proto::{FILE_DESCRIPTOR_SET, TESTING_FILE_DESCRIPTOR_SET};
use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// Those of this program, of health and of reflection.
const DESCRIPTORS: [&[u8]; 5] = [
    FILE_DESCRIPTOR_SET,
    TESTING_FILE_DESCRIPTOR_SET,
    tonic_health::pb::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
];

/// What a call is called that no service knows.
const OTHER: &str = "other";

/// The name of each RPC, `Service/Rpc`.
#[derive(Debug)]
pub(super) struct RpcNames {
    by_path: HashMap<String, Arc<str>>,
    other: Arc<str>,
}

impl RpcNames {
    pub(super) fn new() -> Self {
        let mut by_path = HashMap::new();
        for descriptors in DESCRIPTORS {
            // It is compiled in: were it damaged, its calls would be called like others.
            let Ok(set) = FileDescriptorSet::decode(descriptors) else { continue };
            by_path.extend(set.file.iter().flat_map(names));
        }
        Self { by_path, other: OTHER.into() }
    }

    /// What a call of this path is called.
    pub(super) fn of(&self, path: &str) -> Arc<str> {
        Arc::clone(self.by_path.get(path).unwrap_or(&self.other))
    }

    /// Every RPC that there is.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_path.values()
    }
}

fn names(file: &FileDescriptorProto) -> impl Iterator<Item = (String, Arc<str>)> {
    let package = file.package();
    file.service.iter().flat_map(move |service| {
        service.method.iter().map(move |method| {
            let (service, method) = (service.name(), method.name());
            let path = format!("/{package}.{service}/{method}");
            (path, Arc::from(format!("{service}/{method}")))
        })
    })
}
