//! Colours on standard output, where a person looks at it.
//!
//! Only on a terminal, never where `NO_COLOR` says something (no-color.org) or the
//! terminal is `dumb`. Colour repeats what the words say; it never says it alone.

use std::io::IsTerminal;

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Good,
    /// Somebody should look.
    Notable,
    /// Something is wrong.
    Bad,
    /// Beside the point.
    Quiet,
}

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// It is.
    On,
    /// It is printed as it stands.
    Off,
}

impl Colours {
    /// As standard output and the environment have it.
    pub(crate) fn of_output() -> Self {
        let said = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
        if std::io::stdout().is_terminal() && !said("NO_COLOR") && !dumb { Self::On } else { Self::Off }
    }

    /// The text in its tone.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Notable => "33",
            Tone::Bad => "1;31",
            Tone::Quiet => "2",
        };
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_coloured_says_the_same() {
        assert_eq!(Colours::Off.paint(Tone::Bad, "PROBLEM"), "PROBLEM");
        assert_eq!(Colours::On.paint(Tone::Bad, "PROBLEM"), "\u{1b}[1;31mPROBLEM\u{1b}[0m");
    }
}
