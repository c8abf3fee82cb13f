//! Whether a file that the gate has written still holds what it wrote.
//!
//! Deliberately not here: which file that is, and what it is for.

use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::Found;

use crate::files::Files;

pub(crate) fn find(path: &[u8], text: &[u8], files: &mut Files<'_>) -> Finding {
    match files.read(path) {
        Ok(Some(bytes)) if bytes == text => Finding::Found(Found::default()),
        Ok(Some(_)) => Finding::Unknown { reason: String::from("it holds something else than the gate wrote") },
        Ok(None) => Finding::Unknown { reason: String::from("it is gone") },
        Err(reason) => Finding::Unknown { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    #[test]
    fn only_what_the_gate_wrote_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bash_env");
        let found = |text: &[u8]| {
            let reader = Reader::new(None);
            matches!(find(path.as_os_str().as_encoded_bytes(), text, &mut Files::new(&reader)), Finding::Found(_))
        };
        assert!(!found(b""));
        std::fs::write(&path, "x").unwrap();
        assert!(found(b"x"));
        assert!(!found(b"x\n"));
    }
}
