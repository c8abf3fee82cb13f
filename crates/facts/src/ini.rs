//! The INI files of the aws tool, as Python's `configparser` reads them.
//!
//! Keys are matched without case; `=` or `:` ends them; a line that is indented
//! deeper than its key continues the value; a section or a key that stands twice
//! is an error. Deliberately not here: what sections mean.

/// One section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub name: String,
    /// Keys in lower case, values without white space around them.
    pub entries: Vec<(String, String)>,
}

impl Section {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

/// All sections of a text; an error is the reason why it cannot be read.
pub(crate) fn read(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut key_indent: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim();
        let indent = line.len() - line.trim_start().len();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let continues = key_indent.is_some_and(|key| indent > key);
        match (continues, sections.last_mut()) {
            (true, Some(section)) => continue_value(section, content),
            (_, section) => match header(content) {
                Some(name) => {
                    open(&mut sections, name)?;
                    key_indent = None;
                }
                None => {
                    add(section.ok_or("a line stands before any section")?, content)?;
                    key_indent = Some(indent);
                }
            },
        }
    }
    Ok(sections)
}

fn header(content: &str) -> Option<&str> {
    content.strip_prefix('[')?.rsplit_once(']').map(|(name, _)| name)
}

fn open(sections: &mut Vec<Section>, name: &str) -> Result<(), String> {
    if sections.iter().any(|section| section.name == name) {
        return Err(format!("the section `{name}` stands twice"));
    }
    sections.push(Section { name: name.to_owned(), entries: Vec::new() });
    Ok(())
}

fn add(section: &mut Section, content: &str) -> Result<(), String> {
    let (key, value) = content.split_once(['=', ':']).ok_or("a line has no `=`")?;
    let key = key.trim().to_ascii_lowercase();
    if section.get(&key).is_some() {
        return Err(format!("`{key}` stands twice in `{}`", section.name));
    }
    section.entries.push((key, value.trim().to_owned()));
    Ok(())
}

fn continue_value(section: &mut Section, content: &str) {
    if let Some((_, value)) = section.entries.last_mut() {
        value.push('\n');
        value.push_str(content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_keys_and_values_are_read() {
        let text = "# c\n[default]\nRegion = eu-west-1\n\n[profile a b]\n  region: x\n  role_arn = y = z\n";
        let sections = read(text).unwrap();
        assert_eq!(sections[0].get("region"), Some("eu-west-1"));
        assert_eq!(sections[1].name, "profile a b");
        assert_eq!(sections[1].get("role_arn"), Some("y = z"));
    }

    #[test]
    fn an_indented_line_continues_the_value_and_is_no_key() {
        let sections = read("[default]\ns3 =\n  region = trap\nregion = real\n").unwrap();
        assert_eq!(sections[0].get("s3"), Some("\nregion = trap"));
        assert_eq!(sections[0].get("region"), Some("real"));
    }

    #[test]
    fn what_the_tool_refuses_is_an_error() {
        for text in ["a = b", "[x]\na", "[x]\na=1\nA=2", "[x]\n[x]"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
