//! The text of a generated table, searched where it lies.
//!
//! Comment lines first; then, where a tool has them, `- FLAG...` (flags that stand
//! alone) and `= FLAG...` (flags that take a value and may stand between words);
//! then of each group `@GROUP`, `! FLAG...` (flags that are otherwise there: `+`
//! alone, `=` with a value) and a line of `OPERATION:CLASS`, the class a letter. All
//! words of a line are sorted by bytes, the class aside. Deliberately not here: what a
//! class means.

/// The flags of a table.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct FlagLines {
    /// Those that stand alone.
    pub switches: &'static str,
    /// Those that take a value and may stand between words.
    pub between: &'static str,
}

/// Where one group's lines are.
#[derive(Debug)]
pub(super) struct Group {
    pub name: &'static str,
    /// Flags that are otherwise in this group.
    pub odd: &'static str,
    /// Its operations, each with the letter of its class.
    pub operations: &'static str,
}

/// The flag lines before the first group.
pub(super) fn flag_lines(text: &'static str) -> FlagLines {
    let head = text.split("\n@").next().unwrap_or_default();
    let line = |mark: &str| head.lines().find_map(|line| line.strip_prefix(mark)).unwrap_or_default();
    FlagLines { switches: line("- "), between: line("= ") }
}

/// Every group of a table's text.
pub(super) fn groups(text: &'static str) -> impl Iterator<Item = Group> {
    text.split("\n@").skip(1).map(|part| {
        let mut lines = part.lines();
        let mut group = Group { name: lines.next().unwrap_or_default(), odd: "", operations: "" };
        for line in lines {
            match line.strip_prefix("! ") {
                Some(words) => group.odd = words,
                None => group.operations = line,
            }
        }
        group
    })
}

/// An operation and the letter of its class.
pub(super) fn classed(word: &'static str) -> Option<(&'static str, u8)> {
    match word.split_once(':')? {
        (name, letter) if letter.len() == 1 => Some((name, *letter.as_bytes().first()?)),
        _ => None,
    }
}

/// A word among sorted ones, found without splitting them all; its class is no part of
/// what is compared.
pub(super) fn find(sorted: &'static str, word: &str) -> Option<&'static str> {
    let (mut from, mut to) = (0, sorted.len());
    let is_space = |byte: &u8| *byte == b' ';
    while from < to {
        let middle = usize::midpoint(from, to);
        let (before, after) = (sorted.as_bytes().get(from..middle)?, sorted.as_bytes().get(middle..to)?);
        let start = before.iter().rposition(is_space).map_or(from, |at| from + at + 1);
        let end = after.iter().position(is_space).map_or(to, |at| middle + at);
        let found = sorted.as_bytes().get(start..end)?;
        let name = match found {
            [name @ .., b':', _] => name,
            _ => found,
        };
        match name.cmp(word.as_bytes()) {
            std::cmp::Ordering::Equal => return sorted.get(start..end),
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Greater => to = start.saturating_sub(1).max(from),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_line_is_found_and_no_other() {
        let line = ". a aa ab b-c d";
        for word in line.split(' ') {
            assert_eq!(find(line, word), Some(word));
        }
        for word in ["", "aaa", "b", "c", "e", " "] {
            assert_eq!(find(line, word), None, "{word}");
        }
    }

    #[test]
    fn groups_have_classes_and_flags_of_their_own() {
        let text = "# c\n- --all -q\n= --zone\n@a\nlist:r\n@a b\n! +-r =--all\ndelete:d describe:r list:r\n";
        let found: Vec<Group> = groups(text).collect();
        assert_eq!((found[0].name, found[1].name), ("a", "a b"));
        assert_eq!(find(found[1].operations, "delete").and_then(classed), Some(("delete", b'd')));
        assert_eq!(find(found[1].operations, "list").and_then(classed), Some(("list", b'r')));
        assert_eq!(find(found[1].operations, "lis"), None);
        assert_eq!(found[1].odd, "+-r =--all");
        assert_eq!(flag_lines(text).switches, "--all -q");
        assert_eq!(flag_lines(text).between, "--zone");
    }

    #[test]
    fn a_table_without_flags_has_none() {
        assert_eq!(flag_lines("# c\n@a\nlist:r").switches, "");
    }
}
