//! What is played: one command that is allowed, one that a person is asked
//! about, one that is denied, and a check that the denied one did nothing.
//!
//! Not here: how the commands are typed, answered and shown.

use std::path::PathBuf;
use std::process::Command;

use tollgate_wire::exit;

use super::agent::Agent;
use super::person;
use super::stage::Stage;
use super::telling::Telling;
use crate::error::Error;
use crate::tools::is_on;

/// A scene's commands.
#[derive(Debug)]
pub(super) struct Scene {
    /// The tools that are wrapped, comma between.
    tools: &'static str,
    /// Files to write and commands to run beforehand, without a gate.
    files: &'static [(&'static str, &'static str)],
    before: &'static [&'static [&'static str]],
    allowed: &'static str,
    asked: &'static str,
    denied: &'static str,
    /// A file that the denied command would change or remove.
    witness: &'static str,
}

const TERRAFORM: Scene = Scene {
    tools: "terraform",
    files: &[("main.tf", "resource \"terraform_data\" \"web\" {\n  input = \"staging\"\n}\n")],
    before: &[
        &["terraform", "init", "-no-color", "-input=false"],
        &["terraform", "workspace", "new", "-no-color", "staging-demo"],
    ],
    allowed: "terraform plan -no-color",
    asked: "terraform apply -no-color -auto-approve",
    denied: "terraform destroy -no-color -auto-approve",
    witness: "terraform.tfstate.d/staging-demo/terraform.tfstate",
};

const GIT_AND_RM: Scene = Scene {
    tools: "git,rm",
    files: &[("notes.txt", "first\n")],
    before: &[
        &["git", "init", "-q"],
        &["git", "config", "user.name", "Demo"],
        &["git", "config", "user.email", "demo@example.com"],
        &["git", "add", "notes.txt"],
    ],
    allowed: "git status --short",
    asked: "git commit -m 'Add notes'",
    denied: "rm -rf .git",
    witness: ".git/HEAD",
};

impl Scene {
    /// The best scene that can be played with the tools found here; says which
    /// are missing.
    pub(super) fn of_this_machine(telling: &mut Telling) -> Result<Option<&'static Self>, Error> {
        for scene in [&TERRAFORM, &GIT_AND_RM] {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let missing: Vec<_> = scene.tools.split(',').filter(|tool| !is_on(&path, tool.as_ref())).collect();
            if missing.is_empty() {
                return Ok(Some(scene));
            }
            telling.say(format_args!("Not found on PATH, so played without: {}", missing.join(", ")))?;
        }
        Ok(None)
    }

    /// What is there before the agent comes.
    pub(super) fn prepare(&self, stage: &Stage, telling: &mut Telling) -> Result<(), Error> {
        telling.chapter("There is something to work on (this runs directly, with no gate)")?;
        for (name, text) in self.files {
            let path = stage.work().join(name);
            std::fs::write(&path, text).map_err(|source| Error::SessionFile { path, source })?;
        }
        for words in self.before {
            let Some((tool, arguments)) = words.split_first() else { continue };
            stage.go_on()?;
            telling.typed("person", &words.join(" "))?;
            let mut command = stage.directly(tool);
            telling.expect("the preparation succeeds", quietly(command.args(arguments), telling)?);
        }
        Ok(())
    }

    /// The scene itself.
    pub(super) fn play(&self, stage: &Stage, telling: &mut Telling) -> Result<(), Error> {
        telling.chapter("An agent starts behind the gate: here a bash, as it comes")?;
        let mut agent = Agent::start(stage, self.tools, telling)?;
        telling.chapter("What only reads is allowed")?;
        agent.types(self.allowed, stage, telling)?;
        let code = agent.sees(stage, telling)?;
        telling.expect("the allowed command succeeds", code == Some(0));

        telling.chapter("What changes something waits for a person, who is outside the session")?;
        agent.types(self.asked, stage, telling)?;
        person::approves(stage, telling)?;
        let code = agent.sees(stage, telling)?;
        telling.expect("the approved command succeeds", code == Some(0));

        telling.chapter("What destroys is refused, and never started")?;
        let before = std::fs::read(self.witness(stage)).ok();
        agent.types(self.denied, stage, telling)?;
        let code = agent.sees(stage, telling)?;
        telling.expect("the denied command ends with 126", code == Some(exit::DENIED));
        let after = std::fs::read(self.witness(stage)).ok();
        let untouched = before.is_some() && before == after;
        telling.expect("the denied command changed nothing", untouched);
        if untouched {
            telling.say(format_args!("     exit code {}; `{}` is as it was", exit::DENIED, self.witness))?;
        }
        telling.expect("the session ends well", agent.leaves());
        Ok(())
    }

    fn witness(&self, stage: &Stage) -> PathBuf {
        stage.work().join(self.witness)
    }
}

/// Runs it, and shows what it printed only if it failed.
fn quietly(command: &mut Command, telling: &Telling) -> Result<bool, Error> {
    let out = command.output().map_err(Error::kernel("run a tool"))?;
    if !out.status.success() {
        telling.came(&[out.stdout, out.stderr].concat())?;
    }
    Ok(out.status.success())
}
