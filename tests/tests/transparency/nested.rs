//! Wherever a shell may call a tool, and a tool another tool.

use std::time::Duration;

use e2e::{Difference, Script, require_tool};

use crate::case::Stage;

pub fn in_the_shell(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "said=$(probe argv one; probe exit 3); echo \"$? $said\"
         coproc probe echo; echo through >&${COPROC[1]}; exec {COPROC[1]}>&-; read -r line <&${COPROC[0]}; echo $line; wait
         if probe exit 0 && ! probe exit 1 || probe exit 2; then echo logic; fi
         probe exit 4 | probe exit 5 | probe exit 6; echo ${PIPESTATUS[@]}
         set -e; (probe exit 8; echo never) || true; (exec probe exit 9) || echo $?; exec probe exit 7",
    )?;
    assert_eq!(ran.code(), Some(7), "{ran:?}");
    assert!(ran.stdout_text().contains("through\nlogic\n4 5 6\n"), "{ran:?}");
    Ok(())
}

pub fn calls_another(stage: &Stage) -> Result<(), Difference> {
    let outer =
        "#!/usr/bin/env bash\nprobe exit \"$1\"; echo \"$1 $?\"; probe argv within | wc -l; exec probe exit 5\n";
    let sandbox = stage.builder().script("outer", outer, "755").start();
    let script = "for i in {1..20}; do { outer $i; echo $?; } > said-$i 2>&1 & done; wait; cat said-*";
    let ran = sandbox.compare(Script::new(script).limit(Duration::from_secs(30)))?;
    assert!(ran.stdout_text().contains("7 7\n4\n5\n"), "{ran:?}");
    Ok(())
}

/// Not `_`: a shell puts the path there that it executes, and that is the shim's.
pub fn shell_variables(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "cd /; cd \"$HOME\"; bash -c 'probe env; :' | grep -nE ' (SHLVL|PWD|OLDPWD|HOME|LANG|PATH)='; probe env | grep -vc ' _='",
    )?;
    assert!(ran.stdout_text().contains("SHLVL=2"), "{ran:?}");
    Ok(())
}

/// Through make's job server, whose descriptors (or FIFO) its children share.
pub fn job_server(stage: &Stage) -> Result<(), Difference> {
    if require_tool("make").is_none() {
        return Ok(());
    }
    // Newer ones have a FIFO unless told otherwise.
    let pipe = "make --help | grep -q jobserver-style && style=--jobserver-style=pipe";
    let script = format!("{pipe}; outer $style -s -j3 all; echo $?; cat list");
    let script = Script::new(&script)
        .file("Makefile", "all: a b c\n\t+@probe descriptors > list\na b c:\n\t+@outer -s -f inner $@-inner\n")
        .file("inner", "%-inner:\n\t@echo $@ >> done-$@\n");
    let sandbox = stage.builder().script("outer", "#!/bin/sh\nexec make MAKE=outer \"$@\"\n", "755").start();
    let ran = sandbox.compare(script)?;
    assert_eq!((ran.stdout_text().starts_with("0\n"), ran.stderr_text().as_str()), (true, ""), "{ran:?}");
    Ok(())
}

/// Each is its own, and as many run at once as directly.
pub fn in_parallel(stage: &Stage) -> Result<(), Difference> {
    let script = "for i in {1..200}; do { probe exit $((i % 251)); echo $i $?; } > said-$i & done; wait; cat said-* | sort -n; rm said-*";
    let ran = stage.sandbox().compare(Script::new(script).limit(Duration::from_secs(60)))?;
    assert_eq!(ran.stdout_text().lines().count(), 200, "{ran:?}");
    Ok(())
}

/// Documented: a tool is not its caller's child, whose `time` and `times` lack what it used.
pub fn used_resources(stage: &Stage) -> Result<(), Difference> {
    let script = "TIMEFORMAT=%U; time probe burn 500; probe exit 3; echo $?";
    let sandbox = stage.sandbox();
    let (direct, gated) = (sandbox.direct(script), sandbox.gated(script));
    let used = |ran: &e2e::Ran| ran.stderr_text().trim().parse::<f64>().unwrap_or(f64::NAN);
    // Under a load it gets less of its time.
    let little = used(&gated) * 3.0 < used(&direct);
    Difference::unless_equal("the code", &direct.stdout_text(), &gated.stdout_text())?;
    Difference::unless_equal("used by the shim", "little", if little { "little" } else { "as much" })
}

/// Documented: a debugger that a caller puts on the shim sees the shim.
pub fn traced(stage: &Stage) -> Result<(), Difference> {
    if require_tool("strace").is_none() {
        return Ok(());
    }
    let script = "strace -f -e trace=execve -o trace probe exit 3; echo $?; grep -c execve trace; rm trace";
    let sandbox = stage.sandbox();
    let (direct, gated) = (sandbox.direct(script), sandbox.gated(script));
    assert_eq!(direct.stdout_text(), "3\n1\n", "{direct:?}");
    Difference::unless_equal("under strace", "3\n1\n", &gated.stdout_text())
}
