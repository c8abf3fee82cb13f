//! Commands that a shell has itself.
//!
//! Deliberately not here: doing what they do to variables and folders (`walk`).

/// What a shell's own command does to the rest of its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    /// Nothing but print or end, whatever its words are.
    Quiet,
    /// The same, as long as it has no words.
    Bare,
    /// Tests what its words say.
    Tests,
    /// Prints, or sets the variable behind `-v`.
    Prints,
    /// Waits, and sets the variable behind `-p`.
    Waits,
    /// Goes to another folder.
    Goes,
    /// Goes to a folder that cannot be told.
    GoesSomewhere,
    /// Sets variables that its words name.
    Declares,
    Unsets,
    /// Sets the shell's options.
    Sets,
    /// Sets variables that its words name to what cannot be told.
    Reads,
    /// Computes its words.
    Computes,
    /// Runs its words as a script.
    Evaluates,
    /// Runs its first word as a script, later.
    Traps,
    /// Makes names mean something else, or runs what its words say.
    Redefines,
}

/// The shell's own command of this name. POSIX `sh`, bash(1) SHELL BUILTIN
/// COMMANDS.
pub(super) fn of(name: &[u8], zsh: bool) -> Option<Builtin> {
    let builtin = match name {
        b":" | b"true" | b"false" | b"echo" | b"pwd" => Builtin::Quiet,
        b"exit" | b"return" | b"break" | b"continue" | b"shift" | b"type" | b"times" | b"umask" | b"ulimit"
        | b"dirs" | b"fg" | b"bg" | b"disown" | b"logout" | b"caller" | b"suspend" => Builtin::Quiet,
        b"jobs" | b"history" => Builtin::Bare,
        b"test" | b"[" => Builtin::Tests,
        b"printf" => Builtin::Prints,
        b"wait" => Builtin::Waits,
        b"cd" => Builtin::Goes,
        b"pushd" | b"popd" | b"chdir" => Builtin::GoesSomewhere,
        b"export" | b"declare" | b"typeset" | b"local" | b"readonly" => Builtin::Declares,
        b"unset" => Builtin::Unsets,
        b"set" => Builtin::Sets,
        b"read" | b"mapfile" | b"readarray" | b"getopts" => Builtin::Reads,
        b"let" => Builtin::Computes,
        b"eval" => Builtin::Evaluates,
        b"trap" => Builtin::Traps,
        b"source" | b"." | b"alias" | b"unalias" | b"enable" | b"hash" | b"bind" | b"fc" | b"complete" | b"compgen"
        | b"compopt" | b"shopt" => Builtin::Redefines,
        _ if zsh => return of_zsh(name),
        _ => return None,
    };
    let certain = matches!(builtin, Builtin::Goes | Builtin::GoesSomewhere | Builtin::Tests) || is_quiet_in_zsh(name);
    Some(if zsh && !certain { Builtin::Redefines } else { builtin })
}

/// zsh evaluates numbers, and expands prompts and patterns, in most of its own
/// commands (zshbuiltins(1)): those that print their words as they are do not.
fn is_quiet_in_zsh(name: &[u8]) -> bool {
    matches!(name, b":" | b"true" | b"false" | b"echo" | b"pwd")
}

fn of_zsh(name: &[u8]) -> Option<Builtin> {
    Some(match name {
        b"whence" | b"where" | b"which" | b"print" | b"integer" | b"float" | b"vared" | b"setopt" | b"unsetopt"
        | b"emulate" | b"autoload" | b"zmodload" | b"zle" | b"functions" | b"rehash" | b"disable" | b"bindkey"
        | b"sched" | b"zstyle" | b"noglob" | b"nocorrect" | b"-" => Builtin::Redefines,
        _ => return None,
    })
}

/// Whether POSIX calls it a special one: variables before it stay set, where the
/// shell goes by POSIX.
pub(super) fn keeps_assignments(name: &[u8]) -> bool {
    matches!(
        name,
        b":" | b"."
            | b"break"
            | b"continue"
            | b"eval"
            | b"exec"
            | b"exit"
            | b"export"
            | b"readonly"
            | b"return"
            | b"set"
            | b"shift"
            | b"source"
            | b"times"
            | b"trap"
            | b"unset"
    )
}
