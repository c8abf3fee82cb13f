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
        .start();
    for tool in ["missing", "plain-file", "lost-interpreter"] {
        let (direct, gated) = (sandbox.direct(tool), sandbox.gated(tool));
        Difference::unless_equal(tool, &format!("{:?}", direct.ending), &format!("{:?}", gated.ending))?;
        assert!(gated.stderr_text().starts_with("tollgate: "), "{}", gated.stderr_text());
    }
    Ok(())
}

/// Its streams, its code and its outcome are whole.
pub fn daemon_killed(stage: &Stage) -> Result<(), Difference> {
    let mut sandbox = stage.sandbox();
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command
        .args(["-c", "mkfifo gate; exec 3<&0; (read -r <&3; echo go > gate) & probe wait gate runs; echo $?; probe exit 0; echo $?"])
        .stdin(std::process::Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("runs\n");
    sandbox.daemon().kill();
    running.type_line("");
    let ran = running.finish(Duration::from_secs(10));
    Difference::unless_equal("the run's end", "runs\n0\n125\n", &ran.stdout_text())?;
    sandbox.start_daemon();
    let ended = || sandbox.audit_of("outcome").len() + sandbox.audit_of("interrupted").len();
    sandbox.await_change("root/state/audit", || ended() > 0);
    let outcomes: Vec<_> = sandbox.audit_of("outcome").iter().map(|record| record["exit_code"].to_string()).collect();
    Difference::unless_equal("the outcomes", "0", &outcomes.join(" "))
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
