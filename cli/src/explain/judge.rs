//! One command judged, and the answer in the form that is promised.
//!
//! Not here: any judgement; `tollgate-facts` classifies, the policy decides.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use smallvec::SmallVec;
use tollgate_audit::{Bytes, Described};
use tollgate_facts::{Judgeable, ReadFile, Reader, own_tools, policy_files};
use tollgate_policies::classify::{Grammars, Invocation, Pinned, applied};
use tollgate_policies::correct::{CorrectError, Corrected, correct};
use tollgate_policies::policy::{
    Asked, Door, Judgement, Layer, Mode, Moment, Policy, Reason, RuleReference, Subject, profile,
};
use tollgate_policies::show;

use crate::error::Error;
use crate::places;

/// What judges where a person has written no policy; the daemon's choice too.
const PROFILE: &str = "careful";
const DENY: &str = "deny";
/// What only a running daemon knows.
const NOT_COUNTED: [&str; 3] = ["grants", "rates", "a session's own policy"];

/// Most commands have few words.
pub(crate) type Words = SmallVec<[Bytes; 8]>;

/// A command to explain.
#[derive(Debug)]
pub(crate) struct Question {
    /// The whole argv, the tool first. May be empty.
    pub(crate) argv: Words,
    /// `NAME=value` each, in order.
    pub(crate) env: Vec<Vec<u8>>,
    /// The working directory, where one is known.
    pub(crate) cwd: Option<Bytes>,
}

/// The answer, without whose question it was.
#[derive(Debug)]
pub(crate) struct Explained<'a> {
    pub(crate) described: Described,
    pub(crate) verdict: &'static str,
    pub(crate) reason: Option<&'static str>,
    /// The argument that decided the tier.
    pub(crate) decided_by: Option<Bytes>,
    pub(crate) rule: Option<Named>,
    /// What a constraint has against the arguments.
    pub(crate) objection: Option<String>,
    /// What rules make of the argv: it is judged in the place of the other.
    pub(crate) corrected: Option<Vec<Bytes>>,
    /// A milder argv that shows what this one would do.
    pub(crate) milder: Option<Vec<Bytes>>,
    /// The command as it would run, where targets are written out; what precedes the
    /// tool's name is set as a variable.
    pub(crate) runs_as: Option<Vec<Bytes>>,
    /// The files that were read for this.
    pub(crate) read: Vec<Read>,
    pub(crate) argv: &'a [Bytes],
}

/// The rule that is named with an answer.
#[derive(Debug)]
pub(crate) enum Named {
    /// It decided.
    Deciding(Arc<RuleReference>),
    /// It corrects the command, or cannot, and why.
    Correcting { rule: String, why: Option<String> },
}

impl Explained<'_> {
    /// The rule's name.
    pub(crate) fn rule(&self) -> Option<&str> {
        Some(match self.rule.as_ref()? {
            Named::Deciding(rule) => &rule.name,
            Named::Correcting { rule, .. } => rule,
        })
    }

    /// `FILE:LINE` of the rule that decided.
    pub(crate) fn rule_at(&self) -> Option<String> {
        match self.rule.as_ref()? {
            Named::Deciding(rule) => Some([&rule.file, ":", &rule.line.to_string()].concat()),
            Named::Correcting { .. } => None,
        }
    }

    /// What the rule wants said.
    pub(crate) fn rule_reason(&self) -> Option<&str> {
        match self.rule.as_ref()? {
            Named::Deciding(rule) => rule.reason.as_deref(),
            Named::Correcting { why, .. } => why.as_deref(),
        }
    }
}

/// Who asks and what judges: the same for every question.
#[derive(Debug, Serialize)]
pub(crate) struct By {
    pub(crate) agent: String,
    pub(crate) clearance: Option<u8>,
    pub(crate) door: &'static str,
    pub(crate) policy: Vec<String>,
    pub(crate) policy_hash: String,
    /// Whether that is only recorded, and everything runs.
    pub(crate) observes: bool,
    pub(crate) not_counted: [&'static str; 3],
}

/// One file that was read.
#[derive(Debug, Serialize)]
pub(crate) struct Read {
    pub(crate) path: Bytes,
    /// In hexadecimal; none where the file is absent.
    pub(crate) sha256: Option<String>,
}

/// The policy: the file given, else those of the places, else the profile.
pub(crate) fn policy(root: Option<&Path>, file: Option<&Path>) -> Result<Policy, Error> {
    let mut sources = match file {
        Some(file) => vec![policy_files::file(file, Layer::User)?],
        None => policy_files::load(&places::of(root)?.policies())?,
    };
    if sources.is_empty() {
        sources.extend(profile(PROFILE));
    }
    sources.extend(policy_files::organisation()?);
    Ok(Policy::parse(&sources)?)
}

/// What is known of tools, a person's own too.
pub(crate) fn grammars(root: Option<&Path>) -> Result<&'static Grammars, Error> {
    Ok(own_tools::grammars(&places::of(root)?.tools())?)
}

/// Judges as one agent at one door.
#[derive(Debug)]
pub(crate) struct Judge {
    grammars: &'static Grammars,
    policy: Policy,
    door: Door,
    by: By,
    /// The user's home; that of the passwd database where none is given.
    home: Option<PathBuf>,
}

impl Judge {
    /// A judge by `policy`, which also tells the clearance where none is given.
    pub(crate) fn new(
        grammars: &'static Grammars,
        policy: Policy,
        agent: String,
        clearance: Option<u8>,
        door: Door,
    ) -> Self {
        let clearance = clearance.or_else(|| policy.agent(&agent)?.clearance);
        let by = By {
            agent,
            clearance,
            door: door.name(),
            policy: policy.sources().to_vec(),
            policy_hash: policy.hash().to_owned(),
            observes: policy.observes(),
            not_counted: NOT_COUNTED,
        };
        Self { grammars, policy, door, by, home: None }
    }

    /// Who asks and what judges.
    pub(crate) fn by(&self) -> &By {
        &self.by
    }

    /// The same for a user with this home.
    pub(crate) fn with_home(self, home: Option<PathBuf>) -> Self {
        Self { home, ..self }
    }

    /// What this command would do, and what is said to it at this moment; once more where
    /// rules correct it.
    pub(crate) fn explain<'a>(&'a self, question: &'a Question, at: Moment) -> Explained<'a> {
        let (explained, change) = self.once(question, &question.argv, at);
        match change {
            Ok(None) => explained,
            Ok(Some(made)) => self.corrected(question, explained, made, at),
            Err(cause) => uncorrectable(explained, &cause),
        }
    }

    fn corrected<'a>(
        &'a self,
        question: &'a Question,
        called: Explained<'a>,
        made: Corrected,
        at: Moment,
    ) -> Explained<'a> {
        let changed = made.arguments.into_iter().map(Bytes::from);
        let argv: Words = question.argv.iter().take(1).cloned().chain(changed).collect();
        let again = Question { argv: argv.clone(), env: question.env.clone(), cwd: question.cwd.clone() };
        let (explained, change) = self.once(&again, &question.argv, at);
        let explained = match change {
            Err(cause) => uncorrectable(explained, &cause),
            Ok(Some(_)) => Explained { verdict: DENY, reason: Some(Reason::Argument.name()), ..explained },
            Ok(None) if made.mode == Mode::Suggest && explained.verdict != DENY => {
                let why = called.rule_reason().map(str::to_owned);
                let rule = made.rules.into_iter().next().map(|rule| Named::Correcting { rule, why });
                Explained { verdict: DENY, reason: Some("suggest"), rule, ..called }
            }
            Ok(None) => explained,
        };
        Explained { corrected: Some(argv.into_vec()), ..explained }
    }

    /// What is said to exactly this argv, in answer to what was asked, and what rules would
    /// make of it.
    fn once<'a>(
        &'a self,
        question: &Question,
        asked: &'a [Bytes],
        at: Moment,
    ) -> (Explained<'a>, Result<Option<Corrected>, CorrectError>) {
        let argv: SmallVec<[_; 16]> = question.argv.iter().map(Bytes::as_slice).collect();
        let env: Vec<_> = question.env.iter().map(Vec::as_slice).collect();
        let cwd = question.cwd.as_ref().map(Bytes::as_slice);
        let invocation = Invocation { tool: tool(&argv), argv: &argv, env: &env, cwd, home: None, start: None };
        // A folder that cannot be opened leaves unknown what only it could tell.
        let folder = question.cwd.as_ref().and_then(|folder| File::open(folder.as_os_str()).ok());
        let reader = match &question.cwd {
            Some(_) => Reader::new(folder.as_ref().map(AsFd::as_fd)),
            None => Reader::nowhere(),
        };
        let home = self.home.as_ref().map(|home| home.as_os_str().as_encoded_bytes());
        let reader = home.map_or(reader, |home| reader.with_home(home));
        let mut judged = tollgate_facts::classify(self.grammars, &invocation, &reader);
        judged.know_hosts(std::iter::once(&self.policy), &[]);
        let subject = Subject { agent: &self.by.agent, clearance: self.by.clearance, session: None, door: self.door };
        let judgement = self.judged(&judged, subject, at);
        let milder =
            judged.operation.milder.as_ref().map(|milder| milder.argv(&argv).into_iter().map(Bytes::from).collect());
        let read = judged.read.iter().map(Read::of).collect();
        let decided_by = judged.operation.decisive().decided_by.and_then(|at| question.argv.get(at)).cloned();
        let runs_as = runs_as(&judged.to_pin(&judgement, std::iter::once(&self.policy)), &argv);
        let change = correct(judged.operation.arguments.as_ref(), &judgement.obligations.corrections);
        let described = judged.operation.into();
        let explained = Explained { decided_by, milder, runs_as, read, ..answer(described, judgement, asked) };
        (explained, change)
    }

    fn judged(&self, judged: &Judgeable, subject: Subject<'_>, at: Moment) -> Judgement {
        let asked = Asked { at: Some(at), ..Asked::new(&judged.operation, subject) };
        judged.tighten(self.policy.judge(&asked), &asked)
    }
}

fn answer(described: Described, judgement: Judgement, argv: &[Bytes]) -> Explained<'_> {
    Explained {
        described,
        verdict: judgement.verdict.name(),
        reason: judgement.reason.map(Reason::name),
        decided_by: None,
        rule: judgement.rule.map(Named::Deciding),
        objection: judgement.objection,
        corrected: None,
        milder: None,
        runs_as: None,
        read: Vec::new(),
        argv,
    }
}

fn uncorrectable<'a>(explained: Explained<'a>, cause: &CorrectError) -> Explained<'a> {
    let (CorrectError::Conflict { one: rule, .. } | CorrectError::Cannot { rule, .. }) = cause;
    let rule = Some(Named::Correcting { rule: rule.clone(), why: Some(cause.to_string()) });
    Explained { verdict: DENY, reason: Some(Reason::Argument.name()), rule, ..explained }
}

/// As a shell would take it: variables first.
fn runs_as(pins: &[&Pinned], argv: &[&[u8]]) -> Option<Vec<Bytes>> {
    (!pins.is_empty()).then(|| {
        let (argv, set) = applied(pins, argv, &[]);
        set.into_iter().chain(argv).map(Bytes::from).collect()
    })
}

/// The shim that this argv would call: the last part of its first word.
fn tool<'a>(argv: &[&'a [u8]]) -> &'a [u8] {
    let program = argv.first().copied().unwrap_or_default();
    program.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

impl Read {
    fn of(file: &ReadFile) -> Self {
        Self { path: file.path.clone().into(), sha256: file.sha256.map(|digest| show::hex(&digest)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_the_last_part_of_the_first_word() {
        assert_eq!(tool(&[b"/usr/bin/terraform", b"plan"]), b"terraform");
        assert_eq!(tool(&[b"kubectl"]), b"kubectl");
        assert_eq!(tool(&[b"\xff/\xfe"]), b"\xfe");
        assert_eq!(tool(&[]), b"");
    }
}
