//! The face to callers: decodes a request, calls one use case, encodes its
//! outcome. Generated types do not leave this module, and no rule of the account
//! flow is decided here.

mod account_service;
mod caller;
mod convert;
mod exported;
mod front;
mod health;
mod layers;
mod outcome;
mod reference_service;
mod reflection;
mod refused_fields;
mod rpc;
mod rpc_names;
mod status;
mod support_service;
mod testing_service;
mod texts;

pub use account_service::AccountGrpc;
pub use exported::ExportedDocument;
pub use front::{Front, Gate};
pub(crate) use health::Health;
pub(crate) use layers::{CallLog, Layered, Layers};
pub use reference_service::ReferenceGrpc;
pub use reflection::Reflection;
pub(crate) use reflection::with_reflection;
pub use support_service::SupportGrpc;
pub(crate) use testing_service::with_testing;
pub use texts::violation as violation_text;
