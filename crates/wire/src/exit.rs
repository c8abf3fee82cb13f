//! The exit codes that Tollgate itself gives; a tool's own code passes through.
//!
//! Published in README.md; callers build on them.

/// The command is refused for good: a rule, the default, an argument, or a person.
pub const DENIED: u8 = 126;
/// The real binary cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;
/// There is no real binary of that name.
pub const NOT_FOUND: u8 = 127;
/// Not now: a question is still open or has expired, or a rate limit is used up.
pub const TRY_AGAIN: u8 = 75;
/// Tollgate's own time limit ended the command.
pub const TIMED_OUT: u8 = 124;
/// The gate itself failed: no daemon, no readable policy, no record.
pub const GATE: u8 = 125;
