//! What git's configuration says of where a command would go: remote, host,
//! repository and branch.
//!
//! The repository is looked for from the working folder upwards, as git does it; a
//! `.git` file leads to that of a worktree or a submodule. Which remote, address
//! and branch are meant follows `git help config` (`branch.*`, `remote.*`,
//! `push.default`, `url.*`). Deliberately not here: what the argv says itself.

use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found, GitPurpose, GitRepo};
use tollgate_policies::{Bytes, Value};

use crate::files::{Files, expanded, join};

mod address;
mod choice;
mod settings;

use choice::Configured;

/// How far up a repository is looked for.
const HIGHEST: usize = 16;

pub(crate) fn find(wanted: &GitRepo, files: &mut Files<'_>) -> Finding {
    match found(wanted, files) {
        Ok(found) => Finding::Found(found),
        Err(reason) => Finding::Unknown { reason },
    }
}

fn found(wanted: &GitRepo, files: &mut Files<'_>) -> Result<Found, String> {
    let place = place(wanted, files)?;
    let configured = configured(wanted, place.as_ref(), files)?;
    let branch = place.as_ref().and_then(|place| place.branch.as_deref());
    let remote = configured.remote(wanted, branch);
    let mut values = Vec::new();
    if let Ok(remote) = &remote {
        values.push((Field::Remote, known(remote, "git configuration")));
        values.extend(addressed(&configured, wanted, remote));
    } else if let Err(reason) = &remote {
        let fields = [Field::Remote, Field::Repository, Field::Host];
        values.extend(fields.map(|field| (field, Value::Unknown { reason: reason.as_str().into() })));
    }
    values.push((Field::Branch, branch_of(&configured, wanted, branch, remote.ok().as_deref())));
    let code = mirrored(&values, &configured, wanted)
        .then(|| String::from("the remote is set up as a mirror: every push deletes what is not here"));
    Ok(Found { values, code, ..Found::default() })
}

/// Whether every push to the remote deletes what is not here.
fn mirrored(values: &[(Field, Value)], configured: &Configured, wanted: &GitRepo) -> bool {
    let remote = values.iter().find(|(field, _)| *field == Field::Remote).map(|(_, stated)| stated);
    match remote {
        Some(Value::Known { value, .. }) if wanted.purpose == GitPurpose::Push => {
            configured.mirrors(&String::from_utf8_lossy(value))
        }
        _ => false,
    }
}

/// The repository's address and its host.
fn addressed(configured: &Configured, wanted: &GitRepo, remote: &str) -> Vec<(Field, Value)> {
    match configured.address(wanted.purpose, remote) {
        Err(reason) => [Field::Repository, Field::Host]
            .map(|field| (field, Value::Unknown { reason: reason.as_str().into() }))
            .into(),
        Ok(url) => {
            let shown = match wanted.purpose {
                GitPurpose::Forge => address::short(&url),
                GitPurpose::Fetch | GitPurpose::Push => address::without_secret(&url),
            };
            let source = format!("remote {remote}");
            let host = address::host(&url).map(|host| (Field::Host, known(&host, &source)));
            std::iter::once((Field::Repository, known(&shown, &source))).chain(host).collect()
        }
    }
}

fn branch_of(configured: &Configured, wanted: &GitRepo, branch: Option<&str>, remote: Option<&str>) -> Value {
    match (branch, wanted.purpose) {
        (None, _) => Value::unknown("no branch is checked out"),
        (Some(branch), GitPurpose::Push) => match configured.pushed(branch, remote.unwrap_or_default()) {
            Ok(branch) => known(&branch, "git configuration"),
            Err(reason) => Value::Unknown { reason: reason.into() },
        },
        (Some(branch), _) => known(branch, "HEAD"),
    }
}

fn known(value: &str, source: &str) -> Value {
    Value::Known { value: value.into(), source: source.into() }
}

/// A repository on disk.
struct Place {
    /// Where its configuration is.
    common: Vec<u8>,
    /// Where this worktree's is.
    own: Vec<u8>,
    branch: Option<String>,
}

/// The repository that the command is about; none if there is none.
fn place(wanted: &GitRepo, files: &mut Files<'_>) -> Result<Option<Place>, String> {
    if let Some(git_dir) = &wanted.git_dir {
        return opened(join(&wanted.folder, git_dir), files);
    }
    let mut folder = wanted.folder.to_vec();
    for height in 0..HIGHEST {
        let own = join(&folder, b".git");
        if let Some(place) = opened(own.clone(), files)? {
            return Ok(Some(place));
        }
        if let Some(bytes) = files.read(&own)? {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let lead = text.strip_prefix("gitdir:").ok_or("a `.git` file leads nowhere")?;
            return opened(join(&folder, lead.trim().as_bytes()), files);
        }
        if height == 0
            && let Some(bare) = bare(&folder, files)?
        {
            return Ok(Some(bare));
        }
        folder = join(&folder, b"..");
    }
    Ok(None)
}

/// The working folder itself can be a repository without files.
fn bare(folder: &[u8], files: &mut Files<'_>) -> Result<Option<Place>, String> {
    let looks_so = files.read(&join(folder, b"config"))?.is_some();
    if looks_so { opened(join(folder, b"."), files) } else { Ok(None) }
}

fn opened(own: Vec<u8>, files: &mut Files<'_>) -> Result<Option<Place>, String> {
    let Some(head) = files.read(&join(&own, b"HEAD"))? else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&head).into_owned();
    let branch = head.strip_prefix("ref:").and_then(|name| name.trim().strip_prefix("refs/heads/")).map(str::to_owned);
    let common = match files.read(&join(&own, b"commondir"))? {
        Some(bytes) => join(&own, bytes.trim_ascii()),
        None => own.clone(),
    };
    Ok(Some(Place { common, own, branch }))
}

/// All settings in the order in which git reads them.
fn configured(wanted: &GitRepo, place: Option<&Place>, files: &mut Files<'_>) -> Result<Configured, String> {
    let mut paths = vec![Bytes::from(b"/etc/gitconfig")];
    match &wanted.global {
        Some(global) => paths.push(global.clone()),
        None => {
            let folder = wanted.settings.as_deref().unwrap_or(b"~/.config");
            paths.push([folder, b"/git/config"].concat().into());
            paths.push(b"~/.gitconfig".into());
        }
    }
    paths.extend(place.map(|place| join(&place.common, b"config").into()));
    paths.extend(place.map(|place| join(&place.own, b"config.worktree").into()));
    let mut all = Vec::new();
    for path in paths {
        let path = expanded(&path, &wanted.home, files)?;
        all.extend(settings::read(&path, &wanted.home, files)?);
    }
    Ok(Configured::new(all))
}

#[cfg(test)]
mod tests;
