//! The texts, evaluated by the shells themselves; a shell that is not installed
//! is passed over.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::*;

/// What `script` prints in this shell, after the text, from this PATH.
fn said(shell: Shell, shims: &str, path: &str, script: &str) -> Option<String> {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("text");
    let text = environment(shell, Path::new(shims), Path::new("/h/bash env"));
    std::fs::write(&file, [&text[..], script.as_bytes()].concat()).unwrap();
    let program = match shell {
        Shell::Posix => "/bin/dash",
        Shell::Bash => "/bin/bash",
        Shell::Zsh => "/usr/bin/zsh",
        Shell::Fish => "/usr/bin/fish",
    };
    if !Path::new(program).exists() {
        return None;
    }
    let mut command = Command::new(program);
    match shell {
        Shell::Posix | Shell::Bash => command.arg("-eu"),
        Shell::Zsh => command.args(["-f", "-eu"]),
        Shell::Fish => command.arg("--no-config"),
    };
    command.arg(&file).env_clear().env("PATH", path).env("HOME", scratch.path()).current_dir("/");
    command.env("LC_ALL", "C.UTF-8");
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell:?}");
    assert!(output.status.success(), "{shell:?}: {:?}", output.status);
    Some(String::from_utf8(output.stdout).unwrap())
}

fn printing_path(shell: Shell) -> &'static str {
    match shell {
        Shell::Fish => "printf %s (string join : -- $PATH)\n",
        _ => "printf %s \"$PATH\"\n",
    }
}

#[test]
fn the_shims_come_first_in_every_shell_however_path_was() {
    let cases = [
        ("/a:/b", "/s:/a:/b"),
        ("/s:/a", "/s:/a"),
        ("/a:/s:/b:/s", "/s:/a:/b"),
        ("/s:/s:/a", "/s:/a"),
        ("/s2:/x/s", "/s:/s2:/x/s"),
    ];
    for shell in Shell::ALL {
        for (before, after) in cases {
            let found = said(shell, "/s", before, printing_path(shell));
            assert!(found.as_deref().is_none_or(|found| found == after), "{shell:?} {before}: {found:?}");
        }
    }
}

#[test]
fn any_bytes_may_be_in_the_folders_path() {
    for shell in Shell::ALL {
        for folder in ["/a b", "/it's", "/$HOME`x`", "/*[a]?", "/\"q\"\\", "/-ü"] {
            let found = said(shell, folder, &format!("/a:{folder}"), printing_path(shell));
            assert!(found.as_deref().is_none_or(|found| found == format!("{folder}:/a")), "{shell:?}: {found:?}");
        }
    }
}

#[test]
fn bash_is_told_by_its_variable_and_the_persons_own_is_kept() {
    for shell in Shell::ALL {
        let print = match shell {
            Shell::Fish => "printf '%s|%s' \"$BASH_ENV\" \"$TOLLGATE_BASH_ENV\"\n",
            _ => "printf '%s|%s' \"$BASH_ENV\" \"${TOLLGATE_BASH_ENV-}\"\n",
        };
        let found = said(shell, "/s", "/a", print);
        assert!(found.as_deref().is_none_or(|found| found == "/h/bash env|"), "{shell:?}: {found:?}");
    }
}

#[test]
fn in_fish_nothing_comes_before_the_shims_afterwards() {
    let script = format!("set -gx PATH /later $PATH\n{}", printing_path(Shell::Fish));
    let found = said(Shell::Fish, "/s", "/a", &script);
    assert!(found.as_deref().is_none_or(|found| found == "/s:/later:/a"), "{found:?}");
}

#[test]
fn a_sessions_shims_come_before_the_installed_ones() {
    let session = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/nowhere", session.path().join(".gate")).unwrap();
    let folder = session.path().to_str().unwrap();
    for shell in Shell::ALL {
        let again = match shell {
            Shell::Fish => format!("set -gx TOLLGATE_SHIMS {folder}\n__tollgate_shims\n"),
            _ => format!("TOLLGATE_SHIMS={folder}\n__tollgate_shims\n"),
        };
        let found = said(shell, "/s", "/a", &format!("{again}{}", printing_path(shell)));
        assert!(found.as_deref().is_none_or(|found| found == format!("{folder}:/s:/a")), "{shell:?}: {found:?}");
    }
}

#[test]
fn an_interactive_bash_has_them_first_at_every_prompt_and_keeps_its_status() {
    let scratch = tempfile::tempdir().unwrap();
    let text = environment(Shell::Bash, Path::new("/s"), Path::new("/h/bash_env"));
    let file = scratch.path().join("rc");
    std::fs::write(&file, text).unwrap();
    for own in ["unset PROMPT_COMMAND", "PROMPT_COMMAND='true'", "PROMPT_COMMAND=(true)"] {
        let script = format!(
            "set -u; {own}; . '{file}'; . '{file}'; PATH=/version-manager:$PATH; (exit 3) || __tollgate_prompt; \
             printf '%s %s %s' $? \"$PATH\" \"${{PROMPT_COMMAND[*]//[^_]/}}\"",
            file = file.display()
        );
        let mut bash = Command::new("/bin/bash");
        bash.args(["--norc", "-ic", &script]).env_clear().env("PATH", "/a").env("HOME", scratch.path());
        let output = bash.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).replace("  ", " ");
        assert_eq!(said, "3 /s:/version-manager:/a ___", "{own}: {output:?}");
    }
}

#[test]
fn the_installed_file_reads_the_persons_own_and_puts_the_session_first() {
    let scratch = tempfile::tempdir().unwrap();
    let place = |name: &str| scratch.path().join(name);
    std::fs::write(place("env"), bash_env_file(Path::new("/s"))).unwrap();
    std::fs::write(place("own"), "PATH=/own:$PATH OWN=yes\n").unwrap();
    std::os::unix::fs::symlink("/nowhere", place(".gate")).unwrap();
    let run = |variables: &[(&str, &OsStr)]| {
        let mut bash = Command::new("/bin/bash");
        bash.args(["-euc", "printf %s \"$PATH ${OWN-}\""]).env_clear().env("PATH", "/a").env("BASH_ENV", place("env"));
        let output = bash.envs(variables.iter().copied()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&[]), "/s:/a ");
    assert_eq!(run(&[("TOLLGATE_BASH_ENV", place("own").as_os_str())]), "/s:/own:/a yes");
    let session = format!("{}:/s:/a ", scratch.path().display());
    assert_eq!(run(&[("TOLLGATE_SHIMS", scratch.path().as_os_str())]), session);
    assert_eq!(run(&[("TOLLGATE_SHIMS", OsStr::new("/gone"))]), "/s:/a ");
}
