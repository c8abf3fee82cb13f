//! A page's blocks, played one after the other in a sandbox of the page's own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::{Pty, Running, Sandbox};

use super::blocks::{Block, Held, Step};

const LIMIT: Duration = Duration::from_secs(60);
/// Characters of an id.
const ID: usize = 26;

/// The tools and agents of the pages.
const TOOLS: [&str; 7] = ["terraform", "git", "claude", "codex", "cursor-agent", "gemini", "aider"];

/// A tool that only says what it was asked to do.
const TOOL: &str = "#!/bin/sh\necho \"the real ${0##*/}: $*\"\n";

/// `tollgate` as the page calls it, for the sandbox's gate and not the user's own.
const TOLLGATE: &str = r#"#!/bin/bash
case $1 in demo | completions | man | tiers | --*) exec PROGRAM "$@" ;; esac
place=(--root "$ROOT")
case "$1 $2" in policy\ import | policy\ schema) exec PROGRAM "$@" ;; esac
case $1 in install | uninstall | shims | doctor | service) place+=(--home "$HOME") ;; esac
before=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do before+=("$1"); shift; done
exec PROGRAM "${before[@]}" "${place[@]}" "$@"
"#;

/// A page's world.
pub struct Scene {
    sandbox: Sandbox,
    page: String,
    /// What the page's own `tollgate run` says of the tools to wrap.
    tools: Vec<String>,
    /// The ids of the page, and those of this run.
    ids: BTreeMap<String, String>,
    waiting: Option<(Running, Vec<String>, String)>,
}

impl Scene {
    /// A home in which nobody has written a policy but the ready one, `careful`.
    pub fn new(page: &Path) -> Self {
        let careful = include_str!("../../../../policies/profiles/careful.toml");
        let wrapper = TOLLGATE.replace("PROGRAM", e2e::programs!().path("tollgate").to_str().unwrap());
        let builder = Sandbox::builder(e2e::programs!()).script("tollgate", &wrapper, "755");
        let builder = TOOLS.iter().fold(builder, |builder, tool| builder.script(tool, TOOL, "755"));
        let sandbox = builder.policy("00-careful.toml", careful).start();
        for (known, inside) in [(".config", "config"), (".local/state", "state")] {
            let folder = sandbox.path("home").join(known);
            std::fs::create_dir_all(&folder).unwrap();
            std::os::unix::fs::symlink(sandbox.path("root").join(inside), folder.join("tollgate")).unwrap();
        }
        let page = page.file_name().unwrap().to_string_lossy().into_owned();
        Self { sandbox, page, tools: Vec::new(), ids: BTreeMap::new(), waiting: None }
    }

    /// Plays every block that is to be played.
    ///
    /// # Errors
    /// The first that shows something else.
    pub fn play(mut self, blocks: &[Block]) -> Result<(), String> {
        for block in blocks {
            let at = format!("{}:{}", self.page, block.line);
            match block.held {
                Held::Person => {
                    block.steps().iter().try_for_each(|step| self.person(step, &at))?;
                    self.answered()?;
                }
                Held::Agent => block.steps().iter().try_for_each(|step| self.agent(step, &at))?,
                Held::Waiting => block.steps().iter().for_each(|step| self.waits(step, &at)),
                Held::Policy => self.policy(block, &at)?,
                Held::File(ref name) => std::fs::write(self.sandbox.path("home").join(name), &block.text).unwrap(),
                Held::Settings => self.settings(block, &at)?,
                Held::Written(ref name) => {
                    self.policy(block, &at)?;
                    self.written(name, block);
                }
                _ => {}
            }
        }
        match self.waiting {
            Some((_, _, at)) => Err(format!("{at}: nobody answers what waits")),
            None => Ok(()),
        }
    }

    fn person(&mut self, step: &Step<'_>, at: &str) -> Result<(), String> {
        if step.command.starts_with("tollgate run ") {
            self.tools = tools(step.command);
        }
        let mut command = self.sandbox.command("bash");
        command.args(["-c", &self.typed(step.command)]).env("TERM", "dumb");
        let (code, shown) = Pty::spawn(command).finish();
        // Where the page leaves all of it to `...`, it shows at least that it works.
        if !code.success() && step.shown.iter().all(|line| *line == "...") {
            return Err(format!("{at}: `{}` ends with {code}: {shown}", step.command));
        }
        self.compare(step, &shown.replace("\r\n", "\n"), at)
    }

    fn agent(&mut self, step: &Step<'_>, at: &str) -> Result<(), String> {
        let command = self.session(step.command);
        let ran = self.sandbox.run_command(command, LIMIT);
        self.compare(step, &ran.stdout_text(), at)
    }

    fn waits(&mut self, step: &Step<'_>, at: &str) {
        let command = self.session(step.command);
        let running = self.sandbox.start_command(command);
        self.sandbox.await_records("question", 1);
        let shown = step.shown.iter().map(|line| (*line).to_owned()).collect();
        let question = self.sandbox.audit_of("question").pop().unwrap();
        let known = ids(&step.shown.join("\n"));
        known.into_iter().for_each(|id| drop(self.ids.insert(id, question["id"].as_str().unwrap().to_owned())));
        self.waiting = Some((running, shown, at.to_owned()));
    }

    fn answered(&mut self) -> Result<(), String> {
        let Some((running, shown, at)) = self.waiting.take() else { return Ok(()) };
        let ran = running.finish(LIMIT);
        let step = Step { command: "", shown: shown.iter().map(String::as_str).collect() };
        self.compare(&step, &ran.stdout_text(), &at)
    }

    fn policy(&self, block: &Block, at: &str) -> Result<(), String> {
        let file = self.sandbox.path("home/policy.toml");
        std::fs::write(&file, &block.text).unwrap();
        let mut check = self.sandbox.tollgate(&["policy", "check"]);
        check.arg(&file);
        let ran = self.sandbox.run_command(check, LIMIT);
        if ran.code() == Some(0) { Ok(()) } else { Err(format!("{at}: {}", ran.stderr_text())) }
    }

    /// A person writes it; it is waited for until the daemon has read it.
    fn written(&self, name: &str, block: &Block) {
        std::fs::write(self.sandbox.path("root/config/policy.d").join(name), &block.text).unwrap();
        self.sandbox.await_records("policy_pending", 1);
    }

    fn settings(&self, block: &Block, at: &str) -> Result<(), String> {
        let root = self.sandbox.path("home/settings");
        std::fs::create_dir_all(root.join("config")).unwrap();
        std::fs::write(root.join("config/tollgate.toml"), &block.text).unwrap();
        let mut check = self.sandbox.command(e2e::programs!().path("tollgated"));
        check.arg("--root").arg(root).arg("check-settings");
        let ran = self.sandbox.run_command(check, LIMIT);
        if ran.code() == Some(0) { Ok(()) } else { Err(format!("{at}: {}", ran.stderr_text())) }
    }

    /// Both streams of it as one, as a terminal shows them.
    fn session(&self, typed: &str) -> Command {
        let script = format!("exec 2>&1; {}", self.typed(typed));
        let mut command = self.sandbox.tollgate(&["run", "--agent", "claude-code"]);
        command.args(&self.tools).arg("--root").arg(self.sandbox.path("root"));
        command.args(["--", "bash", "-c", &script]);
        command
    }

    /// The command with this run's ids, whole or their beginnings.
    fn typed(&self, command: &str) -> String {
        let word = |word: &str| {
            let known = self.ids.iter().find(|(id, _)| word.len() >= 4 && id.starts_with(word));
            known.map_or_else(|| word.to_owned(), |(_, real)| real.clone())
        };
        command.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    fn compare(&mut self, step: &Step<'_>, real: &str, at: &str) -> Result<(), String> {
        let real = real.replace(self.sandbox.folder().to_str().unwrap(), "SANDBOX");
        let shown = step.shown.join("\n");
        for (id, of_this_run) in ids(&shown).into_iter().zip(ids(&real)) {
            self.ids.entry(id).or_insert(of_this_run);
        }
        let shown = self.ids.iter().fold(shown, |text, (id, of_this_run)| text.replace(id, of_this_run));
        if fits(shown.trim_end(), real.trim_end()) {
            return Ok(());
        }
        Err(format!("{at}: `{}` shows\n{real}\nand not\n{}", step.command, step.shown.join("\n")))
    }
}

/// `--tools` of a command, and what follows it; nothing where it names none.
fn tools(command: &str) -> Vec<String> {
    let words = command.split(' ').skip_while(|word| *word != "--tools");
    words.take(2).map(str::to_owned).collect()
}

/// Whether the text is the pattern, in which `...` stands for anything, and a line of
/// it for any lines or none.
fn fits(pattern: &str, text: &str) -> bool {
    let (mut pattern, text) = (format!("\n{pattern}"), format!("\n{text}"));
    while pattern.contains("\n...\n") {
        pattern = pattern.replace("\n...\n", "...\n");
    }
    if let Some(before) = pattern.strip_suffix("\n...") {
        pattern = format!("{before}...");
    }
    let mut pieces = pattern.split("...");
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The ids in a text, in their order, each once.
fn ids(text: &str) -> Vec<String> {
    let of_an_id = |character: char| character.is_ascii_digit() || character.is_ascii_uppercase();
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|character| !of_an_id(character)) {
        if word.len() == ID && word.starts_with('0') && !found.iter().any(|id| id == word) {
            found.push(word.to_owned());
        }
    }
    found
}

#[test]
fn dots_stand_for_anything_and_nothing_else_does() {
    assert!(fits("a ... c", "a b c") && fits("...", "") && fits("a...c...e", "abcde") && fits("a", "a"));
    assert!(fits("a\n...\n...\nb\n...", "a\nb") && fits("...\nb", "b"));
    assert!(!fits("a ... c", "a b d") && !fits("a", "ab") && !fits("a...c", "abcd"));
}
