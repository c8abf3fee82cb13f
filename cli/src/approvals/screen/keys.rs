//! Bytes from a terminal, as keys.
//!
//! Only what the screen uses; any other sequence is no key. What xterm and the
//! terminals like it send is in `ctlseqs` ("PC-Style Function Keys").

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A character.
    Character(char),
    Enter,
    Escape,
    /// Takes the last character back.
    Backspace,
    /// Ctrl-U: takes the whole line back.
    Clear,
    /// Ctrl-C.
    Interrupt,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    /// What comes from now on is pasted; or no more.
    Pasted(Pasting),
}

/// Where a pasted text begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pasting {
    Begins,
    Ends,
}

/// Reads keys; keeps what has come of a character so far.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<u8>);

impl Keys {
    /// The keys in what was read at once. A sequence comes whole; an escape that nothing
    /// follows is the key.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.0.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.0);
        let mut rest = held.as_slice();
        let mut keys = Vec::new();
        while let Some((key, used)) = next(rest) {
            keys.extend(key);
            rest = rest.get(used..).unwrap_or_default();
        }
        self.0 = rest.to_vec();
        keys
    }
}

/// The first key, if it is one, and how many bytes it takes; none where more must come.
fn next(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    match bytes {
        [] => None,
        [0x1b, b'[' | b'O', rest @ ..] => Some(sequence(rest)),
        [0x1b, ..] => Some((Some(Key::Escape), 1)),
        [byte, ..] if byte.is_ascii() => Some((plain(*byte), 1)),
        _ => character(bytes),
    }
}

fn plain(byte: u8) -> Option<Key> {
    match byte {
        b'\r' | b'\n' => Some(Key::Enter),
        0x7f | 0x08 => Some(Key::Backspace),
        0x03 => Some(Key::Interrupt),
        0x15 => Some(Key::Clear),
        byte if byte.is_ascii_control() => None,
        byte => Some(Key::Character(char::from(byte))),
    }
}

/// What follows `ESC [` or `ESC O`: parameters, then a final byte.
fn sequence(bytes: &[u8]) -> (Option<Key>, usize) {
    let end = bytes.iter().position(|byte| (0x40..=0x7e).contains(byte)).unwrap_or(bytes.len());
    let parameters = bytes.get(..end).unwrap_or_default();
    let key = match (parameters, bytes.get(end)) {
        (b"", Some(b'A')) => Some(Key::Up),
        (b"", Some(b'B')) => Some(Key::Down),
        (b"", Some(b'H')) | (b"1" | b"7", Some(b'~')) => Some(Key::Home),
        (b"", Some(b'F')) | (b"4" | b"8", Some(b'~')) => Some(Key::End),
        (b"5", Some(b'~')) => Some(Key::PageUp),
        (b"6", Some(b'~')) => Some(Key::PageDown),
        (b"200", Some(b'~')) => Some(Key::Pasted(Pasting::Begins)),
        (b"201", Some(b'~')) => Some(Key::Pasted(Pasting::Ends)),
        _ => None,
    };
    (key, (2 + end + 1).min(2 + bytes.len()))
}

/// A character of several bytes; a byte that begins none is passed over.
fn character(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let chunk = bytes.utf8_chunks().next()?;
    if let Some(character) = chunk.valid().chars().next() {
        return Some((Some(Key::Character(character)), character.len_utf8()));
    }
    let wrong = chunk.invalid().len();
    let unfinished = wrong == bytes.len() && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none());
    (!unfinished).then_some((None, wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Key> {
        Keys::default().read(bytes)
    }

    #[test]
    fn keys_are_told_from_the_sequences_that_terminals_send() {
        let sent = b"a\x1b[A\x1b[B\x1bOA\x1b[5~\x1b[6~\x1b[H\x1b[4~\r\x7f\x15\x03";
        let expected = [
            Key::Character('a'),
            Key::Up,
            Key::Down,
            Key::Up,
            Key::PageUp,
            Key::PageDown,
            Key::Home,
            Key::End,
            Key::Enter,
            Key::Backspace,
            Key::Clear,
            Key::Interrupt,
        ];
        assert_eq!(read(sent), expected);
    }

    #[test]
    fn what_is_no_key_of_ours_is_passed_over_whole() {
        assert_eq!(read(b"\x1b[1;5Ad\x1b[202~\x00\x1b[99999"), [Key::Character('d')]);
        assert_eq!(read(b"\xff\xfea"), [Key::Character('a')]);
        assert_eq!(read(b"\x1b"), [Key::Escape]);
    }

    #[test]
    fn a_character_may_come_in_two_parts() {
        let mut keys = Keys::default();
        assert_eq!(keys.read(b"x\xc3"), [Key::Character('x')]);
        assert_eq!(keys.read(b"\xa9y"), [Key::Character('é'), Key::Character('y')]);
    }
}
