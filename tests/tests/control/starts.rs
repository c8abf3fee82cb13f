//! What a shell in a session reads first: the session's own file is no evidence of
//! anything, a file that somebody has changed is.

use e2e::Sandbox;

use crate::LIMIT;

const READS: &str = "[[rule]]\nname = \"reads\"\nverdict = \"allow\"\ntier = 0\n";

#[test]
fn the_sessions_own_file_counts_as_long_as_it_is_unchanged() {
    let sandbox = Sandbox::builder(e2e::programs!()).policy("10-tests.toml", READS).start();
    let script = "bash -c 'echo one'; echo '# more' >> \"$BASH_ENV\"; bash -c 'echo two'; echo $?";
    let mut session = sandbox.tollgate(&["run", "--agent", "claude-code", "--tools", "bash", "--root"]);
    session.arg(sandbox.path("root")).args(["--", "sh", "-c", script]);
    let ran = sandbox.run_command(session, LIMIT);
    assert_eq!(ran.stdout, b"one\n126\n", "{ran:?}");
    let refused = sandbox.audit_of("refused");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0]["rationale"].as_str().is_some_and(|why| why.starts_with("`BASH_ENV` is set")), "{refused:?}");
}
