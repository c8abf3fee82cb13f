//! Paths as words of fish, whatever bytes are in them.
//!
//! Not here: other shells (`tollgate-places` has that).

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
