//! What the service keeps, and the rules of each thing's life: an account, a
//! challenge, the link of a machine, a support key. `storage` reads and writes them;
//! the use cases ask them. Nothing here knows of a database, and nothing waits.

pub mod account;
pub mod calling_machine;
pub mod challenge;
pub mod link;
pub mod support_key;
