//! Whose a rule is: a deny of any layer holds, and a project only tightens.

use proptest::prelude::*;

use super::*;

fn layered(layers: &[(Layer, &str)], command: &str) -> Judgement {
    let named = |(index, (layer, rule)): (usize, &(Layer, &str))| Source {
        layer: *layer,
        ..source(&format!("{index}.toml"), &format!("[[rule]]\nname = 'r{index}'\n{rule}\n"))
    };
    let sources: Vec<Source> = layers.iter().enumerate().map(named).collect();
    Policy::parse(&sources).unwrap().judge(&Asked::new(&operation(command), subject("claude")))
}

#[test]
fn a_deny_of_any_layer_holds_and_names_its_layer() {
    let allow = "verdict = 'allow'";
    for denies in [Layer::BuiltIn, Layer::Organisation, Layer::User, Layer::Session] {
        let layers = [(Layer::User, allow), (Layer::Organisation, allow), (denies, "verdict = 'deny'")];
        let judgement = layered(&layers, "t.x T0");
        assert_eq!(said(&judgement), "deny r2");
        assert_eq!(judgement.rule.unwrap().layer, denies);
    }
}

#[test]
fn a_policy_is_only_tried_out_where_every_layer_says_so() {
    let observes = |layers: &[(Layer, &str)]| {
        let named = |(index, (layer, text)): (usize, &(Layer, &str))| Source {
            layer: *layer,
            ..source(&format!("{index}.toml"), text)
        };
        Policy::parse(&layers.iter().enumerate().map(named).collect::<Vec<_>>()).unwrap().observes()
    };
    let (observe, enforce) = ("mode = 'observe'", "mode = 'enforce'");
    assert!(observes(&[(Layer::User, observe)]));
    assert!(observes(&[(Layer::User, observe), (Layer::User, "version = 1"), (Layer::Organisation, observe)]));
    assert!(!observes(&[(Layer::User, observe), (Layer::Organisation, "version = 1")]));
    assert!(!observes(&[(Layer::User, enforce)]) && !observes(&[]));
}

#[test]
fn a_project_offers_another_command_and_runs_none() {
    let parsed = |mode: &str| {
        let text = format!("[[rule]]\nname = 'p'\ncorrect = {{ remove = '-auto-approve'{mode} }}\n");
        Project::parse(&source(".tollgate.toml", &text)).map(|_| ()).map_err(|problems| problems.to_string())
    };
    assert_eq!(parsed(", mode = 'suggest'"), Ok(()));
    let said = parsed("").unwrap_err();
    assert!(said.starts_with(".tollgate.toml:3:") && said.contains("a project does not change what runs"), "{said}");
    let said = Project::parse(&source("p", "mode = 'observe'")).unwrap_err().to_string();
    assert!(said.contains("a project does not say whether a policy holds"), "{said}");
}

fn in_project(own: &str, project: &str, command: &str) -> Judgement {
    let operation = operation(command);
    let asked = Asked::new(&operation, subject("claude"));
    let project = Project::parse(&source(".tollgate.toml", &format!("[[rule]]\nname = 'p'\n{project}\n"))).unwrap();
    project.tighten(policy(&[own]).judge(&asked), &asked)
}

#[test]
fn a_project_denies_and_asks_but_allows_nothing() {
    let said_in = |own: &str, project: &str| said(&in_project(own, project, "t.x T0"));
    assert_eq!(said_in("verdict = 'allow'", "verdict = 'deny'"), "deny p");
    assert_eq!(said_in("verdict = 'allow'", "verdict = 'escalate'"), "escalate p");
    assert_eq!(said_in("verdict = 'escalate'", "verdict = 'allow'"), "escalate a");
    assert_eq!(said_in("verdict = 'deny'", "verdict = 'allow'"), "deny a");
    assert_eq!(said_in("verdict = 'allow'", "tiers = { 0 = 'allow', 4 = 'deny' }"), "allow a");
    assert_eq!(said_in("tools = 'u'\nverdict = 'allow'", "verdict = 'allow'"), "deny default");
}

#[test]
fn a_project_that_cannot_be_read_denies_and_says_why() {
    let operation = operation("t.x T0");
    let asked = Asked::new(&operation, subject("claude"));
    let own = policy(&["verdict = 'allow'"]).judge(&asked);
    let judgement = Project::broken("/srv/.tollgate.toml", "it is no text").tighten(own, &asked);
    assert_eq!(judgement.verdict, Verdict::Deny);
    let rule = judgement.rule.unwrap();
    assert_eq!(rule.to_string(), "project-unreadable (/srv/.tollgate.toml:1)");
    assert_eq!(rule.reason.as_deref().unwrap(), "the project's policy cannot be used: it is no text");
}

#[test]
fn what_a_project_asks_for_is_owed() {
    let project = "verdict = 'allow'\ntimeout = '1m'\nrate = '1/h'";
    let judgement = in_project("verdict = 'allow'\ntimeout = '1h'", project, "t.x T0");
    assert_eq!(judgement.obligations.timeout, Some(std::time::Duration::from_secs(60)));
    assert_eq!(judgement.obligations.rates.len(), 1);
    assert_eq!(judgement.rule.unwrap().layer, Layer::User);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_project_never_loosens(
        own in properties::rules(),
        project in properties::rules(),
        command in properties::a_command(),
        agent in properties::an_agent(),
    ) {
        let text: String = properties::sources(&project).into_iter().map(|source| source.text).collect();
        let project = Project::parse(&source(".tollgate.toml", &text)).unwrap();
        let operation = operation(&command);
        let asked = Asked::new(&operation, subject(agent));
        let before = Policy::parse(&properties::sources(&own)).unwrap().judge(&asked);
        let after = project.tighten(before.clone(), &asked);
        prop_assert!(after.verdict >= before.verdict);
    }
}
