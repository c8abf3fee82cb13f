//! Recorded before run: the intent is durable on disk before the tool's exec.
//!
//! strace shows both as the kernel sees them. The n-th exec of the tool needs n
//! intents that were written, and then synced by a call that began after the
//! write and has returned.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use e2e::require_tool;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::builder;

const RUNS: usize = 100;

#[test]
fn the_intent_is_durable_before_the_tool_is_executed() {
    let Some(strace) = require_tool("strace") else { return };
    let traced = std::process::Command::new(&strace).args(["-o", "/dev/null", "true"]).status();
    if !traced.is_ok_and(|status| status.success()) {
        e2e::say("skipped: strace may not trace here\n");
        return;
    }
    let mut sandbox = builder().without_daemon();
    let log = sandbox.path("strace.log");
    let mut command = sandbox.command(strace);
    command.args(["-f", "-s", "4096", "-e", "trace=write,pwrite64,writev,fdatasync,fsync,execve,execveat", "-o"]);
    command.arg(&log).arg(sandbox.daemon_command().get_program()).arg("--root").arg(sandbox.path("root"));
    sandbox.start_daemon_as(command);
    let script = format!("for i in $(seq {RUNS}); do probe exit 0 || exit; done; echo all");
    let ran = sandbox.gated(e2e::Script::new(&script).limit(Duration::from_secs(60)));
    assert_eq!(ran.stdout_text(), "all\n", "{ran:?}");
    // strace would not pass a signal on; it ends with the daemon.
    let status: serde_json::Value = sandbox.ask(&["status", "--json"]).stdout_text().trim().parse().unwrap();
    let process = Pid::from_raw(i32::try_from(status["pid"].as_i64().unwrap()).unwrap());
    kill(process, Signal::SIGTERM).unwrap();
    assert!(sandbox.daemon().ended_within(Duration::from_secs(20)).is_some());
    let trace = std::fs::read_to_string(&log).unwrap();
    if !trace.contains(r#"\"kind\":\"started\""#) {
        // The daemon is not dumpable: only who may trace anything sees its memory.
        e2e::say("skipped: strace may not see what the daemon writes\n");
        return;
    }
    let seen = Seen::of(&trace);
    assert_eq!((seen.executed, seen.early), (RUNS, Vec::new()));
}

/// What the trace has shown so far.
#[derive(Debug, Default)]
struct Seen {
    /// Intents whose write has returned.
    written: usize,
    /// Intents that a sync has covered.
    durable: usize,
    /// How often the tool was executed.
    executed: usize,
    /// Executions that no durable intent covers, by their line.
    early: Vec<String>,
    /// Processes with a write that has not returned yet: how many intents are in it.
    writing: HashMap<String, usize>,
    /// Processes with a sync that has not returned yet: what was written before it.
    syncing: HashMap<String, usize>,
    /// Processes whose exec has not returned yet.
    executing: HashSet<String>,
}

impl Seen {
    fn of(trace: &str) -> Self {
        let mut seen = Self::default();
        for line in trace.lines() {
            let Some((process, call)) = line.split_once(' ') else { continue };
            seen.take(process.to_owned(), call.trim_start());
        }
        seen
    }

    fn take(&mut self, process: String, call: &str) {
        let returned = !call.ends_with("<unfinished ...>");
        if call.starts_with("<... ") {
            self.written += self.writing.remove(&process).unwrap_or(0);
            self.durable = self.durable.max(self.syncing.remove(&process).unwrap_or(0));
            self.executing.remove(&process);
        } else if call.starts_with("fdatasync(") || call.starts_with("fsync(") {
            self.syncing.insert(process.clone(), self.written);
            if returned {
                self.durable = self.durable.max(self.syncing.remove(&process).unwrap_or(0));
            }
        } else if call.starts_with("exec") {
            if call.contains("[\"probe\"") {
                self.executed += 1;
                if self.executed > self.durable {
                    self.early.push(format!("{process} {call}"));
                }
            }
        } else {
            self.writing.insert(process.clone(), call.matches(r#"\"kind\":\"intent\""#).count());
            if returned {
                self.written += self.writing.remove(&process).unwrap_or(0);
            }
        }
    }
}
