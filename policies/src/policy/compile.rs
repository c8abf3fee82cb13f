//! From [`File`]s to the policy: what the words mean, and whether they make sense.
//!
//! Everything that is wrong is found here or in [`super::read`], all of it at
//! once. Nothing is repaired: what makes no sense is refused with a way out.

mod conditions;
mod owes;
mod tools;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::file::{self, File, Many, Spanned};
use super::glob::Glob;
use super::judge::Rules;
use super::problem::{Findings, Lines, Problems, Span, meant, place, quoted};
use super::range::UNKNOWN;
use super::read::read;
use super::rule::Rule;
use super::tools::Tools;
use super::{AgentEntry, AtTerminal, Contents, Layer, RuleReference, Runbook, Source, Subject, Verdict, pattern};
use crate::agents::PERSON;
use crate::show;
use conditions::{UnknownWord, Written};
use verdicts::Said;

const OBSERVE: &str = "observe";
/// What a policy may be there for.
const MODES: [&str; 2] = ["enforce", OBSERVE];

/// All sources as one policy.
pub(super) fn policy(sources: &[Source]) -> Result<Contents, Problems> {
    let mut findings = Findings::default();
    let mut all = Collected::default();
    let files: Vec<(&Source, File)> =
        sources.iter().filter_map(|source| Some((source, read(source, &mut findings)?))).collect();
    let patterns = patterns(&files, &mut all, &mut findings);
    for (source, file) in files {
        let lines = Lines::of(&source.text);
        Compiler { source, lines, patterns: &patterns, findings: &mut findings }.file(file, &mut all);
    }
    used_once(all.rule_names, "rule", &mut findings);
    used_once(all.agent_names, "agent", &mut findings);
    used_once(all.runbook_names, "runbook", &mut findings);
    used_once(all.pattern_names, "pattern", &mut findings);
    used_once_a_layer(all.tool_names, &mut findings);
    all.tools.sort();
    findings.or(Contents {
        hash: hash(sources),
        sources: sources.iter().map(|source| source.name.clone()).collect(),
        agents: all.agents,
        at_terminal: all.at_terminal.unwrap_or_default(),
        observes: !sources.is_empty() && sources.iter().all(|source| all.observed.contains(&source.layer)),
        internal_hosts: all.internal_hosts,
        rules: Rules::new(all.rules, all.runbooks, all.tools),
    })
}

/// The patterns of all sources by name, together with those that come with us: a
/// rule may name one of another file.
fn patterns<'a>(
    files: &[(&'a Source, File)],
    all: &mut Collected<'a>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut patterns: BTreeMap<String, String> =
        pattern::BUILT_IN.iter().map(|(name, pattern)| ((*name).to_owned(), (*pattern).to_owned())).collect();
    for (source, file) in files {
        for (name, pattern) in &file.patterns.0 {
            if let Err(why) = pattern::check(pattern.get_ref()) {
                let what = format!("the pattern {} cannot be used: {why}", quoted(name.get_ref()));
                findings.add(source, &pattern.span(), what, "correct the regular expression");
            }
            all.pattern_names.push(Named { name: name.get_ref().clone(), source, span: name.span() });
            patterns.insert(name.get_ref().clone(), pattern.get_ref().clone());
        }
    }
    patterns
}

/// What all sources say together.
#[derive(Default)]
struct Collected<'a> {
    agents: BTreeMap<String, AgentEntry>,
    at_terminal: Option<AtTerminal>,
    /// The layers whose own word is that they are only tried out.
    observed: BTreeSet<Layer>,
    internal_hosts: Vec<Glob>,
    rules: Vec<Rule>,
    runbooks: Vec<Runbook>,
    tools: Tools,
    agent_names: Vec<Named<'a>>,
    rule_names: Vec<Named<'a>>,
    runbook_names: Vec<Named<'a>>,
    pattern_names: Vec<Named<'a>>,
    tool_names: Vec<Named<'a>>,
}

/// A name and where it stands.
struct Named<'a> {
    name: String,
    source: &'a Source,
    span: Span,
}

/// Which of several places counts as the first must not depend on the order of
/// the sources.
fn used_once(mut names: Vec<Named<'_>>, kind: &str, findings: &mut Findings) {
    names.sort_by(|one, other| {
        (&one.name, &one.source.name, one.span.start).cmp(&(&other.name, &other.source.name, other.span.start))
    });
    let mut first: Option<&Named<'_>> = None;
    for named in &names {
        match first {
            Some(first) if first.name == named.name => {
                let (line, column) = place(&first.source.text, first.span.start);
                let earlier = format!("{}:{line}:{column}", first.source.name);
                let what = format!("there is another {kind} {} at {earlier}", quoted(&named.name));
                findings.add(named.source, &named.span, what, "rename one of them or remove it");
            }
            _ => first = Some(named),
        }
    }
}

/// Each layer may speak of a tool; one layer only once.
fn used_once_a_layer(names: Vec<Named<'_>>, findings: &mut Findings) {
    let mut layers: BTreeMap<Layer, Vec<Named<'_>>> = BTreeMap::new();
    for named in names {
        layers.entry(named.source.layer).or_default().push(named);
    }
    layers.into_values().for_each(|names| used_once(names, "tool", findings));
}

/// What the sources say and whose they are, without their names and order.
fn hash(sources: &[Source]) -> String {
    let mut digests: Vec<_> = sources
        .iter()
        .map(|source| Sha256::new().chain_update(source.layer.name()).chain_update("\n").chain_update(&source.text))
        .map(Sha256::finalize)
        .collect();
    digests.sort();
    let all = digests.iter().fold(Sha256::new(), Sha256::chain_update).finalize();
    format!("sha256:{}", show::hex(&all))
}

/// A policy's own words, as they may be shown.
fn said_by_a_person(words: String) -> String {
    show::text(words.as_bytes(), 500)
}

/// Makes the rules of one source.
struct Compiler<'a, 'f> {
    source: &'a Source,
    lines: Lines,
    patterns: &'f BTreeMap<String, String>,
    findings: &'f mut Findings,
}

impl<'a> Compiler<'a, '_> {
    fn wrong(&mut self, span: &Span, what: impl Into<String>, fix: impl Into<String>) {
        self.findings.add(self.source, span, what, fix);
    }

    fn file(&mut self, file: File, all: &mut Collected<'a>) {
        if let Some(version) = file.version.filter(|version| version.get_ref().0 != 1) {
            let what = format!("version {} of the policy language is not known", version.get_ref().0);
            self.wrong(&version.span(), what, "write `version = 1`, or install the Tollgate that it was written for");
        }
        if let Some(mode) = &file.mode
            && self.observes(mode)
        {
            all.observed.insert(self.source.layer);
        }
        if let Some(said) = file.persons.and_then(|persons| self.persons(persons)) {
            all.at_terminal = all.at_terminal.max(Some(said));
        }
        if let Some(hosts) = &file.internal_hosts {
            if self.source.layer == Layer::Project {
                let what = "a project does not say which hosts are internal";
                self.wrong(&hosts.span, what, "move it into a policy of your own");
            }
            all.internal_hosts.extend(self.globs(hosts, "hosts"));
        }
        for (name, agent) in file.agents.0 {
            self.agent(name, agent, all);
        }
        for (name, tool) in &file.tools.0 {
            self.tool(name, tool, all);
        }
        for runbook in &file.runbook.0 {
            self.runbook(runbook, all);
        }
        for rule in file.rule.0 {
            let rule = self.rule(rule, all);
            all.rules.push(rule);
        }
    }

    fn agent(&mut self, name: Spanned<String>, agent: file::Agent, all: &mut Collected<'a>) {
        let span = name.span();
        let name = name.into_inner();
        self.one_word(&name, &span, "agent");
        if self.source.layer == Layer::Project {
            self.wrong(&span, "a project does not say who agents are", "move it into a policy of your own");
        }
        if name == Subject::UNKNOWN {
            let what = "`unknown` is what an agent is called that could not be identified";
            self.wrong(&span, what, "use another name: nothing can be said of this one");
        }
        if name == PERSON {
            self.wrong(&span, "`person` is what whoever is no agent is called", "use another name");
        }
        let entry = AgentEntry {
            clearance: self.clearance(agent.clearance),
            description: agent.description.map(said_by_a_person),
            uids: agent.uids.into_iter().filter_map(|uid| self.uid(&uid)).collect(),
            programs: self.programs(agent.programs),
        };
        all.agent_names.push(Named { name: name.clone(), source: self.source, span });
        all.agents.insert(name, entry);
    }

    fn uid(&mut self, written: &Spanned<file::Number>) -> Option<u32> {
        let uid = u32::try_from(written.get_ref().0).ok();
        if uid.is_none() {
            self.wrong(&written.span(), "this is no user's number", "use the number that `id -u` prints");
        }
        uid
    }

    fn programs(&mut self, written: Option<Many<String>>) -> Vec<String> {
        let mut programs = Vec::new();
        for program in written.into_iter().flat_map(|written| written.items) {
            if program.get_ref().is_empty() || program.get_ref().contains('/') {
                let what = format!("{} is no program's file name", quoted(program.get_ref()));
                self.wrong(&program.span(), what, "write the last part of its path");
            }
            programs.push(program.into_inner());
        }
        programs
    }

    fn persons(&mut self, written: file::Persons) -> Option<AtTerminal> {
        let word = written.at_terminal?;
        if self.source.layer == Layer::Project {
            self.wrong(&word.span(), "a project does not say what persons are", "move it into a policy of your own");
        }
        let known = AtTerminal::ALL.into_iter().find(|known| known.name() == word.get_ref());
        if known.is_none() {
            let what = format!("a person at a terminal is not {}", quoted(word.get_ref()));
            self.wrong(&word.span(), what, meant(word.get_ref(), AtTerminal::ALL.map(AtTerminal::name)));
        }
        known
    }

    /// One word of a layer is enough for that layer, and each layer has its own.
    fn observes(&mut self, mode: &Spanned<String>) -> bool {
        let (span, word) = (mode.span(), mode.get_ref().as_str());
        if self.source.layer == Layer::Project {
            self.wrong(&span, "a project does not say whether a policy holds", "remove `mode`");
        }
        if !MODES.contains(&word) {
            self.wrong(&span, format!("there is no mode {}", quoted(word)), meant(word, MODES));
        }
        word == OBSERVE
    }

    fn clearance(&mut self, written: Option<Spanned<file::Number>>) -> Option<u8> {
        let written = written?;
        let clearance = u8::try_from(written.get_ref().0).ok().filter(|clearance| *clearance <= 4);
        if clearance.is_none() {
            let what = format!("a clearance of {} does not exist", written.get_ref().0);
            self.wrong(&written.span(), what, "use a number from 0 to 4");
        }
        clearance
    }

    /// Where something is wrong with it, what comes back is never used.
    fn rule(&mut self, written: Spanned<file::Rule>, all: &mut Collected<'a>) -> Rule {
        let span = written.span();
        let written = written.into_inner();
        let name = self.name(written.name.as_ref(), &span, all);
        let said = self.said(&written, &span);
        let when = self.conditions(&Written::of_rule(&written), said.unknown_word());
        self.unknown_operations(written.operations.as_ref(), &said);
        let unless = self.exceptions(written.unless.as_ref());
        let reference = RuleReference {
            name,
            file: self.source.name.clone(),
            line: self.lines.line(span.start),
            layer: self.source.layer,
            reason: written.reason.clone().map(said_by_a_person),
            code: written.code.as_ref().map(|code| self.code(code, &said)),
        };
        let owes = self.owes(&written, &reference).map(|owed| (said.speaks, owed));
        Rule {
            reference: Arc::new(reference),
            verdicts: said.verdicts,
            when,
            unless,
            unsure_deny: said.unsure_deny,
            owes,
        }
    }

    fn code(&mut self, written: &Spanned<String>, said: &Said) -> String {
        self.one_word(written.get_ref(), &written.span(), "code");
        if !said.verdicts.contains(&Some(Verdict::Deny)) {
            let what = "`code` is told with a denial, and this rule denies nothing";
            self.wrong(&written.span(), what, "remove it, or make the verdict `deny`");
        }
        written.get_ref().clone()
    }

    fn name(&mut self, written: Option<&Spanned<String>>, rule: &Span, all: &mut Collected<'a>) -> String {
        let Some(name) = written else {
            self.wrong(rule, "this rule has no name", "add `name = \"...\"`: messages and records call it by that");
            return String::new();
        };
        self.one_word(name.get_ref(), &name.span(), "rule");
        all.rule_names.push(Named { name: name.get_ref().clone(), source: self.source, span: name.span() });
        name.get_ref().clone()
    }

    fn one_word(&mut self, name: &str, span: &Span, kind: &str) {
        if name.is_empty() {
            self.wrong(span, format!("the name of this {kind} is empty"), "give it a name of one word");
        } else if show::text(name.as_bytes(), name.len()) != name || name.contains(char::is_whitespace) {
            let what = format!("the name of this {kind}, {}, is not one visible word", quoted(name));
            self.wrong(span, what, "use no blanks and no control characters");
        }
    }

    /// An allow that names an unknown operation but not the unknown tier would
    /// never hold, and nobody would know why.
    fn unknown_operations(&mut self, operations: Option<&Many<String>>, said: &Said) {
        if !said.allows() || said.verdicts.get(UNKNOWN).copied().flatten().is_some() {
            return;
        }
        for operation in operations.iter().flat_map(|operations| &operations.items) {
            if operation.get_ref().ends_with(".unknown") {
                let what = format!(
                    "this rule allows nothing of {}: what it would do is not known",
                    quoted(operation.get_ref())
                );
                self.wrong(&operation.span(), what, "add the tier `unknown` if it may run all the same");
            }
        }
    }

    fn exceptions(&mut self, written: Option<&Many<file::Exception>>) -> Vec<super::rule::Conditions> {
        let Some(written) = written else { return Vec::new() };
        self.not_empty(written, "exceptions");
        let mut exceptions = Vec::new();
        for exception in &written.items {
            let conditions = Written::of_exception(exception.get_ref());
            if conditions.is_empty() {
                let what = "an exception without a condition would undo the whole rule";
                self.wrong(&exception.span(), what, "add a condition or remove `unless`");
            }
            exceptions.push(self.conditions(&conditions, UnknownWord::NotInException));
        }
        exceptions
    }

    fn not_empty<T>(&mut self, list: &Many<T>, of: &str) {
        if list.items.is_empty() {
            let what = format!("an empty list of {of} would match nothing");
            self.wrong(&list.span, what, "name at least one, or remove the key to match any");
        }
    }
}
