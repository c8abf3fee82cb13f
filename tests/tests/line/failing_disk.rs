//! A disk that is full, or read-only: refused, but for what the settings let run; counted, said,
//! and recorded as a gap.

use std::process::Command;

use e2e::{Builder, Sandbox};

const POLICY: &str = "[[rule]]\nname = \"reads\"\ntools = \"kubectl\"\ntiers = { 0 = \"allow\", 3 = \"allow\" }\n";

fn builder() -> Builder {
    let tool = "#!/bin/sh\necho \"ran $*\"\n";
    Sandbox::builder(e2e::programs!()).script("kubectl", tool, "755").policy("10-tests.toml", POLICY)
}

/// A file system of a few hundred KB where the audit is; unmounted when dropped.
struct Small(std::path::PathBuf);

impl Small {
    /// None where this process may not mount.
    fn under(sandbox: &Sandbox) -> Option<Self> {
        let folder = sandbox.path("root/state/audit");
        std::fs::create_dir_all(&folder).unwrap();
        for private in ["root/state", "root/state/audit"] {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(sandbox.path(private), mode).unwrap();
        }
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs"]).arg(&folder);
        if !mount.status().is_ok_and(|status| status.success()) {
            e2e::say("skipped: this process may not mount a small file system\n");
            return None;
        }
        Some(Self(folder))
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let full = std::fs::write(self.0.join("ballast"), vec![0; 1 << 20]);
        assert!(full.is_err(), "the file system is small");
    }

    fn make_read_only(&self) {
        let mut mount = Command::new("mount");
        assert!(mount.args(["-o", "remount,ro"]).arg(&self.0).status().unwrap().success());
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn status(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.ask(&["status", "--json"]).stdout_text().trim().parse().unwrap()
}

#[test]
fn a_full_disk_refuses_everything_and_leaves_a_gap() {
    let mut sandbox = builder().without_daemon();
    let Some(small) = Small::under(&sandbox) else { return };
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("kubectl get pods").stdout_text(), "ran get pods\n");
    small.fill();
    let ran = sandbox.gated("kubectl get pods");
    assert_eq!((ran.code(), ran.stdout_text().as_str()), (Some(125), ""), "{ran:?}");
    assert!(ran.stderr_text().contains("the audit cannot be written"), "{ran:?}");
    let said = status(&sandbox);
    assert!(said["audit_lost"].as_u64().unwrap() >= 2, "{said}");
    assert!(said["audit_problem"].as_str().unwrap().contains("No space left"), "{said}");
    small.make_room();
    assert_eq!(sandbox.gated("kubectl get nodes").stdout_text(), "ran get nodes\n");
    assert!(status(&sandbox)["audit_problem"].is_null());
    sandbox.daemon().stop();
    let gaps = sandbox.audit_of("gap");
    // What little room was left may have taken the first gap already.
    assert!(gaps.iter().filter_map(|gap| gap["lost"].as_u64()).sum::<u64>() >= 2, "{gaps:?}");
    assert_eq!(sandbox.ask(&["audit", "verify"]).code(), Some(0));
}

#[test]
fn a_read_only_disk_refuses_everything_and_keeps_what_it_has() {
    let mut sandbox = builder().without_daemon();
    let Some(small) = Small::under(&sandbox) else { return };
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("kubectl get pods").stdout_text(), "ran get pods\n");
    sandbox.daemon().stop();
    small.make_read_only();
    let ran = sandbox.run_command(sandbox.daemon_command(), std::time::Duration::from_secs(10));
    assert_eq!(ran.code(), Some(1), "{ran:?}");
    assert!(ran.stderr_text().contains("root/state/audit"), "{ran:?}");
    let ran = sandbox.gated("kubectl get pods");
    assert_eq!((ran.code(), ran.stdout_text().as_str()), (Some(125), ""), "{ran:?}");
    assert_eq!(sandbox.ask(&["audit", "verify"]).code(), Some(0));
}

#[test]
fn a_tier_that_may_run_unrecorded_runs_and_is_counted() {
    let mut sandbox = builder().settings("[audit]\nmay_run_unrecorded = [0]\n").without_daemon();
    let Some(small) = Small::under(&sandbox) else { return };
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("kubectl get nodes").stdout_text(), "ran get nodes\n");
    small.fill();
    let ran = sandbox.gated("kubectl get pods");
    assert_eq!((ran.code(), ran.stdout_text().as_str()), (Some(0), "ran get pods\n"), "{ran:?}");
    let refused = sandbox.gated("kubectl delete pod web-1");
    assert_eq!((refused.code(), refused.stdout_text().as_str()), (Some(125), ""), "{refused:?}");
    small.make_room();
    sandbox.daemon().stop();
    let gaps = sandbox.audit_of("gap");
    assert!(gaps.iter().filter_map(|gap| gap["lost"].as_u64()).sum::<u64>() >= 2, "{gaps:?}");
    sandbox.start_daemon();
    assert_eq!(sandbox.ask(&["audit", "verify"]).code(), Some(0));
}
