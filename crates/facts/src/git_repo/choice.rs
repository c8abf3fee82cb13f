//! Which remote, address and branch git's settings mean.
//!
//! Deliberately not here: reading the settings.

use tollgate_policies::classify::facts::{GitPurpose, GitRepo};

use super::settings::Setting;

/// All settings, later ones over earlier ones.
pub(super) struct Configured(Vec<Setting>);

impl Configured {
    pub(super) fn new(settings: Vec<Setting>) -> Self {
        Self(settings)
    }

    fn all<'s>(&'s self, section: &'s str, subsection: &'s str, key: &'s str) -> impl Iterator<Item = &'s Setting> {
        self.0.iter().filter(move |setting| setting.is(section, subsection, key))
    }

    /// The last value; an error where it may be another.
    fn last(&self, section: &str, subsection: &str, key: &str) -> Result<Option<&str>, String> {
        let mut found = None;
        for setting in self.0.iter().filter(|setting| setting.is(section, subsection, key)) {
            if setting.doubtful {
                return Err(format!("`{section}.{key}` stands in a file that is included on a condition"));
            }
            found = Some(setting.value.as_str());
        }
        Ok(found.filter(|value| !value.is_empty()))
    }

    /// The names of all remotes, in order.
    fn remotes(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for setting in self.0.iter().filter(|setting| setting.section == "remote" && !setting.subsection.is_empty()) {
            if !names.contains(&setting.subsection.as_str()) {
                names.push(&setting.subsection);
            }
        }
        names
    }

    /// The remote that is meant: the one of the argv, or the configured one.
    pub(super) fn remote(&self, wanted: &GitRepo, branch: Option<&str>) -> Result<String, String> {
        if let Some(remote) = &wanted.remote {
            return String::from_utf8(remote.to_vec()).map_err(|_| String::from("the remote's name is no text"));
        }
        if wanted.purpose == GitPurpose::Forge {
            return self.forge();
        }
        let of_branch = |key| branch.map_or(Ok(None), |branch| self.last("branch", branch, key));
        if wanted.purpose == GitPurpose::Push
            && let Some(remote) = of_branch("pushremote")?.or(self.last("remote", "", "pushdefault")?)
        {
            return Ok(remote.to_owned());
        }
        if let Some(remote) = of_branch("remote")? {
            return Ok(remote.to_owned());
        }
        Ok(match self.remotes().as_slice() {
            [only] => (*only).to_owned(),
            _ => String::from("origin"),
        })
    }

    /// The remote that `gh` takes: the one that it has marked, or the only one.
    fn forge(&self) -> Result<String, String> {
        let marked = self.0.iter().rfind(|setting| setting.section == "remote" && setting.key == "gh-resolved");
        match (marked, self.remotes().as_slice()) {
            (Some(marked), _) => Ok(marked.subsection.clone()),
            (None, [only]) => Ok((*only).to_owned()),
            (None, []) => Err(String::from("no remote is configured")),
            (None, _) => Err(String::from("there are several remotes, and none is the default")),
        }
    }

    /// The address of a remote, or of an address that stands in its place.
    pub(super) fn address(&self, purpose: GitPurpose, remote: &str) -> Result<String, String> {
        let urls = |key| -> Vec<&Setting> { self.all("remote", remote, key).collect() };
        let pushed = if purpose == GitPurpose::Push { urls("pushurl") } else { Vec::new() };
        let (found, own) = if pushed.is_empty() { (urls("url"), false) } else { (pushed, true) };
        let limited = if purpose == GitPurpose::Push { found.len() } else { found.len().min(1) };
        match found.get(..limited).unwrap_or_default() {
            [] if remote.contains(['/', ':']) || remote.starts_with('.') => Ok(self.rewritten(purpose, remote, own)),
            [] => Err(format!("no remote `{remote}` is configured")),
            [one] if one.doubtful => Err(String::from("its address stands in a file that is included on a condition")),
            [one] => Ok(self.rewritten(purpose, &one.value, own)),
            _ => Err(format!("the remote `{remote}` has several addresses")),
        }
    }

    /// What `url.*.insteadOf` and `url.*.pushInsteadOf` make of an address; an
    /// explicit push address is not rewritten by the latter.
    fn rewritten(&self, purpose: GitPurpose, url: &str, own: bool) -> String {
        let by = |key: &str| {
            let fits = |setting: &&Setting| {
                setting.section == "url" && setting.key == key && url.starts_with(setting.value.as_str())
            };
            let longest = self.0.iter().filter(fits).max_by_key(|setting| setting.value.len())?;
            Some([longest.subsection.as_str(), url.get(longest.value.len()..)?].concat())
        };
        let pushed = if purpose == GitPurpose::Push && !own { by("pushinsteadof") } else { None };
        pushed.or_else(|| by("insteadof")).unwrap_or_else(|| url.to_owned())
    }

    pub(super) fn mirrors(&self, remote: &str) -> bool {
        let on =
            |setting: &Setting| !matches!(setting.value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0");
        self.all("remote", remote, "mirror").last().is_some_and(on)
    }

    /// The branch that a push without names changes.
    pub(super) fn pushed(&self, branch: &str, remote: &str) -> Result<String, String> {
        if self.all("remote", remote, "push").next().is_some() {
            return Err(format!("`remote.{remote}.push` says which"));
        }
        let upstream = || {
            let merged = self.last("branch", branch, "merge")?;
            let name = merged.and_then(|name| name.strip_prefix("refs/heads/"));
            name.map(str::to_owned).ok_or_else(|| String::from("the branch follows no other"))
        };
        match self.last("push", "", "default")? {
            None | Some("simple" | "current") => Ok(branch.to_owned()),
            Some("upstream" | "tracking") => upstream(),
            Some("matching") => Err(String::from("all branches that the remote has too")),
            Some(_) => Err(String::from("`push.default` says none")),
        }
    }
}
