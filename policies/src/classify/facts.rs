//! What a judgement must know and cannot read itself, and what was found.
//!
//! A [`Need`] names a resolver and its parameters; paths in it are as the tool
//! would open them, so relative ones start at the caller's working directory.
//! Deliberately not here: any reading.

mod known;

pub use known::Facts;

use crate::changes::Act;
use crate::{Bytes, Changes, Value};

/// Who can answer a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolver {
    /// The working folder of a terraform configuration.
    TerraformDir,
    /// A saved terraform plan.
    PlanFile,
    /// One kubeconfig, or several merged.
    Kubeconfig,
    /// The config, credentials and alias files of the aws tool.
    AwsProfile,
    /// The file in which kubectl's preferences are.
    Kuberc,
    /// The active configuration of the gcloud tool.
    GcloudConfig,
    /// The configuration of a git repository, and the user's.
    GitRepo,
    /// The chosen context of the docker client.
    DockerContext,
    /// The configuration of the gh tool.
    GhConfig,
    /// Files and folders of manifests or values.
    BroughtFiles,
    /// The files of a compose project.
    ComposeFiles,
    /// A file that the gate has written itself.
    OwnFile,
}

impl Resolver {
    /// Every resolver.
    pub const ALL: [Self; 12] = [
        Self::TerraformDir,
        Self::PlanFile,
        Self::Kubeconfig,
        Self::AwsProfile,
        Self::Kuberc,
        Self::GcloudConfig,
        Self::GitRepo,
        Self::DockerContext,
        Self::GhConfig,
        Self::BroughtFiles,
        Self::ComposeFiles,
        Self::OwnFile,
    ];

    /// Its name in grammar files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TerraformDir => "terraform-dir",
            Self::PlanFile => "plan-file",
            Self::Kubeconfig => "kubeconfig",
            Self::AwsProfile => "aws-profile",
            Self::Kuberc => "kuberc",
            Self::GcloudConfig => "gcloud-config",
            Self::GitRepo => "git-repo",
            Self::DockerContext => "docker-context",
            Self::GhConfig => "gh-config",
            Self::BroughtFiles => "brought-files",
            Self::ComposeFiles => "compose-files",
            Self::OwnFile => "own-file",
        }
    }

    /// The resolver of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolver| resolver.name() == name)
    }
}

/// One question to the disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Need {
    /// The selected workspace of a terraform working folder.
    TerraformDir {
        /// `-chdir`, empty for the working directory itself.
        folder: Bytes,
        /// `TF_DATA_DIR` or `.terraform`, relative to `folder`.
        data: Bytes,
    },
    /// What a saved plan would do.
    PlanFile {
        /// `-chdir`, empty for the working directory itself.
        folder: Bytes,
        /// The plan's path, relative to `folder`.
        path: Bytes,
    },
    /// The chosen context of merged kubeconfig files.
    Kubeconfig {
        /// The files, first wins.
        files: Vec<Bytes>,
        /// The context asked for; the file's current one where there is none.
        context: Option<Bytes>,
        /// The cluster asked for; the context's where there is none.
        cluster: Option<Bytes>,
    },
    /// A profile of the aws tool.
    AwsProfile {
        /// `AWS_CONFIG_FILE` or `~/.aws/config`; `~` is the home.
        config: Bytes,
        /// `AWS_SHARED_CREDENTIALS_FILE` or `~/.aws/credentials`.
        credentials: Bytes,
        /// The home folder, for `.aws/cli/alias` and `.aws/models` too; that of the
        /// passwd database where it is empty.
        home: Bytes,
        /// The profile's name.
        profile: Bytes,
    },
    /// What kubectl's preferences make of its commands.
    Kuberc {
        /// `~/.kube/kuberc`.
        path: Bytes,
    },
    /// The properties of a gcloud configuration.
    GcloudConfig {
        /// `CLOUDSDK_CONFIG` or `~/.config/gcloud`; `~` is the home.
        folder: Bytes,
        /// The caller's home; that of the passwd database where it is empty.
        home: Bytes,
        /// The configuration asked for; the active one where there is none.
        configuration: Option<Bytes>,
    },
    /// What git's configuration says of a repository.
    GitRepo(GitRepo),
    /// The host of a docker context.
    DockerContext {
        /// `DOCKER_CONFIG`, `--config` or `~/.docker`.
        folder: Bytes,
        /// The caller's home; that of the passwd database where it is empty.
        home: Bytes,
        /// The context asked for; the current one where there is none.
        context: Option<Bytes>,
    },
    /// Aliases and hosts of the gh tool.
    GhConfig {
        /// `GH_CONFIG_DIR` or `~/.config/gh`.
        folder: Bytes,
        /// The caller's home; that of the passwd database where it is empty.
        home: Bytes,
    },
    /// What stands in files that a command brings along.
    BroughtFiles(BroughtFiles),
    /// What a compose project would start.
    ComposeFiles(ComposeFiles),
    /// Whether a file that the gate has written holds what it wrote: found, or unknown.
    OwnFile {
        /// Its absolute path.
        path: Bytes,
        /// What the gate wrote.
        text: Bytes,
    },
}

/// Files that a command brings along.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BroughtFiles {
    /// Files and folders, as the tool would open them; `-` is its standard input.
    pub paths: Vec<Bytes>,
    /// What stands in them.
    pub form: BroughtForm,
    /// What is done by the objects in them.
    pub act: Act,
    /// How much of a folder counts.
    pub depth: Depth,
}

/// What stands in files that a command brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BroughtForm {
    /// Objects of a cluster, in YAML or JSON.
    Manifests,
    /// The services of a compose project.
    Compose,
    /// Settings that are not looked into.
    Values,
}

/// The files of a compose project, and what can name further ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ComposeFiles {
    /// The files; those of the usual names in `folder` where there are none.
    pub files: Vec<Bytes>,
    /// The project's folder, from which paths in the files start; empty for the working folder.
    pub folder: Bytes,
    /// Files of variables; `.env` where there are none.
    pub variables: Vec<Bytes>,
}

/// How much of a folder a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The files right in it.
    Flat,
    /// Those of its folders too.
    Recursive,
}

/// Where git looks for its configuration, and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GitRepo {
    /// `-C`, empty for the working directory itself.
    pub folder: Bytes,
    /// `--git-dir` or `GIT_DIR`, relative to `folder`.
    pub git_dir: Option<Bytes>,
    /// The caller's home; that of the passwd database where it is empty.
    pub home: Bytes,
    /// `XDG_CONFIG_HOME`.
    pub settings: Option<Bytes>,
    /// `GIT_CONFIG_GLOBAL`.
    pub global: Option<Bytes>,
    /// The remote that the argv names, if any.
    pub remote: Option<Bytes>,
    /// What for.
    pub purpose: GitPurpose,
}

/// What a repository's configuration is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GitPurpose {
    /// Where a fetch comes from.
    Fetch,
    /// Where a push goes to.
    Push,
    /// Which repository of a forge is meant.
    Forge,
}

impl Need {
    /// The paths in it that start at the working folder unless they are absolute.
    pub(crate) fn paths(&mut self) -> Vec<&mut Bytes> {
        match self {
            Self::TerraformDir { folder, .. } | Self::PlanFile { folder, .. } => vec![folder],
            Self::Kubeconfig { files, .. } => files.iter_mut().collect(),
            Self::AwsProfile { config, credentials, .. } => vec![config, credentials],
            Self::Kuberc { path } | Self::OwnFile { path, .. } => vec![path],
            // Only asked about where the command runs in the caller's own folder.
            Self::BroughtFiles(BroughtFiles { paths, .. }) => {
                paths.iter_mut().filter(|path| path.as_ref() != b"-").collect()
            }
            Self::ComposeFiles(ComposeFiles { files, folder, variables }) => {
                files.iter_mut().chain(variables).chain(std::iter::once(folder)).collect()
            }
            Self::GcloudConfig { folder, .. } | Self::DockerContext { folder, .. } | Self::GhConfig { folder, .. } => {
                vec![folder]
            }
            Self::GitRepo(GitRepo { folder, settings, global, .. }) => {
                std::iter::once(folder).chain(settings).chain(global).collect()
            }
        }
    }

    /// Who can answer it.
    #[must_use]
    pub fn resolver(&self) -> Resolver {
        match self {
            Self::TerraformDir { .. } => Resolver::TerraformDir,
            Self::PlanFile { .. } => Resolver::PlanFile,
            Self::Kubeconfig { .. } => Resolver::Kubeconfig,
            Self::AwsProfile { .. } => Resolver::AwsProfile,
            Self::Kuberc { .. } => Resolver::Kuberc,
            Self::GcloudConfig { .. } => Resolver::GcloudConfig,
            Self::GitRepo(_) => Resolver::GitRepo,
            Self::DockerContext { .. } => Resolver::DockerContext,
            Self::GhConfig { .. } => Resolver::GhConfig,
            Self::BroughtFiles(_) => Resolver::BroughtFiles,
            Self::ComposeFiles(_) => Resolver::ComposeFiles,
            Self::OwnFile { .. } => Resolver::OwnFile,
        }
    }
}

/// What a resolver can tell of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the word of its tool")]
pub enum Field {
    Workspace,
    Backend,
    Context,
    Cluster,
    Server,
    /// The name that the server's certificate must have, where it is another than its host.
    TlsName,
    Namespace,
    Region,
    Zone,
    Account,
    Endpoint,
    Project,
    Configuration,
    Host,
    Remote,
    Branch,
    Repository,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 17] = [
        Self::Workspace,
        Self::Backend,
        Self::Context,
        Self::Cluster,
        Self::Server,
        Self::TlsName,
        Self::Namespace,
        Self::Region,
        Self::Zone,
        Self::Account,
        Self::Endpoint,
        Self::Project,
        Self::Configuration,
        Self::Host,
        Self::Remote,
        Self::Branch,
        Self::Repository,
    ];

    /// Its name in grammar files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Backend => "backend",
            Self::Context => "context",
            Self::Cluster => "cluster",
            Self::Server => "server",
            Self::TlsName => "tls-name",
            Self::Namespace => "namespace",
            Self::Region => "region",
            Self::Account => "account",
            Self::Zone => "zone",
            Self::Endpoint => "endpoint",
            Self::Project => "project",
            Self::Configuration => "configuration",
            Self::Host => "host",
            Self::Remote => "remote",
            Self::Branch => "branch",
            Self::Repository => "repository",
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It could not be found out.
    Unknown {
        /// Why not, for a person.
        reason: String,
    },
    /// What the files say.
    Found(Found),
    /// What a saved plan does.
    Plan(Plan),
    /// What stands in files that a command brings along.
    Brought(Contents),
}

/// What files say of a target, and of the tool itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Values with where they stand; a field that is missing is said nowhere.
    pub values: Vec<(Field, Value)>,
    /// Command words, separated by one space, that the files give another meaning.
    pub aliases: Vec<Vec<u8>>,
    /// What else in the files makes the tool run code of theirs, for a person.
    pub code: Option<String>,
}

impl Found {
    /// What the files say of this field.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<&Value> {
        self.values.iter().find(|(known, _)| *known == field).map(|(_, value)| value)
    }
}

/// What a saved plan does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// There is no such file: the tool refuses to start.
    Absent,
    /// It is written in a way that this program does not know.
    Foreign {
        /// In what way, for a person.
        reason: String,
    },
    /// It was read.
    Saved(Box<SavedPlan>),
}

/// A saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedPlan {
    /// Whether it was made to destroy everything that the configuration manages.
    pub made_to_destroy: bool,
    /// What it changes.
    pub changes: Changes,
    /// The workspace that it was made in, and its backend.
    pub found: Found,
}

/// What stands in files that a command brings along.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// The kinds of the objects in them.
    pub kinds: Vec<String>,
    /// What of the machine they give to containers.
    pub mounts: Vec<Mount>,
    /// What they change, and what a person should know of them.
    pub changes: Changes,
    /// Why some of it could not be read; none where all was.
    pub unread: Option<String>,
}

/// A file or folder of the machine that a container is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its path, from the working folder.
    pub path: Vec<u8>,
    /// Whether the container may change it.
    pub access: Access,
}

/// What a container may do with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read it.
    Read,
    /// Change it too.
    Write,
}

impl Access {
    /// What a volume gives, as docker and compose write it: `SOURCE:PLACE:OPTIONS`. None
    /// where it has no source.
    #[must_use]
    pub fn of_volume(volume: &[u8]) -> Option<Self> {
        let mut behind = volume.split(|byte| *byte == b':').skip(1);
        behind.next()?;
        let options = behind.next().unwrap_or_default();
        let has = |wanted: &[u8]| options.split(|byte| *byte == b',').any(|option| option == wanted);
        Some(if has(b"ro") && !has(b"rw") { Self::Read } else { Self::Write })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolver_is_found_by_its_name_and_place() {
        for (place, resolver) in Resolver::ALL.into_iter().enumerate() {
            assert_eq!(resolver as usize, place);
            assert_eq!(Resolver::of_name(resolver.name()), Some(resolver));
        }
        assert_eq!(Resolver::of_name("no-such"), None);
    }
}
