//! The book (`docs/`): every command in it is run, and says what stands there.
//!
//! Each block of a page says after its three ticks how it is held:
//!
//! | mark | held by |
//! |---|---|
//! | `console` | a person types it at a terminal outside every session; what is shown must be equal |
//! | `console,agent` | an agent types it, inside `tollgate run --agent claude-code` |
//! | `console,agent,waits` | so, and it ends after the next block, in which a person answers |
//! | `console,by=FILE`, `yaml,by=FILE` | that script or test runs it, by the same first two words |
//! | `toml,policy` | `tollgate policy check` calls it good |
//! | `toml,policy,as=NAME` | so, and it is written into `policy.d` under that name |
//! | `yaml,as=NAME` | it is written into the home, and what follows reads it |
//! | `toml,settings` | `tollgated` takes it as its settings |
//! | `toml`, `json` | it can be read |
//! | `text` | nothing: no command stands in it |
//!
//! In what is shown `...` stands for anything, and ids for those of this run. Here
//! `terraform`, `git` and the agents are small scripts that print their arguments.

mod blocks;
mod play;

use std::path::{Path, PathBuf};

use blocks::{Block, Held};
use play::Scene;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where a page's links lead.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
}

/// The pages that SUMMARY.md names and that stand beside it, in its order.
fn pages() -> Vec<PathBuf> {
    let summary = std::fs::read_to_string(repository().join("docs/SUMMARY.md")).unwrap();
    let kept = links(&summary).filter(|link| !link.starts_with("tiers/"));
    let pages: Vec<_> = kept.map(|link| repository().join("docs").join(link)).collect();
    assert!(pages.len() > 15, "only {} pages", pages.len());
    pages
}

fn text(page: &Path) -> String {
    std::fs::read_to_string(page).unwrap_or_else(|cause| panic!("{}: {cause}", page.display()))
}

#[test]
fn every_block_says_how_it_is_held() {
    for page in pages() {
        for block in blocks::of(&text(&page)) {
            let at = format!("{}:{}", page.display(), block.line);
            match &block.held {
                Held::Unmarked => panic!("{at}: the block has no mark, or one that does not exist: `{}`", block.mark),
                Held::Text => assert!(block.commands().is_empty(), "{at}: a command stands in a block of text"),
                Held::Json => {
                    drop(block.text.parse::<serde_json::Value>().unwrap_or_else(|cause| panic!("{at}: {cause}")))
                }
                Held::Toml | Held::Policy | Held::Written(_) | Held::Settings => {
                    drop(block.text.parse::<toml::Table>().unwrap_or_else(|cause| panic!("{at}: {cause}")))
                }
                Held::File(_) => {}
                Held::By(file) => is_run_by(&block, file, &at),
                Held::Person | Held::Agent | Held::Waiting => {
                    assert!(!block.commands().is_empty(), "{at}: no command stands in it");
                }
            }
        }
    }
}

/// As a shell has it, or as a test has the words after the program.
fn is_run_by(block: &Block, file: &str, at: &str) {
    let script =
        std::fs::read_to_string(repository().join(file)).unwrap_or_else(|cause| panic!("{at}: {file}: {cause}"));
    for command in block.commands() {
        let typed: Vec<_> = command.split(' ').take(2).collect();
        let listed: Vec<_> = command.split(' ').skip(1).take(3).map(|word| format!("\"{word}\"")).collect();
        let is_there = script.contains(&typed.join(" ")) || script.contains(&listed.join(", "));
        assert!(is_there, "{at}: `{}` is not in {file}", typed.join(" "));
    }
}

#[test]
fn what_a_page_shows_is_what_happens() {
    let mut wrong = Vec::new();
    for page in pages() {
        let blocks = blocks::of(&text(&page));
        if blocks.iter().any(|block| block.held.is_played()) {
            wrong.extend(Scene::new(&page).play(&blocks).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_link_leads_to_a_page_that_is_there() {
    for page in pages() {
        let text = text(&page);
        for link in links(&text) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            assert!(page.with_file_name(file).exists(), "{}: `{link}` leads nowhere", page.display());
        }
    }
}

/// What is not in SUMMARY.md is not rendered: links to it lead nowhere in the made book.
#[test]
fn every_page_is_in_the_summary() {
    let known = pages();
    for folder in ["docs", "docs/decisions", "docs/recipes"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let page = entry.unwrap().path();
            let is_page = page.extension().is_some_and(|extension| extension == "md") && !page.ends_with("SUMMARY.md");
            assert!(!is_page || known.contains(&page), "{} is not in SUMMARY.md", page.display());
        }
    }
}

/// They stand in no repository: they are written when the book is made.
#[test]
fn the_pages_of_tiers_are_written_from_the_grammars() {
    let sandbox = e2e::Sandbox::builder(e2e::programs!()).without_daemon();
    let mut command = sandbox.tollgate(&["tiers", "--write"]);
    command.arg(sandbox.path("home/tiers"));
    let ran = sandbox.run_command(command, std::time::Duration::from_secs(60));
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let written = std::fs::read_dir(sandbox.path("home/tiers")).unwrap();
    let mut written: Vec<_> = written.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut named: Vec<_> = links(&text(&repository().join("docs/SUMMARY.md")))
        .filter_map(|link| link.strip_prefix("tiers/").map(str::to_owned))
        .collect();
    written.sort();
    named.sort();
    assert_eq!(written, named);
    let terraform = text(&sandbox.path("home/tiers/terraform.md"));
    assert!(terraform.contains("\n| `terraform.destroy` | T4 | "), "{terraform}");
}
