//! Reads a request from protobuf's JSON, and names what is wrong with it by its path and never by
//! its value, which may be a password.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use crate::{
    failure::Failure,
    nearest::{hint, shown},
};

/// The request that a text holds. Its fields have the names of the proto files or those that
/// protobuf's JSON makes of them.
///
/// # Errors
///
/// When the text is no JSON object, has a field that the request has not, or one of another type.
pub(crate) fn read(request: &MessageDescriptor, json: &str) -> Result<DynamicMessage, Failure> {
    let value: Value = serde_json::from_str(json)
        .map_err(|error| Failure::Usage(format!("`request_json` cannot be read: {error}")))?;
    let Value::Object(fields) = &value else {
        return Err(Failure::Usage("`request_json` is not a JSON object".into()));
    };
    check(request, fields, "")?;
    // The error would tell the value. Nothing is left that it could be about.
    DynamicMessage::deserialize(request.clone(), value)
        .map_err(|_| Failure::Usage(format!("`request_json` is no {}", request.name())))
}

/// Checks the fields of a message, which is at `path`.
fn check(
    message: &MessageDescriptor,
    given: &Map<String, Value>,
    path: &str,
) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for (name, value) in given {
        let path = if path.is_empty() { shown(name) } else { format!("{path}.{}", shown(name)) };
        let field = message.get_field_by_name(name);
        let Some(field) = field.or_else(|| message.get_field_by_json_name(name)) else {
            let fields: Vec<FieldDescriptor> = message.fields().collect();
            let hint = hint(name, fields.iter().map(FieldDescriptor::name));
            return Err(Failure::Usage(format!("{} has no field `{path}`{hint}", message.name())));
        };
        if seen.contains(&field.number()) {
            let text =
                format!("`{path}` is given twice: a field has two names, for the same value");
            return Err(Failure::Usage(text));
        }
        seen.push(field.number());
        match (field.kind(), value) {
            (Kind::Message(inner), Value::Object(fields))
                if !field.is_list() && !inner.full_name().starts_with("google.protobuf.") =>
            {
                check(&inner, fields, &path)?;
            }
            _ => check_alone(message, &field, value, &path)?,
        }
    }
    Ok(())
}

/// Checks a field by reading a message that has no other.
fn check_alone(
    message: &MessageDescriptor,
    field: &FieldDescriptor,
    value: &Value,
    path: &str,
) -> Result<(), Failure> {
    let alone = Value::Object([(field.name().to_owned(), value.clone())].into_iter().collect());
    match DynamicMessage::deserialize(message.clone(), alone) {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::Usage(format!("`{path}` is not of the type {}", type_name(field)))),
    }
}

/// What a field takes, as the proto files call it.
fn type_name(field: &FieldDescriptor) -> String {
    let one = match field.kind() {
        Kind::Message(message) => message.name().to_owned(),
        Kind::Enum(values) => values.name().to_owned(),
        kind => format!("{kind:?}").to_ascii_lowercase(),
    };
    if field.is_list() { format!("repeated {one}") } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc;

    fn refusal(rpc: &str, json: &str) -> String {
        match read(&rpc::find(rpc).unwrap().request, json) {
            Err(Failure::Usage(text)) => text,
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (rpc, json, says) in [
            ("Get", "", "cannot be read"),
            ("Get", "[]", "is not a JSON object"),
            ("Get", "{} {}", "cannot be read"),
            (
                "Get",
                r#"{"acount_id":7}"#,
                "GetRequest has no field `acount_id`; the nearest is `account_id`",
            ),
            ("Get", r#"{"account_id":-1}"#, "`account_id` is not of the type uint32"),
            ("Update", r#"{"account":{"vile":"N"}}"#, "Account has no field `account.vile`"),
            ("Update", r#"{"account":{"postalcode":"N"}}"#, "the nearest is `postal_code`"),
            ("Update", r#"{"account":[]}"#, "`account` is not of the type Account"),
            (
                "Update",
                r#"{"update_mask":"not_camel"}"#,
                "`update_mask` is not of the type FieldMask",
            ),
            ("Get", r#"{"account_id":7,"accountId":7}"#, "is given twice"),
        ] {
            let text = refusal(rpc, json);
            assert!(text.contains(says), "{json}: {text}");
        }
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(refusal("Get", &deep).contains("recursion limit"));
    }

    #[test]
    fn no_value_is_told() {
        for json in [
            r#"{"new_password":{"s3cr3t":1}}"#,
            r#"{"new_password":["s3cr3t"]}"#,
            r#"{"unlink_other_machines":"s3cr3t"}"#,
            r#"{"new_password":"s3cr3t","newPassword":"s3cr3t"}"#,
            r#"{"new_password":"s3cr3t""#,
        ] {
            let text = refusal("SetPassword", json);
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    }

    #[test]
    fn both_spellings_and_both_forms_of_a_number_are_read() {
        for json in [r#"{"account_id":7}"#, r#"{"accountId":"7"}"#] {
            let request = read(&rpc::find("Get").unwrap().request, json).unwrap();
            let id = request.get_field_by_name("account_id").unwrap().as_u32();
            assert_eq!(id, Some(7), "{json}");
        }
    }
}
