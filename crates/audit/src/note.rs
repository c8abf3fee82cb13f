//! Signed notes, as <https://c2sp.org/signed-note> writes them down: a text, a
//! blank line, and a line for each signature.
//!
//! ```text
//! — NAME base64(4 bytes that identify the key, then 64 bytes of Ed25519)
//! ```
//! Keys have the texts that Go's `note` package gave them: `NAME+ID+BASE64`, and
//! `PRIVATE+KEY+` before the secret one. Not here: what a note says (`checkpoint`).

use std::io::Read;

use ed25519_dalek::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};
use tollgate_policies::show;

use crate::base64;

/// The byte that says Ed25519.
const ED25519: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";
const SIGNED: &str = "\u{2014} ";

/// Most bytes of a note that is read.
pub(crate) const MOST: usize = 64 * 1024;

/// Why a text is no key.
#[derive(Debug, thiserror::Error)]
#[error("this is no {0} key of the form that `tollgate audit key` prints")]
pub struct WrongKey(&'static str);

/// The secret half of a key, with its name.
#[derive(Clone)]
pub struct SigningKey {
    public: PublicKey,
    secret: ed25519_dalek::SigningKey,
}

/// The public half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl std::fmt::Debug for SigningKey {
    /// The public half alone.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.public.fmt(out)
    }
}

impl SigningKey {
    /// A new key of the system's randomness. `name` must have neither spaces nor `+`.
    pub fn generate(name: &str) -> std::io::Result<Self> {
        let mut seed = [0; 32];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
        Ok(Self::of(name.to_owned(), &seed))
    }

    fn of(name: String, seed: &[u8; 32]) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        Self { public: PublicKey::of(name, secret.verifying_key()), secret }
    }

    /// Reads the text of [`SigningKey::secret_text`].
    pub fn parse(text: &str) -> Result<Self, WrongKey> {
        let read = || {
            let (name, id, seed) = parts(text.trim().strip_prefix(PRIVATE)?)?;
            let key = Self::of(name, &seed);
            (key.public.id == id).then_some(key)
        };
        read().ok_or(WrongKey("secret"))
    }

    /// The text of the secret half: whoever has it can sign.
    #[must_use]
    pub fn secret_text(&self) -> String {
        format!("{PRIVATE}{}", self.public.text(self.secret.as_bytes()))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The note of this text, which must end with a line's end.
    pub(crate) fn sign(&self, text: &str) -> String {
        let signature = self.secret.sign(text.as_bytes()).to_bytes();
        let signature = base64::encode(&[&self.public.id[..], &signature].concat());
        format!("{text}\n{SIGNED}{} {signature}\n", self.public.name)
    }
}

impl PublicKey {
    fn of(name: String, key: VerifyingKey) -> Self {
        let digest = Sha256::new()
            .chain_update(name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(key.as_bytes())
            .finalize();
        let mut id = [0; 4];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self { name, id, key }
    }

    /// Reads the text that `tollgate audit key` prints.
    pub fn parse(text: &str) -> Result<Self, WrongKey> {
        let read = || {
            let (name, id, key) = parts(text.trim())?;
            let key = Self::of(name, VerifyingKey::from_bytes(&key).ok()?);
            (key.id == id).then_some(key)
        };
        read().ok_or(WrongKey("public"))
    }

    /// Its name, which is the origin of the checkpoints that it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn text(&self, key: &[u8; 32]) -> String {
        format!("{}+{}+{}", self.name, show::hex(&self.id), base64::encode(&[&[ED25519], &key[..]].concat()))
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text(self.key.as_bytes()))
    }
}

/// Name, id and key of `NAME+ID+BASE64`. The base64 may hold further `+`.
fn parts(text: &str) -> Option<(String, [u8; 4], [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let number = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 8)?;
    let key = base64::decode(key)?;
    let (kind, key) = key.split_first()?;
    let good_name = !name.is_empty() && !name.chars().any(char::is_whitespace);
    (*kind == ED25519 && good_name).then_some((name.to_owned(), number.to_be_bytes(), key.try_into().ok()?))
}

/// What the signatures under a note come to for one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// It has signed this text.
    Well,
    /// There is a signature in its name, but it is none.
    Badly,
    /// It has not signed.
    Not,
}

/// The text of a note, its end of line with it; none where it has not the form.
pub(crate) fn text(note: &str) -> Option<&str> {
    let at = note.rfind("\n\n")?;
    let text = note.get(..=at)?;
    let plain = note.len() <= MOST && !note.chars().any(|letter| letter < ' ' && letter != '\n');
    plain.then_some(text)
}

/// Whether this key has signed the note.
pub(crate) fn signed(note: &str, by: &PublicKey) -> Signed {
    let Some(text) = text(note) else { return Signed::Not };
    let lines = note.get(text.len()..).unwrap_or_default().lines();
    for line in lines.filter_map(|line| line.strip_prefix(SIGNED)) {
        let Some((name, signature)) = line.split_once(' ') else { continue };
        let Some(signature) = base64::decode(signature) else { continue };
        let Some((id, signature)) = signature.split_first_chunk::<4>() else { continue };
        if name == by.name && *id == by.id {
            return match <&[u8; 64]>::try_from(signature) {
                Ok(bytes) if by.key.verify_strict(text.as_bytes(), &Signature::from_bytes(bytes)).is_ok() => {
                    Signed::Well
                }
                _ => Signed::Badly,
            };
        }
    }
    Signed::Not
}

/// The notes of a file of notes, one after the other, and the bytes that they take
/// from its start; what follows the last whole one is left out.
pub(crate) fn split(content: &str) -> (Vec<&str>, usize) {
    let (mut notes, mut start, mut at, mut signatures) = (Vec::new(), 0, 0, false);
    for line in content.split_inclusive('\n') {
        let signature = line.starts_with(SIGNED);
        if signatures && !signature {
            notes.extend(content.get(start..at));
            start = at;
        }
        if !line.ends_with('\n') {
            signatures = false;
            break;
        }
        signatures = signature;
        at += line.len();
    }
    if signatures {
        notes.extend(content.get(start..at));
        start = at;
    }
    (notes, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text_and_no_other_text_is_a_key() {
        let key = SigningKey::generate("tollgate/01K").unwrap();
        let again = SigningKey::parse(&key.secret_text()).unwrap();
        assert_eq!(again.public(), key.public());
        let public = key.public().to_string();
        assert_eq!(PublicKey::parse(&format!("{public}\n")).unwrap(), *key.public());
        for wrong in ["", "a+b", &public.replace("01K", "01L"), &public[..public.len() - 4], &key.secret_text()] {
            assert!(PublicKey::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// The note and the key of the specification's own example.
    #[test]
    fn the_example_of_the_go_package_verifies() {
        let key = PublicKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let note = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\n\
                    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert_eq!(signed(note, &key), Signed::Well);
        assert_eq!(signed(&note.replace("answer", "Answer"), &key), Signed::Badly);
        assert_eq!(signed(note, SigningKey::generate("other").unwrap().public()), Signed::Not);
    }

    #[test]
    fn notes_are_told_apart_and_a_torn_one_is_left_out() {
        let key = SigningKey::generate("k").unwrap();
        let (one, two) = (key.sign("a\n1\nx\n"), key.sign("a\n2\ny\n"));
        let all = format!("{one}{two}");
        assert_eq!(split(&all), (vec![one.as_str(), two.as_str()], all.len()));
        for cut in one.len()..all.len() {
            let (Some(torn), true) = (all.get(..cut), all.is_char_boundary(cut)) else { continue };
            assert_eq!(split(torn), (vec![one.as_str()], one.len()), "{cut}");
        }
        assert_eq!(split(""), (vec![], 0));
    }
}
