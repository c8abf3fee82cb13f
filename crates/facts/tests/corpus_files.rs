//! Commands judged with real files around them: a home, a working folder.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail in its own helpers")]

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use tollgate_facts::{Judgeable, Reader, classify};
use tollgate_policies::classify::{Grammars, Invocation};
use tollgate_policies::{Dimension, Tier, Value};

/// A home and a working folder below it.
struct Place(tempfile::TempDir);

impl Place {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("work")).unwrap();
        for (path, bytes) in files {
            let path = place.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        Self(place)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Judges a line in `work`, with the home and these variables.
    fn judge(&self, line: &str, variables: &[&str]) -> Judgeable {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let home = format!("HOME={}", self.path().display());
        let env: Vec<&[u8]> =
            std::iter::once(home.as_str()).chain(variables.iter().copied()).map(str::as_bytes).collect();
        let cwd = File::open(self.path().join("work")).unwrap();
        let invocation =
            Invocation { tool: argv[0], argv: &argv, env: &env, cwd: Some(b"/home/me/work"), home: None, start: None };
        let home = self.path().as_os_str().as_encoded_bytes();
        classify(Grammars::built_in(), &invocation, &Reader::new(Some(cwd.as_fd())).with_home(home))
    }
}

fn target(judged: &Judgeable, dimension: Dimension) -> Vec<String> {
    let shown = |value: &Value| match value {
        Value::Known { value, .. } => String::from_utf8_lossy(value).into_owned(),
        Value::Unknown { reason } => format!("? {reason}"),
    };
    judged.operation.primary.target.values(dimension).map(shown).collect()
}

fn tier(judged: &Judgeable) -> Option<u8> {
    judged.operation.tier().map(Tier::number)
}

const CONFIG: &[u8] = b"
current-context: dev
contexts:
- {name: dev, context: {cluster: small, user: me}}
- {name: prod, context: {cluster: big, user: me, namespace: shop}}
clusters:
- {name: small, cluster: {server: https://small}}
- {name: big, cluster: {server: https://big}}
";

#[test]
fn the_workspace_is_read_where_the_tool_reads_it() {
    let place =
        Place::with(&[("work/infra/.terraform/environment", b"prod"), ("work/infra/other/environment", b"staging")]);
    let judged = place.judge("terraform -chdir=infra apply", &[]);
    assert_eq!(target(&judged, Dimension::Workspace), ["prod"]);
    assert_eq!(target(&judged, Dimension::Backend), ["local"]);
    let judged = place.judge("terraform -chdir=infra apply", &["TF_DATA_DIR=other"]);
    assert_eq!(target(&judged, Dimension::Workspace), ["staging"]);
    let judged = place.judge("terraform -chdir=infra apply", &["TF_WORKSPACE=dev"]);
    assert_eq!(target(&judged, Dimension::Workspace), ["dev"]);
    assert_eq!(target(&place.judge("terraform apply", &[]), Dimension::Workspace), ["default"]);
}

#[test]
fn what_was_read_is_told_with_its_digest() {
    let place = Place::with(&[("work/.terraform/environment", b"prod")]);
    let judged = place.judge("terraform apply", &[]);
    let read: Vec<(String, bool)> = judged
        .read
        .iter()
        .map(|file| (String::from_utf8_lossy(&file.path).into_owned(), file.sha256.is_some()))
        .collect();
    assert_eq!(
        read,
        [(String::from(".terraform/environment"), true), (String::from(".terraform/terraform.tfstate"), false),]
    );
}

#[test]
fn a_saved_plan_to_destroy_is_a_destroy() {
    let place = Place::with(&[
        ("work/destroy.tfplan", include_bytes!("plans/destroy.tfplan")),
        ("work/apply.tfplan", include_bytes!("plans/apply.tfplan")),
        ("work/notes.txt", b"no plan"),
    ]);
    let judged = place.judge("terraform apply -auto-approve destroy.tfplan", &[]);
    assert_eq!((tier(&judged), judged.operation.also[0].operation.as_ref()), (Some(4), "terraform.destroy"));
    assert!(judged.read.iter().any(|file| file.path == b"destroy.tfplan" && file.sha256.is_some()));
    assert_eq!(tier(&place.judge("terraform apply apply.tfplan", &[])), Some(2));
    assert_eq!(tier(&place.judge("terraform apply gone.tfplan", &[])), Some(4));
    assert_eq!(tier(&place.judge("terraform apply notes.txt", &[])), None);
    assert_eq!(tier(&place.judge("terraform apply /proc/self/fd/9", &[])), None);
}

#[test]
fn the_cluster_is_the_one_that_the_tool_would_choose() {
    let place = Place::with(&[(".kube/config", CONFIG), ("work/other", b"current-context: prod")]);
    let judged = place.judge("kubectl delete pod x", &[]);
    assert_eq!(target(&judged, Dimension::Context), ["dev"]);
    assert_eq!(target(&judged, Dimension::Cluster), ["small"]);
    assert_eq!(target(&judged, Dimension::Server), ["https://small"]);
    assert_eq!(target(&judged, Dimension::Namespace), ["default"]);
    let list = format!("KUBECONFIG=other:{}/.kube/config", place.path().display());
    let judged = place.judge("kubectl delete pod x", &[&list]);
    assert_eq!(target(&judged, Dimension::Cluster), ["big"]);
    assert_eq!(target(&judged, Dimension::Namespace), ["shop"]);
    let judged = place.judge("helm --kube-context prod uninstall web", &[]);
    assert_eq!((target(&judged, Dimension::Server), tier(&judged)), (vec![String::from("https://big")], Some(3)));
}

#[test]
fn without_a_home_the_cluster_is_unknown() {
    let argv: [&[u8]; 4] = [b"kubectl", b"delete", b"pod", b"x"];
    let invocation =
        Invocation { tool: b"kubectl", argv: &argv, env: &[], cwd: None, home: Some(b"/home/me"), start: None };
    let judged = classify(Grammars::built_in(), &invocation, &Reader::new(None));
    assert_eq!(target(&judged, Dimension::Context), ["? HOME is not set"]);
    assert_eq!(tier(&judged), Some(3));
}

#[test]
fn a_profile_says_the_region_and_an_alias_hides_the_command() {
    let place = Place::with(&[(".aws/config", b"[profile prod]\nregion = us-east-1\nsso_account_id = 123\n")]);
    let judged = place.judge("aws ec2 terminate-instances --instance-ids i-1 --profile prod", &[]);
    assert_eq!(target(&judged, Dimension::Region), ["us-east-1"]);
    assert_eq!(target(&judged, Dimension::Account), ["123"]);
    let judged = place.judge("aws ec2 describe-vpcs", &[]);
    assert_eq!(target(&judged, Dimension::Region), ["? no flag, variable or profile says the region"]);
    assert_eq!(target(&judged, Dimension::Account), ["? the profile does not say whose account it is"]);

    let place = Place::with(&[(".aws/cli/alias", b"[toplevel]\nec2 = !rm -rf x\n")]);
    let judged = place.judge("aws ec2 describe-vpcs", &[]);
    assert_eq!((tier(&judged), judged.operation.primary.operation.as_ref()), (None, "aws.unknown"));
    assert_eq!(tier(&place.judge("aws s3 ls", &[])), Some(0));
}

#[test]
fn a_config_file_that_is_no_file_is_unknown_and_holds_nobody_up() {
    let place = Place::with(&[]);
    nix::unistd::mkfifo(&place.path().join("work/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let judged = place.judge("kubectl delete pod x", &["KUBECONFIG=pipe"]);
    assert_eq!(target(&judged, Dimension::Cluster), ["? `pipe`: it is no regular file"]);
}
