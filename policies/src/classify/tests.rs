//! Tools that only a policy knows.
//!
//! Not here: the tools that are built in (`tests/corpus`).

use super::*;
use crate::Tier;

fn judged(grammars: &Grammars, argv: &[&str]) -> (String, Option<u8>) {
    let argv: Vec<&[u8]> = argv.iter().map(|word| word.as_bytes()).collect();
    let invocation = Invocation { tool: argv[0], argv: &argv, env: &[], cwd: None, home: None, start: None };
    match classify(grammars, &invocation, &Facts::default()) {
        Classified::Operation(operation) => {
            (operation.primary.operation.to_string(), operation.tier().map(Tier::number))
        }
        Classified::Needs(needs) => panic!("{needs:?}"),
    }
}

/// They can lead to anything, and count as if they did.
#[test]
fn more_urls_than_anybody_gives_are_not_looked_at_one_by_one() {
    let judged = |tool: &'static str, count| {
        let argv: Vec<&str> = std::iter::once(tool).chain(std::iter::repeat_n("a.example", count)).collect();
        judged(Grammars::built_in(), &argv).1
    };
    assert_eq!((judged("curl", 256), judged("curl", 257)), (Some(0), None));
    assert!(judged("wget", 257) >= Some(3), "{:?}", judged("wget", 257));
}

#[test]
fn a_tool_that_only_a_policy_knows_has_its_leading_words_as_commands() {
    let mut grammars = Grammars::with(&[]).unwrap();
    let commands = [("pr list", Some(Tier::Observe)), ("pr merge", None), ("deploy", Some(Tier::Modify))];
    grammars.add_generic("10.toml", "mytool", &commands).unwrap();
    for (argv, operation, tier) in [
        (&["mytool", "pr", "list", "--all", "x"][..], "mytool.pr.list", Some(0)),
        (&["mytool", "pr", "list", "prod"], "mytool.pr.list", Some(0)),
        (&["mytool", "pr", "merge", "12"], "mytool.pr.merge", None),
        (&["mytool", "pr", "close", "12"], "mytool.pr.close", None),
        (&["mytool", "deploy", "prod"], "mytool.deploy", Some(2)),
        (&["mytool", "--force", "deploy"], "mytool", None),
        (&["mytool", "issue", "create", "--x", "y"], "mytool.issue.create", None),
        (&["mytool"], "mytool", None),
        (&["mytool", "a b", "x"], "mytool", None),
    ] {
        assert_eq!(judged(&grammars, argv), (operation.to_owned(), tier), "{argv:?}");
    }
    assert!(grammars.add_generic("10.toml", "helm", &[]).is_err());
}

/// By its other name the tool may do anything; what a variable adds is added all the same.
#[test]
fn a_tool_by_another_name_has_the_arguments_that_variables_add() {
    let told = |env: &[u8]| {
        let argv: [&[u8]; 2] = [b"foo", b"apply"];
        let env = [env];
        let invocation = Invocation { tool: b"terraform", argv: &argv, env: &env, cwd: None, home: None, start: None };
        let Classified::Operation(operation) = classify(Grammars::built_in(), &invocation, &Facts::default()) else {
            panic!("it needs to know something");
        };
        assert_eq!((operation.primary.operation.as_ref(), operation.tier()), ("terraform.unknown", None));
        let all = operation.arguments?;
        Some(all.iter().map(|argument| argument.bytes.to_vec()).collect::<Vec<_>>())
    };
    assert_eq!(told(b"TF_CLI_ARGS=-destroy").unwrap(), [&b"apply"[..], b"-destroy"]);
    assert_eq!(told(b"TF_CLI_ARGS=a;b"), None);
}

/// A name that is looked at and has two values is noticed, whatever else is not set.
#[test]
fn a_variable_that_stands_twice_is_noticed_beside_one_that_is_absent() {
    let argv: Vec<&[u8]> = b"gh pr close 3 -R github.com/a/b".split(|byte| *byte == b' ').collect();
    let env: [&[u8]; 2] = [b"GH_HOST=a.example", b"GH_HOST=b.example"];
    let invocation = Invocation { tool: b"gh", argv: &argv, env: &env, cwd: None, home: Some(b"/"), start: None };
    let found = || Finding::Found(facts::Found::default());
    let facts = Facts::default();
    let operation = loop {
        match classify(Grammars::built_in(), &invocation, &facts) {
            Classified::Operation(operation) => break operation,
            Classified::Needs(needs) => needs.into_iter().for_each(|need| facts.add(need, found())),
        }
    };
    assert_eq!(operation.primary.operation, "gh.unknown");
}

/// One of them after a step of which nobody can tell what it did.
#[test]
fn equal_commands_of_a_script_are_told_once() {
    let argv: [&[u8]; 3] = [b"bash", b"-c", b"curl http://x/; source x; curl http://x/; rm z"];
    let invocation = Invocation { tool: b"bash", argv: &argv, env: &[], cwd: None, home: None, start: None };
    let Classified::Operation(operation) = classify(Grammars::built_in(), &invocation, &Facts::default()) else {
        panic!("it needs to know something");
    };
    let also: Vec<_> = operation.also.iter().map(|meaning| meaning.operation.as_ref()).collect();
    assert_eq!(also, ["curl", "rm", "bash.unknown"]);
}
