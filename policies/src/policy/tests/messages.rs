//! What a person is told whose policy cannot be read, whole.

use super::*;

/// `name: text => lines;`
macro_rules! told {
    ($($name:ident: $text:expr => [$($line:expr),+ $(,)?];)*) => {
        $(#[test]
        fn $name() {
            assert_eq!(problems($text), [$($line),+].join("\n"));
        })*
    };
}

mod toml_itself {
    use super::*;

    told! {
        a_text_that_is_no_toml: "[[rule]]\nname = \"a\nverdict = 'deny'\n" =>
            ["p.toml:2:10: this is not TOML: invalid basic string, expected `\"`; correct the line"];
        a_key_that_is_given_twice: "[[rule]]\nname = 'a'\nverdict = 'deny'\nverdict = 'allow'\n" =>
            ["p.toml:4:1: this is not TOML: duplicate key; correct the line"];
        a_value_without_quotes: "[[rule]]\nname = 'a'\nverdict = deny\n" =>
            ["p.toml:3:11: this is not TOML: string values must be quoted, expected literal string; correct the line"];
        a_value_of_the_wrong_kind: "[[rule]]\nname = 'a'\nverdict = true\n" =>
            ["p.toml:3:11: invalid type: boolean `true`, expected a string; correct the value"];
        a_list_with_something_else_in_it: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntools = ['a', 3]\n" =>
            ["p.toml:4:15: invalid type: integer `3`, expected a string; correct the value"];
        something_else_than_a_list: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntools = 1.5\n" =>
            ["p.toml:4:9: invalid type: floating point `1.5`, expected a word or a list of words; correct the value"];
        something_else_than_a_target: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntarget = 'prod'\n" =>
            ["p.toml:4:10: invalid type: string \"prod\", expected a table; correct the value"];
        something_else_than_an_exception: "[[rule]]\nname = 'a'\nverdict = 'deny'\nunless = 'prod'\n" =>
            ["p.toml:4:10: invalid type: string \"prod\", expected a table of conditions; correct the value"];
        a_rule_with_too_few_brackets: "[rule]\nname = 'a'\nverdict = 'deny'\n" =>
            ["p.toml:1:1: invalid type: map, expected tables with two brackets: `[[NAME]]`; correct the value"];
        something_else_than_an_agent: "agents.codex = 2\n" =>
            ["p.toml:1:16: invalid type: integer `2`, expected a table: `[agents.NAME]`; correct the value"];
        another_version: "version = 2\n" =>
            ["p.toml:1:11: version 2 of the policy language is not known; write `version = 1`, or install the Tollgate that it was written for"];
        a_version_that_is_no_number: "version = '1'\n" =>
            ["p.toml:1:11: invalid type: string \"1\", expected a whole number; correct the value"];
    }
}

mod keys {
    use super::*;

    told! {
        a_key_that_is_misspelt: "[[rule]]\nname = 'a'\nvedict = 'deny'\n" =>
            ["p.toml:3:1: a rule has no key `vedict`; did you mean `verdict`?"];
        a_key_that_does_not_exist: "[[rule]]\nname = 'a'\nverdict = 'deny'\npriority = 3\n" =>
            ["p.toml:4:1: a rule has no key `priority`; use one of `name`, `agents`, `clearance`, `sessions`, `doors`, `tools`, `operations`, `target`, `argv`, `arguments`, `wrapped_by`, `time`, `verdict`, `tier`, `tiers`, `unless`, `unknown`, `reason`, `code`, `timeout`, `rate`, `per`, `redact`, `correct`, `confirm` and `people`"];
        a_key_of_a_policy: "rules = []\n" => ["p.toml:1:1: a policy has no key `rules`; did you mean `rule`?"];
        a_key_of_an_agent: "[agents.codex]\nclearence = 2\n" =>
            ["p.toml:2:1: an agent has no key `clearence`; did you mean `clearance`?"];
        a_key_of_an_exception: "[[rule]]\nname = 'a'\nverdict = 'deny'\nunless = { tool = 'x' }\n" =>
            ["p.toml:4:12: an exception has no key `tool`; did you mean `tools`?"];
        a_key_of_one_of_several_exceptions: "[[rule]]\nname = 'a'\nverdict = 'deny'\nunless = [{ tools = 'x' }, { agent = 'x' }]\n" =>
            ["p.toml:4:30: an exception has no key `agent`; did you mean `agents`?"];
        a_dimension: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntarget.workspaces = 'x'\n" =>
            ["p.toml:4:8: a target has no `workspaces`; did you mean `workspace`?"];
        a_key_that_a_terminal_would_obey: "[[rule]]\nname = 'a'\nverdict = 'deny'\n\"\\u001b[2J\\u202e\" = 1\n" =>
            ["p.toml:4:1: a rule has no key `\\x1b[2J\\u{202e}`; use one of `name`, `agents`, `clearance`, `sessions`, `doors`, `tools`, `operations`, `target`, `argv`, `arguments`, `wrapped_by`, `time`, `verdict`, `tier`, `tiers`, `unless`, `unknown`, `reason`, `code`, `timeout`, `rate`, `per`, `redact`, `correct`, `confirm` and `people`"];
    }
}

mod names {
    use super::*;

    told! {
        a_rule_without_a_name: "\n[[rule]]\nverdict = 'deny'\n" =>
            ["p.toml:2:1: this rule has no name; add `name = \"...\"`: messages and records call it by that"];
        a_rule_with_an_empty_name: "[[rule]]\nname = ''\nverdict = 'deny'\n" =>
            ["p.toml:2:8: the name of this rule is empty; give it a name of one word"];
        a_rule_with_a_name_of_two_words: "[[rule]]\nname = 'no destroy'\nverdict = 'deny'\n" =>
            ["p.toml:2:8: the name of this rule, `no destroy`, is not one visible word; use no blanks and no control characters"];
        a_rule_with_an_invisible_name: "[[rule]]\nname = \"a\\u200b\"\nverdict = 'deny'\n" =>
            ["p.toml:2:8: the name of this rule, `a\\u{200b}`, is not one visible word; use no blanks and no control characters"];
        an_agent_with_an_empty_name: "[agents.'']\n" =>
            ["p.toml:1:9: the name of this agent is empty; give it a name of one word"];
        an_agent_that_is_called_unknown: "[agents.unknown]\nclearance = 4\n" =>
            ["p.toml:1:9: `unknown` is what an agent is called that could not be identified; use another name: nothing can be said of this one"];
        a_name_that_is_used_twice: "[[rule]]\nname = 'a'\nverdict = 'deny'\n[[rule]]\nname = 'a'\nverdict = 'allow'\n" =>
            ["p.toml:5:8: there is another rule `a` at p.toml:2:8; rename one of them or remove it"];
    }

    #[test]
    fn a_name_that_is_used_in_two_files_is_told_the_same_in_any_order() {
        let rule = |indent: &str| format!("{indent}[[rule]]\n{indent}name = 'a'\n{indent}verdict = 'deny'\n");
        let sources = [source("~/20-b.toml", &rule("")), source("~/10-a.toml", &rule("  "))];
        let reversed = [sources[1].clone(), sources[0].clone()];
        for sources in [sources, reversed] {
            let told = Policy::parse(&sources).unwrap_err().to_string();
            assert_eq!(
                told,
                "~/20-b.toml:2:8: there is another rule `a` at ~/10-a.toml:2:10; rename one of them or remove it"
            );
        }
    }

    #[test]
    fn an_agent_that_stands_in_two_files_is_told() {
        let told = Policy::parse(&[source("a.toml", "[agents.codex]\n"), source("b.toml", "[agents.codex]\n")]);
        let expected = "b.toml:1:9: there is another agent `codex` at a.toml:1:9; rename one of them or remove it";
        assert_eq!(told.unwrap_err().to_string(), expected);
    }
}

mod verdicts {
    use super::*;

    told! {
        a_rule_without_a_verdict: "[[rule]]\nname = 'a'\n" =>
            ["p.toml:1:1: this rule has no verdict; add `verdict = \"allow\"`, `\"escalate\"` or `\"deny\"`, or `tiers = { 0 = \"allow\" }`"];
        a_rule_with_two: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntiers = { 0 = 'allow' }\n" =>
            ["p.toml:4:9: this rule has both `verdict` and `tiers`; remove one of the two, or make two rules"];
        a_verdict_that_is_misspelt: "[[rule]]\nname = 'a'\nverdict = 'Deny'\n" =>
            ["p.toml:3:11: there is no verdict `Deny`; did you mean `deny`?"];
        a_verdict_that_does_not_exist: "[[rule]]\nname = 'a'\nverdict = 'human_approval'\n" =>
            ["p.toml:3:11: there is no verdict `human_approval`; use one of `allow`, `escalate` and `deny`"];
        a_verdict_of_a_tier: "[[rule]]\nname = 'a'\ntiers = { 0 = 'alow' }\n" =>
            ["p.toml:3:15: there is no verdict `alow`; did you mean `allow`?"];
        a_tier_that_does_not_exist: "[[rule]]\nname = 'a'\ntiers = { 0 = 'allow', 5 = 'deny' }\n" =>
            ["p.toml:3:24: there is no tier `5`; use `0`, `1`, `2`, `3`, `4` or `unknown`"];
        a_tier_as_it_is_printed: "[[rule]]\nname = 'a'\ntiers = { T0 = 'allow' }\n" =>
            ["p.toml:3:11: there is no tier `T0`; use `0`, `1`, `2`, `3`, `4` or `unknown`"];
        no_tiers: "[[rule]]\nname = 'a'\ntiers = {}\n" =>
            ["p.toml:3:9: `tiers` is empty, so this rule says nothing; name a tier: `{ 0 = \"allow\" }`"];
        a_tier_beside_tiers: "[[rule]]\nname = 'a'\ntier = 0\ntiers = { 0 = 'allow' }\n" =>
            ["p.toml:3:8: `tier` goes with `verdict`, not with `tiers`; remove one of the two"];
        a_range_of_tiers_that_does_not_exist: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntier = ['>4', 2]\n" =>
            ["p.toml:4:9: there is no tier `>4`; use a number from 0 to 4, or a range: `\">=2\"`, `\"<3\"`, `\"1..3\"`"];
        an_unknown_that_cannot_be: "[[rule]]\nname = 'a'\nverdict = 'deny'\nunknown = 'allow'\n" =>
            ["p.toml:4:11: `unknown` cannot be `allow`; use `escalate` or `deny`"];
        an_unknown_without_a_deny: "[[rule]]\nname = 'a'\nverdict = 'allow'\nunknown = 'escalate'\n" =>
            ["p.toml:4:11: `unknown` softens a deny, and this rule denies nothing; remove it, or make the verdict `deny`"];
        an_allow_that_could_never_hold: "[[rule]]\nname = 'a'\nverdict = 'allow'\noperations = 'make.unknown'\n" =>
            ["p.toml:4:14: this rule allows nothing of `make.unknown`: what it would do is not known; add the tier `unknown` if it may run all the same"];
    }
}

mod conditions {
    use super::*;

    told! {
        a_glob_that_is_not_closed: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntools = 'a[b'\n" =>
            ["p.toml:4:9: the glob `a[b` cannot be read: unclosed character class; missing ']'; correct it; a character that stands for itself goes into brackets: `[*]`"];
        a_class_that_cannot_be_compared: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntools = '[é]'\n" =>
            ["p.toml:4:9: the glob `[é]` cannot be read: a class can name only ASCII characters; correct it; a character that stands for itself goes into brackets: `[*]`"];
        an_empty_glob: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntools = ['a', '']\n" =>
            ["p.toml:4:15: an empty glob matches only what is empty; write what it should match, or `*`"];
        an_empty_list: "[[rule]]\nname = 'a'\nverdict = 'deny'\nagents = []\n" =>
            ["p.toml:4:10: an empty list of agents would match nothing; name at least one, or remove the key to match any"];
        every_other_empty_list: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntools = []\noperations = []\ndoors = []\nclearance = []\ntier = []\ntarget.host = []\nunless = []\n" =>
            [
                "p.toml:4:9: an empty list of tools would match nothing; name at least one, or remove the key to match any",
                "p.toml:5:14: an empty list of operations would match nothing; name at least one, or remove the key to match any",
                "p.toml:6:9: an empty list of doors would match nothing; name at least one, or remove the key to match any",
                "p.toml:7:13: an empty list of clearances would match nothing; name at least one, or remove the key to match any",
                "p.toml:8:8: an empty list of tiers would match nothing; name at least one, or remove the key to match any",
                "p.toml:9:15: an empty list of values would match nothing; name at least one, or remove the key to match any",
                "p.toml:10:10: an empty list of exceptions would match nothing; name at least one, or remove the key to match any",
            ];
        a_door_that_does_not_exist: "[[rule]]\nname = 'a'\nverdict = 'deny'\ndoors = 'shims'\n" =>
            ["p.toml:4:9: there is no door `shims`; did you mean `shim`?"];
        a_clearance_that_does_not_exist: "[[rule]]\nname = 'a'\nverdict = 'deny'\nclearance = 'high'\n" =>
            ["p.toml:4:13: there is no clearance `high`; use a number from 0 to 4, or a range: `\">=2\"`, `\"<3\"`, `\"1..3\"`"];
        a_clearance_of_an_agent_that_does_not_exist: "[agents.codex]\nclearance = 5\n" =>
            ["p.toml:2:13: a clearance of 5 does not exist; use a number from 0 to 4"];
        an_unknown_value_in_an_allow: "[[rule]]\nname = 'a'\nverdict = 'allow'\ntarget.workspace = ['dev', 'unknown']\n" =>
            ["p.toml:4:28: a rule that allows needs what is known; remove `unknown`, or write `unknow[n]` for something that is really called so"];
        an_unknown_value_in_a_rule_that_allows_a_tier: "[[rule]]\nname = 'a'\ntiers = { 0 = 'allow', 4 = 'deny' }\ntarget.workspace = 'unknown'\n" =>
            ["p.toml:4:20: a rule that allows needs what is known; remove `unknown`, or write `unknow[n]` for something that is really called so"];
        an_unknown_value_in_an_exception: "[[rule]]\nname = 'a'\nverdict = 'deny'\nunless = { target.workspace = 'unknown' }\n" =>
            ["p.toml:4:31: an exception needs what is known; remove `unknown`, or write `unknow[n]` for something that is really called so"];
        an_unknown_tier_in_an_exception: "[[rule]]\nname = 'a'\nverdict = 'deny'\nunless = { tier = 'unknown' }\n" =>
            ["p.toml:4:19: an exception needs what is known; remove `unknown`"];
        an_exception_without_conditions: "[[rule]]\nname = 'a'\nverdict = 'deny'\nunless = {}\n" =>
            ["p.toml:4:10: an exception without a condition would undo the whole rule; add a condition or remove `unless`"];
    }
}

mod what_a_rule_asks_for {
    use super::*;

    told! {
        a_rate_that_is_none: "[[rule]]\nname = 'a'\nrate = ['1/h', 'often']\n" =>
            ["p.toml:3:16: the rate `often` cannot be read: a rate is written `10/h` or `10/5m burst 3`; write tokens and a window: `1/h`, `10/5m burst 3`"];
        a_rate_per_something_else: "[[rule]]\nname = 'a'\nrate = '1/h'\nper = 'agents'\n" =>
            ["p.toml:4:7: a rate is not counted per `agents`; did you mean `agent`?"];
        a_per_without_a_rate: "[[rule]]\nname = 'a'\nverdict = 'deny'\nper = 'agent'\n" =>
            ["p.toml:4:7: `per` goes with `rate`; add a rate such as `rate = \"1/h\"`, or remove it"];
        a_time_that_is_none: "[[rule]]\nname = 'a'\ntimeout = 'soon'\n" =>
            ["p.toml:3:11: `soon` is no length of time; write it as `30s`, `5m` or `1h30m`"];
        a_part_of_the_week_that_is_none: "[[rule]]\nname = 'a'\nverdict = 'deny'\ntime = 'monday'\n" =>
            ["p.toml:4:8: `monday` is no part of a week; write it as `mon-fri 09:00-17:00`, `22:00-06:00 utc` or `sat,sun`"];
        a_pattern_that_is_not_there: "[[rule]]\nname = 'a'\nredact = 'aws-key'\n" =>
            ["p.toml:3:10: there is no pattern `aws-key`; did you mean `aws-keys`?"];
        a_pattern_that_cannot_be_read: "[patterns]\nacct = 'a('\n" =>
            ["p.toml:2:8: the pattern `acct` cannot be used: it is no regular expression; correct the regular expression"];
        a_code_of_a_rule_that_denies_nothing: "[[rule]]\nname = 'a'\nverdict = 'allow'\ncode = 'x'\n" =>
            ["p.toml:4:8: `code` is told with a denial, and this rule denies nothing; remove it, or make the verdict `deny`"];
        a_correction_of_nothing: "[[rule]]\nname = 'a'\ncorrect = { mode = 'run' }\n" =>
            ["p.toml:3:11: this correction changes nothing; say what to `add`, `remove`, `replace` or `narrow`"];
        a_correction_of_no_flag: "[[rule]]\nname = 'a'\ncorrect = { add = 'yes' }\n" =>
            ["p.toml:3:19: `yes` is no flag; write it with its dashes, and its value after `=`: `-lock-timeout=5m`"];
        a_bound_that_says_nothing: "[[rule]]\nname = 'a'\ncorrect.narrow.'-n' = { from = '*' }\n" =>
            ["p.toml:3:23: this says not what a value may be; write `{ at_most = 5 }` for a flag, or `{ from = \"*\", to = \"staging-*\" }`"];
        a_key_of_a_correction: "[[rule]]\nname = 'a'\ncorrect = { ad = '-x' }\n" =>
            ["p.toml:3:13: a correction has no key `ad`; did you mean `add`?"];
    }
}

mod tools {
    use super::*;

    told! {
        an_empty_name: "[tools.'']\nbin = 'x'\n" => ["p.toml:1:8: the name of this tool is empty; give it a name of one word"];
        an_empty_bin: "[tools.gh]\nbin = ''\n" =>
            ["p.toml:2:7: `bin` is empty; write a path or a name, or remove it for the tool's own name"];
        a_bin_that_is_not_absolute: "[tools.gh]\nbin = 'bin/gh'\n" =>
            ["p.toml:2:7: the binary `bin/gh` is not absolute; write its whole path, from `/`"];
        a_mode_that_is_none: "mode = 'observed'\n" =>
            ["p.toml:1:8: there is no mode `observed`; did you mean `observe`?"];
        a_bad_action: "[tools.gh]\ndefault_action = 'human_approval'\n" =>
            ["p.toml:2:18: there is no verdict `human_approval`; use one of `allow`, `escalate` and `deny`"];
        strict_without_commands: "[tools.gh]\nstrict = true\n" =>
            ["p.toml:1:8: `gh` is strict, and no command of it is named; name some, `[tools.NAME.commands.WORDS]`, or remove `strict`"];
        a_bad_duration: "[tools.gh.commands.api]\ntimeout = '30'\n" =>
            ["p.toml:2:11: `30` is no length of time; write it as `30s`, `5m` or `1h30m`"];
        a_digest_that_is_none: "[tools.gh]\nbin = 'gh'\nsha256 = 'abc'\n" =>
            ["p.toml:3:10: `sha256` is no digest; write its 64 hexadecimal digits"];
        an_argument_that_is_no_flag: "[tools.gh]\nallowed_args = ['n', '--x=1']\n" =>
            [
                "p.toml:2:17: `n` in `allowed_args` is no flag; write its name with its dashes; what is no flag is always allowed",
                "p.toml:2:22: `--x=1` in `allowed_args` is no flag; write its name with its dashes; what is no flag is always allowed",
            ];
        a_folder_that_is_not_absolute: "[tools.gh]\nworking_dir = 'infra'\n" =>
            ["p.toml:2:15: the folder `infra` is not absolute; write its whole path, from `/`"];
        a_variable_of_ours: "[tools.gh]\nenv = { TOLLGATE_SESSION = 'x' }\n" =>
            ["p.toml:2:9: `TOLLGATE_SESSION` can be no variable of a tool; use another name"];
        a_key_of_a_tool: "[tools.gh]\ndefault_actions = 'deny'\n" =>
            ["p.toml:2:1: a tool has no key `default_actions`; did you mean `default_action`?"];
        a_key_of_a_command: "[tools.gh.commands.pr]\ntimeouts = '3s'\n" =>
            ["p.toml:2:1: a command has no key `timeouts`; did you mean `timeout`?"];
        a_runbook_that_says_too_little: "[[runbook]]\nname = 'a'\n" =>
            [
                "p.toml:1:1: this runbook does not say how often; add `count = 5`",
                "p.toml:1:1: this runbook does not say up to which tier; add `highest = 2`",
                "p.toml:1:1: this runbook has no window; add `window = \"1h\"`",
                "p.toml:1:1: this runbook names no operations; add `operations = \"...\"`",
            ];
    }

    #[test]
    fn a_tool_is_named_once_in_a_layer() {
        let sources = ["a.toml", "b.toml"].map(|name| source(name, "[tools.gh]\nbin = 'gh'\n"));
        let told = Policy::parse(&sources).unwrap_err().to_string();
        assert_eq!(told, "b.toml:1:8: there is another tool `gh` at a.toml:1:8; rename one of them or remove it");
        let [own, theirs] = sources;
        assert!(Policy::parse(&[own, Source { layer: Layer::Organisation, ..theirs }]).is_ok());
    }

    #[test]
    fn a_project_cannot_say_what_is_not_its_own() {
        let told = |text: &str| Project::parse(&source("p.toml", text)).unwrap_err().to_string();
        assert_eq!(
            told("[agents.codex]\nclearance = 4\n"),
            "p.toml:1:9: a project does not say who agents are; move it into a policy of your own"
        );
        assert!(told("[tools.gh]\nbin = '/tmp/gh'\n").contains("a project does not say what runs"));
        assert!(told("[tools.gh]\ndefault_action = 'allow'\n").contains("a project only tightens"));
        let runbook = "[[runbook]]\nname = 'a'\ncount = 1\nwindow = 'h'\nhighest = 4\noperations = '*'\n";
        assert!(told(runbook).contains("gives no runbooks"));
    }
}

mod all_at_once {
    use super::*;

    told! {
        every_problem_is_told_in_the_order_of_the_lines: "vesion = 1\n[agents.codex]\nclearance = 9\n[[rule]]\nverdict = 'alow'\n[[rule]]\nname = 'é'\nverdict = 3\ntool = 'x'\n[[rule]]\nname = 'b'\nverdict = 'deny'\nagents = ['é', '{']\n" =>
            [
                "p.toml:1:1: a policy has no key `vesion`; did you mean `version`?",
                "p.toml:3:13: a clearance of 9 does not exist; use a number from 0 to 4",
                "p.toml:4:1: this rule has no name; add `name = \"...\"`: messages and records call it by that",
                "p.toml:5:11: there is no verdict `alow`; did you mean `allow`?",
                "p.toml:8:11: invalid type: integer `3`, expected a string; correct the value",
                "p.toml:9:1: a rule has no key `tool`; did you mean `tools`?",
                "p.toml:13:16: the glob `{` cannot be read: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?); correct it; a character that stands for itself goes into brackets: `[*]`",
            ];
        a_rule_that_lost_a_part_is_not_blamed_for_the_gap: "[[rule]]\nname = 3\nvedict = 'deny'\n" =>
            [
                "p.toml:2:8: invalid type: integer `3`, expected a string; correct the value",
                "p.toml:3:1: a rule has no key `vedict`; did you mean `verdict`?",
            ];
    }

    #[test]
    fn the_problems_of_all_files_are_told() {
        let sources = [source("b.toml", "x = 1\n"), source("c.toml", "version = 1\n"), source("a.toml", "[[rule\n")];
        let told = Policy::parse(&sources).unwrap_err();
        let places: Vec<_> = told.iter().map(|problem| (problem.file.as_str(), problem.line, problem.column)).collect();
        assert_eq!(places, [("a.toml", 1, 7), ("b.toml", 1, 1)]);
    }
}
