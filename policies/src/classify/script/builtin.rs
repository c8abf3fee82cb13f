//! Commands that a shell has itself.
//!
//! Deliberately not here: doing what they do to variables and folders (`walk`).

/// What a shell's own command does to the rest of its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    /// Nothing but print, test or end.
    Quiet,
    /// Goes to another folder.
    Goes,
    /// Goes to a folder that cannot be told.
    GoesSomewhere,
    /// Sets variables that its words name.
    Declares,
    Unsets,
    /// Sets the shell's options.
    Sets,
    /// Sets variables to what cannot be told.
    Reads,
    /// Runs its words as a script.
    Evaluates,
    /// Runs its first word as a script, later.
    Traps,
    /// Makes names mean something else.
    Redefines,
}

/// The shell's own command of this name. POSIX `sh`, bash(1) SHELL BUILTIN
/// COMMANDS, zshbuiltins(1).
pub(super) fn of(name: &[u8]) -> Option<Builtin> {
    Some(match name {
        b":" | b"true" | b"false" | b"echo" | b"test" | b"[" | b"pwd" | b"exit" | b"return" | b"break"
        | b"continue" | b"shift" | b"type" | b"whence" | b"where" | b"which" | b"jobs" | b"times" | b"umask"
        | b"ulimit" | b"dirs" | b"fg" | b"bg" | b"disown" | b"wait" | b"logout" | b"history" | b"caller"
        | b"suspend" | b"print" => Builtin::Quiet,
        b"cd" => Builtin::Goes,
        b"pushd" | b"popd" | b"chdir" => Builtin::GoesSomewhere,
        b"export" | b"declare" | b"typeset" | b"local" | b"readonly" | b"integer" | b"float" => Builtin::Declares,
        b"unset" => Builtin::Unsets,
        b"set" => Builtin::Sets,
        b"read" | b"mapfile" | b"readarray" | b"getopts" | b"let" | b"vared" => Builtin::Reads,
        b"eval" => Builtin::Evaluates,
        b"trap" => Builtin::Traps,
        b"source" | b"." | b"alias" | b"unalias" | b"enable" | b"hash" | b"bind" | b"fc" | b"complete" | b"compgen"
        | b"compopt" | b"shopt" | b"setopt" | b"unsetopt" | b"emulate" | b"autoload" | b"zmodload" | b"zle"
        | b"functions" | b"rehash" | b"disable" | b"bindkey" | b"sched" | b"zstyle" | b"noglob" | b"nocorrect"
        | b"-" => Builtin::Redefines,
        _ => return None,
    })
}
