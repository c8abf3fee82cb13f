//! Base64 as in RFC 4648, section 4: the standard alphabet, with padding.
//!
//! Strict: one value has one form, so unused bits must be zero and nothing may
//! stand beside the alphabet. Not fast, and need not be: bytes that are not
//! UTF-8 are rare.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        for (to, from) in group.iter_mut().skip(1).zip(chunk) {
            *to = *from;
        }
        let bits = u32::from_be_bytes(group);
        for digit in 0..4 {
            text.push(if digit <= chunk.len() { letter(bits >> (18 - 6 * digit)) } else { '=' });
        }
    }
    text
}

/// The bytes of this text; `None` where it is not what [`encode`] makes.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text.as_bytes();
    if !letters.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3);
    for chunk in letters.chunks(4) {
        let digits = chunk.iter().position(|letter| *letter == b'=').unwrap_or(4);
        let mut bits = 0;
        for letter in chunk.iter().take(digits) {
            bits = bits << 6 | value(*letter)?;
        }
        let group = (bits << (6 * (4 - digits))).to_be_bytes();
        bytes.extend(group.iter().skip(1).take(digits.checked_sub(1)?));
    }
    (encode(&bytes) == text).then_some(bytes)
}

fn letter(bits: u32) -> char {
    ALPHABET.get((bits & 63) as usize).map_or('=', |letter| char::from(*letter))
}

fn value(letter: u8) -> Option<u32> {
    ALPHABET.iter().position(|known| *known == letter).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    const KNOWN: [(&str, &str); 7] = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ];

    #[test]
    fn the_vectors_of_the_rfc_hold_both_ways() {
        for (bytes, text) in KNOWN {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn another_form_of_the_same_bytes_is_refused() {
        for wrong in ["Zh==", "Zg=", "Zg", "Zg===", "====", "Z===", "Zm9v\n", "Zm=v", "=Zm9", "Zm9*", "Zm9vé"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
