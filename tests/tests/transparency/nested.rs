//! Wherever a shell may call a tool, and a tool another tool.

use std::time::Duration;

use e2e::{Difference, Script};

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
