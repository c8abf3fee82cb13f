//! The key that signs tokens: made once, kept in the state folder.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tollgate_policies::show;

const LENGTH: usize = 32;

/// The key. It is shown nowhere.
pub(super) struct Key([u8; LENGTH]);

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key")
    }
}

impl Key {
    /// The key in this file, which is made where there is none.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let mut key = [0; LENGTH];
        match std::fs::File::open(path) {
            Ok(mut file) => file.read_exact(&mut key)?,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
                file.write_all(&key)?;
                file.sync_all()?;
            }
            Err(cause) => return Err(cause),
        }
        Ok(Self(key))
    }

    /// The signature over these bytes, in hexadecimal.
    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        self.mac(bytes).map(|mac| show::hex(&mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Whether the signature is ours, compared in a time that tells nothing.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &str) -> bool {
        let pairs = signature.as_bytes().chunks(2);
        let digits = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let Some(signature) = digits.collect::<Option<Vec<u8>>>() else { return false };
        self.mac(bytes).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
    }

    fn mac(&self, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(bytes);
        Some(mac)
    }
}
