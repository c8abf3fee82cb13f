//! Conditions and what follows from them.

use super::super::built_in;
use super::super::forever::{all_forever, forever};
use super::super::source::{ClauseSource, ToolFile};
use super::super::{
    Clause, Condition, Credentials, Exposes, FlagTest, MountPaths, OperandTest, Origin, Pattern, SecretPaths,
    SecretTest, Terms, Values,
};
use super::{Problem, target, tier};

/// Clauses that decide or raise a tier.
pub(super) fn rules(source: &ToolFile, at: &str, written: &[ClauseSource]) -> Result<Vec<Clause>, Problem> {
    let one = |written: &ClauseSource| {
        let clause = clause(source, at, written, None)?;
        match (&written.unknown, clause.tier) {
            (Some(unknown), None) => Ok(Clause { why: forever(unknown), ..clause }),
            (None, Some(_)) if !clause.why.is_empty() => Ok(clause),
            _ => Err((
                at.to_owned(),
                "a clause needs a tier and a reason, or a reason why it is unknown",
                String::from("when"),
            )),
        }
    };
    written.iter().map(one).collect()
}

/// Clauses that leave the operation unknown.
pub(super) fn doubts(source: &ToolFile, written: &[ClauseSource]) -> Result<Vec<Clause>, Problem> {
    let one = |written: &ClauseSource| match written.why.as_str() {
        "" => Err((String::from("doubts"), "a reason is missing for", format!("{:?}", written.flag))),
        _ => clause(source, "doubts", written, None),
    };
    written.iter().map(one).collect()
}

/// Clauses that add an operation.
pub(super) fn also(source: &ToolFile, name: &str, at: &str, written: &[ClauseSource]) -> Result<Vec<Clause>, Problem> {
    let one = |written: &ClauseSource| {
        let missing = || (at.to_owned(), "a clause needs an operation", String::from("also"));
        let operation = written.operation.as_ref().ok_or_else(missing)?;
        clause(source, at, written, Some(forever(&format!("{name}.{operation}"))))
    };
    written.iter().map(one).collect()
}

fn clause(
    source: &ToolFile,
    at: &str,
    written: &ClauseSource,
    operation: Option<&'static str>,
) -> Result<Clause, Problem> {
    let when = condition(source, at, written)?;
    Ok(Clause { when, tier: tier(at, written.tier)?, why: forever(&written.why), reads: written.reads, operation })
}

/// What a clause asks for.
pub(super) fn condition(source: &ToolFile, at: &str, written: &ClauseSource) -> Result<Condition, Problem> {
    if !asks(written) {
        return Ok(Condition::default());
    }
    let mut condition = flags(written)?;
    condition.commands = all_forever(&written.commands);
    condition.services = all_forever(&written.services);
    condition.services.sort_unstable();
    condition.operands = written.operands;
    condition.fewer = written.fewer;
    condition.outside = written.outside;
    condition.alone = written.alone;
    condition.after_dashes = written.after_dashes;
    condition.variables = written.variable.iter().chain(&written.variables).map(|name| forever(name)).collect();
    condition.absent_variables = all_forever(&written.absent_variables);
    let kinds = |name: &Option<String>| match name {
        None => Ok(Vec::new()),
        Some(name) => match source.kinds.get(name) {
            Some(kinds) => Ok(all_forever(kinds)),
            None => Err((at.to_owned(), "there is no list of kinds", name.clone())),
        },
    };
    condition.kinds = kinds(&written.kinds)?;
    condition.only_kinds = kinds(&written.only_kinds)?;
    condition.brings = kinds(&written.brings)?;
    condition.brings_unread = written.brings_unread;
    condition.exposes = match written.exposes.as_deref() {
        None => None,
        Some("system") => Some(Exposes::System),
        Some("outside") => Some(Exposes::Outside),
        Some(other) => return Err((at.to_owned(), "a clause exposes `system` or `outside`, not", other.to_owned())),
    };
    let credentials = if written.secret_folders { Credentials::Folders } else { Credentials::Files };
    condition.secrets = (written.secret_files || written.secret_folders)
        .then(|| SecretTest { paths: built_in::secret_paths(credentials), after: written.after });
    condition.schemes = all_forever(written.schemes.as_deref().unwrap_or_default());
    condition.hosts = patterns(written.hosts.as_deref().unwrap_or_default());
    condition.unlike = match written.unlike.as_deref().map(target::origin) {
        None => None,
        Some(Some(Origin::Fact(resolver, field))) => Some((resolver, field)),
        Some(_) => return Err((at.to_owned(), "a resolver's field is needed for", String::from("unlike"))),
    };
    condition.strays = written.strays.as_deref().map(patterns);
    if written.operand_is.is_some() || written.operand_without.is_some() {
        let is = patterns(written.operand_is.as_deref().unwrap_or_default());
        let without = forever(written.operand_without.as_deref().unwrap_or_default()).as_bytes();
        condition.operand = Some(OperandTest { at: written.operand, is, without });
    }
    Ok(Condition::of(condition))
}

/// The paths at which credentials are kept.
pub(in super::super) fn secret_paths(of: Credentials) -> SecretPaths {
    let listed = |name: &str| patterns(&[format!("@{name}")]);
    SecretPaths {
        files: listed("credentials"),
        but: listed("no_credentials"),
        folders: if of == Credentials::Folders { listed("credential_folders") } else { Vec::new() },
    }
}

/// The paths by which it is told what a container is given.
pub(in super::super) fn mount_paths() -> MountPaths {
    let listed = |name: &str| patterns(&[format!("@{name}")]);
    let secrets = built_in::secret_paths(Credentials::Folders);
    MountPaths { system: listed("system_folders"), of_root: listed("folders_of_root"), secrets }
}

/// Whether a clause asks for anything.
fn asks(written: &ClauseSource) -> bool {
    let lists = [
        &written.commands,
        &written.services,
        &written.with,
        &written.absent,
        &written.variables,
        &written.absent_variables,
    ];
    lists.iter().any(|list| !list.is_empty())
        || written.flag.is_some()
        || written.kinds.is_some()
        || written.only_kinds.is_some()
        || written.brings.is_some()
        || written.brings_unread
        || written.exposes.is_some()
        || written.operand_is.is_some()
        || written.operand_without.is_some()
        || written.strays.is_some()
        || written.secret_files
        || written.secret_folders
        || written.schemes.is_some()
        || written.hosts.is_some()
        || written.operands.is_some()
        || written.fewer.is_some()
        || written.variable.is_some()
        || written.outside
        || written.alone
        || written.after_dashes
}

/// A condition that is about flags alone.
pub(super) fn flags_only(written: &ClauseSource) -> Result<Condition, Problem> {
    if asks(written) { flags(written).map(Condition::of) } else { Ok(Condition::default()) }
}

/// The part of a condition that is about flags.
fn flags(written: &ClauseSource) -> Result<Terms, Problem> {
    let values = match (&written.is, &written.any, &written.not, &written.any_not) {
        (None, None, None, None) => Values::Set,
        (Some(is), None, None, None) => Values::Last(patterns(is)),
        (None, Some(any), None, None) => Values::Any(patterns(any)),
        (None, None, Some(not), None) => Values::Other(patterns(not)),
        (None, None, None, Some(any_not)) => Values::Stray(patterns(any_not)),
        _ => return Err((String::from("when"), "only one of is, any, not and any_not", format!("{:?}", written.flag))),
    };
    let flag = written.flag.as_deref().map(|name| FlagTest { name: forever(name), values, paths: written.path });
    let (with, absent) = (all_forever(&written.with), all_forever(&written.absent));
    Ok(Terms { flag, with, absent, ..Terms::default() })
}

/// Texts with `*` in them; `@NAME` stands for a list that all grammars share.
pub(super) fn patterns(written: &[String]) -> Vec<Pattern> {
    let listed = |text: &str| text.strip_prefix('@').and_then(built_in::patterns);
    let each = |text: &String| match listed(text) {
        Some(texts) => texts.iter().map(|text| Pattern::new(text)).collect(),
        None => vec![Pattern::new(text)],
    };
    written.iter().flat_map(each).collect()
}
