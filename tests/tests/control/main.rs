//! Who decides what holds: changes of the policy, and a person's word on them.
//!
//! Not here: what one policy says to one command (`line`).

mod agents;
mod allowances;
mod answering;
mod attacks;
mod every_kind;
mod fronts;
mod narrowed;
mod notify;
mod observing;
mod organisation;
mod policy_changes;
mod projects;
mod questions;
mod retention;
mod screen;
mod starts;
mod tokens;

use std::time::Duration;

use e2e::{Builder, Sandbox};

const LIMIT: Duration = Duration::from_secs(30);

/// A probe for each verdict: `probe` may run, `ask` needs a person, `never` is denied.
fn builder() -> Builder {
    under(&policy("allow", "escalate", "deny"))
}

/// The same probes under this policy.
fn under(policy: &str) -> Builder {
    let probes = ["probe", "ask", "never"];
    let builder = probes.into_iter().fold(Sandbox::builder(e2e::programs!()), Builder::probe);
    builder.policy("10-tests.toml", policy)
}

/// The verdicts for `probe`, `ask` and `never`.
fn policy(probe: &str, ask: &str, never: &str) -> String {
    let rule = |(tool, verdict): (&str, &str)| {
        format!("[[rule]]\nname = \"{tool}\"\ntools = \"{tool}\"\nverdict = \"{verdict}\"\ntier = \"unknown\"\n")
    };
    [("probe", probe), ("ask", ask), ("never", never)].map(rule).concat()
}

/// Writes a policy file as an editor does: all at once, under its name.
fn write_policy(sandbox: &Sandbox, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let draft = sandbox.path("root/config/draft");
    std::fs::write(&draft, text).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(draft, sandbox.path("root/config/policy.d/10-tests.toml")).unwrap();
}

/// `tollgate status --json`.
fn status(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.ask(&["status", "--json"]).stdout_text().trim().parse().unwrap()
}

/// The id in `tollgate: waiting for a person (...): `...` is question ID`.
fn question_id(stderr: &str) -> &str {
    let (_, after) = stderr.split_once(" is question ").unwrap_or_else(|| panic!("no question in: {stderr}"));
    after.split_whitespace().next().unwrap_or_default()
}

/// A person's `tollgate agent token ARGUMENTS`: the token and its id.
fn token(sandbox: &Sandbox, arguments: &[&str]) -> (String, String) {
    let (code, said) = sandbox.person(&[&["agent", "token", "--json"], arguments].concat());
    assert_eq!(code, Some(0), "{said}");
    let made: serde_json::Value = said.trim().parse().unwrap();
    (made["token"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
}
