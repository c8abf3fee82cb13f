//! What a rule or an exception asks of a command: globs, ranges, doors, targets.

use super::{Compiler, file, meant, quoted};
use crate::Dimension;
use crate::policy::Door;
use crate::policy::glob::Glob;
use crate::policy::hours::Hours;
use crate::policy::range::Levels;
use crate::policy::rule::{Conditions, Rare, TargetCondition};
use file::{Level, Many, Spanned, Table};

/// The conditions of a rule or of an exception, as they stand in the file.
pub(super) struct Written<'a> {
    agents: Option<&'a Many<String>>,
    clearance: Option<&'a Many<Level>>,
    doors: Option<&'a Many<String>>,
    tools: Option<&'a Many<String>>,
    operations: Option<&'a Many<String>>,
    tier: Option<&'a Many<Level>>,
    target: &'a Table<Many<String>>,
    sessions: Option<&'a Many<String>>,
    argv: Option<&'a Many<String>>,
    arguments: Option<&'a Many<String>>,
    wrapped_by: Option<&'a Many<String>>,
    time: Option<&'a Many<String>>,
}

/// The conditions of anything that has them, with its tier.
macro_rules! written {
    ($from:expr, $tier:expr) => {
        Written {
            agents: $from.agents.as_ref(),
            clearance: $from.clearance.as_ref(),
            doors: $from.doors.as_ref(),
            tools: $from.tools.as_ref(),
            operations: $from.operations.as_ref(),
            tier: $tier,
            target: &$from.target,
            sessions: $from.sessions.as_ref(),
            argv: $from.argv.as_ref(),
            arguments: $from.arguments.as_ref(),
            wrapped_by: $from.wrapped_by.as_ref(),
            time: $from.time.as_ref(),
        }
    };
}

/// Whether the word `unknown` may stand where a value is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnknownWord {
    Legal,
    NotInAllow,
    NotInException,
}

impl<'a> Written<'a> {
    /// A rule's `tier` is no condition: it says what the verdict is for.
    pub(super) fn of_rule(rule: &'a file::Rule) -> Self {
        written!(rule, None)
    }

    pub(super) fn of_exception(exception: &'a file::Exception) -> Self {
        written!(exception, exception.tier.as_ref())
    }

    pub(super) fn of_runbook(runbook: &'a file::Runbook) -> Self {
        written!(runbook, None)
    }

    pub(super) fn is_empty(&self) -> bool {
        let globs = [self.agents, self.doors, self.tools, self.operations];
        let rare = [self.sessions, self.argv, self.arguments, self.wrapped_by, self.time];
        let levels = [self.clearance, self.tier];
        globs.iter().chain(&rare).all(Option::is_none) && levels.iter().all(Option::is_none) && self.target.0.is_empty()
    }
}

impl Compiler<'_, '_> {
    pub(super) fn conditions(&mut self, written: &Written<'_>, unknown: UnknownWord) -> Conditions {
        Conditions {
            agents: written.agents.map(|agents| self.globs(agents, "agents")),
            clearance: written.clearance.map(|clearance| self.clearances(clearance)),
            doors: written.doors.map(|doors| self.doors(doors)),
            tools: written.tools.map(|tools| self.globs(tools, "tools")),
            operations: written.operations.map(|operations| self.globs(operations, "operations")),
            tier: written.tier.map(|tier| self.tiers(tier, unknown)),
            targets: written.target.0.iter().filter_map(|(name, values)| self.target(name, values, unknown)).collect(),
            rare: self.rare(written),
        }
    }

    fn rare(&mut self, written: &Written<'_>) -> Option<Box<Rare>> {
        let rare = [written.sessions, written.argv, written.arguments, written.wrapped_by, written.time];
        rare.iter().any(Option::is_some).then(|| {
            Box::new(Rare {
                sessions: written.sessions.map(|sessions| self.globs(sessions, "sessions")),
                argv: written.argv.map(|argv| self.globs(argv, "command lines")),
                arguments: written.arguments.map(|arguments| self.globs(arguments, "arguments")),
                wrapped_by: written.wrapped_by.map(|tools| self.globs(tools, "tools")),
                time: written.time.map(|time| self.hours(time)),
            })
        })
    }

    fn hours(&mut self, written: &Many<String>) -> Vec<Hours> {
        self.not_empty(written, "times");
        let mut all = Vec::new();
        for text in &written.items {
            match Hours::read(text.get_ref()) {
                Ok(hours) => all.push(hours),
                Err(why) => {
                    let fix = "write it as `mon-fri 09:00-17:00`, `22:00-06:00 utc` or `sat,sun`";
                    self.wrong(&text.span(), why, fix);
                }
            }
        }
        all
    }

    pub(super) fn globs(&mut self, written: &Many<String>, of: &str) -> Vec<Glob> {
        self.not_empty(written, of);
        written.items.iter().filter_map(|glob| self.glob(glob)).collect()
    }

    fn glob(&mut self, written: &Spanned<String>) -> Option<Glob> {
        if written.get_ref().is_empty() {
            self.wrong(
                &written.span(),
                "an empty glob matches only what is empty",
                "write what it should match, or `*`",
            );
            return None;
        }
        match Glob::new(written.get_ref()) {
            Ok(glob) => Some(glob),
            Err(why) => {
                let what = format!("the glob {} cannot be read: {why}", quoted(written.get_ref()));
                self.wrong(
                    &written.span(),
                    what,
                    "correct it; a character that stands for itself goes into brackets: `[*]`",
                );
                None
            }
        }
    }

    fn doors(&mut self, written: &Many<String>) -> Vec<Door> {
        self.not_empty(written, "doors");
        let mut doors = Vec::new();
        for name in &written.items {
            let door = Door::ALL.into_iter().find(|door| door.name() == name.get_ref());
            if door.is_none() {
                let what = format!("there is no door {}", quoted(name.get_ref()));
                self.wrong(&name.span(), what, meant(name.get_ref(), Door::ALL.map(Door::name)));
            }
            doors.extend(door);
        }
        doors
    }

    fn clearances(&mut self, written: &Many<Level>) -> Levels {
        self.not_empty(written, "clearances");
        let mut levels = Levels::default();
        for range in &written.items {
            levels = levels.union(self.levels(range, "clearance"));
        }
        levels
    }

    pub(super) fn tiers(&mut self, written: &Many<Level>, unknown: UnknownWord) -> Levels {
        self.not_empty(written, "tiers");
        let mut levels = Levels::default();
        for range in &written.items {
            let named = range.get_ref().0 == "unknown";
            levels = levels.union(match unknown {
                _ if !named => self.levels(range, "tier"),
                UnknownWord::NotInException => {
                    self.wrong(&range.span(), "an exception needs what is known", "remove `unknown`");
                    Levels::default()
                }
                UnknownWord::Legal | UnknownWord::NotInAllow => Levels::unknown(),
            });
        }
        levels
    }

    fn levels(&mut self, range: &Spanned<Level>, kind: &str) -> Levels {
        let text = &range.get_ref().0;
        Levels::read(text).unwrap_or_else(|| {
            let what = format!("there is no {kind} {}", quoted(text));
            self.wrong(&range.span(), what, "use a number from 0 to 4, or a range: `\">=2\"`, `\"<3\"`, `\"1..3\"`");
            Levels::default()
        })
    }

    fn target(&mut self, name: &Spanned<String>, values: &Many<String>, word: UnknownWord) -> Option<TargetCondition> {
        self.not_empty(values, "values");
        let mut globs = Vec::new();
        let mut unknown = false;
        for value in &values.items {
            if value.get_ref() == "unknown" {
                self.unknown_value(value, word);
                unknown = true;
            }
            globs.extend(self.glob(value));
        }
        let dimension = Dimension::of_name(name.get_ref());
        if dimension.is_none() {
            let what = format!("a target has no {}", quoted(name.get_ref()));
            self.wrong(&name.span(), what, meant(name.get_ref(), Dimension::ALL.map(Dimension::name)));
        }
        Some(TargetCondition { dimension: dimension?, globs, unknown })
    }

    fn unknown_value(&mut self, value: &Spanned<String>, word: UnknownWord) {
        let what = match word {
            UnknownWord::Legal => return,
            UnknownWord::NotInAllow => "a rule that allows needs what is known",
            UnknownWord::NotInException => "an exception needs what is known",
        };
        let fix = "remove `unknown`, or write `unknow[n]` for something that is really called so";
        self.wrong(&value.span(), what, fix);
    }
}
