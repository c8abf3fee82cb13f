//! State that an earlier version left behind: read, found whole, carried on.
//!
//! Not here: the manifest of an installation, which the installer's own tests keep.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use e2e::Sandbox;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/state-1");
/// The command that ended after its daemon was killed.
const LEFT_BEHIND: &str = "01M8B0AXVXYZ14G08A3Y70SK38";
/// The command that a person approved.
const APPROVED: &str = "01M8B09KMKRA2VVPHMW44FTB7P";
/// The policy that was accepted last.
const ACCEPTED: &str = "sha256:cbc3cd364d7964be4f79b2013dbaa3d1327bc9d290aa933861f02cc2d9633373";
const RECORDS: usize = 24;

/// Copies a folder; git keeps no modes that close a file to others.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &there);
        } else {
            fs::copy(entry.path(), &there).unwrap();
            fs::set_permissions(&there, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::builder(e2e::programs!()).without_daemon();
    fs::remove_dir_all(sandbox.path("root")).unwrap();
    copy(Path::new(FIXTURE), &sandbox.path("root"));
    sandbox
}

#[test]
fn a_log_of_format_1_is_whole_before_anything_is_added() {
    let sandbox = sandbox();
    let ran = sandbox.ask(&["audit", "verify", "--key", &format!("{FIXTURE}/state/keys/audit.pub")]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert_eq!(sandbox.audit().len(), RECORDS);
    let shown = sandbox.ask(&["audit", "show", APPROVED]).stdout_text();
    for told in ["terraform.apply", "approved", "claude-code"] {
        assert!(shown.contains(told), "{shown}");
    }
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_state_of_format_1_is_carried_on() {
    let mut sandbox = sandbox();
    sandbox.start_daemon();
    sandbox.await_records("outcome", 4);
    let outcome = sandbox.audit_of("outcome").pop().unwrap();
    assert_eq!((&outcome["id"], &outcome["exit_code"]), (&LEFT_BEHIND.into(), &0.into()), "{outcome}");
    let status: serde_json::Value = sandbox.ask(&["status", "--json"]).stdout_text().trim().parse().unwrap();
    assert_eq!((&status["policy_hash"], &status["policy_pending"]), (&ACCEPTED.into(), &serde_json::Value::Null));
    let key = fs::read_to_string(format!("{FIXTURE}/state/keys/audit.pub")).unwrap();
    assert_eq!(sandbox.ask(&["audit", "key"]).stdout_text().trim(), key.trim());
    let ran = sandbox.ask(&["audit", "verify", "--key", key.trim()]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert!(sandbox.audit().len() > RECORDS);
}
