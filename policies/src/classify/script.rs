//! Reading a shell script: which commands it runs, with which words, variables
//! and folder.
//!
//! The grammar is that of the crate `brush-parser`; what the script does to
//! variables and folders on its way is followed as far as its text tells. What it
//! does not tell (expansions of what is set elsewhere, functions, `eval`) leaves a
//! doubt: the reason why the script can run commands that are not among the steps.
//! Deliberately not here: what any command means.

use std::borrow::Cow;

use super::UNCLEAR;
use super::environment::sets;

mod arithmetic;
mod bounds;
mod builtin;
mod special;
mod state;
mod walk;
mod word;

pub(crate) use state::Folder;

/// What a script runs.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub steps: Vec<Step>,
    /// Why it can do something else besides.
    pub doubts: Vec<Cow<'static, str>>,
}

/// One step of a script.
#[derive(Debug)]
pub(crate) struct Step {
    pub does: Does,
    pub folder: Folder,
    /// Whether any variable may have any value, by what the script did before.
    pub doubtful: bool,
    /// Variables that are set otherwise than around the script; none for unset.
    pub changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Does {
    /// It runs a command.
    Runs {
        /// The program first.
        words: Vec<Vec<u8>>,
        /// Why the words can be others.
        unclear: Option<&'static str>,
    },
    /// A redirection writes this file.
    Writes(Vec<u8>),
    /// A redirection reads this file.
    Reads(Vec<u8>),
}

impl Step {
    /// The variables of this command, from those around the script.
    pub(crate) fn environment<'e>(&self, around: &[&'e [u8]]) -> Vec<Cow<'e, [u8]>> {
        let changed = |entry: &[u8]| self.changes.iter().any(|(known, _)| sets(entry, known));
        let mut env: Vec<Cow<'e, [u8]>> = Vec::with_capacity(around.len() + self.changes.len());
        env.extend(around.iter().filter(|entry| !changed(entry)).map(|entry| Cow::Borrowed(*entry)));
        let set = |(name, value): &(Vec<u8>, Option<Vec<u8>>)| {
            value.as_ref().map(|value| Cow::Owned([name.as_slice(), b"=", value].concat()))
        };
        env.extend(self.changes.iter().filter_map(set));
        env
    }
}

/// Reads a script of this shell, which runs with these variables.
pub(crate) fn read(script: &[u8], shell: &str, env: &[&[u8]]) -> Result<Script, Cow<'static, str>> {
    let mut walk = walk::Walk::new(shell, env);
    walk.script(script)?;
    Ok(walk.into_script())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command on a line, words in quotes where they are unclear; then doubts.
    fn steps(script: &str) -> Vec<String> {
        let env: [&[u8]; 3] = [b"HOME=/home/me", b"NS=prod", b"TWO=a b"];
        let script = match read(script.as_bytes(), "bash", &env) {
            Ok(script) => script,
            Err(why) => return vec![format!("? {why}")],
        };
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', "?");
        let step = |step: &Step| {
            let does = match &step.does {
                Does::Runs { words, .. } => words.iter().map(|word| shown(word)).collect::<Vec<_>>().join(" "),
                Does::Writes(path) => format!(">{}", shown(path)),
                Does::Reads(path) => format!("<{}", shown(path)),
            };
            let changes = step.changes.iter().map(|(name, value)| match value {
                Some(value) => format!("{}={} ", shown(name), shown(value)),
                None => format!("-{} ", shown(name)),
            });
            let folder = match &step.folder {
                Folder::Start => String::new(),
                Folder::At(folder) => format!(" @{}", shown(folder)),
                Folder::Unknown => String::from(" @?"),
            };
            format!("{}{does}{folder}", changes.collect::<String>())
        };
        let doubts = script.doubts.iter().map(|why| format!("? {why}"));
        script.steps.iter().map(step).chain(doubts).collect()
    }

    #[test]
    fn every_command_of_a_script_is_found() {
        assert_eq!(steps("a && b || c; d | e & f"), ["a", "b", "c", "d", "e", "f"]);
        assert_eq!(steps("if a; then b; elif c; then d; else e; fi"), ["a", "b", "c", "d", "e"]);
        assert_eq!(steps("for x in 1 2; do a; done; while b; do c; done"), ["a", "b", "c"]);
        assert_eq!(steps("case x in y) a;; *) b;; esac; ( c; { d; } )"), ["a", "b", "c", "d"]);
        assert_eq!(steps("a $(b `c`) <(d)"), ["c", "b ?", "d", "a ? /dev/fd/?"]);
        assert_eq!(steps("! a"), ["a"]);
        assert_eq!(steps("[[ -n $(a) ]] && b"), ["a", "b"]);
    }

    #[test]
    fn words_are_what_the_shell_makes_of_them() {
        assert_eq!(steps(r#"a 'b c' "d e" f\ g ''"#), ["a b c d e f g "]);
        assert_eq!(steps("a $NS \"$NS\" \"x-${NS}\""), ["a prod prod x-prod"]);
        assert_eq!(steps("a $TWO \"$TWO\""), ["a ? a b"]);
        assert_eq!(steps("a $NOWHERE ${NS:-x} $1 $((1+1)) *.txt {a,b}"), ["a ? ? ? ? ?.txt ?"]);
        assert_eq!(steps("a ~/x ./*.txt /[a-b]*/c"), ["a /home/me/x ./?.txt /??/c"]);
        assert_eq!(steps("$NS x"), ["prod x"]);
        assert_eq!(steps("$X x"), ["? x"]);
    }

    #[test]
    fn variables_are_followed() {
        assert_eq!(steps("A=b c"), ["A=b c"]);
        assert_eq!(steps("export A=b; c"), ["A=b c"]);
        assert_eq!(steps("A=b; c $A"), ["c b"]);
        assert_eq!(steps("NS=x; c"), ["NS=x c"]);
        assert_eq!(steps("unset NS; c"), ["-NS c"]);
        assert_eq!(steps("a && NS=x; c"), ["a", "NS=? c"]);
        assert_eq!(steps("(NS=x; a); b"), ["NS=x a", "b"]);
        assert_eq!(steps("export A=$(date); c"), ["date", "A=? c"]);
        assert_eq!(steps("for NS in a b; do c $NS; done"), ["NS=? c ?"]);
        assert_eq!(steps("read NS; c $NS"), ["NS=? c ?"]);
        assert_eq!(steps("NS=x : ; c"), ["NS=? c"]);
        assert_eq!(steps("NS=x exec 2>/dev/null; c"), ["NS=x exec", "NS=? c"]);
        assert_eq!(steps("export NS; export NS=x; c"), ["NS=x c"]);
        assert_eq!(steps("export \"NS=x\"; c"), ["NS=x c"]);
        assert_eq!(steps("export NEW; NEW=x; c"), ["NEW=x c"]);
        assert_eq!(steps("PATH=x; c"), ["PATH=x c"]);
        assert_eq!(steps("unset PATH; c"), ["PATH=? c"]);
        assert_eq!(steps("while a; do b $NS; NS=x; done"), ["NS=? a", "NS=? b ?"]);
    }

    #[test]
    fn folders_are_followed() {
        assert_eq!(steps("cd infra && a"), ["a @infra"]);
        assert_eq!(steps("cd infra && cd x && a; b"), ["a @infra/x", "b @?"]);
        assert_eq!(steps("cd infra; a"), ["a @?"]);
        assert_eq!(steps("(cd infra && a); b"), ["a @infra", "b"]);
        assert_eq!(steps("cd .. && a"), ["a @?"]);
        assert_eq!(steps("cd && a"), ["a @/home/me"]);
        assert_eq!(steps("cd $(x) && a"), ["x", "a @?"]);
        assert_eq!(steps("pushd x && a"), ["a @?"]);
        assert_eq!(steps("CDPATH=/x cd infra && a"), ["a @?"]);
    }

    #[test]
    fn files_that_are_written_are_named() {
        assert_eq!(steps("a >b 2>&1 </x 2>/dev/null"), ["</x", ">b", "a"]);
        assert_eq!(steps("echo x >>f"), [">f"]);
        assert_eq!(steps("a >\"$X\""), [">?", "a"]);
    }

    #[test]
    fn what_can_be_anything_is_doubted() {
        for script in ["eval x", "source x", ". x", "f() { a; }; f", "alias a=b", "trap 'a' EXIT", "enable -f x y"] {
            assert!(steps(script).iter().any(|line| line.starts_with("? ")), "{script}: {:?}", steps(script));
        }
        for script in ["a (", "if", "'", "\"", "$(", "a <<E"] {
            assert!(steps(script).iter().any(|line| line.starts_with("? ")), "{script}: {:?}", steps(script));
        }
        assert_eq!(steps("eval 'b c'").first().map(String::as_str), Some("b c"));
    }

    /// bash(1): ARITHMETIC EVALUATION, Parameter Expansion, SHELL BUILTIN COMMANDS; each
    /// tried with bash 5.2 and a subscript that runs a command.
    #[test]
    fn what_the_shell_evaluates_again_is_doubted() {
        for script in [
            "[[ 'a[$(x)]' -eq 1 ]]",
            "[[ $X -gt 1 ]]",
            "[[ -v 'a[$(x)]' ]]",
            "[[ -R $X ]]",
            "test -v 'a[$(x)]'",
            "[ -v $X ]",
            "[ \"$X\" \"$Y\" ]",
            "[ $X = y ]",
            "X='a[$(x)]'; echo $((X))",
            "X='a[$(x)]'; (( X ))",
            "let 'a[$(x)]'",
            "let $X",
            "echo ${a[i]}",
            "echo ${a:i}",
            "echo ${@:i}",
            "echo ${!x}",
            "echo ${#a[i]}",
            "echo ${x@P}",
            "echo ${x:=y}",
            "echo \"${x-${a[i]}}\"",
            "echo \"${x:-'$((X))'}\"",
            "echo $[x]",
            "declare -i y='a[$(x)]'",
            "declare -n y=x",
            "declare 'a[$(x)]=1'",
            "typeset -i x",
            "export -n NS",
            "export -f f",
            "export \"$X\"",
            "readonly NS",
            "local x",
            "read 'a[$(x)]' <<< x",
            "read $X",
            "read -e x",
            "mapfile -C x -c 1",
            "readarray -C x",
            "mapfile 'a[$(x)]'",
            "getopts a 'a[$(x)]'",
            "wait -n -p 'a[$(x)]'",
            "wait $X",
            "printf -v 'a[$(x)]' y",
            "printf '-va[$(x)]' y",
            "printf \"$X\"",
            "unset 'a[$(x)]'",
            "unset $X",
            "PS4='$(x)'",
            "PS4='$(x)' a",
            "BASH_CMDS[ls]=x",
            "BASH_ALIASES[ls]=x",
            "PROMPT_COMMAND=x",
            "RANDOM='a[$(x)]'",
            "OPTIND=X",
            "HISTFILE=f",
            "for RANDOM in x; do a; done",
            "a[i]=1",
            "a=([i]=1)",
            "for ((i=X;;)); do a; done",
            "jobs -x a b",
            "history -w f",
            "set -k",
            "set $X",
            "set -o keyword",
            ": {NS}</dev/null",
            "coproc NS { a; }",
            "echo $\"x\"",
            "cat <<E\n${x:-${!y}}\nE",
            "shopt -s x",
            "hash -p x y",
            "enable -f x y",
            "bind -x x",
            "complete -F x y",
        ] {
            assert!(steps(script).iter().any(|line| line.starts_with("? ")), "{script}: {:?}", steps(script));
        }
    }

    #[test]
    fn what_is_certain_is_not_doubted() {
        for script in [
            "[ -f x ] && echo y",
            "[ -n \"$X\" ]",
            "[ \"$X\" ]",
            "[ \"$X\" = y ]",
            "[ $? -eq 0 ]",
            "test -d x -a -f y",
            "[[ -f $X ]]",
            "[[ $X == y* ]]",
            "[[ -v NS ]]",
            "[[ $? -ne 0 ]]",
            "printf '%s\n' \"$X\"",
            "printf -v x %s y",
            "echo ${X:-y} ${X%.*}",
            "echo ${#X} ${NS:0:2} ${X//a/b}",
            "i=0; while [ $i -lt 3 ]; do i=$((i+1)); done",
            "for ((i=0;i<3;i++)); do echo $i; done",
            "((i=1)); echo $((i*2))",
            "read -r x y",
            "read -rp 'a? ' x",
            "wait",
            "wait $!",
            "unset NS",
            "export X=\"$Y\"",
            "declare x=1",
            "set -euo pipefail",
            "set -x",
            "a=(1 2); a[0]=1",
            "echo $((1+2))",
            "cat <<E\n$X\nE",
            "echo ${1:-x}",
            "trap - EXIT",
        ] {
            assert!(!steps(script).iter().any(|line| line.starts_with("? ")), "{script}: {:?}", steps(script));
        }
    }

    #[test]
    fn in_zsh_only_plain_words_are_certain() {
        let doubts = |script: &str| read(script.as_bytes(), "zsh", &[]).map(|script| script.doubts.len());
        for script in [
            "echo *(e:'a':)",
            "print -P x",
            "echo $x",
            "echo \"$x\"",
            "x=1",
            "A=b c",
            "[ x -eq 1 ]",
            "exit x",
            "<f",
            "a ${(e)x}",
        ] {
            assert_ne!(doubts(script), Ok(0), "{script}");
        }
        for script in ["a b --c=d", "a 'b $c' && d", "[ -f x ] && a", "cd x && a"] {
            assert_eq!(doubts(script), Ok(0), "{script}");
        }
    }

    #[test]
    fn a_script_that_is_too_long_or_too_deep_is_not_read() {
        assert!(steps(&"a;".repeat(100_000))[0].starts_with("? "));
        for open in ["(", "{ ", "$(", "`", "if ", "case a in a) ", "[[ ( ", "${a:-", "while "] {
            assert!(steps(&open.repeat(500)).iter().any(|line| line.starts_with("? ")), "{open}");
        }
    }
}
