//! `tollgate agent`: a person's signed word on who an agent is.
//!
//! Not here: what a token is worth; the daemon knows that, and who may give one.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use tollgate_admin::{Ask, Reply, TokenState};
use tollgate_policies::policy::length_of_time;

use crate::arguments::{self, Root};
use crate::complete::candidates;
use crate::door::{Door, PATIENCE};
use crate::error::Error;
use crate::{ids, output, places, sys};

/// Every command of `tollgate agent`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a token: the process tree that shows it first in TOLLGATE_TOKEN is this agent
    Token(Token),
    /// List the tokens whose time is not over
    #[command(alias = "list")]
    Tokens(arguments::Ask),
    /// Take a token back: its process tree is refused from now on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    root: Root,
    /// The agent's name, which rules match
    #[arg(add = ArgValueCandidates::new(candidates::agents))]
    agent: String,
    /// How long it is good for: `30m`, `1h`, a day at most
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = length_of_time)]
    ttl: Duration,
    /// The clearance, 0 to 4: never above the one that the policy gives
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=4))]
    clearance: Option<u8>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    root: Root,
    /// The token's id
    #[arg(add = ArgValueCandidates::new(candidates::tokens))]
    id: String,
}

/// Does what the command says.
pub(crate) fn agent(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Token(arguments) => token(arguments)?,
        Command::Tokens(arguments) => tokens(&arguments)?,
        Command::Revoke(Revoke { root, id }) => {
            let known = ids::only(&id, given(root.root.as_deref())?, |token| &token.id);
            let id = known.map_or(id, |token| token.id);
            answer(root.root.as_deref(), &Ask::RevokeToken { id: id.clone() })?;
            output::line(format_args!("revoked: {id}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// While this process speaks for a person, no other of the same uid may attach to it.
fn answer(root: Option<&Path>, ask: &Ask) -> Result<Reply, Error> {
    sys::keep_out()?;
    Door::ask(&places::of(root)?.admin(), ask)?.granted()
}

/// The token alone on standard output, so that it can be put into a variable.
fn token(arguments: Token) -> Result<(), Error> {
    let Token { root, agent, ttl, clearance, json } = arguments;
    let ask = Ask::IssueToken { agent, ttl_s: ttl.as_secs(), clearance };
    let reply = answer(root.root.as_deref(), &ask)?;
    let Reply::Token { token, id, until } = &reply else { return Err(Error::Reply) };
    if json {
        return output::json(&reply);
    }
    output::say(format_args!("token {id}, good until {until}"));
    output::line(token)
}

fn tokens(arguments: &arguments::Ask) -> Result<(), Error> {
    let tokens = given(arguments.root.root.as_deref())?;
    if arguments.json {
        return tokens.iter().try_for_each(output::json);
    }
    if tokens.is_empty() {
        output::line("no token is good")?;
    }
    tokens.iter().try_for_each(|token| output::line(text(token)))
}

/// Those whose time is not over.
fn given(root: Option<&Path>) -> Result<Vec<TokenState>, Error> {
    let token = |reply| if let Reply::TokenState(token) = reply { Some(token) } else { None };
    Door::list(&places::of(root)?.admin(), &Ask::Tokens {}, PATIENCE, token)
}

/// `01K...  claude-code  clearance 2  until 2026-02-12T14:30:22Z  process 4711 and below`
fn text(state: &TokenState) -> String {
    let clearance = state.clearance.map_or("policy's".to_owned(), |clearance| clearance.to_string());
    let used = match (state.revoked, state.bound_to) {
        (true, _) => "revoked".to_owned(),
        (false, Some(pid)) => format!("process {pid} and below"),
        (false, None) => "not used yet".to_owned(),
    };
    format!("{}  {}  clearance {clearance}  until {}  {used}", state.id, state.agent, state.until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_listed_with_who_may_use_it() {
        let state = TokenState {
            id: "01K".into(),
            agent: "ci".into(),
            clearance: Some(2),
            until: "2026-02-12T14:30:22Z".into(),
            bound_to: Some(7),
            revoked: false,
        };
        assert_eq!(text(&state), "01K  ci  clearance 2  until 2026-02-12T14:30:22Z  process 7 and below");
        let other = TokenState { bound_to: None, clearance: None, ..state };
        assert_eq!(text(&other), "01K  ci  clearance policy's  until 2026-02-12T14:30:22Z  not used yet");
    }
}
