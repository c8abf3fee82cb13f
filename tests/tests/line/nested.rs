//! Calls from within a call: each is judged, knows its parent, and none goes in circles.

use e2e::{Builder, Sandbox, Script};

use crate::builder;

const ALLOW: &str = "[[rule]]\nname = \"all\"\nverdict = \"allow\"\ntier = [\"0..4\", \"unknown\"]\n";

/// As a version manager's shim: executes the next of its name on PATH but its own.
const MANAGER: &str = "#!/bin/bash
own=$(dirname \"$0\"); IFS=:
for folder in $PATH; do
  [ \"$folder\" = \"$own\" ] || [ ! -x \"$folder/managed\" ] || exec \"$folder/managed\" \"$@\"
done
echo nothing behind; exit 127
";

fn managed() -> Builder {
    builder().policy("20-all.toml", ALLOW).script("managed", MANAGER, "755")
}

fn binaries(sandbox: &Sandbox) -> Vec<String> {
    let of = |record: &serde_json::Value| sandbox.evened(record["binary"].as_str().unwrap_or_default());
    sandbox.audit_of("intent").iter().map(of).collect()
}

#[test]
fn behind_a_version_manager_the_final_program_runs_and_is_recorded() {
    let sandbox = managed().start();
    let script =
        "mkdir more; printf '#!/bin/sh\\necho final $# \"$1\"; exit 6\\n' > more/managed; chmod 755 more/managed
        PATH=$PATH:$PWD/more; managed 'a b' c; echo $?; rm -r more";
    let ran = sandbox.compare(script).unwrap_or_else(|difference| panic!("{difference}"));
    assert_eq!(ran.stdout_text(), "final 2 a b\n6\n");
    assert_eq!(binaries(&sandbox), ["SANDBOX/bin/managed", "SANDBOX/work/more/managed"]);
    let intents = sandbox.audit_of("intent");
    assert_eq!(intents[1]["parent"], intents[0]["id"], "{intents:?}");
}

#[test]
fn a_version_manager_with_nothing_behind_it_does_not_go_in_circles() {
    let sandbox = managed().start();
    let ran = sandbox.gated(Script::new("managed x; echo $?").limit(std::time::Duration::from_secs(20)));
    assert_eq!(ran.stdout_text(), "127\n", "{ran:?}");
    assert!(ran.stderr_text().contains("no program `managed` on PATH beside the shim"), "{ran:?}");
    assert_eq!(sandbox.audit_of("intent").len(), 2);
}

/// However our shim is called again: by a symlink, by a copy, before or behind itself.
#[test]
fn no_way_to_the_shim_is_a_way_in_circles() {
    let sandbox = builder().start();
    // A shim asks the gate that is named beside it.
    let script = "shim=$(command -v probe); mkdir a b c; cp -L $shim a/probe; ln -s $shim b/probe; ln $(readlink -f $shim) c/probe
        for gate in a b c; do cp -P ${shim%/*}/.gate $gate/; done
        for before in a b c a:b:c c:b:a; do PATH=$before:$PATH probe exit 3; echo $?; done; rm ?/.gate
        for behind in a b c; do PATH=$PATH:$PWD/$behind probe exit 4; echo $?; done
        PATH=${shim%/*}:$PWD/a:$PWD/b:$PWD/c:${PATH#*:} probe exit 5; echo $?; rm -r a b c";
    let ran = sandbox.gated(Script::new(script).limit(std::time::Duration::from_secs(30)));
    assert_eq!(ran.stdout_text().replace('\n', ""), "333334445", "{ran:?}");
    assert!(binaries(&sandbox).iter().all(|binary| binary == "SANDBOX/bin/probe"), "{:?}", binaries(&sandbox));
}

/// With other arguments each time, so that no call is the same.
#[test]
fn a_tool_that_calls_itself_for_ever_comes_to_an_end() {
    let again = "#!/bin/sh\nexec endless \"x$1\"\n";
    let sandbox = builder().policy("20-all.toml", ALLOW).script("endless", again, "755").start();
    let ran = sandbox.gated(Script::new("endless a; echo $?").limit(std::time::Duration::from_secs(60)));
    assert_eq!(ran.stdout_text(), "125\n", "{ran:?}");
    assert!(ran.stderr_text().contains("it goes in circles"), "{ran:?}");
    assert_eq!(sandbox.audit_of("intent").len(), 64);
}
