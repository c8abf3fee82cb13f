//! How a policy has a tool run, whatever the caller's own folder and environment
//! are. Applied before the call is judged, so that what is judged is what runs.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use nix::libc::{O_DIRECTORY, O_PATH};
use tollgate_policies::policy::{Environment, Setting};

use super::{Folder, Request, Strings, receive};

/// Why a call cannot be run as the policy says.
#[derive(Debug, thiserror::Error)]
#[error("the policy has `{tool}` run in `{folder}`, which cannot be opened: {cause}")]
pub(crate) struct Error {
    tool: String,
    folder: String,
    cause: std::io::Error,
}

impl Request {
    /// Takes over what the settings say; where several speak, the first holds.
    pub(crate) fn take_over(&mut self, settings: &[Setting]) -> Result<(), Error> {
        if let Some(environment) = settings.iter().find_map(|setting| setting.environment.as_ref()) {
            self.strings = self.strings.with_environment(environment);
        }
        if let Some(folder) = settings.iter().find_map(|setting| setting.working_dir.as_ref()) {
            self.folder = open(folder).map_err(|cause| Error {
                tool: tollgate_policies::show::text(&self.tool, 60),
                folder: folder.clone(),
                cause,
            })?;
        }
        Ok(())
    }
}

fn open(folder: &str) -> std::io::Result<Folder> {
    let opened = OpenOptions::new().read(true).custom_flags(O_PATH | O_DIRECTORY).open(folder)?;
    let opened = opened.into();
    Ok(Folder { text: receive::path(&opened), opened: Some(opened) })
}

impl Strings {
    /// The same arguments with an environment of the tool's own: a few variables
    /// of the caller's, and what is set.
    fn with_environment(&self, own: &Environment) -> Self {
        let set: Vec<Vec<u8>> = own.set.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect();
        let is_kept = |variable: &&[u8]| {
            let name = variable.split(|byte| *byte == b'=').next().unwrap_or_default();
            let kept = Environment::KEPT.iter().any(|kept| kept.as_bytes() == name);
            kept && !own.set.keys().any(|known| known.as_bytes() == name)
        };
        let mut seen = HashSet::new();
        let (arguments, variables) = self.split();
        let mut kept: Vec<&[u8]> = variables.into_iter().filter(is_kept).collect();
        // A name that is there twice means its first value to one program, its last to another.
        kept.retain(|variable| seen.insert(variable.split(|byte| *byte == b'=').next()));
        kept.extend(set.iter().map(Vec::as_slice));
        Self::of_parts(&arguments, &kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strict_environment_is_a_few_of_the_callers_and_what_is_set() {
        let block = b"t\0-x\0HOME=/h\0KUBECONFIG=/k\0PATH=/a\0PATH=/b\0LANG=C\0no equals\0".to_vec();
        let strings = Strings::of_block(block, 2, 6).unwrap();
        let set = [("LANG".to_owned(), "de_DE".to_owned()), ("MODE".to_owned(), "a=b".to_owned())];
        let strict = strings.with_environment(&Environment { set: set.into() });
        assert_eq!(strict.arguments(), [&b"t"[..], b"-x"]);
        assert_eq!(strict.variables(), [&b"HOME=/h"[..], b"PATH=/a", b"LANG=de_DE", b"MODE=a=b"]);
    }
}
