//! The border to C: pointers become texts, answers become pointers, and no panic crosses it.
//!
//! This module and `pin` are all that has unsafe code. Nothing is known here of the service.

#![expect(unsafe_code, reason = "C gives and takes pointers")]

use std::{
    cell::Cell,
    ffi::{CStr, CString, c_char},
    panic::{self, AssertUnwindSafe},
    ptr,
    sync::Once,
};

use serde_json::Value;

use crate::{answer, ascii, failure::Failure};

/// No text that is taken is longer: a request of the service has 64 KiB at most, and a few
/// authorities fit into the options.
const MAX_BYTES: usize = 1 << 20;

thread_local! {
    /// Where this thread panicked last.
    static PANICKED_AT: Cell<Option<String>> = const { Cell::new(None) };
}

/// Has `call` made, and gives what it came to, whatever that is.
pub(crate) fn answer(call: impl FnOnce() -> Result<Value, Failure>) -> *mut c_char {
    keep_places_of_panics();
    let answered = panic::catch_unwind(AssertUnwindSafe(|| {
        ascii::write(&call().unwrap_or_else(|failure| answer::refused(&failure)))
    }));
    let text = answered.or_else(|payload| {
        // What a panic says may tell what was typed: only its place is told. To drop the payload
        // may panic once more, and its memory is a small price.
        std::mem::forget(payload);
        let place = PANICKED_AT.take().unwrap_or_else(|| "an unknown place".to_owned());
        panic::catch_unwind(|| ascii::write(&answer::refused(&Failure::Bug(place))))
    });
    // The text is ASCII without control characters, so that it has no zero byte.
    text.ok().and_then(|text| CString::new(text).ok()).map_or(ptr::null_mut(), CString::into_raw)
}

/// The text that an argument points to.
///
/// # Safety
///
/// `pointer` is `NULL`, or points to bytes that end with a zero byte, and that nobody changes as
/// long as the text is in use.
pub(crate) unsafe fn text<'a>(argument: &str, pointer: *const c_char) -> Result<&'a str, Failure> {
    // SAFETY: as the caller promises.
    match unsafe { optional_text(argument, pointer) }? {
        "" => Err(Failure::Usage(format!("`{argument}` is NULL or empty"))),
        text => Ok(text),
    }
}

/// The same, where `NULL` is as good as an empty text.
///
/// # Safety
///
/// As of [`text`].
pub(crate) unsafe fn optional_text<'a>(
    argument: &str,
    pointer: *const c_char,
) -> Result<&'a str, Failure> {
    if pointer.is_null() {
        return Ok("");
    }
    // SAFETY: it is not NULL, and otherwise as the caller promises.
    let bytes = unsafe { CStr::from_ptr(pointer) }.to_bytes();
    if bytes.len() > MAX_BYTES {
        let text = format!("`{argument}` has {} bytes, of {MAX_BYTES} at most", bytes.len());
        return Err(Failure::Usage(text));
    }
    let foreign = bytes.iter().position(|byte| !byte.is_ascii());
    match (foreign, str::from_utf8(bytes)) {
        (None, Ok(text)) => Ok(text),
        (place, _) => Err(Failure::Usage(format!(
            "`{argument}` is not ASCII: in JSON, \u{e9} is written \\u00e9 (byte {} of {})",
            place.unwrap_or_default() + 1,
            bytes.len()
        ))),
    }
}

/// Takes an answer back.
///
/// # Safety
///
/// `pointer` is `NULL`, or what [`answer`] gave, and has not been given back before.
pub(crate) unsafe fn free(pointer: *mut c_char) {
    if !pointer.is_null() {
        // SAFETY: `answer` made it by `CString::into_raw`, and it is the caller's to give back.
        drop(unsafe { CString::from_raw(pointer) });
    }
}

/// The standard library would write to standard error what a panic says. The hook is this
/// library's own, as its standard library is.
fn keep_places_of_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICKED_AT.set(panic.location().map(ToString::to_string));
            if cfg!(test) {
                usual(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an answer says; it is given back.
    fn read(pointer: *mut c_char) -> String {
        assert!(!pointer.is_null());
        // SAFETY: `answer` made it.
        let text = unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned();
        // SAFETY: the same, and nobody has given it back.
        unsafe { free(pointer) };
        text
    }

    #[test]
    fn a_panic_is_an_answer_that_tells_its_place_and_not_what_it_says() {
        let told = read(answer(|| panic!("the password is s3cr3t")));
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["error"]["kind"], "BUG");
        let place = told["error"]["causes"][0].as_str().unwrap();
        assert!(place.contains("border.rs:"), "{place}");
        assert!(!told.to_string().contains("s3cr3t"), "{told}");
    }

    #[test]
    fn a_text_is_ascii_and_has_a_bound() {
        let refused = |bytes: Vec<u8>| {
            let text = CString::new(bytes).unwrap();
            // SAFETY: it lives until the end of this function.
            unsafe { optional_text("rpc", text.as_ptr()) }.is_err()
        };
        assert!(refused("Répertoire".into()));
        assert!(refused(vec![0xe9]));
        assert!(refused(vec![b'a'; MAX_BYTES + 1]));
        assert!(!refused(vec![b'a'; MAX_BYTES]));
        // SAFETY: NULL is taken.
        assert!(unsafe { text("rpc", ptr::null()) }.is_err());
        // SAFETY: NULL is taken.
        assert_eq!(unsafe { optional_text("rpc", ptr::null()) }.ok(), Some(""));
    }
}
