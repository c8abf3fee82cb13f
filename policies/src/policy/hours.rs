//! Times of the week as a policy writes them: `mon-fri 09:00-17:00`.
//!
//! Days and hours, in any part; hours that end before they begin last into the
//! next day. Deliberately not here: what time it is.

use super::Moment;

/// A part of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hours {
    /// A bit a day, Monday first: the days on which the hours begin.
    days: u8,
    /// Minutes of the day; the end is after them, and past midnight where it is
    /// greater than a day.
    from: u16,
    until: u16,
    zone: Zone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    Local,
    Universal,
}

const DAY: u16 = 24 * 60;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EVERY_DAY: u8 = 0b111_1111;

impl Hours {
    /// Reads days, hours, or both, and `utc` or `local` after them.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("{} is no part of a week", super::problem::quoted(text));
        let lower = text.to_lowercase();
        let mut words: Vec<&str> = lower.split_whitespace().collect();
        let zone = match words.last() {
            Some(&"utc") => Zone::Universal,
            _ => Zone::Local,
        };
        words.pop_if(|word| matches!(*word, "utc" | "local"));
        let (days, hours) = match words.as_slice() {
            [one] => match days(one) {
                Some(days) => (Some(days), Some((0, DAY))),
                None => (Some(EVERY_DAY), hours(one)),
            },
            [first, second] => (days(first), hours(second)),
            _ => return Err(wrong()),
        };
        let ((from, until), days) = (hours.ok_or_else(wrong)?, days.ok_or_else(wrong)?);
        Ok(Self { days, from, until, zone })
    }

    pub(super) fn contain(self, moment: Moment) -> bool {
        let (day, minute) = match self.zone {
            Zone::Local => moment.local(),
            Zone::Universal => moment.universal(),
        };
        let within = |day: u8, minute: u16| self.days & (1 << day) != 0 && (self.from..self.until).contains(&minute);
        within(day, minute) || within((day + 6) % 7, minute + DAY)
    }
}

/// `mon-fri`, `sat,sun`, `fri-mon`.
fn days(text: &str) -> Option<u8> {
    let day = |name: &str| DAYS.iter().position(|known| *known == name);
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let length = (last + 7 - first) % 7;
        (first..=first + length).for_each(|day| days |= 1 << (day % 7));
    }
    Some(days)
}

/// `09:00-17:00`, `22:00-06:00`.
fn hours(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minute(from)?, minute(until)?);
    if from == until || from == DAY {
        return None;
    }
    Some((from, if until < from { until + DAY } else { until }))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok()).flatten();
    let (hour, minute) = (number(hour)?, number(minute)?);
    let total = hour * 60 + minute;
    (hour <= 24 && minute < 60 && total <= DAY).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the hours hold at a day (0 is Monday) and a time, in UTC + 2 h.
    fn at(text: &str, day: i64, hour: i64, minute: i64) -> bool {
        // Monday, 1970-01-05, at local midnight.
        let monday = 4 * 86_400 - 7_200;
        let moment = Moment { unix: monday + day * 86_400 + hour * 3_600 + minute * 60, offset: 7_200 };
        Hours::read(text).unwrap().contain(moment)
    }

    #[test]
    fn hours_hold_from_their_start_to_before_their_end() {
        assert!(at("mon-fri 09:00-17:00", 0, 9, 0));
        assert!(at("mon-fri 09:00-17:00", 4, 16, 59));
        assert!(!at("mon-fri 09:00-17:00", 4, 17, 0));
        assert!(!at("mon-fri 09:00-17:00", 5, 10, 0));
        assert!(at("sat,sun", 6, 23, 59) && !at("sat,sun", 0, 0, 0));
        assert!(at("00:00-24:00", 3, 0, 0));
    }

    #[test]
    fn hours_past_midnight_belong_to_the_day_that_they_begin_on() {
        assert!(at("fri 22:00-06:00", 4, 22, 0));
        assert!(at("fri 22:00-06:00", 5, 5, 59));
        assert!(!at("fri 22:00-06:00", 4, 5, 0));
        assert!(at("sun 22:00-06:00", 0, 3, 0));
        assert!(at("sat-mon", 0, 3, 0) && !at("sat-mon", 1, 3, 0));
    }

    #[test]
    fn universal_hours_are_universal() {
        assert!(at("10:00-11:00 UTC", 0, 12, 30));
        assert!(at("10:00-11:00 local", 0, 10, 30));
    }

    #[test]
    fn what_is_no_part_of_a_week_is_refused() {
        for text in [
            "",
            "9-17",
            "09:00",
            "09:00-09:00",
            "25:00-26:00",
            "mon fri",
            "monday",
            "09:60-10:00",
            "utc",
            "mon 09:00-10:00 cet",
        ] {
            assert!(Hours::read(text).is_err(), "{text}");
        }
    }
}
