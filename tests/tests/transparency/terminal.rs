//! What a person at a terminal sees, driven through an interactive bash.
//!
//! The screens are compared line by line in alphabetical order; the steps hold
//! the order of what matters. Keys: `\x03` Ctrl-C, `\x04` Ctrl-D, `\x1a` Ctrl-Z,
//! `\x1c` Ctrl-\.

use e2e::{Difference, Shell};

use crate::case::Stage;

pub fn interrupt(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.line("probe first-signal 300");
        shell.until("ready");
        shell.keys("\x03");
        shell.prompt();
        shell.done("echo code $?");
    })?;
    assert!(shown.contains("INT 1") && shown.contains("code 0"), "{shown}");
    Ok(())
}

/// What a shell sends to a job, it sends to the whole process group.
pub fn job_signals(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        for signal in ["INT", "TERM", "USR1"] {
            shell.line("probe first-signal 300 &");
            shell.until("ready");
            shell.line(&format!("kill -{signal} %1; wait %1; echo job $?"));
            shell.until(&format!("{signal} 1"));
            shell.until("job 0");
            shell.line("probe first-signal 300 &");
            shell.until("ready");
            shell.line(&format!("kill -{signal} $!; wait $!; echo process $?"));
            shell.until(&format!("{signal} 1"));
            shell.until("process 0");
        }
        // Long enough for it to start on a crowded machine.
        shell.line("timeout 3 probe steady; echo late $?");
        shell.until("late 124");
    })?;
    assert!(!shown.contains(" 2\n"), "{shown}");
    Ok(())
}

pub fn default_interrupt(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.line("bash -c 'probe steady; echo went on'");
        shell.until("runs");
        shell.keys("\x03");
        shell.prompt();
        shell.done("echo code $?");
        shell.line("for i in 1 2 3; do probe steady; echo not $i; done");
        shell.until("runs");
        shell.keys("\x03");
        shell.prompt();
        shell.done("echo code $?");
    })?;
    assert_eq!(shown.matches("code 130").count(), 2, "{shown}");
    assert!(!shown.lines().any(|line| line == "went on" || line == "not 1"), "{shown}");
    Ok(())
}

pub fn quit_and_end_of_input(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.done("ulimit -c 0");
        shell.line("probe steady");
        shell.until("runs");
        shell.keys("\x1c");
        shell.prompt();
        shell.done("echo code $?");
        shell.line("probe echo; echo ended $?");
        shell.line("typed here");
        shell.until("typed here\r\ntyped here");
        shell.keys("\x04");
        shell.until("ended 0");
        shell.prompt();
    })?;
    assert!(shown.contains("code 131") && shown.contains("Quit"), "{shown}");
    Ok(())
}

pub fn job_control(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.line("probe steady");
        shell.until("runs");
        for _ in 0..3 {
            suspend(shell);
            shell.done("jobs");
            shell.line("fg");
            shell.until("continued");
        }
        suspend(shell);
        in_background(shell);
        shell.done("kill -STOP %1; wait %1; echo waited $?");
        shell.line("fg");
        shell.until("continued");
        shell.keys("\x03");
        shell.prompt();
        shell.done("echo code $?");
    })?;
    assert!(shown.contains("Running") && shown.contains("waited 147") && shown.contains("code 130"), "{shown}");
    Ok(())
}

/// Sent on behind the shell.
fn in_background(shell: &mut Shell) {
    shell.line("bg");
    shell.prompt_and("continued");
    shell.done("jobs");
}

/// Runs it as a job that ends. Without `set -b` the shell tells of that end or not,
/// as it comes before a `wait` or in it.
fn behind(shell: &mut Shell, command: &str) {
    shell.done("set -b");
    shell.line(&format!("{command} &"));
    shell.until("Done");
    shell.until("\r\n");
    shell.settle();
}

fn suspend(shell: &mut Shell) {
    shell.keys("\x1a");
    shell.until("Stopped");
    shell.prompt();
}

pub fn background_read(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.done("probe ask & wait $!; echo waited $?");
        shell.done("jobs");
        shell.line("fg");
        shell.until("continued");
        shell.line("an answer");
        shell.until("got an answer");
        shell.prompt();
        shell.done("echo code $?");
    })?;
    assert!(shown.contains("Stopped") && shown.contains("code 0"), "{shown}");
    Ok(())
}

pub fn background_write(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.done("stty tostop; probe interleave 1 & wait $!; echo waited $?");
        shell.done("jobs");
        shell.line("fg");
        shell.until("err 0");
        shell.prompt();
        shell.done("stty -tostop; echo code $?");
    })?;
    assert!(shown.contains("Stopped") && shown.contains("out 0"), "{shown}");
    Ok(())
}

pub fn window(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.resize(24, 80);
        shell.line("probe window");
        shell.until("size 24x80");
        shell.resize(40, 132);
        shell.until("WINCH 1 size 40x132");
        shell.prompt();
    })?;
    assert!(shown.contains("WINCH 1"), "{shown}");
    Ok(())
}

/// In the foreground, in the background, and stopped: each tool hears of it.
pub fn hang_up(stage: &Stage) -> Result<(), Difference> {
    let sandbox = stage.sandbox();
    let heard = |name: &str| sandbox.work_file(name).contains("HUP ");
    sandbox.on_terminals(|shell| {
        shell.line("probe @9 heard 9> behind & probe @9 heard 9> front");
        assert_on(&sandbox, "front", "ready");
        assert_on(&sandbox, "behind", "ready");
        shell.hang_up();
        for name in ["front", "behind"] {
            sandbox.comes_to_hold("work", || heard(name));
        }
    })?;
    Ok(())
}

/// A stopped job whose shell is killed is orphaned: the kernel hangs it up and continues it.
pub fn orphaned(stage: &Stage) -> Result<(), Difference> {
    let sandbox = stage.sandbox();
    sandbox.on_terminals(|shell| {
        shell.line("probe @9 heard 9> said");
        assert_on(&sandbox, "said", "ready");
        suspend(shell);
        shell.line("kill -KILL $$");
        sandbox.comes_to_hold("work", || sandbox.work_file("said").contains("HUP "));
        shell.hang_up();
    })?;
    Ok(())
}

fn assert_on(sandbox: &e2e::Sandbox, name: &str, text: &str) {
    sandbox.comes_to_hold("work", || sandbox.work_file(name).contains(text));
}

pub fn password(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.line("probe password < /dev/null > /dev/null 2>&1");
        shell.until("secret: ");
        shell.line("hidden");
        shell.until("6 letters");
        shell.prompt();
        shell.line("probe password");
        shell.until("secret: ");
        shell.keys("\x03");
        shell.prompt();
        shell.done("echo code $?; stty -a | grep -ow -e '-*echo'");
    })?;
    assert!(!shown.contains("hidden") && shown.contains("code 130") && shown.contains("\necho"), "{shown}");
    Ok(())
}

pub fn pipelines(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.line("probe steady | probe echo");
        shell.until("runs");
        suspend(shell);
        shell.done("jobs");
        shell.line("fg");
        shell.until("continued");
        suspend(shell);
        in_background(shell);
        shell.line("fg");
        // A key that signals also throws away what was not read from the screen.
        shell.until("probe echo");
        shell.until_in_front();
        shell.keys("\x03");
        shell.prompt();
        shell.done("echo code ${PIPESTATUS[@]}");
    })?;
    assert!(shown.contains("code 130"), "{shown}");
    Ok(())
}

/// What is typed while the tool does not read is the shell's.
pub fn type_ahead(stage: &Stage) -> Result<(), Difference> {
    let sandbox = stage.sandbox();
    let shown = sandbox.on_terminals(|shell| {
        shell.done("mkfifo gate");
        shell.line("probe wait gate runs");
        shell.until("runs\r\n");
        shell.line("echo typed $((40 + 2))");
        shell.until("+ 2))");
        std::fs::write(sandbox.path("work/gate"), "").expect("a tool that waits");
        shell.until("typed 42");
        shell.prompt();
    })?;
    assert!(shown.contains("typed 42"), "{shown}");
    Ok(())
}

pub fn terminal_modes(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.done("bash -c 'probe exit 0 & stty -a; wait; stty -a'");
        behind(shell, "probe exit 0");
        shell.done("stty -a");
    })?;
    assert!(shown.contains("echo"), "{shown}");
    Ok(())
}

pub fn each_stream(stage: &Stage) -> Result<(), Difference> {
    let shown = stage.sandbox().on_terminals(|shell| {
        shell.done("probe terminal");
        shell.done("probe terminal < /dev/null");
        shell.done("probe terminal 2> errors | cat");
        shell.done("probe terminal > out; probe @2 terminal >&- <&-");
        behind(shell, "(probe terminal)");
        shell.done("probe descriptors");
    })?;
    assert!(shown.contains("0 terminal 1 ours true front true"), "{shown}");
    Ok(())
}
