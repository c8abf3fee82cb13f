//! A profile of the aws tool: its region, account and endpoint, and what the
//! tool's files make of its commands.
//!
//! The credentials file adds to the config file's profile and wins. The alias file
//! can give any first word another meaning, models and plugins any operation.
//! Deliberately not here: credentials.

use std::borrow::Cow;

use tollgate_policies::Value;
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found};

use crate::files::{Files, expanded};
use crate::ini::{self, Section};

/// What is asked.
pub(crate) struct Wanted<'w> {
    pub config: &'w [u8],
    pub credentials: &'w [u8],
    pub home: &'w [u8],
    pub profile: &'w [u8],
}

pub(crate) fn find(wanted: &Wanted<'_>, files: &mut Files<'_>) -> Finding {
    match found(wanted, files) {
        Ok(found) => Finding::Found(found),
        Err(reason) => Finding::Unknown { reason },
    }
}

fn found(wanted: &Wanted<'_>, files: &mut Files<'_>) -> Result<Found, String> {
    let config = expanded(wanted.config, wanted.home, files)?;
    let config = Ini::read(&config, files)?;
    let credentials = expanded(wanted.credentials, wanted.home, files)?;
    let credentials = Ini::read(&credentials, files)?;
    let aliases = aliases(Ini::read(&expanded(b"~/.aws/cli/alias", wanted.home, files)?, files)?.sections);
    let models = files.holds_something(&expanded(b"~/.aws/models", wanted.home, files)?)?;
    let usual = wanted.config == b"~/.aws/config";
    let name = String::from_utf8_lossy(wanted.profile);
    let code = code(&config, &name, usual, models);
    Ok(Found { values: values(&config, &credentials, &name), aliases, code })
}

/// One file.
struct Ini<'p> {
    path: &'p [u8],
    sections: Vec<Section>,
}

impl<'p> Ini<'p> {
    /// One that is not there is as an empty one.
    fn read(path: &'p [u8], files: &mut Files<'_>) -> Result<Self, String> {
        let mut read = Self { path, sections: Vec::new() };
        if let Some(bytes) = files.read(path)? {
            let text = String::from_utf8(bytes).map_err(|_| format!("`{}`: it is no text", read.shown()))?;
            read.sections = ini::read(&text).map_err(|why| format!("`{}`: {why}", read.shown()))?;
        }
        Ok(read)
    }

    /// Its path, to be looked at.
    fn shown(&self) -> Cow<'p, str> {
        String::from_utf8_lossy(self.path)
    }
}

/// The section of a profile in the config file: `[profile NAME]`, or `[default]`.
fn profile<'i>(config: &'i Ini<'_>, name: &str) -> Option<&'i Section> {
    config.sections.iter().find(|section| {
        let words = section.name.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t']));
        let quoted = words.map(|words| words.trim().trim_matches(['"', '\'']));
        quoted == Some(name) || (name == "default" && section.name == "default")
    })
}

fn values(config: &Ini<'_>, credentials: &Ini<'_>, name: &str) -> Vec<(Field, Value)> {
    let own = profile(config, name).map(|section| (section, config));
    let secret = credentials.sections.iter().find(|section| section.name == name);
    let secret = secret.map(|section| (section, credentials));
    if own.is_none() && secret.is_none() && name != "default" {
        let unknown = Value::Unknown { reason: format!("no file has a profile `{name}`").into() };
        return [Field::Region, Field::Account].map(|field| (field, unknown.clone())).into();
    }
    let both = || secret.iter().chain(&own);
    let said = |key: &str| {
        both().find_map(|(section, file)| {
            let value = section.get(key).filter(|value| !value.is_empty())?;
            Some((value.to_owned(), format!("{} [{}]", file.shown(), section.name)))
        })
    };
    let value = |(value, source): (String, String)| Value::Known { value: value.into(), source: source.into() };
    let account = || said("sso_account_id").or_else(|| said("role_arn").and_then(account_of));
    let mut values = Vec::new();
    values.extend(said("region").map(|region| (Field::Region, value(region))));
    values.extend(account().map(|account| (Field::Account, value(account))));
    values.extend(said("endpoint_url").map(|url| (Field::Endpoint, value(url))));
    if said("services").is_some() {
        let reason = String::from("the profile's services section may name an endpoint");
        values.retain(|(field, _)| *field != Field::Endpoint);
        values.push((Field::Endpoint, Value::Unknown { reason: reason.into() }));
    }
    values
}

/// `arn:aws:iam::123456789012:role/name` is of that account.
fn account_of((arn, source): (String, String)) -> Option<(String, String)> {
    let account = arn.split(':').nth(4).filter(|account| !account.is_empty())?;
    Some((account.to_owned(), source))
}

/// Words that the alias file gives another meaning: of `[toplevel]`, and of
/// `[command WORDS]`.
fn aliases(sections: Vec<Section>) -> Vec<Vec<u8>> {
    let words = |section: Section| {
        let before = match section.name.strip_prefix("command ") {
            Some(words) => format!("{} ", words.split_whitespace().collect::<Vec<_>>().join(" ")),
            None => String::new(),
        };
        let of_commands = !before.is_empty() || section.name == "toplevel";
        let names = section.entries.into_iter().filter(move |_| of_commands);
        names.map(move |(name, _)| format!("{before}{name}").into_bytes()).collect::<Vec<_>>()
    };
    sections.into_iter().flat_map(words).collect()
}

/// What in the files makes the tool run code of theirs.
fn code(config: &Ini<'_>, name: &str, usual: bool, models: bool) -> Option<String> {
    let plugins = config.sections.iter().any(|section| section.name == "plugins" && !section.entries.is_empty());
    let process = || profile(config, name)?.get("credential_process");
    if plugins {
        return Some(format!("`{}` has plugins, which are code that the tool loads", config.shown()));
    }
    if models {
        return Some(String::from("`~/.aws/models` can make an operation mean another"));
    }
    if !usual && process().is_some() {
        return Some(format!("`{}` has the tool run a program for credentials", config.shown()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    struct Home(tempfile::TempDir);

    impl Home {
        fn with(files: &[(&str, &str)]) -> Self {
            let home = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let path = home.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Self(home)
        }

        fn found(&self, profile: &str) -> Result<Found, String> {
            use std::os::unix::ffi::OsStrExt;
            let home = self.0.path().as_os_str().as_bytes();
            let (config, credentials) = (&b"~/.aws/config"[..], &b"~/.aws/credentials"[..]);
            let wanted = Wanted { config, credentials, home, profile: profile.as_bytes() };
            found(&wanted, &mut Files::new(&Reader::new(None)))
        }
    }

    fn value(found: &Found, field: Field) -> Option<String> {
        match found.value(field)? {
            Value::Known { value, .. } => Some(String::from_utf8(value.to_vec()).unwrap()),
            Value::Unknown { reason } => Some(format!("? {reason}")),
        }
    }

    const CONFIG: &str = "
[default]
region = eu-west-1
[profile prod]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/admin
[profile \"with space\"]
sso_account_id = 222
s3 =
  endpoint_url = trap
";

    #[test]
    fn a_profile_says_its_region_and_account() {
        let home = Home::with(&[(".aws/config", CONFIG)]);
        let prod = home.found("prod").unwrap();
        assert_eq!(value(&prod, Field::Region), Some("us-east-1".into()));
        assert_eq!(value(&prod, Field::Account), Some("123456789012".into()));
        let spaced = home.found("with space").unwrap();
        assert_eq!(value(&spaced, Field::Account), Some("222".into()));
        assert_eq!((value(&spaced, Field::Endpoint), value(&spaced, Field::Region)), (None, None));
        assert_eq!(value(&home.found("default").unwrap(), Field::Region), Some("eu-west-1".into()));
    }

    #[test]
    fn the_credentials_file_wins() {
        let home = Home::with(&[(".aws/config", CONFIG), (".aws/credentials", "[prod]\nregion = ap-south-1\n")]);
        assert_eq!(value(&home.found("prod").unwrap(), Field::Region), Some("ap-south-1".into()));
    }

    #[test]
    fn a_profile_that_is_nowhere_is_unknown() {
        let home = Home::with(&[]);
        assert_eq!(value(&home.found("x").unwrap(), Field::Region), Some("? no file has a profile `x`".into()));
        assert_eq!(value(&home.found("default").unwrap(), Field::Region), None);
    }

    #[test]
    fn aliases_plugins_and_models_are_seen() {
        let home = Home::with(&[(".aws/cli/alias", "[toplevel]\nec2 = !rm -rf x\n[command s3]\nls = rm\n[x]\ny=z\n")]);
        assert_eq!(home.found("default").unwrap().aliases, [b"ec2".to_vec(), b"s3 ls".to_vec()]);
        let home = Home::with(&[(".aws/config", "[plugins]\ncli = evil\n")]);
        assert!(home.found("default").unwrap().code.unwrap().contains("plugins"));
        let home = Home::with(&[(".aws/models/ec2/x.json", "{}")]);
        assert!(home.found("default").unwrap().code.unwrap().contains("models"));
    }

    #[test]
    fn a_file_that_the_tool_refuses_is_unknown() {
        let home = Home::with(&[(".aws/config", "region = x\n")]);
        assert!(home.found("default").is_err());
    }
}
