//! What a case finds where the gate shows: the two sides, as a test prints them.

use std::fmt;

use crate::script::Ran;

/// The gated run is not as it should be.
#[derive(Debug)]
pub struct Difference {
    what: String,
    expected: String,
    found: String,
}

impl Difference {
    /// Something was found other than expected.
    pub fn new(what: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), expected: expected.into(), found: found.into() }
    }

    /// Ok where a text is as expected.
    ///
    /// # Errors
    /// Both texts, where they differ.
    pub fn unless_equal(what: &str, expected: &str, found: &str) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(Self::new(what, expected, found)) }
    }

    /// Ok where both runs are the same in every respect.
    ///
    /// # Errors
    /// The first respect in which they differ.
    pub fn between(direct: &Ran, gated: &Ran) -> Result<(), Self> {
        Self::unless_equal("the ending", &format!("{:?}", direct.ending), &format!("{:?}", gated.ending)).map_err(
            |difference| Self {
                found: format!("{}\nits stderr: {}", difference.found, gated.stderr_text()),
                ..difference
            },
        )?;
        Self::of_bytes("stdout", &direct.stdout, &gated.stdout)?;
        Self::of_bytes("stderr", &direct.stderr, &gated.stderr)?;
        let names = |ran: &Ran| ran.files.keys().cloned().collect::<Vec<_>>().join("\n");
        Self::unless_equal("the files' names", &names(direct), &names(gated))?;
        for (name, kept) in &direct.files {
            let other = gated.files.get(name);
            Self::unless_equal(
                &format!("the kind and mode of `{name}`"),
                &kept.kind,
                other.map_or("", |other| other.kind.as_str()),
            )?;
            Self::of_bytes(name, &kept.bytes, other.map_or(&[], |other| &other.bytes))?;
        }
        Ok(())
    }

    fn of_bytes(what: &str, direct: &[u8], gated: &[u8]) -> Result<(), Self> {
        if direct == gated { Ok(()) } else { Err(Self::new(what, shown(direct), shown(gated))) }
    }
}

/// Bytes for a person: escaped, line by line, not for ever.
fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 4000;
    let lines: Vec<_> = bytes.get(..MOST).unwrap_or(bytes).split(|byte| *byte == b'\n').collect();
    let text = lines.iter().map(|line| line.escape_ascii().to_string()).collect::<Vec<_>>().join("\n");
    if bytes.len() > MOST { format!("{text}\n... {} bytes in all", bytes.len()) } else { text }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} differs\n--- expected\n{}\n--- found\n{}\n---", self.what, self.expected, self.found)
    }
}
