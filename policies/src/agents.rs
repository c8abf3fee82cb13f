//! Programs by which agents that are in use are known.
//!
//! A name is a hint: whoever starts a program can call it what they like. Not
//! here: what a hint is worth; the daemon decides that.

/// A program's file name, and the name that policies know its agent by.
const KNOWN: [(&str, &str); 16] = [
    ("aider", "aider"),
    ("amp", "amp"),
    ("auggie", "auggie"),
    ("claude", "claude-code"),
    ("cline", "cline"),
    ("codex", "codex"),
    ("copilot", "copilot"),
    ("crush", "crush"),
    ("cursor", "cursor"),
    ("cursor-agent", "cursor"),
    ("droid", "droid"),
    ("gemini", "gemini-cli"),
    ("goose", "goose"),
    ("opencode", "opencode"),
    ("openhands", "openhands"),
    ("qwen", "qwen-code"),
];

/// The agent whose program has this file name.
#[must_use]
pub fn of_program(name: &[u8]) -> Option<&'static str> {
    KNOWN.iter().find(|(file, _)| file.as_bytes() == name).map(|(_, agent)| *agent)
}

/// The agents that are known by a program, by name.
pub fn all() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(_, agent)| *agent)
}

/// Whether this can be an agent's name: 1 to 64 letters, digits or any of `-_.@`,
/// and not a word that means somebody else.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(fits) && name != PERSON
}

/// What a call is judged as that a person made: no agent can have this name.
pub const PERSON: &str = "person";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_program_is_its_agents() {
        assert_eq!(of_program(b"claude"), Some("claude-code"));
        assert_eq!(of_program(b"bash"), None);
    }

    #[test]
    fn nobody_is_called_person() {
        assert!(is_name("ci.bot-2@corp") && is_name("unknown"));
        for wrong in ["", "a b", "a/b", "\u{202e}x", "person", &"x".repeat(65)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
