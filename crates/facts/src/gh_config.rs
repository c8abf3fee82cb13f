//! The configuration of the gh tool: its aliases, and the hosts that it is logged
//! in to.
//!
//! Aliases stand in `config.yml`, hosts in `hosts.yml` (`gh help environment`:
//! `GH_CONFIG_DIR`). Deliberately not here: what an alias stands for, and tokens.

use tollgate_policies::Value;
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found};

use crate::files::{Files, expanded};
use crate::yaml::{self, Node};

pub(crate) fn find(folder: &[u8], home: &[u8], files: &mut Files<'_>) -> Finding {
    match found(folder, home, files) {
        Ok(found) => Finding::Found(found),
        Err(reason) => Finding::Unknown { reason },
    }
}

fn found(folder: &[u8], home: &[u8], files: &mut Files<'_>) -> Result<Found, String> {
    let folder = expanded(folder, home, files)?;
    let config = read(&[&folder, &b"/config.yml"[..]].concat(), files)?;
    let aliases = config.get("aliases").map(keys).unwrap_or_default();
    let hosts = read(&[&folder, &b"/hosts.yml"[..]].concat(), files)?;
    let host = match keys(&hosts).as_slice() {
        [] => stated("github.com", "default"),
        [only] => stated(&String::from_utf8_lossy(only), "hosts.yml"),
        _ => Value::unknown("it is logged in to several hosts"),
    };
    Ok(Found { values: vec![(Field::Host, host)], aliases, ..Found::default() })
}

fn stated(value: &str, source: &str) -> Value {
    Value::Known { value: value.into(), source: source.into() }
}

fn read(path: &[u8], files: &mut Files<'_>) -> Result<Node, String> {
    let shown = || String::from_utf8_lossy(path).into_owned();
    let Some(bytes) = files.read(path)? else {
        return Ok(Node::Map(Vec::new()));
    };
    let text = String::from_utf8(bytes).map_err(|_| format!("`{}`: it is no text", shown()))?;
    yaml::read(&text).map_err(|why| format!("`{}`: {why}", shown()))
}

fn keys(node: &Node) -> Vec<Vec<u8>> {
    match node {
        Node::Map(entries) => entries.iter().map(|(key, _)| key.as_bytes().to_vec()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    fn asked(config: &str, hosts: &str) -> Finding {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.yml"), config).unwrap();
        fs::write(folder.path().join("hosts.yml"), hosts).unwrap();
        let cwd = File::open(folder.path()).unwrap();
        find(b".", b"", &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }

    #[test]
    fn aliases_are_named_and_the_only_host_is_the_one() {
        let Finding::Found(found) = asked("aliases:\n    co: pr checkout\n", "ghe.example:\n    user: x\n") else {
            panic!()
        };
        assert_eq!(found.aliases, [b"co".to_vec()]);
        assert_eq!(found.value(Field::Host), Some(&stated("ghe.example", "hosts.yml")));
    }

    #[test]
    fn of_several_hosts_none_is_known_and_without_any_it_is_the_public_one() {
        let Finding::Found(found) = asked("", "a:\n  user: x\nb:\n  user: y\n") else { panic!() };
        assert!(matches!(found.value(Field::Host), Some(Value::Unknown { .. })));
        let Finding::Found(found) = asked("", "") else { panic!() };
        assert_eq!(found.value(Field::Host), Some(&stated("github.com", "default")));
    }
}
