//! Agents by the names of the programs above a caller: hints, for whoever starts a
//! program can call it what they like.
//!
//! So a hint only tightens: what it names is judged as that agent and as an unknown
//! one. It is asked for only where nothing better is known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tollgate_policies::agents;

use crate::policies::InForce;
use crate::sys::above::Link;
use crate::sys::peer::Chain;
use crate::sys::process;

/// Programs that run others' programs: the second argument is the program then.
const INTERPRETERS: [&[u8]; 8] = [b"node", b"bun", b"deno", b"python", b"python3", b"ruby", b"npx", b"uv"];

/// So long the names of a process are believed. A program that calls itself something
/// else is known by it that much later; many calls in a row read the names once.
const BELIEVED: Duration = Duration::from_secs(1);
/// Names of more processes are not kept.
const KEPT: usize = 1024;

/// The names of the processes above callers, as they were read a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Hints(Mutex<HashMap<u64, (Instant, Arc<process::Names>)>>);

impl Hints {
    /// The agent that a program above the caller is known as, and that program's process.
    pub(super) fn above(&self, chain: &Chain, in_force: &InForce) -> Option<(String, i32)> {
        let now = Instant::now();
        chain.links().find_map(|link| Some((named(&self.names(link, now), in_force)?, link.pid)))
    }

    fn names(&self, link: Link, now: Instant) -> Arc<process::Names> {
        let Some(inode) = link.inode else { return Arc::new(process::names(link.pid)) };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |read: &Instant| now.saturating_duration_since(*read) < BELIEVED;
        if let Some((_, names)) = kept.get(&inode).filter(|(read, _)| is_fresh(read)) {
            return Arc::clone(names);
        }
        if kept.len() >= KEPT {
            kept.retain(|_, (read, _)| is_fresh(read));
        }
        let names = Arc::new(process::names(link.pid));
        if kept.len() < KEPT {
            kept.insert(inode, (now, Arc::clone(&names)));
        }
        names
    }
}

fn named(names: &process::Names, in_force: &InForce) -> Option<String> {
    let script = names.arguments.first().filter(|program| INTERPRETERS.contains(&file(program)));
    let script = script.and_then(|_| names.arguments.get(1));
    let called = names.arguments.first();
    let words = [Some(&names.command), names.program.as_ref(), called, script];
    words.into_iter().flatten().find_map(|word| {
        let of_policy = in_force.policies().find_map(|policy| policy.agent_of_program(file(word)));
        of_policy.or_else(|| agents::of_program(file(word))).map(str::to_owned)
    })
}

/// The last part of a path.
fn file(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(command: &str, program: &str, arguments: &[&str]) -> Option<String> {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let arguments = arguments.iter().map(|argument| bytes(argument)).collect();
        let names = process::Names { command: bytes(command), program: Some(bytes(program)), arguments };
        named(&names, &InForce::none())
    }

    #[test]
    fn a_program_is_known_by_any_of_its_names() {
        assert_eq!(agent("claude", "/usr/bin/node", &["claude"]).as_deref(), Some("claude-code"));
        assert_eq!(agent("node", "/usr/bin/node", &["node", "/opt/bin/codex", "x"]).as_deref(), Some("codex"));
        assert_eq!(agent("python3", "/usr/bin/python3", &["python3", "/opt/aider"]).as_deref(), Some("aider"));
        assert_eq!(agent("goose", "/opt/goose", &["goose"]).as_deref(), Some("goose"));
        assert_eq!(agent("vi", "/usr/bin/vi", &["vi", "claude"]), None);
        assert_eq!(agent("bash", "/usr/bin/bash", &["bash", "-c", "claude"]), None);
    }
}
