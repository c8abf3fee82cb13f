//! What a grammar says of every command, for people to read.
//!
//! Not here: how a command line is read; one command's tier is its line's
//! (`classify`), these are the tiers it can have.

use super::{Command, Grammars};
use crate::operation::Tier;

/// One command of a tool, as its grammar has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// `terraform.state.rm`.
    pub operation: &'static str,
    /// Its tier where nothing on the command line changes it.
    pub tier: Tier,
    /// Why, in a few words.
    pub why: &'static str,
    /// The tiers that arguments can give it instead, and why, in the order asked.
    pub otherwise: Vec<(Tier, &'static str)>,
}

impl Grammars {
    /// The commands of one tool that do something, by their operations; without
    /// those of its table ([`Grammars::operations_by_table`]).
    #[must_use]
    pub fn listed(&self, tool: &str) -> Vec<Listed> {
        let commands = self.tool(tool.as_bytes()).into_iter().flat_map(|tool| &tool.commands);
        let mut listed: Vec<_> = commands.filter_map(Command::listed).collect();
        listed.sort_by_key(|command| command.operation);
        listed
    }

    /// Whether a tool has operations beside those listed: its vendor's own list says
    /// what each of them does.
    #[must_use]
    pub fn operations_by_table(&self, tool: &str) -> bool {
        self.has_table(tool)
    }
}

impl Command {
    /// None where it only prints help or a version, as every tool's does.
    fn listed(&self) -> Option<Listed> {
        if self.stops.is_some() {
            return None;
        }
        let otherwise = self.rules.iter().filter_map(|rule| Some((rule.tier?, rule.why)));
        Some(Listed { operation: self.operation, tier: self.tier?, why: self.why, otherwise: otherwise.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_a_tool_is_listed_with_why() {
        let listed = Grammars::built_in().listed("terraform");
        let destroy = listed.iter().find(|command| command.operation == "terraform.destroy").unwrap();
        assert_eq!(destroy.tier, Tier::BreakGlass);
        assert!(listed.iter().all(|command| !command.why.is_empty()));
        assert!(listed.is_sorted_by_key(|command| command.operation));
    }

    #[test]
    fn what_arguments_change_stands_beside_it() {
        let listed = Grammars::built_in().listed("terraform");
        let fmt = listed.iter().find(|command| command.operation == "terraform.fmt").unwrap();
        assert_eq!((fmt.tier, fmt.otherwise.first()), (Tier::Operate, Some(&(Tier::Observe, "only checks the style"))));
    }
}
