//! Pipes, files and bytes.

use std::time::Duration;

use e2e::{Difference, Script};

use crate::case::Stage;

pub fn head_ends_yes(stage: &Stage) -> Result<(), Difference> {
    let ran = stage
        .sandbox()
        .compare("probe yes | head -n 1; echo ${PIPESTATUS[@]}; plain @2 witness probe yes | head -n 1")?;
    assert_eq!((ran.stdout_text().as_str(), ran.stderr_text().as_str()), ("y\n141 0\ny\n", "killed 13\n"));
    Ok(())
}

/// The writer must see the end while the tool still runs: it is what lets the tool end.
pub fn stdin_closed_early(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "mkfifo gate; { plain yes 2> said; echo writer $? > gate; } | probe close 0 gate; echo ${PIPESTATUS[@]}",
    )?;
    assert_eq!((ran.stdout_text().as_str(), ran.stderr_text().as_str()), ("0 0\n", "writer 141\n"));
    Ok(())
}

/// The reader must see the end while the tool still runs: it is what lets the tool end.
pub fn stdout_closed_early(stage: &Stage) -> Result<(), Difference> {
    let ran = stage
        .sandbox()
        .compare("mkfifo gate; probe close 1 gate | { cat; echo the end > gate; }; echo ${PIPESTATUS[@]}")?;
    assert_eq!((ran.stdout_text().as_str(), ran.stderr_text().as_str()), ("0 0\n", "the end\n"));
    Ok(())
}

pub fn binary(stage: &Stage) -> Result<(), Difference> {
    let every: Vec<u8> = (0..=255).cycle().take(256 * 33 + 7).collect();
    let ran =
        stage.sandbox().compare(Script::new("probe echo < in > out; probe echo < in").file("in", every.clone()))?;
    assert_eq!(ran.stdout, every);
    assert_eq!(ran.files["out"].bytes, every);
    Ok(())
}

pub fn fifty_megabytes(stage: &Stage) -> Result<(), Difference> {
    let script = Script::new("plain generate 52428800 | probe echo | sha256sum; echo ${PIPESTATUS[@]}");
    let ran = stage.sandbox().compare(script.limit(Duration::from_secs(40)))?;
    assert!(ran.stdout_text().ends_with("0 0 0\n"), "{}", ran.stdout_text());
    Ok(())
}

pub fn here_document(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("probe echo <<END\none $((1 + 1))\nEND\nprobe echo <<< three")?;
    assert_eq!(ran.stdout_text(), "one 2\nthree\n");
    Ok(())
}

/// The tool's end is seen at once, its grandchild's output when that comes.
pub fn grandchild_holds_stdout(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("mkfifo gate; { probe hold gate; echo ended $?; echo go > gate; } | cat")?;
    assert_eq!((ran.stdout_text().as_str(), ran.stderr_text().as_str()), ("ended 0\nlate\n", "go\n"));
    Ok(())
}

pub fn order(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "probe interleave 50 > both 2>&1; probe interleave 3 > out 2> err; probe interleave 50 2>&1 | cat; probe interleave 2",
    )?;
    assert!(ran.file_text("both").starts_with("out 0\nerr 0\nout 1\n"), "{}", ran.file_text("both"));
    assert_eq!(
        (ran.file_text("err").as_str(), ran.stderr_text().as_str()),
        ("err 0\nerr 1\nerr 2\n", "err 0\nerr 1\n")
    );
    Ok(())
}
