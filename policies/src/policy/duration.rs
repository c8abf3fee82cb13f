//! Lengths of time as a policy writes them: `30s`, `5m`, `1h30m`, `h`.
//!
//! The units are Go's, as far as they make sense for a command: `ms`, `s`, `m`,
//! `h`; and `d` for days.

use std::time::Duration;

/// A length of time: one or more numbers, each with its unit.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn read(text: &str) -> Result<Duration, String> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (part, after) = part(rest).ok_or_else(|| wrong(text))?;
        total = total.checked_add(part).ok_or_else(|| wrong(text))?;
        rest = after;
    }
    if total.is_zero() { Err(wrong(text)) } else { Ok(total) }
}

/// The window of a rate: `h` is `1h`.
pub(super) fn window(text: &str) -> Result<Duration, String> {
    let window = match unit(text) {
        Some(unit) => unit,
        None => read(text)?,
    };
    if window < Duration::from_secs(1) { Err("a window is at least a second long".to_owned()) } else { Ok(window) }
}

fn wrong(text: &str) -> String {
    format!("{} is no length of time: write it as `30s`, `5m` or `1h30m`", super::problem::quoted(text))
}

/// The first number with its unit, and what comes after.
fn part(text: &str) -> Option<(Duration, &str)> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, after) = text.split_at_checked(digits)?;
    let letters = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
    let (name, after) = after.split_at_checked(letters)?;
    let length = unit(name)?.checked_mul(number.parse().ok()?)?;
    Some((length, after))
}

fn unit(name: &str) -> Option<Duration> {
    match name {
        "ms" => Some(Duration::from_millis(1)),
        "s" => Some(Duration::from_secs(1)),
        "m" => Some(Duration::from_secs(60)),
        "h" => Some(Duration::from_secs(60 * 60)),
        "d" => Some(Duration::from_secs(24 * 60 * 60)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_the_sum_of_its_parts() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("1h30m", 5400), ("300s", 300), ("1d", 86_400)] {
            assert_eq!(read(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(read("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(window("h"), Ok(Duration::from_secs(3600)));
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "30", "s", "-1s", "1.5h", "0s", "1y", "1h 30m", "soon", "99999999999999999999h"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(window("10ms").is_err());
    }
}
