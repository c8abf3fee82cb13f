//! A sandbox's interactive shells, without the gate and with it.

use std::collections::BTreeMap;

use super::{Front, Sandbox};
use crate::difference::Difference;
use crate::leftovers;
use crate::script::{self, Kept};
use crate::shell::Shell;

impl Sandbox {
    /// Drives an interactive bash on a terminal, without the gate and then with it.
    /// Gives what both showed.
    ///
    /// # Errors
    /// What they showed, or left in their folders, where that differs.
    pub fn on_terminals(&self, act: impl Fn(&mut Shell)) -> Result<String, Difference> {
        let direct = self.on_terminal(Front::Empty, &act);
        let gated = self.on_terminal(Front::Shims, &act);
        Difference::unless_equal("the screen", &direct.0, &gated.0)?;
        Difference::unless_equal("the files", &format!("{:?}", direct.1), &format!("{:?}", gated.1))?;
        assert!(!direct.0.contains("never shown: "), "without the gate: {}", direct.0);
        Ok(direct.0)
    }

    /// Drives an interactive bash on a terminal, with the gate alone.
    pub fn on_gated_terminal(&self, act: impl Fn(&mut Shell)) -> String {
        self.on_terminal(Front::Shims, &act).0
    }

    fn on_terminal(&self, front: Front, act: &impl Fn(&mut Shell)) -> (String, BTreeMap<String, Kept>) {
        let _front = self.front(front);
        self.empty_work();
        let mut bash = self.command("bash");
        if let (Front::Shims, Some(sabotage)) = (front, &self.builder.sabotage) {
            bash.env("TOLLGATE_SABOTAGE", sabotage);
        }
        let mut shell = Shell::start(bash);
        act(&mut shell);
        let shown = shell.evened();
        leftovers::kill_all(&self.path("work"));
        (shown, script::files_of(&self.path("work")))
    }
}
