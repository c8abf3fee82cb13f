//! Texts of policies, kept by their hash: `state/policy/HEX.json`.
//!
//! A text is what its name says or it is nothing: whoever reads one makes the hash
//! again. Not here: which of them counts; the audit says that.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tollgate_places::private_folder;
use tollgate_policies::policy::{Layer, Policy, Source};

use super::in_force::Kept;

/// Most bytes of one kept policy: as much as its files may have, and their names.
const MOST: u64 = 512 << 20;

/// Why a text cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The folder cannot be used.
    #[error(transparent)]
    Places(#[from] tollgate_places::Error),
    /// The file cannot be written.
    #[error("cannot keep the policy in `{}`: {}", .0.display(), .1)]
    Write(PathBuf, #[source] std::io::Error),
}

/// The layers that a kept policy can have.
const LAYERS: [Layer; 4] = [Layer::BuiltIn, Layer::Organisation, Layer::User, Layer::Session];

/// The folder.
#[derive(Debug)]
pub(super) struct Store(PathBuf);

/// One text, as the file has it.
#[derive(Debug, Serialize, Deserialize)]
struct Text {
    name: String,
    layer: String,
    text: String,
}

impl Store {
    /// Makes the folder.
    pub(super) fn at(state: &Path) -> Result<Self, Error> {
        let folder = state.join("policy");
        private_folder(&folder)?;
        Ok(Self(folder))
    }

    /// Keeps it; it is on disk when this returns.
    pub(super) fn save(&self, kept: &Kept) -> Result<(), Error> {
        let path = self.path(kept.policy.hash());
        if self.load(kept.policy.hash()).is_some() {
            return Ok(());
        }
        let texts: Vec<_> = kept.sources.iter().map(Text::of).collect();
        let draft = path.with_extension("draft");
        let failed = |cause| Error::Write(path.clone(), cause);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft);
        let mut file = file.map_err(failed)?;
        file.write_all(&serde_json::to_vec(&texts).unwrap_or_default()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&draft, &path).map_err(failed)?;
        std::fs::File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// The policy of this hash; none where it is not there, or is another by now.
    pub(super) fn load(&self, hash: &str) -> Option<Kept> {
        let mut bytes = Vec::new();
        std::fs::File::open(self.path(hash)).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
        let texts: Vec<Text> = serde_json::from_slice(&bytes).ok()?;
        let sources = texts.into_iter().map(Text::source).collect::<Option<Vec<_>>>()?;
        let policy = Policy::parse(&sources).ok()?;
        (policy.hash() == hash).then_some(Kept { policy, sources })
    }

    fn path(&self, hash: &str) -> PathBuf {
        let digits: String = hash.chars().filter(char::is_ascii_hexdigit).collect();
        self.0.join(format!("{digits}.json"))
    }
}

impl Text {
    fn of(source: &Source) -> Self {
        Self { name: source.name.clone(), layer: source.layer.name().to_owned(), text: source.text.clone() }
    }

    fn source(self) -> Option<Source> {
        let layer = LAYERS.into_iter().find(|layer| layer.name() == self.layer)?;
        Some(Source { layer, name: self.name, text: self.text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_was_changed_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path()).unwrap();
        let sources = vec![Source { name: "a.toml".to_owned(), text: "# deny\n".to_owned(), layer: Layer::User }];
        let kept = Kept { policy: Policy::parse(&sources).unwrap(), sources };
        let hash = kept.policy.hash().to_owned();
        store.save(&kept).unwrap();
        assert_eq!(store.load(&hash).unwrap().sources, kept.sources);
        let path = store.path(&hash);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("deny", "allow")).unwrap();
        assert!(store.load(&hash).is_none());
        store.save(&kept).unwrap();
        assert!(store.load(&hash).is_some(), "it is written again");
    }
}
