//! What a rule asks for beside its verdict: times, rates, redaction, corrections.

use super::{Compiler, Span, file, meant, quoted};
use crate::policy::glob::Glob;
use crate::policy::{
    Bucket, Confirm, Consent, Correction, Edit, Layer, Mode, Obligations, Per, Rate, Redaction, RuleReference, duration,
};
use file::{Many, Spanned};

/// What stands for everything that is no flag.
const OPERANDS: &str = "operands";

impl Compiler<'_, '_> {
    /// What the rule asks for; none if nothing.
    pub(super) fn owes(&mut self, rule: &file::Rule, reference: &RuleReference) -> Option<Obligations> {
        let owed = Obligations {
            timeout: rule.timeout.as_ref().and_then(|timeout| self.duration(timeout)),
            rates: self.rates(rule, &reference.name),
            redact: rule.redact.as_ref().map(|names| self.redactions(names)).unwrap_or_default(),
            corrections: rule
                .correct
                .as_ref()
                .and_then(|correct| self.correction(correct, reference))
                .into_iter()
                .collect(),
            consent: self.consent(rule),
            ..Obligations::default()
        };
        (owed != Obligations::default()).then_some(owed)
    }

    fn consent(&mut self, rule: &file::Rule) -> Consent {
        let usual = Consent::default();
        let confirm = rule.confirm.as_ref().map(|word| self.confirm(word));
        let people = rule.people.as_ref().map(|number| self.people(number));
        Consent { confirm: confirm.unwrap_or(usual.confirm), people: people.unwrap_or(usual.people) }
    }

    fn confirm(&mut self, written: &Spanned<String>) -> Confirm {
        let word = written.get_ref();
        Confirm::ALL.into_iter().find(|confirm| confirm.name() == word).unwrap_or_else(|| {
            let what = format!("an answer is not confirmed by {}", quoted(word));
            self.wrong(&written.span(), what, meant(word, Confirm::ALL.map(Confirm::name)));
            Confirm::Passphrase
        })
    }

    fn people(&mut self, written: &Spanned<file::Number>) -> u8 {
        let number = u8::try_from(written.get_ref().0).ok().filter(|number| (1..=Consent::MOST).contains(number));
        number.unwrap_or_else(|| {
            self.wrong(&written.span(), "one person answers, or two do", "write 1 or 2");
            Consent::MOST
        })
    }

    pub(super) fn duration(&mut self, written: &Spanned<String>) -> Option<std::time::Duration> {
        match duration::read(written.get_ref()) {
            Ok(duration) => Some(duration),
            Err(why) => {
                let (what, fix) = why.split_once(": ").unwrap_or((&why, "write it as `30s`"));
                self.wrong(&written.span(), what, fix);
                None
            }
        }
    }

    fn rates(&mut self, rule: &file::Rule, name: &str) -> Vec<Rate> {
        let per = rule.per.as_ref().map_or(Some(Per::default()), |per| self.per(per));
        let Some(rates) = &rule.rate else {
            if let Some(per) = &rule.per {
                self.wrong(&per.span(), "`per` goes with `rate`", "add a rate such as `rate = \"1/h\"`, or remove it");
            }
            return Vec::new();
        };
        self.not_empty(rates, "rates");
        let mut all = Vec::new();
        for rate in &rates.items {
            match Bucket::read(rate.get_ref()) {
                Ok(bucket) => all.extend(per.map(|per| Rate { rule: name.to_owned(), per, bucket })),
                Err(why) => {
                    let what = format!("the rate {} cannot be read: {why}", quoted(rate.get_ref()));
                    self.wrong(&rate.span(), what, "write tokens and a window: `1/h`, `10/5m burst 3`");
                }
            }
        }
        all
    }

    fn per(&mut self, written: &Spanned<String>) -> Option<Per> {
        let word = written.get_ref();
        let per = Per::ALL.into_iter().find(|per| per.name() == word);
        if per.is_none() {
            let what = format!("a rate is not counted per {}", quoted(word));
            self.wrong(&written.span(), what, meant(word, Per::ALL.map(Per::name)));
        }
        per
    }

    fn redactions(&mut self, names: &Many<String>) -> Vec<Redaction> {
        self.not_empty(names, "patterns");
        let mut all = Vec::new();
        for name in &names.items {
            match self.patterns.get(name.get_ref()) {
                Some(pattern) => all.push(Redaction { name: name.get_ref().clone(), pattern: pattern.clone() }),
                None => {
                    let known: Vec<String> = self.patterns.keys().cloned().collect();
                    let what = format!("there is no pattern {}", quoted(name.get_ref()));
                    let fix = if known.is_empty() {
                        format!("name it: `[patterns]`, `{} = \"...\"`", name.get_ref())
                    } else {
                        meant(name.get_ref(), known.iter().map(String::as_str))
                    };
                    self.wrong(&name.span(), what, fix);
                }
            }
        }
        all.sort();
        all.dedup();
        all
    }

    fn correction(&mut self, written: &Spanned<file::Correct>, rule: &RuleReference) -> Option<Correction> {
        let correct = written.get_ref();
        let mode = correct.mode.as_ref().map_or(Some(Mode::default()), |mode| self.mode(mode));
        if self.source.layer == Layer::Project && mode == Some(Mode::Run) {
            let what = "a project does not change what runs";
            self.wrong(&written.span(), what, "write `mode = \"suggest\"`: the call is refused, and the other offered");
        }
        let mut edits = Vec::new();
        for flag in correct.add.iter().flat_map(|add| &add.items) {
            let (flag, value) = self.flag(flag);
            edits.push(Edit::On { flag, value });
        }
        for flag in correct.remove.iter().flat_map(|remove| &remove.items) {
            let (name, value) = self.flag(flag);
            if value.is_some() {
                self.wrong(&flag.span(), "a flag is removed with whatever value it has", "write it without `=`");
            }
            edits.push(Edit::Off { flag: name });
        }
        for (flag, by) in &correct.replace.0 {
            let (flag, _) = self.flag(flag);
            let (by, value) = self.flag(by);
            edits.push(Edit::Instead { flag, by, value });
        }
        for (what, narrow) in &correct.narrow.0 {
            edits.extend(self.narrow(what, narrow));
        }
        if edits.is_empty() && correct.narrow.0.is_empty() {
            let fix = "say what to `add`, `remove`, `replace` or `narrow`";
            self.wrong(&written.span(), "this correction changes nothing", fix);
        }
        Some(Correction { rule: rule.clone(), mode: mode?, edits })
    }

    fn mode(&mut self, written: &Spanned<String>) -> Option<Mode> {
        let word = written.get_ref();
        let mode = Mode::ALL.into_iter().find(|mode| mode.name() == word);
        if mode.is_none() {
            let what = format!("there is no mode {}", quoted(word));
            self.wrong(&written.span(), what, meant(word, Mode::ALL.map(Mode::name)));
        }
        mode
    }

    /// A flag with its dashes, and its value where one stands with it.
    fn flag(&mut self, written: &Spanned<String>) -> (String, Option<String>) {
        let text = written.get_ref();
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text.as_str(), None),
        };
        self.is_flag(name, &written.span());
        (name.to_owned(), value)
    }

    fn is_flag(&mut self, name: &str, span: &Span) {
        if name.trim_start_matches('-').is_empty() || !name.starts_with('-') || name.contains(char::is_whitespace) {
            let what = format!("{} is no flag", quoted(name));
            self.wrong(span, what, "write it with its dashes, and its value after `=`: `-lock-timeout=5m`");
        }
    }

    fn narrow(&mut self, what: &Spanned<String>, written: &Spanned<file::Narrow>) -> Option<Edit> {
        let name = what.get_ref();
        let flag = (name != OPERANDS).then(|| name.clone());
        if flag.is_some() {
            self.is_flag(name, &what.span());
        }
        let narrow = written.get_ref();
        match (&narrow.at_most, &narrow.from, &narrow.to, flag) {
            (Some(number), None, None, Some(flag)) => {
                let found = u64::try_from(number.get_ref().0).ok();
                if found.is_none() {
                    self.wrong(&number.span(), "a value is never below nothing", "use 0 or a greater number");
                }
                Some(Edit::AtMost { flag, number: found? })
            }
            (None, Some(from), Some(to), flag) => {
                if let Err(why) = Glob::new(from.get_ref()) {
                    let what = format!("the glob {} cannot be read: {why}", quoted(from.get_ref()));
                    self.wrong(&from.span(), what, "correct it");
                }
                Some(Edit::Narrow { flag, from: from.get_ref().clone(), to: to.get_ref().clone() })
            }
            _ => {
                let fix = "write `{ at_most = 5 }` for a flag, or `{ from = \"*\", to = \"staging-*\" }`";
                self.wrong(&written.span(), "this says not what a value may be", fix);
                None
            }
        }
    }
}
