//! One service of a compose project.
//!
//! Settings by the Compose file reference (docs.docker.com/reference/compose-file/services).
//! Those listed as harmless act inside of the container, or ask for less.
//! Deliberately not here: files, and what else a project has.

use tollgate_policies::classify::facts::Access;

use super::{Project, VARIABLES, map, not_known, plain};
use crate::yaml::Node;

/// Settings that give a container nothing of the machine, whatever they say.
const HARMLESS: [&str; 65] = [
    "annotations",
    "attach",
    "blkio_config",
    "cap_drop",
    "command",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_shares",
    "cpus",
    "cpuset",
    "configs",
    "depends_on",
    "deploy",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "expose",
    "external_links",
    "extra_hosts",
    "gw_priority",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "networks",
    "oom_kill_disable",
    "pids_limit",
    "platform",
    "ports",
    "profiles",
    "pull_policy",
    "read_only",
    "restart",
    "scale",
    "secrets",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "working_dir",
    // Of a build.
    "context",
    "dockerfile",
    "dockerfile_inline",
    "args",
    "target",
    "tags",
    "no_cache",
    "pull",
];

pub(super) fn read(project: &mut Project<'_>, node: &Node) -> Result<(), String> {
    for (key, value) in map(node)? {
        match key.as_str() {
            "environment" => environment(project, value),
            key if HARMLESS.contains(&key) || key.starts_with("x-") => {}
            "volumes" => list(value)?.iter().try_for_each(|volume| given(project, volume))?,
            "env_file" => variables(project, value)?,
            "build" => build(value)?,
            "extends" => extends(value)?,
            "privileged" | "use_api_socket" if is_off(value) => {}
            "privileged" | "use_api_socket" => drop(project.kinds.insert("privileged")),
            "network_mode" | "pid" | "ipc" | "uts" | "userns_mode" | "cgroup" => namespace(project, value)?,
            "cap_add" if list(value)?.is_empty() => {}
            "cap_add" => drop(project.kinds.insert("capability")),
            "devices" | "device_cgroup_rules" | "gpus" => drop(project.kinds.insert("device")),
            "security_opt" => security(project, value)?,
            key => return Err(not_known(key)),
        }
    }
    Ok(())
}

/// `PATH:PLACE:OPTIONS`, or a map that says the same.
fn given(project: &mut Project<'_>, volume: &Node) -> Result<(), String> {
    match volume {
        Node::Text(text) => {
            let source = text.split(':').next().unwrap_or_default();
            if source.contains('$') {
                return Err(String::from("a variable says what of the machine is given"));
            }
            Access::of_volume(text.as_bytes()).map_or(Ok(()), |access| source_of(project, source, access))
        }
        Node::Map(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value) {
                    ("target" | "consistency" | "bind" | "volume" | "tmpfs" | "read_only", _) => {}
                    ("type", Node::Text(kind)) if matches!(kind.as_str(), "bind" | "volume" | "tmpfs") => {}
                    ("source", value) => source_of(project, plain(value)?, access(volume))?,
                    (key, _) => return Err(not_known(key)),
                }
            }
            Ok(())
        }
        Node::List(_) => Err(String::from("a volume of it is a list")),
    }
}

fn access(volume: &Node) -> Access {
    if volume.get("read_only").and_then(Node::text) == Some("true") { Access::Read } else { Access::Write }
}

/// A path; what is none is the name of a volume.
fn source_of(project: &mut Project<'_>, source: &str, access: Access) -> Result<(), String> {
    let socket = ["docker.sock", "podman.sock", "containerd.sock", "crio.sock"];
    if socket.iter().any(|name| source.contains(name)) {
        project.kinds.insert("engine-socket");
    }
    match source {
        source if source.contains('/') || source.starts_with(['.', '~']) => project.mount(source, access),
        _ => Ok(()),
    }
}

/// Variables; one without a value gets the caller's.
fn environment(project: &mut Project<'_>, value: &Node) {
    let taken = match value {
        Node::Map(entries) => entries.iter().any(|(_, value)| value.text().is_none()),
        Node::List(nodes) => nodes.iter().any(|node| !node.text().is_some_and(|text| text.contains('='))),
        Node::Text(_) => false,
    };
    if taken {
        project.kinds.insert(VARIABLES);
    }
}

/// Files of variables: those of the project are its own, others are given away.
fn variables(project: &mut Project<'_>, value: &Node) -> Result<(), String> {
    project.kinds.insert(VARIABLES);
    let one = |node: &Node| match node {
        Node::Map(_) => node.get("path").map_or(Ok(String::new()), |path| plain(path).map(str::to_owned)),
        node => plain(node).map(str::to_owned),
    };
    let paths: Vec<String> = match value {
        Node::List(nodes) => nodes.iter().map(one).collect::<Result<_, _>>()?,
        node => vec![one(node)?],
    };
    let climbs = |path: &String| path.starts_with(['/', '~']) || path.split('/').any(|part| part == "..");
    paths.iter().filter(|path| climbs(path)).try_for_each(|path| project.mount(path, Access::Read))
}

fn build(value: &Node) -> Result<(), String> {
    let Node::Map(entries) = value else { return Ok(()) };
    let harmless = |key: &str| HARMLESS.contains(&key) || matches!(key, "cache_from" | "platforms" | "x-bake");
    match entries.iter().find(|(key, _)| !harmless(key)) {
        Some((key, _)) => Err(not_known(key)),
        None => Ok(()),
    }
}

/// Another service of the same file counts anyway.
fn extends(value: &Node) -> Result<(), String> {
    match value.get("file") {
        Some(_) => Err(String::from("it goes on in another file")),
        None => Ok(()),
    }
}

fn namespace(project: &mut Project<'_>, value: &Node) -> Result<(), String> {
    let text = plain(value)?;
    let own = matches!(text, "" | "bridge" | "none" | "private" | "shareable") || text.starts_with("service:");
    if !own {
        project.kinds.insert("host-namespace");
    }
    Ok(())
}

fn security(project: &mut Project<'_>, value: &Node) -> Result<(), String> {
    for option in list(value)? {
        if !matches!(plain(option)?, "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true") {
            project.kinds.insert("unconfined");
        }
    }
    Ok(())
}

fn is_off(value: &Node) -> bool {
    matches!(value, Node::Text(text) if text == "false")
}

fn list(node: &Node) -> Result<&[Node], String> {
    match node {
        Node::List(nodes) => Ok(nodes),
        Node::Text(text) if text.is_empty() => Ok(&[]),
        Node::Text(_) | Node::Map(_) => Err(String::from("a list of it is none")),
    }
}
