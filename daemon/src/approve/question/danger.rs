//! The words of a command that destroy or let nobody look again: a person reads them
//! before all else.
//!
//! It changes no verdict and knows no tool: it only says what a tired eye passes over.

use tollgate_audit::{Bytes, Entry};
use tollgate_policies::show;

/// Parts of words that mean that something is gone afterwards.
const DESTROY: [&str; 16] = [
    "destroy",
    "delete",
    "terminate",
    "remove",
    "purge",
    "prune",
    "drop",
    "wipe",
    "erase",
    "uninstall",
    "rollback",
    "drain",
    "evict",
    "revoke",
    "replace",
    "reset",
];
/// Whole arguments, or what stands before their `=`, that ask nobody or take everything.
const BLIND: [&str; 11] = [
    "--force",
    "-force",
    "--yes",
    "-y",
    "--quiet",
    "-auto-approve",
    "--auto-approve",
    "--all",
    "--all-namespaces",
    "--recursive",
    "--no-verify",
];
/// No more than these are shown, each no longer than this.
const MOST: (usize, usize) = (12, 60);

/// The dangerous words of what is asked, each once, escaped: those of operations first,
/// then those that are dangerous as a whole, so that no crowd of others hides them.
pub(super) fn words(entry: &Entry) -> Vec<String> {
    let operations =
        entry.operation.as_deref().into_iter().chain(entry.also.iter().map(|also| also.operation.as_ref()));
    let operations = operations.flat_map(|operation| operation.split('.')).filter(|word| destroys(word));
    let typed = entry.command.as_ref().map(|command| command.argv.as_slice());
    let runs = entry.corrected.as_ref().map(|corrected| corrected.argv.as_slice());
    let argv = runs.or(typed).unwrap_or_default();
    let arguments = || argv.iter().skip(1).map(Bytes::as_slice);
    let whole = arguments().filter(|argument| name(argument).is_some_and(is_whole));
    let destroying =
        arguments().filter(|argument| name(argument).is_some_and(|name| name.len() <= MOST.1 && destroys(name)));
    let mut found = Vec::new();
    for word in operations.map(str::as_bytes).chain(whole).chain(destroying) {
        let word = show::text(word, MOST.1);
        if !found.contains(&word) {
            found.push(word);
        }
        if found.len() > MOST.0 {
            found.truncate(MOST.0);
            found.push("… and more".to_owned());
            break;
        }
    }
    found
}

/// What stands before the `=` of an argument that is not switched off, where it is text.
fn name(argument: &[u8]) -> Option<&str> {
    let argument = std::str::from_utf8(argument).ok()?;
    let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
    (!matches!(value, "false" | "0" | "no")).then_some(name)
}

/// Whether it is such a word as it stands, and does not only hold one.
fn is_whole(name: &str) -> bool {
    BLIND.contains(&name) || DESTROY.contains(&name.trim_start_matches('-'))
}

fn destroys(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    DESTROY.iter().any(|part| word.contains(part)) || word == "rm" || word == "kill"
}

#[cfg(test)]
mod tests {
    use tollgate_audit::Command;

    use super::*;

    #[test]
    fn words_that_destroy_and_those_that_ask_nobody_are_found_once() {
        let argv = ["terraform", "apply", "-destroy", "-auto-approve", "-lock=false", "-destroy", "--force=false"];
        let argv = argv.map(|word| Bytes::from(word.as_bytes().to_vec())).to_vec();
        let entry = Entry {
            operation: Some("terraform.apply".into()),
            command: Some(Command { argv, ..Command::default() }),
            ..Entry::default()
        };
        assert_eq!(words(&entry), ["-destroy", "-auto-approve"]);
        let entry = Entry { operation: Some("aws.ec2.terminate-instances".into()), ..Entry::default() };
        assert_eq!(words(&entry), ["terminate-instances"]);
    }

    #[test]
    fn a_crowd_of_words_hides_none_that_matters_and_is_marked() {
        let many = (0..40).map(|number| format!("delete-{number}")).chain(["--force".to_owned()]);
        let argv = ["t".to_owned()].into_iter().chain(many).map(|word| Bytes::from(word.into_bytes())).collect();
        let operation = Some("terraform.destroy".into());
        let entry = Entry { operation, command: Some(Command { argv, ..Command::default() }), ..Entry::default() };
        let words = words(&entry);
        assert_eq!((&words[..3], words.len()), (&["destroy", "--force", "delete-0"].map(String::from)[..], 13));
        assert_eq!(words[12], "… and more");
    }

    #[test]
    fn a_dangerous_word_is_shown_escaped() {
        let argv = vec![Bytes::from(b"t".to_vec()), Bytes::from(b"delete\x1b[2J".to_vec())];
        let entry = Entry { command: Some(Command { argv, ..Command::default() }), ..Entry::default() };
        assert_eq!(words(&entry), ["delete\\x1b[2J"]);
    }
}
