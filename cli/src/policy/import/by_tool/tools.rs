//! `cli_tools`: tools, their commands, and how they are run.

use std::collections::BTreeSet;

use super::action;
use crate::policy::import::walk::{At, Map, Wrong, quoted};
use crate::policy::import::writing::{Written, word};

/// How long a command may run where nothing is said.
const DEFAULT_TIMEOUT: &str = "30s";

pub(super) fn tools(list: &At<'_>, written: &mut Written) -> Result<(), Wrong> {
    let mut names = BTreeSet::new();
    for tool in list.list()? {
        let keys = ["name", "bin", "default_action", "strict", "working_dir", "env", "commands"];
        let map = tool.map(&keys)?;
        let at = map.needed("name")?;
        let name = at.word()?;
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter)) {
            return Err(at.wrong(format_args!("`{}` is no tool's name", quoted(name))));
        }
        if !names.insert(name) {
            return Err(at.wrong(format_args!("there is another tool `{name}`")));
        }
        one(name, &map, &tool, written)?;
    }
    Ok(())
}

fn one(name: &str, map: &Map<'_>, tool: &At<'_>, written: &mut Written) -> Result<(), Wrong> {
    written.tool_line(&format!("\n[tools.{}]", word(name)));
    let bin = map.needed("bin")?.word()?;
    if bin != name {
        written.tool_line(&format!("bin = {}", word(bin)));
    }
    let default = map.get("default_action").map_or(Ok("deny"), action)?;
    written.tool_line(&format!("default_action = \"{default}\""));
    let strict = strict(map)?;
    if strict {
        written.tool_line("strict = true");
    }
    written.tool_line(&format!("timeout = \"{DEFAULT_TIMEOUT}\""));
    written.note(format!("commands without a `timeout` get {DEFAULT_TIMEOUT}, as there"));
    if let Some(folder) = map.get("working_dir") {
        written.tool_line(&format!("working_dir = {}", word(folder.word()?)));
    }
    environment(name, map, written)?;
    let commands = map.get("commands").map_or(Ok(Vec::new()), |at| at.any_map().map(|map| map.entries))?;
    if strict && commands.is_empty() {
        return Err(tool.wrong(format_args!("`{name}` is strict, and no command of it is named")));
    }
    commands.iter().try_for_each(|(words, command)| self::command(name, words, command, written))
}

fn strict(map: &Map<'_>) -> Result<bool, Wrong> {
    let Some(at) = map.get("strict") else { return Ok(false) };
    match at.word()? {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(at.wrong("`strict` is true or false")),
    }
}

/// There, a tool sees nothing of its caller's environment but a few names.
fn environment(name: &str, map: &Map<'_>, written: &mut Written) -> Result<(), Wrong> {
    let variables = map.get("env").map_or(Ok(Vec::new()), |at| at.any_map().map(|map| map.entries))?;
    let mut pairs = Vec::new();
    for (variable, value) in &variables {
        pairs.push(format!("{} = {}", word(variable), word(value.text()?)));
    }
    let inside = if pairs.is_empty() { String::new() } else { format!(" {} ", pairs.join(", ")) };
    written.tool_line(&format!("env = {{{inside}}}"));
    written.note(format!(
        "`{name}` sees PATH, HOME, LANG and TERM of its caller and what `env` names: remove `env` to pass everything \
         (KUBECONFIG, AWS_*)"
    ));
    Ok(())
}

fn command(tool: &str, words: &str, at: &At<'_>, written: &mut Written) -> Result<(), Wrong> {
    // A command with nothing below it is a key with an empty value.
    let empty = matches!(at.node, tollgate_facts::yaml::Node::Text(text) if text.is_empty() || text == "~");
    written.tool_line(&format!("[tools.{}.commands.{}]", word(tool), word(words)));
    if empty {
        return Ok(());
    }
    let map = at.map(&["allowed_args", "timeout"])?;
    if let Some(flags) = map.get("allowed_args") {
        let flags = flags.list()?.iter().map(At::word).collect::<Result<Vec<_>, _>>()?;
        let flags: Vec<String> = flags.into_iter().map(word).collect();
        written.tool_line(&format!("allowed_args = [{}]", flags.join(", ")));
    }
    if let Some(timeout) = map.get("timeout") {
        written.tool_line(&format!("timeout = \"{}\"", duration(timeout)?));
    }
    Ok(())
}

/// Go's durations in ours: `1.5h` is `5400s`.
fn duration(at: &At<'_>) -> Result<String, Wrong> {
    let text = at.word()?;
    let wrong = || at.wrong(format_args!("`{}` is no duration: `30s`, `5m`, `1h30m`", quoted(text)));
    let milliseconds = milliseconds(text).filter(|time| *time > 0).ok_or_else(wrong)?;
    let seconds = milliseconds / 1000;
    Ok(if milliseconds % 1000 == 0 { format!("{seconds}s") } else { format!("{milliseconds}ms") })
}

/// Rounded down; none where it is no duration, or longer than a year.
fn milliseconds(text: &str) -> Option<u64> {
    let mut nanoseconds: u128 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) =
            rest.split_at_checked(rest.find(|letter: char| letter.is_ascii_lowercase() || letter == 'µ')?)?;
        let end = after.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        nanoseconds = nanoseconds.checked_add(part(number, unit_of(unit)?)?)?;
        rest = after;
    }
    const YEAR: u64 = 365 * 24 * 3600 * 1000;
    u64::try_from(nanoseconds / 1_000_000).ok().filter(|time| *time <= YEAR)
}

fn unit_of(name: &str) -> Option<u128> {
    match name {
        "ns" => Some(1),
        "us" | "µs" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

/// `1.5` of a unit.
fn part(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let value = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    value(whole)?.checked_mul(unit)?.checked_add(value(fraction)?.checked_mul(unit)? / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_writes_durations_with_fractions_and_small_units() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5h", Some(5_400_000)),
            (".5s", Some(500)),
            ("250ms", Some(250)),
            ("1500us", Some(1)),
            ("1500µs", Some(1)),
            ("", Some(0)),
            ("30", None),
            ("s", None),
            ("-5s", None),
            ("1d", None),
            ("soon", None),
            ("99999999999999999999h", None),
            ("9000h", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }
}
