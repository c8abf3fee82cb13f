//! What a command would touch, one dimension at a time.
//!
//! A dimension that is absent does not apply to the operation. One that applies
//! is known, with where the value came from, or unknown, with why: unknown never
//! counts as harmless.

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
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 23] = [
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
        }
    }

    /// The dimension of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

/// What is known of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// It is this.
    Known {
        /// The value's bytes, as the tool would take them.
        value: Vec<u8>,
        /// Where it came from: `TF_WORKSPACE`, `-n`, `.terraform/environment`, `default`.
        source: String,
    },
    /// It applies, but could not be found out.
    Unknown {
        /// Why not, for a person.
        reason: String,
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
        self.0.push((dimension, value));
        self.0.sort_by_key(|(dimension, _)| *dimension);
    }

    /// Makes unknown, for this reason, each known value that the test is true of; it
    /// gets the value and its source.
    pub(crate) fn doubt(&mut self, test: impl Fn(&[u8], &str) -> bool, reason: &str) {
        for (_, found) in &mut self.0 {
            if let Value::Known { value, source } = found
                && test(value, source)
            {
                *found = Value::Unknown { reason: reason.to_owned() };
            }
        }
        self.0.dedup();
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
