//! What of the records about allowances still counts, when old ones are removed.
//!
//! A grant counts until its end; a token of a bucket as long as the bucket remembers
//! it (`rates`); a use of a runbook for as long as any window may be. Not here: the
//! counting itself.

use std::collections::HashMap;
use std::time::Duration;

use tollgate_audit::{Kind, Record, Taken, Timestamp};

use super::{Allowances, State, milliseconds};

/// A use of a runbook that is older counts in no window: 366 days.
const LONGEST_WINDOW: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Allowances {
    /// The records that say nothing any more: grants that were revoked, or are over
    /// or used up.
    pub(crate) fn spent(records: &[Record], now: Timestamp) -> Vec<u64> {
        let grants = State::of(records).grants;
        let matters = |record: &Record| match (record.entry.kind, &record.entry.grant) {
            (Kind::Granted, Some(grant)) => grants.is_in_force(&grant.id, now),
            _ => false,
        };
        let ours = records.iter().filter(|record| Self::KINDS.contains(&record.entry.kind));
        ours.filter(|record| !matters(record)).map(|record| record.seq).collect()
    }

    /// Of these records, intents with only what still counts of what they used up;
    /// `all` are the state's.
    pub(crate) fn counting<'a>(
        left: impl DoubleEndedIterator<Item = &'a Record>,
        all: &[Record],
        now: Timestamp,
    ) -> Vec<Record> {
        let mut counts = Counts::of(all, now);
        let mut counting = Vec::new();
        for record in left.rev() {
            if record.entry.kind != Kind::Intent {
                counting.push(record.clone());
                continue;
            }
            let mut taken: Vec<_> = record.entry.taken.iter().rev().filter(|one| counts.take(one, record)).collect();
            taken.reverse();
            if !taken.is_empty() {
                let mut intent = record.clone();
                intent.entry.taken = taken.into_iter().cloned().collect();
                counting.push(intent);
            }
        }
        counting.reverse();
        counting
    }
}

/// What still counts, told from the newest use to the oldest.
struct Counts {
    state: State,
    now: Timestamp,
    /// Of each bucket, how many more of its uses count.
    tokens: HashMap<(String, String), usize>,
}

impl Counts {
    fn of(all: &[Record], now: Timestamp) -> Self {
        let mut state = State::of(all);
        let intents = all.iter().filter(|record| record.entry.kind == Kind::Intent);
        let mut limits = HashMap::new();
        for taken in intents.flat_map(|record| &record.entry.taken) {
            if let Taken::Rate { rule, of, limit } = taken {
                limits.insert((rule.as_str(), of.as_str()), limit.as_str());
            }
        }
        state.rates.forget(&limits, milliseconds(now));
        let tokens =
            limits.into_keys().map(|(rule, of)| ((rule.to_owned(), of.to_owned()), state.rates.count(rule, of)));
        let tokens = tokens.collect();
        Self { state, now, tokens }
    }

    /// Whether this use counts; each is asked about once, the newest first.
    fn take(&mut self, taken: &Taken, of: &Record) -> bool {
        match taken {
            Taken::Grant { id } => self.state.grants.is_in_force(id, self.now),
            // The question that was answered is spent with it.
            Taken::Approval { .. } => false,
            Taken::Runbook { .. } => {
                let age = milliseconds(self.now).saturating_sub(milliseconds(of.timestamp));
                u128::from(age) < LONGEST_WINDOW.as_millis()
            }
            Taken::Rate { rule, of, .. } => match self.tokens.get_mut(&(rule.clone(), of.clone())) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    true
                }
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowances::rates::Wanted;
    use proptest::prelude::*;
    use tollgate_audit::{Entry, Grant};

    const NOW: i64 = 1_800_000_000;
    const LIMITS: [&str; 4] = ["1/60s burst 1", "2/3600s burst 4", "3/864000s burst 3", "1/3600s burst 1"];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn grant(n: u8, until: i64) -> Grant {
        let (agent, operation) = ("ci".to_owned(), "terraform.*".to_owned());
        let count = n.is_multiple_of(2).then_some(2);
        Grant { id: format!("G{n}"), agent, operation, target: Default::default(), until: at(until), count }
    }

    fn taken(n: u8) -> Taken {
        match n % 8 {
            0..=3 => {
                let limit = LIMITS[usize::from(n % 4)].to_owned();
                Taken::Rate { rule: format!("r{}", n % 4), of: format!("agent {}", n / 128), limit }
            }
            4 | 5 => Taken::Grant { id: format!("G{}", n / 8 % 4) },
            _ => Taken::Runbook { name: format!("b{}", n / 8 % 2) },
        }
    }

    fn record(seq: u64, second: i64, entry: Entry) -> Record {
        let (prev_hash, hash, text) = Default::default();
        Record { seq, timestamp: at(second), entry, prev_hash, hash, text }
    }

    /// Steps of up to nine days, then one that ends near `NOW`.
    fn records() -> impl Strategy<Value = Vec<Record>> {
        let step = (0u8..8, any::<u8>(), any::<u8>(), prop_oneof![0i64..100, 0i64..4_000, 0i64..800_000]);
        proptest::collection::vec(step, 1..60).prop_map(|steps| {
            let mut second = NOW - steps.iter().map(|step| step.3).sum::<i64>();
            let mut records = Vec::new();
            for (seq, (what, one, other, later)) in (1..).zip(steps) {
                second += later;
                let entry = match what {
                    0 => Entry {
                        grant: Some(grant(one % 4, NOW + i64::from(other) - 90)),
                        ..Entry::of(Kind::Granted, "")
                    },
                    1 => Entry { grant: Some(grant(one % 4, 0)), ..Entry::of(Kind::GrantRevoked, "") },
                    _ => Entry { taken: vec![taken(one), taken(other)], ..Entry::of(Kind::Intent, "") },
                };
                records.push(record(seq, second, entry));
            }
            records
        })
    }

    fn wanted(n: usize, of: usize) -> Vec<Wanted> {
        vec![Wanted::of_text(&format!("r{n}"), &format!("agent {of}"), LIMITS[n])]
    }

    /// Everything that a call can notice, now and in an hour.
    fn seen(state: &State) -> String {
        let moments = [NOW, NOW + 3600].map(at);
        let told = moments.map(|now| {
            let held: Vec<_> = state.grants.in_force(now).iter().map(|held| (held.terms.clone(), held.used)).collect();
            let buckets = (0..8).map(|n| state.rates.short(&wanted(n % 4, n / 4), milliseconds(now)));
            let uses = ["b0", "b1"].map(|name| {
                let uses = state.runbooks.get(name).cloned().unwrap_or_default();
                uses.into_iter().filter(|used| milliseconds(now) - used < 300 * 86_400_000).collect::<Vec<_>>()
            });
            format!("{held:?} {:?} {uses:?}", buckets.collect::<Vec<_>>())
        });
        told.join("\n")
    }

    fn carry(all: &[Record], keep: u64) -> Vec<Record> {
        let spent = Allowances::spent(all, at(NOW));
        let left = all.iter().filter(|record| !spent.contains(&record.seq));
        let needed = Allowances::counting(left, all, at(NOW)).into_iter().filter(|record| record.seq < keep);
        needed.chain(all.iter().filter(|record| record.seq >= keep).cloned()).collect()
    }

    proptest! {
        #[test]
        fn what_is_left_after_a_removal_is_what_was_there_before(
            records in records(), cut in 0u64..60, again in 0u64..60, later in 0u8..=255,
        ) {
            let once = carry(&records, cut);
            let twice = carry(&once, cut + again);
            prop_assert_eq!(seen(&State::of(&twice)), seen(&State::of(&records)));
            // Also after the next command.
            let next = record(1000, NOW, Entry { taken: vec![taken(later)], ..Entry::of(Kind::Intent, "") });
            let after = |records: &[Record]| seen(&State::of(&[records, std::slice::from_ref(&next)].concat()));
            prop_assert_eq!(after(&twice), after(&records));
        }
    }

    #[test]
    fn what_is_over_is_not_carried_for_ever() {
        let over = Entry { grant: Some(grant(1, NOW - 1)), ..Entry::of(Kind::Granted, "") };
        let used = |n| Entry { taken: vec![taken(n)], ..Entry::of(Kind::Intent, "") };
        let day = 86_400;
        let records = [
            record(1, NOW - 400 * day, used(6)),
            record(2, NOW - 3 * day, used(0)),
            record(3, NOW - 3 * day, over),
            record(4, NOW - 3 * day, used(4 + 8)),
            record(5, NOW - 3 * day, used(2)),
            record(6, NOW - day / 2, used(0)),
        ];
        let left: Vec<u64> = carry(&records, 10).iter().map(|record| record.seq).collect();
        assert_eq!(left, [5, 6], "a bucket that fills in ten days remembers longer");
    }
}
