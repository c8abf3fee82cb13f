//! Our marked lines in a person's file: put in, found again, taken out, with
//! every other byte of the file as it was.
//!
//! Not here: reading and writing the file.

use crate::thing::Position;

/// What a file says of our lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// No mark of ours.
    Nothing,
    /// These, between both marks.
    Lines(&'a [u8]),
    /// One mark without the other, or either twice: somebody was at it.
    Broken,
}

/// The file's bytes around our lines, and the lines, marks included.
struct Parts<'a> {
    before: &'a [u8],
    inside: &'a [u8],
    after: &'a [u8],
}

const fn open(position: Position) -> &'static str {
    match position {
        Position::First => "# >>> tollgate, at the start >>> `tollgate uninstall` removes these lines\n",
        Position::Last => "# >>> tollgate >>> `tollgate uninstall` removes these lines\n",
    }
}

const fn close(position: Position) -> &'static str {
    match position {
        Position::First => "# <<< tollgate, at the start <<<\n",
        Position::Last => "# <<< tollgate <<<\n",
    }
}

/// What stands in `file`.
#[must_use]
pub(crate) fn find(file: &[u8], position: Position) -> Found<'_> {
    let marks = [open(position), close(position)].map(|mark| places(file, mark.as_bytes()));
    match parts(file, position) {
        Some(parts) if marks.iter().all(|places| places.len() == 1) => Found::Lines(parts.inside),
        _ if marks.iter().all(Vec::is_empty) => Found::Nothing,
        _ => Found::Broken,
    }
}

/// The file with these lines instead of those that it has, or has none.
#[must_use]
pub(crate) fn put(file: &[u8], position: Position, lines: &str) -> Vec<u8> {
    let block = [open(position), lines, close(position)].concat().into_bytes();
    if let Some(parts) = parts(file, position) {
        return [parts.before, &block, parts.after].concat();
    }
    match position {
        Position::First => [&block, file].concat(),
        // The mark needs a line of its own. What ends a file that did not end in a
        // line feed goes with the lines again: see `take`.
        Position::Last if !file.is_empty() && !file.ends_with(b"\n") => [file, b"\n", JOINED, &block].concat(),
        Position::Last => [file, &block].concat(),
    }
}

/// Says that the line feed before it is ours too.
const JOINED: &[u8] = b"# (the last line had no end)\n";

/// The file without them.
#[must_use]
pub(crate) fn take(file: &[u8], position: Position) -> Vec<u8> {
    let Some(parts) = parts(file, position) else { return file.to_vec() };
    let joined = [b"\n", JOINED].concat();
    let before = parts.before.strip_suffix(joined.as_slice()).unwrap_or(parts.before);
    [before, parts.after].concat()
}

fn parts(file: &[u8], position: Position) -> Option<Parts<'_>> {
    let start = *places(file, open(position).as_bytes()).first()?;
    let (before, rest) = file.split_at_checked(start)?;
    let rest = rest.get(open(position).len()..)?;
    let end = *places(rest, close(position).as_bytes()).first()?;
    let (inside, rest) = rest.split_at_checked(end)?;
    Some(Parts { before, inside, after: rest.get(close(position).len()..)? })
}

/// Where `mark` stands at the start of a line.
fn places(file: &[u8], mark: &[u8]) -> Vec<usize> {
    let at_start = |place: usize| place.checked_sub(1).is_none_or(|before| file.get(before) == Some(&b'\n'));
    let windows = file.windows(mark.len()).enumerate();
    windows.filter(|(place, window)| *window == mark && at_start(*place)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&[u8]; 6] = [b"", b"a\n", b"a", b"a\r\nb\r\n", b"\xff\xfe\n\n", b"# <<< tollgate\nx\n"];

    #[test]
    fn what_was_put_in_is_found_and_taken_out_without_a_trace() {
        for file in FILES {
            for position in [Position::First, Position::Last] {
                let with = put(file, position, "one\ntwo\n");
                assert_eq!(find(&with, position), Found::Lines(b"one\ntwo\n"));
                assert_eq!(put(&with, position, "one\ntwo\n"), with, "not twice");
                assert_eq!(take(&with, position), file, "{}", file.escape_ascii());
                let other = put(&with, position, "three\n");
                assert_eq!(find(&other, position), Found::Lines(b"three\n"));
                assert_eq!(take(&other, position), file);
            }
        }
    }

    #[test]
    fn both_positions_live_in_one_file_and_leave_in_any_order() {
        for file in FILES {
            let with = put(&put(file, Position::First, "1\n"), Position::Last, "2\n");
            for order in [[Position::First, Position::Last], [Position::Last, Position::First]] {
                assert_eq!(take(&take(&with, order[0]), order[1]), file, "{}", file.escape_ascii());
            }
        }
    }

    #[test]
    fn what_a_person_wrote_around_them_stays() {
        let with = [&b"before\n"[..], &put(b"x\n", Position::Last, "ours\n"), b"after\n"].concat();
        assert_eq!(take(&with, Position::Last), b"before\nx\nafter\n");
    }

    #[test]
    fn half_a_block_is_not_touched() {
        let half = open(Position::Last).as_bytes();
        assert_eq!(find(half, Position::Last), Found::Broken);
        let with = put(b"", Position::Last, "x\n");
        assert_eq!(find(&[&with[..], &with].concat(), Position::Last), Found::Broken);
    }
}
