//! `tollgate grant`: a person answers in advance, for a while.
//!
//! A grant turns what would ask a person into an allow; what is denied stays denied.
//! Not here: who may make one; the daemon knows that.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use tollgate_admin::{Ask, GrantState, Reply};
use tollgate_policies::classify::Grammars;
use tollgate_policies::policy::{self, length_of_time};

use crate::arguments::{self, Root};
use crate::complete::candidates;
use crate::door::{Door, PATIENCE};
use crate::error::Error;
use crate::{ids, output, places, sys};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    root: Root,
    /// The agent that it is for
    #[arg(required = true, add = ArgValueCandidates::new(candidates::agents))]
    agent: Option<String>,
    /// The operations: `terraform.apply`, `kubectl.rollout.*`
    #[arg(required = true, value_name = "OPERATION-GLOB")]
    operation: Option<String>,
    /// What they must touch: `workspace=staging-*`. May be given several times
    #[arg(long, value_name = "DIMENSION=GLOB", value_parser = target)]
    target: Vec<(String, String)>,
    /// How long it is good for: `30m`, `8h`, 30 days at most
    #[arg(long = "for", value_name = "TIME", default_value = "30m", value_parser = length_of_time)]
    time: Duration,
    /// How many commands it is good for
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What else can be done with grants.
#[derive(Debug, Subcommand)]
enum Command {
    /// List the grants that are in force
    List(arguments::Ask),
    /// Take a grant back
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    root: Root,
    /// The grant's id
    #[arg(add = ArgValueCandidates::new(candidates::grants))]
    id: String,
}

fn target(text: &str) -> Result<(String, String), String> {
    let (dimension, glob) = text.split_once('=').ok_or("a target is written `workspace=staging-*`")?;
    Ok((dimension.to_owned(), glob.to_owned()))
}

/// Does what the command says.
pub(crate) fn grant(arguments: Arguments) -> Result<ExitCode, Error> {
    match arguments.command {
        Some(Command::List(ask)) => list(&ask)?,
        Some(Command::Revoke(Revoke { root, id })) => {
            let known = ids::only(&id, grants(root.root.as_deref())?, |grant| &grant.id);
            let id = known.as_ref().map_or(id, |grant| grant.id.clone());
            answer(root.root.as_deref(), &Ask::RevokeGrant { id: id.clone() })?;
            output::line(format_args!("revoked: {}", known.as_ref().map_or(id, text)))?;
        }
        None => make(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn make(arguments: Arguments) -> Result<(), Error> {
    let mut target = BTreeMap::new();
    for (dimension, glob) in arguments.target {
        if target.insert(dimension.clone(), glob).is_some() {
            return Err(Error::TargetTwice(dimension));
        }
    }
    let doubt = arguments.operation.as_deref().and_then(|glob| policy::doubt(glob, Grammars::built_in()));
    if let Some(doubt) = doubt {
        output::say(format_args!("note: {doubt}"));
    }
    let ask = Ask::Grant {
        agent: arguments.agent.unwrap_or_default(),
        operation: arguments.operation.unwrap_or_default(),
        target,
        for_s: arguments.time.as_secs(),
        count: arguments.count,
    };
    match answer(arguments.root.root.as_deref(), &ask)? {
        Reply::Grant(state) if arguments.json => output::json(&state),
        Reply::Grant(state) => output::line(format_args!("granted: {}", text(&state))),
        _ => Err(Error::Reply),
    }
}

/// While this process speaks for a person, no other of the same uid may attach to it.
fn answer(root: Option<&Path>, ask: &Ask) -> Result<Reply, Error> {
    sys::keep_out()?;
    Door::ask(&places::of(root)?.admin(), ask)?.granted()
}

fn list(arguments: &arguments::Ask) -> Result<(), Error> {
    let grants = grants(arguments.root.root.as_deref())?;
    if arguments.json {
        return grants.iter().try_for_each(output::json);
    }
    if grants.is_empty() {
        output::line("no grant is in force")?;
    }
    grants.iter().try_for_each(|grant| output::line(text(grant)))
}

/// Those that are in force.
fn grants(root: Option<&Path>) -> Result<Vec<GrantState>, Error> {
    let grant = |reply| if let Reply::Grant(grant) = reply { Some(grant) } else { None };
    Door::list(&places::of(root)?.admin(), &Ask::Grants {}, PATIENCE, grant)
}

/// `01K...  claude-code  terraform.apply  workspace=staging-*  until 2026-02-12T14:30:22Z  1 of 5 used`
fn text(state: &GrantState) -> String {
    let GrantState { id, agent, operation, target, until, count, used } = state;
    let target: String = target.iter().map(|(dimension, glob)| format!("  {dimension}={glob}")).collect();
    let used = count.map_or_else(|| format!("{used} used"), |count| format!("{used} of {count} used"));
    format!("{id}  {agent}  {operation}{target}  until {until}  {used}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_listed_with_all_that_bounds_it() {
        let state = GrantState {
            id: "01K".into(),
            agent: "ci".into(),
            operation: "terraform.*".into(),
            target: [("workspace".into(), "staging-*".into())].into(),
            until: "2026-02-12T14:30:22Z".into(),
            count: Some(5),
            used: 1,
        };
        let expected = "01K  ci  terraform.*  workspace=staging-*  until 2026-02-12T14:30:22Z  1 of 5 used";
        assert_eq!(text(&state), expected);
        assert!(text(&GrantState { count: None, ..state }).ends_with("  1 used"));
    }

    #[test]
    fn a_target_has_a_dimension_and_a_glob() {
        assert_eq!(target("workspace=a=b"), Ok(("workspace".into(), "a=b".into())));
        assert!(target("workspace").is_err());
    }
}
