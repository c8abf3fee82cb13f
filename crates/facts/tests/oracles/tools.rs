//! One generator and one comparison a tool.

use tollgate_policies::Dimension;

use super::{Answer, Dice, Setting, Tally, cases, installed};

const NAMES: [&str; 4] = ["dev", "stage", "prod", "a-b"];

fn kubeconfig(dice: &mut Dice) -> String {
    let mut text = String::from("apiVersion: v1\nkind: Config\n");
    if dice.often() {
        text += &format!("current-context: {}\n", dice.pick(&NAMES));
    }
    text += "contexts:\n";
    for name in NAMES {
        if !dice.often() {
            continue;
        }
        text += &format!("- name: {name}\n  context:\n    cluster: c-{}\n    user: u\n", dice.pick(&NAMES));
        if dice.often() {
            text += &format!("    namespace: n-{name}-{}\n", dice.roll(9));
        }
    }
    text += "clusters:\n";
    for name in NAMES {
        text += &format!("- name: c-{name}\n  cluster: {{server: \"https://{name}-{}\"}}\n", dice.roll(9));
    }
    text + "users:\n- {name: u, user: {token: x}}\n"
}

#[test]
fn kubectl_chooses_the_same_context_cluster_server_and_namespace() {
    if !installed("kubectl", "options") {
        return;
    }
    let (mut dice, mut tally) = (Dice(0x5eed_0001), Tally::default());
    for _ in 0..cases() {
        let mut setting = Setting::new();
        setting.write(".kube/config", &kubeconfig(&mut dice));
        setting.write("one", &kubeconfig(&mut dice));
        let home = setting.path().display().to_string();
        match dice.roll(3) {
            0 => setting.set("KUBECONFIG", format!("{home}/one:{home}/.kube/config")),
            1 => setting.set("KUBECONFIG", format!("{home}/gone:{home}/one")),
            _ => {}
        }
        let flags = match dice.roll(4) {
            0 => format!(" --context={}", dice.pick(&NAMES)),
            1 => format!(" --kubeconfig={home}/one"),
            _ => String::new(),
        };
        let view = format!("kubectl config view --minify -o json{flags}");
        let Some(Ok(view)) = setting.asked(&view).map(|text| serde_json::from_str::<serde_json::Value>(&text)) else {
            continue;
        };
        let text =
            |pointer: &str| view.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let namespace = Some(text("/contexts/0/context/namespace")).filter(|name| !name.is_empty());
        let line = format!("kubectl get pods{flags}");
        for (dimension, real) in [
            (Dimension::Context, text("/current-context")),
            (Dimension::Cluster, text("/contexts/0/context/cluster")),
            (Dimension::Server, text("/clusters/0/cluster/server")),
            (Dimension::Namespace, namespace.unwrap_or_else(|| String::from("default"))),
        ] {
            tally.compare(dimension.name(), &real, &setting.judged(&line, dimension), &setting);
        }
    }
    tally.report("kubectl");
}

#[test]
fn terraform_is_in_the_same_workspace() {
    if !installed("terraform", "version") {
        return;
    }
    let (mut dice, mut tally) = (Dice(0x5eed_0002), Tally::default());
    for _ in 0..cases() {
        let mut setting = Setting::new();
        let folder = dice.pick(&["work", "work/infra"]);
        setting.write("work/infra/main.tf", "");
        let data = dice.pick(&[".terraform", "data"]);
        if dice.often() {
            setting.write(&format!("{folder}/{data}/environment"), dice.pick(&NAMES));
        }
        if data == "data" || dice.roll(4) == 0 {
            setting.set("TF_DATA_DIR", dice.pick(&["data", "data", "gone"]));
        }
        if dice.roll(4) == 0 {
            setting.set("TF_WORKSPACE", dice.pick(&NAMES));
        }
        let before = if folder == "work" { "terraform" } else { "terraform -chdir=infra" };
        let Some(real) = setting.asked(&format!("{before} workspace show")) else {
            continue;
        };
        let ours = setting.judged(&format!("{before} apply"), Dimension::Workspace);
        tally.compare("workspace", &real, &ours, &setting);
    }
    tally.report("terraform");
}

fn aws_config(dice: &mut Dice) -> String {
    let mut text = String::new();
    for name in ["default", "dev", "prod"] {
        let header = if name == "default" { String::from("[default]") } else { format!("[profile {name}]") };
        text += &format!("{header}\noutput = json\n");
        if dice.often() {
            text += &format!("region = {}\n", dice.pick(&["eu-west-1", "us-east-1", "ap-south-1"]));
        }
    }
    text
}

#[test]
fn aws_takes_the_same_region() {
    if !installed("aws", "--version") {
        return;
    }
    let (mut dice, mut tally) = (Dice(0x5eed_0003), Tally::default());
    for _ in 0..cases() {
        let mut setting = Setting::new();
        setting.write(".aws/config", &aws_config(&mut dice));
        setting.write("other", &aws_config(&mut dice));
        if dice.roll(4) == 0 {
            setting.set("AWS_CONFIG_FILE", setting.path().join("other").display().to_string());
        }
        if dice.roll(3) == 0 {
            setting.set("AWS_DEFAULT_REGION", "sa-east-1");
        }
        if dice.roll(3) == 0 {
            setting.set("AWS_PROFILE", dice.pick(&["dev", "prod"]));
        }
        let flags = if dice.roll(3) == 0 { " --profile prod" } else { "" };
        let Some(listed) = setting.asked(&format!("aws configure list{flags}")) else {
            continue;
        };
        let region = listed
            .lines()
            .find_map(|line| line.trim().strip_prefix("region")?.split_whitespace().find(|word| *word != ":"));
        let real = region.filter(|region| *region != "<not").unwrap_or_default();
        let line = format!("aws ec2 describe-vpcs{flags}");
        let ours = match setting.judged(&line, Dimension::Region) {
            Answer::Unknown(reason) if real.is_empty() && reason.starts_with("no flag") => Answer::Absent,
            ours => ours,
        };
        tally.compare("region", real, &ours, &setting);
    }
    tally.report("aws");
}

#[test]
fn gcloud_has_the_same_project_account_zone_and_region() {
    if !installed("gcloud", "--version") {
        return;
    }
    let (mut dice, mut tally) = (Dice(0x5eed_0004), Tally::default());
    for _ in 0..cases().div_ceil(15) {
        let mut setting = Setting::new();
        for name in ["default", "prod"] {
            let mut text = String::from("[core]\ndisable_usage_reporting = True\n");
            for key in ["project", "account"] {
                if dice.often() {
                    text += &format!("{key} = {key}-{name}-{}\n", dice.roll(9));
                }
            }
            text += "[compute]\n";
            for key in ["zone", "region"] {
                if dice.often() {
                    text += &format!("{key} = {key}-{}\n", dice.roll(9));
                }
            }
            setting.write(&format!(".config/gcloud/configurations/config_{name}"), &text);
        }
        if dice.often() {
            setting.write(".config/gcloud/active_config", dice.pick(&["default", "prod"]));
        }
        if dice.roll(3) == 0 {
            setting.set("CLOUDSDK_ACTIVE_CONFIG_NAME", "prod");
        }
        if dice.roll(3) == 0 {
            setting.set("CLOUDSDK_CORE_PROJECT", "from-variable");
        }
        let flags = match dice.roll(4) {
            0 => " --configuration=prod",
            1 => " --project=from-flag",
            _ => "",
        };
        let Some(listed) = setting.asked(&format!("gcloud config list --format=json{flags}")) else {
            continue;
        };
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        for (dimension, pointer) in [
            (Dimension::Project, "/core/project"),
            (Dimension::Account, "/core/account"),
            (Dimension::Zone, "/compute/zone"),
        ] {
            let real = listed.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default();
            let ours = match setting.judged(&format!("gcloud compute instances list{flags}"), dimension) {
                Answer::Unknown(reason) if real.is_empty() && reason.starts_with("no flag") => Answer::Absent,
                ours => ours,
            };
            tally.compare(dimension.name(), real, &ours, &setting);
        }
    }
    tally.report("gcloud");
}

fn git_config(dice: &mut Dice) -> String {
    let mut text = String::from("[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
    for name in ["origin", "up"] {
        if dice.often() {
            text += &format!(
                "[remote \"{name}\"]\n\turl = {}\n",
                dice.pick(&["git@h:a/b", "https://h/a.git", "gh:x/y", "../b"])
            );
        }
        if dice.roll(3) == 0 {
            text += &format!("[remote \"{name}\"]\n\tpushurl = {}\n", dice.pick(&["ssh://git@p/a", "gh:p/q"]));
        }
    }
    if dice.roll(2) == 0 {
        text += "[url \"https://github.com/\"]\n\tinsteadOf = gh:\n";
    }
    if dice.roll(3) == 0 {
        text += "[url \"ssh://git@h/\"]\n\tpushInsteadOf = https://h/\n";
    }
    text
}

#[test]
fn git_goes_to_the_same_address() {
    if !installed("git", "--version") {
        return;
    }
    let (mut dice, mut tally) = (Dice(0x5eed_0005), Tally::default());
    for _ in 0..cases() {
        let mut setting = Setting::new();
        setting.set("GIT_CONFIG_NOSYSTEM", "1");
        setting.write("work/.git/HEAD", "ref: refs/heads/main\n");
        std::fs::create_dir_all(setting.path().join("work/.git/objects")).unwrap();
        std::fs::create_dir_all(setting.path().join("work/.git/refs")).unwrap();
        setting.write("work/.git/config", &git_config(&mut dice));
        if dice.roll(2) == 0 {
            setting.write(".gitconfig", "[url \"git@z:\"]\n\tinsteadOf = git@h:\n");
        }
        let remote = dice.pick(&["origin", "up"]);
        for (asked, line) in [("", "fetch"), (" --push", "push")] {
            let Some(real) = setting.asked(&format!("git remote get-url{asked} {remote}")) else {
                continue;
            };
            let ours = setting.judged(&format!("git {line} {remote}"), Dimension::Repository);
            tally.compare(line, &real, &ours, &setting);
        }
    }
    tally.report("git");
}

#[test]
fn docker_is_in_the_same_context() {
    if !installed("docker", "--version") {
        return;
    }
    let (mut dice, mut tally) = (Dice(0x5eed_0006), Tally::default());
    for _ in 0..cases() {
        let mut setting = Setting::new();
        for name in NAMES {
            let host = format!("host=tcp://{name}:2375");
            setting.asked(&format!("docker context create {name} --docker {host}")).unwrap();
        }
        let current = dice.pick(&NAMES);
        if dice.often() {
            setting.asked(&format!("docker context use {current}")).unwrap();
        }
        if dice.roll(3) == 0 {
            setting.set("DOCKER_CONTEXT", dice.pick(&NAMES));
        }
        let flags = if dice.roll(3) == 0 { format!(" --context={}", dice.pick(&NAMES)) } else { String::new() };
        let real = setting.asked(&format!("docker{flags} context show")).unwrap();
        let line = format!("docker{flags} ps");
        tally.compare("context", &real, &setting.judged(&line, Dimension::Context), &setting);
        let host =
            setting.asked(&format!("docker{flags} context inspect --format {{{{.Endpoints.docker.Host}}}}")).unwrap();
        tally.compare("host", &host, &setting.judged(&line, Dimension::Host), &setting);
    }
    tally.report("docker");
}
