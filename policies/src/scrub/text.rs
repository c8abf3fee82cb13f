//! Any text without the secrets that show by their shape or by a name beside them.
//!
//! One pass from left to right; the work is linear in the text.

use std::borrow::Cow;

use super::{SCRUBBED, name, shape};

/// Any text without the secrets that show: tokens, private keys, credentials in
/// URLs, and the values of settings, headers and JSON members whose name says so.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut shown: Option<Vec<u8>> = None;
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        match secret(bytes, at) {
            Some((from, to)) if to > from => {
                let shown = shown.get_or_insert_default();
                shown.extend(bytes.get(copied..from).unwrap_or_default());
                shown.extend(SCRUBBED.as_bytes());
                copied = to;
                at = to;
            }
            _ => at += 1,
        }
    }
    match shown {
        None => Cow::Borrowed(bytes),
        Some(mut shown) => {
            shown.extend(bytes.get(copied..).unwrap_or_default());
            Cow::Owned(shown)
        }
    }
}

/// The secret that begins or is announced here, as its place.
fn secret(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(at..)?;
    match rest.first()? {
        b'=' => named(bytes, at, at + 1),
        b':' if rest.starts_with(b"://") => credentials(bytes, at + 3),
        b':' => after_colon(bytes, at),
        b'-' if rest.starts_with(b"-----BEGIN ") => Some((at, at + shape::private_key(rest)?)),
        b'B' | b'b' => scheme(bytes, at),
        byte if byte.is_ascii_alphanumeric() && starts_word(bytes, at) => Some((at, at + shape::token(rest)?)),
        _ => None,
    }
}

fn starts_word(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    before.is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// `https://user:secret@host`: what stands before the `@` of a URL.
fn credentials(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(from..)?;
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"'`<>".contains(byte);
    let authority = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
    let to = authority.iter().rposition(|byte| *byte == b'@')?;
    authority.get(..to)?.contains(&b':').then_some((from, from + to))
}

/// `password=VALUE`, in a query, a connection string or a list.
fn named(bytes: &[u8], end: usize, from: usize) -> Option<(usize, usize)> {
    let name = name_before(bytes, end)?;
    if !name::of_variable(name) {
        return None;
    }
    let rest = bytes.get(from..)?;
    let length = match rest.first()? {
        quote @ (b'"' | b'\'') => rest.iter().skip(1).position(|byte| byte == quote).map_or(rest.len(), |at| at + 2),
        _ => rest.iter().position(|byte| byte.is_ascii_whitespace() || b"&;,\"'".contains(byte)).unwrap_or(rest.len()),
    };
    Some((from, from + length))
}

/// The name that ends here, with at most 64 characters.
fn name_before(bytes: &[u8], end: usize) -> Option<&[u8]> {
    let before = bytes.get(end.saturating_sub(64)..end)?;
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let length = before.iter().rev().take_while(|byte| part(byte)).count();
    before.get(before.len() - length..).filter(|name| !name.is_empty())
}

/// `"password": "VALUE"` and `X-Api-Key: VALUE`.
fn after_colon(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let quoted = at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'"');
    let end = if quoted { at - 1 } else { at };
    let name = name_before(bytes, end)?;
    let rest = bytes.get(at + 1..)?;
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    if !name::of_variable(name) || (!quoted && spaces == 0) {
        return None;
    }
    let from = at + 1 + spaces;
    let value = bytes.get(from..)?;
    match (quoted, value.first()?) {
        (true, b'"') => {
            let inner = value.get(1..)?;
            Some((from + 1, from + 1 + closing_quote(inner).unwrap_or(inner.len())))
        }
        (true, _) => None,
        (false, _) => {
            let length = value.iter().position(|byte| b"\r\n\"'".contains(byte)).unwrap_or(value.len());
            Some((from, from + length))
        }
    }
}

/// Where a JSON string ends.
fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut escaped = false;
    bytes.iter().position(|byte| match (std::mem::take(&mut escaped), byte) {
        (false, b'"') => true,
        (false, b'\\') => {
            escaped = true;
            false
        }
        _ => false,
    })
}

/// `Bearer TOKEN`, `Basic TOKEN`.
fn scheme(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    if !starts_word(bytes, at) {
        return None;
    }
    let rest = bytes.get(at..)?;
    let word = [&b"bearer "[..], b"basic "]
        .into_iter()
        .find(|word| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))?;
    let token = rest.get(word.len()..)?;
    let length = token.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=._-~".contains(byte)).count();
    (length >= 8).then_some((at + word.len(), at + word.len() + length))
}
