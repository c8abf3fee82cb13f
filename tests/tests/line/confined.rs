//! Callers that live elsewhere than the daemon: their tools are born there too,
//! and never outside.

use e2e::{Sandbox, Script, require_tool};

use crate::builder;

/// What the gate may not change: the same directly and gated, with an intent and an outcome.
fn same(script: &str, expected: &str) {
    let sandbox = builder().start();
    let ran = sandbox.compare(Script::new(script)).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(ran.stdout_text().contains(expected), "{ran:?}");
    sandbox.await_records("outcome", sandbox.audit_of("intent").len());
    assert!(!sandbox.audit_of("intent").is_empty());
}

/// Whether this machine lets the test make such a place.
fn can(place: &[&str]) -> bool {
    let made = std::process::Command::new(place[0]).args(&place[1..]).arg("true").output();
    let can = made.is_ok_and(|made| made.status.success());
    if !can {
        e2e::say(&format!("skipped: `{}` does not work here\n", place.join(" ")));
    }
    can
}

#[test]
fn without_new_privileges_the_tool_has_none_either() {
    if require_tool("setpriv").is_some() {
        same("setpriv --no-new-privs probe status NoNewPrivs; echo $?", "NoNewPrivs:\t1\n0\n");
    }
}

#[test]
fn without_capabilities_the_tool_has_none_either() {
    let place = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    if can(&place) {
        same(&format!("{} probe status CapEff CapBnd", place.join(" ")), "CapBnd:\t0000000000000000");
    }
}

#[test]
fn in_another_group_the_tool_is_too() {
    if can(&["setpriv", "--groups", "4242"]) {
        same("setpriv --groups 4242 probe status Groups", "Groups:\t4242");
    }
}

#[test]
fn in_namespaces_of_its_own_the_tool_is_too() {
    for place in [&["unshare", "-U"][..], &["unshare", "-Ur"], &["unshare", "--pid", "--fork", "--mount-proc"]] {
        if can(place) {
            same(&format!("{} probe exit 7; echo $?", place.join(" ")), "7\n");
        }
    }
}

/// A path means the caller's file, when it is looked for, judged and executed.
#[test]
fn with_another_root_its_binary_is_the_one_that_runs() {
    if !can(&["unshare", "--mount"]) {
        return;
    }
    let sandbox = builder().start();
    let other = "mkdir other; printf '#!/bin/sh\\necho the other one\\n' > other/probe; chmod 755 other/probe
        unshare --mount sh -c 'mount --bind other ../bin && probe exit 7'; echo $?";
    let ran = sandbox.compare(other).unwrap_or_else(|difference| panic!("{difference}"));
    assert_eq!(ran.stdout_text(), "the other one\n0\n", "{ran:?}");
}

/// Without a look at the tracer a caller could change what runs.
#[test]
fn a_supervisor_that_is_traced_gets_no_plan() {
    if require_tool("strace").is_none() || require_tool("setpriv").is_none() {
        return;
    }
    let sandbox = builder().start();
    let ran = sandbox.gated("strace -f -o trace setpriv --no-new-privs probe exit 0; echo $?; rm trace");
    assert_eq!(ran.stdout_text(), "125\n", "{ran:?}");
    assert!(ran.stderr_text().contains("not to be trusted: it is traced"), "{ran:?}");
    sandbox.await_records("refused", 1);
    assert!(sandbox.audit_of("outcome").is_empty());
}

/// A Landlock domain in which nothing may be executed but the system's programs,
/// the probe and the shim.
const DOMAIN: &str = r#"
import ctypes, os, struct, sys
call = ctypes.CDLL(None, use_errno=True).syscall
rules = call(444, ctypes.create_string_buffer(struct.pack('Q', 1)), 8, 0)
for path in sys.argv[1].split(':'):
    rule = struct.pack('=Qi', 1, os.open(path, os.O_PATH))
    assert call(445, rules, 1, ctypes.create_string_buffer(rule), 0) == 0, path
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
assert call(446, rules, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])
"#;

fn in_a_domain(sandbox: &Sandbox, allowed: &str, command: &str) -> Option<e2e::Ran> {
    require_tool("python3")?;
    let script = Script::new(&format!("python3 domain {allowed} {command}; echo $?")).file("domain", DOMAIN);
    let ran = sandbox.gated(script);
    let works = !ran.stderr_text().contains("Traceback");
    if !works {
        e2e::say("skipped: no Landlock here\n");
    }
    works.then_some(ran)
}

#[test]
fn where_the_supervisor_may_not_be_executed_the_refusal_names_it() {
    let sandbox = builder().start();
    let shim = e2e::programs!().path("tollgate-shim");
    let allowed = format!("/usr:/lib:/lib64:{}", shim.display());
    let Some(ran) = in_a_domain(&sandbox, &allowed, "probe exit 0") else { return };
    assert_eq!(ran.stdout_text(), "125\n", "{ran:?}");
    let supervisor = e2e::programs!().path("tollgate-supervisor");
    let words = format!(
        "  the caller's sandbox does not let `{}` be executed: Permission denied (os error 13)\n",
        supervisor.display()
    );
    assert!(ran.stderr_text().contains(&words), "{ran:?}");
    assert_eq!(sandbox.audit_of("refused").len(), 1);
}

#[test]
fn in_a_landlock_domain_the_tool_is_too() {
    let sandbox = builder().start();
    let folder = e2e::programs!().path("");
    let bin = sandbox.path("bin");
    let allowed = format!("/usr:/lib:/lib64:{}", folder.display());
    let Some(ran) = in_a_domain(&sandbox, &allowed, "probe exit 3") else { return };
    assert_eq!(ran.stdout_text(), "126\n", "the tool itself may not be executed there: {ran:?}");
    let allowed = format!("{allowed}:{}", bin.display());
    let Some(ran) = in_a_domain(&sandbox, &allowed, "probe exit 3") else { return };
    assert_eq!(ran.stdout_text(), "3\n", "{ran:?}");
}
