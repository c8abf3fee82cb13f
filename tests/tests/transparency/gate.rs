//! Where the gate itself answers in the tool's place.

use std::time::{Duration, Instant};

use e2e::{Difference, Sandbox};

use crate::case::Stage;

/// Documented: the codes are equal, the shell's words are not.
pub fn broken_tools(stage: &Stage) -> Result<(), Difference> {
    let sandbox = stage
        .builder()
        .wrap("missing")
        .script("plain-file", "#!/bin/sh\nexit 3\n", "644")
        .script("lost-interpreter", "#!/no/such/interpreter\n", "755")
        .script("text", "echo \"$0 $# $1\"; exit 4\n", "755")
        .script("nothing", "", "755")
        .start();
    // What no interpreter is named for is a shell's.
    let ran = sandbox.compare("text 'a b' ''; echo $?; env text; echo $?; nothing; echo $?; exec text -c exit")?;
    assert!(ran.code() == Some(4) && ran.stdout_text().contains("2 a b\n4\n"), "{ran:?}");
    for tool in ["missing", "plain-file", "lost-interpreter"] {
        let (direct, gated) = (sandbox.direct(tool), sandbox.gated(tool));
        Difference::unless_equal(tool, &format!("{:?}", direct.ending), &format!("{:?}", gated.ending))?;
        assert!(gated.stderr_text().starts_with("tollgate: "), "{}", gated.stderr_text());
    }
    Ok(())
}

/// Its stream, its code and its outcome are whole, though its daemon is killed while
/// it writes. (By a daemon of another version too: `line`, `versions`.)
pub fn daemon_killed(stage: &Stage) -> Result<(), Difference> {
    let script = "exec 3<&0; probe generate 20000000 | (head -c 1000000 | sha256sum; read -r <&3; sha256sum)
        echo ${PIPESTATUS[0]}; probe exit 0; echo $?";
    let mut sandbox = stage.sandbox();
    let direct = sandbox.direct(script);
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", script]).stdin(std::process::Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("-\n");
    sandbox.daemon().kill();
    running.type_line("");
    let ran = running.finish(Duration::from_secs(20));
    let whole = direct.stdout_text().replace("\n0\n0\n", "\n0\n125\n");
    Difference::unless_equal("the run's stream and end", &whole, &ran.stdout_text())?;
    sandbox.start_daemon();
    let ended = || sandbox.audit_of("outcome").len() + sandbox.audit_of("interrupted").len();
    sandbox.await_change("root/state/audit", || ended() > 0);
    let outcomes: Vec<_> = sandbox.audit_of("outcome").iter().map(|record| record["exit_code"].to_string()).collect();
    Difference::unless_equal("the outcomes", "0", &outcomes.join(" "))?;
    let shown = sandbox.ask(&["audit", "show", sandbox.audit_of("outcome")[0]["id"].as_str().unwrap_or_default()]);
    assert!(shown.stdout_text().contains("exit 0"), "{shown:?}");
    Ok(())
}

pub fn no_daemon(stage: &Stage) -> Result<(), Difference> {
    let mut sandbox = stage.builder().without_daemon();
    refuses(&sandbox, "a daemon that never was")?;
    sandbox.start_daemon();
    sandbox.compare("probe exit 0")?;
    sandbox.daemon().kill();
    refuses(&sandbox, "a daemon that was killed")
}

/// 125 and a sentence, in 100 ms at the best of five times: the machine may be busy.
fn refuses(sandbox: &Sandbox, what: &str) -> Result<(), Difference> {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let ran = sandbox.gated("probe exit 0; echo $?");
        best = best.min(start.elapsed());
        Difference::unless_equal(what, "125\n", &ran.stdout_text())?;
        assert!(ran.stderr_text().starts_with("tollgate: "), "{}", ran.stderr_text());
    }
    if best < Duration::from_millis(100) { Ok(()) } else { Err(Difference::new(what, "100 ms", format!("{best:?}"))) }
}
