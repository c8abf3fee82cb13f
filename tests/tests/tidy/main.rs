//! What good intentions alone do not hold: the house's rules for its sources.
//!
//! Each test names the files that break one rule. Not here: formatting and
//! lints, which rustfmt and clippy hold.

mod source;

use source::{Source, sources};

/// What may stand at the root; everything else has a folder.
const AT_THE_ROOT: [&str; 28] = [
    ".git",
    ".github",
    ".gitignore",
    ".config",
    ".cargo",
    ".ci",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "cli",
    "clippy.toml",
    "crates",
    "daemon",
    "deny.toml",
    "docs",
    "installer",
    "packaging",
    "policies",
    "rustfmt.toml",
    "shim",
    "target",
    "tests",
];

/// The only rooms with unsafe code.
const UNSAFE_ROOMS: [&str; 7] = [
    "crates/bare/",
    "daemon/src/sys.rs",
    "daemon/src/sys/",
    "cli/src/sys.rs",
    "cli/src/sys/",
    "tests/src/sys.rs",
    "tests/src/probe/",
];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 11] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "handler", "handlers", "shared", "stuff"];

/// Sabotages that no caller can notice: a tool of one with `no_new_privs` is born under it.
const UNNOTICEABLE: [&str; 1] = ["new-privileges"];

/// Most lines of a file that is no test.
const MOST_LINES: usize = 500;

#[test]
fn every_file_says_what_it_is_for() {
    refuse("opens without `//!`", |source| !source.text.starts_with("//!"));
}

#[test]
fn no_file_is_two() {
    refuse("has more than 500 lines", |source| !source.is_test() && source.text.lines().count() > MOST_LINES);
}

#[test]
fn nothing_is_ignored_without_a_reason() {
    let ignore = concat!("#[", "ignore]");
    refuse("ignores a test without a reason", |source| source.text.contains(ignore));
}

#[test]
fn no_lint_is_switched_off_without_a_reason() {
    refuse("has an `allow` or `expect` without a reason", |source| {
        let attributes = ["allow(", "expect("].into_iter().flat_map(|word| source.attributes(word));
        attributes.into_iter().any(|attribute| !attribute.contains("reason"))
    });
}

#[test]
fn nothing_is_left_to_do() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
        concat!("unimplemented", "!("),
        concat!("to", "do!("),
    ];
    refuse("has something left to do", |source| {
        source.text.lines().any(|line| marks.iter().any(|mark| source::has_word(line, mark)))
    });
}

#[test]
fn every_name_says_something() {
    refuse("has a name that says nothing", |source| {
        let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').any(|part| EMPTY_NAMES.contains(&part))
    });
}

#[test]
fn unsafe_code_is_in_its_rooms_alone() {
    refuse(concat!("has un", "safe code outside the rooms for it"), |source| {
        !UNSAFE_ROOMS.iter().any(|room| source.path.starts_with(room)) && source.code_has_word(concat!("un", "safe"))
    });
}

/// Every fault that a program can have on purpose is noticed by a case of the
/// transparency contract, or a test of the program's own names it.
#[test]
fn every_sabotage_is_noticed_by_something() {
    let sources = sources();
    let named = |source: &&Source, name: &str| source.is_test() && source.text.contains(&format!("\"{name}\""));
    let faults = sources.iter().filter(|source| !source.is_test()).flat_map(|source| source.calls("sabotage!(\""));
    let faults = faults.filter(|fault| !UNNOTICEABLE.contains(fault));
    let mut unnoticed: Vec<_> = faults.filter(|fault| !sources.iter().any(|source| named(&source, fault))).collect();
    unnoticed.sort_unstable();
    unnoticed.dedup();
    assert!(unnoticed.is_empty(), "sabotages that nothing notices: {unnoticed:?}");
}

/// The contract has 70 numbers: each is a test, and a row of the book.
#[test]
fn every_case_of_the_contract_is_tried_and_told() {
    let read = |path: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        std::fs::read_to_string(path).unwrap()
    };
    let (table, book) = (read("tests/tests/transparency/main.rs"), read("docs/transparency.md"));
    let missing = (1..=70).filter(|number| {
        let (test, row) = (format!("\n    case_{number:02}_"), format!("\n| {number} | "));
        !table.contains(&test) || book.matches(&row).count() != 1
    });
    assert_eq!(missing.collect::<Vec<_>>(), [0; 0]);
}

#[test]
fn no_test_waits_for_time_to_pass() {
    let sleep = concat!("thread::", "sleep");
    refuse("sleeps in a test", |source| {
        let test_code = if source.is_test() {
            Some(source.text.as_str())
        } else {
            source.text.split_once("#[cfg(test)]").map(|(_, tests)| tests)
        };
        test_code.is_some_and(|code| code.contains(sleep))
    });
}

#[test]
fn nothing_stands_at_the_root_by_accident() {
    let root = source::root();
    let mut found: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    found.retain(|name| !AT_THE_ROOT.iter().any(|allowed| name == allowed));
    assert!(found.is_empty(), "at the root: {found:?}");
}

fn refuse(what: &str, breaks: impl Fn(&Source) -> bool) {
    let broken: Vec<_> = sources().into_iter().filter(|source| breaks(source)).map(|source| source.path).collect();
    assert!(broken.is_empty(), "{what}:\n{}", broken.join("\n"));
}
