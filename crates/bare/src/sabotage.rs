//! Faults on purpose, by name, so that a test can prove that it would notice.
//!
//! With the feature `sabotage` (never a default, never shipped) a fault is on
//! when the program's environment has `TOLLGATE_SABOTAGE=name`; without the
//! feature [`chosen`] is the constant `false` and the fault's code vanishes.

/// Whether the fault of this name is on.
#[macro_export]
macro_rules! sabotage {
    ($name:literal) => {
        $crate::sabotage::chosen($name)
    };
}

/// Whether the fault of this name is on.
#[cfg(not(feature = "sabotage"))]
#[must_use]
#[inline(always)]
pub const fn chosen(_: &str) -> bool {
    false
}

#[cfg(feature = "sabotage")]
mod on {
    use core::ffi::{CStr, c_char};
    use core::sync::atomic::{AtomicPtr, Ordering};

    use crate::entry::Strings;

    static NAME: AtomicPtr<c_char> = AtomicPtr::new(core::ptr::null_mut());

    /// Takes the fault's name from the environment.
    pub(crate) fn remember(mut environment: Strings) {
        let prefix = b"TOLLGATE_SABOTAGE=";
        if let Some(variable) = environment.find(|variable| variable.to_bytes().starts_with(prefix)) {
            NAME.store(variable.as_ptr().cast_mut().wrapping_add(prefix.len()), Ordering::Relaxed);
        }
    }

    /// Whether the fault of this name is on.
    #[must_use]
    pub fn chosen(name: &str) -> bool {
        let found = NAME.load(Ordering::Relaxed);
        // SAFETY: a string of the environment, which stays for the process's life.
        !found.is_null() && unsafe { CStr::from_ptr(found) }.to_bytes() == name.as_bytes()
    }
}
#[cfg(feature = "sabotage")]
pub use on::chosen;
#[cfg(feature = "sabotage")]
pub(crate) use on::remember;

/// Takes the echo from the controlling terminal, for good.
#[cfg(feature = "sabotage")]
pub fn silence_terminal() {
    use crate::call::call;
    use linux_raw_sys::general::{ECHO, O_NOCTTY, O_RDWR};
    use linux_raw_sys::ioctl::{TCGETS, TCSETS};
    let Ok(terminal) = crate::files::open(c"/dev/tty", O_RDWR | O_NOCTTY) else { return };
    // The kernel's `struct termios`: four words, then more.
    let mut modes = [0u32; 16];
    // SAFETY: the kernel writes 36 bytes of the 64.
    let _ = unsafe { call!(__NR_ioctl, terminal.number(), TCGETS, modes.as_mut_ptr()) };
    if let Some(local) = modes.get_mut(3) {
        *local &= !ECHO;
    }
    // SAFETY: the kernel reads 36 bytes of the 64.
    let _ = unsafe { call!(__NR_ioctl, terminal.number(), TCSETS, modes.as_ptr()) };
}

/// Takes the echo from the controlling terminal, for good.
#[cfg(not(feature = "sabotage"))]
pub const fn silence_terminal() {}
