//! Paths as words of a shell, whatever bytes are in them.

/// As one word that no POSIX shell looks into.
pub(super) fn single_quoted(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = b"'".to_vec();
    for byte in bytes {
        match byte {
            b'\'' => quoted.extend(b"'\\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// As one word that fish does not look into: there a backslash stands for itself
/// within single quotes, except before one of these two.
pub(super) fn fish_quoted(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = b"'".to_vec();
    for byte in bytes {
        if b"'\\".contains(byte) {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'\'');
    quoted
}
