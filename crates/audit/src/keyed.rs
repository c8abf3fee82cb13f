//! Keyed digests: HMAC-SHA256 (RFC 2104) under a key that never leaves the machine.
//!
//! A record holds no secret and no plain digest of one, which could be guessed; but
//! equal secrets have equal keyed digests, and whoever has the key can show that a
//! value was the one that ran. Not here: what is a secret (`tollgate-policies`).

use std::io::Read;

use sha2::{Digest, Sha256};
use tollgate_policies::show;

/// Bytes that SHA-256 takes at once.
const BLOCK: usize = 64;

/// The key.
#[derive(Clone)]
pub struct HashKey([u8; 32]);

impl std::fmt::Debug for HashKey {
    /// Nothing of it.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("HashKey")
    }
}

impl HashKey {
    /// A new key of the system's randomness.
    pub fn generate() -> std::io::Result<Self> {
        let mut key = [0; 32];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
        Ok(Self(key))
    }

    /// Reads the text of [`HashKey::text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        crate::line::Hash::parse(text.trim()).map(|hash| Self(hash.bytes()))
    }

    /// 64 small hexadecimal digits: whoever has them can test guesses.
    #[must_use]
    pub fn text(&self) -> String {
        show::hex(&self.0)
    }

    /// The digest of these parts, one after the other: `hmac-sha256:...`.
    #[must_use]
    pub fn digest<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> String {
        let pad = |with: u8| {
            let mut block = [with; BLOCK];
            block.iter_mut().zip(self.0).for_each(|(byte, key)| *byte ^= key);
            block
        };
        let mut inner = Sha256::new().chain_update(pad(0x36));
        parts.into_iter().for_each(|part| inner.update(part));
        let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner.finalize());
        format!("hmac-sha256:{}", show::hex(&outer.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2 ("Jefe"); zeros fill a shorter key.
    #[test]
    fn the_vector_of_the_rfc_holds() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let expected = "hmac-sha256:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(HashKey(key).digest([&b"what do ya want "[..], b"for nothing?"]), expected);
    }

    #[test]
    fn a_key_comes_back_from_its_text() {
        let key = HashKey::generate().unwrap();
        assert_eq!(HashKey::parse(&format!("{}\n", key.text())).unwrap().0, key.0);
        assert!(HashKey::parse("abc").is_none());
        assert!(!format!("{key:?}").contains(&key.text()[..8]));
    }
}
