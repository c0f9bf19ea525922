//! Whole calls of the desk and for reference data, over real TCP.

#![no_main]

use std::cell::RefCell;

use gestan_account_fuzz::desk::Desk;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static DESK: RefCell<Desk> = RefCell::new(Desk::start());
}

fuzz_target!(|data: &[u8]| {
    DESK.with_borrow_mut(|desk| desk.call(data));
});
