//! What a saved terraform plan would do: whether it is a plan to destroy.
//!
//! A plan is a ZIP archive with an entry `tfplan`, a protocol buffer whose field
//! 17 is the mode: 1 for a plan made with `-destroy`.
//! Deliberately not here: what a plan would change in detail.

use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::Plan;

use crate::files::{Files, join};
use crate::zip;

/// The most that is read of a plan, in bytes.
const LARGEST: u64 = 16 << 20;

/// The field of the plan's mode, and the mode that destroys.
const MODE: u64 = 17;
const DESTROY: u64 = 1;

pub(crate) fn find(folder: &[u8], path: &[u8], files: &mut Files<'_>) -> Finding {
    match files.read_up_to(&join(folder, path), LARGEST) {
        Ok(None) => Finding::Plan(Plan::Absent),
        Ok(Some(bytes)) => match zip::entry(&bytes, b"tfplan").and_then(|plan| mode(&plan)) {
            Ok(DESTROY) => Finding::Plan(Plan::Destroys),
            Ok(_) => Finding::Plan(Plan::Applies),
            Err(why) => Finding::Unknown { reason: format!("`{}`: {why}", String::from_utf8_lossy(path)) },
        },
        Err(reason) => Finding::Unknown { reason },
    }
}

/// The mode that the message states; 0 where it states none.
fn mode(message: &[u8]) -> Result<u64, &'static str> {
    let mut rest = message;
    let mut mode = 0;
    while !rest.is_empty() {
        let (key, after) = number(rest).ok_or(DAMAGED)?;
        rest = match key & 7 {
            0 => {
                let (value, after) = number(after).ok_or(DAMAGED)?;
                if key >> 3 == MODE {
                    mode = value;
                }
                after
            }
            1 => after.get(8..).ok_or(DAMAGED)?,
            2 => {
                let (length, after) = number(after).ok_or(DAMAGED)?;
                usize::try_from(length).ok().and_then(|length| after.get(length..)).ok_or(DAMAGED)?
            }
            5 => after.get(4..).ok_or(DAMAGED)?,
            _ => return Err(DAMAGED),
        };
    }
    Ok(mode)
}

const DAMAGED: &str = "its plan is damaged";

/// A number of the protocol buffer, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(at).ok()? * 7)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    /// An archive with one stored entry.
    fn archive(name: &str, content: &[u8], method: u16) -> Vec<u8> {
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend([0; 22]);
        bytes.extend(length);
        bytes.extend([0; 2]);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
        let directory = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        bytes.extend(b"PK\x01\x02");
        bytes.extend([0; 6]);
        bytes.extend(method.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(size);
        bytes.extend(size);
        bytes.extend(length);
        bytes.extend([0; 16]);
        bytes.extend(name.as_bytes());
        bytes.extend(b"PK\x05\x06");
        bytes.extend([0, 0, 0, 0, 1, 0, 1, 0]);
        bytes.extend([0; 4]);
        bytes.extend(directory);
        bytes.extend([0, 0]);
        bytes
    }

    fn found(bytes: Option<&[u8]>) -> Finding {
        let folder = tempfile::tempdir().unwrap();
        bytes.iter().for_each(|bytes| std::fs::write(folder.path().join("tfplan.out"), bytes).unwrap());
        let cwd = File::open(folder.path()).unwrap();
        find(b"", b"tfplan.out", &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }

    #[test]
    fn the_mode_of_a_plan_tells_whether_it_destroys() {
        // Version 3, an empty field 3, then the mode.
        assert_eq!(found(Some(&archive("tfplan", b"\x08\x03\x1a\x00\x88\x01\x01", 0))), Finding::Plan(Plan::Destroys));
        assert_eq!(found(Some(&archive("tfplan", b"\x08\x03\x1a\x00", 0))), Finding::Plan(Plan::Applies));
        assert_eq!(found(Some(&archive("tfplan", b"\x88\x01\x02", 0))), Finding::Plan(Plan::Applies));
    }

    #[test]
    fn a_packed_plan_is_unpacked() {
        let packed = miniz_oxide::deflate::compress_to_vec(b"\x08\x03\x88\x01\x01", 6);
        assert_eq!(found(Some(&archive("tfplan", &packed, 8))), Finding::Plan(Plan::Destroys));
    }

    #[test]
    fn an_absent_plan_is_absent_and_what_is_no_plan_is_unknown() {
        assert_eq!(found(None), Finding::Plan(Plan::Absent));
        for bytes in [&b""[..], b"{}", &archive("other", b"", 0), &archive("tfplan", b"\x1a\xff", 0)] {
            assert!(matches!(found(Some(bytes)), Finding::Unknown { .. }));
        }
    }
}
