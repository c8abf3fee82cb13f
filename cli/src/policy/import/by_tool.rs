//! Tools with commands, and policies over them: `cli_tools:` and `policies:`.
//!
//! The first rule that matches decides, then the tool's own default. Deny beats
//! escalate beats allow here, so a rule needs to leave out only what a milder one
//! before it matches.

mod tools;

use super::order::{Conditions, unless};
use super::walk::{At, Wrong, quoted};
use super::writing::{Rule, Written, name};

/// The policy of such a configuration.
pub(super) fn policy(top: &At<'_>) -> Result<Written, Wrong> {
    let map = top.map(&["cli_tools", "policies"])?;
    let mut written = Written::default();
    if let Some(list) = map.get("cli_tools") {
        tools::tools(list, &mut written)?;
    }
    if let Some(list) = map.get("policies") {
        rules(list, &mut written)?;
    }
    written.note(
        "what is not understood is allowed by no rule and no default here: add `tier = \"unknown\"` to a rule where it may run",
    );
    written.note("a grant turns an escalate into an allow, and never a deny: also not that of a strict tool");
    written.note(
        "`;`, `&&`, `|` and the like are refused at the doors `http` and `mcp`; a shim's arguments meet no shell",
    );
    Ok(written)
}

/// An earlier rule and how strict it is.
struct Earlier {
    conditions: Conditions,
    verdict: &'static str,
}

/// What they say, mildest first.
const VERDICTS: [&str; 3] = ["allow", "escalate", "deny"];

fn rules(list: &At<'_>, written: &mut Written) -> Result<(), Wrong> {
    let mut before: Vec<Earlier> = Vec::new();
    for policy in list.list()? {
        let map = policy.map(&["name", "agent", "rules"])?;
        let title = map.needed("name")?.word()?;
        let agent = map.needed("agent")?.glob()?;
        written.agent(&agent);
        for (number, rule) in map.needed("rules")?.list()?.iter().enumerate() {
            let map = rule.map(&["tools", "action"])?;
            let verdict = action(map.needed("action")?)?;
            let conditions = Conditions::from([
                ("agents".to_owned(), vec![agent.clone()]),
                ("operations".to_owned(), map.needed("tools")?.globs()?),
            ]);
            let milder: Vec<Conditions> = before
                .iter()
                .filter(|earlier| strictness(earlier.verdict) < strictness(verdict))
                .map(|earlier| earlier.conditions.clone())
                .collect();
            written.rule(&Rule {
                name: name(&[title, &(number + 1).to_string()]),
                conditions: &conditions,
                says: format!("verdict = \"{verdict}\""),
                unless: unless(&conditions, &milder),
            });
            before.push(Earlier { conditions, verdict });
        }
    }
    Ok(())
}

fn strictness(verdict: &str) -> Option<usize> {
    VERDICTS.iter().position(|known| *known == verdict)
}

/// The verdict of an action.
fn action(at: &At<'_>) -> Result<&'static str, Wrong> {
    match at.word()? {
        "allow" => Ok("allow"),
        "human_approval" => Ok("escalate"),
        "deny" => Ok("deny"),
        other => Err(at.wrong(format_args!("`{}` is not allow, deny or human_approval", quoted(other)))),
    }
}
