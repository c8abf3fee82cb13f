//! A whole command line as `argv` in a rule sees it.
//!
//! One blank stands between arguments. An argument that is empty, or holds a
//! blank, a quote, a backslash or a control character, stands in single quotes,
//! so that no argument can look like two.

use std::cell::OnceCell;

use super::asked::Asked;

/// The line, put together when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Line(OnceCell<Vec<u8>>);

impl Line {
    /// The line; none where the arguments are not known.
    pub(super) fn of(&self, asked: &Asked<'_>) -> Option<&[u8]> {
        let arguments = asked.operation.arguments.as_ref()?;
        Some(self.0.get_or_init(|| {
            let mut line = asked.operation.tool.as_bytes().to_vec();
            for item in arguments.iter() {
                line.push(b' ');
                add(&mut line, item.bytes);
            }
            line
        }))
    }
}

fn add(line: &mut Vec<u8>, argument: &[u8]) {
    let needs_quotes =
        |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || matches!(byte, b'\'' | b'"' | b'\\');
    if !argument.is_empty() && !argument.iter().any(needs_quotes) {
        return line.extend_from_slice(argument);
    }
    line.push(b'\'');
    for byte in argument {
        match byte {
            b'\'' => line.extend_from_slice(b"'\\''"),
            other => line.push(*other),
        }
    }
    line.push(b'\'');
}
