//! The properties of a gcloud configuration: project, account, zone, region and
//! endpoint overrides.
//!
//! As the tool looks for them (`gcloud topic configurations`): the configuration is
//! the one asked for, else the one that `active_config` names, else `default`; its
//! properties stand in `configurations/config_NAME`. `NONE` has none.
//! Deliberately not here: flags and variables, which come first, and properties of
//! the installation, which are outside of the caller's folder.

use tollgate_policies::Value;
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found};

use crate::files::{Files, expanded};
use crate::ini::{self, Section};

/// Where each field stands: the section, and the property.
const PROPERTIES: [(Field, &str, &str); 4] = [
    (Field::Project, "core", "project"),
    (Field::Zone, "compute", "zone"),
    (Field::Region, "compute", "region"),
    (Field::Account, "core", "account"),
];

pub(crate) fn find(folder: &[u8], home: &[u8], configuration: Option<&[u8]>, files: &mut Files<'_>) -> Finding {
    match found(folder, home, configuration, files) {
        Ok(found) => Finding::Found(found),
        Err(reason) => Finding::Unknown { reason },
    }
}

fn found(folder: &[u8], home: &[u8], configuration: Option<&[u8]>, files: &mut Files<'_>) -> Result<Found, String> {
    let folder = expanded(folder, home, files)?;
    let (name, source) = match configuration {
        Some(name) => (text(name.to_vec(), "its name")?, String::from("argument")),
        None => active(&folder, files)?,
    };
    let mut values = vec![(Field::Configuration, stated(&name, source))];
    if name != "NONE" {
        let path = [&folder, &b"/configurations/config_"[..], name.as_bytes()].concat();
        values.extend(properties(&path, files)?);
    }
    Ok(Found { values, ..Found::default() })
}

/// The active configuration's name, and where it stands.
fn active(folder: &[u8], files: &mut Files<'_>) -> Result<(String, String), String> {
    let path = [folder, b"/active_config"].concat();
    let usual = || (String::from("default"), String::from("default"));
    let Some(bytes) = files.read(&path)? else {
        return Ok(usual());
    };
    let shown = String::from_utf8_lossy(&path).into_owned();
    let name = text(bytes, &shown)?;
    let name = name.trim_end_matches(['\r', '\n']);
    if name.contains('/') {
        return Err(format!("`{shown}`: it names no configuration"));
    }
    Ok(if name.is_empty() { usual() } else { (name.to_owned(), shown) })
}

fn properties(path: &[u8], files: &mut Files<'_>) -> Result<Vec<(Field, Value)>, String> {
    let Some(bytes) = files.read(path)? else {
        return Ok(Vec::new());
    };
    let shown = String::from_utf8_lossy(path).into_owned();
    let sections = ini::read(&text(bytes, &shown)?).map_err(|why| format!("`{shown}`: {why}"))?;
    let said = |section: &str, key: &str| {
        let section: &Section = sections.iter().find(|known| known.name == section)?;
        section.get(key).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let source = |section: &str| format!("{shown} [{section}]");
    let mut values: Vec<(Field, Value)> = Vec::new();
    if let Some(acts_as) = said("auth", "impersonate_service_account") {
        values.push((Field::Account, stated(&acts_as, source("auth"))));
    } else if said("auth", "access_token_file").or_else(|| said("auth", "credential_file_override")).is_some() {
        let reason = format!("`{shown}` [auth] names a file with the credentials");
        values.push((Field::Account, Value::Unknown { reason: reason.into() }));
    }
    for (field, section, key) in PROPERTIES {
        if let Some(value) = said(section, key).filter(|_| !values.iter().any(|(known, _)| *known == field)) {
            values.push((field, stated(&value, source(section))));
        }
    }
    if sections.iter().any(|section| section.name == "api_endpoint_overrides" && !section.entries.is_empty()) {
        let reason = format!("`{shown}` [api_endpoint_overrides] sends calls to other servers");
        values.push((Field::Endpoint, Value::Unknown { reason: reason.into() }));
    }
    Ok(values)
}

fn text(bytes: Vec<u8>, shown: &str) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| format!("`{shown}`: it is no text"))
}

fn stated(value: &str, source: String) -> Value {
    Value::Known { value: value.into(), source: source.into() }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    fn asked(files: &[(&str, &str)], configuration: Option<&[u8]>) -> Finding {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("configurations")).unwrap();
        files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
        let cwd = File::open(folder.path()).unwrap();
        find(b".", b"/nowhere", configuration, &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }

    fn value(finding: &Finding, field: Field) -> Option<String> {
        let Finding::Found(found) = finding else { panic!("{finding:?}") };
        match found.value(field)? {
            Value::Known { value, .. } => Some(String::from_utf8(value.to_vec()).unwrap()),
            Value::Unknown { reason } => Some(format!("? {reason}")),
        }
    }

    const PROD: (&str, &str) =
        ("configurations/config_prod", "[core]\nproject = p\naccount = a@b\n[compute]\nzone=z\n");

    #[test]
    fn the_active_configuration_says_project_account_and_zone() {
        let found = asked(&[("active_config", "prod"), PROD], None);
        assert_eq!(value(&found, Field::Configuration).as_deref(), Some("prod"));
        assert_eq!(value(&found, Field::Project).as_deref(), Some("p"));
        assert_eq!(value(&found, Field::Account).as_deref(), Some("a@b"));
        assert_eq!(value(&found, Field::Zone).as_deref(), Some("z"));
        assert_eq!(value(&found, Field::Region), None);
    }

    #[test]
    fn the_configuration_asked_for_comes_first_and_none_has_nothing() {
        let files = [("active_config", "other"), PROD];
        assert_eq!(value(&asked(&files, Some(b"prod")), Field::Project).as_deref(), Some("p"));
        assert_eq!(value(&asked(&files, Some(b"NONE")), Field::Project), None);
        assert_eq!(value(&asked(&files, None), Field::Project), None);
        assert_eq!(value(&asked(&[], None), Field::Configuration).as_deref(), Some("default"));
    }

    #[test]
    fn impersonation_is_the_account_and_overrides_leave_the_endpoint_unknown() {
        let text =
            "[core]\naccount = a\n[auth]\nimpersonate_service_account = s\n[api_endpoint_overrides]\ncompute = u\n";
        let found = asked(&[("configurations/config_default", text)], None);
        assert_eq!(value(&found, Field::Account).as_deref(), Some("s"));
        assert!(value(&found, Field::Endpoint).is_some_and(|endpoint| endpoint.starts_with("? ")));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        let broken = [("configurations/config_default", "project = x\n")];
        assert!(matches!(asked(&broken, None), Finding::Unknown { .. }));
        assert!(matches!(asked(&[("active_config", "../../x")], None), Finding::Unknown { .. }));
    }
}
