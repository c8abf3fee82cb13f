//! Memory beyond the stack: private mappings, and sealed memory files to pass on.

use core::ops::{Deref, DerefMut};

use linux_raw_sys::general::{
    F_ADD_SEALS, F_GET_SEALS, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, MAP_ANONYMOUS, MAP_PRIVATE,
    MFD_ALLOW_SEALING, MFD_CLOEXEC, MFD_NOEXEC_SEAL, PROT_NONE, PROT_READ, PROT_WRITE,
};

use crate::call::call;
use crate::{Descriptor, Errno, files};

/// Whole pages of our own, zeroed or a file's contents; unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    start: *mut u8,
    length: usize,
}

impl Mapping {
    /// `length` zeroed bytes.
    pub fn zeroed(length: usize) -> Result<Self, Errno> {
        Self::map(length, MAP_PRIVATE | MAP_ANONYMOUS, -1)
    }

    /// The first `length` bytes of a memory file that nobody can change any
    /// more: anything unsealed or shorter is [`Errno::EINVAL`], for reading it
    /// could fault or change under our eyes.
    pub fn of_sealed(file: &Descriptor, length: usize) -> Result<Self, Errno> {
        let needed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
        // SAFETY: no memory is involved.
        let seals = unsafe { call!(__NR_fcntl, file.number(), F_GET_SEALS) }? as u32;
        if seals & needed != needed || files::length(file.number())? != length as u64 {
            return Err(Errno::EINVAL);
        }
        Self::map(length, MAP_PRIVATE, file.number())
    }

    fn map(length: usize, flags: u32, file: i32) -> Result<Self, Errno> {
        if length == 0 {
            return Ok(Self { start: core::ptr::dangling_mut(), length });
        }
        // SAFETY: a new mapping at a place of the kernel's choice touches nothing of ours.
        let start = unsafe { call!(__NR_mmap, 0, length, PROT_READ | PROT_WRITE, flags, file, 0) }?;
        Ok(Self { start: core::ptr::with_exposed_provenance_mut(start), length })
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: mapped for as long as `self` lives, private, every byte initialised by the kernel.
        unsafe { core::slice::from_raw_parts(self.start, self.length) }
    }
}

impl DerefMut for Mapping {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, writable, and `self` is borrowed alone.
        unsafe { core::slice::from_raw_parts_mut(self.start, self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: our own mapping, and no borrow of it outlives `self`.
            let _ = unsafe { call!(__NR_munmap, self.start, self.length) };
        }
    }
}

/// A stack to run on: its first page is out of bounds, so that running over its
/// end is a fault and not somebody else's memory.
#[derive(Debug)]
pub(crate) struct Stack(Mapping);

impl Stack {
    /// A stack of `length` bytes, a multiple of the page size.
    pub(crate) fn new(length: usize) -> Result<Self, Errno> {
        let memory = Mapping::zeroed(length)?;
        // SAFETY: a page of our own mapping that is never borrowed.
        unsafe { call!(__NR_mprotect, memory.start, PAGE, PROT_NONE) }?;
        Ok(Self(memory))
    }

    /// Where it begins, growing downwards: page aligned.
    pub(crate) fn top(&mut self) -> *mut u8 {
        self.0.start.wrapping_add(self.0.length)
    }
}

const PAGE: usize = 4096;

/// A memory file with these bytes that nobody can change any more.
pub fn sealed_file(bytes: &[u8]) -> Result<Descriptor, Errno> {
    let file = memory_file(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)
        // Kernels before 6.3 do not know the last flag.
        .or_else(|_| memory_file(MFD_CLOEXEC | MFD_ALLOW_SEALING))?;
    files::write_all(file.number(), bytes)?;
    let seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_fcntl, file.number(), F_ADD_SEALS, seals) }?;
    Ok(file)
}

fn memory_file(flags: u32) -> Result<Descriptor, Errno> {
    // SAFETY: the name ends in a NUL and is only read.
    let number = unsafe { call!(__NR_memfd_create, c"tollgate".as_ptr(), flags) }?;
    Ok(Descriptor::own(number as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_file_reads_back_and_cannot_be_changed() {
        let file = sealed_file(b"argv\0env\0").unwrap();
        assert_eq!(&*Mapping::of_sealed(&file, 9).unwrap(), b"argv\0env\0");
        assert_eq!(files::write_at(file.number(), b"x", 0), Err(Errno::EPERM));
        assert_eq!(Mapping::of_sealed(&file, 8).unwrap_err(), Errno::EINVAL);
    }

    #[test]
    fn a_file_that_could_still_change_is_not_read() {
        let file = memory_file(MFD_CLOEXEC | MFD_ALLOW_SEALING).unwrap();
        files::write_all(file.number(), b"12").unwrap();
        assert_eq!(Mapping::of_sealed(&file, 2).unwrap_err(), Errno::EINVAL);
    }

    #[test]
    fn a_mapping_of_nothing_is_empty() {
        assert!(Mapping::zeroed(0).unwrap().is_empty());
        assert!(Mapping::zeroed(10).unwrap().iter().all(|byte| *byte == 0));
    }
}
