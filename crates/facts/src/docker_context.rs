//! The docker client's context: its name, and the host that it leads to.
//!
//! The current one stands in `config.json` (`currentContext`); `default` is the
//! local engine. A context's host stands in `contexts/meta/DIGEST/meta.json`, where
//! the digest is the SHA-256 of the name.
//! Deliberately not here: flags and variables, which come first.

use sha2::{Digest, Sha256};
use tollgate_policies::Value;
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found};
use tollgate_policies::show;

use crate::files::{Files, expanded};

/// What the client uses where nothing says otherwise.
const LOCAL: &str = "unix:///var/run/docker.sock";

pub(crate) fn find(folder: &[u8], home: &[u8], context: Option<&[u8]>, files: &mut Files<'_>) -> Finding {
    match found(folder, home, context, files) {
        Ok(found) => Finding::Found(found),
        Err(reason) => Finding::Unknown { reason },
    }
}

fn found(folder: &[u8], home: &[u8], context: Option<&[u8]>, files: &mut Files<'_>) -> Result<Found, String> {
    let folder = expanded(folder, home, files)?;
    let config = [&folder, &b"/config.json"[..]].concat();
    let settings = json(&config, files)?;
    let shown = String::from_utf8_lossy(&config).into_owned();
    let current = settings.as_ref().and_then(|settings| settings.get("currentContext")?.as_str());
    let (name, source) = match (context, current.filter(|name| !name.is_empty())) {
        (Some(name), _) => (String::from_utf8_lossy(name).into_owned(), String::from("argument")),
        (None, Some(name)) => (name.to_owned(), format!("{shown} currentContext")),
        (None, None) => (String::from("default"), String::from("default")),
    };
    let host = if name == "default" { local() } else { host(&folder, &name, files)? };
    let context = Value::Known { value: name.into(), source: source.into() };
    Ok(Found { values: vec![(Field::Context, context), (Field::Host, host)], ..Found::default() })
}

fn local() -> Value {
    Value::known(LOCAL, "default")
}

fn host(folder: &[u8], name: &str, files: &mut Files<'_>) -> Result<Value, String> {
    let digest = show::hex(&Sha256::digest(name.as_bytes()));
    let path = [folder, b"/contexts/meta/", digest.as_bytes(), b"/meta.json"].concat();
    let meta = json(&path, files)?;
    let host = meta.as_ref().and_then(|meta| meta.get("Endpoints")?.get("docker")?.get("Host")?.as_str());
    Ok(match host {
        Some(host) => Value::Known { value: host.into(), source: String::from_utf8_lossy(&path).into() },
        None => Value::Unknown { reason: format!("no file says where the context `{name}` leads").into() },
    })
}

fn json(path: &[u8], files: &mut Files<'_>) -> Result<Option<serde_json::Value>, String> {
    let shown = || String::from_utf8_lossy(path).into_owned();
    let Some(bytes) = files.read(path)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|why| format!("`{}`: {why}", shown()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    fn asked(config: Option<&str>, meta: Option<(&str, &str)>, context: Option<&[u8]>) -> Finding {
        let folder = tempfile::tempdir().unwrap();
        config.iter().for_each(|text| fs::write(folder.path().join("config.json"), text).unwrap());
        if let Some((digest, text)) = meta {
            let place = folder.path().join("contexts/meta").join(digest);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join("meta.json"), text).unwrap();
        }
        let cwd = File::open(folder.path()).unwrap();
        find(b".", b"", context, &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }

    fn value(finding: &Finding, field: Field) -> String {
        let Finding::Found(found) = finding else { panic!("{finding:?}") };
        match found.value(field).unwrap() {
            Value::Known { value, .. } => String::from_utf8(value.to_vec()).unwrap(),
            Value::Unknown { .. } => String::from("?"),
        }
    }

    #[test]
    fn without_a_file_it_is_the_local_engine() {
        let found = asked(None, None, None);
        assert_eq!((value(&found, Field::Context).as_str(), value(&found, Field::Host).as_str()), ("default", LOCAL));
    }

    #[test]
    fn the_current_context_leads_to_its_host() {
        let digest = show::hex(&Sha256::digest(b"prod"));
        let meta = r#"{"Name":"prod","Endpoints":{"docker":{"Host":"ssh://prod"}}}"#;
        let found = asked(Some(r#"{"currentContext":"prod"}"#), Some((&digest, meta)), None);
        assert_eq!(
            (value(&found, Field::Context).as_str(), value(&found, Field::Host).as_str()),
            ("prod", "ssh://prod")
        );
    }

    #[test]
    fn a_context_that_no_file_knows_has_an_unknown_host() {
        let found = asked(Some("{}"), None, Some(b"gone"));
        assert_eq!((value(&found, Field::Context).as_str(), value(&found, Field::Host).as_str()), ("gone", "?"));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        assert!(matches!(asked(Some("{"), None, None), Finding::Unknown { .. }));
    }
}
