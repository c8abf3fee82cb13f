//! README's table of exit codes is what refusals do, row by row, and nothing else.

use std::collections::BTreeSet;

use super::*;

/// Exit, verdict, reason and retry, as README writes them.
type Told = (u8, String, String, bool);

/// The policy says no, for this reason.
fn denied(reason: Reason) -> Refusal {
    let judgement = Judgement {
        verdict: Verdict::Deny,
        reason: Some(reason),
        rule: None,
        meaning: 0,
        objection: None,
        covers: Vec::new(),
        obligations: Default::default(),
    };
    Refusal::Denied { judgement: Box::new(judgement), hint: None }
}

/// One of each refusal that is told.
fn every() -> Vec<Refusal> {
    let reasons = [Reason::Rule, Reason::Default, Reason::Unknown, Reason::Argument];
    let id = Ulid::generate();
    let by = Approver::default();
    let failure = Failure { step: tollgate_wire::message::Step::Group, errno: 1 };
    let (wait, open) = (Duration::ZERO, Duration::ZERO);
    let all = [
        Refusal::Suggested(Verdict::Allow),
        Refusal::Uncorrectable(String::new()),
        Refusal::ByPerson { by, reason: None },
        Refusal::Pending { id, open },
        Refusal::Expired { id },
        Refusal::Crowded { open: 10 },
        Refusal::Unchangeable(String::new()),
        Refusal::Rate { rule: String::new(), wait },
        Refusal::CoverGone,
        Refusal::NotFound,
        Refusal::NotExecutable(PathBuf::new()),
        Refusal::NotSpawned(nix::libc::ENOENT),
        Refusal::NotSpawned(nix::libc::EACCES),
        Refusal::NotReady(failure),
        Refusal::NotBorn { program: PathBuf::new(), errno: 13 },
        Refusal::OtherBinary,
        Refusal::PolicyChanged,
        Refusal::FactsChanged,
        Refusal::Confined(String::new()),
        Refusal::Gate(String::new()),
        Refusal::Lasting(String::new()),
    ];
    reasons.map(denied).into_iter().chain(all).collect()
}

/// The rows of the table; a cell may hold several values, of which equally many belong
/// together, or one goes with all.
fn readme() -> BTreeSet<Told> {
    let text = include_str!("../../../README.md");
    let table =
        text.split_once("## Exit codes").and_then(|(_, after)| after.split_once("|---|---|---|---|---|\n")).unwrap();
    let rows = table.1.lines().take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, _, exits, verdict, reasons, retry, _] = cells[..] else { panic!("no row: {row}") };
        let exits: Vec<u8> = exits.split(" / ").map(|exit| exit.parse().unwrap()).collect();
        let reasons: Vec<_> = reasons.split(" / ").map(|reason| reason.split('`').nth(1).unwrap()).collect();
        assert!(exits.len() == 1 || exits.len() == reasons.len(), "{row}");
        let exits = exits.into_iter().cycle();
        let told = |(reason, exit): (&str, u8)| (exit, verdict.to_owned(), reason.to_owned(), retry == "true");
        reasons.into_iter().zip(exits).map(told).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_table_of_exit_codes_is_what_refusals_do() {
    let row = |refusal: &Refusal| {
        let Row { decision, reason, code, retry } = refusal.row();
        (code, decision.name().to_owned(), reason.to_owned(), retry == Retry::Later)
    };
    let mut told: BTreeSet<Told> = every().iter().map(row).collect();
    told.insert((exit::TIMED_OUT, Decision::Allow.name().to_owned(), TIMED_OUT.to_owned(), false));
    assert_eq!(told, readme());
}

#[test]
fn whoever_left_is_told_nothing() {
    assert_eq!(Refusal::CallerGone.row().reason, "caller_gone");
}
