//! Why the gate itself failed, and how that is said: a few lines for people, one
//! JSON line for agents, exit code 125. What the daemon refuses it words itself.

use tollgate_bare::{Errno, Text, files};
use tollgate_wire::{Error, MAX_BLOCK, MAX_DESCRIPTORS};

use crate::call::Call;
use crate::gate::{self, Socket};
use crate::voice::{Voice, say_on_terminal};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Called by its own name without a socket and a command.
    Usage,
    /// The open descriptors cannot be listed, or are too many.
    Descriptors,
    /// The shim finds no place for descriptors of its own.
    NoDescriptor,
    /// Arguments and environment are too long.
    TooLong,
    /// No memory.
    Memory(Errno),
    /// Waiting is impossible.
    Poll(Errno),
    /// Nobody answers at this socket.
    NoDaemon(Socket, Errno),
    /// The daemon is there and does not read.
    Stuck(Errno),
    /// One of the descriptors is of a kind that the kernel passes to nobody.
    Unpassable,
    /// The daemon hung up without an answer.
    HungUp,
    /// What came is no message of ours.
    Garbled(Error),
    /// Whoever held the running tool is gone, and its end is not known.
    Abandoned,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Garbled(error)
    }
}

/// Most bytes of a tool's name and of a socket's path that are shown.
const SHOWN: (usize, usize) = (60, 240);
const USAGE: &[u8] = b"tollgate-shim: give a socket and a command: `tollgate-shim SOCKET COMMAND [ARGUMENT...]`\n";
/// Room for everything that is said.
type Words = Text<1536>;

impl Problem {
    /// Waiting, connecting or opening failed: of all causes one has its own cure.
    pub(crate) fn of(errno: Errno, otherwise: impl FnOnce(Errno) -> Self) -> Self {
        if errno == Errno::EMFILE { Self::NoDescriptor } else { otherwise(errno) }
    }

    /// Says it.
    pub(crate) fn tell(&self, call: Option<&Call>, voice: Voice) {
        let (Some(call), false) = (call, *self == Self::Usage) else { return voice.say(USAGE) };
        let mut place = [0; files::PATH_MAX];
        let socket = match self {
            Self::NoDaemon(socket, _) => gate::name(&call.gate, *socket, &mut place),
            _ => b"",
        };
        let mut words = self.words(call.tool, socket);
        match self {
            // Nothing of the caller's is open any more.
            Self::Abandoned => say_on_terminal(words.as_bytes()),
            _ => voice.say(words.as_bytes()),
        }
    }

    fn words(&self, tool: &[u8], socket: &[u8]) -> Words {
        let mut words = Words::new();
        words.put(match self {
            Self::Abandoned => "tollgate: lost sight of `",
            _ => "tollgate: refused `",
        });
        self.reason(words.escaped(tool, SHOWN.0).put("`\n  "), socket);
        words.put("\n").put(self.advice());
        if *self != Self::Abandoned {
            words
                .put("tollgate: {\"v\":1,\"verdict\":\"none\",\"reason\":\"gate\",\"retry\":")
                .put(self.retry())
                .put("}\n");
        }
        words
    }

    fn reason(&self, words: &mut Words, socket: &[u8]) {
        match self {
            Self::Usage => words,
            Self::Descriptors => words
                .put("its open descriptors cannot be passed on: more than ")
                .number(MAX_DESCRIPTORS as u64)
                .put(", or not readable in /proc/self/fd"),
            Self::NoDescriptor => words.put("the shim needs three descriptors of its own, and the limit leaves none"),
            Self::TooLong => words
                .put("its arguments and environment are longer than ")
                .number((MAX_BLOCK / 1024 / 1024) as u64)
                .put(" MiB, or the tool's name is longer than 255 bytes"),
            Self::Memory(errno) => cause(words.put("the shim gets no memory"), *errno),
            Self::Poll(errno) => cause(words.put("the shim cannot wait"), *errno),
            Self::NoDaemon(_, errno) => {
                words.put("the daemon does not answer at `").escaped(socket, SHOWN.1);
                cause(words.put("`"), *errno)
            }
            Self::Stuck(errno) => cause(words.put("the daemon does not take the request"), *errno),
            Self::Unpassable => {
                words.put("one of its open descriptors is of a kind that cannot be passed on, io_uring for one")
            }
            Self::HungUp => words.put("the daemon hung up without an answer"),
            Self::Garbled(error) => words.put("the daemon speaks another language: ").put(garbled(*error)),
            Self::Abandoned => {
                words.put("its supervisor is gone; whether it still runs, or how it ended, is not known here")
            }
        };
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Usage => "",
            Self::Descriptors => "  close some of them before the call\n",
            Self::NoDescriptor => "  close some before the call, or raise `ulimit -n`\n",
            Self::TooLong => "  pass less, or pass it in a file\n",
            Self::Memory(_) | Self::Poll(_) | Self::Unpassable => "  nothing was run\n",
            Self::NoDaemon(..) => "  start it with `tollgate service start`, then look with `tollgate status`\n",
            Self::Stuck(_) | Self::HungUp => "  nothing was run; `tollgate status` says how the daemon does\n",
            Self::Garbled(_) => DIFFER,
            Self::Abandoned => "  see `tollgate status` and the audit\n",
        }
    }

    /// Whether the same call may succeed later.
    fn retry(&self) -> &'static str {
        match self {
            Self::Descriptors | Self::NoDescriptor | Self::TooLong | Self::Unpassable => "false",
            _ => "true",
        }
    }
}

fn cause(words: &mut Words, errno: Errno) -> &mut Words {
    match errno.words() {
        Some(text) => words.put(": ").put(text),
        None => words.put(": error ").number(errno.0.unsigned_abs().into()),
    }
}

/// Without `core::fmt`, which would double the program.
fn garbled(error: Error) -> &'static str {
    match error {
        Error::Version(_) => "another version",
        Error::Unknown(_) => "an unknown message",
        _ => "a broken message",
    }
}

/// `tollgate doctor` finds the version of a shim by these words.
const DIFFER: &str = concat!(
    "  tollgate-shim ",
    env!("CARGO_PKG_VERSION"),
    " and the daemon are of different versions: install both anew\n"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn said(problem: Problem, tool: &[u8], socket: &[u8]) -> String {
        String::from_utf8(problem.words(tool, socket).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_daemon_that_is_down_is_named_with_what_to_do() {
        let problem = Problem::NoDaemon(Socket::Own, Errno::ECONNREFUSED);
        let expected = "\
tollgate: refused `terraform`
  the daemon does not answer at `/run/user/1000/tollgate/gate`: nobody listens there
  start it with `tollgate service start`, then look with `tollgate status`
tollgate: {\"v\":1,\"verdict\":\"none\",\"reason\":\"gate\",\"retry\":true}
";
        assert_eq!(said(problem, b"terraform", b"/run/user/1000/tollgate/gate"), expected);
    }

    #[test]
    fn what_the_caller_named_cannot_steer_a_terminal() {
        let problem = Problem::NoDaemon(Socket::Given, Errno(200));
        let words = said(problem, b"evil\x1b]0;x\x07\n", &[b'\x1b'; 5000]);
        assert!(words.starts_with("tollgate: refused `evil\\x1b]0;x\\x07\\x0a`\n  the daemon"));
        assert!(words.contains("\\x1b...`: error 200\n"));
        assert!(words.ends_with("\"retry\":true}\n"));
    }

    #[test]
    fn what_cannot_succeed_later_says_so() {
        for problem in [Problem::Descriptors, Problem::NoDescriptor, Problem::TooLong, Problem::Unpassable] {
            assert!(said(problem, b"aws", b"").ends_with("\"retry\":false}\n"));
        }
        assert!(!said(Problem::Abandoned, b"aws", b"").contains('{'));
    }
}
