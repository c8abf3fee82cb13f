//! A person's own grammars of tools, beside those that are built in: the same for
//! the daemon and for `explain`.
//!
//! They are read as policy files are, with the same bounds and the same care for
//! who may write them. Deliberately not here: what a grammar says.

use std::path::Path;

use tollgate_policies::classify::{GrammarError, Grammars};

use crate::policy_files;

/// Why the grammars cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("a grammar of one's own: {0}")]
    Files(#[from] policy_files::Error),
    /// A file is wrong.
    #[error(transparent)]
    Grammar(#[from] GrammarError),
}

/// The grammars that are built in, and those of every `*.toml` in this folder. They
/// live as long as the program, as names in judgements do.
pub fn grammars(folder: &Path) -> Result<&'static Grammars, Error> {
    let sources = policy_files::load(folder)?;
    if sources.is_empty() {
        return Ok(Grammars::built_in());
    }
    let files: Vec<(&str, &str)> = sources.iter().map(|source| (source.name.as_str(), source.text.as_str())).collect();
    Ok(Box::leak(Box::new(Grammars::with(&files)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_folder_adds_a_tool() {
        let folder = tempfile::tempdir().unwrap();
        let text = "version = 1\nnames = [\"mytool\"]\nreference = \"x\"\ndialect = \"cobra\"\n";
        std::fs::write(folder.path().join("mytool.toml"), text).unwrap();
        let grammars = grammars(folder.path()).unwrap();
        assert!(grammars.tools().any(|tool| tool == "mytool") && grammars.tools().any(|tool| tool == "helm"));
    }

    #[test]
    fn a_wrong_file_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mytool.toml");
        std::fs::write(&path, "version = 1\nnames = 3\n").unwrap();
        let error = grammars(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}:2:9: this is no grammar: ", path.display())), "{error}");
        assert!(std::ptr::eq(grammars(&folder.path().join("absent")).unwrap(), Grammars::built_in()));
    }
}
