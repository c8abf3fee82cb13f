//! What a judgement is asked about: a command, who calls it, where and when.
//!
//! Everything that a verdict depends on, beside the policy itself, is in here.

use super::grant::Grant;
use super::runbook::Budget;
use crate::Operation;

/// One question to a policy.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What the command means.
    pub operation: &'a Operation,
    /// Who asks, and where.
    pub subject: Subject<'a>,
    /// When; none where no clock is known.
    pub at: Option<Moment>,
    /// Exceptions in force for this moment, in the order in which they are used.
    pub grants: &'a [Grant],
    /// What is left of the policy's runbooks; one that is not here is used up.
    pub budgets: &'a [Budget<'a>],
}

impl<'a> Asked<'a> {
    /// A question without time, grants and budgets.
    #[must_use]
    pub fn new(operation: &'a Operation, subject: Subject<'a>) -> Self {
        Self { operation, subject, at: None, grants: &[], budgets: &[] }
    }
}

/// Who asks, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The agent's name; [`Subject::UNKNOWN`] for one that could not be identified.
    pub agent: &'a str,
    /// Its clearance, 0 to 4; none where none is known.
    pub clearance: Option<u8>,
    /// The session's id, where there is one.
    pub session: Option<&'a str>,
    /// Where the request came in.
    pub door: Door,
}

impl Subject<'_> {
    /// The name of an agent that could not be identified.
    pub const UNKNOWN: &'static str = "unknown";
}

/// Where a request comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// A shim on PATH.
    Shim,
    /// `tollgate exec --`.
    Exec,
    /// A request over HTTP, whose output is captured.
    Http,
    /// A tool call over MCP, whose output is captured.
    Mcp,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 4] = [Self::Shim, Self::Exec, Self::Http, Self::Mcp];

    /// Its name in policies and records: `shim`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shim => "shim",
            Self::Exec => "exec",
            Self::Http => "http",
            Self::Mcp => "mcp",
        }
    }

    /// Whether the caller gets a text instead of streams. Such callers write
    /// commands down as text too, so what a shell would act on is refused.
    #[must_use]
    pub fn is_captured(self) -> bool {
        matches!(self, Self::Http | Self::Mcp)
    }
}

/// A moment, and the local time there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub unix: i64,
    /// How far the local clock is ahead of UTC, in seconds.
    pub offset: i32,
}

impl Moment {
    /// The day of the week, 0 for Monday, and the minute of that day.
    #[must_use]
    pub fn local(self) -> (u8, u16) {
        self.ahead(i64::from(self.offset))
    }

    /// The same in UTC.
    #[must_use]
    pub fn universal(self) -> (u8, u16) {
        self.ahead(0)
    }

    fn ahead(self, offset: i64) -> (u8, u16) {
        let minutes = self.unix.saturating_add(offset).div_euclid(60);
        // The first of January 1970 was a Thursday.
        let day = (minutes.div_euclid(24 * 60) + 3).rem_euclid(7);
        (u8::try_from(day).unwrap_or_default(), u16::try_from(minutes.rem_euclid(24 * 60)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_a_day_and_a_minute_in_each_zone() {
        // Sunday, 2026-11-22 11:40 UTC.
        let moment = Moment { unix: 1_795_347_600, offset: 0 };
        assert_eq!(moment.universal(), (6, 11 * 60 + 40));
        assert_eq!(Moment { offset: 13 * 3600, ..moment }.local(), (0, 40));
        assert_eq!(Moment { offset: -12 * 3600, ..moment }.local(), (5, 23 * 60 + 40));
        assert_eq!(Moment { unix: 0, offset: 0 }.local(), (3, 0));
        assert_eq!(Moment { unix: -60, offset: 0 }.local(), (2, 23 * 60 + 59));
    }
}
