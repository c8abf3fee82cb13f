//! The truth tables: a row is a test, and its name says what it proves.

use super::judged;

/// `name: rules, command, agent => judgement;`, the agent being `claude` where
/// none is given.
macro_rules! rows {
    ($($name:ident: [$($rule:expr),* $(,)?], $command:expr $(, $agent:expr)? => $expected:expr;)*) => {
        $(#[test]
        fn $name() {
            let agent = ["claude", $($agent)?];
            assert_eq!(judged(&[$($rule),*], $command, agent.last().unwrap()), $expected);
        })*
    };
}

const ALLOW: &str = "verdict = 'allow'";
const ESCALATE: &str = "verdict = 'escalate'";
const DENY: &str = "verdict = 'deny'";

mod which_verdict {
    use super::*;

    rows! {
        nothing_is_allowed_where_no_rule_speaks: [], "ls.run T0" => "deny default";
        an_allow_allows: [ALLOW], "ls.run T0" => "allow a";
        an_escalate_escalates: [ESCALATE], "ls.run T0" => "escalate a";
        a_deny_denies: [DENY], "ls.run T0" => "deny a";
        an_escalate_beats_an_allow: [ALLOW, ESCALATE], "ls.run T0" => "escalate b";
        an_escalate_beats_an_allow_that_comes_later: [ESCALATE, ALLOW], "ls.run T0" => "escalate a";
        a_deny_beats_an_allow: [ALLOW, DENY], "ls.run T0" => "deny b";
        a_deny_beats_an_allow_that_comes_later: [DENY, ALLOW], "ls.run T0" => "deny a";
        a_deny_beats_an_escalate: [ESCALATE, DENY], "ls.run T0" => "deny b";
        a_deny_beats_an_escalate_that_comes_later: [DENY, ESCALATE], "ls.run T0" => "deny a";
        of_equal_rules_the_first_line_is_named: [DENY, DENY], "ls.run T0" => "deny a";
        of_equal_rules_the_first_line_is_named_though_the_other_is_of_one_tool:
            ["verdict = 'deny'", "verdict = 'deny'\ntools = 'ls'"], "ls.run T0" => "deny a";
    }
}

mod what_a_rule_is_for {
    use super::*;

    rows! {
        a_tool_is_matched: ["verdict = 'allow'\ntools = 'ls'"], "ls.run T0" => "allow a";
        another_tool_is_not: ["verdict = 'allow'\ntools = 'ls'"], "cat.run T0" => "deny default";
        one_of_several_tools_is_matched: ["verdict = 'allow'\ntools = ['cat', 'l?']"], "ls.run T0" => "allow a";
        a_tool_is_no_prefix: ["verdict = 'allow'\ntools = 'l'"], "ls.run T0" => "deny default";
        an_operation_is_matched: ["verdict = 'allow'\noperations = 'git.push'"], "git.push T2" => "allow a";
        another_operation_is_not: ["verdict = 'allow'\noperations = 'git.push'"], "git.pull T2" => "deny default";
        a_star_spans_dots: ["verdict = 'allow'\noperations = 'terraform.*'"], "terraform.state.rm T3" => "allow a";
        a_star_before_the_dot_spans_tools: ["verdict = 'deny'\noperations = '*.destroy'", ALLOW], "tofu.destroy T4" => "deny a";
        all_conditions_must_hold: ["verdict = 'allow'\ntools = 'git'\noperations = '*.push'"], "git.pull T0" => "deny default";
        an_agent_is_matched: ["verdict = 'allow'\nagents = 'claude*'"], "ls.run T0", "claude-code" => "allow a";
        another_agent_is_not: ["verdict = 'allow'\nagents = 'claude*'"], "ls.run T0", "codex" => "deny default";
        an_unknown_agent_is_any_agent: [ALLOW], "ls.run T0", "unknown" => "allow a";
        an_unknown_agent_is_no_named_agent: ["verdict = 'allow'\nagents = 'claude'"], "ls.run T0", "unknown" => "deny default";
        a_door_is_matched: ["verdict = 'allow'\ndoors = 'exec'"], "ls.run T0", "claude exec" => "allow a";
        another_door_is_not: ["verdict = 'allow'\ndoors = 'exec'"], "ls.run T0", "claude shim" => "deny default";
        both_doors_can_be_named: ["verdict = 'allow'\ndoors = ['shim', 'exec']"], "ls.run T0", "claude shim" => "allow a";
    }
}

mod tiers {
    use super::*;

    rows! {
        a_tier_gets_its_verdict: ["tiers = { 0 = 'allow', 2 = 'escalate', 4 = 'deny' }"], "t.x T0" => "allow a";
        another_tier_gets_its_own: ["tiers = { 0 = 'allow', 2 = 'escalate', 4 = 'deny' }"], "t.x T2" => "escalate a";
        the_strictest_tier_gets_its_own: ["tiers = { 0 = 'allow', 2 = 'escalate', 4 = 'deny' }"], "t.x T4" => "deny a";
        a_tier_that_is_not_named_gets_nothing: ["tiers = { 0 = 'allow', 2 = 'escalate', 4 = 'deny' }"], "t.x T1" => "deny default";
        a_tier_that_is_not_named_is_left_to_others: ["tiers = { 4 = 'deny' }", ALLOW], "t.x T3" => "allow b";
        an_unknown_tier_gets_nothing_unless_it_is_named: ["tiers = { 0 = 'allow', 4 = 'deny' }"], "t.x T?" => "deny unknown";
        an_unknown_tier_is_a_key: ["tiers = { unknown = 'escalate' }"], "t.x T?" => "escalate a";
        a_known_tier_is_not_the_unknown_one: ["tiers = { unknown = 'allow' }"], "t.x T0" => "deny default";
        a_verdict_can_be_for_one_tier: ["verdict = 'allow'\ntier = 1"], "t.x T1" => "allow a";
        a_verdict_for_one_tier_is_for_no_other: ["verdict = 'allow'\ntier = 1"], "t.x T2" => "deny default";
        a_verdict_can_be_for_a_range: ["verdict = 'deny'\ntier = '>=3'", ALLOW], "t.x T4" => "deny a";
        a_verdict_for_a_range_ends_there: ["verdict = 'deny'\ntier = '>=3'", ALLOW], "t.x T2" => "allow b";
        a_verdict_can_be_for_several: ["verdict = 'allow'\ntier = [0, '2..3', 'unknown']"], "t.x T3" => "allow a";
    }
}

mod unknown_operations {
    use super::*;

    rows! {
        an_unknown_operation_is_refused_as_such: [], "foo.unknown T?" => "deny unknown";
        an_allow_without_tiers_does_not_cover_it: [ALLOW], "foo.unknown T?" => "deny unknown";
        an_allow_for_every_tier_does_not_cover_it: ["verdict = 'allow'\ntier = '0..4'"], "foo.unknown T?" => "deny unknown";
        an_allow_of_its_tool_does_not_cover_it: ["verdict = 'allow'\ntools = 'foo'"], "foo.unknown T?" => "deny unknown";
        an_allow_that_names_it_covers_it: ["verdict = 'allow'\ntier = 'unknown'"], "foo.unknown T?" => "allow a";
        an_allow_that_names_its_tier_covers_it: ["tiers = { unknown = 'allow' }\noperations = 'foo.unknown'"], "foo.unknown T?" => "allow a";
        a_deny_without_tiers_holds: [DENY, "verdict = 'allow'\ntier = 'unknown'"], "foo.unknown T?" => "deny a";
        an_escalate_without_tiers_holds: [ESCALATE, "verdict = 'allow'\ntier = 'unknown'"], "foo.unknown T?" => "escalate a";
        a_known_operation_of_unknown_tier_is_unknown: [ALLOW], "git.push T?" => "deny unknown";
        an_unknown_operation_that_claims_a_tier_is_unknown: [ALLOW, "tiers = { 0 = 'allow' }"], "foo.unknown T0" => "deny unknown";
        an_unknown_operation_that_claims_a_tier_gets_the_denies_of_it:
            ["tiers = { unknown = 'allow' }", "tiers = { 3 = 'deny' }"], "foo.unknown T3" => "deny b";
        an_unknown_operation_that_claims_a_tier_can_be_named:
            ["tiers = { unknown = 'allow' }", "tiers = { 3 = 'deny' }"], "foo.unknown T2" => "allow a";
    }
}

mod clearance {
    use super::*;

    rows! {
        enough_clearance_is_allowed: ["verdict = 'allow'\nclearance = '>=2'"], "t.x T0", "claude C2" => "allow a";
        too_little_clearance_is_not: ["verdict = 'allow'\nclearance = '>=2'"], "t.x T0", "claude C1" => "deny default";
        no_clearance_is_not_enough: ["verdict = 'allow'\nclearance = '0..4'"], "t.x T0", "claude" => "deny default";
        a_number_is_exactly_that: ["verdict = 'allow'\nclearance = 2"], "t.x T0", "claude C3" => "deny default";
        a_clearance_by_itself_does_nothing: [], "t.x T0", "claude C4" => "deny default";
        a_deny_below_a_clearance_holds: ["verdict = 'deny'\nclearance = '<3'", ALLOW], "t.x T0", "claude C2" => "deny a";
        a_deny_below_a_clearance_ends_there: ["verdict = 'deny'\nclearance = '<3'", ALLOW], "t.x T0", "claude C3" => "allow b";
        a_deny_below_a_clearance_holds_for_none: ["verdict = 'deny'\nclearance = '<3'", ALLOW], "t.x T0", "claude" => "deny a";
        an_escalate_below_a_clearance_holds_for_none: ["verdict = 'escalate'\nclearance = '<3'", ALLOW], "t.x T0", "claude" => "escalate a";
        a_softened_deny_asks_for_none: ["verdict = 'deny'\nclearance = '<3'\nunknown = 'escalate'", ALLOW], "t.x T0", "claude" => "escalate a";
    }
}

/// Columns: the condition is on a workspace that matches, does not, is not
/// known, does not apply; and several values.
mod targets {
    use super::*;

    const ALLOW: &str = "verdict = 'allow'\ntarget.workspace = 'dev-*'";
    const ESCALATE: &str = "verdict = 'escalate'\ntarget.workspace = 'dev-*'";
    const DENY: &str = "verdict = 'deny'\ntarget.workspace = 'dev-*'";
    const SOFT: &str = "verdict = 'deny'\ntarget.workspace = 'dev-*'\nunknown = 'escalate'";
    const ANY: &str = "verdict = 'allow'";

    rows! {
        an_allow_covers_a_value_that_matches: [ALLOW], "t.x T0 workspace=dev-1" => "allow a";
        an_allow_does_not_cover_another_value: [ALLOW], "t.x T0 workspace=prod" => "deny default";
        an_allow_does_not_cover_an_unknown_value: [ALLOW], "t.x T0 workspace=?" => "deny default";
        an_allow_of_any_value_does_not_cover_an_unknown_one: ["verdict = 'allow'\ntarget.workspace = '*'"], "t.x T0 workspace=?" => "deny default";
        an_allow_does_not_cover_where_it_does_not_apply: [ALLOW], "t.x T0" => "deny default";
        an_allow_covers_all_values: [ALLOW], "t.x T0 workspace=dev-1 workspace=dev-2" => "allow a";
        an_allow_must_cover_every_value: [ALLOW], "t.x T0 workspace=dev-1 workspace=prod" => "deny default";
        an_allow_must_know_every_value: [ALLOW], "t.x T0 workspace=dev-1 workspace=?" => "deny default";
        an_allow_without_a_target_needs_none: [ANY], "t.x T0 workspace=?" => "allow a";

        an_escalate_holds_for_a_value_that_matches: [ESCALATE, ANY], "t.x T0 workspace=dev-1" => "escalate a";
        an_escalate_does_not_hold_for_another_value: [ESCALATE, ANY], "t.x T0 workspace=prod" => "allow b";
        an_escalate_holds_for_an_unknown_value: [ESCALATE, ANY], "t.x T0 workspace=?" => "escalate a";
        an_escalate_does_not_hold_where_it_does_not_apply: [ESCALATE, ANY], "t.x T0 region=eu" => "allow b";
        an_escalate_holds_for_any_value: [ESCALATE, ANY], "t.x T0 workspace=prod workspace=dev-1" => "escalate a";
        an_escalate_holds_for_any_unknown_value: [ESCALATE, ANY], "t.x T0 workspace=prod workspace=?" => "escalate a";

        a_deny_holds_for_a_value_that_matches: [DENY, ANY], "t.x T0 workspace=dev-1" => "deny a";
        a_deny_does_not_hold_for_another_value: [DENY, ANY], "t.x T0 workspace=prod" => "allow b";
        a_deny_holds_for_an_unknown_value: [DENY, ANY], "t.x T0 workspace=?" => "deny a";
        a_deny_does_not_hold_where_it_does_not_apply: [DENY, ANY], "t.x T0" => "allow b";
        a_deny_holds_for_any_value: [DENY, ANY], "t.x T0 workspace=dev-1 workspace=prod" => "deny a";
        a_deny_holds_for_any_unknown_value: [DENY, ANY], "t.x T0 workspace=prod workspace=?" => "deny a";

        a_softened_deny_denies_what_is_known: [SOFT, ANY], "t.x T0 workspace=dev-1" => "deny a";
        a_softened_deny_asks_for_what_is_not_known: [SOFT, ANY], "t.x T0 workspace=?" => "escalate a";
        a_softened_deny_lets_another_value_be: [SOFT, ANY], "t.x T0 workspace=prod" => "allow b";
        a_softened_deny_denies_if_any_value_is_known_to_match: [SOFT, ANY], "t.x T0 workspace=? workspace=dev-1" => "deny a";
        a_softened_deny_yields_to_a_hard_one: [SOFT, ANY, DENY], "t.x T0 workspace=?" => "deny c";
        unknown_can_be_set_to_deny: ["verdict = 'deny'\ntarget.workspace = 'dev-*'\nunknown = 'deny'", ANY], "t.x T0 workspace=?" => "deny a";

        two_dimensions_must_both_match: ["verdict = 'deny'\ntarget.workspace = 'dev'\ntarget.region = 'eu'", ANY], "t.x T0 workspace=dev region=us" => "allow b";
        an_unknown_dimension_does_not_stand_in_for_one_that_differs:
            ["verdict = 'deny'\ntarget.workspace = 'dev'\ntarget.region = 'eu'", ANY], "t.x T0 workspace=? region=us" => "allow b";
        an_unknown_dimension_counts_where_the_other_matches:
            ["verdict = 'deny'\ntarget.workspace = 'dev'\ntarget.region = 'eu'", ANY], "t.x T0 workspace=? region=eu" => "deny a";
        a_dimension_that_does_not_apply_ends_it:
            ["verdict = 'deny'\ntarget.workspace = 'dev'\ntarget.region = 'eu'", ANY], "t.x T0 workspace=dev" => "allow b";

        the_word_unknown_matches_what_is_not_known: ["verdict = 'deny'\ntarget.workspace = 'unknown'", ANY], "t.x T0 workspace=?" => "deny a";
        the_word_unknown_matches_no_other_value: ["verdict = 'deny'\ntarget.workspace = 'unknown'", ANY], "t.x T0 workspace=dev" => "allow b";
        the_word_unknown_matches_not_where_it_does_not_apply: ["verdict = 'deny'\ntarget.workspace = 'unknown'", ANY], "t.x T0" => "allow b";
        the_word_unknown_matches_what_is_called_so: ["verdict = 'deny'\ntarget.workspace = 'unknown'", ANY], "t.x T0 workspace=unknown" => "deny a";
        the_word_unknown_stands_among_others: ["verdict = 'escalate'\ntarget.workspace = ['unknown', 'dev']", ANY], "t.x T0 workspace=dev" => "escalate a";
        what_is_named_unknown_is_not_softened:
            ["verdict = 'deny'\ntarget.workspace = ['dev', 'unknown']\nunknown = 'escalate'", ANY], "t.x T0 workspace=?" => "deny a";
        what_is_called_unknown_can_be_allowed: ["verdict = 'allow'\ntarget.workspace = 'unknow[n]'"], "t.x T0 workspace=unknown" => "allow a";
        what_is_called_unknown_is_known: ["verdict = 'allow'\ntarget.workspace = 'unknow[n]'"], "t.x T0 workspace=?" => "deny default";

        a_path_that_climbs_is_not_known: ["verdict = 'allow'\ntarget.path = '/tmp/*'"], "t.x T0 path=/tmp/../etc/shadow" => "deny default";
        a_path_that_climbs_may_be_what_is_denied: ["verdict = 'deny'\ntarget.path = '/etc/*'", ANY], "t.x T0 path=/tmp/../etc/shadow" => "deny a";
        dots_in_a_name_do_not_climb: ["verdict = 'allow'\ntarget.path = '/tmp/*'"], "t.x T0 path=/tmp/a..b/..." => "allow a";
    }
}

mod exceptions {
    use super::*;

    const DENY: &str = "verdict = 'deny'\nunless = { target.workspace = 'box', operations = 't.*' }";
    const ALLOW: &str = "verdict = 'allow'\nunless = { target.workspace = 'prod' }";
    const ANY: &str = "verdict = 'allow'";

    rows! {
        a_deny_yields_to_its_exception: [DENY, ANY], "t.x T0 workspace=box" => "allow b";
        a_deny_holds_outside_its_exception: [DENY, ANY], "t.x T0 workspace=dev" => "deny a";
        an_exception_needs_all_its_conditions: [DENY, ANY], "u.x T0 workspace=box" => "deny a";
        an_exception_to_a_deny_needs_what_is_known: [DENY, ANY], "t.x T0 workspace=?" => "deny a";
        an_exception_to_a_deny_must_apply: [DENY, ANY], "t.x T0" => "deny a";
        an_exception_to_a_deny_must_cover_every_value: [DENY, ANY], "t.x T0 workspace=box workspace=dev" => "deny a";
        an_escalate_yields_to_its_exception: ["verdict = 'escalate'\nunless = { tools = 't' }", ANY], "t.x T0" => "allow b";
        an_exception_lets_the_default_hold: ["verdict = 'escalate'\nunless = { tools = 't' }"], "t.x T0" => "deny default";

        an_allow_yields_to_its_exception: [ALLOW], "t.x T0 workspace=prod" => "deny default";
        an_allow_holds_outside_its_exception: [ALLOW], "t.x T0 workspace=dev" => "allow a";
        an_allow_yields_where_the_exception_could_hold: [ALLOW], "t.x T0 workspace=?" => "deny default";
        an_allow_yields_where_any_value_is_excepted: [ALLOW], "t.x T0 workspace=dev workspace=prod" => "deny default";
        an_allow_holds_where_the_exception_does_not_apply: [ALLOW], "t.x T0" => "allow a";

        one_of_several_exceptions_is_enough:
            ["verdict = 'deny'\nunless = [{ tools = 'u' }, { agents = 'claude' }]", ANY], "t.x T0" => "allow b";
        none_of_several_exceptions_is_not:
            ["verdict = 'deny'\nunless = [{ tools = 'u' }, { agents = 'codex' }]", ANY], "t.x T0" => "deny a";
        an_exception_can_be_a_tier: ["verdict = 'deny'\nunless = { tier = '<2' }", ANY], "t.x T1" => "allow b";
        an_exception_of_tiers_needs_a_known_one: ["verdict = 'deny'\nunless = { tier = '0..4' }", "tiers = { unknown = 'allow' }"], "t.x T?" => "deny a";
        an_exception_can_be_a_clearance: ["verdict = 'deny'\nunless = { clearance = '>=3' }", ANY], "t.x T0", "claude C3" => "allow b";
        an_exception_of_clearance_needs_a_known_one: ["verdict = 'deny'\nunless = { clearance = '>=0' }", ANY], "t.x T0" => "deny a";
        an_exception_of_clearance_to_an_allow_holds_for_none: ["verdict = 'allow'\nunless = { clearance = '<1' }"], "t.x T0" => "deny default";
        an_exception_can_be_a_door: ["verdict = 'deny'\nunless = { doors = 'exec' }", ANY], "t.x T0", "claude exec" => "allow b";
        a_softened_deny_is_excepted_like_any: ["verdict = 'deny'\ntarget.region = 'eu'\nunknown = 'escalate'\nunless = { target.workspace = 'box' }", ANY],
            "t.x T0 region=? workspace=box" => "allow b";
    }
}

mod several_meanings {
    use super::*;

    const APPLY: &str = "verdict = 'allow'\noperations = 't.apply'";

    rows! {
        an_allow_must_cover_all: [APPLY], "t.apply T2 & t.destroy T4" => "deny default";
        several_allows_cover_together: [APPLY, "verdict = 'allow'\noperations = 't.destroy'"], "t.apply T2 & t.destroy T4" => "allow a";
        a_deny_of_any_holds: [APPLY, "verdict = 'deny'\noperations = 't.destroy'"], "t.apply T2 & t.destroy T4" => "deny b";
        an_escalate_of_any_holds: [APPLY, "verdict = 'escalate'\noperations = 't.destroy'"], "t.apply T2 & t.destroy T4" => "escalate b";
        an_escalate_does_not_cover_what_else_it_does: ["verdict = 'escalate'\noperations = 't.apply'"], "t.apply T2 & t.destroy T4" => "deny default";
        an_unknown_one_is_refused_as_such: [APPLY], "t.apply T2 & foo.unknown T?" => "deny unknown";
        a_rule_that_denies_is_named_before_a_gap: ["verdict = 'deny'\ntier = 4"], "t.apply T2 & t.destroy T4" => "deny a";
        each_has_its_own_tier: ["tiers = { 2 = 'allow', 4 = 'deny' }"], "t.apply T2 & t.destroy T4" => "deny a";
        each_has_its_own_target: ["verdict = 'allow'\ntarget.workspace = 'dev'"], "t.apply T2 workspace=dev & t.apply T2 workspace=prod" => "deny default";
        conditions_are_not_met_by_two_together:
            ["verdict = 'deny'\ntier = 4\ntarget.workspace = 'prod'", ALLOW], "t.apply T2 workspace=prod & t.destroy T4 workspace=dev" => "allow b";
        a_command_inside_another_is_of_its_own_tool: ["verdict = 'deny'\ntools = 't'", ALLOW], "sh.run T0 & t.destroy T4" => "deny a";
        a_rule_for_the_shell_is_not_for_what_it_runs: ["verdict = 'allow'\ntools = 'sh'"], "sh.run T0 & t.destroy T4" => "deny default";
    }
}
