//! What time it is here, for rules that hold at times of the week.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tollgate_policies::policy::Moment;

/// This moment, in the zone of this process.
#[must_use]
pub fn now() -> Moment {
    of(Timestamp::now())
}

/// The moment so many seconds after 1970, in the zone of this process.
#[must_use]
pub fn moment(unix: i64) -> Moment {
    Timestamp::from_second(unix).map_or(Moment { unix, offset: 0 }, of)
}

fn of(time: Timestamp) -> Moment {
    Moment { unix: time.as_second(), offset: TimeZone::system().to_offset(time).seconds() }
}
