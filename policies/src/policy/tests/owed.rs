//! What an allow or an escalate still owes, and the conditions that few rules have.

use std::time::Duration;

use super::*;

fn owed(rules: &[&str], command: &str) -> Obligations {
    policy(rules).judge(&Asked::new(&operation(command), subject("claude"))).obligations
}

const ALLOW: &str = "verdict = 'allow'";

#[test]
fn obligations_of_all_matching_rules_are_owed_together() {
    let rules = [
        "verdict = 'allow'\ntimeout = '5m'",
        "timeout = '30s'\nrate = '1/h'",
        "tools = 'other'\ntimeout = '1s'",
        "tier = 4\ntimeout = '1s'",
        "redact = ['aws-keys', 'api-keys']",
    ];
    let owed = owed(&rules, "t.x T0");
    assert_eq!(owed.timeout, Some(Duration::from_secs(30)));
    let bucket = Bucket { tokens: 1, window: Duration::from_secs(3600), burst: 1 };
    assert_eq!(owed.rates, [Rate { rule: "b".to_owned(), per: Per::Agent, bucket }]);
    assert_eq!(owed.redact.iter().map(|redact| redact.name.as_str()).collect::<Vec<_>>(), ["api-keys", "aws-keys"]);
}

#[test]
fn a_rule_without_a_verdict_allows_nothing() {
    assert_eq!(judged(&["rate = '1/h'"], "t.x T0", "claude"), "deny default");
    assert_eq!(judged(&["rate = '1/h'", "verdict = 'escalate'"], "t.x T0", "claude"), "escalate b");
}

#[test]
fn what_is_denied_owes_nothing() {
    assert_eq!(owed(&["verdict = 'deny'", "timeout = '1s'"], "t.x T0"), Obligations::default());
}

#[test]
fn what_is_not_known_is_owed_all_the_same() {
    let rules = [ALLOW, "target.workspace = 'prod'\nrate = '1/h'"];
    assert_eq!(owed(&rules, "t.x T0 workspace=?").rates.len(), 1);
    assert_eq!(owed(&rules, "t.x T0 workspace=prod").rates.len(), 1);
    assert_eq!(owed(&rules, "t.x T0 workspace=dev").rates.len(), 0);
    assert_eq!(owed(&rules, "t.x T0").rates.len(), 0);
    let unknown = ["verdict = 'allow'\ntier = 'unknown'", "tier = 'unknown'\nrate = '1/h'"];
    assert_eq!(owed(&unknown, "t.x T?").rates.len(), 1);
}

#[test]
fn each_meaning_of_a_command_brings_what_it_owes() {
    let rules = [ALLOW, "operations = 't.destroy'\ntimeout = '1s'"];
    assert_eq!(owed(&rules, "t.apply T2 & t.destroy T4").timeout, Some(Duration::from_secs(1)));
}

#[test]
fn the_most_exact_table_gives_the_time() {
    let text = "[tools.t]\ntimeout = '60s'\ndefault_action = 'allow'\n[tools.t.commands.plan]\ntimeout = '120s'\n[tools.t.commands.apply]\n";
    let policy = Policy::parse(&[source("p.toml", text)]).unwrap();
    for (command, seconds) in [("t.plan T0", 120), ("t.plan.x T0", 120), ("t.apply T2", 60), ("t.init T1", 60)] {
        let owed = policy.judge(&Asked::new(&operation(command), subject("claude"))).obligations;
        assert_eq!(owed.timeout, Some(Duration::from_secs(seconds)), "{command}");
    }
}

#[test]
fn corrections_are_carried_with_their_rule_and_mode() {
    let rule = "correct = { mode = 'suggest', add = '-lock-timeout=5m', remove = '-auto-approve', replace = { '--force' = '--force-with-lease' }, narrow = { '-parallelism' = { at_most = 5 }, operands = { from = '*', to = 'x' } } }";
    let corrections = owed(&[ALLOW, rule], "t.x T0").corrections;
    let [correction] = &corrections[..] else { panic!("{corrections:?}") };
    assert_eq!((correction.rule.name.as_str(), correction.mode), ("b", Mode::Suggest));
    let flag = |flag: &str| flag.to_owned();
    assert_eq!(
        correction.edits,
        [
            Edit::On { flag: flag("-lock-timeout"), value: Some("5m".to_owned()) },
            Edit::Off { flag: flag("-auto-approve") },
            Edit::Instead { flag: flag("--force"), by: flag("--force-with-lease"), value: None },
            Edit::AtMost { flag: flag("-parallelism"), number: 5 },
            Edit::Narrow { flag: None, from: flag("*"), to: flag("x") },
        ]
    );
}

#[test]
fn what_cannot_be_corrected_inside_another_command_is_denied() {
    let rules = [ALLOW, "operations = 't.x'\ncorrect = { remove = '-auto-approve' }"];
    for (command, expected) in [
        ("t.x T0", "allow a"),
        ("t.y T0", "allow a"),
        ("sudo.run T0 & t.y T0", "allow a"),
        ("sudo.run T0 & t.x T0", "deny b"),
        ("t.x T0 wrapped=sh", "deny b"),
    ] {
        assert_eq!(judged(&rules, command, "claude"), expected, "{command}");
    }
    let judgement = policy(&rules).judge(&Asked::new(&operation("sudo.run T0 & t.x T0"), subject("claude")));
    let said = "a rule corrects it, which cannot be done inside another command";
    assert_eq!((judgement.objection.as_deref(), judgement.reason), (Some(said), Some(Reason::Argument)));
}

#[test]
fn a_runbook_stands_for_a_person_while_something_is_left() {
    let text = "[[rule]]\nname = 'a'\nverdict = 'escalate'\n[[runbook]]\nname = 'restart'\noperations = 't.restart'\ntarget.namespace = 'web'\ncount = 2\nwindow = '1h'\nhighest = 2\n";
    let policy = Policy::parse(&[source("p.toml", text)]).unwrap();
    let [runbook] = policy.runbooks() else { panic!("not one runbook") };
    assert_eq!((runbook.name.as_str(), runbook.count, runbook.window), ("restart", 2, Duration::from_secs(3600)));
    let judged = |command: &str, left: u32| {
        let operation = operation(command);
        let budgets = [Budget { runbook: "restart", left }];
        policy.judge(&Asked { budgets: &budgets, ..Asked::new(&operation, subject("claude")) })
    };
    let covered = judged("t.restart T1 namespace=web", 2);
    assert_eq!((covered.verdict, covered.covers), (Verdict::Allow, vec![Cover::Runbook("restart".to_owned())]));
    for (command, left) in [
        ("t.restart T1 namespace=web", 0),
        ("t.restart T3 namespace=web", 1),
        ("t.restart T1 namespace=db", 1),
        ("t.restart T1 namespace=?", 1),
        ("t.restart T1", 1),
        ("t.delete T1 namespace=web", 1),
    ] {
        assert_eq!(judged(command, left).verdict, Verdict::Escalate, "{command}");
    }
    let uncounted = policy.judge(&Asked::new(&operation("t.restart T1 namespace=web"), subject("claude")));
    assert_eq!(said(&uncounted), "escalate a");
}

#[test]
fn a_denial_carries_its_code() {
    let policy = policy(&["verdict = 'deny'\ncode = 'no-prod'"]);
    let rule = policy.judge(&Asked::new(&operation("t.x T0"), subject("claude"))).rule;
    assert_eq!(rule.unwrap().code.as_deref(), Some("no-prod"));
}

/// What one rule says to a command line, run by `claude` in session `s1`.
fn on_line(rule: &str, line: &str) -> String {
    on_line_with(rule, line, &[])
}

fn on_line_with(rule: &str, line: &str, env: &[&str]) -> String {
    let operation = called("t.x T0 wrapped=sudo,env", line, env);
    // Monday, 1970-01-05 10:00.
    let at = Some(Moment { unix: 4 * 86_400 + 36_000, offset: 0 });
    let subject = Subject { session: Some("s1"), ..subject("claude") };
    let asked = Asked { at, ..Asked::new(&operation, subject) };
    said(&policy(&[rule]).judge(&asked))
}

#[test]
fn a_command_line_is_matched_whole() {
    assert_eq!(on_line("verdict = 'allow'\nargv = 't *'", "frob a b"), "allow a");
    assert_eq!(on_line("verdict = 'allow'\nargv = ['t a', 't a b']", "frob a b"), "allow a");
    assert_eq!(on_line("verdict = 'allow'\nargv = 't a'", "frob a b"), "deny default");
    assert_eq!(on_line("verdict = 'deny'\nargv = '* -rf *'", "frob -rf /"), "deny a");
}

#[test]
fn an_argument_cannot_look_like_two() {
    let argv: [&[u8]; 3] = [b"frob", b"a b", b""];
    let invocation =
        crate::classify::Invocation { tool: b"frob", argv: &argv, env: &[], cwd: None, home: None, start: None };
    let arguments = crate::classify::arguments::arguments(crate::classify::Grammars::built_in(), &invocation);
    let operation = Operation { arguments, ..operation("t.x T0") };
    let asked = Asked::new(&operation, subject("claude"));
    let judged = |glob: &str| said(&policy(&[&format!("verdict = 'allow'\nargv = \"{glob}\"")]).judge(&asked));
    assert_eq!(judged("t a b*"), "deny default");
    assert_eq!(judged("t 'a b' ''"), "allow a");
}

#[test]
fn an_allow_needs_every_argument_and_a_deny_one() {
    assert_eq!(on_line("verdict = 'allow'\narguments = ['a*', 'b']", "frob a1 b"), "allow a");
    assert_eq!(on_line("verdict = 'allow'\narguments = 'a*'", "frob a1 b"), "deny default");
    assert_eq!(on_line("verdict = 'deny'\narguments = 'b'", "frob a1 b"), "deny a");
    assert_eq!(on_line("verdict = 'allow'\narguments = '*'", "frob x"), "allow a");
    let destroy = "verdict = 'deny'\narguments = '-destroy'";
    assert_eq!(on_line_with(destroy, "terraform apply", &["TF_CLI_ARGS=-destroy"]), "deny a");
}

#[test]
fn sessions_times_and_wrappers_are_matched() {
    for (condition, holds) in [
        ("sessions = 's*'", true),
        ("sessions = 't*'", false),
        ("time = 'mon-fri 09:00-17:00'", true),
        ("time = ['sat', 'mon 11:00-12:00']", false),
        ("wrapped_by = ['sudo', 'env']", true),
        ("wrapped_by = 'sudo'", false),
    ] {
        let expected = if holds { "allow a" } else { "deny default" };
        assert_eq!(on_line(&format!("verdict = 'allow'\n{condition}"), "frob"), expected, "{condition}");
    }
    assert_eq!(on_line("verdict = 'deny'\nwrapped_by = 'sudo'", "frob"), "deny a");
    assert_eq!(judged(&["verdict = 'deny'\nwrapped_by = '*'", ALLOW], "t.x T0", "claude"), "allow b");
}

#[test]
fn a_time_or_an_argument_that_is_not_known_never_helps() {
    for condition in ["time = 'mon'", "arguments = 'a'", "argv = 't a'"] {
        let says = |rule: String| judged(&[&rule], "t.x T0", "claude");
        assert_eq!(says(format!("verdict = 'allow'\n{condition}")), "deny default");
        assert_eq!(says(format!("verdict = 'deny'\n{condition}")), "deny a");
        assert_eq!(says(format!("verdict = 'deny'\nunknown = 'escalate'\n{condition}")), "escalate a");
        assert_eq!(says(format!("verdict = 'deny'\nunless = {{ {condition} }}")), "deny a");
    }
}
