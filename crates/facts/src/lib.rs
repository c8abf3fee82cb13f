//! Bounded reading of what a judgement needs: one resolver for each kind of
//! fact, and the loop that classifies, reads and classifies again.
//!
//! Files are opened as the tool would open them, from the caller's working
//! directory; only regular files, of bounded size and number. What cannot be read
//! is an *unknown* with its reason, never an error.
//! Deliberately not here: what a fact means (that is `tollgate-policies`).
#![forbid(unsafe_code)]

use tollgate_policies::Operation;
use tollgate_policies::classify::arguments::{Arguments, arguments};
use tollgate_policies::classify::{self, Classified, Facts, Finding, Grammars, Invocation, Need};
use tollgate_policies::policy::{Asked, Judgement, Policy, Project};

mod aws_profile;
mod clock;
pub mod disk;
mod docker_context;
mod files;
mod gcloud_config;
mod gh_config;
mod git_repo;
mod ini;
mod kubeconfig;
mod kuberc;
pub mod own_tools;
mod pinning;
mod plan_file;
pub mod policy_files;
mod project;
mod terraform_dir;
pub mod yaml;
mod zip;

pub use clock::{moment, now};
use files::Files;
pub use files::{ReadFile, Reader};

/// How often a command is classified at most.
const ROUNDS: usize = 4;

/// Everything that a policy judges a command by, and the files that it was
/// concluded from.
#[derive(Debug, Clone)]
pub struct Judgeable {
    /// What it means.
    pub operation: Operation,
    /// Its arguments as the tool reads them; none where that cannot be told.
    pub arguments: Option<Arguments>,
    /// The policies of the project that it runs in.
    pub projects: Vec<Project>,
    /// What was read for that, in order; absent files too.
    pub read: Vec<ReadFile>,
}

impl Judgeable {
    /// The same, with it known which hosts are one's own: those that every policy of
    /// the daemon calls so, and every policy of the session that speaks of hosts.
    #[must_use]
    pub fn knowing<'p, I>(mut self, policies: I, of_session: &[Policy]) -> Self
    where
        I: Iterator<Item = &'p Policy> + Clone,
    {
        let of_session = of_session.iter().filter(|policy| policy.has_internal_hosts());
        self.operation.know_hosts(|host| {
            let all = policies.clone().all(|policy| policy.is_internal(host));
            all && of_session.clone().all(|policy| policy.is_internal(host))
        });
        self
    }

    /// The stricter of this judgement and the projects' word on the same question.
    pub fn tighten(&self, judgement: Judgement, asked: &Asked<'_>) -> Judgement {
        self.projects.iter().fold(judgement, |strictest, project| project.tighten(strictest, asked))
    }
}

/// Classifies, reads what that needs, and classifies again.
#[must_use]
pub fn classify(grammars: &Grammars, invocation: &Invocation<'_>, reader: &Reader<'_>) -> Judgeable {
    let (operation, mut read) = meaning(grammars, invocation, reader);
    let (projects, of_projects) = project::find(invocation.cwd, reader);
    read.extend(of_projects);
    Judgeable { operation, arguments: arguments(grammars, invocation), projects, read }
}

/// Whether it takes files to tell what a command means, beside those of a project.
#[must_use]
pub fn reads(grammars: &Grammars, invocation: &Invocation<'_>) -> bool {
    matches!(classify::classify(grammars, invocation, &Facts::default()), Classified::Needs(_))
}

fn meaning(grammars: &Grammars, invocation: &Invocation<'_>, reader: &Reader<'_>) -> (Operation, Vec<ReadFile>) {
    let mut facts = Facts::default();
    let mut files = Files::new(reader);
    for _ in 0..ROUNDS {
        match classify::classify(grammars, invocation, &facts) {
            Classified::Operation(operation) => return (operation, files.into_read()),
            Classified::Needs(needs) => {
                for need in needs {
                    let finding = find(&need, &mut files);
                    facts.add(need, finding);
                }
            }
        }
    }
    (classify::unresolved(invocation), files.into_read())
}

/// Asks the resolver that the need names.
fn find(need: &Need, files: &mut Files<'_>) -> Finding {
    match need {
        Need::TerraformDir { folder, data } => terraform_dir::find(folder, data, files),
        Need::PlanFile { folder, path } => plan_file::find(folder, path, files),
        Need::Kubeconfig { files: paths, context, cluster } => {
            kubeconfig::find(paths, context.as_deref(), cluster.as_deref(), files)
        }
        Need::GcloudConfig { folder, home, configuration } => {
            gcloud_config::find(folder, home, configuration.as_deref(), files)
        }
        Need::GitRepo(wanted) => git_repo::find(wanted, files),
        Need::DockerContext { folder, home, context } => docker_context::find(folder, home, context.as_deref(), files),
        Need::GhConfig { folder, home } => gh_config::find(folder, home, files),
        Need::Kuberc { path } => kuberc::find(path, files),
        Need::AwsProfile { config, credentials, home, profile } => {
            aws_profile::find(&aws_profile::Wanted { config, credentials, home, profile }, files)
        }
    }
}
