//! A person's window: a program's screen as it stands, made of what it sends.
//!
//! As much of a terminal as full-screen programs of ours use: text, places, clearing.
//! Not here: colours; [`Window::sent`] has the bytes.

use std::time::Instant;

use crate::pty::{LIMIT, Pty};

/// Into a screen of its own, and out of it (`ctlseqs`, private mode 1049).
const ENTERS: &str = "[?1049h";
/// Rows and columns, more than any window of the tests has.
const SIZE: (usize, usize) = (60, 200);

/// A terminal and what it shows.
#[derive(Debug)]
pub struct Window {
    pty: Pty,
    cells: Vec<Vec<char>>,
    at: (usize, usize),
    /// A sequence that has not come whole.
    rest: String,
    sent: String,
}

impl Window {
    /// Looks at a terminal from now on.
    #[must_use]
    pub fn on(pty: Pty) -> Self {
        Self { pty, cells: blank(), at: (0, 0), rest: String::new(), sent: String::new() }
    }

    /// The terminal.
    pub fn pty(&mut self) -> &mut Pty {
        &mut self.pty
    }

    /// Types.
    pub fn write(&mut self, text: &str) {
        self.pty.write(text);
    }

    /// Waits until the screen shows this; gives the screen.
    ///
    /// # Panics
    /// When it does not.
    pub fn until(&mut self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            let more = self.pty.more_before(end);
            self.show(&more.unwrap_or_else(|| panic!("`{text}` never came, but:\n{screen}")));
        }
    }

    /// All that was sent so far.
    #[must_use]
    pub fn sent(&self) -> &str {
        &self.sent
    }

    /// Waits for the program's end; gives all that was sent.
    pub fn finish(self) -> String {
        let (_, rest) = self.pty.finish();
        self.sent + &rest
    }

    fn screen(&self) -> String {
        let rows = self.cells.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned());
        rows.collect::<Vec<_>>().join("\n")
    }

    fn show(&mut self, more: &str) {
        self.sent.push_str(more);
        let text = std::mem::take(&mut self.rest) + more;
        let mut left = text.as_str();
        while let Some(character) = left.chars().next() {
            left = &left[character.len_utf8()..];
            match character {
                '\u{1b}' => {
                    let Some(end) = left.find(|letter: char| letter.is_ascii_alphabetic()) else {
                        self.rest = format!("\u{1b}{left}");
                        return;
                    };
                    self.obey(&left[..=end]);
                    left = &left[end + 1..];
                }
                '\r' => self.at.1 = 0,
                '\n' => self.at.0 += 1,
                character => self.put(character),
            }
        }
    }

    fn obey(&mut self, sequence: &str) {
        let place = |text: &str| {
            let (row, column) = text.split_once(';')?;
            Some((row.parse::<usize>().ok()?.checked_sub(1)?, column.parse::<usize>().ok()?.checked_sub(1)?))
        };
        match sequence.strip_prefix('[').and_then(|rest| rest.strip_suffix('H')).and_then(place) {
            Some(at) => self.at = at,
            None if sequence == "[2J" || sequence == ENTERS => self.cells = blank(),
            None => {}
        }
    }

    fn put(&mut self, character: char) {
        if let Some(cell) = self.cells.get_mut(self.at.0).and_then(|row| row.get_mut(self.at.1)) {
            *cell = character;
        }
        self.at.1 += 1;
    }
}

fn blank() -> Vec<Vec<char>> {
    vec![vec![' '; SIZE.1]; SIZE.0]
}
