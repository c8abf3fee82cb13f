//! What files say counts only as long as no other command of the script changes them.
#![expect(clippy::unwrap_used, reason = "a test may fail in its own helpers")]

use std::fs::{self, File};
use std::os::fd::AsFd;

use tollgate_facts::{Reader, classify};
use tollgate_policies::classify::{Grammars, Invocation};
use tollgate_policies::{Dimension, Operation, Value};

fn judged(script: &str) -> Operation {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".terraform")).unwrap();
    fs::write(folder.path().join(".terraform/environment"), "staging").unwrap();
    let cwd = File::open(folder.path()).unwrap();
    let argv: [&[u8]; 3] = [b"sh", b"-c", script.as_bytes()];
    let place = folder.path().as_os_str().as_encoded_bytes();
    let invocation = Invocation { tool: b"sh", argv: &argv, env: &[], cwd: Some(place), home: None, start: None };
    classify(Grammars::built_in(), &invocation, &Reader::new(Some(cwd.as_fd()))).operation
}

/// What is known of the workspace that `terraform apply` would have.
fn workspace(script: &str) -> Option<String> {
    let operation = judged(script);
    let apply = operation.also.iter().find(|meaning| meaning.operation == "terraform.apply").unwrap();
    match apply.target.values(Dimension::Workspace).next() {
        Some(Value::Known { value, .. }) => Some(String::from_utf8(value.to_vec()).unwrap()),
        _ => None,
    }
}

#[test]
fn a_workspace_that_another_command_may_select_is_not_known() {
    for known in ["terraform apply", "terraform version; terraform apply", "cd . && terraform apply | cat"] {
        assert_eq!(workspace(known).as_deref(), Some("staging"), "{known}");
    }
    for stirred in [
        "terraform workspace select prod && terraform apply",
        "for i in 1 2; do terraform apply; terraform workspace select prod; done",
        "terraform workspace select prod & terraform apply",
        "bash -c 'terraform workspace select prod'; bash -c 'terraform apply'",
        "echo prod > .terraform/environment; terraform apply",
    ] {
        assert_eq!(workspace(stirred), None, "{stirred}");
    }
    assert_eq!(workspace("terraform init; TF_WORKSPACE=qa terraform apply").as_deref(), Some("qa"));
}
