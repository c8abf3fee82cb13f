//! What time it is here, for rules that hold at times of the week.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tollgate_policies::policy::Moment;

/// This moment, in the zone of this process.
#[must_use]
pub fn now() -> Moment {
    let now = Timestamp::now();
    Moment { unix: now.as_second(), offset: TimeZone::system().to_offset(now).seconds() }
}
