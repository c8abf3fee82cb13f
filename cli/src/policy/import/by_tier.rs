//! Rules by agent, with a verdict for each tier: `agents: NAME: rules: [...]`.
//!
//! The first rule whose tool and target match decides, and a tier that it does not
//! name is denied: so each later rule leaves out what the ones before it match.

use super::order::{Conditions, unless};
use super::walk::{At, Wrong, quoted};
use super::writing::{Rule, Written, name, word};

/// A protocol, the tool that it is here, and what its rules can be for.
type Protocol = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const PROTOCOLS: [Protocol; 4] = [
    ("terraform", "terraform", &[("workspaces", "target.workspace")]),
    ("helm", "helm", &[("namespaces", "target.namespace"), ("clusters", "target.cluster")]),
    ("aws", "aws", &[("services", "target.service"), ("regions", "target.region"), ("accounts", "target.account")]),
    ("kubernetes", "kubectl", &[("namespaces", "target.namespace"), ("clusters", "target.cluster")]),
];

/// The policy of such a configuration.
pub(super) fn policy(top: &At<'_>) -> Result<Written, Wrong> {
    let mut written = Written::default();
    for (agent, at) in at_agents(top)? {
        if agent.is_empty() || agent.contains(['*', '?', '[', '{', '\\']) {
            return Err(at.wrong("this is no agent's name"));
        }
        written.agent(agent);
        let mut before = Vec::new();
        for (number, rule) in at.map(&["rules"])?.needed("rules")?.list()?.iter().enumerate() {
            before.push(self::rule(agent, number + 1, rule, &before, &mut written)?);
        }
    }
    written.note("a target that cannot be found out satisfies no allow here, and every deny and escalate");
    Ok(written)
}

fn at_agents<'a>(top: &At<'a>) -> Result<Vec<(&'a str, At<'a>)>, Wrong> {
    let agents = top.map(&["agents"])?.needed("agents")?.any_map()?;
    Ok(agents.entries)
}

/// Writes one rule; what it asks for.
fn rule(
    agent: &str,
    number: usize,
    at: &At<'_>,
    before: &[Conditions],
    written: &mut Written,
) -> Result<Conditions, Wrong> {
    let protocol = match at.any_map()?.get("protocol") {
        Some(protocol) => protocol.word()?,
        None => return Err(at.wrong("`protocol` is missing")),
    };
    let known = PROTOCOLS.iter().find(|(known, ..)| *known == protocol);
    let (tool, targets): (&str, &[(&str, &str)]) =
        known.map_or((protocol, &[][..]), |(_, tool, targets)| (*tool, *targets));
    if tool != protocol {
        written.note(format!("rules of the protocol `{protocol}` are for `{tool}` here: no other client is gated"));
    }
    if known.is_none() && !protocol.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter)) {
        return Err(at.wrong(format_args!("`{}` is no tool's name", quoted(protocol))));
    }
    let keys: Vec<&str> = ["protocol", "tiers"].into_iter().chain(targets.iter().map(|(key, _)| *key)).collect();
    let map = at.map(&keys)?;
    let mut conditions =
        Conditions::from([("agents".to_owned(), vec![agent.to_owned()]), ("tools".to_owned(), vec![tool.to_owned()])]);
    for (key, ours) in targets {
        if let Some(globs) = map.get(key) {
            conditions.insert((*ours).to_owned(), globs.globs()?);
        }
    }
    let says = tiers(map.needed("tiers")?)?;
    let name = name(&[agent, tool, &number.to_string()]);
    written.rule(&Rule { name, conditions: &conditions, says, unless: unless(&conditions, before) });
    Ok(conditions)
}

/// `tiers = { 0 = "allow", 4 = "deny" }`; there they may be called `T0` to `T4` too.
fn tiers(at: &At<'_>) -> Result<String, Wrong> {
    let mut pairs = Vec::new();
    for (tier, verdict) in at.any_map()?.entries {
        let tier = tier.strip_prefix('T').unwrap_or(tier);
        if !matches!(tier, "0" | "1" | "2" | "3" | "4") {
            return Err(verdict.wrong("a tier is 0 to 4, or T0 to T4"));
        }
        match verdict.word()? {
            known @ ("allow" | "escalate" | "deny") => pairs.push(format!("{tier} = {}", word(known))),
            other => {
                return Err(verdict.wrong(format_args!("`{}` is not allow, escalate or deny", quoted(other))));
            }
        }
    }
    if pairs.is_empty() {
        return Err(at.wrong("no tier is named"));
    }
    Ok(format!("tiers = {{ {} }}", pairs.join(", ")))
}
