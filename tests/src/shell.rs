//! An interactive bash on a terminal, driven as a person drives it.
//!
//! Every step waits for what the screen shows. Where that does not come, what was
//! missing is kept and the later steps do nothing: the two screens then differ.

use std::process::Command;
use std::time::Duration;

use crate::pty::Pty;

/// How long the screen may take to show something.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the shell shows when it waits for a line.
const PROMPT: &str = "sh> ";

/// The shell and what was seen of it.
#[derive(Debug)]
pub struct Shell {
    pty: Option<Pty>,
    screen: String,
    missing: Option<String>,
}

impl Shell {
    /// Starts `bash` (a command with a sandbox's environment) and waits for its prompt.
    pub(crate) fn start(mut bash: Command) -> Self {
        bash.args(["--norc", "--noprofile", "--noediting", "-i"]).env("PS1", PROMPT).env("TERM", "dumb");
        bash.env("HISTFILE", "/dev/null");
        let mut shell = Self { pty: Some(Pty::spawn(bash)), screen: String::new(), missing: None };
        shell.until(PROMPT);
        shell
    }

    /// Types a line.
    pub fn line(&mut self, text: &str) {
        self.keys(&format!("{text}\n"));
    }

    /// Types keys: `\x03` is Ctrl-C, `\x1a` Ctrl-Z.
    pub fn keys(&mut self, keys: &str) {
        if let (None, Some(pty)) = (&self.missing, &mut self.pty) {
            pty.write(keys);
        }
    }

    /// Waits until the screen shows `text` after what was waited for before.
    pub fn until(&mut self, text: &str) {
        let (None, Some(pty)) = (&self.missing, &mut self.pty) else { return };
        match pty.seen_within(text, PATIENCE) {
            Some(seen) => self.screen.push_str(&seen),
            None => self.missing = Some(format!("never shown: {text}\nshown instead: {}", pty.unread())),
        }
    }

    /// Waits for the prompt.
    pub fn prompt(&mut self) {
        self.until(PROMPT);
    }

    /// Waits for the prompt and for what a job shows, whichever comes first: typed before
    /// the shell reads, a line is shown in pieces.
    pub fn prompt_and(&mut self, text: &str) {
        let before = self.screen.len();
        self.until(text);
        if !self.screen.get(before..).is_some_and(|shown| shown.contains(PROMPT)) {
            self.prompt();
        }
    }

    /// Types a line and waits for the prompt after it.
    pub fn done(&mut self, text: &str) {
        self.line(text);
        self.prompt();
    }

    /// Waits until the shell reads again, whatever it and its jobs show meanwhile.
    pub fn settle(&mut self) {
        self.line("echo settled-$((6 * 7))");
        self.until("settled-42");
        self.prompt();
    }

    /// Waits until another than the shell has the terminal: keys are a job's then.
    pub fn until_in_front(&mut self) {
        if let (None, Some(pty)) = (&self.missing, &self.pty)
            && !pty.is_given_within(PATIENCE)
        {
            self.missing = Some("never given: the terminal".to_owned());
        }
    }

    /// Makes the window another size.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        if let Some(pty) = &self.pty {
            pty.resize(rows, columns);
        }
    }

    /// Closes the window.
    pub fn hang_up(&mut self) {
        if let Some(pty) = self.pty.take() {
            pty.hang_up();
        }
    }

    /// Its lines without prompts and process ids, in alphabetical order: what two
    /// processes write at one time has no order.
    pub(crate) fn evened(mut self) -> String {
        if let (None, Some(pty)) = (&self.missing, self.pty.take()) {
            let mut pty = pty;
            pty.write("exit 0\n");
            self.screen.push_str(&pty.finish().1);
        }
        let text = keys_apart(&self.screen.replace(PROMPT, "\n"));
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_late_notice(line));
        let mut lines: Vec<_> = lines.map(without_numbers).collect();
        lines.sort();
        lines.extend(self.missing);
        lines.join("\n")
    }
}

/// Each echoed key on a line of its own. The kernel sends a key's signal before it
/// echoes the key, so what the signal brings about may be on the screen first.
fn keys_apart(text: &str) -> String {
    ["^C", "^Z", "^\\"].iter().fold(text.to_owned(), |text, key| text.replace(key, &format!("\n{key}\n")))
}

/// Bash says so or not, as a job stops before `wait` looks at it or in it.
fn is_late_notice(line: &str) -> bool {
    line.contains("warning: wait_for_job: job ")
}

/// `[1] 4242` names a process, `/dev/pts/7` the terminal that was free.
fn without_numbers(line: &str) -> String {
    if let Some((before, after)) = line.split_once("/dev/pts/") {
        return format!("{before}/dev/pts/{}", after.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    }
    match line.split_once("] ") {
        Some((job, id)) if job.starts_with('[') && id.bytes().all(|byte| byte.is_ascii_digit()) => format!("{job}]"),
        _ => line.to_owned(),
    }
}
