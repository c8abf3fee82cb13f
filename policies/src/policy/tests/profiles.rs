//! The policies that come with Tollgate: what each of them says to real commands.

use super::*;

fn of_profile(name: &str) -> Policy {
    Policy::parse(&[profile(name).unwrap()]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn says(name: &str, rows: &[(&str, &str)]) {
    says_to("claude-code", name, rows);
}

fn says_to(agent: &str, name: &str, rows: &[(&str, &str)]) {
    let policy = of_profile(name);
    for (command, expected) in rows {
        assert_eq!(said(&policy.judge(&Asked::new(&operation(command), subject(agent)))), *expected, "{command}");
    }
}

#[test]
fn every_profile_can_be_read_and_explains_itself() {
    for (name, line) in profiles() {
        let source = profile(name).unwrap();
        assert_eq!((source.name.as_str(), source.layer), (format!("profile {name}").as_str(), Layer::BuiltIn));
        assert!(source.text.starts_with(&format!("# {name}: ")), "{name} does not open with what it is for");
        assert!(!line.is_empty() && of_profile(name).rules() > 0);
    }
}

#[test]
fn there_is_no_profile_of_another_name() {
    assert_eq!(profile("carefull"), None);
    assert_eq!(profile(""), None);
}

#[test]
fn profiles_can_be_used_together() {
    let sources: Vec<Source> = profiles().filter_map(|(name, _)| profile(name)).collect();
    assert!(Policy::parse(&sources).is_ok());
}

#[test]
fn careful_lets_read_asks_for_changes_and_denies_destruction() {
    let rows = [
        ("terraform.plan T0 workspace=prod", "allow careful-reads"),
        ("terraform.plan T0 workspace=?", "allow careful-reads"),
        ("helm.rollback T1", "escalate careful-changes"),
        ("terraform.apply T2", "escalate careful-changes"),
        ("aws.iam.create-role T3", "escalate careful-changes"),
        ("terraform.destroy T4", "deny careful-destruction"),
        ("foo.unknown T?", "escalate careful-unknown"),
        ("terraform.plan T0 & terraform.destroy T4", "deny careful-destruction"),
    ];
    says("careful", &rows);
    says_to("unknown", "careful", &rows);
}

#[test]
fn careful_asks_for_whatever_is_above_a_clearance() {
    for clearance in 0..=3_u8 {
        for tier in 1..=3_u8 {
            let asked = operation(&format!("t.x T{tier}"));
            let who = format!("claude C{clearance}");
            let judgement = of_profile("careful").judge(&Asked::new(&asked, subject(&who)));
            assert_eq!(judgement.verdict, Verdict::Escalate, "tier {tier}, {who}");
        }
    }
}

#[test]
fn observe_judges_as_careful_does_and_says_that_nothing_holds() {
    let observe = of_profile("observe");
    assert!(observe.observes() && !of_profile("careful").observes());
    for command in ["t.x T0", "t.x T1", "t.x T2", "t.x T3", "t.x T4", "foo.unknown T?"] {
        let operation = operation(command);
        let asked = Asked::new(&operation, subject("claude"));
        assert_eq!(observe.judge(&asked).verdict, of_profile("careful").judge(&asked).verdict, "{command}");
    }
}

#[test]
fn read_only_lets_read_and_denies_the_rest() {
    let rows = [
        ("terraform.plan T0", "allow read-only"),
        ("helm.rollback T1", "deny read-only-changes"),
        ("terraform.apply T2", "deny read-only-changes"),
        ("aws.iam.create-role T3", "deny read-only-changes"),
        ("terraform.destroy T4", "deny read-only-changes"),
        ("foo.unknown T?", "deny read-only-changes"),
    ];
    says("read-only", &rows);
    says_to("unknown", "read-only", &rows);
}

#[test]
fn staging_rules_terraform_by_tier() {
    says(
        "staging",
        &[
            ("terraform.plan T0 workspace=staging-web", "allow staging-terraform"),
            ("terraform.show T0 workspace=staging-web", "allow staging-terraform"),
            ("terraform.apply T2 workspace=staging-web", "escalate staging-terraform"),
            ("terraform.import T2 workspace=staging-web", "escalate staging-terraform"),
            ("terraform.state.rm T3 workspace=staging-web", "deny default"),
            ("terraform.destroy T4 workspace=staging-web", "deny staging-terraform"),
            (
                "terraform.apply T2 workspace=staging-web & terraform.destroy T4 workspace=staging-web",
                "deny staging-terraform",
            ),
            ("terraform.unknown T? workspace=staging-web", "deny unknown"),
        ],
    );
}

#[test]
fn staging_rules_helm_by_tier() {
    says(
        "staging",
        &[
            ("helm.list T0 namespace=staging-eu", "allow staging-helm"),
            ("helm.status T0 namespace=staging-eu", "allow staging-helm"),
            ("helm.rollback T1 namespace=staging-eu", "allow staging-helm"),
            ("helm.install T2 namespace=staging-eu", "escalate staging-helm"),
            ("helm.upgrade T2 namespace=staging-eu", "escalate staging-helm"),
            ("helm.uninstall T3 namespace=staging-eu", "deny staging-helm"),
        ],
    );
}

#[test]
fn staging_rules_aws_by_tier() {
    says(
        "staging",
        &[
            ("aws.s3.ls T0 service=s3 region=us-east-1", "allow staging-aws"),
            ("aws.ec2.describe-instances T0 service=ec2 region=us-east-1", "allow staging-aws"),
            ("aws.s3.cp T2 service=s3 region=us-east-1", "escalate staging-aws"),
            ("aws.s3api.put-bucket-policy T3 service=s3 region=us-east-1", "deny staging-aws"),
            ("aws.ec2.terminate-instances T4 service=ec2 region=us-east-1", "deny staging-aws"),
            ("aws.ec2.reboot-instances T1 service=ec2 region=us-east-1", "deny default"),
            ("aws.iam.create-role T3 service=iam region=us-east-1", "deny default"),
            ("aws.iam.list-roles T0 service=iam region=us-east-1", "deny default"),
        ],
    );
}

#[test]
fn staging_is_closed_outside_its_scope() {
    says(
        "staging",
        &[
            ("terraform.plan T0 workspace=prod", "deny default"),
            ("terraform.destroy T4 workspace=prod", "deny default"),
            ("terraform.plan T0 workspace=my-staging-web", "deny default"),
            ("terraform.version T0", "deny default"),
            ("helm.list T0 namespace=prod", "deny default"),
            ("helm.list T0 namespace=staging-eu namespace=prod", "deny default"),
            ("aws.s3.ls T0 service=s3 region=eu-west-1", "deny default"),
            ("aws.rds.describe-db-instances T0 service=rds region=us-east-1", "deny default"),
            ("kubectl.get T0 namespace=staging-eu", "deny default"),
            ("foo.unknown T?", "deny unknown"),
        ],
    );
    for agent in ["codex", "claude", "unknown"] {
        says_to(agent, "staging", &[("terraform.plan T0 workspace=staging-web", "deny default")]);
    }
}

#[test]
fn staging_allows_nothing_where_the_target_is_not_known() {
    says(
        "staging",
        &[
            ("terraform.plan T0 workspace=?", "deny default"),
            ("terraform.apply T2 workspace=?", "escalate staging-terraform"),
            ("terraform.destroy T4 workspace=?", "deny staging-terraform"),
            ("helm.rollback T1 namespace=?", "deny default"),
            ("aws.s3.ls T0 service=s3 region=?", "deny default"),
            ("aws.s3.ls T0 service=? region=us-east-1", "deny default"),
            ("aws.s3.cp T2 service=s3 region=?", "escalate staging-aws"),
            ("aws.s3.ls T0 service=s3", "deny default"),
        ],
    );
}

#[test]
fn ci_lets_work_be_done_and_asks_nobody() {
    let rows = [
        ("terraform.plan T0", "allow ci-work"),
        ("helm.rollback T1", "allow ci-work"),
        ("terraform.apply T2", "allow ci-work"),
        ("aws.iam.create-role T3", "deny ci-sensitive"),
        ("terraform.destroy T4", "deny ci-sensitive"),
        ("foo.unknown T?", "deny ci-sensitive"),
    ];
    says("ci", &rows);
    says_to("unknown", "ci", &rows);
    let owed = of_profile("ci").judge(&Asked::new(&operation("t.x T2"), subject("claude"))).obligations;
    assert_eq!(owed.timeout, Some(std::time::Duration::from_secs(3600)));
}

#[test]
fn strict_asks_up_to_the_clearance_and_denies_above() {
    for (agent, verdicts) in [
        ("unknown C4", ["deny", "deny", "deny", "deny", "deny", "deny"]),
        ("claude", ["deny", "escalate", "deny", "deny", "deny", "deny"]),
        ("claude C0", ["deny", "deny", "deny", "deny", "deny", "deny"]),
        ("claude C1", ["allow", "escalate", "deny", "deny", "deny", "deny"]),
        ("claude C2", ["allow", "escalate", "escalate", "deny", "deny", "deny"]),
        ("claude C3", ["allow", "escalate", "escalate", "escalate", "deny", "deny"]),
        ("claude C4", ["allow", "escalate", "escalate", "escalate", "deny", "deny"]),
    ] {
        for (tier, verdict) in ["T0", "T1", "T2", "T3", "T4", "T?"].into_iter().zip(verdicts) {
            let judgement = of_profile("strict").judge(&Asked::new(&operation(&format!("t.x {tier}")), subject(agent)));
            assert_eq!(judgement.verdict.name(), verdict, "{agent} {tier}");
        }
    }
}

#[test]
fn cli_tools_shows_the_three_ways() {
    says(
        "cli-tools",
        &[
            ("terraform.plan T0", "allow cli-tools-plans"),
            ("terraform.init T1", "escalate tools.terraform"),
            ("terraform.destroy T4", "deny cli-tools-destroy"),
            ("kubectl.logs T0", "deny tools.kubectl"),
            ("gh.pr.list T0", "allow tools.gh"),
            ("gh.issue.create T?", "allow tools.gh"),
            ("aws.s3.ls T0", "deny default"),
        ],
    );
    let judged = |line: &str, command: &str| {
        let operation = called(command, line, &[]);
        said(&of_profile("cli-tools").judge(&Asked::new(&operation, subject("claude"))))
    };
    assert_eq!(judged("kubectl get pods -n web", "kubectl.get T0"), "escalate tools.kubectl");
    assert_eq!(judged("kubectl get pods --kubeconfig=/etc/shadow", "kubectl.get T0"), "deny tools.kubectl");
    assert_eq!(judged("terraform apply -target=a.b", "terraform.apply T2"), "escalate tools.terraform");
    assert_eq!(judged("terraform apply -auto-approve", "terraform.apply T2"), "deny tools.terraform");
}
