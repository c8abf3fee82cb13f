//! A token as text, signed.

use tollgate_audit::{Timestamp, Token};
use tollgate_policies::agents;

use super::key::Key;

/// What every token begins with.
const START: &str = "tgt1.";
/// Most bytes of a token: an agent's name has 64.
const MOST: usize = 256;

/// The text.
pub(super) fn write(token: &Token, key: &Key) -> String {
    let clearance = token.clearance.map_or("-".to_owned(), |clearance| clearance.to_string());
    let said = format!("{START}{}.{clearance}.{}.{}", token.id, token.until.as_second(), token.agent);
    let signature = key.sign(said.as_bytes());
    format!("{said}.{signature}")
}

/// What a text says; none where it is not ours.
pub(super) fn read(text: &[u8], key: &Key) -> Option<Token> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= MOST)?;
    let (said, signature) = text.rsplit_once('.')?;
    if !key.has_signed(said.as_bytes(), signature) {
        return None;
    }
    let mut parts = said.strip_prefix(START)?.splitn(4, '.');
    let (id, clearance, until, agent) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let clearance = if clearance == "-" { None } else { Some(clearance.parse().ok()?) };
    let until = Timestamp::from_second(until.parse().ok()?).ok()?;
    let agent = Some(agent).filter(|agent| agents::is_name(agent))?;
    Some(Token { id: id.to_owned(), agent: agent.to_owned(), clearance, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_was_signed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::of(&folder.path().join("key")).unwrap();
        let until = Timestamp::from_second(1_795_000_000).unwrap();
        let token = Token { id: "01K".into(), agent: "ci.bot@corp".into(), clearance: Some(2), until };
        let text = write(&token, &key);
        assert_eq!(read(text.as_bytes(), &key), Some(token.clone()));
        let open = Token { clearance: None, ..token };
        assert_eq!(read(write(&open, &key).as_bytes(), &key), Some(open));
        assert_eq!(read(text.replace(".2.", ".4.").as_bytes(), &key), None);
        assert_eq!(read(text.replace("ci.bot", "root").as_bytes(), &key), None);
        assert_eq!(read(&text.as_bytes()[..text.len() - 2], &key), None);
        for wrong in [&b""[..], b"tgt1.", b"\xff", b".", b"tgt1.a.b.c.d.e"] {
            assert_eq!(read(wrong, &key), None);
        }
        let other = Key::of(&folder.path().join("other")).unwrap();
        assert_eq!(read(text.as_bytes(), &other), None);
        let again = Key::of(&folder.path().join("key")).unwrap();
        assert!(read(text.as_bytes(), &again).is_some(), "the key is kept");
    }
}
