//! What in a policy is no error and yet surely not meant: globs that match no
//! known tool and no known operation.
//!
//! Deliberately not here: errors, which a policy with them has none to judge by.

use std::fmt;

use super::glob::Glob;
use super::judge::Rules;
use super::problem::meant;
use super::rule::Rule;
use super::{Layer, Policy, RuleReference, Subject};
use crate::agents;
use crate::classify::Grammars;

/// Something that was surely not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The rule or the tool's table.
    pub rule: RuleReference,
    /// What is odd, and what could have been meant.
    pub what: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.rule, self.what)
    }
}

impl Policy {
    /// Globs that match nothing that these grammars and this policy know.
    #[must_use]
    pub fn warnings(&self, grammars: &Grammars) -> Vec<Warning> {
        let mut known = Known::of(grammars, &self.0.rules);
        known.agents.extend(self.0.agents.keys().map(String::as_str));
        let rules = self.0.rules.all().iter().flat_map(|rule| known.of_rule(rule));
        let tables = self.0.rules.tools().references().filter_map(|(name, rule)| {
            let twin = grammars.canonical(name)?;
            let what = format!("`{name}` is judged as `{twin}`: write `[tools.{twin}]`");
            (twin != name).then(|| Warning { rule: rule.clone(), what })
        });
        rules.chain(tables).collect()
    }
}

/// What is odd about a glob of operations that stands alone: it matches none of a known
/// tool. Other tools may have grammars elsewhere.
#[must_use]
pub fn doubt(operations: &str, grammars: &Grammars) -> Option<String> {
    let (glob, rules) = (Glob::new(operations).ok()?, Rules::default());
    let known = Known::of(grammars, &rules);
    glob.first_word().filter(|tool| known.tools.contains(tool)).and_then(|_| known.operation(&glob))
}

/// Every name that a glob could mean.
struct Known<'a> {
    grammars: &'a Grammars,
    tools: Vec<&'a str>,
    operations: Vec<&'static str>,
    agents: Vec<&'a str>,
}

impl<'a> Known<'a> {
    fn of(grammars: &'a Grammars, rules: &'a Rules) -> Self {
        let mut tools: Vec<&'a str> = Vec::new();
        grammars.tools().for_each(|tool| tools.push(tool));
        tools.extend(rules.tools().names());
        let operations = grammars.tools().flat_map(|tool| grammars.operations(tool)).collect();
        let agents = agents::all().chain([Subject::UNKNOWN, agents::PERSON]).collect();
        Self { grammars, tools, operations, agents }
    }

    fn of_rule(&self, rule: &Rule) -> Vec<Warning> {
        let conditions = || std::iter::once(&rule.when).chain(&rule.unless);
        let agents = conditions().flat_map(|conditions| &conditions.agents).flatten();
        let agents = agents.filter_map(|glob| self.agent(glob));
        let tools = conditions().flat_map(|conditions| &conditions.tools).flatten().filter_map(|glob| self.tool(glob));
        let operations = conditions().flat_map(|conditions| &conditions.operations).flatten();
        let operations = operations.filter_map(|glob| self.operation(glob));
        agents
            .chain(tools)
            .chain(operations)
            .chain(idle(rule))
            .map(|what| Warning { rule: rule.reference.as_ref().clone(), what })
            .collect()
    }

    /// Any name may be an agent's; one that is nearly a known one was surely not meant.
    fn agent(&self, glob: &Glob) -> Option<String> {
        let name = glob.exact()?;
        if self.agents.contains(&name) {
            return None;
        }
        let near = meant(name, self.agents.iter().copied());
        near.starts_with("did").then(|| format!("no known agent is called `{name}`; {near}"))
    }

    fn tool(&self, glob: &Glob) -> Option<String> {
        if let Some((name, twin)) = glob.exact().and_then(|name| Some((name, self.grammars.canonical(name)?))) {
            let what = format!("`{name}` is judged as `{twin}`, so this never matches");
            // A twin beside its canonical name does no harm.
            return (name != twin).then_some(what);
        }
        let matches = self.tools.iter().any(|tool| glob.matches(tool.as_bytes()));
        (!matches).then(|| format!("no known tool is like `{}`; {}", glob.pattern(), self.meant(glob.pattern())))
    }

    fn operation(&self, glob: &Glob) -> Option<String> {
        let tool = glob.first_word()?;
        if !self.tools.contains(&tool) {
            return Some(format!("`{}` is of no known tool; {}", glob.pattern(), self.meant(tool)));
        }
        let open = self.grammars.canonical(tool).is_none() || self.grammars.has_table(tool);
        let general = ["unknown", "help", "version"].map(|word| format!("{tool}.{word}"));
        let matches = self.operations.iter().any(|operation| glob.matches(operation.as_bytes()))
            || general.iter().any(|operation| glob.matches(operation.as_bytes()));
        (!open && !matches).then(|| {
            let of_tool = self.operations.iter().copied().filter(|known| known.split('.').next() == Some(tool));
            let near = meant(glob.pattern(), of_tool);
            let near = if near.starts_with("did") { near } else { format!("see `tollgate explain -- {tool} ...`") };
            format!("`{tool}` has no operation like `{}`; {near}", glob.pattern())
        })
    }

    fn meant(&self, word: &str) -> String {
        let near = meant(word, self.tools.iter().copied());
        if near.starts_with("did") {
            near
        } else {
            "what it does is not known, and it needs the tier `unknown`".to_owned()
        }
    }
}

/// What a project allows is dropped: it can only tighten.
fn idle(rule: &Rule) -> Option<String> {
    let says_nothing = rule.verdicts.iter().all(Option::is_none) && rule.owes.is_none();
    let of_a_project = rule.reference.layer == Layer::Project;
    (says_nothing && of_a_project).then(|| "a project can only tighten, so its `allow` says nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    fn warned(text: &str) -> Vec<String> {
        let source = Source { name: "p.toml".to_owned(), text: text.to_owned(), layer: Layer::User };
        let policy = Policy::parse(&[source]).unwrap();
        policy.warnings(Grammars::built_in()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_matches_something_is_not_warned_of() {
        for condition in [
            "tools = ['terraform', 'kube*', '*']",
            "operations = ['terraform.*', 'kubectl.delete', '*.destroy', 'aws.ec2.terminate-instances', 'helm.unknown']",
        ] {
            assert_eq!(warned(&format!("[[rule]]\nname = 'a'\nverdict = 'deny'\n{condition}\n")), [""; 0]);
        }
        assert_eq!(
            warned(
                "[tools.frob]\ndefault_action = 'deny'\n[[rule]]\nname = 'a'\nverdict = 'deny'\ntools = 'frob'\noperations = 'frob.x'\n"
            ),
            [""; 0]
        );
    }

    #[test]
    fn an_agent_that_is_nearly_a_known_one_is_warned_of() {
        let rule = |agent: &str| {
            warned(&format!("[agents.builder]\n[[rule]]\nname = 'a'\nverdict = 'deny'\nagents = '{agent}'\n"))
        };
        assert_eq!(
            rule("claud-code"),
            ["a (p.toml:2): no known agent is called `claud-code`; did you mean `claude-code`?"]
        );
        for good in ["claude-code", "builder", "ours", "claud-*", "unknown", "person"] {
            assert_eq!(rule(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn a_glob_of_operations_alone_is_doubted() {
        let doubt = |glob| doubt(glob, Grammars::built_in()).unwrap_or_default();
        assert_eq!(
            doubt("terraform.stat.rm"),
            "`terraform` has no operation like `terraform.stat.rm`; did you mean `terraform.state.rm`?"
        );
        assert_eq!(["terraform.state.*", "frobnicate.*", "*.apply"].map(doubt), [""; 3]);
    }

    #[test]
    fn what_a_project_allows_is_warned_of() {
        let of_project = |verdict: &str| {
            let text = format!("[[rule]]\nname = 'a'\nverdict = '{verdict}'\n");
            let source = Source { name: ".tollgate.toml".to_owned(), text, layer: Layer::Project };
            Policy::parse(&[source]).unwrap().warnings(Grammars::built_in())
        };
        let warned: Vec<_> = of_project("allow").iter().map(ToString::to_string).collect();
        assert_eq!(warned, ["a (.tollgate.toml:1): a project can only tighten, so its `allow` says nothing"]);
        assert!(of_project("deny").is_empty());
    }

    #[test]
    fn a_glob_that_matches_nothing_is_warned_of() {
        let rule = |condition: &str| warned(&format!("[[rule]]\nname = 'a'\nverdict = 'deny'\n{condition}\n"));
        assert_eq!(
            rule("tools = 'terrafrom'"),
            ["a (p.toml:1): no known tool is like `terrafrom`; did you mean `terraform`?"]
        );
        assert_eq!(
            rule("operations = 'terraform.detsroy'"),
            ["a (p.toml:1): `terraform` has no operation like `terraform.detsroy`; did you mean `terraform.destroy`?"]
        );
        assert_eq!(
            rule("operations = 'kubctl.*'"),
            ["a (p.toml:1): `kubctl.*` is of no known tool; did you mean `kubectl`?"]
        );
        assert_eq!(rule("tools = 'tofu'"), ["a (p.toml:1): `tofu` is judged as `terraform`, so this never matches"]);
        assert_eq!(
            warned("[tools.tofu]\ndefault_action = 'deny'\n"),
            ["tools.tofu (p.toml:1): `tofu` is judged as `terraform`: write `[tools.terraform]`"]
        );
    }
}
