//! From what was seen in a context to how well the gate holds there.

use std::path::Path;

use super::enter::{Probe, Seen, Unable};
use super::{Context, Holds};

/// One way of having entered, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// Whether every name leads to the gate, and the gate refused.
    pub(super) stands: bool,
    /// In words.
    pub(super) says: String,
}

/// Whether the gate stands, by what one entering saw.
pub(super) fn judge(seen: &Seen) -> Judged {
    let past: Vec<_> = seen.leads.iter().filter(|(_, to)| !to.is_empty() && !is_shim(to)).collect();
    if let Some((tool, to)) = past.first() {
        let more = if past.len() > 1 { format!(" and {} more", past.len() - 1) } else { String::new() };
        let to = tollgate_policies::show::text(to.as_bytes(), 120);
        return Judged { stands: false, says: format!("`{tool}` leads to `{to}`{more}") };
    }
    let (stands, says) = match seen.probe {
        Probe::Refused => (true, "the probe was refused"),
        Probe::Closed => (true, "the gate is closed: everything is refused"),
        Probe::NotFound => (false, "the shims are not on PATH"),
        Probe::Strange => (false, "the probe was not refused by the gate"),
    };
    Judged { stands, says: says.to_owned() }
}

/// Our folders of shims hold `.gate`.
fn is_shim(path: &str) -> bool {
    let path = Path::new(path);
    path.is_absolute() && path.with_file_name(".gate").symlink_metadata().is_ok()
}

/// What both ways of entering come to: from nothing, and below a login.
pub(super) fn both(
    name: &'static str,
    promised: Option<Holds>,
    fresh: Option<Result<Seen, Unable>>,
    below: Option<Result<Seen, Unable>>,
    fix: &str,
) -> Context {
    let judged = |entered: Option<Result<Seen, Unable>>| entered.map(|entered| entered.map(|seen| judge(&seen)));
    let (fresh, below) = (judged(fresh), judged(below));
    let (holds, says) = match (fresh, below) {
        (Some(Ok(fresh)), _) if fresh.stands => (Holds::Enforced, fresh.says),
        (_, Some(Ok(below))) if below.stands => {
            (Holds::Advisory, format!("{}, below a shell that is set up", below.says))
        }
        (_, Some(Ok(below))) => (Holds::Bypassed, below.says),
        (Some(Ok(fresh)), None) => (Holds::Bypassed, fresh.says),
        (Some(Err(Unable(why))), _) | (_, Some(Err(Unable(why)))) => (Holds::NotEntered, why),
        (None, None) => (Holds::NotEntered, "there is no way in".to_owned()),
    };
    let worse = holds < promised.unwrap_or(Holds::Enforced) && holds != Holds::NotEntered;
    Context { name, holds, promised, says, fix: worse.then(|| fix.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(probe: Probe, leads: &[(&str, &str)]) -> Result<Seen, Unable> {
        let leads = leads.iter().map(|(tool, to)| ((*tool).to_owned(), (*to).to_owned())).collect();
        Ok(Seen { leads, probe })
    }

    fn holds(fresh: Option<Result<Seen, Unable>>, below: Option<Result<Seen, Unable>>) -> Holds {
        both("here", None, fresh, below, "do this").holds
    }

    #[test]
    fn each_pair_of_findings_has_one_meaning() {
        let good = || Some(seen(Probe::Refused, &[("aws", "")]));
        let bad = || Some(seen(Probe::NotFound, &[]));
        let not = || Some(Err(Unable("no such shell".to_owned())));
        assert_eq!(holds(good(), None), Holds::Enforced);
        assert_eq!(holds(good(), bad()), Holds::Enforced);
        assert_eq!(holds(bad(), good()), Holds::Advisory);
        assert_eq!(holds(bad(), bad()), Holds::Bypassed);
        assert_eq!(holds(bad(), None), Holds::Bypassed);
        assert_eq!(holds(not(), not()), Holds::NotEntered);
        assert_eq!(holds(None, good()), Holds::Advisory);
    }

    #[test]
    fn a_name_that_leads_past_the_shims_is_a_bypass_though_the_probe_is_refused() {
        let judged = judge(&seen(Probe::Refused, &[("cat", "/bin/cat"), ("aws", "alias aws=/x")]).unwrap());
        assert_eq!(judged, Judged { stands: false, says: "`cat` leads to `/bin/cat` and 1 more".to_owned() });
    }
}
