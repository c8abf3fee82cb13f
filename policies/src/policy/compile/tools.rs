//! `[tools.NAME]` and `[[runbook]]`: what they mean, and whether they make sense.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Collected, Compiler, Named, Span, UnknownWord, Written, file, quoted};
use crate::Tier;
use crate::policy::constraint::Allowed;
use crate::policy::tools::{Command, Setting, Table};
use crate::policy::{Environment, Layer, Pin, RuleReference, Runbook, duration};
use file::{Many, Spanned};

impl<'a> Compiler<'a, '_> {
    pub(super) fn tool(&mut self, name: &Spanned<String>, written: &file::Tool, all: &mut Collected<'a>) {
        let span = name.span();
        self.one_word(name.get_ref(), &span, "tool");
        all.tool_names.push(Named { name: name.get_ref().clone(), source: self.source, span: span.clone() });
        if written.strict && written.commands.0.is_empty() {
            let fix = "name some, `[tools.NAME.commands.WORDS]`, or remove `strict`";
            self.wrong(&span, format!("`{}` is strict, and no command of it is named", name.get_ref()), fix);
        }
        let reference = RuleReference {
            name: format!("tools.{}", name.get_ref()),
            file: self.source.name.clone(),
            line: self.lines.line(span.start),
            layer: self.source.layer,
            reason: None,
            code: None,
        };
        let table = Table {
            reference: Arc::new(reference),
            default: written.default_action.as_ref().and_then(|action| self.verdict(action)),
            strict: written.strict,
            setting: self.setting(written, &span),
            whole: self.command(written.allowed_args.as_ref(), written.timeout.as_ref()),
            commands: self.commands(name.get_ref(), &written.commands),
        };
        all.tools.add(name.get_ref().clone(), table);
    }

    fn commands(&mut self, tool: &str, written: &file::Table<file::Command>) -> BTreeMap<String, Command> {
        let mut commands = BTreeMap::new();
        for (words, command) in &written.0 {
            let path: Vec<&str> = words.get_ref().split([' ', '.']).collect();
            if path.iter().any(|word| word.is_empty()) {
                let what = format!("{} is no command", quoted(words.get_ref()));
                self.wrong(&words.span(), what, "write its words: `plan`, `\"state rm\"`");
            }
            let made = self.command(command.allowed_args.as_ref(), command.timeout.as_ref());
            commands.insert(format!("{tool}.{}", path.join(".")), made);
        }
        commands
    }

    fn command(&mut self, allowed: Option<&Many<String>>, timeout: Option<&Spanned<String>>) -> Command {
        let allowed = allowed.map(|flags| {
            for flag in &flags.items {
                self.allowed(flag);
            }
            Allowed::new(flags.items.iter().map(|flag| flag.get_ref().clone()).collect())
        });
        Command { allowed, timeout: timeout.and_then(|timeout| self.duration(timeout)) }
    }

    fn allowed(&mut self, flag: &Spanned<String>) {
        let text = flag.get_ref();
        if !text.starts_with('-') || text.trim_start_matches('-').is_empty() || text.contains('=') {
            let what = format!("{} in `allowed_args` is no flag", quoted(text));
            self.wrong(&flag.span(), what, "write its name with its dashes; what is no flag is always allowed");
        }
    }

    fn setting(&mut self, written: &file::Tool, span: &Span) -> Setting {
        let changes = written.bin.is_some() || written.working_dir.is_some() || written.env.is_some();
        if self.source.layer == Layer::Project && changes {
            let what = "a project does not say what runs, where, or with which environment";
            self.wrong(span, what, "move `bin`, `working_dir` and `env` into a policy of your own");
        }
        if self.source.layer == Layer::Project && (written.strict || written.default_action.is_some()) {
            let what = "a project only tightens, so it has no defaults";
            self.wrong(span, what, "write rules that deny or escalate in place of `strict` and `default_action`");
        }
        Setting {
            pin: self.pin(written),
            working_dir: written.working_dir.as_ref().map(|folder| self.working_dir(folder)),
            environment: written.env.as_ref().map(|variables| self.environment(variables)),
        }
    }

    fn pin(&mut self, written: &file::Tool) -> Option<Pin> {
        if let Some(bin) = written.bin.as_ref().filter(|bin| bin.get_ref().is_empty()) {
            self.wrong(&bin.span(), "`bin` is empty", "write a path or a name, or remove it for the tool's own name");
        }
        if let Some(bin) = written.bin.as_ref().filter(|bin| bin.get_ref().contains('/')) {
            self.absolute("binary", bin);
        }
        let sha256 = written.sha256.as_ref();
        if let Some(digest) = sha256.filter(|digest| !is_digest(digest.get_ref())) {
            self.wrong(&digest.span(), "`sha256` is no digest", "write its 64 hexadecimal digits");
        }
        match (&written.bin, sha256) {
            (Some(bin), sha256) => {
                let sha256 = sha256.map(|digest| digest.get_ref().to_lowercase());
                Some(Pin { bin: bin.get_ref().clone(), sha256 })
            }
            (None, Some(digest)) => {
                self.wrong(&digest.span(), "`sha256` goes with `bin`", "add `bin`, or remove it");
                None
            }
            (None, None) => None,
        }
    }

    fn working_dir(&mut self, folder: &Spanned<String>) -> String {
        self.absolute("folder", folder);
        folder.get_ref().clone()
    }

    fn absolute(&mut self, kind: &str, path: &Spanned<String>) {
        if !path.get_ref().starts_with('/') {
            let what = format!("the {kind} {} is not absolute", quoted(path.get_ref()));
            self.wrong(&path.span(), what, "write its whole path, from `/`");
        }
    }

    fn environment(&mut self, variables: &file::Table<Spanned<String>>) -> Environment {
        let mut set = BTreeMap::new();
        for (name, value) in &variables.0 {
            let text = name.get_ref();
            if text.is_empty() || text.contains(['=', '\0']) || text.starts_with("TOLLGATE_") {
                let what = format!("{} can be no variable of a tool", quoted(text));
                self.wrong(&name.span(), what, "use another name");
            }
            if value.get_ref().contains('\0') {
                self.wrong(&value.span(), "a value cannot hold a NUL", "remove it");
            }
            set.insert(text.clone(), value.get_ref().clone());
        }
        Environment { set }
    }

    pub(super) fn runbook(&mut self, written: &Spanned<file::Runbook>, all: &mut Collected<'a>) {
        let (span, runbook) = (written.span(), written.get_ref());
        let name = match &runbook.name {
            Some(name) => {
                self.one_word(name.get_ref(), &name.span(), "runbook");
                all.runbook_names.push(Named { name: name.get_ref().clone(), source: self.source, span: name.span() });
                name.get_ref().clone()
            }
            None => {
                self.wrong(
                    &span,
                    "this runbook has no name",
                    "add `name = \"...\"`: messages and records call it by that",
                );
                String::new()
            }
        };
        if self.source.layer == Layer::Project {
            self.wrong(&span, "a project gives no runbooks", "move it into a policy of your own");
        }
        if runbook.operations.is_none() {
            self.wrong(&span, "this runbook names no operations", "add `operations = \"...\"`");
        }
        let when = self.conditions(&Written::of_runbook(runbook), UnknownWord::NotInAllow);
        let (count, window) = (self.count(runbook, &span), self.window(runbook, &span));
        let highest = self.highest(runbook, &span);
        if let (Some(count), Some(window), Some(highest)) = (count, window, highest) {
            all.runbooks.push(Runbook { name, count, window, highest, when });
        }
    }

    fn count(&mut self, runbook: &file::Runbook, span: &Span) -> Option<u32> {
        let Some(written) = &runbook.count else {
            self.wrong(span, "this runbook does not say how often", "add `count = 5`");
            return None;
        };
        let count = u32::try_from(written.get_ref().0).ok().filter(|count| *count > 0);
        if count.is_none() {
            self.wrong(&written.span(), "a runbook is used at least once", "use a greater number");
        }
        count
    }

    fn window(&mut self, runbook: &file::Runbook, span: &Span) -> Option<std::time::Duration> {
        let Some(written) = &runbook.window else {
            self.wrong(span, "this runbook has no window", "add `window = \"1h\"`");
            return None;
        };
        match duration::window(written.get_ref()) {
            Ok(window) => Some(window),
            Err(why) => {
                self.wrong(&written.span(), why, "write it as `1h`");
                None
            }
        }
    }

    fn highest(&mut self, runbook: &file::Runbook, span: &Span) -> Option<Tier> {
        let Some(written) = &runbook.highest else {
            self.wrong(span, "this runbook does not say up to which tier", "add `highest = 2`");
            return None;
        };
        let tier = u8::try_from(written.get_ref().0).ok().and_then(Tier::of_number);
        if tier.is_none() {
            self.wrong(&written.span(), "there is no such tier", "use a number from 0 to 4");
        }
        tier
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
