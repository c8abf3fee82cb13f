//! What the message in a plan file says that applying it would do.
//!
//! A field that stands more than once is merged, as protocol buffers define it:
//! the last number or text holds, parts of a message add up.

use crate::message::{DAMAGED, Field, fields, text};
use crate::{Error, FORMAT, MOST_CHANGES, values};

/// A saved plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The program that wrote it: `1.11.4`.
    pub terraform_version: String,
    /// What it was made for.
    pub mode: Mode,
    /// Whether making it ended in an error: it cannot be applied then.
    pub errored: bool,
    /// Where its state is; none where the plan does not say.
    pub backend: Option<Backend>,
    /// What it does to resources, in its own order; what stays as it is aside.
    pub changes: Vec<Change>,
    /// Actions that it calls beside changing resources, by address.
    pub calls: Vec<String>,
    /// How many changes it leaves to a later plan.
    pub deferred: usize,
    /// How many outputs of the root module it changes.
    pub outputs: usize,
    /// The addresses that it is limited to; none where it is about everything.
    pub targets: Vec<String>,
}

impl Plan {
    /// How many changes are of this kind.
    #[must_use]
    pub fn count(&self, act: Act) -> usize {
        self.changes.iter().filter(|change| change.act == act).count()
    }
}

/// What a plan was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// To bring the configuration about.
    #[default]
    Normal,
    /// To destroy everything that the configuration manages.
    Destroy,
    /// To bring the state up to date.
    RefreshOnly,
    /// Something that this reader does not know.
    Unknown(i32),
}

/// Where a plan's state is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backend {
    /// `s3`, `local`; of a store that a provider brings, the store's name.
    pub kind: String,
    /// The workspace that it was made in.
    pub workspace: String,
    /// Its settings that are texts, by name, secrets among them.
    pub settings: Vec<(String, String)>,
}

/// What is done to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its address: `module.web.aws_instance.front[0]`.
    pub address: String,
    /// The address that it had before, where it moves.
    pub moved_from: Option<String>,
    /// The key of the left-over object that is meant, instead of the current one.
    pub deposed: Option<String>,
    /// What is done.
    pub act: Act,
    /// Whether it comes under terraform's care by this.
    pub imported: bool,
}

/// What is done to a resource, the most dangerous first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// It is destroyed.
    Delete,
    /// It is destroyed and created anew, in either order.
    Replace,
    /// Something that this reader does not know.
    Unknown(i32),
    /// It is forgotten, and another one created.
    ForgetAndCreate,
    /// It is forgotten: it goes on without terraform.
    Forget,
    /// It is changed in place.
    Update,
    /// It is created.
    Create,
    /// It is looked up.
    Read,
    /// It stays as it is; it moves or is imported.
    Keep,
}

impl Act {
    fn of(number: i32) -> Self {
        match number {
            0 => Self::Keep,
            1 => Self::Create,
            2 => Self::Read,
            3 => Self::Update,
            5 => Self::Delete,
            6 | 7 => Self::Replace,
            8 => Self::Forget,
            9 => Self::ForgetAndCreate,
            other => Self::Unknown(other),
        }
    }
}

/// Reads the message of an archive's entry.
pub(crate) fn read(message: &[u8]) -> Result<Plan, Error> {
    // The format decides what everything else means, wherever it stands.
    let mut format = 0;
    for field in fields(message) {
        if let (1, Field::Number(stated)) = field.map_err(Error::Message)? {
            format = stated;
        }
    }
    if format != FORMAT {
        return Err(Error::Format(format));
    }
    plan(message).map_err(Error::Message)
}

fn plan(message: &[u8]) -> Result<Plan, &'static str> {
    let mut plan = Plan::default();
    let mut changes = 0_usize;
    for field in fields(message) {
        match field? {
            (3, Field::Bytes(bytes)) => {
                changes += 1;
                let change = change(bytes)?;
                plan.changes.extend(Some(change).filter(is_shown));
            }
            (4, Field::Bytes(bytes)) => plan.outputs += usize::from(output(bytes)? != Act::Keep),
            (5, Field::Bytes(bytes)) => plan.targets.push(text(bytes)?),
            // A store that a provider brings stands in field 29 instead.
            (13 | 29, Field::Bytes(bytes)) => backend(bytes, plan.backend.get_or_insert_default())?,
            (14, Field::Bytes(bytes)) => plan.terraform_version = text(bytes)?,
            (17, Field::Number(number)) => plan.mode = mode(enumerated(number)),
            (20, Field::Number(number)) => plan.errored = number != 0,
            (27 | 31, Field::Bytes(_)) => plan.deferred += 1,
            (30, Field::Bytes(bytes)) => plan.calls.push(call(bytes)?),
            _ => {}
        }
        if changes.max(plan.targets.len()).max(plan.calls.len()) > MOST_CHANGES {
            return Err("holds more changes than are read");
        }
    }
    Ok(plan)
}

/// A number that names a case, as readers take it: its low 32 bits, signed.
fn enumerated(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

fn mode(number: i32) -> Mode {
    match number {
        0 => Mode::Normal,
        1 => Mode::Destroy,
        2 => Mode::RefreshOnly,
        other => Mode::Unknown(other),
    }
}

fn is_shown(change: &Change) -> bool {
    change.act != Act::Keep || change.imported || change.moved_from.is_some()
}

fn change(message: &[u8]) -> Result<Change, &'static str> {
    let mut change =
        Change { address: String::new(), moved_from: None, deposed: None, act: Act::Keep, imported: false };
    for field in fields(message) {
        match field? {
            (7, Field::Bytes(bytes)) => change.deposed = Some(text(bytes)?).filter(|key| !key.is_empty()),
            (9, Field::Bytes(bytes)) => done(bytes, &mut change)?,
            (13, Field::Bytes(bytes)) => change.address = text(bytes)?,
            (14, Field::Bytes(bytes)) => change.moved_from = Some(text(bytes)?),
            _ => {}
        }
    }
    let unmoved = |before: &String| before.is_empty() || *before == change.address;
    if change.moved_from.as_ref().is_some_and(unmoved) {
        change.moved_from = None;
    }
    if change.address.is_empty() { Err("changes a resource without an address") } else { Ok(change) }
}

fn done(message: &[u8], change: &mut Change) -> Result<(), &'static str> {
    for field in fields(message) {
        match field? {
            (1, Field::Number(number)) => change.act = Act::of(enumerated(number)),
            (5, Field::Bytes(_)) => change.imported = true,
            _ => {}
        }
    }
    Ok(())
}

fn output(message: &[u8]) -> Result<Act, &'static str> {
    let mut act = Act::Keep;
    for field in fields(message) {
        if let (2, Field::Bytes(bytes)) = field? {
            for field in fields(bytes) {
                if let (1, Field::Number(number)) = field? {
                    act = Act::of(enumerated(number));
                }
            }
        }
    }
    Ok(act)
}

fn backend(message: &[u8], backend: &mut Backend) -> Result<(), &'static str> {
    for field in fields(message) {
        match field? {
            (1, Field::Bytes(bytes)) => backend.kind = text(bytes)?,
            (2, Field::Bytes(bytes)) => {
                for field in fields(bytes) {
                    if let (1, Field::Bytes(bytes)) = field? {
                        backend.settings = values::texts(bytes)?;
                    }
                }
            }
            (3, Field::Bytes(bytes)) => backend.workspace = text(bytes)?,
            _ => {}
        }
    }
    Ok(())
}

/// The address of an action that is called: field 1 of its message.
fn call(message: &[u8]) -> Result<String, &'static str> {
    let mut address = None;
    for field in fields(message) {
        if let (1, Field::Bytes(bytes)) = field? {
            address = Some(text(bytes)?);
        }
    }
    address.ok_or(DAMAGED)
}

#[cfg(test)]
mod tests;
