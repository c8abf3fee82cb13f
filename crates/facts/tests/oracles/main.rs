//! What we say a command would touch, against what the real tool says of the same
//! files and variables.
//!
//! Settings are generated from a fixed seed. `TOLLGATE_ORACLE_CASES` is how many for
//! each tool (30); gcloud takes seconds to start, and gets a fifteenth. A tool that
//! is not installed is passed over, and said so.
//! Deliberately not here: what a single file means (the resolvers' own tests).
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test may fail in its own helpers")]

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use tollgate_facts::{Reader, classify};
use tollgate_policies::classify::{Grammars, Invocation};
use tollgate_policies::{Dimension, Value};

mod tools;

/// How many settings are generated for each tool.
fn cases() -> usize {
    std::env::var("TOLLGATE_ORACLE_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(30)
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    fn pick<'l>(&mut self, from: &[&'l str]) -> &'l str {
        from.get(self.roll(from.len())).unwrap()
    }

    fn often(&mut self) -> bool {
        self.roll(3) > 0
    }
}

/// A home with a working folder, and the variables that a tool starts with.
struct Setting {
    home: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Setting {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        Self { home, variables: Vec::new() }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.push((name, value.into()));
    }

    /// What the real tool prints, without white space around it; none where it
    /// refuses the setting.
    fn asked(&self, line: &str) -> Option<String> {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(self.path().join("work")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// What we say of a line: each value of this dimension.
    fn judged(&self, line: &str, dimension: Dimension) -> Answer {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut env = vec![format!("HOME={}", self.path().display())];
        env.extend(self.variables.iter().map(|(name, value)| format!("{name}={value}")));
        let env: Vec<&[u8]> = env.iter().map(String::as_bytes).collect();
        let cwd = File::open(self.path().join("work")).unwrap();
        let folder = self.path().join("work");
        let invocation = Invocation {
            tool: argv.first().unwrap(),
            argv: &argv,
            env: &env,
            cwd: Some(folder.as_os_str().as_encoded_bytes()),
            home: None,
            start: None,
        };
        let judged = classify(Grammars::built_in(), &invocation, &Reader::new(Some(cwd.as_fd())));
        match judged.operation.primary.target.values(dimension).next() {
            None => Answer::Absent,
            Some(Value::Known { value, .. }) => Answer::Known(String::from_utf8(value.to_vec()).unwrap()),
            Some(Value::Unknown { reason }) => Answer::Unknown(reason.to_string()),
        }
    }
}

/// What we say of one dimension.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Known(String),
    Unknown(String),
    Absent,
}

/// How often we said the same, and how often that we do not know.
#[derive(Debug, Default)]
struct Tally {
    same: usize,
    unknown: usize,
}

impl Tally {
    /// Compares one value; a different one fails the test.
    fn compare(&mut self, what: &str, real: &str, ours: &Answer, setting: &Setting) {
        match ours {
            Answer::Known(value) if value == real => self.same += 1,
            Answer::Absent if real.is_empty() => self.same += 1,
            Answer::Unknown(_) => self.unknown += 1,
            _ => panic!("{what}: the tool says `{real}`, we {ours:?}; {:?}", setting.variables),
        }
    }

    fn report(&self, tool: &str) {
        eprintln!("{tool}: {} values the same, {} unknown to us, none different", self.same, self.unknown);
        assert!(self.same > self.unknown, "{tool}: too little is known: {self:?}");
    }
}

fn installed(tool: &str, version: &str) -> bool {
    let found = Command::new(tool).arg(version).output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("{tool} is not installed: its oracle is passed over");
    }
    found
}
