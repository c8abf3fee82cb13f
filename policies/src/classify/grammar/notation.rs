//! The short notation of flags in a grammar file.
//!
//! ```text
//! --all                       a switch
//! --all-namespaces/-A         with another name
//! --namespace/-n=             takes a value: `=V`, the next argument, `-nV`
//! --dry-run[=unchanged]       takes a value only with `=`; without, it means this one
//! -chdir=!                    takes a value, only with `=`
//! --sse=?                     takes the next argument unless that is a flag
//! --tags=*                    takes all arguments up to the next flag
//! ```
//! Names are separated by `/`, flags by white space. The first name is canonical.

use super::forever::forever;
use super::{Flag, Flags, Takes};

/// Adds the flags of `text`; an error is the word that is no flag.
pub(super) fn flags(text: &str, into: &mut Flags) -> Result<(), String> {
    for word in text.split_whitespace() {
        let (names, takes) = arity(word);
        add(names, takes, into).ok_or_else(|| word.to_owned())?;
    }
    Ok(())
}

fn arity(word: &str) -> (&str, Takes) {
    if let Some((names, bare)) = word.strip_suffix(']').and_then(|word| word.split_once("[=")) {
        return (names, Takes::Attached(forever(bare)));
    }
    for (mark, takes) in [("=!", Takes::MustAttach), ("=?", Takes::Maybe), ("=*", Takes::Many), ("=", Takes::Value)] {
        if let Some(names) = word.strip_suffix(mark) {
            return (names, takes);
        }
    }
    (word, Takes::Nothing)
}

fn add(names: &str, takes: Takes, into: &mut Flags) -> Option<()> {
    let canonical = names.split('/').next().map(forever)?;
    let flag = Flag { name: canonical, takes, stops: None, runs: false, writes: false };
    for name in names.split('/') {
        let bare = name.trim_start_matches('-');
        match (name.len().checked_sub(bare.len())?, bare.as_bytes()) {
            (0, _) | (_, []) => return None,
            (1, [letter]) => put_short(*letter, flag, into),
            // A later declaration replaces an earlier one: a command's own flag hides the
            // tool's of the same name.
            (_, bytes) => into.long.put(forever(std::str::from_utf8(bytes).ok()?).as_bytes(), flag),
        }
    }
    Some(())
}

/// Makes names of all letters.
pub(super) fn only_long(flags: &mut Flags) {
    for (letter, flag) in std::mem::take(&mut flags.short) {
        flags.long.put(forever(char::from(letter).encode_utf8(&mut [0; 4])).as_bytes(), flag);
    }
}

fn put_short(letter: u8, flag: Flag, into: &mut Flags) {
    match into.short.binary_search_by_key(&letter, |(known, _)| *known) {
        Ok(at) => {
            if let Some(known) = into.short.get_mut(at) {
                known.1 = flag;
            }
        }
        Err(at) => into.short.insert(at, (letter, flag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Flags {
        let mut into = Flags::default();
        flags(text, &mut into).unwrap();
        into
    }

    #[test]
    fn each_mark_says_what_follows() {
        let known = read("--all/-A --namespace/-n= --dry-run[=unchanged] -chdir=! --sse=? --tags=*");
        assert_eq!(known.long(b"all").unwrap().takes, Takes::Nothing);
        assert_eq!(known.short(b'n').unwrap().name, "--namespace");
        assert_eq!(known.long(b"dry-run").unwrap().takes, Takes::Attached("unchanged"));
        assert_eq!(known.long(b"chdir").unwrap().takes, Takes::MustAttach);
        assert_eq!(known.long(b"sse").unwrap().takes, Takes::Maybe);
        assert_eq!(known.long(b"tags").unwrap().takes, Takes::Many);
    }

    #[test]
    fn a_word_without_dashes_is_no_flag() {
        assert_eq!(flags("--a b", &mut Flags::default()), Err(String::from("b")));
        assert_eq!(flags("--", &mut Flags::default()), Err(String::from("--")));
    }

    #[test]
    fn flags_are_found_by_their_beginning() {
        let known = read("--region= --recursive --profile=");
        assert_eq!(known.starting(b"re").count(), 2);
        assert_eq!(known.starting(b"rec").next().unwrap().name, "--recursive");
        assert_eq!(known.starting(b"z").count(), 0);
    }
}
