//! Everyday tools behind the gate.

use e2e::{Sandbox, require_tool};

/// A gate that lets these tools do everything.
pub(crate) fn allowing(tools: &[&str]) -> Sandbox {
    let policy = "[[rule]]\nname = \"all\"\nverdict = \"allow\"\ntier = [\"0..4\", \"unknown\"]\n";
    let builder = Sandbox::builder(e2e::programs!()).policy("10-tests.toml", policy);
    tools.iter().fold(builder, |builder, tool| builder.wrap(tool)).start()
}

#[test]
fn git_log_ends_quietly_when_head_has_enough() {
    if require_tool("git").is_none() {
        return;
    }
    let sandbox = allowing(&["git"]);
    let script = "export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z
        git init -q -b main . && git config user.email t@example.org && git config user.name T
        for i in 1 2 3; do git commit -q --allow-empty -m \"commit $i\"; done
        git log --oneline | head -n 1; git rev-list --count HEAD; git no-such-command 2> /dev/null; echo $?; rm -rf .git";
    let ran = sandbox.compare(script).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(ran.stdout_text().contains("commit 3\n3\n1\n"), "{ran:?}");
}

#[test]
fn python_runs_as_it_would_directly() {
    if require_tool("python3").is_none() {
        return;
    }
    let sandbox = allowing(&["python3"]);
    let script = "python3 -c 'import sys, os; print(sys.argv, os.getcwd(), sys.stdin.read(), os.environ[\"HOME\"]); sys.exit(3)' a '' b <<< text
        echo $?; python3 -c 'import sys; print(\"é\", sys.stdout.encoding)'; echo 'print(1+1)' | python3";
    let ran = sandbox.compare(script).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(ran.stdout_text().ends_with("utf-8\n2\n"), "{ran:?}");
}

#[test]
fn a_make_job_server_reaches_through_a_wrapped_make() {
    if require_tool("make").is_none() {
        return;
    }
    let sandbox = allowing(&["make"]);
    let script = e2e::Script::new("make -s -j3 all; echo $?")
        .file("Makefile", "all: a b c\na b c:\n\t@$(MAKE) -s -f inner $@-inner\n")
        .file("inner", "%-inner:\n\t@echo $@ >> done-$@\n");
    let ran = sandbox.compare(script).unwrap_or_else(|difference| panic!("{difference}"));
    assert_eq!((ran.stdout_text().as_str(), ran.stderr_text().as_str()), ("0\n", ""));
}
