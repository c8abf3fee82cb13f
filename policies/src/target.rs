//! What a command would touch, one dimension at a time.
//!
//! A dimension that is absent does not apply to the operation. One that applies
//! is known, with where the value came from, or unknown, with why: unknown never
//! counts as harmless.

use crate::Bytes;

/// One side of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the word of its tool: a terraform workspace, a kube context")]
pub enum Dimension {
    Workspace,
    Backend,
    Cluster,
    Context,
    Server,
    Namespace,
    Account,
    Profile,
    Region,
    Zone,
    Service,
    Endpoint,
    Project,
    Configuration,
    Release,
    Repository,
    Remote,
    Branch,
    Host,
    Port,
    Scheme,
    Path,
    /// `inside` or `outside` of the working folder.
    Tree,
    /// `internal` or `external`, as a policy's `internal_hosts` say.
    Network,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 24] = [
        Self::Workspace,
        Self::Backend,
        Self::Cluster,
        Self::Context,
        Self::Server,
        Self::Namespace,
        Self::Account,
        Self::Profile,
        Self::Region,
        Self::Zone,
        Self::Service,
        Self::Endpoint,
        Self::Project,
        Self::Configuration,
        Self::Release,
        Self::Repository,
        Self::Remote,
        Self::Branch,
        Self::Host,
        Self::Port,
        Self::Scheme,
        Self::Path,
        Self::Tree,
        Self::Network,
    ];

    /// Its name in policies, records and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Backend => "backend",
            Self::Cluster => "cluster",
            Self::Context => "context",
            Self::Server => "server",
            Self::Namespace => "namespace",
            Self::Account => "account",
            Self::Profile => "profile",
            Self::Region => "region",
            Self::Zone => "zone",
            Self::Service => "service",
            Self::Endpoint => "endpoint",
            Self::Project => "project",
            Self::Configuration => "configuration",
            Self::Release => "release",
            Self::Repository => "repository",
            Self::Remote => "remote",
            Self::Branch => "branch",
            Self::Host => "host",
            Self::Port => "port",
            Self::Scheme => "scheme",
            Self::Path => "path",
            Self::Tree => "tree",
            Self::Network => "network",
        }
    }

    /// The dimension of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

/// A source or a reason: words of the program, or of a file; a copy takes no memory of its
/// own.
pub type Text = smol_str::SmolStr;

/// What is known of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// It is this.
    Known {
        /// The value's bytes, as the tool would take them.
        value: Bytes,
        /// Where it came from, for people: `TF_WORKSPACE`, `-n`, `.terraform/environment`,
        /// `default`. It can be a file's name, so it is never compared.
        source: Text,
    },
    /// It applies, but could not be found out.
    Unknown {
        /// Why not, for a person.
        reason: Text,
    },
}

/// Everything that one operation touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target(Vec<(Dimension, Value)>);

impl Target {
    /// Sets one dimension; the last word holds. A command that touches several
    /// values of one dimension (two paths) has them all: see [`Target::add`].
    pub fn set(&mut self, dimension: Dimension, value: Value) {
        self.0.retain(|(known, _)| *known != dimension);
        self.add(dimension, value);
    }

    /// Adds one more value of a dimension. A rule that allows must cover each.
    pub fn add(&mut self, dimension: Dimension, value: Value) {
        // Few commands touch more.
        if self.0.is_empty() {
            self.0.reserve_exact(6);
        }
        let at = self.0.partition_point(|(known, _)| *known <= dimension);
        self.0.insert(at, (dimension, value));
    }

    /// Makes unknown, for this reason, each known value that the test is true of.
    pub(crate) fn doubt(&mut self, test: impl Fn(&[u8]) -> bool, reason: &'static str) {
        for (_, found) in &mut self.0 {
            if let Value::Known { value, .. } = found
                && test(value)
            {
                *found = Value::unknown(reason);
            }
        }
        self.0.dedup();
    }

    /// Says anew on which side of the network each known host lies. Where that is in
    /// doubt (a proxy, another address than the URL's) it stays so.
    fn know_hosts(&mut self, is_internal: &impl Fn(&[u8]) -> bool) {
        let doubtful = |value: &Value| matches!(value, Value::Unknown { .. });
        if self.values(Dimension::Network).next().is_none() || self.values(Dimension::Network).any(doubtful) {
            return;
        }
        let mut sides: Vec<Value> = Vec::new();
        for host in self.values(Dimension::Host) {
            let side = host.side(is_internal);
            if !sides.contains(&side) {
                sides.push(side);
            }
        }
        self.0.retain(|(known, _)| *known != Dimension::Network);
        sides.into_iter().for_each(|side| self.add(Dimension::Network, side));
    }

    /// The values of one dimension; none where it does not apply.
    pub fn values(&self, dimension: Dimension) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |(known, _)| *known == dimension).map(|(_, value)| value)
    }

    /// Every dimension that applies, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Dimension, &Value)> {
        self.0.iter().map(|(dimension, value)| (*dimension, value))
    }
}

impl IntoIterator for Target {
    type Item = (Dimension, Value);
    type IntoIter = std::vec::IntoIter<(Dimension, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl crate::Operation {
    /// Says of every host that it touches whether it is one's own, where its grammar
    /// asks for that.
    pub fn know_hosts(&mut self, is_internal: impl Fn(&[u8]) -> bool) {
        let meanings = std::iter::once(&mut self.primary).chain(&mut self.also);
        meanings.for_each(|meaning| meaning.target.know_hosts(&is_internal));
    }
}

impl Value {
    /// It is this, by a source that the program itself has a word for.
    pub fn known(value: impl Into<Bytes>, source: &'static str) -> Self {
        Self::Known { value: value.into(), source: Text::new_static(source) }
    }

    /// It applies, but could not be found out, for a reason in the program's own words.
    #[must_use]
    pub fn unknown(reason: &'static str) -> Self {
        Self::Unknown { reason: Text::new_static(reason) }
    }

    /// The side of the network that this host is on.
    fn side(&self, is_internal: &impl Fn(&[u8]) -> bool) -> Self {
        let side = |side: &str, source| Self::known(side, source);
        match self {
            Self::Known { value, .. } if is_loopback(value) => side("internal", "default"),
            Self::Known { value, .. } if is_internal(value) => side("internal", "internal_hosts"),
            Self::Known { .. } => side("external", "internal_hosts"),
            Self::Unknown { reason } => Self::Unknown { reason: reason.clone() },
        }
    }
}

/// Whether a host's name is this machine to every tool.
pub(crate) fn is_loopback(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_by_plain_names_alone() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host.as_bytes()), "{host}");
        }
        for host in ["localhost.evil.example", "127.evil.example", "127.1", "2130706433", "0x7f000001", ""] {
            assert!(!is_loopback(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn hosts_are_told_anew_unless_there_is_a_doubt() {
        let known = |value: &str| Value::Known { value: value.into(), source: "argument".into() };
        let mut target = Target::default();
        target.add(Dimension::Host, known("a.corp"));
        target.add(Dimension::Host, known("b.example"));
        target.add(Dimension::Network, known("external"));
        target.know_hosts(&|host| host.ends_with(b".corp"));
        let sides = |target: &Target| target.values(Dimension::Network).cloned().collect::<Vec<_>>();
        let side = |value: &str| Value::Known { value: value.into(), source: "internal_hosts".into() };
        assert_eq!(sides(&target), [side("internal"), side("external")]);
        let doubt = Value::Unknown { reason: "a proxy".into() };
        target.set(Dimension::Network, doubt.clone());
        target.know_hosts(&|_| true);
        assert_eq!(sides(&target), [doubt]);
    }
}
