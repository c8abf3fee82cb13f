//! What kubectl's preferences make of its commands.
//!
//! `aliases` give words of the person's a meaning; `overrides` (1.33) and
//! `defaults` (1.34) give flags to commands that nobody typed.
//! Deliberately not here: which flags.

use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::Found;

use crate::files::Files;
use crate::yaml::{self, Node};

pub(crate) fn find(path: &[u8], files: &mut Files<'_>) -> Finding {
    match commands(path, files) {
        Ok(aliases) => Finding::Found(Found { aliases, ..Found::default() }),
        Err(reason) => Finding::Unknown { reason },
    }
}

/// The commands that mean something else than their words.
fn commands(path: &[u8], files: &mut Files<'_>) -> Result<Vec<Vec<u8>>, String> {
    let Some(bytes) = files.read(path)? else {
        return Ok(Vec::new());
    };
    let shown = || String::from_utf8_lossy(path).into_owned();
    let text = String::from_utf8(bytes).map_err(|_| format!("`{}`: it is no text", shown()))?;
    let root = yaml::read(&text).map_err(|why| format!("`{}`: {why}", shown()))?;
    let named = |list: &'static str, key: &'static str| {
        let entries = root.get(list).map(Node::list).unwrap_or_default();
        entries.iter().filter_map(move |entry| Some(entry.get(key)?.text()?.as_bytes().to_vec()))
    };
    Ok(named("aliases", "name").chain(named("overrides", "command")).chain(named("defaults", "command")).collect())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    fn found(text: Option<&str>) -> Finding {
        let folder = tempfile::tempdir().unwrap();
        text.iter().for_each(|text| std::fs::write(folder.path().join("kuberc"), text).unwrap());
        let cwd = File::open(folder.path()).unwrap();
        find(b"kuberc", &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }

    #[test]
    fn aliases_and_changed_commands_are_named() {
        let text = "
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- command: delete
  options: [{name: force, default: \"true\"}]
aliases:
- {name: getn, command: get}
";
        let aliases = vec![b"getn".to_vec(), b"delete".to_vec()];
        assert_eq!(found(Some(text)), Finding::Found(Found { aliases, ..Found::default() }));
        assert_eq!(found(None), Finding::Found(Found::default()));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        assert!(matches!(found(Some("defaults: [")), Finding::Unknown { .. }));
    }
}
