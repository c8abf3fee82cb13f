//! Does each case notice what it is there for? Shim, supervisor and daemon are
//! made faulty in one way at a time, and the case must fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::CASES;
use crate::case::Stage;

/// Faults that show in a race, and need not in each run: two signals of a kind may be
/// delivered as one.
const RACES: [&str; 2] = ["signal-twice", "terminal-twice"];
const TRIES: usize = 6;

#[test]
fn every_case_notices_its_sabotage() {
    let trials: Vec<_> = CASES.iter().flat_map(|case| case.sabotages.iter().map(move |fault| (case, *fault))).collect();
    let next = AtomicUsize::new(0);
    let survived = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((case, fault)) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tries = if RACES.contains(fault) { TRIES } else { 1 };
                    if !(0..tries).any(|_| (case.run)(&Stage { sabotage: Some(fault) }).is_err()) {
                        survived.lock().unwrap().push(format!("{fault} survived {}", case.name));
                    }
                }
            });
        }
    });
    let survived = survived.into_inner().unwrap();
    assert!(survived.is_empty(), "{} of {}:\n{}", survived.len(), trials.len(), survived.join("\n"));
}
