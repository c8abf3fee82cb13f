//! Files in memory that nobody can change any more, and memory that nobody needs any more.

use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
#[cfg(target_env = "gnu")]
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};

/// A memory file that holds these bytes, sealed against every change; it is read from
/// its start.
pub(crate) fn sealed(bytes: &[u8]) -> std::io::Result<OwnedFd> {
    let mut memory = File::from(memfd_create("tollgate", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    memory.write_all(bytes)?;
    memory.rewind()?;
    let all = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(all))?;
    Ok(memory.into())
}

/// Gives the system back what was freed: glibc keeps it otherwise (malloc_trim(3)).
pub(crate) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number and touches only what is free.
    unsafe {
        libc::malloc_trim(0)
    };
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_sealed_file_is_read_from_its_start_and_never_written() {
        let mut file = File::from(sealed(b"judged").unwrap());
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "judged");
        assert!(file.write_all(b"x").is_err() && file.set_len(0).is_err());
    }
}
