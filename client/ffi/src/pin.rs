//! Keeps the library where it was loaded, until the process ends.
//!
//! A host that unloads it would take away the code that the connection's thread runs: on Windows the
//! process died within seconds. WLanguage unloads a library after each call that has loaded it. On
//! Linux the linker has noted the same in the file (`build.rs`).

use crate::failure::Failure;

/// Asks Windows never to unload this library.
#[cfg(windows)]
#[expect(unsafe_code, reason = "Windows is called")]
pub(crate) fn pin() -> Result<(), Failure> {
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };

    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let inside = pin as *const () as *const u16;
    let mut module = std::ptr::null_mut();
    // SAFETY: with the first flag the name is any address within the module, and the function's is
    // one; `module` outlives the call.
    if unsafe { GetModuleHandleExW(flags, inside, &raw mut module) } == 0 {
        return Err(Failure::Bug(format!("not pinned: {}", std::io::Error::last_os_error())));
    }
    Ok(())
}

/// The file says it already.
#[cfg(not(windows))]
#[expect(clippy::unnecessary_wraps, reason = "on Windows it may fail")]
pub(crate) fn pin() -> Result<(), Failure> {
    Ok(())
}
