//! The address of a repository: its host, and how it may be shown.
//!
//! As `git help clone` (GIT URLS) has them: `scheme://user@host:port/path`,
//! `user@host:path`, and paths. Deliberately not here: which address is meant.

/// The host; none for a path.
pub(super) fn host(url: &str) -> Option<String> {
    let authority = match url.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split('/').next().unwrap_or_default(),
        None => scp_like(url)?.0,
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((host, _)) => host,
        None => host.split(':').next().unwrap_or_default(),
    };
    Some(host.to_ascii_lowercase()).filter(|host| !host.is_empty())
}

/// `user@host:path` in two; a colon after a slash is one of a path.
fn scp_like(url: &str) -> Option<(&str, &str)> {
    let (before, path) = url.split_once(':')?;
    (!before.contains('/')).then_some((before, path))
}

/// The address without a password or token in it.
pub(super) fn without_secret(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    match authority.rsplit_once('@') {
        Some((user, host)) if scheme != "ssh" || user.contains(':') => format!("{scheme}://{host}{path}"),
        _ => url.to_owned(),
    }
}

/// `owner/name`, as forges call it.
pub(super) fn short(url: &str) -> String {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => scp_like(url).map_or(url, |(_, path)| path),
    };
    let path = path.trim_matches('/');
    path.strip_suffix(".git").unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address_has_its_host() {
        for (url, expected) in [
            ("https://github.com/a/b.git", Some("github.com")),
            ("https://u:p@GitHub.com:8443/a", Some("github.com")),
            ("ssh://git@[::1]:22/a", Some("::1")),
            ("git@host:a/b", Some("host")),
            ("host:a", Some("host")),
            ("../a:b", None),
            ("/srv/a.git", None),
            ("file:///srv/a", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        assert_eq!(without_secret("https://u:p@h/a"), "https://h/a");
        assert_eq!(without_secret("https://token@h/a"), "https://h/a");
        assert_eq!(without_secret("ssh://git@h/a"), "ssh://git@h/a");
        assert_eq!(without_secret("git@h:a"), "git@h:a");
    }

    #[test]
    fn forges_call_a_repository_by_owner_and_name() {
        assert_eq!(short("https://github.com/a/b.git"), "a/b");
        assert_eq!(short("git@github.com:a/b"), "a/b");
        assert_eq!(short("ssh://git@h/a/b/"), "a/b");
    }
}
