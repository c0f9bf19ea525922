//! A password is judged: its last line, and before it what the account tells.
//! Apart from the other parsers, because it takes a hundred times as long.

#![no_main]

use gestan_account_fuzz::domain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (personal, password) = text.rsplit_once('\n').unwrap_or(("", &text));
    domain::check_strength(password, personal);
});
