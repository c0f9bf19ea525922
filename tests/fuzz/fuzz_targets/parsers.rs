//! One text drives every parser. The first byte chooses the country.

#![no_main]

use gestan_account_fuzz::{domain, operator};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some((&selector, text)) = data.split_first() {
        let text = String::from_utf8_lossy(text);
        domain::check(selector, &text);
        operator::check(&text);
    }
});
