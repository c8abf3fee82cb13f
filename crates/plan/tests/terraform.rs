//! What this crate reads of a plan, against what `terraform show -json` says of it.
//!
//! Configurations are generated from a fixed seed, with `terraform_data` alone, so
//! nothing is downloaded. `TOLLGATE_ORACLE_CASES` is how many (8). Where terraform is
//! not installed the test is passed over, and says so.
//! Deliberately not here: damaged plans (the crate's own tests).
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail in its own helpers")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tollgate_plan::{Act, Mode, Plan};

fn cases() -> usize {
    std::env::var("TOLLGATE_ORACLE_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(8)
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What terraform prints; none where it refuses.
fn terraform(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("terraform");
    command.args(arguments).current_dir(folder).env_clear().env("CHECKPOINT_DISABLE", "1").env("HOME", folder);
    command.env("PATH", std::env::var_os("PATH").unwrap());
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn is_installed() -> bool {
    let found = Command::new("terraform").arg("version").output().is_ok_and(|output| output.status.success());
    let required = std::env::var("TOLLGATE_REQUIRE_TOOLS").unwrap_or_default();
    assert!(found || !required.split(',').any(|tool| tool == "terraform"), "terraform is required and absent");
    if !found {
        eprintln!("skipped: terraform is not installed");
    }
    found
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A configuration: some resources, single, counted, by key or in a module.
fn configuration(dice: &mut Dice, backend: &str) -> String {
    let mut text = format!("terraform {{\n  backend \"local\" {{ path = \"{backend}\" }}\n}}\n");
    for name in NAMES {
        let input = dice.roll(3);
        let replaced = dice.roll(2);
        let body = format!(
            "input = \"v{input}\"\n  triggers_replace = \"t{replaced}\"\n  lifecycle {{\n    create_before_destroy = {}\n  }}",
            name == "b"
        );
        let repeated = match dice.roll(5) {
            0 => continue,
            1 => String::from("count = 2\n  "),
            2 => String::from("for_each = toset([\"k\", \"a \\\"quoted\\\" key\"])\n  "),
            _ => String::new(),
        };
        writeln!(text, "resource \"terraform_data\" \"{name}\" {{\n  {repeated}{body}\n}}").unwrap();
    }
    if dice.roll(2) == 0 {
        text += "module \"m\" {\n  source = \"./m\"\n}\n";
    }
    match dice.roll(4) {
        0 => text += "removed {\n  from = terraform_data.gone\n  lifecycle {\n    destroy = false\n  }\n}\n",
        1 => text += "resource \"terraform_data\" \"gone\" {}\n",
        2 => {
            text += "moved {\n  from = terraform_data.gone\n  to = terraform_data.found\n}\nresource \"terraform_data\" \"found\" {}\n";
        }
        _ => {}
    }
    if dice.roll(4) == 0 {
        text +=
            "import {\n  to = terraform_data.imported\n  id = \"x\"\n}\nresource \"terraform_data\" \"imported\" {}\n";
    }
    match dice.roll(3) {
        0 => text += "output \"o\" {\n  value = \"1\"\n}\n",
        1 => text += "output \"o\" {\n  value = \"2\"\n}\n",
        _ => {}
    }
    text
}

/// One change as both say it: address, what is done, where it came from, deposed
/// object, whether it is imported.
type Said = (String, &'static str, Option<String>, Option<String>, bool);

fn ours(plan: &Plan) -> BTreeSet<Said> {
    let of = |change: &tollgate_plan::Change| {
        let act = match change.act {
            Act::Delete => "delete",
            Act::Replace => "replace",
            Act::Forget => "forget",
            Act::ForgetAndCreate => "forget,create",
            Act::Update => "update",
            Act::Create => "create",
            Act::Read => "read",
            Act::Keep => "no-op",
            Act::Unknown(_) => "unknown",
        };
        (change.address.clone(), act, change.moved_from.clone(), change.deposed.clone(), change.imported)
    };
    plan.changes.iter().map(of).collect()
}

fn theirs(shown: &Value) -> BTreeSet<Said> {
    let of = |change: &Value| {
        let text = |name: &str| change.get(name).and_then(Value::as_str).map(str::to_owned);
        let actions = change.pointer("/change/actions").unwrap().as_array().unwrap();
        let actions: Vec<_> = actions.iter().map(|action| action.as_str().unwrap()).collect();
        let act = match actions[..] {
            ["delete"] => "delete",
            ["delete", "create"] | ["create", "delete"] => "replace",
            ["forget"] => "forget",
            ["create", "forget"] => "forget,create",
            ["update"] => "update",
            ["create"] => "create",
            ["read"] => "read",
            ["no-op"] => "no-op",
            _ => "unknown",
        };
        let imported = change.pointer("/change/importing").is_some_and(|importing| !importing.is_null());
        (text("address").unwrap(), act, text("previous_address"), text("deposed"), imported)
    };
    let changes = shown.get("resource_changes").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = changes.iter().map(of);
    all.filter(|(_, act, moved, _, imported)| *act != "no-op" || moved.is_some() || *imported).collect()
}

#[test]
fn plans_are_read_as_terraform_reads_them() {
    if !is_installed() {
        return;
    }
    let mut dice = Dice(0x5eed_7001);
    let (mut compared, mut acts) = (0, BTreeSet::new());
    while compared < cases() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        std::fs::create_dir(folder.join("m")).unwrap();
        std::fs::write(folder.join("m/main.tf"), "resource \"terraform_data\" \"inner\" {}\n").unwrap();
        let backend = format!("state-{}.tfstate", dice.roll(9));
        let before = configuration(&mut dice, &backend) + "resource \"terraform_data\" \"always\" {}\n";
        let before = if before.contains("terraform_data\" \"gone") || before.contains("from = terraform_data.gone") {
            before
        } else {
            before + "resource \"terraform_data\" \"gone\" {}\n"
        };
        std::fs::write(folder.join("main.tf"), before).unwrap();
        terraform(folder, &["init", "-input=false"]).unwrap();
        let workspace = if dice.roll(3) == 0 { "prod" } else { "default" };
        if workspace == "prod" {
            terraform(folder, &["workspace", "new", "prod"]).unwrap();
        }
        if dice.roll(4) > 0 {
            terraform(folder, &["apply", "-auto-approve", "-input=false"]);
        }
        std::fs::write(folder.join("main.tf"), configuration(&mut dice, &backend)).unwrap();
        terraform(folder, &["get"]).unwrap();
        let (extra, mode) = match dice.roll(6) {
            0 => (&["-destroy"][..], Mode::Destroy),
            1 => (&["-refresh-only"][..], Mode::RefreshOnly),
            2 => (&["-target=terraform_data.a"][..], Mode::Normal),
            _ => (&[][..], Mode::Normal),
        };
        let arguments = [&["plan", "-input=false", "-out=p"][..], extra].concat();
        if terraform(folder, &arguments).is_none() {
            continue;
        }
        let shown: Value = serde_json::from_str(&terraform(folder, &["show", "-json", "p"]).unwrap()).unwrap();
        let plan = tollgate_plan::read(&std::fs::read(folder.join("p")).unwrap()).unwrap();
        assert_eq!(ours(&plan), theirs(&shown), "{shown}");
        assert_eq!(Some(plan.terraform_version.as_str()), shown.get("terraform_version").and_then(Value::as_str));
        assert_eq!(Some(plan.errored), shown.get("errored").and_then(Value::as_bool));
        assert_eq!((plan.mode, plan.targets.len()), (mode, usize::from(extra.join("").starts_with("-target"))));
        let outputs = shown.get("output_changes").and_then(Value::as_object).cloned().unwrap_or_default();
        let changed = |output: &&Value| output.pointer("/actions/0").and_then(Value::as_str) != Some("no-op");
        assert_eq!(plan.outputs, outputs.values().filter(changed).count());
        let of = plan.backend.as_ref().unwrap();
        assert_eq!((of.kind.as_str(), of.workspace.as_str()), ("local", workspace));
        assert!(of.settings.contains(&(String::from("path"), backend)));
        acts.extend(ours(&plan).into_iter().map(|said| said.1));
        compared += 1;
    }
    eprintln!("terraform: {compared} plans compared, with {acts:?}");
    assert!(acts.len() >= 4, "too few kinds of change were tried: {acts:?}");
}
