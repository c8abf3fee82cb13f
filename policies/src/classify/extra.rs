//! Arguments that come from the environment, where a tool merges them.
//!
//! As terraform does (`mergeEnvArgs` in its `main.go`): the words of `TF_CLI_ARGS`,
//! and then those of `TF_CLI_ARGS_state_rm`, are put right after the last word of
//! the command that the caller's own arguments name; without one, in front.

use super::environment::Environment;
use super::grammar::Tool;
use super::parse::{Argument, Parsed, Trouble};

/// The words of each variable, in the order in which they are merged.
pub(crate) fn words(
    tool: &Tool,
    environment: &Environment<'_>,
    parsed: &Parsed<'_, '_>,
) -> Result<Vec<Vec<Vec<u8>>>, Trouble> {
    // Nearly nobody sets such a variable, and putting the names together costs.
    if !tool.extra_arguments.iter().any(|name| environment.begins(name.trim_end_matches('*').as_bytes())) {
        return Ok(Vec::new());
    }
    let typed: Vec<u8> = parsed.typed.join(&b'_').iter().map(|byte| if *byte == b'-' { b'_' } else { *byte }).collect();
    let read = |name: &&'static str| {
        let name = match name.strip_suffix('*') {
            Some(stem) => [stem.as_bytes(), &typed].concat(),
            None => name.as_bytes().to_vec(),
        };
        split(environment.get(&name).unwrap_or_default())
    };
    tool.extra_arguments.iter().map(read).collect()
}

/// The caller's arguments with these words where the tool puts them.
pub(crate) fn merged<'x>(
    own: &[Argument<'x>],
    words: &'x [Vec<Vec<u8>>],
    parsed: &Parsed<'_, '_>,
) -> Vec<Argument<'x>> {
    let search = parsed.typed.last().copied().unwrap_or_default();
    let mut all = own.to_vec();
    for words in words {
        let after = all.iter().position(|argument| argument.bytes == search).map_or(0, |at| at + 1);
        let extra = words.iter().map(|word| Argument { bytes: word, index: None });
        all.splice(after..after, extra);
    }
    all
}

/// Words as a shell splits them, without expansions. What a shell would act on
/// (`;`, `|`, redirections) cuts the text short in a way that versions differ in.
fn split(text: &[u8]) -> Result<Vec<Vec<u8>>, Trouble> {
    let broken = Trouble { what: "the variable with further arguments cannot be split into words", index: None };
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None | Some(b'"'), b'\\') => {
                word.get_or_insert_default().push(bytes.next().ok_or(broken)?);
            }
            (Some(_), _) => word.get_or_insert_default().push(byte),
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (None, b' ' | b'\t' | b'\r' | b'\n') => words.extend(word.take()),
            (None, b';' | b'&' | b'|' | b'<' | b'>' | b'`' | b'$' | b'(' | b')') => return Err(broken),
            (None, _) => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(broken) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<String>> {
        let words = split(text.as_bytes()).ok()?;
        Some(words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect())
    }

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        assert_eq!(words(" -destroy  -var 'a b' "), Some(vec!["-destroy".into(), "-var".into(), "a b".into()]));
        assert_eq!(words(r#"-var="x y" a\ b '' "#), Some(vec!["-var=x y".into(), "a b".into(), String::new()]));
        assert_eq!(words(""), Some(vec![]));
    }

    #[test]
    fn what_a_shell_would_act_on_is_not_guessed() {
        for text in ["a; b", "'a", "a\\", "$(x)", "`x`", "a > b", "a | b", "a && b"] {
            assert_eq!(words(text), None, "{text}");
        }
    }
}
