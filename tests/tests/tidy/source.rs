//! The repository's Rust files as text.

use std::path::{Path, PathBuf};

/// One file.
pub struct Source {
    /// From the repository's root.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// Whether it is a test's file.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// Whether a line that is no comment has the word.
    pub fn code_has_word(&self, word: &str) -> bool {
        self.text.lines().map(str::trim_start).any(|line| {
            !line.starts_with("//") && !line.contains(concat!("forbid(", "unsafe_code)")) && has_word(line, word)
        })
    }

    /// The names in calls that begin with `start`, up to the next quote.
    pub fn calls(&self, start: &str) -> Vec<&str> {
        let names = self.text.match_indices(start).map(|(at, _)| &self.text[at + start.len()..]);
        names.filter_map(|rest| rest.split_once('"')).map(|(name, _)| name).collect()
    }

    /// The attributes that begin with `start`, whole.
    pub fn attributes(&self, start: &str) -> Vec<&str> {
        let marks = [format!("#[{start}"), format!("#![{start}")];
        let starts = marks.iter().flat_map(|mark| self.text.match_indices(mark.as_str()));
        starts.map(|(at, _)| self.text[at..].split_once(")]").map_or("", |(attribute, _)| attribute)).collect()
    }
}

/// Whether `word` stands in `line` with nothing of a name beside it.
pub fn has_word(line: &str, word: &str) -> bool {
    let of_a_name = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(of_a_name) && !after.starts_with(of_a_name)
    })
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every Rust file of it, but nothing that was built.
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    assert!(found.len() > 20, "only {} files found", found.len());
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
