//! docs/API.md says what the proto files say: it is written from their
//! descriptors, and never by hand. To write it anew:
//!
//! ```sh
//! GESTAN_TEST_WRITE=1 cargo test --workspace --all-features -- api_reference
//! ```

use std::{
    collections::{HashMap, HashSet},
    env,
    fmt::Write as _,
    fs,
};

use gestan_account_proto::{FILE_DESCRIPTOR_SET, TESTING_FILE_DESCRIPTOR_SET};
use gestan_account_tests::process::workspace;
use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MethodDescriptorProto, field_descriptor_proto::Type,
};

const HEADER: &str = "\
# API reference: `gestan.account.v1`, `gestan.support.v1` and `gestan.testing.v1`

Written from the comments in [`proto/gestan`](../proto/gestan): change them, not
this file. What changed, and what clients may rely on: [`proto/CHANGELOG.md`](../proto/CHANGELOG.md).
";

/// The packages, those that installations use first.
const PACKAGES: [&str; 3] = ["gestan.account.v1", "gestan.support.v1", "gestan.testing.v1"];

/// Every file, those of a testing server among them.
fn descriptors() -> FileDescriptorSet {
    let decode = |bytes| FileDescriptorSet::decode(bytes).expect("descriptors");
    let (mut all, testing) = (decode(FILE_DESCRIPTOR_SET), decode(TESTING_FILE_DESCRIPTOR_SET));
    all.file.extend(testing.file);
    all
}

/// Our files, in the order of the packages.
pub(super) fn ours(set: &FileDescriptorSet) -> Vec<Documented<'_>> {
    let of = |package: &'static str| set.file.iter().filter(move |file| file.package() == package);
    PACKAGES.into_iter().flat_map(of).map(Documented::new).collect()
}

#[test]
fn the_api_reference_says_what_the_proto_files_say() {
    let set = descriptors();
    let expected = render(&ours(&set));
    let path = workspace().join("docs/API.md");
    if env::var_os("GESTAN_TEST_WRITE").is_some() {
        fs::write(&path, &expected).expect("the reference is written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == expected,
        "docs/API.md is not what the proto files say; write it anew with\n\
         GESTAN_TEST_WRITE=1 cargo test --workspace --all-features -- api_reference"
    );
}

#[test]
fn every_rpc_says_what_it_does_and_reveals_and_whether_it_may_be_repeated() {
    let set = descriptors();
    for documented in ours(&set) {
        for (index, service) in documented.file.service.iter().enumerate() {
            for (place, method) in service.method.iter().enumerate() {
                let path = [SERVICE, number(index), MEMBER, number(place)];
                let comment = documented.comment(&path);
                for label in ["Effect: ", "Retry: ", "Reveals: ", "Errors:"] {
                    let has_label = comment.lines().any(|line| line.starts_with(label));
                    assert!(has_label, "{} does not say its {label}", method.name());
                }
            }
        }
    }
}

/// A file with its comments, by the path of what they belong to.
pub(super) struct Documented<'a> {
    pub(super) file: &'a FileDescriptorProto,
    comments: HashMap<&'a [i32], &'a str>,
}

/// The numbers of `FileDescriptorProto`'s fields, and of what is in those.
pub(super) const MESSAGE: i32 = 4;
const ENUM: i32 = 5;
pub(super) const SERVICE: i32 = 6;
pub(super) const MEMBER: i32 = 2;

impl<'a> Documented<'a> {
    fn new(file: &'a FileDescriptorProto) -> Self {
        let source = file.source_code_info.as_ref().expect("descriptors with comments");
        let comments = source.location.iter();
        let comments = comments.map(|place| (place.path.as_slice(), place.leading_comments()));
        Self { file, comments: comments.filter(|(_, comment)| !comment.is_empty()).collect() }
    }

    pub(super) fn comment(&self, path: &[i32]) -> String {
        let comment = self.comments.get(path).unwrap_or_else(|| panic!("no comment at {path:?}"));
        comment.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    fn message(&self, index: usize, message: &DescriptorProto) -> String {
        let index = number(index);
        let mut text = format!("{}\n", self.comment(&[MESSAGE, index]));
        if !message.field.is_empty() {
            text.push_str("\n| field | type | number | meaning |\n| --- | --- | --- | --- |\n");
        }
        for (place, field) in message.field.iter().enumerate() {
            let meaning = cell(&self.comment(&[MESSAGE, index, MEMBER, number(place)]));
            let (name, kind) = (field.name(), kind(field));
            let _ = writeln!(text, "| `{name}` | {kind} | {} | {meaning} |", field.number());
        }
        text
    }

    fn enumeration(&self, index: usize, enumeration: &EnumDescriptorProto) -> String {
        let mut text = format!("{}\n\n", self.comment(&[ENUM, number(index)]));
        text.push_str("| value | number | meaning |\n| --- | --- | --- |\n");
        for (place, value) in enumeration.value.iter().enumerate() {
            let path = [ENUM, number(index), MEMBER, number(place)];
            let meaning = cell(&self.comment(&path));
            let _ = writeln!(text, "| `{}` | {} | {meaning} |", value.name(), value.number());
        }
        text
    }
}

fn render(files: &[Documented<'_>]) -> String {
    let mut messages = HashMap::new();
    let (mut services, mut shared, mut enumerations) =
        (String::new(), String::new(), String::new());
    // These stand with their calls.
    let services_of = files.iter().flat_map(|documented| &documented.file.service);
    let methods = services_of.flat_map(|service| &service.method);
    let of_calls: HashSet<&str> =
        methods.flat_map(|method| [method.input_type(), method.output_type()]).collect();
    for documented in files {
        for (index, message) in documented.file.message_type.iter().enumerate() {
            let text = documented.message(index, message);
            let name = message.name();
            let full_name = format!(".{}.{name}", documented.file.package());
            if !of_calls.contains(&*full_name) {
                let _ = write!(shared, "\n### {name}\n\n{text}");
            }
            messages.insert(full_name, text);
        }
        for (index, enumeration) in documented.file.enum_type.iter().enumerate() {
            let text = documented.enumeration(index, enumeration);
            let _ = write!(enumerations, "\n### {}\n\n{text}", enumeration.name());
        }
    }
    for documented in files {
        for (index, service) in documented.file.service.iter().enumerate() {
            let comment = documented.comment(&[SERVICE, number(index)]);
            let _ = write!(services, "\n## {}\n\n{comment}\n", service.name());
            for (place, method) in service.method.iter().enumerate() {
                let path = [SERVICE, number(index), MEMBER, number(place)];
                services.push_str(&call(method, &documented.comment(&path), &messages));
            }
        }
    }
    format!("{HEADER}{services}\n## Messages\n{shared}\n## Reasons\n{enumerations}")
}

/// A call with its request and its response.
fn call(
    method: &MethodDescriptorProto,
    comment: &str,
    messages: &HashMap<String, String>,
) -> String {
    let mut text = format!("\n### {}\n\n", method.name());
    for line in comment.lines() {
        match line.split_once(": ") {
            Some((label @ ("Effect" | "Retry" | "Reveals"), rest)) => {
                let _ = writeln!(text, "**{label}:** {rest}");
            }
            _ if line == "Errors:" => text.push_str("**Errors:**\n\n"),
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    // Each of them is a paragraph of its own.
    for label in ["**Retry:**", "**Reveals:**"] {
        text = text.replacen(label, &format!("\n{label}"), 1);
    }
    for name in [method.input_type(), method.output_type()] {
        let short = name.rsplit('.').next().unwrap_or(name);
        let _ = write!(text, "\n#### {short}\n\n{}", messages[name]);
    }
    text
}

fn kind(field: &FieldDescriptorProto) -> String {
    let name = match field.r#type() {
        Type::String => "string".to_owned(),
        Type::Int32 => "int32".to_owned(),
        Type::Uint32 => "uint32".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Message | Type::Enum => {
            let name = field.type_name().trim_start_matches('.');
            let ours = PACKAGES.into_iter().find_map(|package| name.strip_prefix(package));
            match ours.map(|name| name.trim_start_matches('.')) {
                Some(ours) => format!("[{ours}](#{})", ours.to_lowercase()),
                None => format!("`{name}`"),
            }
        }
        other => panic!("the reference does not know {other:?} yet"),
    };
    if field.label() == prost_types::field_descriptor_proto::Label::Repeated {
        return format!("repeated {name}");
    }
    name
}

/// A comment in a cell of a table.
fn cell(comment: &str) -> String {
    comment.replace('\n', " ").replace('|', "\\|")
}

pub(super) fn number(index: usize) -> i32 {
    i32::try_from(index).expect("a small number")
}
