//! What a compose project would start: what its services are given of the machine, and
//! what takes away their confinement.
//!
//! Every service of every file counts, whether it is asked for or not, and settings that
//! are not known to be harmless leave the project unread: a setting that this program has
//! never heard of is no evidence of anything. Deliberately not here: how bad it is (the
//! grammar says), and what runs inside the containers.

use std::collections::BTreeSet;

use tollgate_policies::changes::{Act, Changes};
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Access, ComposeFiles, Contents, Mount};

use crate::files::{Files, join};
use crate::yaml::{self, Node};

mod service;

/// The names that compose looks for, and those that it merges with them.
const USUAL: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Which of the usual names make a project.
const MAIN: usize = 4;

/// Variables of compose that a file may set and that say nothing of what is started.
const HARMLESS: [&str; 3] = ["COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "COMPOSE_PARALLEL_LIMIT"];

/// It takes values from the caller's variables, or from files of such.
const VARIABLES: &str = "variables";

pub(crate) fn find(wanted: &ComposeFiles, files: &mut Files<'_>) -> Finding {
    let mut project =
        Project { folder: &wanted.folder, kinds: BTreeSet::new(), mounts: Vec::new(), services: Vec::new() };
    let unread = project.read(wanted, files).err();
    let services = project.services.iter().map(|name| (Act::Apply, format!("service {name}")));
    let mut changes = Changes::of(services);
    changes.note(String::from("the project's files are compared before the run, and not copied"));
    let kinds = project.kinds.into_iter().map(str::to_owned).collect();
    Finding::Brought(Contents { kinds, mounts: project.mounts, changes, unread })
}

/// What was found so far.
struct Project<'w> {
    folder: &'w [u8],
    kinds: BTreeSet<&'static str>,
    mounts: Vec<Mount>,
    services: Vec<String>,
}

impl Project<'_> {
    fn read(&mut self, wanted: &ComposeFiles, files: &mut Files<'_>) -> Result<(), String> {
        if wanted.files.is_empty() {
            variables(wanted, files)?;
            return self.usual(files);
        }
        for path in &wanted.files {
            let absent = || format!("there is no `{}`", String::from_utf8_lossy(path));
            let bytes = files.read(path)?.ok_or_else(absent)?;
            self.file(&bytes).map_err(|why| format!("`{}`: {why}", String::from_utf8_lossy(path)))?;
        }
        Ok(())
    }

    /// The files of the usual names; compose takes the first, here all count.
    fn usual(&mut self, files: &mut Files<'_>) -> Result<(), String> {
        let mut found = false;
        for (at, name) in USUAL.iter().enumerate() {
            if let Some(bytes) = files.read(&join(self.folder, name.as_bytes()))? {
                found |= at < MAIN;
                self.file(&bytes).map_err(|why| format!("`{name}`: {why}"))?;
            }
        }
        // It looks in the folders above, then.
        if found { Ok(()) } else { Err(String::from("no compose file is in the folder")) }
    }

    fn file(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is no text in UTF-8")?;
        if has_more_documents(text) {
            return Err(String::from("it holds several documents"));
        }
        if text.contains('$') {
            self.kinds.insert(VARIABLES);
        }
        let Node::Map(entries) = yaml::read(text)? else { return Err(String::from("it is no map")) };
        for (key, node) in &entries {
            match key.as_str() {
                "version" | "name" => {}
                "services" => self.services(node)?,
                "volumes" => map(node)?.iter().try_for_each(|(_, volume)| self.volume(volume))?,
                "networks" => map(node)?.iter().try_for_each(|(name, network)| self.network(name, network))?,
                "secrets" | "configs" => map(node)?.iter().try_for_each(|(_, secret)| self.content(secret))?,
                key if key.starts_with("x-") => {}
                key => return Err(not_known(key)),
            }
        }
        Ok(())
    }

    fn services(&mut self, node: &Node) -> Result<(), String> {
        for (name, node) in map(node)? {
            self.services.push(name.clone());
            service::read(self, node).map_err(|why| format!("the service `{name}`: {why}"))?;
        }
        Ok(())
    }

    /// A named volume; with options it can be any folder or disk.
    fn volume(&mut self, node: &Node) -> Result<(), String> {
        for (key, value) in map(node)? {
            match (key.as_str(), value) {
                ("name" | "external" | "labels", _) => {}
                ("driver", Node::Text(driver)) if driver.is_empty() || driver == "local" => {}
                ("driver_opts", options) => {
                    for (option, value) in map(options)? {
                        let text = plain(value)?;
                        if option == "device" && (text.contains('/') || text.starts_with(['.', '~'])) {
                            self.mount(text, Access::Write)?;
                        }
                    }
                }
                (key, _) => return Err(not_known(key)),
            }
        }
        Ok(())
    }

    fn network(&mut self, name: &str, node: &Node) -> Result<(), String> {
        let told = node.get("name").and_then(Node::text).unwrap_or(name);
        let driver = node.get("driver").and_then(Node::text).unwrap_or("bridge");
        if told.contains('$') || driver.contains('$') {
            return Err(String::from("a variable says which network it is"));
        }
        if told == "host" || !matches!(driver, "bridge" | "overlay" | "none") {
            self.kinds.insert("host-namespace");
        }
        Ok(())
    }

    /// A secret or a setting: a file that services see.
    fn content(&mut self, node: &Node) -> Result<(), String> {
        for (key, value) in map(node)? {
            match key.as_str() {
                "name" | "external" | "labels" | "content" => {}
                "environment" => drop(self.kinds.insert(VARIABLES)),
                "file" => self.mount(plain(value)?, Access::Read)?,
                key => return Err(not_known(key)),
            }
        }
        Ok(())
    }

    /// Something of the machine that a service is given.
    fn mount(&mut self, path: &str, access: Access) -> Result<(), String> {
        if path.contains('$') {
            return Err(String::from("a variable says what of the machine is given"));
        }
        // What `~` stands for is for the rules: it is outside.
        let path = if path.starts_with('~') { path.as_bytes().to_vec() } else { join(self.folder, path.as_bytes()) };
        self.mounts.push(Mount { path, access });
        Ok(())
    }
}

/// Whether a file of variables may name further files, or change what is done.
fn variables(wanted: &ComposeFiles, files: &mut Files<'_>) -> Result<(), String> {
    let mut paths = wanted.variables.clone();
    if paths.is_empty() {
        paths.push(b".env".into());
        if !wanted.folder.is_empty() {
            paths.push(join(&wanted.folder, b".env").into());
        }
    }
    for path in paths {
        let Some(bytes) = files.read(&path)? else { continue };
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        HARMLESS.iter().for_each(|name| text = text.replace(name, ""));
        if text.contains("COMPOSE_") || text.contains("DOCKER_") {
            return Err(format!("`{}` sets variables of compose", String::from_utf8_lossy(&path)));
        }
    }
    Ok(())
}

/// Whether more than one document stands in the text, as far as its lines tell.
fn has_more_documents(text: &str) -> bool {
    let mut before = text.lines().take_while(|line| !line.starts_with("---"));
    let starts_late = before.any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let marks = text.lines().filter(|line| line.starts_with("---")).count();
    marks > usize::from(!starts_late)
}

fn map(node: &Node) -> Result<&[(String, Node)], String> {
    match node {
        Node::Map(entries) => Ok(entries),
        // `data:` alone is a volume of its own.
        Node::Text(text) if matches!(text.as_str(), "" | "~" | "null") => Ok(&[]),
        Node::Text(_) | Node::List(_) => Err(String::from("a map of it is none")),
    }
}

/// A text that no variable changes.
fn plain(node: &Node) -> Result<&str, String> {
    match node {
        Node::Text(text) if text.contains('$') => Err(String::from("a variable stands where it matters")),
        Node::Text(text) => Ok(text),
        Node::Map(_) | Node::List(_) => Err(String::from("a text of it is none")),
    }
}

fn not_known(key: &str) -> String {
    format!("the setting `{key}` is not known to be harmless here")
}

#[cfg(test)]
mod tests;
