//! Configurations in the shapes of other gates, imported: the verdicts are theirs.

use tollgate_policies::classify::Grammars;
use tollgate_policies::policy::{Door, Layer, Policy, Source};

use super::policy;
use crate::explain::judge::{Judge, Question};

/// One agent, three tools, a verdict for each tier.
const BY_TIER: &str = include_str!("tests/by_tier.yaml");
/// A tool of each mode, and rules over them.
const BY_TOOL: &str = include_str!("tests/by_tool.yaml");

fn imported(yaml: &str) -> Policy {
    let text = policy(yaml).unwrap_or_else(|wrong| panic!("{wrong}\n{yaml}")).text();
    let source = Source { name: "imported".into(), text: text.clone(), layer: Layer::User };
    Policy::parse(&[source]).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn said(policy: &Policy, agent: &str, env: &[&str], line: &str) -> String {
    let judge = Judge::new(Grammars::built_in(), policy.clone(), agent.to_owned(), None, Door::Shim);
    let argv = line.split(' ').map(Into::into).collect();
    let env = env.iter().map(|entry| entry.as_bytes().to_vec()).collect();
    let question = Question { argv, env, cwd: None };
    let explained = judge.explain(&question, tollgate_facts::now());
    match explained.reason {
        Some("argument") => format!("{} argument", explained.verdict),
        _ => explained.verdict.to_owned(),
    }
}

fn wrong(yaml: &str) -> String {
    policy(yaml).map_or_else(|wrong| wrong.to_string(), |written| format!("nothing:\n{}", written.text()))
}

#[test]
fn rules_by_tier_say_what_they_said() {
    let policy = imported(BY_TIER);
    let staging = ["TF_WORKSPACE=staging-web", "AWS_REGION=us-east-1"];
    for (line, verdict) in [
        ("terraform plan", "allow"),
        ("terraform show", "allow"),
        ("terraform apply", "escalate"),
        ("terraform apply -auto-approve", "escalate"),
        ("terraform import aws_instance.a i-1", "escalate"),
        ("terraform state rm aws_instance.a", "deny"),
        ("terraform destroy", "deny"),
        ("helm list -n staging-web", "allow"),
        ("helm status web -n staging-web", "allow"),
        ("helm rollback web 1 -n staging-web", "allow"),
        ("helm upgrade web ./chart -n staging-web", "escalate"),
        ("helm install web ./chart -n staging-web", "escalate"),
        ("helm uninstall web -n staging-web", "deny"),
        ("helm list -n prod", "deny"),
        ("aws s3 ls", "allow"),
        ("aws ec2 describe-instances", "allow"),
        ("aws s3 cp a s3://b/c", "escalate"),
        ("aws ec2 terminate-instances --instance-ids i-1", "deny"),
        ("aws iam create-role --role-name x --assume-role-policy-document {}", "deny"),
        ("aws s3 ls --region eu-west-1", "deny"),
        ("kubectl get pods", "deny"),
    ] {
        assert_eq!(said(&policy, "claude-code", &staging, line), verdict, "{line}");
    }
    assert_eq!(said(&policy, "claude-code", &["TF_WORKSPACE=prod"], "terraform plan"), "deny");
    assert_eq!(said(&policy, "codex", &staging, "terraform plan"), "deny");
}

#[test]
fn the_first_rule_that_matches_decides_by_tier() {
    let yaml = "agents:\n  a:\n    rules:\n\
        - protocol: terraform\n      workspaces: [staging-db]\n      tiers: {0: allow, 2: deny}\n\
        - protocol: terraform\n      workspaces: ['staging-*']\n      tiers: {T0: deny, T2: allow, 3: allow}\n\
        - protocol: terraform\n      tiers: {0: escalate, 2: escalate, 4: escalate}\n";
    let policy = imported(&yaml.replace("\n-", "\n    -"));
    for (workspace, line, verdict) in [
        ("staging-db", "terraform plan", "allow"),
        ("staging-db", "terraform apply", "deny"),
        ("staging-db", "terraform state rm x", "deny"),
        ("staging-web", "terraform plan", "deny"),
        ("staging-web", "terraform apply", "allow"),
        ("staging-web", "terraform destroy", "deny"),
        ("prod", "terraform plan", "escalate"),
        ("prod", "terraform destroy", "escalate"),
    ] {
        assert_eq!(said(&policy, "a", &[&format!("TF_WORKSPACE={workspace}")], line), verdict, "{workspace} {line}");
    }
}

#[test]
fn tools_with_commands_say_what_they_said() {
    let policy = imported(BY_TOOL);
    for (line, verdict) in [
        ("terraform plan", "allow"),
        ("terraform plan -out=plan.tfplan", "allow"),
        ("terraform apply", "escalate"),
        ("terraform apply -target=aws_instance.web", "escalate"),
        ("terraform apply -auto-approve", "deny argument"),
        ("terraform destroy", "deny"),
        ("terraform init -backend=false", "escalate"),
        ("kubectl get pods -n web -o json", "allow"),
        ("kubectl get pods --namespace=web", "allow"),
        ("kubectl get pods --kubeconfig=/etc/shadow", "deny argument"),
        ("kubectl apply -f web.yaml", "deny"),
        ("kubectl delete pod web", "escalate"),
        ("kubectl logs web", "deny"),
        ("gh pr list", "allow"),
        ("gh issue create --title x --body y", "allow"),
        ("helm list", "deny"),
    ] {
        assert_eq!(said(&policy, "claude", &[], line), verdict, "{line}");
    }
    assert_eq!(said(&policy, "codex", &[], "terraform destroy -target=a"), "escalate", "its default");
}

#[test]
fn the_first_rule_that_matches_decides_whatever_it_says() {
    let actions = ["allow", "human_approval", "deny"];
    let ours = |action: &str| if action == "human_approval" { "escalate".to_owned() } else { action.to_owned() };
    for first in actions {
        for second in actions {
            for third in actions {
                let yaml = format!(
                    "policies:\n- name: p\n  agent: a\n  rules:\n  - tools: [terraform.apply]\n    action: {first}\n\
                     \x20 - tools: ['terraform.a*', gh.pr.list]\n    action: {second}\n- name: q\n  agent: '*'\n  \
                     rules:\n  - tools: ['*']\n    action: {third}\n"
                );
                let policy = imported(&yaml);
                assert_eq!(said(&policy, "a", &[], "terraform apply"), ours(first), "{yaml}");
                assert_eq!(said(&policy, "a", &[], "gh pr list"), ours(second), "{yaml}");
                assert_eq!(said(&policy, "a", &[], "terraform plan"), ours(third), "{yaml}");
                assert_eq!(said(&policy, "b", &[], "terraform apply"), ours(third), "{yaml}");
            }
        }
    }
}

#[test]
fn what_those_gates_refuse_to_load_is_refused_here() {
    let tool = |lines: &str| format!("cli_tools:\n- {}\n", lines.replace('\n', "\n  "));
    for (yaml, expected) in [
        (tool("name: ''\nbin: x"), "`cli_tools[0].name`: it is empty"),
        (tool("bin: x"), "`cli_tools[0]`: `name` is missing"),
        (tool("name: x\nbin: ''"), "`cli_tools[0].bin`: it is empty"),
        (tool("name: x"), "`cli_tools[0]`: `bin` is missing"),
        (tool("name: x\nbin: x\nstrict: true"), "`cli_tools[0]`: `x` is strict, and no command of it is named"),
        (
            tool("name: x\nbin: x\ndefault_action: ask"),
            "`cli_tools[0].default_action`: `ask` is not allow, deny or human_approval",
        ),
        (
            tool("name: x\nbin: x\ncommands:\n  a:\n    timeout: soon"),
            "`cli_tools[0].commands.a.timeout`: `soon` is no duration: `30s`, `5m`, `1h30m`",
        ),
        (
            "cli_tools:\n- {name: x, bin: x}\n- {name: x, bin: x}\n".into(),
            "`cli_tools[1].name`: there is another tool `x`",
        ),
    ] {
        assert_eq!(wrong(&yaml), expected);
    }
}

#[test]
fn nothing_is_left_out_in_silence() {
    for (yaml, place) in [
        ("cli_tools: []\nserver: {port: 1}\n", "`server`: `server` cannot be taken over"),
        ("agents:\n  a:\n    rules: []\n    limits: 3\n", "`agents.a.limits`"),
        ("agents:\n  a:\n    rules:\n    - {protocol: terraform, tiers: {T5: deny}}\n", "a tier is 0 to 4"),
        ("agents:\n  a:\n    rules:\n    - {protocol: terraform, regions: [x], tiers: {0: deny}}\n", "regions"),
        ("agents:\n  a:\n    rules:\n    - {protocol: aws, services: ['s[3]'], tiers: {0: deny}}\n", "another kind"),
        ("agents:\n  a:\n    rules:\n    - {protocol: aws, services: [], tiers: {0: deny}}\n", "match nothing"),
        ("agents:\n  a:\n    rules: []\n    rules: []\n", "stands twice"),
        ("policies:\n- {name: p, agent: a, rate: 5, rules: []}\n", "`policies[0].rate`"),
        ("policies: []\n---\nagents: {}\n", "more than one document"),
        ("agents: &x {}\n", "anchors"),
        ("agents: {}\ncli_tools: []\n", "no gate that we know has both"),
        ("tools: []\n", "neither"),
    ] {
        let wrong = wrong(yaml);
        assert!(wrong.contains(place) && !wrong.starts_with("nothing"), "{yaml}: {wrong}");
    }
}

#[test]
fn a_configuration_cannot_write_itself_into_the_policy() {
    let yaml = "cli_tools:\n- name: x\n  bin: \"a\\\"\\n[[rule]]\\nverdict = 'allow'\\u202e\"\n  env: {\"A\": \"\\\"\\n\\e\"}\n\
                policies:\n- {name: \"p\\n[[rule]]\", agent: \"a\", rules: [{tools: [\"x.*\"], action: deny}]}\n";
    let policy = imported(yaml);
    assert_eq!(policy.rules(), 1);
    assert_eq!(policy.references().next().unwrap().name, "p---rule---1");
}
