//! The terminal after this program broke.

use std::io::Read;
use std::process::Command;

use nix::sys::termios::tcgetattr;

use super::*;
use crate::sys;

/// Set in the process that is to break.
const BREAKS: &str = "TOLLGATE_TEST_BREAKS";

/// Where the variable says so this test is the program that breaks, and its screen is
/// leaked: as in a program that aborts, nothing but the hook gives the terminal back.
#[test]
fn a_terminal_is_as_it_was_after_a_panic() {
    if std::env::var_os(BREAKS).is_some() {
        std::mem::forget(Screen::enter().unwrap());
        panic!("on purpose");
    }
    let sys::Terminal { mut screen, line } = sys::terminal().unwrap();
    let before = tcgetattr(&line).unwrap();
    let copy = || line.try_clone().unwrap();
    let name = "approvals::screen::terminal::tests::a_terminal_is_as_it_was_after_a_panic";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(BREAKS, "1");
    command.stdin(copy()).stdout(copy()).stderr(copy());
    sys::lead_terminal(&mut command);
    assert!(!command.status().unwrap().success());
    assert_eq!(tcgetattr(&line).unwrap(), before);
    let mut shown = [0; 8192];
    let count = screen.read(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown[..count]);
    let at = |sequence: &str| shown.rfind(sequence).unwrap_or_else(|| panic!("no {sequence:?} in {shown:?}"));
    assert!(at("\u{1b}[?1049h") < at("\u{1b}[?1049l") && at("\u{1b}[?25l") < at("\u{1b}[?25h"), "{shown:?}");
    assert!(at("\u{1b}[?1049l") < at("on purpose"), "what broke can be read: {shown:?}");
}
