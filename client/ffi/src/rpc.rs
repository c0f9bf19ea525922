//! The RPCs that a host can name: every one that the client has.
//!
//! A request goes through the bytes of protobuf from the message that reflection made to the type
//! that the client takes, and an answer comes back the same way.

use std::sync::LazyLock;

use gestan_account_client::{Error, blocking::Client, v1};
use gestan_account_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{
    DescriptorError, DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde_json::Value;

use crate::{
    failure::Failure,
    nearest::{hint, shown},
};

const PACKAGE: &str = "gestan.account.v1";

static POOL: LazyLock<Result<DescriptorPool, DescriptorError>> =
    LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET));

/// Sends a request over a connection; gives the bytes of the response.
type Run = fn(&Client, &DynamicMessage) -> Result<Vec<u8>, Failure>;

/// One of them.
pub(crate) struct Rpc {
    /// Its name in the proto files.
    pub(crate) name: &'static str,
    /// Its request.
    pub(crate) request: MessageDescriptor,
    response: MessageDescriptor,
    run: Run,
}

macro_rules! rpcs {
    ($($name:literal: $method:ident($request:ident);)*) => {
        const NAMES: &[&str] = &[$($name),*];

        fn method(name: &str) -> Option<(&'static str, Run)> {
            match name {
                $($name => Some(($name, |client, request| {
                    send(request, |request: v1::$request| client.$method(request))
                })),)*
                _ => None,
            }
        }
    };
}

rpcs! {
    "Create": create(CreateRequest);
    "Confirm": confirm(ConfirmRequest);
    "SetPassword": set_password(SetPasswordRequest);
    "RegisterExisting": register_existing(RegisterExistingRequest);
    "Get": get(GetRequest);
    "Update": update(UpdateRequest);
    "Unlink": unlink(UnlinkRequest);
    "ResendPassword": resend_password(ResendPasswordRequest);
    "ListTimeEntries": list_time_entries(ListTimeEntriesRequest);
    "ListCountries": list_countries(ListCountriesRequest);
    "SearchApeCodes": search_ape_codes(SearchApeCodesRequest);
    "GetPrivacyNotice": get_privacy_notice(GetPrivacyNoticeRequest);
}

fn send<Q: Message + Default, A: Message>(
    request: &DynamicMessage,
    call: impl FnOnce(Q) -> Result<A, Error>,
) -> Result<Vec<u8>, Failure> {
    let request = request.transcode_to().map_err(|error| Failure::Bug(error.to_string()))?;
    Ok(call(request)?.encode_to_vec())
}

/// The RPC of a name.
///
/// # Errors
///
/// When there is none.
pub(crate) fn find(name: &str) -> Result<Rpc, Failure> {
    let Some((name, run)) = method(name) else {
        let hint = hint(name, NAMES.iter().copied());
        return Err(Failure::Usage(format!("there is no RPC `{}`{hint}", shown(name))));
    };
    let message = |kind: &str| {
        let pool = POOL.as_ref().map_err(|error| Failure::Bug(error.to_string()))?;
        let name = format!("{PACKAGE}.{name}{kind}");
        pool.get_message_by_name(&name).ok_or_else(|| Failure::Bug(format!("no {name}")))
    };
    Ok(Rpc { name, request: message("Request")?, response: message("Response")?, run })
}

impl Rpc {
    /// Makes the call; gives the response under the names of the proto files, all its fields, also
    /// those that are empty.
    ///
    /// # Errors
    ///
    /// When it fails.
    pub(crate) fn call(&self, client: &Client, request: &DynamicMessage) -> Result<Value, Failure> {
        let response = (self.run)(client, request)?;
        let response = DynamicMessage::decode(self.response.clone(), &response[..])
            .map_err(|error| Failure::Bug(error.to_string()))?;
        // The violations of a refusal, the options and the documentation have these names, too.
        let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
        response
            .serialize_with_options(serde_json::value::Serializer, &options)
            .map_err(|error| Failure::Bug(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rpc_of_the_services_for_installations_can_be_called() {
        let pool = POOL.as_ref().unwrap();
        let mut found = 0;
        for service in ["AccountService", "ReferenceService"] {
            let service = pool.get_service_by_name(&format!("{PACKAGE}.{service}")).unwrap();
            for method in service.methods() {
                let rpc = find(method.name()).unwrap();
                assert_eq!(rpc.request, method.input());
                assert_eq!(rpc.response, method.output());
                found += 1;
            }
        }
        assert_eq!(found, NAMES.len());
    }

    #[test]
    fn a_name_that_is_no_rpc_is_refused_with_the_nearest() {
        let Err(Failure::Usage(text)) = find("registerExisting") else { panic!("it is found") };
        assert!(text.ends_with("; the nearest is `RegisterExisting`"), "{text}");
    }
}
