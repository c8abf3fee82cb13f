//! The way into the kernel: number, up to six arguments, a value or an [`Errno`].

use crate::{Errno, x86_64};

/// One system call.
///
/// # Safety
/// It must be sound with these arguments.
#[inline]
pub(crate) unsafe fn checked(number: u32, arguments: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: as the caller vouches.
    let result = unsafe { x86_64::system_call(number as usize, arguments) };
    if (-4095..0).contains(&result) { Err(Errno(-result as i32)) } else { Ok(result.cast_unsigned()) }
}

/// `call!(__NR_close, number)`: a system call by its name in `linux_raw_sys`,
/// the arguments as the kernel's registers take them. Unsafe, as [`checked`] is.
macro_rules! call {
    (@padded $a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr $(, $zero:expr)*) => {
        [$a, $b, $c, $d, $e, $f]
    };
    ($number:ident $(, $argument:expr)* $(,)?) => {
        $crate::call::checked(
            linux_raw_sys::general::$number,
            $crate::call::call!(@padded $($argument as usize,)* 0, 0, 0, 0, 0, 0),
        )
    };
}
pub(crate) use call;
