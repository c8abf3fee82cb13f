//! Codes, deaths, and what is left behind.

use e2e::{Difference, Ran, Script, require_tool};

use crate::case::Stage;

pub fn codes(stage: &Stage) -> Result<(), Difference> {
    let ran = stage
        .sandbox()
        .compare("for code in 0 1 7 126 127 128 255; do probe exit $code; echo $?; done; probe exit 42")?;
    assert_eq!((ran.stdout_text().as_str(), ran.code()), ("0\n1\n7\n126\n127\n128\n255\n", Some(42)));
    Ok(())
}

pub fn deaths(stage: &Stage) -> Result<(), Difference> {
    let script =
        "for signal in HUP INT QUIT ABRT SEGV PIPE TERM KILL USR1; do probe die $signal; echo $signal $?; done";
    let ran = stage.sandbox().compare_after(script, |ran| ran.stderr = without_numbers(&ran.stderr))?;
    assert_eq!(
        ran.stdout_text(),
        "HUP 129\nINT 130\nQUIT 131\nABRT 134\nSEGV 139\nPIPE 141\nTERM 143\nKILL 137\nUSR1 138\n"
    );
    assert!(ran.stderr_text().contains("Segmentation fault"), "{}", ran.stderr_text());
    Ok(())
}

/// The shell names the process: `bash: line 1:  4242 Killed`, filled up with spaces.
pub fn without_numbers(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let words = text.lines().map(|line| {
        let words = line.split_whitespace().filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
        words.collect::<Vec<_>>().join(" ") + "\n"
    });
    words.collect::<String>().into_bytes()
}

pub fn python(stage: &Stage) -> Result<(), Difference> {
    if require_tool("python3").is_none() {
        return Ok(());
    }
    let ran = stage.sandbox().compare(
        "python3 -c 'import subprocess as s; print([s.run([\"probe\", *w.split()]).returncode \
         for w in (\"die TERM\", \"die KILL\", \"exit 143\")])'",
    )?;
    assert_eq!(ran.stdout_text(), "[-15, -9, 143]\n");
    Ok(())
}

/// The tool's memory is in the one core file that there is. Documented: the shim
/// dies without one, so the shell's words lack `(core dumped)`.
pub fn core_dump(stage: &Stage) -> Result<(), Difference> {
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if pattern.starts_with('|') || pattern.contains('/') || pattern.contains('%') {
        e2e::say("skipped: cores do not go to the working directory here\n");
        return Ok(());
    }
    let script = "ulimit -c unlimited || exit; probe dump; echo $?; ls | wc -l; cat core* | grep -ac memory-of-the-tool-itself; rm core*";
    let even = |ran: &mut Ran| {
        let words = String::from_utf8_lossy(&without_numbers(&ran.stderr)).replace("(core dumped) ", "");
        ran.stderr = words.into_bytes();
    };
    let ran = stage.sandbox().compare_after(script, even)?;
    assert!(ran.code() != Some(0) || ran.stdout_text() == "134\n1\n1\n", "{ran:?}");
    Ok(())
}

pub fn background(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "probe exit 5 & wait $!; echo $?
         probe exit 6 & probe exit 7 & wait; echo $?
         probe status SigIgn & wait
         probe descriptors & wait",
    )?;
    assert!(ran.stdout_text().starts_with("5\n0\nSigIgn:"), "{}", ran.stdout_text());
    assert!(ran.stdout_text().contains("06\n0 /dev/null"), "{}", ran.stdout_text());
    Ok(())
}

/// Documented: the parent of the daemonised process is the supervisor, not init.
pub fn daemonised(stage: &Stage) -> Result<(), Difference> {
    let script = Script::new(
        "mkfifo gate done; probe daemonise $PWD/gate $PWD/done; echo ended $?; echo go > gate; cat done > said
         read -r _ session < said; echo $session; tail -n 1 said > parent; rm said",
    );
    let sandbox = stage.sandbox();
    let (direct, mut gated) = (sandbox.direct(script.clone()), sandbox.gated(script));
    assert_eq!(direct.stdout_text(), "ended 0\nkept\n");
    Difference::unless_equal("the parent", "parent tollgate-superv\n", &gated.file_text("parent"))?;
    gated.files.clone_from(&direct.files);
    Difference::between(&direct, &gated)
}
