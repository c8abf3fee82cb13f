//! The readers that there are: taken for one question, given back, killed when late.
//!
//! They are started when they are first needed, and kept.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tollgate_facts::disk::{Got, Looks, Place, Want};

use super::frame;

/// The most that there are at a time, those that cannot be killed included. Where so
/// many hang at once, whoever needs one meanwhile waits, and may be told "unknown".
const MOST: usize = 16;

/// This program, whatever its file is called by now.
const PROGRAM: &str = "/proc/self/exe";
/// Its name, and the mode that `start` knows it by.
const CALLED: [&str; 2] = ["tollgated", "read-facts"];

/// Readers of files.
#[derive(Debug)]
pub(crate) struct Readers {
    program: PathBuf,
    /// Its name and its one argument.
    called: [&'static str; 2],
    house: Mutex<House>,
    /// One was given back, or is gone.
    free: Condvar,
}

#[derive(Debug, Default)]
struct House {
    idle: Vec<Reader>,
    /// Those that were killed, and may hang all the same.
    dying: Vec<Child>,
    /// Their processes, idle, at work or dying.
    alive: Vec<u32>,
    starting: usize,
}

#[derive(Debug)]
struct Reader {
    process: Child,
    socket: UnixStream,
}

impl Default for Readers {
    fn default() -> Self {
        Self::of(PROGRAM.into(), CALLED)
    }
}

impl Readers {
    fn of(program: PathBuf, called: [&'static str; 2]) -> Self {
        Self { program, called, house: Mutex::default(), free: Condvar::new() }
    }

    /// Whether this process is a reader, which is reaped here and nowhere else.
    pub(crate) fn is_one(&self, pid: i32) -> bool {
        let mut house = self.house();
        house.bury();
        house.alive.iter().any(|known| i32::try_from(*known) == Ok(pid))
    }

    fn house(&self) -> MutexGuard<'_, House> {
        self.house.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader that is idle, a new one, or the first that becomes free.
    fn take(&self, until: Instant) -> io::Result<Reader> {
        let mut house = self.house();
        loop {
            if let Some(reader) = house.idle.pop() {
                return Ok(reader);
            }
            house.bury();
            if house.alive.len() + house.starting < MOST {
                house.starting += 1;
                drop(house);
                return self.started();
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            house = self.free.wait_timeout(house, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn started(&self) -> io::Result<Reader> {
        let started = self.start();
        let mut house = self.house();
        house.starting = house.starting.saturating_sub(1);
        house.alive.extend(started.iter().map(|reader| reader.process.id()));
        started
    }

    fn start(&self) -> io::Result<Reader> {
        let (socket, theirs) = UnixStream::pair()?;
        let [name, mode] = self.called;
        let mut command = Command::new(&self.program);
        command.arg0(name).arg(mode).env_clear().current_dir("/");
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Reader { process: command.spawn()?, socket })
    }

    fn give_back(&self, reader: Reader) {
        self.house().idle.push(reader);
        self.free.notify_one();
    }

    /// One that is late or talks nonsense. It may hang where not even a kill reaches
    /// it, so nobody waits for it here.
    fn kill(&self, mut reader: Reader) {
        // It may have ended by itself.
        let _ = reader.process.kill();
        let mut house = self.house();
        house.dying.push(reader.process);
        house.bury();
        self.free.notify_one();
    }
}

impl House {
    /// Lets go of those that are gone.
    fn bury(&mut self) {
        let alive = &mut self.alive;
        let mut is_left = |process: &mut Child| {
            let left = matches!(process.try_wait(), Ok(None));
            if !left {
                alive.retain(|known| *known != process.id());
            }
            left
        };
        self.dying.retain_mut(&mut is_left);
        self.idle.retain_mut(|reader| is_left(&mut reader.process));
    }
}

impl Looks for Readers {
    /// Other requests go on meanwhile.
    fn look(&self, place: &Place<'_>, want: Want, until: Instant) -> Result<Got, String> {
        tokio::task::block_in_place(|| self.answer(place, want, until))
    }
}

impl Readers {
    fn answer(&self, place: &Place<'_>, want: Want, until: Instant) -> Result<Got, String> {
        let mut reader = self.take(until).map_err(|error| told(&error))?;
        let answered = ask(&mut reader, place, want, until);
        match answered {
            Ok(answer) => {
                self.give_back(reader);
                answer
            }
            Err(error) => {
                tracing::warn!(%error, "a reader of files did not answer, and is killed");
                self.kill(reader);
                Err(told(&error))
            }
        }
    }
}

fn ask(reader: &mut Reader, place: &Place<'_>, want: Want, until: Instant) -> io::Result<Result<Got, String>> {
    let mut in_time = InTime { socket: &mut reader.socket, until };
    in_time.bounded()?;
    frame::send(in_time.socket, place, want)?;
    frame::answered(&mut in_time)
}

/// Reads from a socket until a moment, however the bytes trickle in.
struct InTime<'s> {
    socket: &'s mut UnixStream,
    until: Instant,
}

impl InTime<'_> {
    fn bounded(&self) -> io::Result<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        self.socket.set_write_timeout(Some(left))
    }
}

impl io::Read for InTime<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.bounded()?;
        self.socket.read(bytes)
    }
}

fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => String::from("looking at it takes too long"),
        _ => format!("whoever looks at files for us cannot: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::fcntl::ResolveFlag;

    use super::*;

    /// The root folder, with as much time as this.
    fn asked(readers: &Readers, patience: Duration) -> Result<Got, String> {
        let place = Place { from: None, path: b"/", resolve: ResolveFlag::empty() };
        readers.look(&place, Want::Entries, Instant::now() + patience)
    }

    #[test]
    fn a_reader_that_never_answers_is_killed_in_time_and_another_is_started() {
        // It takes its question for seconds to sleep: far more than anybody waits.
        let readers = Readers::of("/bin/sleep".into(), ["sleep", "1000"]);
        let begun = Instant::now();
        for _ in 0..6 {
            assert_eq!(asked(&readers, Duration::from_millis(50)), Err("looking at it takes too long".into()));
            assert!(readers.house().alive.len() <= MOST);
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
        assert!(readers.house().idle.is_empty());
    }

    #[test]
    fn a_reader_that_ends_or_cannot_start_is_an_unknown() {
        for program in ["/bin/true", "/nowhere/at/all"] {
            let readers = Readers::of(program.into(), ["true", "x"]);
            for _ in 0..=MOST {
                let said = asked(&readers, Duration::from_secs(20)).unwrap_err();
                assert!(said.starts_with("whoever looks at files for us cannot"), "{said}");
            }
        }
    }

    #[test]
    fn time_that_is_over_asks_nobody() {
        let readers = Readers::of("/bin/sleep".into(), ["sleep", "1000"]);
        assert!(asked(&readers, Duration::ZERO).is_err());
    }
}
