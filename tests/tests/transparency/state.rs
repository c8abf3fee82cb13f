//! What a process inherits beside descriptors.

use e2e::{Difference, require_tool};

use crate::case::Stage;

pub fn umask(stage: &Stage) -> Result<(), Difference> {
    let ran = stage
        .sandbox()
        .compare("for mask in 027 000 077; do umask $mask; probe umask; probe create made-$mask; done")?;
    assert_eq!(ran.stdout_text(), "umask 0027\numask 0000\numask 0077\n");
    assert_eq!(ran.files["made-027"].kind, "file 750");
    Ok(())
}

pub fn signals(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "probe status SigBlk SigIgn SigCgt
         plain launch block=USR1 block=TERM -- probe status SigBlk SigIgn SigCgt
         plain launch ignore=PIPE ignore=HUP block=CHLD ignore=CHLD -- probe status SigBlk SigIgn SigCgt
         trap '' INT; probe status SigBlk SigIgn SigCgt",
    )?;
    assert!(ran.stdout_text().contains("SigBlk:\t0000000000004200"), "{}", ran.stdout_text());
    assert!(ran.stdout_text().contains("11001\nSigCgt"), "{}", ran.stdout_text());
    Ok(())
}

pub fn deleted_folder(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("mkdir gone; cd gone; rmdir ../gone; probe cwd; probe exit 4; echo $?")?;
    assert!(ran.stdout_text().contains("getcwd error 2\n") && ran.stdout_text().contains("(deleted)"));
    Ok(())
}

pub fn limits(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "probe limits; ulimit -Sn 300; ulimit -Hn 400; ulimit -Sf 9999; ulimit -Ss 4096; ulimit -t 7000; probe limits
         ulimit -f 1; plain @2 witness probe generate 5000 > small",
    )?;
    assert!(ran.stdout_text().contains(" 300  "), "{ran:?}");
    assert_eq!(ran.stderr_text(), "killed 25\n", "by SIGXFSZ");
    Ok(())
}

pub fn nice(stage: &Stage) -> Result<(), Difference> {
    if ["ionice", "chrt"].into_iter().any(|tool| require_tool(tool).is_none()) {
        return Ok(());
    }
    let ran = stage.sandbox().compare(
        "probe nice; nice -n 5 probe nice; nice -n 19 probe nice; ionice -c 2 -n 6 probe nice; chrt -b 0 probe nice",
    )?;
    assert!(ran.stdout_text().contains("nice 19\n"), "{ran:?}");
    assert!(ran.stdout_text().contains("io priority 16390\n"), "{ran:?}");
    assert!(ran.stdout_text().contains("scheduler 3\n"), "{ran:?}");
    Ok(())
}

pub fn affinity(stage: &Stage) -> Result<(), Difference> {
    if require_tool("taskset").is_none() {
        return Ok(());
    }
    let first = "$(probe status Cpus_allowed_list | tr -dc '0-9 ,-' | tr ',-' '  ' | awk '{print $1}')";
    let ran = stage.sandbox().compare(
        format!("taskset -c {first} probe status Cpus_allowed Mems_allowed; probe status Cpus_allowed").as_str(),
    )?;
    assert!(ran.stdout_text().contains("Cpus_allowed:"), "{ran:?}");
    Ok(())
}

pub fn victim(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("probe nice; echo 500 > /proc/self/oom_score_adj; probe nice")?;
    assert!(ran.stdout_text().contains("\n500\n"), "{ran:?}");
    Ok(())
}

pub fn nohup(stage: &Stage) -> Result<(), Difference> {
    let ran = stage
        .sandbox()
        .compare("nohup probe status SigIgn; (trap '' HUP; probe status SigIgn; plain witness probe die HUP)")?;
    assert!(ran.stdout_text().contains("1\n"), "{ran:?}");
    Ok(())
}

/// The folder is the opened one, not its path: also where another one has that
/// path by now, and where the path is longer than the kernel takes.
pub fn linked_folder(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "mkdir -p real/deep; echo near > real/near; ln -s real/deep link
         cd link; probe cwd; probe cat ../near; probe create made; cd ..
         mkdir moved; cd moved; echo here > file; mv ../moved ../elsewhere; mkdir ../moved; probe cat file; probe cwd
         cd /; probe cwd; cd \"$OLDPWD/..\"
         mkdir replaced; cd replaced; rmdir ../replaced; mkdir ../replaced; probe cwd; cd \"$HOME/../work\"
         part=$(printf 'x%.0s' {1..200}); for i in {1..25}; do mkdir $part; cd $part; done 2> /dev/null
         echo far > far; probe cat far; probe cat ../$part/far; probe exit 6; echo $?; cd \"$HOME/../work\"; rm -r $part",
    )?;
    assert!(ran.stdout_text().contains("work/link\nnear\n"), "{}", ran.stdout_text());
    assert!(ran.stdout_text().contains("here\n"), "{}", ran.stdout_text());
    assert!(ran.stdout_text().ends_with("far\nfar\n6\n"), "{}", ran.stdout_text());
    Ok(())
}

/// Documented: a tool cannot go where its caller could not go either; it is refused, and
/// says why, where directly it would run in a folder that it cannot use.
pub fn sealed_folder(stage: &Stage) -> Result<(), Difference> {
    if require_tool("setpriv").is_none() {
        return Ok(());
    }
    // Root passes every folder's mode, but not without these.
    let weak = "setpriv --bounding-set=-dac_override,-dac_read_search";
    let script = format!("mkdir sealed; cd sealed; chmod 000 .; {weak} probe exit 3; echo $?; chmod 700 .");
    let sandbox = stage.sandbox();
    let (direct, gated) = (sandbox.direct(script.as_str()), sandbox.gated(script.as_str()));
    assert_eq!(direct.stdout_text(), "3\n", "{direct:?}");
    Difference::unless_equal("in a sealed folder", "125\n", &gated.stdout_text())?;
    assert!(gated.stderr_text().contains("it cannot go to its caller's folder: Permission denied"), "{gated:?}");
    Ok(())
}

/// Where the caller's group may be entered. Documented: where it may not be, and of
/// version 1's groups and the session keyring, the tool has the daemon's.
pub fn control_group(stage: &Stage) -> Result<(), Difference> {
    let Some(tree) = Tree::with_a_group() else { return Ok(()) };
    let script = format!(
        "echo $$ > {}/cgroup.procs; probe cat /proc/self/cgroup | grep ^0:; probe exit 4; echo $?",
        tree.0.display()
    );
    let ran = stage.sandbox().compare(script.as_str())?;
    assert!(ran.stdout_text().contains("tollgate-test") && ran.stdout_text().ends_with("4\n"), "{ran:?}");
    Ok(())
}

/// A control group of the test's own.
struct Tree(std::path::PathBuf);

impl Tree {
    fn with_a_group() -> Option<Self> {
        let trees = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(std::path::PathBuf::from);
        let tree = trees
            .into_iter()
            .find(|tree| tree.join("cgroup.procs").exists() && tree.join("cgroup.controllers").exists());
        let made = tree.map(|tree| tree.join(format!("tollgate-test-{}", std::process::id())));
        let made = made.filter(|group| std::fs::create_dir(group).is_ok());
        if made.is_none() {
            e2e::say("skipped: no control group can be made here\n");
        }
        made.map(Self)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}
