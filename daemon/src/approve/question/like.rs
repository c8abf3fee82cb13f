//! What grants for more of the same would name: each operation of the question, on
//! exactly its targets.
//!
//! Where that cannot be said (an agent or an operation that nobody knows, a target that
//! is unknown or several), or a grant is not enough of an answer, there is none.
//! Not here: making one; that is asked for at the admin door like any other.

use tollgate_admin::Terms;
use tollgate_audit::{Asked, Entry, Found, TargetValue, Targets};
use tollgate_policies::agents;
use tollgate_policies::policy::exactly;

/// One for each operation; none where one of them cannot be had.
pub(super) fn terms(entry: &Entry, asked: &Asked) -> Vec<Terms> {
    let is_known = entry.agent.as_deref().is_some_and(|agent| agents::is_name(agent) && agent != "unknown");
    if !is_known || entry.tier.is_none() || asked.passphrase || asked.people > 1 {
        return Vec::new();
    }
    let first = entry.operation.as_deref().map(|operation| (operation, &entry.target));
    let all = first.into_iter().chain(entry.also.iter().map(|also| (also.operation.as_ref(), &also.target)));
    let mut terms = Vec::new();
    for (operation, targets) in all {
        let Some(one) = of(operation, targets) else { return Vec::new() };
        if !terms.contains(&one) {
            terms.push(one);
        }
    }
    terms
}

fn of(operation: &str, targets: &Targets) -> Option<Terms> {
    let is_understood = !operation.ends_with(".unknown");
    let target = targets.iter().map(|(name, found)| Some((name.to_string(), value(found)?))).collect::<Option<_>>()?;
    is_understood.then(|| exactly(operation)).flatten().map(|operation| Terms { operation, target })
}

fn value(found: &Found) -> Option<String> {
    match found.values() {
        [TargetValue::Known { value, .. }] => exactly(std::str::from_utf8(value.as_slice()).ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tollgate_audit::{Also, Bytes};

    use super::*;

    fn known(value: &str) -> TargetValue {
        TargetValue::Known { value: Bytes::from(value.as_bytes().to_vec()), source: "TF_WORKSPACE".into() }
    }

    fn entry(found: Found) -> Entry {
        Entry {
            agent: Some("ci".to_owned()),
            operation: Some("terraform.apply".to_owned()),
            tier: Some(2),
            target: Targets::from([("workspace".into(), found)]),
            ..Entry::default()
        }
    }

    #[test]
    fn more_of_the_same_is_each_operation_on_exactly_its_target() {
        let also = Also { operation: "terraform.destroy".into(), ..Also::default() };
        let entry = Entry { also: vec![also], ..entry(Found::One(known("dev-*"))) };
        let target = [("workspace".to_owned(), "dev-\\*".to_owned())].into();
        let wanted = [
            Terms { operation: "terraform.apply".to_owned(), target },
            Terms { operation: "terraform.destroy".to_owned(), target: Default::default() },
        ];
        assert_eq!(terms(&entry, &Asked::default()), wanted);
    }

    #[test]
    fn where_it_cannot_be_said_or_a_grant_is_no_answer_there_is_none() {
        let usual = || entry(Found::One(known("dev")));
        assert_eq!(terms(&usual(), &Asked::default()).len(), 1);
        let nobody = Entry { agent: Some("unknown".to_owned()), ..usual() };
        let unsure = entry(Found::One(TargetValue::Unknown { unknown: "no file".into() }));
        let several = entry(Found::Several(vec![known("a"), known("b")]));
        let strange = Entry { operation: Some("terraform.unknown".to_owned()), ..usual() };
        for entry in [nobody, unsure, several, strange, Entry { tier: None, ..usual() }] {
            assert_eq!(terms(&entry, &Asked::default()), []);
        }
        for asked in [Asked { passphrase: true, ..Asked::default() }, Asked { people: 2, ..Asked::default() }] {
            assert_eq!(terms(&usual(), &asked), []);
        }
    }
}
