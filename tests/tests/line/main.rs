//! The line from a command to its outcome, tried from outside: what runs, what is
//! refused and how, who may answer, what is recorded, and what real tools make of it.
//!
//! Not here: whether a run differs from a direct one (`transparency`).

mod answers;
mod audit;
mod bad_input;
mod bound;
mod collector;
mod confined;
mod corpus;
mod corrections;
mod evidence;
mod failing_disk;
mod hanging;
mod identity;
mod killed;
mod limits;
mod many;
mod nested;
mod order;
mod others;
mod pinning;
mod progress;
mod real_aws;
mod real_on_terminals;
mod real_terraform;
mod real_tools;
mod refusals;
mod sessions;
mod settings;
mod start;
mod unseen;
mod versions;

use e2e::{Builder, Sandbox};

/// A probe for each verdict: `probe` may run, `ask` needs a person, `never` is denied.
fn builder() -> Builder {
    Sandbox::builder(e2e::programs!()).probe("probe").probe("ask").probe("never").policy("10-tests.toml", POLICY)
}

/// A `main.tf` whose apply makes one resource, does `begin`, and takes a minute.
fn slow_apply(begin: &str) -> String {
    format!(
        r#"resource "terraform_data" "web" {{
  input = "web"
}}
resource "terraform_data" "slow" {{
  depends_on = [terraform_data.web]
  provisioner "local-exec" {{
    command = "{begin}; exec sleep 60"
  }}
}}
"#
    )
}

const POLICY: &str = r#"version = 1

[[rule]]
name = "may-run"
tools = "probe"
verdict = "allow"
tier = "unknown"

[[rule]]
name = "ask-first"
tools = "ask"
verdict = "escalate"
tier = "unknown"

[[rule]]
name = "never"
tools = "never"
verdict = "deny"
reason = "it is never a good idea"
"#;

/// The id in `tollgate: waiting for a person (...): `...` is question ID`.
fn question_id(stderr: &str) -> &str {
    let (_, after) = stderr.split_once(" is question ").unwrap_or_else(|| panic!("no question in: {stderr}"));
    after.split_whitespace().next().unwrap_or_default()
}
