//! One text drives every parser. Of the first byte, three bits choose the
//! country, and two which of the slow checks is made as well.

#![no_main]

use gestan_account_fuzz::{domain, operator};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, text)) = data.split_first() else { return };
    let (country, text) = (first & 7, String::from_utf8_lossy(text));
    domain::check(country, &text);
    operator::check(&text);
    operator::check_proxy_header(&data[1..]);
    match (first >> 3) & 3 {
        1 => domain::check_form(country, &text),
        2 => operator::check_mail(&text),
        3 => operator::check_mail_password(&text),
        _ => {}
    }
});
