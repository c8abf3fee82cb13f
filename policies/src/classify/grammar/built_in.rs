//! The grammar files that are part of this crate.

use std::sync::OnceLock;

use super::{Credentials, GrammarError, Grammars, Known, MountPaths, SecretPaths, Tool, compile};

/// One file.
#[derive(Debug)]
pub(super) struct File {
    name: &'static str,
    /// The names in it, so that it need not be read before its tool is called.
    pub(super) names: &'static [&'static str],
    text: &'static str,
}

impl File {
    pub(super) fn read(&self) -> Result<Tool, GrammarError> {
        compile::tool(self.name, self.text)
    }
}

/// One line a tool: its file, and the names in it.
macro_rules! files {
    ($($file:literal: $($name:literal)*;)*) => {
        &[$(File { name: $file, names: &[$($name),*], text: include_str!(concat!("../../../tools/", $file)) }),*]
    };
}

#[rustfmt::skip]
static FILES: &[File] = files! {
    "terraform.toml": "terraform" "tofu";
    "helm.toml": "helm";
    "kubectl.toml": "kubectl";
    "aws.toml": "aws";
    "git.toml": "git";
    "gcloud.toml": "gcloud";
    "docker.toml": "docker";
    "podman.toml": "podman";
    "gh.toml": "gh";
    "awk.toml": "awk" "gawk";
    "aws_completer.toml": "aws_completer";
    "base64.toml": "base64";
    "basename.toml": "basename";
    "bash.toml": "bash";
    "cat.toml": "cat";
    "chmod.toml": "chmod";
    "chown.toml": "chown";
    "comm.toml": "comm";
    "command.toml": "command";
    "cp.toml": "cp";
    "curl.toml": "curl";
    "cut.toml": "cut";
    "date.toml": "date";
    "df.toml": "df";
    "diff.toml": "diff";
    "dirname.toml": "dirname";
    "doas.toml": "doas";
    "du.toml": "du";
    "echo.toml": "echo";
    "env.toml": "env";
    "exec.toml": "exec";
    "find.toml": "find";
    "grep.toml": "grep" "egrep" "fgrep";
    "head.toml": "head";
    "id.toml": "id";
    "ionice.toml": "ionice";
    "jq.toml": "jq";
    "kill.toml": "kill";
    "ls.toml": "ls";
    "mkdir.toml": "mkdir";
    "mv.toml": "mv";
    "nice.toml": "nice";
    "nohup.toml": "nohup";
    "paste.toml": "paste";
    "printenv.toml": "printenv";
    "readlink.toml": "readlink";
    "realpath.toml": "realpath";
    "rm.toml": "rm";
    "rmdir.toml": "rmdir";
    "sed.toml": "sed";
    "seq.toml": "seq";
    "setsid.toml": "setsid";
    "sh.toml": "sh" "dash" "ash";
    "sha256sum.toml": "sha256sum";
    "sleep.toml": "sleep";
    "sort.toml": "sort";
    "stat.toml": "stat";
    "stdbuf.toml": "stdbuf";
    "su.toml": "su" "runuser";
    "sudo.toml": "sudo";
    "tail.toml": "tail";
    "tee.toml": "tee";
    "time.toml": "time";
    "timeout.toml": "timeout";
    "touch.toml": "touch";
    "tr.toml": "tr";
    "uname.toml": "uname";
    "uniq.toml": "uniq";
    "watch.toml": "watch";
    "wc.toml": "wc";
    "wget.toml": "wget";
    "which.toml": "which";
    "whoami.toml": "whoami";
    "xargs.toml": "xargs";
    "zsh.toml": "zsh";
};

const SHARED: (&str, &str) = ("shared.toml", include_str!("../../../tools/shared.toml"));

/// All of them, once for the program. That each can be read is held by a test; one
/// that could not would leave its tool unknown, which is refused.
pub(super) fn grammars() -> &'static Grammars {
    static BUILT_IN: OnceLock<Grammars> = OnceLock::new();
    BUILT_IN.get_or_init(read)
}

/// A fresh copy of them.
pub(super) fn read() -> Grammars {
    let shared = compile::shared(SHARED.0, SHARED.1).map(|shared| shared.variables).unwrap_or_default();
    let mut grammars = Grammars::default();
    FILES.iter().for_each(|file| grammars.push(Known::BuiltIn(file, OnceLock::new())));
    let names = shared.iter().flat_map(|variable| &variable.names);
    names.for_each(|name| grammars.interest.add(name.start));
    shared.iter().for_each(|variable| grammars.shared_names.join(&variable.interest));
    Grammars { shared, ..grammars }
}

/// A list of patterns that all grammars share.
pub(super) fn patterns(name: &str) -> Option<&'static [String]> {
    static PATTERNS: OnceLock<compile::Shared> = OnceLock::new();
    let shared = PATTERNS.get_or_init(|| compile::shared(SHARED.0, SHARED.1).unwrap_or_default());
    shared.patterns.get(name).map(Vec::as_slice)
}

/// Where credentials are kept, whatever a command does with them.
pub(crate) fn secret_paths(of: Credentials) -> &'static SecretPaths {
    static FILES: OnceLock<SecretPaths> = OnceLock::new();
    static FOLDERS: OnceLock<SecretPaths> = OnceLock::new();
    let paths = match of {
        Credentials::Files => &FILES,
        Credentials::Folders => &FOLDERS,
    };
    paths.get_or_init(|| compile::secret_paths(of))
}

/// By which it is told what a container is given.
pub(crate) fn mount_paths() -> &'static MountPaths {
    static PATHS: OnceLock<MountPaths> = OnceLock::new();
    PATHS.get_or_init(compile::mount_paths)
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, Variable};
    use super::*;

    #[test]
    fn every_built_in_grammar_can_be_read_and_has_the_names_that_it_is_found_by() {
        for file in FILES {
            match file.read() {
                Ok(tool) => assert_eq!(tool.names, file.names),
                Err(error) => panic!("{error}"),
            }
        }
        let shared = compile::shared(SHARED.0, SHARED.1).unwrap();
        assert!(!shared.variables.is_empty() && !shared.patterns.is_empty());
    }

    #[test]
    fn a_variable_that_a_rule_is_about_is_never_passed_by() {
        let grammars = Grammars::built_in();
        for file in FILES {
            let tool = file.read().unwrap();
            for variable in grammars.shared.iter().chain(&tool.variables) {
                for name in &variable.names {
                    let rest: &[u8] = if name.is_open() { b"X1" } else { b"" };
                    let entry = [name.start, rest, b"=v"].concat();
                    let environment = Environment::of(&[&entry, b"_=x"], &grammars.interest(&tool));
                    let (name, _) = entry.split_at(entry.len() - 2);
                    assert_eq!(environment.any(name), Some(&b"v"[..]), "{} {}", file.name, name.escape_ascii());
                    assert!(environment.may_have(&variable.interest), "{} {}", file.name, name.escape_ascii());
                }
            }
            let shared =
                grammars.shared.iter().flat_map(|variable| &variable.names).map(|name| [name.start, b"X=v"].concat());
            for entry in shared {
                let environment = Environment::of(&[&entry], &grammars.interest(&tool));
                let about = |variable: &Variable| environment.may_have(&variable.interest);
                assert!(!grammars.shared.iter().any(about) || !grammars.shared(&environment).is_empty());
            }
        }
    }

    #[test]
    fn a_file_of_ones_own_adds_a_tool_and_replaces_none() {
        let text = |name: &str| format!("version = 1\nnames = [\"{name}\"]\nreference = \"x\"\ndialect = \"cobra\"\n");
        let grammars = Grammars::with(&[("own.toml", &text("mytool"))]).unwrap();
        assert_eq!(grammars.operations("mytool").collect::<Vec<_>>(), ["mytool"]);
        assert!(grammars.operations("kubectl").count() > 50);
        let error = Grammars::with(&[("own.toml", &text("tofu"))]).unwrap_err();
        let said = "own.toml: the tool `tofu` is known already, and what is known of it cannot be replaced";
        assert_eq!(error.to_string(), said);
        assert!(Grammars::with(&[("a.toml", &text("mytool")), ("b.toml", &text("mytool"))]).is_err());
    }

    #[test]
    fn a_wrong_file_says_where_and_what() {
        let text =
            "version = 1\nnames = [\"x\"]\nreference = \"x\"\ndialect = \"cobra\"\n[commands.a]\nuse = [\"b\"]\n";
        let error = Grammars::with(&[("own.toml", text)]).unwrap_err();
        assert_eq!(error.to_string(), "own.toml:6:9: the grammar is wrong at `a`: there is no set `b`");
        let error = Grammars::with(&[("own.toml", "version = 1\nname = 2\n")]).unwrap_err();
        assert!(error.to_string().starts_with("own.toml:2:1: this is no grammar: unknown field `name`"), "{error}");
    }
}
