//! Signals: what is sent to the shim is the tool's, once.

use e2e::{Difference, Ran, Script};

use crate::case::Stage;
use crate::exit::without_numbers;

/// `timeout` signals its child and then the child's group. Documented: what one
/// sender sends again within 20 ms is one signal; a tool that is called directly may see two.
pub fn timeout(stage: &Stage) -> Result<(), Difference> {
    let sandbox = stage.sandbox();
    let script = "timeout 2 probe first-signal 300; echo $?; timeout -s INT 2 probe first-signal 300; echo $?";
    let twice_is_once = |ran: &mut Ran| {
        let text = ran.stdout_text().replace("TERM 2", "TERM 1").replace("INT 2", "INT 1");
        ran.stdout = text.into_bytes();
    };
    let ran = sandbox.compare_after(script, twice_is_once)?;
    assert_eq!(ran.stdout_text(), "ready\nTERM 1\n124\nready\nINT 1\n124\n");
    let ran = sandbox.gated(
        "mkfifo said; for i in {1..5}; do
         probe first-signal 60 > said & process=$!; exec 3< said; read -r ready <&3
         plain pester $process TERM; cat <&3; wait $process; done",
    );
    // More than one of five: on a busy machine 20 ms may pass in between.
    let once = ran.stdout_text().lines().filter(|line| *line == "TERM 1").count();
    if once >= 3 {
        Ok(())
    } else {
        Err(Difference::new("a signal sent twice at once", "TERM 1, five times", ran.stdout_text()))
    }
}

/// Documented: a shim that was killed cannot say so; the tool is asked to end, and
/// has ended when its ladder is through.
pub fn killed(stage: &Stage) -> Result<(), Difference> {
    let script = "mkfifo gate; exec 3> >(cat; echo gone > gone); left=$!
         timeout -s KILL 0.3 probe wait gate 3>&3; echo $?; exec 3>&-; wait $left; cat gone";
    let ran = stage.sandbox().compare_after(script, |ran| ran.stderr = without_numbers(&ran.stderr))?;
    assert_eq!(ran.stdout_text(), "137\ngone\n");
    Ok(())
}

/// Documented: the shim is gone at once, its tool gets SIGINT first; the record has the tool's own end.
pub fn shim_killed(stage: &Stage) -> Result<(), Difference> {
    let sandbox = stage.sandbox();
    let ran = sandbox.gated(
        "mkfifo said; probe first-signal 100 > said & process=$!; exec 3< said; read -r ready <&3
         kill -KILL $process; wait $process; echo $?; cat <&3",
    );
    Difference::unless_equal("what the caller and the tool saw", "137\nINT 1\n", &ran.stdout_text())?;
    sandbox.await_records("outcome", 1);
    Difference::unless_equal("the recorded code", "0", &sandbox.audit_of("outcome")[0]["exit_code"].to_string())
}

pub fn background(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "mkfifo said; for signal in USR1 TERM HUP; do
         probe first-signal 200 > said & process=$!; exec 3< said; read -r ready <&3
         kill -$signal $process; echo $ready; cat <&3; wait $process; echo $?; done
         probe wait said & kill -TERM $!; wait $!; echo $?",
    )?;
    assert_eq!(ran.stdout_text(), "ready\nUSR1 1\n0\nready\nTERM 1\n0\nready\nHUP 1\n0\n143\n");
    Ok(())
}

/// Documented: SIGSTOP sent to the shim stops the shim alone. One that stops the tool is seen by its caller.
pub fn stopped(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("plain witness probe stop STOP; plain witness probe stop STOP; echo $?")?;
    assert_eq!(ran.stdout_text(), "goes on\nstopped 19\nexited 0\n".repeat(2) + "0\n");
    Ok(())
}

/// The tool runs as soon as it can act: a signal to its caller is the tool's from then on.
pub fn at_the_start(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "for i in {1..20}; do for signal in TERM HUP USR1; do
         (exec bash -c 'exec probe signal $$ '$signal); echo $?; done; done | sort | uniq -c",
    )?;
    assert_eq!(ran.stdout_text().split_whitespace().collect::<Vec<_>>().join(" "), "60 0 20 HUP 1 20 TERM 1 20 USR1 1");
    Ok(())
}

pub fn after_exec(stage: &Stage) -> Result<(), Difference> {
    let script = Script::new(
        "mkfifo said; bash -c 'exec probe first-signal 200' > said & process=$!; exec 3< said; read -r ready <&3
         kill -TERM $process; echo $ready; cat <&3; wait $process; echo $?",
    );
    let ran = stage.sandbox().compare(script)?;
    assert_eq!(ran.stdout_text(), "ready\nTERM 1\n0\n");
    Ok(())
}
