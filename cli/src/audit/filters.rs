//! The options that say which records are meant.

use std::time::{Duration, SystemTime};

use clap::Args;
use clap_complete::ArgValueCandidates;
use tollgate_audit::query::{Filter, Pattern, WrongPattern};
use tollgate_audit::{Decision, Kind, Timestamp};

use crate::complete::candidates;

/// Which records. All that is named must fit; an option given several times, any.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which records (patterns may hold `*`)")]
pub(crate) struct Filters {
    /// What happened: `intent`, `outcome`, `refused`, `answer`, `foreign`, ...
    #[arg(long, value_name = "PATTERN", value_parser = kind, add = ArgValueCandidates::new(candidates::kinds))]
    kind: Vec<Pattern>,
    /// Who called
    #[arg(long, value_name = "PATTERN", add = ArgValueCandidates::new(candidates::agents))]
    agent: Vec<Pattern>,
    /// In which session
    #[arg(long, value_name = "PATTERN")]
    session: Vec<Pattern>,
    /// Which tool
    #[arg(long, value_name = "PATTERN", add = ArgValueCandidates::new(candidates::tools))]
    tool: Vec<Pattern>,
    /// What it meant: `terraform.*`; any of several meanings
    #[arg(long, value_name = "PATTERN")]
    operation: Vec<Pattern>,
    /// Its tier: 0 to 4, or `unknown`
    #[arg(long, value_name = "TIER", value_parser = tier)]
    tier: Vec<Tier>,
    /// The verdict: `allow`, `deny`, `escalate`, `none`
    #[arg(long, value_name = "PATTERN", value_parser = verdict)]
    verdict: Vec<Pattern>,
    /// The reason: `rule`, `person`, `pending`, `gate`, ...
    #[arg(long, value_name = "PATTERN")]
    reason: Vec<Pattern>,
    /// The rule that decided
    #[arg(long, value_name = "PATTERN")]
    rule: Vec<Pattern>,
    /// What it touched: `workspace=prod`, or the value alone
    #[arg(long, value_name = "PATTERN")]
    target: Vec<Pattern>,
    /// Which other recorder
    #[arg(long, value_name = "PATTERN")]
    source: Vec<Pattern>,
    /// Not before: `2026-11-22`, `2026-11-22T10:00:00Z`, `2h` ago
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Before that
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// The exit code
    #[arg(long, value_name = "CODE")]
    exit: Vec<i32>,
    /// What stands anywhere in the record
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
}

/// A tier as it is asked for; none is the unknown one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tier(Option<u8>);

impl Filters {
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            kind: self.kind.clone(),
            agent: self.agent.clone(),
            session: self.session.clone(),
            tool: self.tool.clone(),
            operation: self.operation.clone(),
            verdict: self.verdict.clone(),
            reason: self.reason.clone(),
            rule: self.rule.clone(),
            target: self.target.clone(),
            source: self.source.clone(),
            tier: self.tier.iter().map(|tier| tier.0).collect(),
            exit: self.exit.clone(),
            since: self.since,
            until: self.until,
            text: self.text.clone(),
        }
    }
}

/// A kind as records have it, or as lists show it: `refused answer`.
fn kind(text: &str) -> Result<Pattern, String> {
    one_of(&text.replace(' ', "_"), "kind", Kind::ALL.iter().map(|kind| kind.name()))
}

fn verdict(text: &str) -> Result<Pattern, String> {
    one_of(text, "verdict", Decision::ALL.iter().map(|verdict| verdict.name()))
}

/// A pattern that fits at least one of the words that may stand there: with any other
/// the answer would be none, and look like one.
fn one_of(text: &str, what: &str, words: impl Iterator<Item = &'static str> + Clone) -> Result<Pattern, String> {
    let pattern: Pattern = text.parse().map_err(|wrong: WrongPattern| wrong.to_string())?;
    if words.clone().any(|word| pattern.fits(word)) {
        return Ok(pattern);
    }
    let words = words.collect::<Vec<_>>().join(", ");
    let instead = if Kind::ALL.iter().any(|kind| kind.name() == text) { "; there is such a `--kind`" } else { "" };
    Err(format!("no {what} is like that: there are {words}{instead}"))
}

fn tier(text: &str) -> Result<Tier, String> {
    let digits = text.strip_prefix(['T', 't']).unwrap_or(text);
    match (text, digits.parse::<u8>()) {
        ("unknown", _) => Ok(Tier(None)),
        (_, Ok(number)) if number <= 4 => Ok(Tier(Some(number))),
        _ => Err("a tier is 0 to 4, or `unknown`".to_owned()),
    }
}

/// A moment: RFC 3339, a day of UTC, or so long ago.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || format!("{text}T00:00:00Z").parse();
    if let Ok(time) = text.parse().or_else(|_| day()) {
        return Ok(time);
    }
    let ago = ago(text).and_then(|ago| SystemTime::now().checked_sub(ago));
    let ago = ago.and_then(|time| Timestamp::try_from(time).ok());
    ago.ok_or_else(|| "a time is `2026-11-22`, `2026-11-22T10:00:00Z`, or `30s`, `10m`, `2h`, `7d` ago".to_owned())
}

fn ago(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_moments_days_and_ages() {
        assert_eq!(time("2026-11-22").unwrap(), time("2026-11-22T00:00:00Z").unwrap());
        assert!(time("2h").unwrap() < Timestamp::now() && time("2h").unwrap() > time("1d").unwrap());
        for wrong in ["", "h", "2w", "yesterday", "99999999999999999999d", "-1h"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn kinds_and_verdicts_are_known_words_or_patterns_of_them() {
        assert!(kind("refused answer").unwrap().fits("refused_answer") && kind("re*").is_ok());
        assert!(verdict("*").is_ok() && verdict("{deny,allow}").is_ok());
        assert_eq!(verdict("alow").unwrap_err(), "no verdict is like that: there are allow, deny, escalate, none");
        assert!(verdict("refused").unwrap_err().ends_with("; there is such a `--kind`"));
        assert!(kind("nope").unwrap_err().contains("intent, outcome, refused"));
    }

    #[test]
    fn a_tier_is_a_number_or_unknown() {
        assert_eq!([tier("T2"), tier("4"), tier("unknown")], [Ok(Tier(Some(2))), Ok(Tier(Some(4))), Ok(Tier(None))]);
        assert!(tier("5").is_err() && tier("").is_err());
    }
}
