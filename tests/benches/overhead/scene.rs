//! The sandbox that is measured: its daemon, and ready-made commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::Sandbox;

const POLICY: &str = r#"
[[rule]]
name = "measured"
tools = ["true", "probe"]
verdict = "allow"
tier = "unknown"

[[rule]]
name = "versions"
operations = "terraform.version"
verdict = "allow"

[[rule]]
name = "never"
tools = "never"
verdict = "deny"
"#;

/// One sandbox for all sections.
pub struct Scene {
    pub sandbox: Sandbox,
}

impl Scene {
    /// Starts the daemon.
    pub fn set() -> Self {
        let builder = Sandbox::builder(e2e::programs!()).probe("probe").probe("never");
        let sandbox = builder.wrap("true").wrap("terraform").policy("10-bench.toml", POLICY).start();
        sandbox.put_shims_first();
        Self { sandbox }
    }

    /// A program as it stands, without the gate; nothing is read or shown.
    pub fn direct(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(program.as_ref());
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The same through its shim.
    pub fn gated(&self, tool: &str, arguments: &[&str]) -> Command {
        self.direct(self.sandbox.path("front").join(tool), arguments)
    }

    /// What `tollgate status --json` says.
    pub fn status(&self) -> serde_json::Value {
        self.sandbox.ask(&["status", "--json"]).stdout_text().trim().parse().expect("JSON")
    }
}

/// The first program of this name in the usual folders.
pub fn installed(name: &str) -> Option<PathBuf> {
    ["/usr/local/bin", "/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists())
}
