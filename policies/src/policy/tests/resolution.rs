//! Whole tools: what holds where no rule speaks, and what holds whatever a rule
//! says. The first table is the one in docs/policy.md.

use super::*;

const STRICT: &str =
    "[tools.kubectl]\nstrict = true\n[tools.kubectl.commands.get]\n[tools.kubectl.commands.'rollout restart']\n";
const ASKING: &str = "[tools.kubectl]\ndefault_action = 'escalate'\n";
const ALLOWING: &str = "[tools.kubectl]\ndefault_action = 'allow'\n";
const LISTED: &str = "[tools.kubectl]\nstrict = true\ndefault_action = 'escalate'\n[tools.kubectl.commands.get]\n";
const ALLOW: &str = "[[rule]]\nname = 'a'\noperations = 'kubectl.*'\nverdict = 'allow'\n";
const ESCALATE: &str = "[[rule]]\nname = 'a'\noperations = 'kubectl.*'\nverdict = 'escalate'\n";
const DENY: &str = "[[rule]]\nname = 'a'\noperations = 'kubectl.*'\nverdict = 'deny'\n";

fn parsed(texts: &[&str]) -> Policy {
    Policy::parse(&[source("p.toml", &texts.concat())]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn asked(texts: &[&str], command: &str, grants: &[Grant]) -> Judgement {
    let operation = operation(command);
    parsed(texts).judge(&Asked { grants, ..Asked::new(&operation, subject("claude")) })
}

#[test]
fn the_resolution_order_is_the_table_in_the_docs() {
    let grant = [Grant::new("g", "claude", "kubectl.*", &[]).unwrap()];
    let none: &[Grant] = &[];
    for (texts, grants, command, expected) in [
        // 1. a rule's word is used, whatever the tool's table says
        (vec![ALLOW, STRICT], none, "kubectl.exec T2", "allow a"),
        (vec![DENY, ALLOWING], none, "kubectl.get T0", "deny a"),
        (vec![ESCALATE, ALLOWING], none, "kubectl.get T0", "escalate a"),
        // 2. a grant stands for the answer to a question, of a rule or a default
        (vec![ESCALATE], &grant[..], "kubectl.get T0", "allow a"),
        (vec![ASKING], &grant[..], "kubectl.get T0", "allow tools.kubectl"),
        (vec![DENY], &grant[..], "kubectl.get T0", "deny a"),
        // 3. strict: what is not listed is denied, and no grant changes that
        (vec![STRICT], none, "kubectl.exec T2", "deny tools.kubectl"),
        (vec![STRICT], &grant[..], "kubectl.exec T2", "deny tools.kubectl"),
        (vec![LISTED], none, "kubectl.exec T2", "deny tools.kubectl"),
        // 4. and 5. what is listed, or not strict, gets the default
        (vec![LISTED], none, "kubectl.get T0", "escalate tools.kubectl"),
        (vec![ASKING], none, "kubectl.exec T2", "escalate tools.kubectl"),
        (vec![ALLOWING], none, "kubectl.exec T2", "allow tools.kubectl"),
        (vec![ALLOWING], none, "kubectl.frob T?", "allow tools.kubectl"),
        // 6. nothing: denied
        (vec![STRICT], none, "kubectl.get T0", "deny default"),
        (vec![], none, "kubectl.get T0", "deny default"),
        (vec![ALLOWING], none, "kubectl.unknown T?", "deny unknown"),
    ] {
        assert_eq!(said(&asked(&texts, command, grants)), expected, "{texts:?} {command}");
    }
}

#[test]
fn a_command_that_is_named_stands_for_those_below_it() {
    let text = STRICT.replace("strict = true\n", "strict = true\ndefault_action = 'allow'\n");
    for (command, expected) in [
        ("kubectl.get T0", "allow"),
        ("kubectl.rollout.restart T1", "allow"),
        ("kubectl.rollout.restart.now T1", "allow"),
        ("kubectl.rollout.undo T1", "deny"),
        ("kubectl.getx T0", "deny"),
        ("kubectl.unknown T?", "deny"),
    ] {
        assert_eq!(asked(&[&text], command, &[]).verdict.name(), expected, "{command}");
    }
}

#[test]
fn of_several_layers_the_strictest_default_holds() {
    let layered = |own: &str, theirs: &str| {
        let sources = [source("u.toml", own), Source { layer: Layer::Organisation, ..source("o.toml", theirs) }];
        said(&Policy::parse(&sources).unwrap().judge(&Asked::new(&operation("kubectl.get T0"), subject("claude"))))
    };
    assert_eq!(layered(ALLOWING, ASKING), "escalate tools.kubectl");
    assert_eq!(layered(ASKING, ALLOWING), "escalate tools.kubectl");
    assert_eq!(layered(ALLOWING, "[tools.kubectl]\n"), "allow tools.kubectl");
}

/// What is said to a command line where everything is allowed but other flags.
fn with_flags(allowed: &str, line: &str, env: &[&str]) -> String {
    let (tool, word) = (line.split(' ').next().unwrap(), line.split(' ').nth(1).unwrap_or_default());
    let text =
        format!("[[rule]]\nname = 'a'\nverdict = 'allow'\n[tools.{tool}.commands.{word}]\nallowed_args = {allowed}\n");
    let operation = called(&format!("{tool}.{word} T2"), line, env);
    let judgement = parsed(&[&text]).judge(&Asked::new(&operation, subject("claude")));
    judgement.objection.clone().unwrap_or_else(|| said(&judgement))
}

#[test]
fn only_the_allowed_flags_can_be_given_in_any_form() {
    let flags = "['-n', '--namespace', '-i', '-t']";
    for line in [
        "kubectl get pods",
        "kubectl get -n prod",
        "kubectl get -nprod",
        "kubectl get --namespace prod",
        "kubectl get --namespace=prod pods -",
    ] {
        assert_eq!(with_flags(flags, line, &[]), "allow a", "{line}");
    }
    for (line, flag) in [
        ("kubectl get --kubeconfig=/etc/shadow", "--kubeconfig"),
        ("kubectl get -o yaml", "-o"),
        ("kubectl get -oyaml", "-oyaml"),
        ("kubectl get --namespaces prod", "--namespaces"),
        ("frob get -x", "-x"),
        ("frob get -- -x", "-x"),
    ] {
        assert_eq!(with_flags(flags, line, &[]), format!("`{flag}` is none of its `allowed_args`"), "{line}");
    }
}

#[test]
fn letters_of_one_cluster_are_each_a_flag() {
    assert_eq!(with_flags("['-i', '-t']", "kubectl exec -it pod -- ls -la", &[]), "allow a");
    assert_eq!(with_flags("['-i']", "kubectl exec -it pod", &[]), "`-it` is none of its `allowed_args`");
}

#[test]
fn a_constraint_holds_for_what_a_variable_adds() {
    let said = with_flags("['-target']", "terraform apply", &["TF_CLI_ARGS_apply=-auto-approve"]);
    assert_eq!(said, "`-auto-approve`, which a variable adds, is none of its `allowed_args`");
    let said = with_flags("['-target']", "terraform apply", &["TF_CLI_ARGS=`x`"]);
    assert_eq!(said, "what a variable adds to its arguments cannot be read");
}

#[test]
fn a_constraint_denies_whatever_a_rule_or_a_grant_says() {
    let text = "[tools.t.commands.x]\nallowed_args = []\n";
    let grants = [Grant::new("g", "claude", "*", &[]).unwrap()];
    let operation = called("t.x T2", "t x --force", &[]);
    for rule in ["verdict = 'allow'", "verdict = 'escalate'"] {
        let policy = parsed(&[text, "[[rule]]\nname = 'a'\n", rule]);
        let asked = Asked { grants: &grants, ..Asked::new(&operation, subject("claude")) };
        let judgement = policy.judge(&asked);
        assert_eq!((judgement.verdict, judgement.reason), (Verdict::Deny, Some(Reason::Argument)));
        assert_eq!(judgement.rule.unwrap().name, "tools.t");
    }
}

#[test]
fn a_constraint_cannot_be_checked_inside_another_command() {
    let text = "[[rule]]\nname = 'a'\nverdict = 'allow'\n[tools.t.commands.x]\nallowed_args = ['-n']\n";
    let judgement = asked(&[text], "sudo.run T3 & t.x T2", &[]);
    assert_eq!(judgement.objection.unwrap(), "its arguments cannot be checked inside another command");
}

#[test]
fn what_a_shell_would_act_on_is_refused_at_captured_doors_alone() {
    let policy = parsed(&["[[rule]]\nname = 'a'\nverdict = 'allow'\n"]);
    let judged = |line: &str, agent: &str| {
        let operation = called("t.x T0", line, &[]);
        let judgement = policy.judge(&Asked::new(&operation, subject(agent)));
        judgement.objection.clone().unwrap_or_else(|| said(&judgement))
    };
    for bad in ["a;b", "a&&b", "a||b", "a|b", "`a`", "$(a)", "${a}", "a\nb", "a\rb"] {
        let line = format!("frob {bad}");
        assert!(judged(&line, "claude mcp").contains("which a shell would act on"), "{bad:?}");
        assert!(judged(&line, "claude http").contains("which a shell would act on"), "{bad:?}");
        assert_eq!(judged(&line, "claude shim"), "allow a");
        assert_eq!(judged(&line, "claude exec"), "allow a");
    }
    assert_eq!(judged("aws ec2 describe-instances --query a|b", "claude mcp"), "allow a");
    assert_eq!(judged("kubectl get pods -o jsonpath={$(x)}", "claude mcp"), "allow a");
    assert!(judged("kubectl get pods;ls", "claude mcp").contains("`;`"));
}

#[test]
fn how_a_tool_is_run_is_told_before_it_is_judged() {
    let digest = "ab".repeat(32);
    let text = format!(
        "[tools.gh]\nbin = '/usr/bin/gh'\nsha256 = '{digest}'\nworking_dir = '/srv'\nenv = {{ GH_HOST = 'x' }}\ndefault_action = 'allow'\n"
    );
    let policy = parsed(&[&text]);
    let setting = policy.tool("gh").unwrap();
    assert_eq!(setting.pin, Some(Pin { bin: "/usr/bin/gh".to_owned(), sha256: Some(digest) }));
    assert_eq!(setting.working_dir.as_deref(), Some("/srv"));
    assert_eq!(setting.environment.clone().unwrap().set["GH_HOST"], "x");
    assert_eq!(policy.tool("git"), None);
    let obligations = policy.judge(&Asked::new(&operation("gh.api T0"), subject("claude"))).obligations;
    assert_eq!((obligations.pin, obligations.environment), (setting.pin, setting.environment));
}
