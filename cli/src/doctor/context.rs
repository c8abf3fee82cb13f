//! Every context that a command can be started from, and how it is entered.
//!
//! Two environments: one that has nothing of ours, as cron or a container's exec
//! gives it, and that of a login shell, as whatever a person starts has it. Inside
//! a session there is one: the session's own.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};
use tollgate_installer::PROBE;

use super::enter::{self, Environment, Seen, Unable};
use super::weigh::both;
use super::{Context, Holds};
use crate::installed::{Installed, real_path};
use crate::{service, tools};

/// PATH where nobody has set it: login(1) and cron(8).
const SYSTEM: &str = "/usr/local/bin:/usr/bin:/bin";

const AGAIN: &str = "`tollgate install` again, then open a new shell";
const LOGIN: &str = "start agents from a login shell, or by `tollgate run`";
const CRONTAB: &str =
    "put `PATH=` with the folder of shims first at the head of the crontab, or use `tollgate run` in it";
const LIMIT: &str = "nothing here can close this: SECURITY.md, \"What it does not stop\"";

/// A shell, how it is started, and what is promised of it.
struct Shell {
    name: &'static str,
    program: &'static str,
    options: &'static str,
    promised: Holds,
}

const fn shell(name: &'static str, program: &'static str, options: &'static str, promised: Holds) -> Shell {
    Shell { name, program, options, promised }
}

const SHELLS: [Shell; 10] = [
    shell("bash -c", "bash", "-c", Holds::Advisory),
    shell("bash -lc", "bash", "-lc", Holds::Enforced),
    shell("a terminal with bash", "bash", "-ic", Holds::Enforced),
    shell("sh -c", "sh", "-c", Holds::Advisory),
    shell("sh -lc", "sh", "-lc", Holds::Enforced),
    shell("zsh -c", "zsh", "-c", Holds::Enforced),
    shell("zsh -lc", "zsh", "-lc", Holds::Enforced),
    shell("a terminal with zsh", "zsh", "-ic", Holds::Enforced),
    shell("fish -c", "fish", "-c", Holds::Enforced),
    shell("fish -lc", "fish", "-lc", Holds::Enforced),
];

/// What the contexts are entered with.
struct World {
    tools: Vec<String>,
    /// Has nothing of ours; none inside a session.
    fresh: Option<Environment>,
    /// Below a shell that is set up.
    below: Environment,
    shims: std::path::PathBuf,
    managed: bool,
}

/// Enters them all.
pub(super) fn all(installed: &Installed, session: bool) -> Vec<Context> {
    let world = World::new(installed, session);
    let others: [fn(&World) -> Option<Context>; 8] =
        [snapshot, cron, empty, by_path, sudo, container, manager, absolute];
    std::thread::scope(|scope| {
        let shells: Vec<_> = SHELLS.iter().map(|shell| scope.spawn(|| world.shell(shell))).collect();
        let others: Vec<_> = others.iter().map(|enter| scope.spawn(|| enter(&world))).collect();
        shells.into_iter().chain(others).filter_map(|entering| entering.join().ok().flatten()).collect()
    })
}

impl World {
    fn new(installed: &Installed, session: bool) -> Self {
        let fresh = fresh(&installed.home);
        let below =
            if session { std::env::vars_os().collect() } else { login(&fresh).unwrap_or_else(|| fresh.clone()) };
        Self {
            tools: wrapped(installed),
            fresh: (!session).then_some(fresh),
            below,
            shims: installed.places.shims.clone(),
            managed: service::is_managed(installed),
        }
    }

    fn shell(&self, shell: &Shell) -> Option<Context> {
        let program = ["/bin", "/usr/bin", "/usr/local/bin"].map(|folder| Path::new(folder).join(shell.program));
        let program = program.iter().find(|program| program.exists())?.to_str()?;
        let script = if shell.program == "fish" { enter::fish_script(&self.tools) } else { enter::script(&self.tools) };
        let words = [program, shell.options, &script];
        let fix = if shell.promised == Holds::Advisory { LOGIN } else { AGAIN };
        // Inside a session every shell is below it, and more cannot be seen.
        let promised = if self.fresh.is_some() { shell.promised } else { Holds::Advisory };
        let fresh = self.fresh.as_ref().map(|fresh| enter::enter(&words, fresh));
        Some(both(shell.name, Some(promised), fresh, Some(enter::enter(&words, &self.below)), fix))
    }

    fn in_sh(&self, before: &[&str], environment: &Environment) -> Result<Seen, Unable> {
        let script = enter::script(&self.tools);
        let words: Vec<_> = before.iter().copied().chain(["/bin/sh", "-c", &script]).collect();
        enter::enter(&words, environment)
    }
}

/// An agent keeps what a login shell has in a file, and sources it before each command.
fn snapshot(world: &World) -> Option<Context> {
    let fresh = world.fresh.as_ref()?;
    let take = "declare -f; alias; printf '\\nexport PATH=%q\\n' \"$PATH\"";
    let mut bash = Command::new("/bin/bash");
    bash.args(["-lic", take]).env_clear().envs(fresh.iter().cloned());
    let (taken, _) = enter::hear(bash).ok()?;
    let path = taken.lines().rev().find_map(|line| line.strip_prefix("export PATH="))?;
    let script = format!("export PATH={path}; {}", enter::script(&world.tools));
    let entered = enter::enter(&["/bin/bash", "-c", &script], fresh);
    Some(both("an agent's shell snapshot", Some(Holds::Enforced), Some(entered), None, AGAIN))
}

fn cron(world: &World) -> Option<Context> {
    let fresh = world.fresh.as_ref()?;
    let mut crontab = Command::new("crontab");
    crontab.arg("-l");
    let table = enter::hear(crontab).map(|(table, _)| table).unwrap_or_default();
    let path = table.lines().find_map(|line| line.trim().strip_prefix("PATH=")).unwrap_or("/usr/bin:/bin");
    let environment = with(fresh, "PATH", path.trim_matches('"'));
    Some(both("cron", None, Some(world.in_sh(&[], &environment)), None, CRONTAB))
}

fn empty(world: &World) -> Option<Context> {
    let entered = world.in_sh(&["/usr/bin/env", "-i"], &world.below);
    Some(both("env -i", None, Some(entered), None, LIMIT))
}

/// A shim finds its gate by itself, whatever the environment is.
fn by_path(world: &World) -> Option<Context> {
    let shim = world.shims.join(PROBE);
    shim.symlink_metadata().ok()?;
    let script = format!("{}; printf '\\n@tollgate@code=%s\\n' $?", shell_word(shim.to_str()?));
    let entered = enter::enter(&["/bin/sh", "-c", &script], &Vec::new());
    Some(both("a shim by its path, env -i", Some(Holds::Enforced), Some(entered), None, AGAIN))
}

fn sudo(world: &World) -> Option<Context> {
    if Uid::effective().is_root() || !tools::is_on(&real_path(), "sudo".as_ref()) {
        return None;
    }
    let entered = world.in_sh(&["sudo", "-n"], &world.below);
    Some(both("sudo", None, Some(entered), None, LIMIT))
}

/// Another root and other namespaces, as `docker exec` or a devcontainer gives them.
fn container(world: &World) -> Option<Context> {
    let entered = world.in_sh(&["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"], &world.below);
    let entered = entered.map_err(|Unable(why)| Unable(format!("no namespace can be made here: {why}")));
    Some(both("a container with this home", Some(Holds::Advisory), None, Some(entered), AGAIN))
}

/// What desktops, IDEs and units start from.
fn manager(world: &World) -> Option<Context> {
    if !world.managed {
        return None;
    }
    let mut show = Command::new("systemctl");
    show.args(["--user", "show-environment"]).env("XDG_RUNTIME_DIR", format!("/run/user/{}", Uid::effective()));
    let (shown, _) = enter::hear(show).ok()?;
    let path = shown.lines().find_map(|line| line.strip_prefix("PATH="))?;
    let entered = world.in_sh(&[], &with(world.fresh.as_ref()?, "PATH", path));
    let fix = "log in again: `environment.d` is read then";
    Some(both("desktops, IDEs, user units", Some(Holds::Enforced), Some(entered), None, fix))
}

/// Nothing is started for this one: that nothing stands before a path is known.
fn absolute(world: &World) -> Option<Context> {
    let path = real_path();
    let real = world.tools.iter().find_map(|tool| tools::find(&path, tool.as_ref()))?;
    let says = format!("nothing stands before `{}`", real.display());
    Some(Context { name: "absolute paths", holds: Holds::Bypassed, promised: None, says, fix: Some(LIMIT.to_owned()) })
}

/// The installed tools; inside a session without installation those of the session.
fn wrapped(installed: &Installed) -> Vec<String> {
    if installed.manifest.is_some() {
        return installed.tools().to_vec();
    }
    let folder = std::env::var_os("TOLLGATE_SHIMS").unwrap_or_default();
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name != ".gate" && name != PROBE).collect()
}

/// What a login starts from.
fn fresh(home: &Path) -> Environment {
    let user = User::from_uid(Uid::effective()).ok().flatten().map_or("nobody".to_owned(), |user| user.name);
    let variables: [(&str, OsString); 6] = [
        ("HOME", home.into()),
        ("USER", user.clone().into()),
        ("LOGNAME", user.into()),
        ("PATH", SYSTEM.into()),
        ("TERM", "dumb".into()),
        ("LC_ALL", "C.UTF-8".into()),
    ];
    variables.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// The environment that a login shell gives to what it starts.
fn login(fresh: &Environment) -> Option<Environment> {
    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let mut login = Command::new(shell);
    login.args(["-lc", "printf '\\0@tollgate@\\0'; exec env -0"]).env_clear().envs(fresh.iter().cloned());
    let (said, _) = enter::hear(login).ok()?;
    let (_, variables) = said.split_once("\0@tollgate@\0")?;
    let variables = variables.split('\0').filter_map(|variable| variable.split_once('='));
    Some(variables.map(|(name, value)| (name.into(), value.into())).collect())
}

fn with(environment: &Environment, name: &str, value: &str) -> Environment {
    let others = environment.iter().filter(|(other, _)| other != name).cloned();
    others.chain([(name.into(), value.into())]).collect()
}

fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
