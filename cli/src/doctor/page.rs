//! The findings as a page for a person.

use super::{Check, Context, Holds, Report, State};
use crate::colour::{Colours, Tone};
use crate::error::Error;
use crate::output;

/// Prints it: what is wrong is told with what to do.
pub(super) fn print(report: &Report) -> Result<(), Error> {
    let colours = Colours::of_output();
    report.contexts.iter().try_for_each(|context| output::line(context_text(context, colours)))?;
    output::line("")?;
    report.checks.iter().try_for_each(|check| output::line(check_text(check, colours)))?;
    output::line("")?;
    output::line(match report.ok {
        true => colours.paint(Tone::Good, "all is as promised"),
        false => colours.paint(Tone::Bad, "not all is as promised: see above"),
    })
}

fn context_text(context: &Context, colours: Colours) -> String {
    let (tone, holds) = match context.holds {
        Holds::Enforced => (Tone::Good, "enforced"),
        Holds::Advisory => (Tone::Good, "advisory"),
        Holds::NotEntered => (Tone::Quiet, "not entered"),
        Holds::Bypassed if context.promised.is_none() => (Tone::Notable, "bypassed"),
        Holds::Bypassed => (Tone::Bad, "BYPASSED"),
    };
    let limit = if context.promised.is_none() { " (a known limit)" } else { "" };
    let holds = colours.paint(tone, &format!("{holds:<12}"));
    let line = format!("{holds} {}: {}{limit}", context.name, context.says);
    with_fix(line, context.fix.as_deref().filter(|_| !context.is_kept() || context.promised.is_none()))
}

fn check_text(check: &Check, colours: Colours) -> String {
    let (tone, state) = match check.state {
        State::Ok => (Tone::Good, "ok"),
        State::Warning => (Tone::Notable, "warning"),
        State::Failed => (Tone::Bad, "FAILED"),
    };
    let state = colours.paint(tone, &format!("{state:<12}"));
    with_fix(format!("{state} {}: {}", check.name, check.says), check.fix.as_deref())
}

fn with_fix(line: String, fix: Option<&str>) -> String {
    match fix {
        Some(fix) => format!("{line}\n{:<12} -> {fix}", ""),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_what_to_do() {
        let context = |holds, promised| Context {
            name: "sh -lc",
            holds,
            promised,
            says: "the shims are not on PATH".to_owned(),
            fix: Some("`tollgate install` again".to_owned()),
        };
        let shown = |context: &Context| context_text(context, Colours::Off);
        let broken = "BYPASSED     sh -lc: the shims are not on PATH\n             -> `tollgate install` again";
        assert_eq!(shown(&context(Holds::Bypassed, Some(Holds::Enforced))), broken);
        let limit =
            "bypassed     sh -lc: the shims are not on PATH (a known limit)\n             -> `tollgate install` again";
        assert_eq!(shown(&context(Holds::Bypassed, None)), limit);
        let kept = "advisory     sh -lc: the shims are not on PATH";
        assert_eq!(shown(&context(Holds::Advisory, Some(Holds::Advisory))), kept);
    }
}
