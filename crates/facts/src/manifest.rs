//! Which objects a manifest holds: kind, namespace and name of each.
//!
//! As kubectl takes a file apart: at lines that begin with `---`, then each part as
//! YAML or JSON; what has `items` is a list of objects. Read in one pass, without
//! building the values; where readers of YAML could differ about what is looked for
//! (aliases, merge keys, tags, equal keys), the manifest cannot be told.
//! Deliberately not here: whether an object is valid, and what kinds mean.

use saphyr_parser::{Event, Parser};

use crate::plain;

/// The most objects that are told of.
const MOST: usize = 10_000;

/// How deep values may lie in each other.
const DEEPEST: usize = 200;

/// One object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Object {
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
    /// It has `items`: they count instead.
    is_list: bool,
}

/// The objects of a file; an error is why they cannot be told.
pub(crate) fn objects(bytes: &[u8]) -> Result<Vec<Object>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no text in UTF-8")?;
    plain::check(text)?;
    let mut objects = Vec::new();
    for part in parts(text) {
        let mut walk = Walk::default();
        walk.through(part?)?;
        objects.extend(walk.objects.into_iter().filter(|object| !object.is_list));
        if objects.len() > MOST {
            return Err(format!("it holds more than {MOST} objects"));
        }
    }
    match objects.iter().find(|object| object.kind.is_empty()) {
        Some(_) => Err(String::from("an object in it has no kind")),
        None => Ok(objects),
    }
}

/// The parts between lines that begin with `---`. More on such a line is for one
/// reader the start of the next part, and for another nothing.
fn parts(text: &str) -> impl Iterator<Item = Result<&str, &'static str>> {
    text.split("\n---").enumerate().map(|(at, part)| {
        if at == 0 {
            return Ok(part);
        }
        let (line, rest) = part.split_once('\n').unwrap_or((part, ""));
        let plain = line.trim_end_matches('\r').trim_matches([' ', '\t']);
        if plain.is_empty() || (plain.starts_with('#') && line.starts_with([' ', '\t'])) {
            Ok(rest)
        } else {
            Err("more stands on a line that separates its parts")
        }
    })
}

/// What a map or a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An object, by its number.
    Object(usize),
    /// The metadata of one.
    Metadata(usize),
    /// The list of a list's objects.
    Items,
    Elsewhere,
}

impl Place {
    /// Whether it matters what stands right in it.
    fn counts(self) -> bool {
        self != Self::Elsewhere
    }
}

/// A map or list that is open.
#[derive(Debug)]
struct Level {
    place: Place,
    /// In a map, the key whose value comes next.
    key: Option<String>,
    is_map: bool,
    /// The keys so far, where they matter.
    seen: Vec<String>,
}

#[derive(Debug, Default)]
struct Walk {
    open: Vec<Level>,
    objects: Vec<Object>,
}

/// The keys by which an object is told.
const LOOKED_FOR: [&str; 7] = ["apiVersion", "kind", "metadata", "items", "name", "generateName", "namespace"];

const DIFFERS: &str = "it uses aliases, tags or merge keys where its objects are named";

impl Walk {
    fn through(&mut self, text: &str) -> Result<(), String> {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, _) = event.map_err(|error| error.to_string())?;
            match event {
                Event::Scalar(text, _, _, tag) => self.scalar(&text, tag.is_some())?,
                Event::Alias(_) => self.alias()?,
                Event::MappingStart(..) => self.descend(true)?,
                Event::SequenceStart(..) => self.descend(false)?,
                Event::MappingEnd | Event::SequenceEnd => {
                    self.open.pop();
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
            }
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, tagged: bool) -> Result<(), String> {
        let Some(level) = self.open.last_mut() else {
            // An empty document.
            let empty = matches!(text, "" | "~" | "null");
            return if empty { Ok(()) } else { Err(String::from("it is no object")) };
        };
        if tagged && level.place.counts() {
            return Err(String::from(DIFFERS));
        }
        if !level.is_map {
            return if level.place == Place::Items { Err(String::from("an item of it is no object")) } else { Ok(()) };
        }
        let Some(key) = level.key.take() else { return level.name(text) };
        let place = level.place;
        self.set(place, &key, text)
    }

    fn set(&mut self, place: Place, key: &str, text: &str) -> Result<(), String> {
        let (Place::Object(at) | Place::Metadata(at)) = place else { return Ok(()) };
        let Some(object) = self.objects.get_mut(at) else { return Ok(()) };
        let text = || if text.len() > 512 { Err("a name in it is too long") } else { Ok(text.to_owned()) };
        match (place, key) {
            (Place::Object(_), "kind") => object.kind = text()?,
            (Place::Metadata(_), "name") => object.name = text()?,
            (Place::Metadata(_), "generateName") if object.name.is_empty() => object.name = text()? + "*",
            (Place::Metadata(_), "namespace") => object.namespace = Some(text()?).filter(|name| !name.is_empty()),
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self) -> Result<(), String> {
        let Some(level) = self.open.last_mut() else { return Err(String::from(DIFFERS)) };
        let matters = match (level.is_map, level.key.take()) {
            (true, Some(key)) => matches!(key.as_str(), "kind" | "metadata" | "items" | "name" | "namespace"),
            (true, None) | (false, _) => true,
        };
        if level.place.counts() && matters { Err(String::from(DIFFERS)) } else { Ok(()) }
    }

    fn descend(&mut self, is_map: bool) -> Result<(), String> {
        if self.open.len() >= DEEPEST {
            return Err(String::from("it is nested too deeply"));
        }
        let place = self.place(is_map)?;
        self.open.push(Level { place, key: None, is_map, seen: Vec::new() });
        Ok(())
    }

    /// What a map or list that begins here is for.
    fn place(&mut self, is_map: bool) -> Result<Place, String> {
        let above = match self.open.last_mut() {
            None => return if is_map { Ok(self.object()) } else { Err(String::from("it is a list without a kind")) },
            Some(level) if level.is_map && level.key.is_none() => {
                // A map or a list as a key: the key is never one that is looked for.
                level.key = Some(String::new());
                return Err(String::from("a key of it is no text"));
            }
            Some(level) => (level.place, level.key.take()),
        };
        match (above.0, above.1.as_deref(), is_map) {
            (Place::Object(at), Some("metadata"), true) => Ok(Place::Metadata(at)),
            (Place::Object(at), Some("items"), false) => {
                self.objects.get_mut(at).into_iter().for_each(|object| object.is_list = true);
                Ok(Place::Items)
            }
            (Place::Items, _, true) => Ok(self.object()),
            (Place::Items, _, false) => Err(String::from("an item of it is no object")),
            (Place::Object(_), Some("kind" | "metadata" | "items"), _)
            | (Place::Metadata(_), Some("name" | "namespace"), _) => {
                Err(String::from("an object in it has no plain name"))
            }
            _ => Ok(Place::Elsewhere),
        }
    }

    fn object(&mut self) -> Place {
        self.objects.push(Object::default());
        Place::Object(self.objects.len() - 1)
    }
}

impl Level {
    /// Takes the key of the value that comes next.
    fn name(&mut self, key: &str) -> Result<(), String> {
        if self.place.counts() {
            if key == "<<" {
                return Err(String::from(DIFFERS));
            }
            // Go's readers take a key for its like in other letters, `K` for U+212A among them.
            let like = LOOKED_FOR.iter().any(|known| known.eq_ignore_ascii_case(key) && *known != key);
            if like || !key.is_ascii() {
                return Err(String::from("an object in it has a key that readers take for different ones"));
            }
            if self.seen.iter().any(|known| known == key) {
                return Err(String::from("an object in it has a key twice"));
            }
            // Enough for any object; beyond it equal keys are no longer looked for, so it ends.
            if self.seen.len() >= 256 || key.len() > 512 {
                return Err(String::from("an object in it has too many keys"));
            }
            self.seen.push(key.to_owned());
        }
        self.key = Some(key.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
