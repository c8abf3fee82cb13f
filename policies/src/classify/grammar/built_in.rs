//! The grammar files that are part of this crate.

use std::sync::OnceLock;

use super::{GrammarError, Grammars, Known, Tool, compile};

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

static FILES: [File; 10] = [
    File { name: "terraform.toml", names: &["terraform", "tofu"], text: include_str!("../../../tools/terraform.toml") },
    File { name: "helm.toml", names: &["helm"], text: include_str!("../../../tools/helm.toml") },
    File { name: "kubectl.toml", names: &["kubectl"], text: include_str!("../../../tools/kubectl.toml") },
    File { name: "aws.toml", names: &["aws"], text: include_str!("../../../tools/aws.toml") },
    File { name: "git.toml", names: &["git"], text: include_str!("../../../tools/git.toml") },
    File { name: "gcloud.toml", names: &["gcloud"], text: include_str!("../../../tools/gcloud.toml") },
    File { name: "docker.toml", names: &["docker"], text: include_str!("../../../tools/docker.toml") },
    File { name: "podman.toml", names: &["podman"], text: include_str!("../../../tools/podman.toml") },
    File { name: "gh.toml", names: &["gh"], text: include_str!("../../../tools/gh.toml") },
    File { name: "rm.toml", names: &["rm"], text: include_str!("../../../tools/rm.toml") },
];

const SHARED: (&str, &str) = ("shared.toml", include_str!("../../../tools/shared.toml"));

/// All of them, once for the program. That each can be read is held by a test; one
/// that could not would leave its tool unknown, which is refused.
pub(super) fn grammars() -> &'static Grammars {
    static BUILT_IN: OnceLock<Grammars> = OnceLock::new();
    BUILT_IN.get_or_init(read)
}

/// A fresh copy of them.
pub(super) fn read() -> Grammars {
    let tools = FILES.iter().map(|file| Known::BuiltIn(file, OnceLock::new())).collect();
    Grammars { tools, shared: shared().unwrap_or_default() }
}

fn shared() -> Result<Vec<super::Variable>, GrammarError> {
    compile::shared(SHARED.0, SHARED.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_grammar_can_be_read_and_has_the_names_that_it_is_found_by() {
        for file in &FILES {
            match file.read() {
                Ok(tool) => assert_eq!(tool.names, file.names),
                Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string)),
            }
        }
        assert!(!shared().unwrap().is_empty());
    }

    #[test]
    fn a_file_of_ones_own_replaces_a_built_in_one() {
        let text = "version = 1\nnames = [\"helm\"]\nreference = \"x\"\ndialect = \"cobra\"\n";
        let grammars = Grammars::with(&[("own.toml", text)]).unwrap();
        assert_eq!(grammars.operations("helm").collect::<Vec<_>>(), ["helm"]);
        assert!(grammars.operations("kubectl").count() > 50);
    }

    #[test]
    fn a_wrong_file_says_where_and_what() {
        let text =
            "version = 1\nnames = [\"x\"]\nreference = \"x\"\ndialect = \"cobra\"\n[commands.a]\nuse = [\"b\"]\n";
        let error = Grammars::with(&[("own.toml", text)]).unwrap_err();
        assert_eq!(error.to_string(), "the grammar `own.toml` is wrong at `a`: there is no set `b`");
    }
}
