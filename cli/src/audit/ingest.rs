//! `tollgate audit ingest`: another recorder's JSON lines, through the daemon.
//!
//! Lines go in as they come, many at a time where many wait. Not here: what becomes
//! of them (the daemon scrubs, marks and records them).

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};

use clap::Args;
use tollgate_admin::{Ask, Lines, MAX_FOREIGN, PIECE, Reply};

use super::progress::Progress;
use crate::arguments::Root;
use crate::door::Door;
use crate::error::Error;
use crate::{output, places};

/// Lines that are read ahead.
const AHEAD: usize = 4096;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// The recorder's name: `kubernetes`, `github-actions`
    #[arg(long, value_name = "NAME")]
    source: String,
}

/// Adds every line of standard input.
pub(crate) fn ingest(arguments: &Arguments) -> Result<ExitCode, Error> {
    let places = places::of(arguments.root.root.as_deref())?;
    let mut door = Door::ask(&places.admin(), &Ask::Ingest { source: arguments.source.clone() })?;
    let Reply::Done {} = door.granted()? else { return Err(Error::Reply) };
    let lines = read_ahead();
    let mut sending = Sending { door, batch: Vec::new(), bytes: 0, records: 0, progress: Progress::new("recorded") };
    let sent = sending.all(&lines);
    let records = sending.records;
    drop(sending);
    let records = output::count(usize::try_from(records).unwrap_or(usize::MAX), "foreign record");
    output::say(format_args!("in the chain: {records} of `{}`", arguments.source));
    sent?;
    Ok(ExitCode::SUCCESS)
}

/// The lines of standard input, read on a thread of their own.
fn read_ahead() -> Receiver<io::Result<String>> {
    let (to, lines) = mpsc::sync_channel(AHEAD);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let most = MAX_FOREIGN as u64 + 2;
            let read = io::Read::take(&mut input, most).read_until(b'\n', &mut line);
            let next = match read {
                Ok(0) => return,
                Ok(_) => text(line),
                Err(cause) => Err(cause),
            };
            let failed = next.is_err();
            if to.send(next).is_err() || failed {
                return;
            }
        }
    });
    lines
}

fn text(mut line: Vec<u8>) -> io::Result<String> {
    line.pop_if(|last| *last == b'\n');
    line.pop_if(|last| *last == b'\r');
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    if line.len() > MAX_FOREIGN {
        return Err(wrong("a line is longer than the daemon takes"));
    }
    String::from_utf8(line).map_err(|_| wrong("a line is not UTF-8"))
}

struct Sending {
    door: Door,
    batch: Vec<String>,
    bytes: usize,
    records: u64,
    progress: Progress,
}

impl Sending {
    fn all(&mut self, lines: &Receiver<io::Result<String>>) -> Result<(), Error> {
        while let Ok(line) = lines.recv() {
            self.add(line.map_err(Error::Input)?)?;
            // What waits already goes along.
            while let Ok(line) = lines.try_recv() {
                self.add(line.map_err(Error::Input)?)?;
            }
            self.flush(false)?;
        }
        Ok(())
    }

    fn add(&mut self, line: String) -> Result<(), Error> {
        if line.trim().is_empty() {
            return Ok(());
        }
        if self.bytes + line.len() > PIECE {
            self.flush(false)?;
        }
        let mut rest = line.as_str();
        while rest.len() > PIECE {
            let at = (1..=PIECE).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            let (piece, more) = rest.split_at(at);
            self.batch.push(piece.to_owned());
            self.flush(true)?;
            rest = more;
        }
        self.bytes += rest.len();
        self.batch.push(rest.to_owned());
        Ok(())
    }

    /// Sends what was gathered; whether its last line goes on in the next frame.
    fn flush(&mut self, more: bool) -> Result<(), Error> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        self.door.send(&Lines { lines: std::mem::take(&mut self.batch), more })?;
        match self.door.granted()? {
            Reply::Ingested { records, .. } => self.records = records,
            _ => return Err(Error::Reply),
        }
        self.progress.show(self.records, None);
        Ok(())
    }
}
