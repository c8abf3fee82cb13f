//! A small tool with a mode for every property that a caller could notice.
//!
//! `probe [@FD] MODE [OPERAND...]` does one thing and reports on descriptor 1, or
//! on FD. It is entered through libc's `main`: Rust's own start-up would reopen
//! closed standard descriptors and ignore SIGPIPE, which is just what must be seen.
//!
//! Not here: any judgement. It says what it sees; the tests compare.
#![no_main]

mod children;
mod launch;
mod listing;
mod output;
mod signals;
mod streams;
mod terminal;

use std::ffi::{CStr, c_char, c_int};

use output::{Report, complain};

/// The arguments as the kernel gave them, the program's name first.
pub type Arguments = Vec<Vec<u8>>;

/// What libc calls.
#[unsafe(no_mangle)]
pub extern "C" fn main(count: c_int, arguments: *const *const c_char) -> c_int {
    let arguments = strings(arguments, usize::try_from(count).unwrap_or(0));
    let mut words = arguments.iter().skip(1).map(Vec::as_slice).peekable();
    let mut report = Report::to(1);
    if let Some(number) = words.peek().and_then(|word| word.strip_prefix(b"@")) {
        report = Report::to(number_of(number));
        words.next();
    }
    let mode = words.next().map_or_else(String::new, |word| String::from_utf8_lossy(word).into_owned());
    let operands: Vec<&[u8]> = words.collect();
    let code = run(&mode, &operands, &arguments, &mut report);
    if report.write() { code } else { 3 }
}

fn run(mode: &str, operands: &[&[u8]], arguments: &Arguments, report: &mut Report) -> c_int {
    let number = |at: usize| operands.get(at).map_or(0, |operand| number_of(operand));
    let text = |at: usize| operands.get(at).copied().unwrap_or_default();
    match mode {
        "exit" => return number(0),
        "dump" => return signals::dump(),
        "die" => return signals::die(text(0)),
        "pester" => signals::pester(number(0), text(1)),
        "stop" => return signals::stop(text(0), report),
        "signal" => return signals::echo(number(0), text(1), report),
        "first-signal" => return signals::first(text(0), report),
        "steady" => return signals::steady(),
        "ask" => return signals::ask(),
        "window" => return signals::window(report),
        "password" => return terminal::password(),
        "terminal" => terminal::stand(report),
        "burn" => signals::burn(number(0)),
        "heard" => return signals::heard(report),
        "argv" | "" => listing::strings(arguments, report),
        "env" => listing::environment(report),
        "descriptors" => listing::descriptors(report),
        "status" => listing::status(operands, report),
        "limits" => listing::limits(report),
        "umask" => listing::umask(report),
        "nice" => listing::nice(report),
        "cwd" => listing::folder(report),
        "create" => return streams::create(text(0)),
        "echo" => return streams::copy(0, 1),
        "cat" => return streams::cat(text(0)),
        "yes" => return streams::repeat(b"y\n"),
        "generate" => return streams::generate(number(0)),
        "interleave" => return streams::interleave(number(0)),
        "read" => return streams::take(number(0), number(1), report),
        "write" => return streams::write_text(number(0), text(1)),
        "offset" => streams::offset(number(0), report),
        "flags" => streams::flags(number(0), report),
        "nonblock" => streams::set_nonblock(number(0), text(1) == b"on"),
        "flock" => streams::lock(number(0), report),
        "close" => return streams::close_then_wait(number(0), text(1)),
        "wait" => return streams::say_and_wait(text(1), text(0)),
        "hold" => return children::hold(text(0)),
        "daemonise" => return children::daemonise(text(0), text(1)),
        "launch" => return launch::launch(operands),
        "witness" => return launch::witness(operands, report),
        _ => return complain(&format!("no mode `{mode}`")),
    }
    0
}

fn strings(list: *const *const c_char, count: usize) -> Arguments {
    // SAFETY: the kernel and libc give `count` pointers to NUL-terminated strings.
    (0..count).map(|at| unsafe { CStr::from_ptr(*list.add(at)) }.to_bytes().to_vec()).collect()
}

fn number_of(digits: &[u8]) -> c_int {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(-1)
}
