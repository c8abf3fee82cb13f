//! The grammar files that are part of this crate.

use std::sync::OnceLock;

use super::{GrammarError, Grammars, compile};

/// One file a tool, by name and text.
const FILES: [(&str, &str); 6] = [
    ("terraform.toml", include_str!("../../../tools/terraform.toml")),
    ("helm.toml", include_str!("../../../tools/helm.toml")),
    ("kubectl.toml", include_str!("../../../tools/kubectl.toml")),
    ("aws.toml", include_str!("../../../tools/aws.toml")),
    ("git.toml", include_str!("../../../tools/git.toml")),
    ("rm.toml", include_str!("../../../tools/rm.toml")),
];

const SHARED: (&str, &str) = ("shared.toml", include_str!("../../../tools/shared.toml"));

/// All of them, read once. That each can be read is held by a test; one that
/// could not would leave its tool unknown, which is refused.
pub(super) fn grammars() -> &'static Grammars {
    static BUILT_IN: OnceLock<Grammars> = OnceLock::new();
    BUILT_IN.get_or_init(read)
}

/// A fresh copy of them.
pub(super) fn read() -> Grammars {
    let mut grammars = Grammars::default();
    for tool in FILES.iter().flat_map(|(file, text)| compile::tool(file, text)) {
        grammars.add(tool);
    }
    grammars.shared = shared().unwrap_or_default();
    grammars
}

fn shared() -> Result<Vec<super::Variable>, GrammarError> {
    compile::shared(SHARED.0, SHARED.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_grammar_can_be_read() {
        for (file, text) in FILES {
            if let Err(error) = compile::tool(file, text) {
                panic!("{file}: {error}: {:?}", std::error::Error::source(&error).map(ToString::to_string));
            }
        }
        shared().unwrap();
    }
}
