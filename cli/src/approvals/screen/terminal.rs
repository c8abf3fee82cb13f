//! The terminal, taken for a screen and given back as it was: at the end, on an error,
//! and where this program breaks.

use std::io::{self, Stdout, Write as _};
use std::panic;
use std::sync::Once;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

/// The screen; given back when dropped.
pub(super) struct Screen(pub(super) Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    /// Takes the terminal.
    pub(super) fn enter() -> io::Result<Self> {
        // A panic ends the process without dropping anything.
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |told| {
                give_back();
                before(told);
            }));
        });
        enable_raw_mode()?;
        let screen = || {
            execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
            Terminal::new(CrosstermBackend::new(io::stdout()))
        };
        screen().map(Self).inspect_err(|_| give_back())
    }

    /// Takes it again, after this process was stopped and somebody else had it.
    pub(super) fn enter_again(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        self.0.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// There is nobody to tell where this does not work: the terminal is gone.
fn give_back() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = io::stdout().flush();
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests;
