//! What the kernel hands a program: arguments, environment, auxiliary vector.
//!
//! Not here: anything that libc's start-up would do behind the program's back
//! (reopening closed descriptors, changing what SIGPIPE does).

use core::ffi::{CStr, c_char};

use linux_raw_sys::auxvec::{AT_EXECFN, AT_NULL};

use crate::process;

/// The first stack of a process, as `execve(2)` laid it out.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    arguments: *const *const c_char,
    count: usize,
    environment: *const *const c_char,
    auxiliary: *const [usize; 2],
}

impl Start {
    /// Reads the layout: argc, argv, a null, envp, a null, pairs.
    ///
    /// # Safety
    /// `stack` is the stack pointer at the process's entry, and nothing writes there.
    unsafe fn at(stack: *const usize) -> Self {
        // SAFETY: argc is the first word.
        let count = unsafe { stack.read() };
        let arguments: *const *const c_char = stack.wrapping_add(1).cast();
        let environment = arguments.wrapping_add(count + 1);
        let mut end = environment;
        // SAFETY: the array is read up to its null and no further.
        while !unsafe { end.read() }.is_null() {
            end = end.wrapping_add(1);
        }
        Self { arguments, count, environment, auxiliary: end.wrapping_add(1).cast() }
    }

    /// How many arguments there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// argv, in order.
    #[must_use]
    pub fn arguments(&self) -> Strings {
        Strings { next: self.arguments }
    }

    /// The environment's strings, in order, whatever they look like.
    #[must_use]
    pub fn environment(&self) -> Strings {
        Strings { next: self.environment }
    }

    /// The path that was executed, as the caller gave it (`AT_EXECFN`).
    #[must_use]
    pub fn executed(&self) -> Option<&'static CStr> {
        let mut at = self.auxiliary;
        loop {
            // SAFETY: the vector is read up to its `AT_NULL` and no further.
            let [kind, value] = unsafe { at.read() };
            if kind == AT_NULL as usize {
                return None;
            }
            if kind == AT_EXECFN as usize {
                // SAFETY: the kernel's pointer to a string that stays for the process's life.
                return Some(unsafe { CStr::from_ptr(core::ptr::with_exposed_provenance(value)) });
            }
            at = at.wrapping_add(1);
        }
    }
}

/// The strings of argv or of the environment.
#[derive(Debug, Clone)]
pub struct Strings {
    next: *const *const c_char,
}

impl Iterator for Strings {
    type Item = &'static CStr;

    fn next(&mut self) -> Option<&'static CStr> {
        // SAFETY: the array is read up to its null and no further.
        let string = unsafe { self.next.read() };
        if string.is_null() {
            return None;
        }
        self.next = self.next.wrapping_add(1);
        // SAFETY: the kernel's pointer to a string that stays for the process's life.
        Some(unsafe { CStr::from_ptr(string) })
    }
}

/// Runs `main` and ends the process with its value.
///
/// # Safety
/// `stack` is the stack pointer at the process's entry; `program!` alone calls it.
pub unsafe fn run(stack: *const usize, main: fn(Start) -> u8) -> ! {
    // SAFETY: as the caller vouches.
    let start = unsafe { Start::at(stack) };
    #[cfg(feature = "sabotage")]
    crate::sabotage::remember(start.environment());
    process::exit(main(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_read_as_the_kernel_lays_it_out() {
        let strings = [c"terraform".as_ptr().addr(), c"".as_ptr().addr(), c"A=1".as_ptr().addr()];
        let path = c"/opt/shims/terraform".as_ptr().expose_provenance();
        let [tool, empty, variable] = strings;
        let stack = [2, tool, empty, 0, variable, 0, 6, 4096, AT_EXECFN as usize, path, 0, 0];
        // SAFETY: laid out as a stack is.
        let start = unsafe { Start::at(stack.as_ptr()) };
        assert_eq!(start.count(), 2);
        assert_eq!(start.arguments().collect::<Vec<_>>(), [c"terraform", c""]);
        assert_eq!(start.environment().collect::<Vec<_>>(), [c"A=1"]);
        assert_eq!(start.executed(), Some(c"/opt/shims/terraform"));
    }
}
