//! The file that brings the shims back to the front of PATH in every bash that
//! runs a script or `-c`: a login shell's `/etc/profile` sets PATH anew, and
//! bash reads `BASH_ENV` after it.
//!
//! Not here: `sh -lc`, zsh and fish, which read no such file.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Before and after the folder, which is one word: moves it to the front of PATH, wherever
/// it was and however often. Standard error is turned away so that `bash -x`
/// shows none of it.
const FIRST: [&str; 2] = [
    "{ __tollgate_shims=",
    r#"
__tollgate_path=":${PATH-}:"
while [[ $__tollgate_path == *":$__tollgate_shims:"* ]]; do
  __tollgate_path=${__tollgate_path/":$__tollgate_shims:"/:}
done
__tollgate_path=${__tollgate_path#:} __tollgate_path=${__tollgate_path%:}
PATH=$__tollgate_shims${__tollgate_path:+:$__tollgate_path}
unset __tollgate_path __tollgate_shims; } 2>/dev/null
"#,
];

/// The file's text: shims first; then the caller's own `BASH_ENV`, if it had
/// one; then shims first once more, for that file may change PATH.
#[must_use]
pub fn text(shims: &OsStr, callers: Option<&OsStr>) -> Vec<u8> {
    let first = first(&single_quoted(shims.as_bytes()));
    let Some(callers) = callers.filter(|path| !path.is_empty()) else { return first };
    let file = as_bash_expands(callers.as_bytes());
    let source = [b"if [[ -r ", &file[..], b" ]]; then . ", &file[..], b"; fi\n"].concat();
    [&first[..], &source, &first].concat()
}

/// The same for a shell that no session started: what the person's own `BASH_ENV`
/// was is known by a variable, and where a session is around, its shims come first.
#[must_use]
pub fn installed(shims: &OsStr) -> Vec<u8> {
    let sessions = first(b"\"$TOLLGATE_SHIMS\"");
    let own = text(shims, Some(OsStr::new("${TOLLGATE_BASH_ENV-}")));
    [&own[..], b"if [[ -n ${TOLLGATE_SHIMS-} && -L $TOLLGATE_SHIMS/.gate ]]; then\n", &sessions, b"fi\n"].concat()
}

fn first(word: &[u8]) -> Vec<u8> {
    let [open, close] = FIRST.map(str::as_bytes);
    [open, word, close].concat()
}

/// The value of `BASH_ENV` that leads to this file: bash expands it once.
#[must_use]
pub fn variable(file: &OsStr) -> OsString {
    let mut value = Vec::new();
    for byte in file.as_bytes() {
        if b"$`\"\\".contains(byte) {
            value.push(b'\\');
        }
        value.push(*byte);
    }
    OsString::from_vec(value)
}

/// As one word that no POSIX shell looks into.
#[must_use]
pub fn single_quoted(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = b"'".to_vec();
    for byte in bytes {
        match byte {
            b'\'' => quoted.extend(b"'\\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// As a word that bash expands exactly as it would the variable's value: the
/// parameters, commands and arithmetic in it, but no words and no patterns.
fn as_bash_expands(value: &[u8]) -> Vec<u8> {
    if !value.iter().any(|byte| b"$`\\".contains(byte)) {
        return single_quoted(value);
    }
    let mut quoted = b"\"".to_vec();
    let mut rest = value.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => quoted.extend(b"\\\""),
            b'\\' => quoted.extend([b'\\', *rest.next().unwrap_or(&b'\\')]),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;

    /// What PATH is in a bash that reads the file, started with these arguments.
    fn path_in_bash(scratch: &Path, text: &[u8], arguments: &[&str], path: &str) -> String {
        let file = scratch.join("bash_env");
        std::fs::write(&file, text).unwrap();
        let mut bash = Command::new("/bin/bash");
        bash.args(arguments).env_clear().env("PATH", path).env("HOME", scratch).current_dir("/");
        let output = bash.env("BASH_ENV", variable(file.as_os_str())).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.success(), "{:?}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn the_shims_come_first_however_path_was() {
        let scratch = tempfile::tempdir().unwrap();
        let text = text(OsStr::new("/s"), None);
        let cases = [
            ("/a:/b", "/s:/a:/b"),
            ("/s:/a", "/s:/a"),
            ("/a:/s:/b:/s", "/s:/a:/b"),
            ("/s:/s:/a", "/s:/a"),
            ("/s", "/s"),
            ("/s2:/x/s", "/s:/s2:/x/s"),
            ("/a:", "/s:/a:"),
            ("", "/s"),
        ];
        for (before, after) in cases {
            assert_eq!(path_in_bash(scratch.path(), &text, &["-c", "printf %s \"$PATH\""], before), after, "{before}");
        }
    }

    #[test]
    fn it_holds_under_every_option_of_bash_and_shows_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let text = text(OsStr::new("/s"), None);
        for option in ["-e", "-u", "-f", "-eu", "-o pipefail", "-k"] {
            let mut arguments: Vec<_> = option.split(' ').collect();
            arguments.extend(["-c", "printf %s \"$PATH\"; compgen -v __tollgate || :"]);
            assert_eq!(path_in_bash(scratch.path(), &text, &arguments, "/a"), "/s:/a", "{option}");
        }
        let traced = ["-xc", ": a 2>/dev/null"];
        let file = scratch.path().join("bash_env");
        let output = Command::new("/bin/bash").args(traced).env("BASH_ENV", &file).output().unwrap();
        assert!(!String::from_utf8_lossy(&output.stderr).contains("tollgate"), "{output:?}");
    }

    #[test]
    fn a_login_shell_gets_the_shims_back() {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join(".bash_profile"), "PATH=/reset\n").unwrap();
        let text = text(OsStr::new("/s"), None);
        let path = path_in_bash(scratch.path(), &text, &["-lc", "printf %s \"$PATH\""], "/s:/usr/bin:/bin");
        assert_eq!(path, "/s:/reset");
    }

    #[test]
    fn any_bytes_may_be_in_the_folders_path() {
        let scratch = tempfile::tempdir().unwrap();
        for folder in ["/a b", "/it's", "/$HOME`x`", "/*[a]?", "/\"q\"\\", "/line\nbreak", "/-ü"] {
            let text = text(OsStr::new(folder), None);
            let before = format!("/a:{folder}");
            let path = path_in_bash(scratch.path(), &text, &["-c", "printf %s \"$PATH\""], &before);
            assert_eq!(path, format!("{folder}:/a"));
        }
    }

    #[test]
    fn the_callers_own_file_is_read_as_bash_would_and_cannot_take_the_first_place() {
        let scratch = tempfile::tempdir().unwrap();
        for name in ["own env", "it's", "$odd`x`\"\\"] {
            let own = scratch.path().join(name);
            std::fs::write(&own, "PATH=/own:$PATH; OWN=yes\n").unwrap();
            let text = text(OsStr::new("/s"), Some(&variable(own.as_os_str())));
            let path = path_in_bash(scratch.path(), &text, &["-euc", "printf %s \"$PATH $OWN\""], "/a");
            assert_eq!(path, "/s:/own:/a yes", "{name}");
        }
        std::fs::write(scratch.path().join("env"), "OWN=expanded\n").unwrap();
        let text = text(OsStr::new("/s"), Some(OsStr::new("$HOME/env")));
        let path = path_in_bash(scratch.path(), &text, &["-c", "printf %s \"$PATH $OWN\""], "/a");
        assert_eq!(path, "/s:/a expanded");
    }

    #[test]
    fn a_missing_file_of_the_callers_is_passed_over() {
        let scratch = tempfile::tempdir().unwrap();
        let text = text(OsStr::new("/s"), Some(OsStr::new("/nowhere/env")));
        assert_eq!(path_in_bash(scratch.path(), &text, &["-euc", "printf %s \"$PATH\""], "/a"), "/s:/a");
    }
}
