//! The memory functions that compiled code calls by name; `program!` gives them
//! the names.
//!
//! Short rather than fast: what these programs move is a few kilobytes. None is
//! written as a plain loop that the compiler would turn into a call of itself.

use crate::x86_64;

/// `memcpy`.
///
/// # Safety
/// `length` bytes are readable at `from` and writable at `to`, and do not overlap.
#[inline]
pub unsafe fn copy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: as the caller vouches.
    unsafe { x86_64::copy_upwards(to, from, length) };
    to
}

/// `memmove`.
///
/// # Safety
/// `length` bytes are readable at `from` and writable at `to`.
#[inline]
pub unsafe fn shift(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    let distance = to.addr().wrapping_sub(from.addr());
    if distance >= length {
        // SAFETY: as the caller vouches; `to` is below `from` or past its end.
        unsafe { x86_64::copy_upwards(to, from, length) };
    } else {
        // SAFETY: as the caller vouches; `to` is inside `from`, so `length` is not 0.
        unsafe { x86_64::copy_downwards(to, from, length) };
    }
    to
}

/// `memset`.
///
/// # Safety
/// `length` bytes are writable at `to`.
#[inline]
pub unsafe fn fill(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
    let [byte, ..] = byte.to_le_bytes();
    // SAFETY: as the caller vouches.
    unsafe { x86_64::fill(to, byte, length) };
    to
}

/// `memcmp`, and so `bcmp`.
///
/// # Safety
/// `length` bytes are readable at `left` and `right`.
#[inline]
pub unsafe fn compare(left: *const u8, right: *const u8, length: usize) -> i32 {
    for at in 0..length {
        // SAFETY: `at` is below `length`.
        let one = unsafe { left.wrapping_add(at).read_volatile() };
        // SAFETY: `at` is below `length`.
        let other = unsafe { right.wrapping_add(at).read_volatile() };
        if one != other {
            return i32::from(one) - i32::from(other);
        }
    }
    0
}

/// `strlen`.
///
/// # Safety
/// The bytes at `string` are readable up to a NUL.
#[inline]
pub unsafe fn length(string: *const u8) -> usize {
    let mut at = 0;
    // SAFETY: no byte before `at` was the NUL.
    while unsafe { string.wrapping_add(at).read_volatile() } != 0 {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(from: usize, to: usize, length: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..40).collect();
        let start = bytes.as_mut_ptr();
        // SAFETY: the tests stay within 40 bytes.
        unsafe { shift(start.wrapping_add(to), start.wrapping_add(from), length) };
        bytes
    }

    #[test]
    fn overlapping_bytes_move_whole_in_both_directions() {
        for (from, to) in [(0, 5), (5, 0), (3, 3), (0, 20), (20, 0)] {
            for length in [0, 1, 4, 5, 6, 20] {
                let mut expected: Vec<u8> = (0..40).collect();
                expected.copy_within(from..from + length, to);
                assert_eq!(shifted(from, to, length), expected, "{from} to {to}, {length}");
            }
        }
    }

    #[test]
    fn bytes_are_filled_and_compared_as_c_says() {
        let mut bytes = [1u8; 8];
        // SAFETY: within the array.
        unsafe { fill(bytes.as_mut_ptr().wrapping_add(2), 0x1ff, 3) };
        assert_eq!(bytes, [1, 1, 255, 255, 255, 1, 1, 1]);
        // SAFETY: three bytes each.
        assert!(unsafe { compare(b"abc".as_ptr(), b"abd".as_ptr(), 3) } < 0);
        // SAFETY: two bytes each.
        assert_eq!(unsafe { compare(b"abc".as_ptr(), b"abd".as_ptr(), 2) }, 0);
        // SAFETY: one byte each.
        assert!(unsafe { compare(b"\xff".as_ptr(), b"\x01".as_ptr(), 1) } > 0);
        // SAFETY: ends in a NUL.
        assert_eq!(unsafe { length(c"four".as_ptr().cast()) }, 4);
    }
}
