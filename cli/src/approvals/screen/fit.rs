//! Texts that fit: safe to show, and no wider than there is room.
//!
//! The daemon has escaped what a caller wrote; here it is done once more, so that no
//! text reaches the terminal any other way. Not here: where texts stand (`view`).

use ratatui::text::Span;
use tollgate_policies::show;

/// Most characters of one text.
const MOST: usize = 4000;

/// On one line, escaped.
pub(super) fn safe(text: &str) -> String {
    show::text(text.as_bytes(), MOST)
}

/// How many columns it takes.
pub(super) fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text in at most so many columns; a longer one ends with a mark.
pub(super) fn cut(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let (kept, _) = split(text, most.saturating_sub(1));
    if most == 0 { String::new() } else { format!("{kept}…") }
}

/// The text in lines of at most so many columns, broken at spaces where there are some.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let most = most.max(2);
    let (mut lines, mut rest) = (Vec::new(), text);
    while columns(rest) > most {
        let (line, _) = split(rest, most);
        let line = line.rfind(' ').and_then(|space| line.get(..=space)).filter(|line| line.len() > 1).unwrap_or(line);
        lines.push(line.trim_end().to_owned());
        rest = rest.get(line.len()..).unwrap_or_default();
    }
    lines.push(rest.to_owned());
    lines
}

/// What fits into so many columns, and the rest.
fn split(text: &str, most: usize) -> (&str, &str) {
    let mut taken = 0;
    let over = text.char_indices().find(|(at, character)| {
        taken += columns(text.get(*at..*at + character.len_utf8()).unwrap_or_default());
        taken > most
    });
    text.split_at_checked(over.map_or(text.len(), |(at, _)| at)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_is_cut_with_a_mark() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!((cut("ab", 1), cut("ab", 0)), ("…".to_owned(), String::new()));
    }

    #[test]
    fn lines_break_at_spaces_and_lose_nothing_else() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("漢字漢", 3), ["漢", "字", "漢"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("  leading", 4).concat().trim(), "leading");
    }
}
