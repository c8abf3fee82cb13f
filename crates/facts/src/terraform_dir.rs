//! The working folder of a terraform configuration: which workspace and which
//! backend its data folder names.
//!
//! The workspace stands in `environment`, without white space around it; without
//! that file, or with an empty one, it is `default`. The backend's type stands in
//! `terraform.tfstate` of the data folder; without that file the state is local.

use tollgate_policies::Value;
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found};

use crate::files::{Files, join};

pub(crate) fn find(folder: &[u8], data: &[u8], files: &mut Files<'_>) -> Finding {
    let data = join(folder, data);
    let values = vec![(Field::Workspace, workspace(&data, files)), (Field::Backend, backend(&data, files))];
    Finding::Found(Found { values, ..Found::default() })
}

fn workspace(data: &[u8], files: &mut Files<'_>) -> Value {
    let path = join(data, b"environment");
    let shown = String::from_utf8_lossy(&path).into_owned();
    match files.read(&path) {
        Err(reason) => Value::Unknown { reason: reason.into() },
        Ok(bytes) => match bytes.as_deref().map(<[u8]>::trim_ascii) {
            None | Some(b"") => Value::known("default", "default"),
            Some(name) => Value::Known { value: name.into(), source: shown.into() },
        },
    }
}

fn backend(data: &[u8], files: &mut Files<'_>) -> Value {
    let path = join(data, b"terraform.tfstate");
    let shown = String::from_utf8_lossy(&path).into_owned();
    match files.read(&path) {
        Err(reason) => Value::Unknown { reason: reason.into() },
        Ok(None) => Value::known("local", "default"),
        Ok(Some(bytes)) => match kind(&bytes) {
            Some(kind) => Value::Known { value: kind.into(), source: shown.into() },
            None => Value::Unknown { reason: format!("`{shown}` names no backend").into() },
        },
    }
}

fn kind(bytes: &[u8]) -> Option<String> {
    let state: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    match state.get("backend") {
        None | Some(serde_json::Value::Null) => Some(String::from("local")),
        Some(backend) => backend.get("type")?.as_str().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    fn found(environment: Option<&str>, state: Option<&str>) -> Finding {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("infra/.terraform");
        std::fs::create_dir_all(&data).unwrap();
        environment.iter().for_each(|text| std::fs::write(data.join("environment"), text).unwrap());
        state.iter().for_each(|text| std::fs::write(data.join("terraform.tfstate"), text).unwrap());
        let cwd = File::open(folder.path()).unwrap();
        find(b"infra", b".terraform", &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }

    fn value(finding: &Finding, field: Field) -> (String, String) {
        match finding {
            Finding::Found(found) => match found.value(field) {
                Some(Value::Known { value, source }) => {
                    (String::from_utf8(value.to_vec()).unwrap(), source.to_string())
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_environment_file_names_the_workspace() {
        let finding = found(Some(" prod\n"), Some(r#"{"version":3,"backend":{"type":"s3"}}"#));
        assert_eq!(value(&finding, Field::Workspace), ("prod".into(), "infra/.terraform/environment".into()));
        assert_eq!(value(&finding, Field::Backend), ("s3".into(), "infra/.terraform/terraform.tfstate".into()));
    }

    #[test]
    fn without_files_it_is_the_default_workspace_of_a_local_state() {
        for environment in [None, Some("\n")] {
            let finding = found(environment, None);
            assert_eq!(value(&finding, Field::Workspace), ("default".into(), "default".into()));
            assert_eq!(value(&finding, Field::Backend), ("local".into(), "default".into()));
        }
    }
}
