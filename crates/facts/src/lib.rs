//! Bounded reading of what a judgement needs: one resolver for each kind of
//! fact, asked when the judgement comes to it.
//!
//! Files are opened as the tool would open them, from the caller's working
//! directory; only regular files, of bounded size and number. What cannot be read
//! is an *unknown* with its reason, never an error.
//! Deliberately not here: what a fact means (that is `tollgate-policies`).
#![forbid(unsafe_code)]

use std::cell::RefCell;

use tollgate_policies::Operation;
use tollgate_policies::classify::{self, Classified, Facts, Finding, Grammars, Invocation, Need};
use tollgate_policies::policy::{Asked, Judgement, Policy, Project};

mod aws_profile;
mod brought;
mod clock;
mod compose;
pub mod disk;
mod docker_context;
mod files;
mod gcloud_config;
mod gh_config;
mod git_repo;
mod ini;
mod kubeconfig;
mod kuberc;
mod manifest;
mod own_file;
pub mod own_tools;
mod pinning;
mod plain;
mod plan_file;
pub mod policy_files;
pub mod project;
mod terraform_dir;
pub mod yaml;

pub use clock::{moment, now};
use files::Files;
pub use files::{Kept, MOST_KEPT, ReadFile, Reader};

/// Everything that a policy judges a command by, and the files that it was
/// concluded from.
#[derive(Debug, Clone)]
pub struct Judgeable {
    /// What it means.
    pub operation: Operation,
    /// The policies of the project that it runs in.
    pub projects: Vec<Project>,
    /// What was read for that, in order; absent files too.
    pub read: Vec<ReadFile>,
    /// The files that it brings along, as they were judged.
    pub kept: Vec<Kept>,
    /// Whether it would read its standard input, and that is not known.
    pub wants_input: bool,
}

impl Judgeable {
    /// Says which hosts are one's own: those that every policy of the daemon calls so, and
    /// every policy of the session that speaks of hosts.
    pub fn know_hosts<'p, I>(&mut self, policies: I, of_session: &[Policy])
    where
        I: Iterator<Item = &'p Policy> + Clone,
    {
        let of_session = of_session.iter().filter(|policy| policy.has_internal_hosts());
        self.operation.know_hosts(|host| {
            let all = policies.clone().all(|policy| policy.is_internal(host));
            all && of_session.clone().all(|policy| policy.is_internal(host))
        });
    }

    /// The stricter of this judgement and the projects' word on the same question.
    pub fn tighten(&self, judgement: Judgement, asked: &Asked<'_>) -> Judgement {
        self.projects.iter().fold(judgement, |strictest, project| project.tighten(strictest, asked))
    }
}

/// Classifies, and reads what that needs. The user's home is that
/// of the reader where none is given.
#[must_use]
pub fn classify(grammars: &Grammars, invocation: &Invocation<'_>, reader: &Reader<'_>) -> Judgeable {
    let mut files = Files::new(reader);
    let home = files.home();
    let operation = meaning(grammars, &Invocation { home: invocation.home.or(home), ..*invocation }, &mut files);
    let wants_input = files.wants_input();
    let (mut read, kept) = files.into_parts();
    let (projects, of_projects) = project::find(invocation.cwd, reader);
    read.extend(of_projects);
    Judgeable { operation, projects, read, kept, wants_input }
}

/// Whether it takes files to tell what a command means, beside those of a project.
#[must_use]
pub fn reads(grammars: &Grammars, invocation: &Invocation<'_>) -> bool {
    matches!(classify::classify(grammars, invocation, &Facts::default()), Classified::Needs(_))
}

fn meaning(grammars: &Grammars, invocation: &Invocation<'_>, files: &mut Files<'_>) -> Operation {
    let files = RefCell::new(files);
    let ask = |need: &Need| find(need, &mut files.borrow_mut());
    match classify::classify(grammars, invocation, &Facts::asking(&ask)) {
        Classified::Operation(operation) => operation,
        Classified::Needs(_) => classify::unresolved(invocation),
    }
}

/// Asks the resolver that the need names.
fn find(need: &Need, files: &mut Files<'_>) -> Finding {
    match need {
        Need::TerraformDir { folder, data } => terraform_dir::find(folder, data, files),
        Need::BroughtFiles(wanted) => brought::find(wanted, files),
        Need::ComposeFiles(wanted) => compose::find(wanted, files),
        Need::OwnFile { path, text } => own_file::find(path, text, files),
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
