//! A saved terraform plan, in the judgement's words.
//!
//! Deliberately not here: the format (crate `tollgate-plan`), and what tier follows.

use tollgate_plan::{Act as Done, Backend, Change, Error, Mode};
use tollgate_policies::Value;
use tollgate_policies::changes::{Act, Changes};
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found, Plan, SavedPlan};

use crate::files::{Files, join};

/// The most that is read of a plan, in bytes.
const PLAN: u64 = tollgate_plan::LARGEST as u64;

/// The settings of a backend that say where a state is, and are no secrets.
const PLACES: [&str; 12] = [
    "path",
    "workspace_dir",
    "bucket",
    "key",
    "prefix",
    "workspace_key_prefix",
    "storage_account_name",
    "container_name",
    "organization",
    "hostname",
    "schema_name",
    "secret_suffix",
];

pub(crate) fn find(folder: &[u8], path: &[u8], files: &mut Files<'_>) -> Finding {
    let bytes = match files.keep(&join(folder, path), PLAN) {
        Ok(None) => return Finding::Plan(Plan::Absent),
        Ok(Some(bytes)) => bytes,
        Err(reason) => return Finding::Unknown { reason },
    };
    let shown = String::from_utf8_lossy(path);
    match tollgate_plan::read(&bytes) {
        Ok(plan) => Finding::Plan(Plan::Saved(Box::new(saved(&plan, &shown)))),
        Err(error @ Error::Format(_)) => Finding::Plan(Plan::Foreign { reason: format!("`{shown}`: {error}") }),
        Err(error) => Finding::Unknown { reason: format!("`{shown}`: {error}") },
    }
}

fn saved(plan: &tollgate_plan::Plan, path: &str) -> SavedPlan {
    let calls = plan.calls.iter().map(|address| (Act::Call, address.clone()));
    let mut changes = Changes::of(plan.changes.iter().flat_map(done).chain(calls));
    for note in notes(plan) {
        changes.note(note);
    }
    let found = plan.backend.as_ref().map(|backend| found(backend, path)).unwrap_or_default();
    let made_to_destroy = matches!(plan.mode, Mode::Destroy | Mode::Unknown(_));
    SavedPlan { made_to_destroy, changes, found }
}

/// What one change is: a resource that is imported or moves may change as well.
fn done(change: &Change) -> Vec<(Act, String)> {
    let address = match &change.deposed {
        Some(key) => format!("{} (deposed {key})", change.address),
        None => change.address.clone(),
    };
    let act = match change.act {
        Done::Delete => Some(Act::Delete),
        Done::Replace => Some(Act::Replace),
        Done::Unknown(_) => Some(Act::Unknown),
        Done::Forget | Done::ForgetAndCreate => Some(Act::Forget),
        Done::Update => Some(Act::Update),
        Done::Create => Some(Act::Create),
        Done::Read => Some(Act::Read),
        Done::Keep => None,
    };
    let anew = (change.act == Done::ForgetAndCreate).then(|| (Act::Create, address.clone()));
    let imported = change.imported.then(|| (Act::Import, address.clone()));
    let moved = change.moved_from.iter().map(|before| (Act::Move, format!("{before} to {address}")));
    act.map(|act| (act, address.clone())).into_iter().chain(anew).chain(imported).chain(moved).collect()
}

fn notes(plan: &tollgate_plan::Plan) -> Vec<String> {
    let mut notes = Vec::new();
    match plan.mode {
        Mode::Normal => {}
        Mode::Destroy => notes.push(String::from("the plan was made to destroy everything")),
        Mode::RefreshOnly => notes.push(String::from("the plan only brings the state up to date")),
        Mode::Unknown(mode) => notes.push(format!("the plan was made for a purpose that is not known ({mode})")),
    }
    if plan.errored {
        notes.push(String::from("making the plan ended in an error"));
    }
    if !plan.targets.is_empty() {
        notes.push(format!("limited to {} addresses", plan.targets.len()));
    }
    if plan.deferred > 0 {
        notes.push(format!("{} more changes are left to a later plan", plan.deferred));
    }
    if plan.outputs > 0 {
        notes.push(format!("{} outputs change", plan.outputs));
    }
    if let Some(backend) = &plan.backend {
        notes.push(state(backend));
    }
    notes.push(format!("the plan was made by version {}", plan.terraform_version));
    notes
}

/// Where the state is: `state in s3, bucket acme, key prod/web, workspace prod`.
fn state(backend: &Backend) -> String {
    let places = backend.settings.iter().filter(|(name, _)| PLACES.contains(&name.as_str()));
    let places: String = places.map(|(name, value)| format!(", {name} {value}")).collect();
    format!("state in {}{places}, workspace {}", backend.kind, backend.workspace)
}

fn found(backend: &Backend, path: &str) -> Found {
    let stated = |value: &str| match value {
        "" => Value::Unknown { reason: format!("`{path}` does not say it").into() },
        value => Value::Known { value: value.into(), source: path.into() },
    };
    let values = vec![(Field::Workspace, stated(&backend.workspace)), (Field::Backend, stated(&backend.kind))];
    Found { values, ..Found::default() }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    fn found(bytes: Option<&[u8]>) -> Finding {
        let folder = tempfile::tempdir().unwrap();
        bytes.iter().for_each(|bytes| std::fs::write(folder.path().join("tfplan.out"), bytes).unwrap());
        let cwd = File::open(folder.path()).unwrap();
        find(b"", b"tfplan.out", &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }

    fn plan(bytes: &[u8]) -> SavedPlan {
        match found(Some(bytes)) {
            Finding::Plan(Plan::Saved(plan)) => *plan,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plan_says_what_it_changes_and_where_its_state_is() {
        let apply = plan(include_bytes!("../tests/plans/apply.tfplan"));
        assert_eq!((apply.made_to_destroy, apply.changes.to_string().as_str()), (false, "1 to create"));
        assert!(apply.changes.notes().iter().any(|note| note.starts_with("state in local")), "{apply:?}");
        let destroy = plan(include_bytes!("../tests/plans/destroy.tfplan"));
        assert!(destroy.made_to_destroy && destroy.changes.destroys());
        let workspace = Value::known("default", "tfplan.out");
        assert_eq!(apply.found.value(Field::Workspace), Some(&workspace));
    }

    #[test]
    fn an_absent_plan_is_absent_and_what_is_no_plan_is_unknown() {
        assert_eq!(found(None), Finding::Plan(Plan::Absent));
        for bytes in [&b""[..], b"{}", b"PK\x05\x06"] {
            assert!(matches!(found(Some(bytes)), Finding::Unknown { .. }));
        }
    }

    #[test]
    fn secrets_of_a_backend_are_not_shown() {
        let settings = [("key", "a/b"), ("access_key", "hidden"), ("password", "hidden")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let backend = Backend { kind: "s3".into(), workspace: "prod".into(), settings };
        assert_eq!(state(&backend), "state in s3, key a/b, workspace prod");
    }
}
