//! `tollgate policy test`: commands in a table, and what the policy is expected to
//! say to each.
//!
//! ```toml
//! [[case]]
//! command = "terraform apply"       # or argv = ["terraform", "apply"]
//! env = { TF_WORKSPACE = "prod" }   # nothing else is in its environment
//! agent = "claude-code"
//! verdict = "deny"
//! rule = "prod-no-changes"          # optional
//! tier = 2                          # optional; or "unknown"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};
use tollgate_audit::Bytes;
use tollgate_policies::classify::Grammars;
use tollgate_policies::policy::{Door, Policy, Subject, Verdict};
use tollgate_policies::show;

use crate::arguments::Root;
use crate::error::Error;
use crate::explain::judge::{self, Explained, Judge, Question};
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// Judge by this file alone; by default by those in `policy.d`
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The tables
    #[arg(required = true, value_name = "TABLE")]
    tables: Vec<PathBuf>,
}

/// One table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    case: Vec<Case>,
}

/// One command, and what is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Option<String>,
    /// Split at blanks.
    command: Option<String>,
    argv: Option<Vec<String>>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    cwd: Option<String>,
    agent: Option<String>,
    clearance: Option<u8>,
    door: Option<String>,
    verdict: String,
    rule: Option<String>,
    reason: Option<String>,
    operation: Option<String>,
    tier: Option<Tier>,
}

/// A tier as it is expected.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a tier is 0 to 4, or `unknown`")]
enum Tier {
    Known(u8),
    Unknown(String),
}

impl Tier {
    fn text(&self) -> String {
        match self {
            Self::Known(number) => number.to_string(),
            Self::Unknown(word) => word.clone(),
        }
    }
}

/// Judges every case; any that is not as expected ends with 1.
pub(crate) fn test(arguments: &Arguments) -> Result<ExitCode, Error> {
    let root = arguments.root.root.as_deref();
    let (policy, grammars) = (judge::policy(root, arguments.policy.as_deref())?, judge::grammars(root)?);
    let mut tested = Tested { v: 1, good: 0, wrong: Vec::new() };
    for path in &arguments.tables {
        for (number, case) in table(path)?.case.iter().enumerate() {
            match case.wrong(grammars, &policy) {
                None => tested.good += 1,
                Some(wrong) => {
                    tested.wrong.push(format!("{}: case {}, {}: {wrong}", path.display(), number + 1, case.title()));
                }
            }
        }
    }
    if arguments.json {
        output::json(&tested)?;
    } else {
        tested.wrong.iter().try_for_each(output::line)?;
        output::line(format!("{} as expected, {} not", tested.good, tested.wrong.len()))?;
    }
    Ok(if tested.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came of it, for programs.
#[derive(Debug, Serialize)]
struct Tested {
    v: u32,
    good: usize,
    /// What is not as expected, a line for each case.
    wrong: Vec<String>,
}

fn table(path: &Path) -> Result<Table, Error> {
    let unread = |source| Error::File { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unread)?;
    read(&text).map_err(|why| unread(std::io::Error::other(why)))
}

/// A table that holds no case would be as expected whatever the policy says.
fn read(text: &str) -> Result<Table, String> {
    let table: Table = toml::from_str(text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        format!("line {line}: {}", error.message().replace('\n', " "))
    })?;
    if table.case.is_empty() {
        return Err("it holds no `[[case]]`".to_owned());
    }
    match table.case.iter().find(|case| !Verdict::ALL.iter().any(|known| known.name() == case.verdict)) {
        Some(case) => Err(format!("there is no verdict `{}`: use `allow`, `escalate` or `deny`", case.verdict)),
        None => Ok(table),
    }
}

impl Case {
    fn argv(&self) -> Vec<Bytes> {
        let words = self.command.iter().flat_map(|line| line.split_whitespace()).map(str::to_owned);
        let words = self.argv.clone().unwrap_or_else(|| words.collect());
        words.into_iter().map(|word| word.into_bytes().into()).collect()
    }

    fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("`{}`", show::command(&self.argv(), 120)))
    }

    /// What is not as expected.
    fn wrong(&self, grammars: &'static Grammars, policy: &Policy) -> Option<String> {
        let name = self.door.as_deref().unwrap_or(Door::Shim.name());
        let Some(door) = Door::ALL.into_iter().find(|door| door.name() == name) else {
            return Some(format!("there is no door `{name}`"));
        };
        let argv = self.argv();
        if argv.is_empty() {
            return Some("there is neither `command` nor `argv`".to_owned());
        }
        if self.command.is_some() && self.argv.is_some() {
            return Some("there are both `command` and `argv`".to_owned());
        }
        let agent = self.agent.clone().unwrap_or_else(|| Subject::UNKNOWN.to_owned());
        let env = self.env.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect();
        let cwd = self.cwd.clone().map(|folder| folder.into_bytes().into());
        let judge = Judge::new(grammars, policy.clone(), agent, self.clearance, door);
        self.differs(&judge.explain(&Question { argv: argv.into(), env, cwd }, tollgate_facts::now()))
    }

    fn differs(&self, found: &Explained) -> Option<String> {
        let rule = found.rule().unwrap_or("no rule");
        let tier = found.described.tier.map_or_else(|| "unknown".to_owned(), |tier| tier.to_string());
        let wanted_tier = self.tier.as_ref().map(Tier::text);
        let rows = [
            ("verdict", Some(&self.verdict), found.verdict),
            ("rule", self.rule.as_ref(), rule),
            ("reason", self.reason.as_ref(), found.reason.unwrap_or("no reason")),
            ("operation", self.operation.as_ref(), &found.described.operation),
            ("tier", wanted_tier.as_ref(), &tier),
        ];
        let wrong = rows.into_iter().find(|(_, wanted, is)| wanted.is_some_and(|wanted| wanted != is))?;
        let (what, wanted, is) = (wrong.0, wrong.1?, wrong.2);
        Some(format!(
            "{what} is `{is}`, expected `{wanted}` ({} by {rule}, {})",
            found.verdict, found.described.operation
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_policies::policy::profile;

    /// What is wrong with the only case of this table, judged by `careful`.
    fn wrong(case: &str) -> Option<String> {
        let policy = Policy::parse(&profile("careful").into_iter().collect::<Vec<_>>()).unwrap();
        let table = read(&format!("[[case]]\n{case}")).unwrap();
        table.case[0].wrong(Grammars::built_in(), &policy)
    }

    #[test]
    fn a_case_holds_only_if_all_that_it_expects_does() {
        let good = "command = 'terraform apply'\nenv = { TF_WORKSPACE = 'a' }\nverdict = 'escalate'\n";
        assert_eq!(wrong(&format!("{good}tier = 2\noperation = 'terraform.apply'\n")), None);
        assert_eq!(wrong("argv = ['frobnicate', '']\nverdict = 'escalate'\ntier = 'unknown'"), None);
        for (more, what) in [
            ("tier = 3", "tier is `2`, expected `3`"),
            ("tier = 'unknown'", "tier is `2`, expected `unknown`"),
            ("operation = 'terraform.plan'", "operation is `terraform.apply`"),
            ("rule = 'other'", "expected `other`"),
            ("reason = 'other'", "expected `other`"),
            ("door = 'window'", "there is no door `window`"),
            ("argv = ['a']", "both `command` and `argv`"),
        ] {
            let wrong = wrong(&format!("{good}{more}")).unwrap_or_default();
            assert!(wrong.contains(what), "{more}: {wrong}");
        }
        let verdict = wrong(&good.replace("escalate", "allow")).unwrap();
        assert!(verdict.starts_with("verdict is `escalate`, expected `allow` ("), "{verdict}");
        assert!(wrong("verdict = 'deny'").unwrap().contains("neither"));
    }

    #[test]
    fn a_table_without_cases_or_with_keys_unknown_is_refused() {
        for text in
            ["", "[[cases]]\n", "[[case]]\ncommand = 'a'\n", "[[case]]\ncommand = 'a'\nverdict = 'deny'\nverdct = 'x'"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        let wrong = |text: &str| read(text).unwrap_err();
        assert_eq!(wrong("\n[[cas]]\n"), "line 2: unknown field `cas`, expected `case`");
        let yes = wrong("[[case]]\ncommand = 'a'\nverdict = 'yes'");
        assert_eq!(yes, "there is no verdict `yes`: use `allow`, `escalate` or `deny`");
    }
}
