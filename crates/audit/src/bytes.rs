//! Bytes that came from a caller, in JSON: a string where they are UTF-8, else
//! `{"b64":"..."}`.
//!
//! Nothing is lost and nothing is guessed: argv, environment and paths on Linux
//! are bytes. Not here: making them safe to look at (`show`).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base64;

/// An argument, a variable, a path: any bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(tollgate_policies::Bytes);

impl Bytes {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes themselves.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.0.into()
    }

    /// As an operating system string.
    #[must_use]
    pub fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }
}

impl std::fmt::Debug for Bytes {
    /// `b"a\xff"`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<tollgate_policies::Bytes> for Bytes {
    fn from(bytes: tollgate_policies::Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&OsStr> for Bytes {
    fn from(text: &OsStr) -> Self {
        text.as_bytes().into()
    }
}

impl From<OsString> for Bytes {
    fn from(text: OsString) -> Self {
        text.into_vec().into()
    }
}

impl From<&Path> for Bytes {
    fn from(path: &Path) -> Self {
        path.as_os_str().into()
    }
}

impl From<PathBuf> for Bytes {
    fn from(path: PathBuf) -> Self {
        path.into_os_string().into()
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return serializer.serialize_str(text);
        }
        let mut form = serializer.serialize_struct("Bytes", 1)?;
        form.serialize_field("b64", &base64::encode(&self.0))?;
        form.end()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    b64: String,
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// Takes both forms.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = Bytes;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a string, or `{\"b64\":\"...\"}`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(text.into())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Bytes, E> {
        Ok(text.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Bytes, A::Error> {
        let Wrapped { b64 } = Wrapped::deserialize(MapAccessDeserializer::new(map))?;
        base64::decode(&b64).map(Bytes::from).ok_or_else(|| A::Error::custom("`b64` is no base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(bytes: &[u8]) -> String {
        serde_json::to_string(&Bytes::from(bytes)).unwrap()
    }

    #[test]
    fn text_is_a_string_and_anything_else_is_base64() {
        assert_eq!(json(b"apply"), r#""apply""#);
        assert_eq!(json(b"a\n\x00\"\x7f"), "\"a\\n\\u0000\\\"\u{7f}\"");
        assert_eq!(json(b"\xff\xfe"), r#"{"b64":"//4="}"#);
    }

    #[test]
    fn a_wrapped_value_that_is_no_base64_is_refused() {
        for wrong in [r#"{"b64":"a"}"#, r#"{"b64":"////="}"#, r#"{"b64":"/w==","more":1}"#, "1", "null"] {
            assert!(serde_json::from_str::<Bytes>(wrong).is_err(), "{wrong}");
        }
    }
}
