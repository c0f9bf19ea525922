//! Has the library stay where it was loaded: on Linux the linker notes it in the file. On Windows,
//! whose files have no such note, the library asks for it itself.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
