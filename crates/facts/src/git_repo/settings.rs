//! Git's configuration files: sections, keys and values, with what they include.
//!
//! As `git help config` (SYNTAX) has it: names of sections and keys in any case,
//! subsections as they are, quotes, escapes, comments, continued lines. Included
//! files are read up to a depth; what stands behind a condition (`includeIf`) may
//! hold or not, so its settings are only known to be doubtful.
//! Deliberately not here: which files there are.

use crate::files::{Files, expanded};

/// How deep files include each other.
const DEEPEST: usize = 5;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// In small letters: `remote`.
    pub section: String,
    /// As it stands: `origin`; empty where there is none.
    pub subsection: String,
    /// In small letters: `pushurl`.
    pub key: String,
    pub value: String,
    /// It stands in a file that is included on a condition.
    pub doubtful: bool,
}

impl Setting {
    pub(crate) fn is(&self, section: &str, subsection: &str, key: &str) -> bool {
        self.section == section && self.subsection == subsection && self.key == key
    }
}

/// Reads one file and what it includes, in order.
pub(crate) fn read(path: &[u8], home: &[u8], files: &mut Files<'_>) -> Result<Vec<Setting>, String> {
    let mut all = Vec::new();
    include(path, home, 0, files, &mut all)?;
    Ok(all)
}

fn include(
    path: &[u8],
    home: &[u8],
    depth: usize,
    files: &mut Files<'_>,
    all: &mut Vec<Setting>,
) -> Result<(), String> {
    let shown = || String::from_utf8_lossy(path).into_owned();
    if depth > DEEPEST {
        return Err(format!("`{}`: files include each other too deeply", shown()));
    }
    let Some(bytes) = files.read(path)? else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for setting in settings(&text).map_err(|why| format!("`{}`: {why}", shown()))? {
        let conditional = setting.section == "includeif";
        if setting.key == "path" && (conditional || setting.section == "include" && setting.subsection.is_empty()) {
            let inner = beside(path, &expanded(setting.value.as_bytes(), home, files)?);
            let from = all.len();
            include(&inner, home, depth + 1, files, all)?;
            all.iter_mut().skip(from).for_each(|setting| setting.doubtful |= conditional);
        } else {
            all.push(setting);
        }
    }
    Ok(())
}

/// A relative path starts at the folder of the file that names it.
fn beside(file: &[u8], path: &[u8]) -> Vec<u8> {
    match file.iter().rposition(|byte| *byte == b'/').and_then(|at| file.get(..=at)) {
        Some(folder) if !path.starts_with(b"/") => [folder, path].concat(),
        _ => path.to_vec(),
    }
}

/// The settings of a text; an error is the reason why git refuses it.
fn settings(text: &str) -> Result<Vec<Setting>, &'static str> {
    let mut found = Vec::new();
    let (mut section, mut subsection) = (String::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut content = line.trim_start_matches([' ', '\t', '\u{feff}']);
        if let Some(header) = content.strip_prefix('[') {
            (section, subsection, content) = heading(header).ok_or("a section has no end")?;
        }
        content = content.trim_start();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let (key, rest) = match content.split_once('=') {
            Some((key, rest)) => (key.trim(), Some(rest)),
            None => (content.split(['#', ';']).next().unwrap_or_default().trim(), None),
        };
        if section.is_empty() || !key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
            return Err("a line is no setting");
        }
        let value = match rest {
            Some(rest) => value(rest, &mut lines)?,
            None => String::from("true"),
        };
        let key = key.to_ascii_lowercase();
        found.push(Setting { section: section.clone(), subsection: subsection.clone(), key, value, doubtful: false });
    }
    Ok(found)
}

/// `remote "origin"] rest` as section, subsection and what follows.
fn heading(text: &str) -> Option<(String, String, &str)> {
    let end = text.find(['"', ']'])?;
    let name = text.get(..end)?.trim();
    let after = text.get(end..)?;
    if let Some(rest) = after.strip_prefix(']') {
        let (section, subsection) = name.split_once('.').unwrap_or((name, ""));
        return Some((section.to_ascii_lowercase(), subsection.to_ascii_lowercase(), rest));
    }
    let mut subsection = String::new();
    let mut letters = after.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => subsection.push(letters.next()?.1),
            '"' => return Some((name.to_ascii_lowercase(), subsection, after.get(at + 1..)?.strip_prefix(']')?)),
            _ => subsection.push(letter),
        }
    }
    None
}

/// The value of a setting, which may go on in the next lines.
fn value<'t>(first: &'t str, lines: &mut impl Iterator<Item = &'t str>) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut kept = 0;
    let mut quoted = false;
    let mut letters = first.trim_start().chars();
    loop {
        match letters.next() {
            None if quoted => return Err("a quote has no end"),
            None => break,
            Some('"') => quoted = !quoted,
            Some('\\') => match letters.next() {
                None => letters = lines.next().unwrap_or_default().chars(),
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('b') => value.push('\u{8}'),
                Some(letter @ ('"' | '\\')) => value.push(letter),
                Some(_) => return Err("a backslash stands before what it cannot escape"),
            },
            Some('#' | ';') if !quoted => break,
            Some(letter) => value.push(letter),
        }
        if quoted || !value.ends_with([' ', '\t']) {
            kept = value.len();
        }
    }
    value.truncate(kept);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String, String)> {
        let of = |setting: Setting| (setting.section, setting.subsection, setting.key, setting.value);
        settings(text).unwrap().into_iter().map(of).collect()
    }

    fn one(text: &str) -> String {
        read(&format!("[a]\nb = {text}\n")).pop().unwrap().3
    }

    #[test]
    fn sections_subsections_and_keys_are_read() {
        let text = "; c\n[Core] bare = false\n[remote \"Or\\\"i\"]\n\tURL = u ; c\n[branch.Main]\nrebase\n";
        let expected =
            [("core", "", "bare", "false"), ("remote", "Or\"i", "url", "u"), ("branch", "main", "rebase", "true")];
        let expected = expected.map(|(a, b, c, d)| (a.into(), b.into(), c.into(), d.into()));
        assert_eq!(read(text), expected);
    }

    #[test]
    fn values_have_quotes_escapes_comments_and_continued_lines() {
        assert_eq!(one("x y  "), "x y");
        assert_eq!(one("\"x # y \" # z"), "x # y ");
        assert_eq!(one("a\\tb\\\\"), "a\tb\\");
        assert_eq!(one("a \\\n  b"), "a   b");
        assert_eq!(one(""), "");
    }

    #[test]
    fn what_git_refuses_is_an_error() {
        for text in ["a = b", "[x\n", "[x]\na b = c", "[x]\na = \"b", "[x]\na = \\q", "[x \"y\"\na = b"] {
            assert!(settings(text).is_err(), "{text}");
        }
    }
}
