//! Arguments and environment, byte for byte.

use std::time::Duration;

use e2e::{Difference, Ran, Script};

use crate::case::Stage;

pub fn another_name(stage: &Stage) -> Result<(), Difference> {
    let ran = stage
        .sandbox()
        .compare("(exec -a weird probe argv); (exec -a '' probe argv one); (exec -a -login probe argv)")?;
    assert!(ran.stdout_text().contains(" weird\n"), "{}", ran.stdout_text());
    Ok(())
}

pub fn bytes(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(r"probe argv $'\377\376' $'\xc3\x28' $'a\nb\tc' $'\e[31m' 'é'")?;
    assert!(ran.stdout_text().contains("fffe "), "{}", ran.stdout_text());
    Ok(())
}

pub fn empty(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("probe argv '' a '' '' b ''; probe argv; probe argv ''")?;
    assert!(ran.stdout_text().starts_with("8\n"), "{}", ran.stdout_text());
    Ok(())
}

pub fn none(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare("plain launch no-arguments -- probe; echo $?")?;
    assert_eq!(ran.stdout_text(), "1\n \n0\n", "the kernel puts an empty name in");
    Ok(())
}

/// 1.8 MB pass; above the kernel's limit the shell says so, by the path that it executes.
pub fn long(stage: &Stage) -> Result<(), Difference> {
    let script = Script::new(
        "words() { for ((i = 0; i < $1; i++)); do printf '%0999d ' 7; done; }
         probe argv $(words 1800) '' | sha256sum; echo ${PIPESTATUS[@]}
         LONG=$(words 120) probe env | grep -v ' _=' | sha256sum; echo ${PIPESTATUS[@]}
         probe argv $(words 2300); echo $?",
    );
    let even = |ran: &mut Ran| {
        let text = ran.stderr_text().replace("/front/", "/bin/");
        ran.stderr = text.into_bytes();
    };
    let ran = stage.sandbox().compare_after(script.limit(Duration::from_secs(30)), even)?;
    assert!(ran.stdout_text().ends_with("0 0 0\n126\n"), "{ran:?}");
    assert!(ran.stderr_text().contains("Argument list too long"), "{ran:?}");
    Ok(())
}

pub fn environment(stage: &Stage) -> Result<(), Difference> {
    let ran = stage.sandbox().compare(
        "plain launch odd-environment -- probe env
         env -i PATH=\"$PATH\" probe env
         env -i PATH=\"$PATH\" B=2 A=1 probe env",
    )?;
    assert!(ran.stdout_text().contains("no equals sign\n"), "{}", ran.stdout_text());
    assert!(ran.stdout_text().contains("TWICE=one\n"), "{}", ran.stdout_text());
    Ok(())
}
