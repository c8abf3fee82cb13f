//! One command after another: what a caller waits longer than without the gate.

use std::process::Command;

use crate::numbers::{heads, paired, row};
use crate::scene::{Scene, installed};

const PAIRS: usize = 1000;

/// Allowed: intent durable, supervisor, the tool on the caller's descriptors.
pub fn runs(scene: &mut Scene) {
    heads();
    let Some(program) = installed("true") else { return println!("no `true`") };
    let (mut direct, mut gated) = (scene.direct(program, &[]), scene.gated("true", &[]));
    assert_eq!(gated.status().expect("a shim").code(), Some(0), "{}", scene.sandbox.log());
    row("`true`: allowed, recorded, supervised", &paired(&mut direct, &mut gated, PAIRS));
}

/// Denied with a durable record; and what a shim costs that only starts and ends.
pub fn refusals(scene: &mut Scene) {
    heads();
    let Some(program) = installed("true") else { return println!("no `true`") };
    let mut direct = scene.direct(program, &[]);
    let mut denied = scene.gated("never", &[]);
    assert_eq!(denied.status().expect("a shim").code(), Some(126));
    row("denied, recorded (beside `true`)", &paired(&mut direct, &mut denied, PAIRS));
    let mut bare = scene.direct(e2e::programs!().path("tollgate-shim"), &[]);
    row("a shim that only starts and ends (beside `true`)", &paired(&mut direct, &mut bare, PAIRS));
}

/// Other ways to put something in front of a command.
pub fn others(scene: &mut Scene) {
    heads();
    let Some(program) = installed("true") else { return println!("no `true`") };
    let wrapper = scene.sandbox.path("home").join("wrapper");
    std::fs::write(&wrapper, format!("#!/bin/dash\nexec {} \"$@\"\n", program.display())).expect("a wrapper");
    let text = program.to_string_lossy().into_owned();
    let mut install = Command::new("chmod");
    assert!(install.arg("755").arg(&wrapper).status().is_ok_and(|status| status.success()));
    let others: [(&str, &str, &[&str]); 4] = [
        ("a wrapper of two lines in dash", "dash", &[]),
        ("`sudo -n true`", "sudo", &["-n", &text]),
        ("`doas true`", "doas", &["-n", &text]),
        ("`bwrap --dev-bind / / true`", "bwrap", &["--dev-bind", "/", "/", &text]),
    ];
    for (what, name, arguments) in others {
        let Some(found) = installed(name) else {
            println!("| {what} | not installed |");
            continue;
        };
        let other = if name == "dash" { wrapper.clone() } else { found };
        let (mut direct, mut other) = (scene.direct(&program, &[]), scene.direct(other, arguments));
        if other.status().is_ok_and(|status| status.success()) {
            row(what, &paired(&mut direct, &mut other, PAIRS / 4));
        } else {
            println!("| {what} | may not run here |");
        }
    }
}

/// Tools as they are used.
pub fn tools(scene: &mut Scene) {
    heads();
    let Some(terraform) = installed("terraform") else { return println!("| `terraform version` | not installed |") };
    let (mut direct, mut gated) = (scene.direct(terraform, &["version"]), scene.gated("terraform", &["version"]));
    for command in [&mut direct, &mut gated] {
        command.env("CHECKPOINT_DISABLE", "1");
    }
    assert_eq!(gated.status().expect("a shim").code(), Some(0), "{}", scene.sandbox.log());
    row("`terraform version`", &paired(&mut direct, &mut gated, 60));
}
