//! Variables by which a shell does something itself.
//!
//! bash(1), Shell Variables; tried with bash 5.2 where the manual does not say that
//! an assignment is evaluated. Deliberately not here: variables that only other
//! programs look at.

/// Names whose value the shell expands or evaluates, or whose change it acts on.
const NAMES: [&str; 27] = [
    // Expanded, also by a shell that is not interactive (PS4), or run (PROMPT_COMMAND).
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PROMPT_COMMAND",
    "PROMPT_DIRTRIM",
    "MAILPATH",
    // Assigning evaluates an arithmetic expression.
    "RANDOM",
    "SRANDOM",
    "HISTCMD",
    "OPTIND",
    "SECONDS",
    "LINENO",
    // Other modes, or files that are cut short.
    "POSIXLY_CORRECT",
    "HISTFILE",
    "HISTFILESIZE",
    "HISTSIZE",
    "EXECIGNORE",
    "TEXTDOMAIN",
    "TEXTDOMAINDIR",
    // An assignment does nothing, or fails.
    "SHELLOPTS",
    "UID",
    "EUID",
    "PPID",
    "DIRSTACK",
    "FUNCNAME",
];

/// Whether it is more than a variable to the shell. `BASH_ENV` is not: it is for
/// shells that this one starts.
pub(super) fn has_meaning(name: &str) -> bool {
    NAMES.contains(&name) || (name.starts_with("BASH") && name != "BASH_ENV") || name.starts_with("COMP_")
}

/// Whether the shell itself keeps a number in it that nobody has set.
pub(super) fn holds_number(name: &str) -> bool {
    matches!(name, "RANDOM" | "SRANDOM" | "SECONDS" | "LINENO" | "UID" | "EUID" | "PPID" | "EPOCHSECONDS")
}

/// Whether this names one plain variable: no element of an array, whose subscript
/// would be evaluated, and none that the shell acts on.
pub(super) fn is_plain(name: &[u8]) -> bool {
    let starts = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let letters = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    starts && letters && std::str::from_utf8(name).is_ok_and(|name| !has_meaning(name))
}
