//! What a rule says to each tier: `verdict` with `tier`, or `tiers`.

use super::{Compiler, Span, UNKNOWN, UnknownWord, Verdict, file, meant, quoted};
use crate::policy::Layer;
use crate::policy::range::Levels;
use file::Spanned;

/// What a rule says.
pub(super) struct Said {
    /// To each tier, 0 to 4 and unknown.
    pub(super) verdicts: [Option<Verdict>; UNKNOWN + 1],
    /// The tiers that it speaks of.
    pub(super) speaks: Levels,
    /// What becomes of a deny that holds only because something is not known.
    pub(super) unsure_deny: Verdict,
}

impl Said {
    pub(super) fn allows(&self) -> bool {
        self.verdicts.contains(&Some(Verdict::Allow))
    }

    /// Whether the rule's target may name what is unknown.
    pub(super) fn unknown_word(&self) -> UnknownWord {
        if self.allows() { UnknownWord::NotInAllow } else { UnknownWord::Legal }
    }

    /// What a project allows is not its to allow; what it asks for is owed.
    fn only_tighten(&mut self) {
        self.verdicts.iter_mut().filter(|said| **said == Some(Verdict::Allow)).for_each(|said| *said = None);
    }

    fn set(&mut self, levels: Levels, verdict: Option<Verdict>) {
        for (place, said) in self.verdicts.iter_mut().enumerate() {
            let level = if place == UNKNOWN { None } else { u8::try_from(place).ok() };
            if levels.contains(level) {
                *said = verdict;
            }
        }
        self.speaks = self.speaks.union(levels);
    }
}

/// Whether it asks for something beside a verdict.
fn asks(rule: &file::Rule) -> bool {
    let about_runs = rule.timeout.is_some() || rule.rate.is_some() || rule.redact.is_some() || rule.correct.is_some();
    about_runs || rule.confirm.is_some() || rule.people.is_some()
}

impl Compiler<'_, '_> {
    pub(super) fn said(&mut self, rule: &file::Rule, span: &Span) -> Said {
        let mut said = Said { verdicts: [None; UNKNOWN + 1], speaks: Levels::default(), unsure_deny: Verdict::Deny };
        match (&rule.verdict, &rule.tiers) {
            (Some(verdict), None) => self.one_verdict(verdict, rule.tier.as_ref(), &mut said),
            (None, Some(tiers)) => {
                if let Some(tier) = &rule.tier {
                    self.wrong(&tier.span, "`tier` goes with `verdict`, not with `tiers`", "remove one of the two");
                }
                self.verdict_by_tier(tiers, &mut said);
            }
            (Some(_), Some(tiers)) => {
                let what = "this rule has both `verdict` and `tiers`";
                self.wrong(&tiers.span(), what, "remove one of the two, or make two rules");
            }
            (None, None) if asks(rule) => {
                let tier = rule.tier.as_ref();
                said.speaks = tier.map_or(Levels::all(), |tier| self.tiers(tier, UnknownWord::Legal));
            }
            (None, None) => {
                let fix = "add `verdict = \"allow\"`, `\"escalate\"` or `\"deny\"`, or `tiers = { 0 = \"allow\" }`";
                self.wrong(span, "this rule has no verdict", fix);
            }
        }
        self.unsure(rule.unknown.as_ref(), &mut said);
        if self.source.layer == Layer::Project {
            said.only_tighten();
        }
        said
    }

    fn one_verdict(&mut self, written: &Spanned<String>, tier: Option<&file::Many<file::Level>>, said: &mut Said) {
        let verdict = self.verdict(written);
        let levels = match tier {
            Some(tier) => self.tiers(tier, UnknownWord::Legal),
            None if verdict == Some(Verdict::Allow) => Levels::known(),
            None => Levels::all(),
        };
        said.set(levels, verdict);
    }

    fn verdict_by_tier(&mut self, tiers: &Spanned<file::Table<Spanned<String>>>, said: &mut Said) {
        if tiers.get_ref().0.is_empty() {
            self.wrong(
                &tiers.span(),
                "`tiers` is empty, so this rule says nothing",
                "name a tier: `{ 0 = \"allow\" }`",
            );
        }
        for (tier, verdict) in &tiers.get_ref().0 {
            let levels = match tier.get_ref().as_str() {
                "unknown" => Some(Levels::unknown()),
                number => Levels::read(number).filter(|_| number.len() == 1),
            };
            if levels.is_none() {
                let what = format!("there is no tier {}", quoted(tier.get_ref()));
                self.wrong(&tier.span(), what, "use `0`, `1`, `2`, `3`, `4` or `unknown`");
            }
            let verdict = self.verdict(verdict);
            said.set(levels.unwrap_or_default(), verdict);
        }
    }

    pub(super) fn verdict(&mut self, written: &Spanned<String>) -> Option<Verdict> {
        let word = written.get_ref();
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.name() == word);
        if verdict.is_none() {
            let what = format!("there is no verdict {}", quoted(word));
            self.wrong(&written.span(), what, meant(word, Verdict::ALL.map(Verdict::name)));
        }
        verdict
    }

    fn unsure(&mut self, written: Option<&Spanned<String>>, said: &mut Said) {
        let Some(written) = written else { return };
        match written.get_ref().as_str() {
            "escalate" => said.unsure_deny = Verdict::Escalate,
            "deny" => said.unsure_deny = Verdict::Deny,
            other => {
                let what = format!("`unknown` cannot be {}", quoted(other));
                self.wrong(&written.span(), what, "use `escalate` or `deny`");
            }
        }
        if !said.verdicts.contains(&Some(Verdict::Deny)) {
            let what = "`unknown` softens a deny, and this rule denies nothing";
            self.wrong(&written.span(), what, "remove it, or make the verdict `deny`");
        }
    }
}
