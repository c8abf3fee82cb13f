//! A page's blocks: what stands between two lines of three ticks.

/// How a block is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// A person types it.
    Person,
    /// An agent types it.
    Agent,
    /// An agent types it, and a person answers in the next block.
    Waiting,
    /// A script or test runs it.
    By(String),
    /// It is a policy.
    Policy,
    /// It is a policy that a person writes into `policy.d`.
    Written(String),
    /// It is a file of the home.
    File(String),
    /// It is what `tollgate.toml` says.
    Settings,
    Toml,
    Json,
    Text,
    /// It does not say.
    Unmarked,
}

/// One block.
#[derive(Debug)]
pub struct Block {
    pub held: Held,
    /// What stands after the ticks.
    pub mark: String,
    /// The line of the page that it begins on.
    pub line: usize,
    pub text: String,
}

/// What is typed, and what is shown then.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    pub command: &'a str,
    pub shown: Vec<&'a str>,
}

impl Held {
    /// Whether something happens by it.
    pub fn is_played(&self) -> bool {
        !matches!(self, Self::By(_) | Self::Toml | Self::Json | Self::Text | Self::Unmarked)
    }
}

impl Block {
    /// What is typed in it: after a `$`, or, where it shows no console, calls of `tollgate`.
    pub fn commands(&self) -> Vec<&str> {
        let typed = |line: &'_ str| -> bool { line.starts_with("$ ") || line.trim_start().starts_with("tollgate ") };
        let console = self.mark.starts_with("console");
        let lines = self.text.lines().filter(|line| if console { line.starts_with("$ ") } else { typed(line) });
        lines.map(|line| line.trim_start().trim_start_matches("$ ")).collect()
    }

    /// Its commands, each with what follows it.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command, shown: Vec::new() }),
                (None, Some(step)) => step.shown.push(line),
                (None, None) => panic!("line {}: `{line}` is shown before anything is typed", self.line),
            }
        }
        steps
    }
}

/// Every block of a page.
pub fn of(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in page.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(mark), None) => {
                open = Some(Block { held: held(mark), mark: mark.to_owned(), line: at + 1, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}

fn held(mark: &str) -> Held {
    match mark {
        "console" => Held::Person,
        "console,agent" => Held::Agent,
        "console,agent,waits" => Held::Waiting,
        "toml,policy" => Held::Policy,
        "toml,settings" => Held::Settings,
        "toml" => Held::Toml,
        "json" => Held::Json,
        "text" => Held::Text,
        _ => match mark.rsplit_once('=') {
            Some(("console,by" | "yaml,by", file)) => Held::By(file.to_owned()),
            Some(("toml,policy,as", name)) => Held::Written(name.to_owned()),
            Some(("yaml,as", name)) => Held::File(name.to_owned()),
            _ => Held::Unmarked,
        },
    }
}

#[test]
fn what_is_typed_is_told_from_what_is_shown() {
    let blocks = of("a\n```console\n$ one\nx\ny\n$ two\n```\n```\nz\n```\n");
    let steps = blocks[0].steps();
    assert_eq!(steps[0], Step { command: "one", shown: vec!["x", "y"] });
    assert_eq!(steps[1], Step { command: "two", shown: vec![] });
    assert_eq!((blocks[1].held.clone(), blocks[1].line), (Held::Unmarked, 8));
}
