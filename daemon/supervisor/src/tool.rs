//! Starting the tool as its caller would have started it.

use core::cell::Cell;
use core::ffi::CStr;

use tollgate_bare::descriptor;
use tollgate_bare::files::{self, O_RDWR, Path};
use tollgate_bare::process::{self, Program, StringArray};
use tollgate_bare::signals::{self, Set};
use tollgate_bare::spawn::{Child, spawn};
use tollgate_bare::{Descriptor, Errno, Mapping, sabotage};
use tollgate_wire::MAX_DESCRIPTORS;
use tollgate_wire::launch::{Block, Launch, strings};
use tollgate_wire::message::{Failure, Step};
use tollgate_wire::plan::{self, Patience, Plan};

use crate::frames;
use crate::house::{Birthplace, House};
use crate::limit::Limit;
use crate::order::{Order, Problem, Riding, is_released};
use crate::place::{self, Kernel, Move};
use crate::state;

/// The version in which a daemon sent its plan when the intent was durable already.
const RUNS_AT_ONCE: u8 = 1;

/// What became of a plan.
#[derive(Debug)]
pub(crate) enum Spawned {
    /// It runs.
    Runs(Tool),
    /// It could not be started.
    Failed(Failure),
    /// The daemon went before it let it run.
    Withdrawn,
}

/// The running tool and who is to hear of it.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) child: Child,
    pub(crate) shim: Descriptor,
    pub(crate) record: Descriptor,
    pub(crate) patience: Patience,
    pub(crate) limit: Limit,
    /// Signals of its group that came before it was there.
    pub(crate) early: Set,
}

/// Makes everything ready, waits for the daemon's word, and starts the tool; on
/// success shim and daemon know, and nothing of the caller's is open here any more.
pub(crate) fn start(order: Order, house: &House) -> Result<Spawned, Problem> {
    let (version, body, riding) = order.open()?;
    let plan = Plan::decode_version(version, &body)?;
    let memory = match (plan.launch.block, &riding.memory) {
        (Block::Memory(length), Some(file)) => Some(Mapping::of_sealed(file, length)?),
        _ => None,
    };
    let block = match plan.launch.block {
        Block::Inline(bytes) => bytes,
        Block::Memory(_) => memory.as_deref().unwrap_or_default(),
    };
    let (arguments, environment) = arrays(block, &plan.launch)?;
    if version > RUNS_AT_ONCE && !is_released(&house.control)? {
        return Ok(Spawned::Withdrawn);
    }
    let limit = Limit::of(plan.limit)?;
    let early = house.early();
    // The child shares our memory until it executes.
    let step = Cell::new(Step::Process);
    let child = house.killing.with(plan.launch.state.oom_score_adj, || {
        spawn(|| become_tool(&plan, &riding, &arguments, &environment, &house.birthplace, &step))
    });
    house.move_out();
    let child = match child {
        Ok(child) => child,
        Err(errno) => return Ok(Spawned::Failed(Failure { step: step.get(), errno: errno.0 })),
    };
    let Riding { shim, record, binary, memory, folder, callers } = riding;
    drop((binary, memory, folder));
    if sabotage!("supervisor-keeps-descriptors") {
        core::mem::forget(callers);
    } else {
        drop(callers);
    }
    frames::started(&shim, child.id);
    frames::number(&house.control, frames::Number::Spawned, child.id);
    Ok(Spawned::Runs(Tool { child, shim, record, patience: plan.patience, limit, early }))
}

/// argv and envp for `execve`, pointing into the block.
fn arrays<'a>(block: &'a [u8], launch: &Launch<'_>) -> Result<(StringArray<'a>, StringArray<'a>), Problem> {
    strings(block, launch.arguments, launch.variables)?;
    let mut arguments = StringArray::with_room(launch.arguments)?;
    let mut environment = StringArray::with_room(launch.variables)?;
    for (place, string) in block.split_inclusive(|byte| *byte == 0).enumerate() {
        let string = CStr::from_bytes_with_nul(string).map_err(|_| Errno::EINVAL)?;
        let array = if place < launch.arguments { &mut arguments } else { &mut environment };
        array.push(string)?;
    }
    Ok((arguments, environment))
}

/// In the child: everything that a tool inherits, then the tool itself.
///
/// Numbers alone are used, nothing is owned: the descriptors are the child's copies.
fn become_tool(
    plan: &Plan<'_>,
    riding: &Riding,
    arguments: &StringArray<'_>,
    environment: &StringArray<'_>,
    birthplace: &Birthplace,
    step: &Cell<Step>,
) -> Errno {
    let binary = match prepare(&plan.launch, riding, birthplace, step) {
        Ok(binary) => binary,
        Err(errno) => return errno,
    };
    step.set(Step::Execute);
    match plan.program {
        plan::Program::Opened => process::execute(Program::Opened(binary), arguments, environment),
        plan::Program::Path(path) => match Path::of(&[path]) {
            Ok(path) => process::execute(Program::Path(path.as_c_str()), arguments, environment),
            Err(errno) => errno,
        },
    }
}

/// The order matters: the folder while its descriptor is where it was; limits
/// when no descriptor is needed any more; signals when nothing else can fail.
fn prepare(launch: &Launch<'_>, riding: &Riding, birthplace: &Birthplace, step: &Cell<Step>) -> Result<i32, Errno> {
    step.set(Step::Group);
    // Born at the shim, it is in the shim's group as it stands.
    if matches!(birthplace, Birthplace::Daemon) || sabotage!("own-group") {
        process::new_group()?;
    }
    step.set(Step::Schedule);
    state::schedule(&launch.state)?;
    step.set(Step::Folder);
    enter_folder(launch, riding)?;
    process::set_umask(if sabotage!("umask") { 0o077 } else { launch.state.umask & 0o777 });
    step.set(Step::Descriptors);
    let binary = place_descriptors(launch, riding)?;
    step.set(Step::Limits);
    state::restrict(&launch.state)?;
    give_signals(launch);
    Ok(binary)
}

/// Without a descriptor there is no folder to be sure of, and a tool does not
/// run somewhere else.
fn enter_folder(launch: &Launch<'_>, riding: &Riding) -> Result<(), Errno> {
    if sabotage!("cwd-by-path") {
        let path = if launch.folder.is_empty() { b"/" } else { launch.folder };
        return files::change_folder_by_path(Path::of(&[path])?.as_c_str());
    }
    files::change_folder(riding.folder.as_ref().ok_or(Errno::EACCES)?.number())
}

/// Everything that was open here is marked to close at the exec, so what is not
/// placed is gone then, and a number that the caller had closed stays closed.
fn place_descriptors(launch: &Launch<'_>, riding: &Riding) -> Result<i32, Errno> {
    let mut moves = [Move { source: -1, target: -1 }; MAX_DESCRIPTORS];
    let mut count = 0;
    let wanted = riding.callers.numbers().iter().zip(launch.numbers.iter()).filter(|(_, target)| !is_dropped(*target));
    for ((source, target), place) in wanted.zip(&mut moves) {
        *place = Move { source: *source, target };
        count += 1;
    }
    let moves = moves.get_mut(..count).unwrap_or_default();
    if sabotage!("merge-stderr") {
        merge(moves);
    }
    let mut binary = riding.binary.number();
    place::all(moves, &mut binary, &mut Kernel)?;
    add_faults(launch)?;
    Ok(binary)
}

fn is_dropped(target: i32) -> bool {
    (sabotage!("shift-descriptors") && target > 2) || (sabotage!("close-stdin") && target == 0)
}

/// The fault of a gate that sends output where errors go.
fn merge(moves: &mut [Move]) {
    let errors = moves.iter().find(|one| one.target == 2).map(|one| one.source);
    for one in moves.iter_mut().filter(|one| one.target == 1) {
        one.source = errors.unwrap_or(one.source);
    }
}

/// Descriptors that the caller does not have.
fn add_faults(launch: &Launch<'_>) -> Result<(), Errno> {
    if sabotage!("reopen-closed") {
        for number in (0..3).filter(|number| launch.numbers.iter().all(|open| open != *number)) {
            descriptor::place(files::open(c"/dev/null", O_RDWR)?.number(), number)?;
        }
    }
    if sabotage!("extra-descriptor") {
        descriptor::place(files::open(c"/dev/null", O_RDWR)?.number(), 77)?;
    }
    Ok(())
}

fn give_signals(launch: &Launch<'_>) {
    if !sabotage!("ignored-signals") {
        let ignored = Set(launch.state.ignored);
        (1..=signals::LAST).filter(|signal| ignored.has(*signal)).for_each(signals::ignore);
    }
    let blocked = if sabotage!("blocked-signals") { Set::NONE } else { Set(launch.state.blocked) };
    signals::block_exactly(blocked);
}
