//! Which targets are written out, how, and where that would mean something else.
#![expect(clippy::unwrap_used, reason = "a test may fail in its own helpers")]

use tollgate_policies::classify::facts::{Field, Found};
use tollgate_policies::classify::{Classified, Facts, Finding, Grammars, Invocation, applied, classify};
use tollgate_policies::{Operation, Value};

/// The command as it would run if its verdict depended on every target: variables
/// that are set, then the argv.
fn pinned(line: &str, env: &[&str], told: &[(Field, &str)]) -> String {
    let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let variables: Vec<&[u8]> = env.iter().map(|variable| variable.as_bytes()).collect();
    let operation = judged(&argv, &variables, told);
    let pins: Vec<_> = operation.pins.iter().collect();
    let (argv, set) = applied(&pins, &argv, &[]);
    let words = set.into_iter().chain(argv).map(|word| String::from_utf8(word).unwrap());
    words.collect::<Vec<_>>().join(" ")
}

fn judged(argv: &[&[u8]], env: &[&[u8]], told: &[(Field, &str)]) -> Operation {
    let env: Vec<&[u8]> = env.iter().copied().chain([&b"HOME=/home/me"[..]]).collect();
    let invocation = Invocation {
        tool: argv.first().copied().unwrap_or_default(),
        argv,
        env: &env,
        cwd: Some(b"/home/me"),
        home: Some(b"/home/me"),
        start: None,
    };
    // A file of this name is a file as well.
    let stated = |value: &str| Value::known(value, "argument");
    let values = told.iter().map(|(field, value)| (*field, stated(value))).collect();
    let found = Finding::Found(Found { values, ..Found::default() });
    let facts = Facts::default();
    loop {
        match classify(Grammars::built_in(), &invocation, &facts) {
            Classified::Operation(operation) => return operation,
            Classified::Needs(needs) => needs.into_iter().for_each(|need| facts.add(need, found.clone())),
        }
    }
}

const CLUSTER: [(Field, &str); 3] =
    [(Field::Context, "dev"), (Field::Server, "https://dev"), (Field::Namespace, "web")];

#[test]
fn what_files_say_is_written_out_behind_the_tools_name() {
    let kubectl = pinned("kubectl get pods", &[], &CLUSTER);
    assert_eq!(kubectl, "kubectl --context=dev --namespace=web --server=https://dev get pods");
    let helm = pinned("helm list", &[], &CLUSTER);
    assert_eq!(helm, "helm --kube-context=dev --namespace=web --kube-apiserver=https://dev list");
    let aws = pinned("aws s3 ls", &[], &[(Field::Region, "eu-west-1")]);
    assert_eq!(aws, "aws --region=eu-west-1 s3 ls");
    let gcloud = pinned("gcloud compute instances list", &[], &[(Field::Project, "p"), (Field::Account, "me@x")]);
    assert!(gcloud.contains(" --project=p") && gcloud.contains(" --account=me@x"), "{gcloud}");
    let docker = pinned("docker ps", &[], &[(Field::Context, "lab"), (Field::Host, "ssh://lab")]);
    assert_eq!(docker, "DOCKER_CONTEXT=lab docker ps");
    let terraform = [(Field::Workspace, "staging"), (Field::Backend, "s3")];
    assert_eq!(pinned("terraform plan", &[], &terraform), "TF_WORKSPACE=staging terraform plan");
}

#[test]
fn what_the_command_itself_says_stays_as_it_is() {
    let said = "kubectl get pods --context=a -n b -s https://c";
    assert_eq!(pinned(said, &[], &CLUSTER), said);
    let workspace = [(Field::Workspace, "staging"), (Field::Backend, "s3")];
    assert_eq!(pinned("terraform plan", &["TF_WORKSPACE=prod"], &workspace), "terraform plan");
    let aws = pinned("aws s3 ls", &["AWS_PROFILE=prod", "AWS_DEFAULT_REGION=x"], &[(Field::Region, "y")]);
    assert_eq!(aws, "aws s3 ls");
    assert_eq!(pinned("docker ps", &["DOCKER_HOST=tcp://x"], &[(Field::Context, "lab")]), "docker ps");
    assert_eq!(pinned("docker ps", &["DOCKER_CONTEXT=lab"], &[(Field::Context, "lab")]), "docker ps");
    assert_eq!(
        pinned("gcloud projects list", &["CLOUDSDK_CORE_ACCOUNT=me"], &[(Field::Account, "x")]),
        "gcloud projects list"
    );
}

#[test]
fn nothing_is_written_out_where_it_would_mean_something_else() {
    // `--server` makes kubectl forget the name that the certificate must have.
    let named = [CLUSTER.to_vec(), vec![(Field::TlsName, "other")]].concat();
    assert_eq!(pinned("kubectl get pods", &[], &named), "kubectl --context=dev --namespace=web get pods");
    // A namespace given by a flag stands in what a dry run prints, and argues with files.
    for rest in ["create configmap x --dry-run=client -o yaml", "apply -f x.yaml", "apply -k x"] {
        let run = pinned(&format!("kubectl {rest}"), &[], &CLUSTER);
        assert_eq!(run, format!("kubectl --context=dev --server=https://dev {rest}"));
    }
    for line in ["kubectl config view", "kubectl get pods --help", "kubectl no-such-plugin", "terraform workspace show"]
    {
        assert_eq!(pinned(line, &[], &[CLUSTER.to_vec(), vec![(Field::Workspace, "w")]].concat()), line);
    }
    for backend in ["remote", "cloud"] {
        let told = [(Field::Workspace, "w"), (Field::Backend, backend)];
        assert_eq!(pinned("terraform plan", &[], &told), "terraform plan");
    }
    assert_eq!(pinned("gcloud config list", &[], &[(Field::Project, "p")]), "gcloud config list");
    assert_eq!(pinned("docker context ls", &[], &[(Field::Context, "lab")]), "docker context ls");
    assert_eq!(pinned("sudo kubectl get pods", &[], &CLUSTER), "sudo kubectl get pods");
}
