//! What holds for every argv, whatever stands in it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail in its own helpers")]

use proptest::collection::vec;
use proptest::prelude::*;
use tollgate_policies::classify::facts::Found;
use tollgate_policies::classify::{Classified, Facts, Finding, Grammars, Invocation, classify};
use tollgate_policies::{Operation, Tier, scrub};

const TOOLS: [&str; 16] = [
    "terraform",
    "tofu",
    "helm",
    "kubectl",
    "aws",
    "git",
    "gcloud",
    "rm",
    "bash",
    "sudo",
    "env",
    "xargs",
    "curl",
    "wget",
    "timeout",
    "ls",
];

fn judged(tool: &str, argv: &[Vec<u8>], env: &[Vec<u8>]) -> Operation {
    let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
    let env: Vec<&[u8]> = env.iter().map(Vec::as_slice).collect();
    let invocation = Invocation {
        tool: tool.as_bytes(),
        argv: &argv,
        env: &env,
        cwd: Some(b"/home/me"),
        home: Some(b"/home/me"),
        start: None,
    };
    let facts = Facts::default();
    for _ in 0..4 {
        match classify(Grammars::built_in(), &invocation, &facts) {
            Classified::Operation(operation) => return operation,
            Classified::Needs(needs) => {
                assert!(!needs.is_empty());
                needs.into_iter().for_each(|need| facts.add(need, Finding::Found(Found::default())));
            }
        }
    }
    panic!("its needs never end");
}

fn words(tool: &str, rest: &[&str]) -> Vec<Vec<u8>> {
    std::iter::once(tool).chain(rest.iter().copied()).map(|word| word.as_bytes().to_vec()).collect()
}

/// Words that tools know, in any order and with any bytes between them.
fn word() -> impl Strategy<Value = Vec<u8>> {
    const KNOWN: [&str; 40] = [
        "",
        "-",
        "--",
        "---",
        "=",
        "--=",
        "-=",
        "apply",
        "destroy",
        "-destroy",
        "state",
        "rm",
        "-chdir=x",
        "-help",
        "--help",
        "-version",
        "delete",
        "pods",
        "--all",
        "-A",
        "-n",
        "--dry-run",
        "--dry-run=none",
        "--force",
        "uninstall",
        "upgrade",
        "-i",
        "ec2",
        "s3",
        "terminate-instances",
        "--recursive",
        "--reg",
        "push",
        "--har",
        "reset",
        "--hard",
        "get",
        "secret/x",
        "ns",
        "@x",
    ];
    prop_oneof![
        4 => prop::sample::select(KNOWN.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => vec(any::<u8>().prop_filter("no NUL in an argument", |byte| *byte != 0), 0..12),
    ]
}

fn variable() -> impl Strategy<Value = Vec<u8>> {
    const NAMES: [&str; 12] = [
        "TF_CLI_ARGS",
        "TF_CLI_ARGS_apply",
        "TF_WORKSPACE",
        "HOME",
        "KUBECONFIG",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_PAGER",
        "HELM_NAMESPACE",
        "LD_PRELOAD",
        "PAGER",
        "",
    ];
    (prop::sample::select(NAMES.to_vec()), word()).prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat())
}

/// Pieces of shell text.
const SCRIPT: [&str; 48] = [
    "terraform destroy",
    "rm -rf x",
    "a",
    "$X",
    "\"$X\"",
    "${X:-",
    "}",
    "$(",
    ")",
    "`",
    "'",
    "\"",
    "\\",
    ";",
    "&&",
    "||",
    "|",
    "&",
    "\n",
    " ",
    " ",
    "(",
    "{ ",
    " }",
    "if ",
    "; then ",
    "; fi",
    "while ",
    "for x in ",
    "; do ",
    "; done",
    "case x in ",
    " esac",
    "[[ ",
    " ]]",
    "((",
    "))",
    "<<E\n",
    "\nE\n",
    "<(",
    ">",
    ">>",
    "2>&1",
    "f() ",
    "export A=",
    "A=b ",
    "cd x",
    "eval ",
];

/// What may stand before a command without keeping it from running.
const BEFORE: [&str; 10] = [
    "ls; ",
    "true && ",
    "sudo ",
    "env X=y ",
    "timeout 5 ",
    "nice -n 3 ",
    "cd infra && ",
    "export X=y; ",
    "nohup ",
    "command ",
];

/// A tool, words that keep their order, and flags that may stand anywhere.
type Mixable = (&'static str, &'static [&'static str], &'static [&'static [&'static str]]);

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_mean_something(
        tool in prop::sample::select(TOOLS.to_vec()),
        rest in vec(word(), 0..12),
        env in vec(variable(), 0..6),
    ) {
        let mut argv = words(tool, &[]);
        argv.extend(rest);
        let operation = judged(tool, &argv, &env);
        let canonical = if tool == "tofu" { "terraform" } else { tool };
        prop_assert!(operation.primary.operation.starts_with(canonical));
        prop_assert!(!operation.primary.rationale.is_empty());
        prop_assert!(operation.primary.decided_by.is_none_or(|at| at < argv.len()));
    }

    #[test]
    fn any_script_means_something_soon(parts in vec(prop::sample::select(SCRIPT.to_vec()), 0..40), text in ".{0,40}") {
        let script = parts.concat() + &text;
        let start = std::time::Instant::now();
        for shell in ["bash", "sh", "zsh"] {
            let operation = judged(shell, &words(shell, &["-c", &script.replace('\0', "")]), &[b"X=a b".to_vec()]);
            prop_assert!(!operation.primary.rationale.is_empty());
        }
        prop_assert!(start.elapsed().as_secs() < 5, "{script:?} took {:?}", start.elapsed());
    }

    #[test]
    fn what_stands_before_a_destroying_command_hides_it_not(parts in vec(prop::sample::select(BEFORE.to_vec()), 0..5)) {
        let script = parts.concat() + "terraform destroy -auto-approve";
        let operation = judged("bash", &words("bash", &["-c", &script]), &[]);
        prop_assert_eq!(operation.tier(), Some(Tier::BreakGlass), "{}: {:?}", script, operation);
    }

    #[test]
    fn an_unknown_flag_never_makes_a_command_milder(
        command in prop::sample::select(vec![
            &["terraform", "destroy"][..],
            &["kubectl", "delete", "ns", "x"],
            &["helm", "uninstall", "x"],
            &["aws", "s3", "rm", "s3://x", "--recursive"],
            &["git", "push", "--force"],
            &["rm", "-rf", "x"],
        ]),
        at in 1_usize..5,
        flag in "--?[a-z_-]{3,9}(=[a-z]{0,4})?",
    ) {
        let mut argv = words(command[0], &command[1..]);
        let before = judged(command[0], &argv, &[]).tier();
        argv.insert(at.min(argv.len()), flag.clone().into_bytes());
        let operation = judged(command[0], &argv, &[]);
        let unknown = operation.tier().is_none();
        let as_strong = operation.tier() >= before;
        // A flag that is known may mean help or a dry run, and those are what they say.
        let known = operation.tier() == Some(Tier::Observe);
        prop_assert!(unknown || as_strong || known, "{flag}: {operation:?}");
    }

    #[test]
    fn the_order_of_flags_changes_nothing(seed in any::<u64>()) {
        let commands: [Mixable; 5] = [
            ("kubectl", &["delete", "pods"], &[&["--all"], &["-n", "prod"], &["--context=x"], &["--grace-period", "5"], &["-o", "name"]]),
            ("helm", &["upgrade", "web", "./chart"], &[&["-i"], &["-n", "prod"], &["--set", "a=b"], &["--wait"], &["--timeout=5m"]]),
            ("aws", &["s3", "rm", "s3://b"], &[&["--recursive"], &["--region", "us-east-1"], &["--exclude=x"], &["--quiet"]]),
            ("git", &["push", "origin", "main"], &[&["--force"], &["-v"], &["-o", "x"], &["--no-verify"]]),
            ("rm", &["x"], &[&["-f"], &["-r"], &["-v"], &["--one-file-system"]]),
        ];
        for (tool, fixed, flags) in commands {
            let plain: Vec<&str> = fixed.iter().copied().chain(flags.iter().copied().flatten().copied()).collect();
            let expected = judged(tool, &words(tool, &plain), &[]);
            let mixed = shuffled(tool, fixed, flags, seed);
            let found = judged(tool, &words(tool, &mixed), &[]);
            prop_assert_eq!(&found.primary.operation, &expected.primary.operation);
            prop_assert_eq!(found.tier(), expected.tier());
            prop_assert_eq!(&found.primary.target, &expected.primary.target);
        }
    }

    #[test]
    fn a_secret_is_shown_nowhere(secret in "[A-Za-z0-9]{12,30}", tool in prop::sample::select(TOOLS.to_vec())) {
        for argv in [
            vec![format!("--password={secret}")],
            vec!["--token".into(), secret.clone()],
            vec![format!("DB_PASSWORD={secret}")],
            vec![format!("https://me:{secret}@host/")],
            vec!["-H".into(), format!("Authorization: Bearer {secret}")],
            vec![format!("{{\"api_key\":\"{secret}\"}}")],
        ] {
            let bytes: Vec<&[u8]> = std::iter::once(tool).chain(argv.iter().map(String::as_str)).map(str::as_bytes).collect();
            let shown = scrub::argv(Grammars::built_in(), tool.as_bytes(), &bytes);
            let found = shown.iter().any(|word| word.windows(secret.len()).any(|window| window == secret.as_bytes()));
            prop_assert!(!found, "{argv:?}");
        }
    }

    #[test]
    fn any_bytes_can_be_scrubbed(bytes in vec(any::<u8>(), 0..200)) {
        let once = scrub::text(&bytes).into_owned();
        prop_assert_eq!(scrub::text(&once).into_owned(), once.clone());
        let _ = scrub::variable(b"API_KEY", &bytes);
        let _ = scrub::argv(Grammars::built_in(), b"x", &[&bytes, &once]);
    }
}

/// The flags between and after the fixed words, which keep their order.
fn shuffled<'w>(tool: &str, fixed: &[&'w str], flags: &[&[&'w str]], mut seed: u64) -> Vec<&'w str> {
    let mut places: Vec<Vec<&'w str>> = fixed.iter().map(|word| vec![*word]).collect();
    // Before its words a tool knows other flags.
    let first = if tool == "rm" {
        0
    } else if tool == "git" {
        1
    } else {
        2
    };
    for flag in flags {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = first.min(places.len())
            + usize::try_from(seed >> 33).unwrap() % (places.len() + 1 - first.min(places.len()));
        places.insert(at, flag.to_vec());
    }
    places.concat()
}

/// A mebibyte of arguments: work that grows with the square would not end here.
#[test]
fn long_argvs_are_read_in_linear_time() {
    for (tool, first) in
        [("terraform", "apply"), ("kubectl", "delete"), ("helm", "upgrade"), ("aws", "s3"), ("git", "add"), ("rm", "x")]
    {
        for word in ["x", "--x", "-n", "--x=y"] {
            let count = (1 << 20) / (word.len() + 1);
            let argv: Vec<Vec<u8>> = [tool, first]
                .iter()
                .copied()
                .chain(std::iter::repeat_n(word, count))
                .map(|word| word.as_bytes().to_vec())
                .collect();
            let operation = judged(tool, &argv, &[]);
            assert!(!operation.primary.operation.is_empty());
        }
    }
    let text = "password= ://a@ -----BEGIN PRIVATE \"key\": ".repeat(20_000);
    assert!(!scrub::text(text.as_bytes()).is_empty());
}
