//! Text in a buffer of fixed size: messages without an allocator and without
//! `core::fmt`, which would be most of the program.
//!
//! What does not fit is cut, and three dots at the end say so.

/// Up to `N` bytes of text.
#[derive(Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
    cut: bool,
}

impl<const N: usize> Text<N> {
    /// No text yet.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: [0; N], length: 0, cut: false }
    }

    /// Adds text as it is.
    pub fn put(&mut self, text: &str) -> &mut Self {
        self.put_bytes(text.as_bytes())
    }

    /// Adds bytes as they are.
    pub fn put_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for byte in bytes {
            match self.bytes.get_mut(self.length) {
                Some(place) => {
                    *place = *byte;
                    self.length += 1;
                }
                None => self.cut = true,
            }
        }
        self
    }

    /// Adds what came from a caller, so that a terminal shows it and does
    /// nothing: every byte but printable ASCII as `\xNN`, at most `limit` bytes of it.
    pub fn escaped(&mut self, bytes: &[u8], limit: usize) -> &mut Self {
        for byte in bytes.iter().take(limit) {
            match *byte {
                b'\\' => self.put("\\\\"),
                0x20..0x7f => self.put_bytes(&[*byte]),
                other => self.put("\\x").put_bytes(&[digit(other >> 4), digit(other & 15)]),
            };
        }
        if bytes.len() > limit { self.put("...") } else { self }
    }

    /// Adds a number in decimal.
    pub fn number(&mut self, number: u64) -> &mut Self {
        let mut digits = [0; 20];
        let mut left = number;
        let mut used = 0;
        for place in digits.iter_mut().rev() {
            *place = digit((left % 10) as u8);
            left /= 10;
            used += 1;
            if left == 0 {
                break;
            }
        }
        let (_, digits) = digits.split_at(digits.len() - used);
        self.put_bytes(digits)
    }

    /// The text; its end is `...` and a newline where it was cut.
    pub fn as_bytes(&mut self) -> &[u8] {
        if self.cut {
            self.cut_mark();
        }
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn cut_mark(&mut self) {
        const MARK: &[u8] = b"...\n";
        if let Some((_, end)) = self.bytes.split_last_chunk_mut::<{ MARK.len() }>() {
            end.copy_from_slice(MARK);
        }
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_bytes_cannot_steer_a_terminal() {
        let mut text = Text::<64>::new();
        text.put("`").escaped("a\x1b[2J\u{202e}\\".as_bytes(), 100).put("`");
        assert_eq!(text.as_bytes(), b"`a\\x1b[2J\\xe2\\x80\\xae\\\\`");
    }

    #[test]
    fn long_texts_end_with_a_mark() {
        let mut text = Text::<16>::new();
        text.put("twenty bytes of text");
        assert_eq!(text.as_bytes(), b"twenty bytes...\n");
        let mut text = Text::<64>::new();
        assert_eq!(text.escaped(b"terraform", 5).as_bytes(), b"terra...");
    }

    #[test]
    fn numbers_are_decimal() {
        let mut text = Text::<64>::new();
        text.number(0).put(" ").number(10_250).put(" ").number(u64::MAX);
        assert_eq!(text.as_bytes(), b"0 10250 18446744073709551615");
    }
}
