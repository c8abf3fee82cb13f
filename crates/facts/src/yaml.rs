//! As much of YAML as configuration files use.
//!
//! The first document, without anchors, merge keys and tags: what those mean
//! differs between versions of YAML, and an alias can make a small file huge.
//! Depth is bounded. A map with two equal keys is not read either.

use saphyr_parser::{Event, Parser};

use crate::plain;

/// How deep maps and lists may lie in each other.
const DEEPEST: usize = 32;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// What stands alone, quoted or not; empty for nothing.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in its order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of this key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().rev().find(|(known, _)| known == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Its text, unless it is empty or no text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// Its values, if it is a list.
    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(nodes) => nodes,
            _ => &[],
        }
    }
}

/// The first document of a text.
///
/// # Errors
/// The reason why it cannot be read.
pub fn read(text: &str) -> Result<Node, String> {
    plain::check(text)?;
    let mut open: Vec<(Node, Option<String>)> = Vec::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let done = match event {
            Event::Alias(_) => return Err(String::from("it uses an alias")),
            Event::Scalar(_, _, anchor, tag) if anchor != 0 || tag.is_some() => return Err(marked()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) if anchor != 0 || tag.is_some() => {
                return Err(marked());
            }
            Event::SequenceStart(..) => {
                descend(&mut open, Node::List(Vec::new()))?;
                None
            }
            Event::MappingStart(..) => {
                descend(&mut open, Node::Map(Vec::new()))?;
                None
            }
            Event::Scalar(text, ..) => Some(Node::Text(text.into_owned())),
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|(node, _)| node),
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => None,
        };
        if let Some(node) = done {
            if open.is_empty() {
                return Ok(node);
            }
            put(&mut open, node)?;
        }
    }
    Ok(Node::Map(Vec::new()))
}

fn marked() -> String {
    String::from("it uses anchors or tags")
}

fn descend(open: &mut Vec<(Node, Option<String>)>, node: Node) -> Result<(), String> {
    open.push((node, None));
    if open.len() > DEEPEST { Err(String::from("it is nested too deeply")) } else { Ok(()) }
}

/// Puts a value into the innermost map or list.
fn put(open: &mut [(Node, Option<String>)], node: Node) -> Result<(), String> {
    match (open.last_mut(), node) {
        (Some((Node::List(nodes), _)), node) => nodes.push(node),
        (Some((Node::Map(entries), key)), node) => match (key.take(), node) {
            (Some(key), node) => entries.push((key, node)),
            (None, Node::Text(text)) if text == "<<" => return Err(String::from("it uses a merge key")),
            (None, Node::Text(text)) if entries.iter().any(|(known, _)| *known == text) => {
                return Err(format!("the key `{text}` stands twice in a map of it"));
            }
            (None, Node::Text(text)) => *key = Some(text),
            (None, _) => return Err(String::from("a key of it is no text")),
        },
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lists_and_texts_are_read() {
        let node = read("a: [x, {b: 'y z'}]\nc:\n  d: \"e\\nf\"\n").unwrap();
        assert_eq!(node.get("a").unwrap().list()[1].get("b").unwrap().text(), Some("y z"));
        assert_eq!(node.get("c").unwrap().get("d").unwrap().text(), Some("e\nf"));
        assert_eq!(node.get("z"), None);
    }

    #[test]
    fn json_is_yaml() {
        assert_eq!(read("{\"a\": {\"b\": \"c\"}}").unwrap().get("a").unwrap().get("b").unwrap().text(), Some("c"));
    }

    #[test]
    fn only_the_first_document_counts() {
        assert_eq!(read("a: x\n---\na: z\n").unwrap().get("a").unwrap().text(), Some("x"));
        assert_eq!(read("").unwrap(), Node::Map(Vec::new()));
    }

    #[test]
    fn what_versions_of_yaml_differ_in_is_not_read() {
        for text in [
            "a: &x 1\nb: *x",
            "a: !!binary eA==",
            "a:\n  <<: {b: c}",
            "? [a]\n: b",
            "a: [",
            "a: x\na: y",
            "a: x # \u{2028}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&format!("{}x{}", "[".repeat(40), "]".repeat(40))).is_err());
    }
}
