//! Going through a configuration: every value with its place, no key unread.

use tollgate_facts::yaml::Node;
use tollgate_policies::show;

/// A value and where it stands: `cli_tools[0].commands.plan`.
#[derive(Debug, Clone)]
pub(super) struct At<'a> {
    pub(super) node: &'a Node,
    place: String,
}

/// Why a configuration cannot be taken over.
#[derive(Debug, thiserror::Error)]
#[error("{place}{what}")]
pub(super) struct Wrong {
    place: String,
    what: String,
}

impl Wrong {
    /// About no value alone.
    pub(super) fn whole(what: &str) -> Self {
        Self { place: String::new(), what: what.to_owned() }
    }
}

impl<'a> At<'a> {
    pub(super) fn top(node: &'a Node) -> Self {
        Self { node, place: String::new() }
    }

    pub(super) fn wrong(&self, what: impl std::fmt::Display) -> Wrong {
        let place = if self.place.is_empty() { String::new() } else { format!("`{}`: ", quoted(&self.place)) };
        Wrong { place, what: what.to_string() }
    }

    /// The values by key. A key that is not `known` may mean anything, so it is refused.
    pub(super) fn map(&self, known: &[&str]) -> Result<Map<'a>, Wrong> {
        let map = self.any_map()?;
        match map.entries.iter().find(|(key, _)| !known.contains(key)) {
            Some((key, at)) => Err(at.wrong(format_args!(
                "`{}` cannot be taken over: there are {}; remove it, and write by hand what it should do",
                quoted(key),
                known.join(", ")
            ))),
            None => Ok(map),
        }
    }

    /// The values by key, whatever the keys.
    pub(super) fn any_map(&self) -> Result<Map<'a>, Wrong> {
        let Node::Map(entries) = self.node else { return Err(self.wrong("a map belongs here")) };
        let mut map = Map { entries: Vec::new(), whole: self.clone() };
        for (key, node) in entries {
            let dot = if self.place.is_empty() { "" } else { "." };
            let at = At { node, place: format!("{}{dot}{key}", self.place) };
            if map.get(key).is_some() {
                return Err(at.wrong("the key is given twice"));
            }
            map.entries.push((key.as_str(), at));
        }
        Ok(map)
    }

    pub(super) fn list(&self) -> Result<Vec<At<'a>>, Wrong> {
        let Node::List(nodes) = self.node else { return Err(self.wrong("a list belongs here")) };
        let at = |(number, node)| At { node, place: format!("{}[{number}]", self.place) };
        Ok(nodes.iter().enumerate().map(at).collect())
    }

    /// Its text, which may be empty.
    pub(super) fn text(&self) -> Result<&'a str, Wrong> {
        match self.node {
            Node::Text(text) => Ok(text),
            _ => Err(self.wrong("a word belongs here")),
        }
    }

    pub(super) fn word(&self) -> Result<&'a str, Wrong> {
        self.text().and_then(|text| if text.is_empty() { Err(self.wrong("it is empty")) } else { Ok(text) })
    }

    /// Words and `*`: the only pattern that means the same everywhere.
    pub(super) fn glob(&self) -> Result<String, Wrong> {
        let text = self.word()?;
        if text.contains(['?', '[', ']', '{', '}', '\\', '!']) || text.contains("**") {
            let what = "only `*` means the same here: write the pattern with that, or list the names";
            return Err(self.wrong(format_args!("`{}` is a pattern of another kind: {what}", quoted(text))));
        }
        Ok(text.to_owned())
    }

    /// A list of at least one glob.
    pub(super) fn globs(&self) -> Result<Vec<String>, Wrong> {
        let globs = self.list()?.iter().map(At::glob).collect::<Result<Vec<_>, _>>()?;
        if globs.is_empty() { Err(self.wrong("the list is empty, and would match nothing")) } else { Ok(globs) }
    }
}

/// The values of a map, in their order.
#[derive(Debug)]
pub(super) struct Map<'a> {
    pub(super) entries: Vec<(&'a str, At<'a>)>,
    whole: At<'a>,
}

impl<'a> Map<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&At<'a>> {
        self.entries.iter().find(|(known, _)| *known == key).map(|(_, at)| at)
    }

    pub(super) fn needed(&self, key: &str) -> Result<&At<'a>, Wrong> {
        self.get(key).ok_or_else(|| self.whole.wrong(format_args!("`{key}` is missing")))
    }
}

/// A text of the file, safe to look at.
pub(super) fn quoted(text: &str) -> String {
    show::text(text.as_bytes(), 120)
}
