//! The text of a generated table, searched where it lies.
//!
//! Comment lines first; then, where a tool has them, `- FLAG...` (flags that stand
//! alone) and `= FLAG...` (flags that take a value and may stand between words);
//! then of each group `@GROUP`, `! FLAG...` (flags that are otherwise there: `+`
//! alone, `=` with a value) and a line of `OPERATION:CLASS`, the class a letter. All
//! words of a line are sorted by bytes, the class aside. Deliberately not here: what a
//! class means.

/// The flags of a table.
#[derive(Debug, Default)]
pub(crate) struct FlagLines {
    /// Those that stand alone.
    pub switches: Words,
    /// Those that take a value and may stand between words.
    pub between: Words,
}

/// Where one group's lines are.
#[derive(Debug)]
pub(super) struct Group {
    pub name: &'static str,
    /// Flags that are otherwise in this group.
    pub odd: &'static str,
    /// Its operations, each with the letter of its class.
    pub operations: Words,
}

/// The flag lines before the first group.
pub(super) fn flag_lines(text: &'static str) -> FlagLines {
    let head = text.split("\n@").next().unwrap_or_default();
    let line = |mark: &str| head.lines().find_map(|line| line.strip_prefix(mark)).unwrap_or_default();
    FlagLines { switches: Words::of(line("- ")), between: Words::of(line("= ")) }
}

/// Every group of a table's text.
pub(super) fn groups(text: &'static str) -> impl Iterator<Item = Group> {
    text.split("\n@").skip(1).map(|part| {
        let mut lines = part.lines();
        let mut group = Group { name: lines.next().unwrap_or_default(), odd: "", operations: Words::default() };
        for line in lines {
            match line.strip_prefix("! ") {
                Some(words) => group.odd = words,
                None => group.operations = Words::of(line),
            }
        }
        group
    })
}

/// An operation and the letter of its class.
pub(super) fn classed(word: &'static str) -> Option<(&'static str, u8)> {
    let end = word.len().checked_sub(2)?;
    let [b':', class] = word.as_bytes().get(end..)? else { return None };
    Some((word.get(..end)?, *class))
}

/// The words of a line, in their order, and where each starts.
#[derive(Debug, Default)]
pub(crate) struct Words {
    line: &'static str,
    starts: Vec<u32>,
}

impl Words {
    fn of(line: &'static str) -> Self {
        let after = line.bytes().enumerate().filter(|(_, byte)| *byte == b' ').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).filter(|_| !line.is_empty()).chain(after);
        Self { line, starts: starts.map_while(|at| u32::try_from(at).ok()).collect() }
    }

    /// This word as it stands there; its class is no part of what is compared.
    pub(crate) fn find(&self, word: &[u8]) -> Option<&'static str> {
        let name = |at: usize| {
            let found = self.get(at).unwrap_or_default();
            match found.as_bytes() {
                [name @ .., b':', _] => name,
                bytes => bytes,
            }
        };
        let (mut from, mut to) = (0, self.starts.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            match name(middle).cmp(word) {
                std::cmp::Ordering::Equal => return self.get(middle),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        None
    }

    /// Every word.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.line.split(' ')
    }

    fn get(&self, at: usize) -> Option<&'static str> {
        let start = usize::try_from(*self.starts.get(at)?).ok()?;
        match self.starts.get(at + 1) {
            Some(next) => self.line.get(start..usize::try_from(*next).ok()? - 1),
            None => self.line.get(start..),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_line_is_found_and_no_other() {
        let line = ". a aa ab b-c d";
        let words = Words::of(line);
        for word in line.split(' ') {
            assert_eq!(words.find(word.as_bytes()), Some(word));
        }
        for word in ["", "aaa", "b", "c", "e", " "] {
            assert_eq!(words.find(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn groups_have_classes_and_flags_of_their_own() {
        let text = "# c\n- --all -q\n= --zone\n@a\nlist:r\n@a b\n! +-r =--all\ndelete:d describe:r list:r\n";
        let found: Vec<Group> = groups(text).collect();
        assert_eq!((found[0].name, found[1].name), ("a", "a b"));
        assert_eq!(found[1].operations.find(b"delete").and_then(classed), Some(("delete", b'd')));
        assert_eq!(found[1].operations.find(b"list").and_then(classed), Some(("list", b'r')));
        assert_eq!(found[1].operations.find(b"lis"), None);
        assert_eq!(found[1].odd, "+-r =--all");
        assert_eq!(flag_lines(text).switches.line, "--all -q");
        assert_eq!(flag_lines(text).between.line, "--zone");
    }

    #[test]
    fn a_table_without_flags_has_none() {
        assert_eq!(flag_lines("# c\n@a\nlist:r").switches.find(b""), None);
    }
}
