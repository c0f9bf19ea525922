//! Whole calls, from raw bytes to the answer of the real service.

#![no_main]

use std::cell::RefCell;

use gestan_account_fuzz::service::Service;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::new(Service::start());
}

fuzz_target!(|data: &[u8]| {
    SERVICE.with_borrow_mut(|service| service.call(data));
});
