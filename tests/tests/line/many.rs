//! Many commands: at once, and one after the other. Each is right, and nothing is
//! left of any. The long form of the second is a benchmark (docs/performance.md).

use std::time::Duration;

use e2e::{Sandbox, Script};

use crate::builder;

const AT_ONCE: usize = 200;
const IN_TURN: usize = 500;

/// What the daemon has: open descriptors, children, and those of them that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    descriptors: usize,
    children: usize,
    zombies: usize,
}

impl Kept {
    fn of(sandbox: &mut Sandbox) -> Self {
        let daemon = sandbox.daemon();
        Self { descriptors: daemon.descriptors(), children: daemon.children().len(), zombies: daemon.zombies() }
    }
}

/// What is kept once the last run's supervisor is gone: the files of runs go last.
fn settled(sandbox: &mut Sandbox, outcomes: usize) -> Kept {
    sandbox.await_records("outcome", outcomes);
    sandbox.await_change("root/state/runs", || {
        std::fs::read_dir(sandbox.path("root/state/runs")).is_ok_and(|files| files.count() == 0)
    });
    Kept::of(sandbox)
}

#[test]
fn two_hundred_at_once_are_each_their_own() {
    let mut sandbox = builder().start();
    let script = format!(
        "for i in $(seq {AT_ONCE}); do (probe exit $((i % 251)); [ $? = $((i % 251)) ] && echo right >> right) & done; wait
        wc -l < right"
    );
    let ran = sandbox.gated(Script::new(&script).limit(Duration::from_secs(120)));
    assert_eq!(ran.stdout_text().trim(), AT_ONCE.to_string(), "{ran:?}");
    let kept = settled(&mut sandbox, AT_ONCE);
    assert!(kept.descriptors < 60 && kept.zombies <= 2, "{kept:?}");
    assert_eq!(sandbox.audit_of("intent").len(), AT_ONCE);
}

#[test]
fn nothing_grows_over_many_runs() {
    let mut sandbox = builder().start();
    let script = |runs: usize| format!("for i in $(seq {runs}); do probe exit 0 || exit; done; echo all");
    let mut seen = Vec::new();
    for part in 1..=2 {
        let ran = sandbox.gated(Script::new(&script(IN_TURN / 2)).limit(Duration::from_secs(120)));
        assert_eq!(ran.stdout_text(), "all\n", "{ran:?}");
        seen.push(settled(&mut sandbox, part * IN_TURN / 2));
    }
    let [first, last] = seen.as_slice() else { unreachable!() };
    assert!(last.descriptors <= first.descriptors + 8, "{seen:?}");
    assert!(last.children <= first.children + 4 && last.zombies <= 2, "{seen:?}");
}
