//! The findings as a page for a person.

use super::{Check, Context, Holds, Report, State};
use crate::error::Error;
use crate::output;

/// Prints it: what is wrong is told with what to do.
pub(super) fn print(report: &Report) -> Result<(), Error> {
    report.contexts.iter().try_for_each(|context| output::line(context_text(context)))?;
    output::line("")?;
    report.checks.iter().try_for_each(|check| output::line(check_text(check)))?;
    output::line("")?;
    output::line(if report.ok { "all is as promised" } else { "not all is as promised: see above" })
}

fn context_text(context: &Context) -> String {
    let holds = match context.holds {
        Holds::Enforced => "enforced",
        Holds::Advisory => "advisory",
        Holds::NotEntered => "not entered",
        Holds::Bypassed if context.promised.is_none() => "bypassed",
        Holds::Bypassed => "BYPASSED",
    };
    let limit = if context.promised.is_none() { " (a known limit)" } else { "" };
    let line = format!("{holds:<12} {}: {}{limit}", context.name, context.says);
    with_fix(line, context.fix.as_deref().filter(|_| !context.is_kept() || context.promised.is_none()))
}

fn check_text(check: &Check) -> String {
    let state = match check.state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Failed => "FAILED",
    };
    with_fix(format!("{state:<12} {}: {}", check.name, check.says), check.fix.as_deref())
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
        let broken = "BYPASSED     sh -lc: the shims are not on PATH\n             -> `tollgate install` again";
        assert_eq!(context_text(&context(Holds::Bypassed, Some(Holds::Enforced))), broken);
        let limit =
            "bypassed     sh -lc: the shims are not on PATH (a known limit)\n             -> `tollgate install` again";
        assert_eq!(context_text(&context(Holds::Bypassed, None)), limit);
        let kept = "advisory     sh -lc: the shims are not on PATH";
        assert_eq!(context_text(&context(Holds::Advisory, Some(Holds::Advisory))), kept);
    }
}
