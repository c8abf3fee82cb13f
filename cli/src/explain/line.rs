//! An answer as one line of JSON: an object of what the command would do, the word of
//! the policy, and whose question it was.
//!
//! The parts are written one behind the other, and the last, which is the same for each
//! of many answers, only once. Its fields are a contract.

use super::judge::{By, Explained};

/// The last part of each line.
pub(super) struct End(Vec<u8>);

impl End {
    pub(super) fn of(by: &By) -> serde_json::Result<Self> {
        serde_json::to_vec(by).map(Self)
    }
}

/// Writes fields behind those of an object that is closed already.
macro_rules! fields {
    ($out:ident: $($name:ident)*) => {
        $out.pop();
        $(
            $out.extend_from_slice(concat!(",\"", stringify!($name), "\":").as_bytes());
            serde_json::to_writer(&mut *$out, &$name)?;
        )*
    };
}

/// Writes the line, without its end.
pub(super) fn write(explained: &Explained<'_>, end: &End, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, &explained.described)?;
    let (rule, rule_at, rule_reason) = (explained.rule(), explained.rule_at(), explained.rule_reason());
    let Explained { verdict, reason, decided_by, objection, corrected, milder, runs_as, read, argv, .. } = explained;
    fields!(out: verdict reason decided_by rule rule_at rule_reason objection corrected milder runs_as read argv);
    out.push(b',');
    out.extend_from_slice(end.0.get(1..).unwrap_or_default());
    Ok(())
}
