//! Which descriptors the tool has, where, and whose they are.

use e2e::{Difference, Script};

use crate::case::Stage;

pub fn process_substitution(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("probe cat <(echo within); probe argv <(:)")?;
    assert!(ran.stdout_text().starts_with("within\n"), "{}", ran.stdout_text());
    assert!(ran.stdout_text().contains("/dev/fd/6"), "{}", ran.stdout_text());
    Ok(())
}

pub fn numbers(stage: &Stage) -> Result<(), Difference> {
    let script =
        Script::new("probe descriptors; probe descriptors 8<in 9>out 20>&9 200<&8 3>&1; probe descriptors < in | cat");
    let ran = stage.sandbox().compare(script.file("in", "text"))?;
    assert!(ran.stdout_text().contains("\n200 "), "{}", ran.stdout_text());
    assert!(ran.stdout_text().contains(" twin of 8\n"), "{}", ran.stdout_text());
    Ok(())
}

pub fn closed(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "probe descriptors <&-
         probe @2 descriptors >&-
         probe descriptors 2>&-
         probe @7 descriptors 7> list <&- >&- 2>&-
         probe exit 9 <&- >&- 2>&-; echo $?",
    )?;
    assert!(ran.file_text("list").starts_with("7 "), "{}", ran.file_text("list"));
    assert!(ran.stdout_text().starts_with("1 pipe"), "{}", ran.stdout_text());
    Ok(())
}

pub fn dev_null(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("probe descriptors < /dev/null; probe echo < /dev/null; echo $?")?;
    assert!(ran.stdout_text().starts_with("0 /dev/null"), "{}", ran.stdout_text());
    assert!(ran.stdout_text().ends_with("\n0\n"), "{}", ran.stdout_text());
    Ok(())
}

pub fn lock(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("exec 9> lock; plain flock 9; probe flock 9; exec 8> lock; probe flock 8")?;
    assert_eq!(ran.stdout_text(), "locked\nlocked\nlock error 11\n");
    Ok(())
}

pub fn offset(stage: &Stage) -> Result<(), Difference> {
    let script =
        Script::new("exec 7< in; probe read 7 4; plain read 7 4; probe offset 7; probe read 7 4; plain offset 7");
    let ran = stage.sandbox().compare(script.file("in", "one two three four"))?;
    assert_eq!(ran.stdout_text(), "read one \nread two \noffset 8\nread thre\noffset 12\n");
    Ok(())
}

pub fn append(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "echo first > log; probe write 1 second >> log
         exec 8>> log; probe write 8 lost; : > log; probe write 8 kept; probe flags 8
         echo long text > short; probe write 1 x > short",
    )?;
    assert_eq!((ran.file_text("log").as_str(), ran.file_text("short").as_str()), ("kept", "x"));
    Ok(())
}

/// Neither is the flag changed for the tool's time, nor is the tool's own change lost.
pub fn nonblocking(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "mkfifo pipe gate; exec 8<> pipe
         plain nonblock 8 on; probe flags 8; plain flags 8
         plain nonblock 8 off; probe flags 8; plain flags 8
         probe nonblock 8 on; plain flags 8; plain nonblock 8 off
         probe wait gate & { plain flags 8; plain flags 8 > gate; }; wait
         plain generate 300000 | { probe echo | cat; } | wc -c",
    )?;
    assert!(ran.stdout_text().contains(" nonblocking\n") && ran.stdout_text().contains(" blocking\n"));
    Ok(())
}

/// More than one message takes, and numbers above a thousand.
pub fn many(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "for n in {10..400}; do eval \"exec $n< /dev/null\"; done; exec 1005> out 1022>&1005
         probe descriptors > listed; probe write 1005 first; probe write 1022 second; probe exit 3; echo $?",
    )?;
    assert!(ran.file_text("listed").contains("\n1022 "), "{}", ran.file_text("listed"));
    assert_eq!((ran.file_text("out").as_str(), ran.stdout_text().as_str()), ("firstsecond", "3\n"));
    Ok(())
}

/// Documented: the shim needs three descriptors. With three free all is equal; with fewer
/// the gate says so. (Most programs need one themselves, to open their libraries.)
pub fn few(stage: &Stage) -> Result<(), Difference> {
    let sandbox = stage.sandbox();
    let script = |more: &str| {
        let text = format!("ulimit -n 10; exec 3< in 4< in 5< in 6< in {more}; probe descriptors; probe exit 3");
        Script::new(&text).file("in", "text")
    };
    sandbox.compare(script(""))?;
    let (direct, gated) = (sandbox.direct(script("7< in")), sandbox.gated(script("7< in")));
    assert_eq!(direct.code(), Some(3), "{direct:?}");
    Difference::unless_equal("with two free descriptors", "Some(125)", &format!("{:?}", gated.code()))?;
    assert!(gated.stderr_text().contains("the shim needs three descriptors of its own"), "{gated:?}");
    Ok(())
}
