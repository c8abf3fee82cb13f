//! What a program without libc stands on: its entry, the memory functions that
//! compiled code calls, and system calls as small typed functions.
//!
//! Used by the shim and the supervisor alone, which hold no `unsafe` of their
//! own: everything here that is not marked `unsafe` is safe to call in any
//! order from one thread. `rustix` would do the calls, but cargo unifies
//! features over a workspace: as soon as any program switches on its `std`, a
//! `no_std` program no longer links.
//!
//! Deliberately not here: an allocator, threads, signal handlers, buffered or
//! asynchronous reading, `errno` as a global, any architecture but x86-64
//! (another one is another [`x86_64`](https://docs.kernel.org/arch/x86/) file),
//! and anything that knows what Tollgate is.
#![cfg_attr(not(test), no_std)]

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!("the programs without libc are written for Linux on x86-64: add a sibling of `x86_64.rs`");

pub mod bytes;
mod call;
pub mod descriptor;
pub mod entry;
pub mod errno;
pub mod files;
pub mod limits;
pub mod memory;
pub mod poll;
pub mod process;
pub mod sabotage;
pub mod scheduling;
pub mod signals;
pub mod sockets;
pub mod spawn;
mod stopped;
pub mod text;
pub mod time;
mod x86_64;

pub use descriptor::Descriptor;
pub use entry::Start;
pub use errno::Errno;
pub use memory::Mapping;
pub use text::Text;

/// Makes a file without std and `main` (but for tests) a program: the first argument is its
/// `fn(Start) -> u8`, whose value is the exit code; the second a `fn() -> !`
/// that a panic ends in.
///
/// The symbols stand in the program's own file, not in this library, so that
/// the libraries beside the programs are tested under `std` without a clash.
#[macro_export]
macro_rules! program {
    ($main:path, $panicked:path) => {
        // `--all-targets` checks the programs as tests too, with std's own of all this.
        #[cfg(test)]
        fn main() {}

        #[cfg(not(test))]
        const _: () = {
            #[panic_handler]
            fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
                $panicked()
            }

            // The compiled `core` was built for unwinding and names it; nothing calls it.
            #[unsafe(no_mangle)]
            extern "C" fn rust_eh_personality() {}

            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            unsafe extern "C" fn _start() -> ! {
                // The kernel enters with the stack pointer at argc (System V ABI 3.4.1).
                core::arch::naked_asm!(
                    "xor ebp, ebp",
                    "mov rdi, rsp",
                    "and rsp, -16",
                    "call {enter}",
                    "ud2",
                    enter = sym enter,
                )
            }

            unsafe extern "C" fn enter(stack: *const usize) -> ! {
                // SAFETY: `_start` hands over the stack pointer as the kernel set it, once.
                unsafe { $crate::entry::run(stack, $main) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
                // SAFETY: the caller keeps memcpy's own contract.
                unsafe { $crate::bytes::copy(to, from, length) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
                // SAFETY: the caller keeps memmove's own contract.
                unsafe { $crate::bytes::shift(to, from, length) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn memset(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
                // SAFETY: the caller keeps memset's own contract.
                unsafe { $crate::bytes::fill(to, byte, length) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
                // SAFETY: the caller keeps memcmp's own contract.
                unsafe { $crate::bytes::compare(left, right, length) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
                // SAFETY: the caller keeps bcmp's own contract, which is memcmp's.
                unsafe { $crate::bytes::compare(left, right, length) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn strlen(string: *const u8) -> usize {
                // SAFETY: the caller keeps strlen's own contract.
                unsafe { $crate::bytes::length(string) }
            }
        };
    };
}
