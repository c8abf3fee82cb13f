//! A passphrase, typed on the terminal that this process is on: never an argument, a
//! variable or a stream that somebody else could fill.
//!
//! Not here: what it is for.

use std::fs::File;
use std::io::{self, Read, Write};

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use tollgate_admin::Proof;

use crate::error::Error;

/// Most bytes of one line.
const MOST: usize = 1100;

/// Asks whose passphrase it is, where several people have one, and for it.
pub(crate) fn proof(names: &[String], named: Option<&str>) -> Result<Proof, Error> {
    let mut terminal = open()?;
    let name = match (named, names) {
        (Some(name), _) => name.to_owned(),
        (None, [only]) => only.clone(),
        (None, _) => line(&mut terminal, &format!("who are you ({})? ", names.join(", ")))?,
    };
    let passphrase = hidden(&mut terminal, &format!("passphrase of {name}: "))?;
    Ok(Proof { name, passphrase })
}

/// A new one, typed twice.
pub(crate) fn new(name: &str) -> Result<Proof, Error> {
    let mut terminal = open()?;
    let passphrase = hidden(&mut terminal, &format!("new passphrase of {name}: "))?;
    if hidden(&mut terminal, "the same again: ")? != passphrase {
        return Err(Error::NotTheSame);
    }
    Ok(Proof { name: name.to_owned(), passphrase })
}

fn open() -> Result<File, Error> {
    File::options().read(true).write(true).open("/dev/tty").map_err(Error::kernel("open the terminal"))
}

/// What is typed is not shown, and the terminal is as it was afterwards.
fn hidden(terminal: &mut File, prompt: &str) -> Result<String, Error> {
    let before = tcgetattr(&*terminal).map_err(Error::kernel("read the terminal's modes"))?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    silent.local_flags.insert(LocalFlags::ECHONL);
    tcsetattr(&*terminal, SetArg::TCSAFLUSH, &silent).map_err(Error::kernel("silence the terminal"))?;
    let typed = line(terminal, prompt);
    tcsetattr(&*terminal, SetArg::TCSADRAIN, &before).map_err(Error::kernel("set the terminal back"))?;
    typed
}

fn line(terminal: &mut File, prompt: &str) -> Result<String, Error> {
    terminal.write_all(prompt.as_bytes())?;
    let (mut typed, mut byte) = (Vec::new(), [0]);
    while typed.len() < MOST && terminal.read(&mut byte)? == 1 && byte != *b"\n" {
        typed.extend(byte);
    }
    String::from_utf8(typed).map_err(|_| io::Error::from(io::ErrorKind::InvalidData).into())
}
