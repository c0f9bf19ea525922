//! The account service for programs that can call a C function and nothing more: WLanguage, above
//! all. Texts go in, a text comes out, and both are JSON in ASCII.
//!
//! Only the functions of this module are exported, and `include/gestan_compte.h` declares them for C.
//! They decide nothing: a call goes to [`gestan_account_client`], which keeps the connection, and
//! what is said here is how it comes there and back.

mod answer;
mod ascii;
mod border;
mod connection;
mod failure;
mod nearest;
mod options;
mod pin;
mod request;
mod rpc;
mod texts;
mod token;

use std::ffi::{c_char, c_int};

/// What [`gestan_version`] gives. It grows by one with a change that a program must know of.
const VERSION: c_int = 1;

/// Says which service to call, and how. It opens no connection: the first call does. It can be
/// called again, and then counts for the calls that begin after it; with the same options it
/// changes nothing, and when it fails, neither.
///
/// `options_json` is a JSON object in ASCII that ends with a zero byte. The answer is to be given to
/// `gestan_free`: `{"ok":{"link_token_stored":true}}`, or `{"error":{…}}`. It is `NULL` only when
/// memory for it is wanting.
///
/// # Safety
///
/// `options_json` is `NULL`, or points to bytes that end with a zero byte, and that nobody changes
/// during the call.
#[expect(unsafe_code, reason = "C finds it by its name, and gives a pointer")]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn gestan_connect(options_json: *const c_char) -> *mut c_char {
    border::answer(|| {
        pin::pin()?;
        // SAFETY: as the caller promises of its argument.
        let options = unsafe { border::text("options_json", options_json) }?;
        connection::connect(options)
    })
}

/// Makes a call, and waits for its answer, at most until the deadline. Any number of threads may
/// call concurrently.
///
/// `rpc` is a name such as `Get`; `request_json` its request in protobuf's JSON; `link_token` the
/// token to prove the machine by, or `NULL` or an empty text for the one that the library keeps. The
/// answer is to be given to `gestan_free`: `{"ok":{…}}`, the response in protobuf's JSON under the
/// names of the proto files, or `{"error":{…}}`. It is `NULL` only when memory for it is wanting.
///
/// # Safety
///
/// Each argument is `NULL`, or points to bytes that end with a zero byte, and that nobody changes
/// during the call.
#[expect(unsafe_code, reason = "C finds it by its name, and gives pointers")]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn gestan_call(
    rpc: *const c_char,
    request_json: *const c_char,
    link_token: *const c_char,
) -> *mut c_char {
    border::answer(|| {
        // SAFETY: as the caller promises of its first argument.
        let rpc = unsafe { border::text("rpc", rpc) }?;
        // SAFETY: as the caller promises of its second argument.
        let request = unsafe { border::text("request_json", request_json) }?;
        // SAFETY: as the caller promises of its third argument.
        let token = unsafe { border::optional_text("link_token", link_token) }?;
        connection::current()?.call(rpc, request, token)
    })
}

/// Gives an answer back, whose memory is the library's. `NULL` is taken, and nothing is done.
///
/// # Safety
///
/// `answer` is `NULL`, or what `gestan_connect` or `gestan_call` gave, and is given back once.
#[expect(unsafe_code, reason = "C finds it by its name, and gives a pointer")]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn gestan_free(answer: *mut c_char) {
    // SAFETY: as the caller promises of its argument.
    unsafe { border::free(answer) }
}

/// The version of this interface: a program that was written for another one is not to call it.
#[expect(unsafe_code, reason = "C finds it by its name")]
#[unsafe(no_mangle)]
pub extern "system" fn gestan_version() -> c_int {
    VERSION
}
