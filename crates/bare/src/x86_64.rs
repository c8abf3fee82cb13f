//! What only assembly can say on x86-64: a system call, a child on a stack of
//! its own, moving bytes.
//!
//! Not here: what the calls mean (`call.rs` and its users), the entry
//! (`program!` in `lib.rs`, because the symbol must be the program's own).

use core::arch::{asm, naked_asm};

/// One system call; unused arguments are ignored by the kernel.
///
/// # Safety
/// The call must be sound with these arguments: what it reads and writes
/// belongs to the caller.
#[inline]
pub(crate) unsafe fn system_call(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: as the caller vouches; `syscall` itself changes rax, rcx and r11 only.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number.cast_signed() => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// `clone(flags, stack, pidfd)`: returns in the parent alone, with the child's
/// id or a negative errno. The child starts in `run(argument)` on `stack`; it has
/// no frame of the parent's to return to.
///
/// # Safety
/// `stack` is the 16-byte aligned end of memory that nothing else uses until
/// the child has left it; `flags` names neither TLS nor a child id to write.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn clone_onto(
    flags: usize,
    stack: *mut u8,
    pidfd: *mut i32,
    run: unsafe extern "C" fn(*mut u8) -> !,
    argument: *mut u8,
) -> isize {
    naked_asm!(
        "mov [rsi - 8], rcx",
        "mov [rsi - 16], r8",
        "sub rsi, 16",
        "xor r10d, r10d",
        "xor r8d, r8d",
        "mov eax, {clone}",
        "syscall",
        "test rax, rax",
        "jz 2f",
        "ret",
        "2:",
        "xor ebp, ebp",
        "pop rdi",
        "pop rax",
        "call rax",
        "ud2",
        clone = const linux_raw_sys::general::__NR_clone,
    )
}

/// Copies upwards; overlapping is fine where `to` is below `from`.
///
/// # Safety
/// `length` bytes are readable at `from` and writable at `to`.
#[inline]
pub(crate) unsafe fn copy_upwards(to: *mut u8, from: *const u8, length: usize) {
    // SAFETY: as the caller vouches; the direction flag is clear by the ABI.
    unsafe {
        asm!(
            "rep movsb",
            inout("rcx") length => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
    }
}

/// Copies downwards from the last byte; overlapping is fine where `to` is above `from`.
///
/// # Safety
/// `length` bytes are readable at `from` and writable at `to`; `length` is not 0.
#[inline]
pub(crate) unsafe fn copy_downwards(to: *mut u8, from: *const u8, length: usize) {
    let last = length.wrapping_sub(1);
    // SAFETY: as the caller vouches; the direction flag is cleared again.
    unsafe {
        asm!(
            "std",
            "rep movsb",
            "cld",
            inout("rcx") length => _,
            inout("rdi") to.wrapping_add(last) => _,
            inout("rsi") from.wrapping_add(last) => _,
            options(nostack),
        );
    }
}

/// Sets `length` bytes.
///
/// # Safety
/// `length` bytes are writable at `to`.
#[inline]
pub(crate) unsafe fn fill(to: *mut u8, byte: u8, length: usize) {
    // SAFETY: as the caller vouches; the direction flag is clear by the ABI.
    unsafe {
        asm!(
            "rep stosb",
            inout("rcx") length => _, inout("rdi") to => _, in("al") byte,
            options(nostack, preserves_flags),
        );
    }
}
