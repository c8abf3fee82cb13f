//! Entering a context: a process is started there, and says where the tools'
//! names lead and what became of the probe.
//!
//! Not here: what that means.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tollgate_installer::PROBE;
use tollgate_policies::policy::PROBE_RULE;

use crate::sys;

/// How long a shell may take to start and say it all.
const LIMIT: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// Bytes that are read of what it says.
const MOST: u64 = 1 << 20;
/// Begins each line that is an answer, among whatever a profile prints.
const MARK: &str = "@tollgate@";

/// An environment, in order.
pub(super) type Environment = Vec<(OsString, OsString)>;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Each tool that has an answer, and where its name leads.
    pub(super) leads: Vec<(String, String)>,
    /// What became of the probe.
    pub(super) probe: Probe,
}

/// What became of the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// The gate judged and refused it.
    Refused,
    /// The gate could not judge, and refused it.
    Closed,
    /// It was not found: the shims are not on PATH.
    NotFound,
    /// Something else happened.
    Strange,
}

/// Why a context was not entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unable(pub(super) String);

/// Asks a POSIX shell where names lead, then calls the probe.
pub(super) fn script(tools: &[String]) -> String {
    let mut script = String::new();
    for tool in tools {
        let tool = quoted(tool);
        script.push_str(&format!("printf '{MARK}%s=%s\\n' {tool} \"$(command -v {tool} || :)\"; "));
    }
    script + &format!("{PROBE}; printf '\\n{MARK}code=%s\\n' $?")
}

/// The same in fish.
pub(super) fn fish_script(tools: &[String]) -> String {
    let mut script = String::new();
    for tool in tools {
        let tool = quoted(tool);
        script.push_str(&format!("printf '{MARK}%s=%s\\n' {tool} (command -v {tool}; or echo); "));
    }
    script + &format!("{PROBE}; printf '\\n{MARK}code=%s\\n' $status")
}

/// Tools' names that hold what a shell would look into are not asked for.
fn quoted(tool: &str) -> String {
    let plain: String = tool.chars().filter(|character| !"'\\\n".contains(*character)).collect();
    format!("'{plain}'")
}

/// Starts it with this environment alone, and hears it out.
pub(super) fn enter(words: &[&str], environment: &Environment) -> Result<Seen, Unable> {
    let (program, arguments) = words.split_first().ok_or_else(|| Unable("nothing to start".to_owned()))?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment.iter().cloned());
    let (out, err) = hear(command).map_err(|cause| Unable(cause.to_string()))?;
    read(&out, &err).ok_or_else(|| Unable(first_line(&err)))
}

/// What a command prints, both ways.
pub(super) fn hear(mut command: Command) -> std::io::Result<(String, String)> {
    let (mut out, mut err) = (scratch()?, scratch()?);
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?).current_dir("/");
    // Without a terminal: an interactive shell would wait for its turn on ours.
    sys::detach(&mut command);
    let child = command.spawn()?;
    wait(child)?;
    Ok((text(&mut out)?, text(&mut err)?))
}

/// A file that nobody else sees: what is left behind by a shell cannot keep us waiting.
fn scratch() -> std::io::Result<File> {
    let name = nix::sys::memfd::memfd_create(c"tollgate-doctor", nix::sys::memfd::MFdFlags::MFD_CLOEXEC)?;
    Ok(File::from(name))
}

fn wait(mut child: Child) -> std::io::Result<()> {
    let end = Instant::now() + LIMIT;
    while child.try_wait()?.is_none() {
        if Instant::now() >= end {
            let group = Pid::from_raw(i32::try_from(child.id()).unwrap_or_default());
            // Gone in this moment is gone as well.
            let _ = killpg(group, Signal::SIGKILL);
            child.wait()?;
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not come to an end"));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn text(file: &mut File) -> std::io::Result<String> {
    use std::io::Seek;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read(out: &str, err: &str) -> Option<Seen> {
    let answers: Vec<_> =
        out.lines().filter_map(|line| line.strip_prefix(MARK)).filter_map(|line| line.split_once('=')).collect();
    let (_, code) = answers.iter().find(|(name, _)| *name == "code")?;
    let leads = answers.iter().filter(|(name, _)| *name != "code");
    let leads = leads.map(|(name, to)| ((*name).to_owned(), (*to).to_owned())).collect();
    Some(Seen { leads, probe: probe(code, err) })
}

fn probe(code: &str, err: &str) -> Probe {
    let line = err.lines().rev().find_map(|line| line.strip_prefix("tollgate: {"));
    let line = line.and_then(|rest| serde_json::from_str::<serde_json::Value>(&format!("{{{rest}")).ok());
    let field = |name| line.as_ref().and_then(|line| line.get(name)).and_then(serde_json::Value::as_str);
    match (code, field("rule"), field("reason")) {
        ("126", Some(rule), _) if rule == PROBE_RULE => Probe::Refused,
        ("125", _, Some("gate")) => Probe::Closed,
        ("127", None, None) => Probe::NotFound,
        _ => Probe::Strange,
    }
}

fn first_line(err: &str) -> String {
    let line = err.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    tollgate_policies::show::text(line.as_bytes(), 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_is_told_by_its_rule_not_by_its_code() {
        let refused = r#"tollgate: {"v":1,"verdict":"deny","reason":"rule","rule":"doctor-probe","retry":false}"#;
        let down = r#"tollgate: {"v":1,"verdict":"none","reason":"gate","retry":true}"#;
        let another = refused.replace("doctor-probe", "mine");
        assert_eq!(probe("126", &format!("noise\n{refused}\n")), Probe::Refused);
        assert_eq!(probe("125", down), Probe::Closed);
        assert_eq!(probe("127", "sh: 1: tollgate-probe: not found"), Probe::NotFound);
        assert_eq!(probe("126", &another), Probe::Strange);
        assert_eq!(probe("0", ""), Probe::Strange);
    }

    #[test]
    fn what_a_profile_prints_is_no_answer() {
        let said = "Welcome!\n@tollgate@aws=/s/aws\n\n@tollgate@code=127\n";
        let seen = read(said, "").unwrap();
        assert_eq!(seen, Seen { leads: vec![("aws".into(), "/s/aws".into())], probe: Probe::NotFound });
        assert!(read("Welcome!\n", "").is_none());
    }
}
