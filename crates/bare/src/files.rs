//! Files by path and by descriptor, and which descriptors are open.
//!
//! Not here: anything that follows what a file means.

use core::ffi::CStr;

use linux_raw_sys::general::{AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_RDONLY, RLIMIT_NOFILE};

use crate::call::call;
use crate::{Descriptor, Errno, descriptor, limits};

/// Flags for [`open`].
pub use linux_raw_sys::general::{O_ACCMODE, O_NOCTTY, O_NONBLOCK, O_PATH, O_RDWR, O_WRONLY};

/// Most bytes of a path with its NUL: `PATH_MAX`.
pub const PATH_MAX: usize = 4096;

/// A path put together here, ended by a NUL.
#[derive(Debug, Clone)]
pub struct Path {
    bytes: [u8; PATH_MAX],
    length: usize,
}

impl Path {
    /// The parts one after the other; an error where they are too long or hold a NUL.
    pub fn of(parts: &[&[u8]]) -> Result<Self, Errno> {
        let mut path = Self { bytes: [0; PATH_MAX], length: 0 };
        for part in parts {
            let end = path.length + part.len();
            // The last byte stays NUL.
            let place = path.bytes.get_mut(path.length..end).filter(|_| end < PATH_MAX);
            place.ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(part);
            path.length = end;
        }
        if path.as_bytes().contains(&0) { Err(Errno::EINVAL) } else { Ok(path) }
    }

    /// The path without its NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The path as system calls take it.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

/// Opens `path`, close-on-exec.
pub fn open(path: &CStr, flags: u32) -> Result<Descriptor, Errno> {
    open_at(AT_FDCWD, path, flags)
}

/// Opens `path` as seen from the folder at `folder`, close-on-exec.
pub fn open_at(folder: i32, path: &CStr, flags: u32) -> Result<Descriptor, Errno> {
    // SAFETY: the path ends in a NUL and is only read.
    let number = unsafe { call!(__NR_openat, folder, path.as_ptr(), flags | O_CLOEXEC, 0) }?;
    Ok(Descriptor::own(number as i32))
}

/// Opens a folder as a place alone: its contents need not be readable.
pub fn open_folder(path: &CStr) -> Result<Descriptor, Errno> {
    open(path, O_PATH | O_DIRECTORY)
}

/// Reads once; 0 at the end.
pub fn read(number: i32, into: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes no more than the slice's length.
    unsafe { call!(__NR_read, number, into.as_mut_ptr(), into.len()) }
}

/// Writes once; gives how much went.
pub fn write(number: i32, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the slice is only read.
    unsafe { call!(__NR_write, number, bytes.as_ptr(), bytes.len()) }
}

/// Writes at an offset, without moving the shared one.
pub fn write_at(number: i32, bytes: &[u8], offset: usize) -> Result<usize, Errno> {
    // SAFETY: the slice is only read.
    unsafe { call!(__NR_pwrite64, number, bytes.as_ptr(), bytes.len(), offset) }
}

/// Writes everything.
pub fn write_all(number: i32, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(number, bytes) {
            Ok(0) => return Err(Errno::EAGAIN),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The text of a symlink; cut where it does not fit.
pub fn link_text<'a>(path: &CStr, into: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    // SAFETY: the path ends in a NUL; the kernel writes no more than the slice's length.
    let length = unsafe { call!(__NR_readlinkat, AT_FDCWD, path.as_ptr(), into.as_mut_ptr(), into.len()) }?;
    Ok(into.get(..length).unwrap_or_default())
}

/// The working directory's path; an error where it has none any more or it does not fit.
pub fn working_directory(into: &mut [u8]) -> Result<&[u8], Errno> {
    // SAFETY: the kernel writes no more than the slice's length.
    let length = unsafe { call!(__NR_getcwd, into.as_mut_ptr(), into.len()) }?;
    let path = into.get(..length.saturating_sub(1)).unwrap_or_default();
    // A folder outside of this root is told as `(unreachable)/...`: no path at all.
    if path.first() == Some(&b'/') { Ok(path) } else { Err(Errno::ENOENT) }
}

/// Changes into an opened folder.
pub fn change_folder(folder: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_fchdir, folder) }.map(drop)
}

/// Changes into the folder at `path`.
pub fn change_folder_by_path(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path ends in a NUL and is only read.
    unsafe { call!(__NR_chdir, path.as_ptr()) }.map(drop)
}

/// Bytes in a file.
pub fn length(number: i32) -> Result<u64, Errno> {
    let mut found = core::mem::MaybeUninit::<linux_raw_sys::general::stat>::zeroed();
    // SAFETY: the kernel writes one `stat`.
    unsafe { call!(__NR_fstat, number, found.as_mut_ptr()) }?;
    // SAFETY: any bytes are a `stat`, zeroes too.
    let found = unsafe { found.assume_init() };
    u64::try_from(found.st_size).map_err(|_| Errno::EINVAL)
}

/// Calls `each` with the number of every open descriptor, lowest first, until it
/// says that it has enough (an error, which is passed on).
///
/// `/proc/self/fd` knows them all. Where it cannot be read each number below the
/// soft limit is tried; one above it, opened before the limit was lowered, is missed.
pub fn each_open(mut each: impl FnMut(i32) -> Result<(), Errno>) -> Result<(), Errno> {
    match open(c"/proc/self/fd", O_RDONLY | O_DIRECTORY) {
        Ok(folder) => each_entry(&folder, |number| if number == folder.number() { Ok(()) } else { each(number) }),
        Err(_) => {
            let (soft, _) = limits::of(RLIMIT_NOFILE)?;
            let end = i32::try_from(soft).unwrap_or(MOST_TRIED).min(MOST_TRIED);
            (0..end).filter(|number| descriptor::is_open(*number)).try_for_each(each)
        }
    }
}

/// The kernel's own limit on numbers unless it is told otherwise (`fs.nr_open`).
const MOST_TRIED: i32 = 1024 * 1024;

fn each_entry(folder: &Descriptor, mut each: impl FnMut(i32) -> Result<(), Errno>) -> Result<(), Errno> {
    let mut entries = [0; 2048];
    loop {
        // SAFETY: the kernel writes no more than the array's length.
        let length = unsafe { call!(__NR_getdents64, folder.number(), entries.as_mut_ptr(), entries.len()) }?;
        if length == 0 {
            return Ok(());
        }
        let mut left = entries.get(..length).unwrap_or_default();
        while let Some((name, rest)) = entry(left) {
            left = rest;
            if let Some(number) = number(name) {
                each(number)?;
            }
        }
    }
}

/// Splits one `linux_dirent64` off: inode (8), offset (8), length (2), type (1), name.
fn entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = bytes.get(16..)?.first_chunk::<2>().map(|length| usize::from(u16::from_ne_bytes(*length)))?;
    let (entry, rest) = bytes.split_at_checked(length)?;
    let name = entry.get(19..)?;
    let end = name.iter().position(|byte| *byte == 0)?;
    Some((name.get(..end)?, rest))
}

fn number(digits: &[u8]) -> Option<i32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0i32, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| i32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_open_descriptor_is_listed_and_the_listing_itself_is_not() {
        let null = open(c"/dev/null", O_WRONLY).unwrap();
        let high = null.raised(900).unwrap();
        let mut found = Vec::new();
        each_open(|number| {
            found.push(number);
            Ok(())
        })
        .unwrap();
        assert!(found.contains(&null.number()) && found.contains(&high.number()));
        assert!(found.is_sorted());
    }

    #[test]
    fn a_path_is_its_parts_and_never_cut() {
        let path = Path::of(&[b"/opt/shims", b"/.gate"]).unwrap();
        assert_eq!((path.as_bytes(), path.as_c_str()), (&b"/opt/shims/.gate"[..], c"/opt/shims/.gate"));
        assert_eq!(Path::of(&[&[b'x'; PATH_MAX - 1]]).unwrap().as_c_str().to_bytes().len(), PATH_MAX - 1);
        assert_eq!(Path::of(&[&[b'x'; PATH_MAX - 1], b"y"]).unwrap_err(), Errno::ENAMETOOLONG);
        assert_eq!(Path::of(&[b"a\0b"]).unwrap_err(), Errno::EINVAL);
    }

    #[test]
    fn only_digits_are_numbers() {
        assert_eq!(number(b"1023"), Some(1023));
        for other in [&b""[..], b".", b"..", b"-1", b"99999999999"] {
            assert_eq!(number(other), None);
        }
    }

    #[test]
    fn the_length_of_a_file_is_its_bytes() {
        let path = std::ffi::CString::new(std::env::current_exe().unwrap().to_str().unwrap()).unwrap();
        let file = open(&path, O_RDONLY).unwrap();
        let expected = std::fs::metadata(path.to_str().unwrap()).unwrap().len();
        assert_eq!(length(file.number()), Ok(expected));
    }
}
