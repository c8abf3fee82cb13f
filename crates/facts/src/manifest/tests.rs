//! Manifests as people write them, and as somebody who wants to hide an object would.

use super::*;

fn told(text: &str) -> Result<Vec<String>, String> {
    let objects = objects(text.as_bytes())?;
    let one = |object: &Object| {
        let namespace = object.namespace.as_deref().unwrap_or("-");
        format!("{} {namespace}/{}", object.kind, object.name)
    };
    Ok(objects.iter().map(one).collect())
}

#[test]
fn every_object_of_every_part_is_told() {
    let text = "# a comment\n---\nkind: Namespace\nmetadata: {name: web}\n---   \n# nothing\n--- # the rest\n\
                apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\n  namespace: web\nstringData:\n  kind: Other\n\
                ---\nkind: Job\nmetadata: {generateName: run-}\n";
    assert_eq!(told(text).unwrap(), ["Namespace -/web", "Secret web/keys", "Job -/run-*"]);
    assert_eq!(told("").unwrap(), Vec::<String>::new());
    assert_eq!(told("---\nnull\n").unwrap(), Vec::<String>::new());
}

#[test]
fn a_list_counts_by_its_items_and_json_is_yaml() {
    let text = r#"{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "a"}}, {"kind": "Role", "metadata": {"name": "b", "namespace": "c"}}]}"#;
    assert_eq!(told(text).unwrap(), ["Pod -/a", "Role c/b"]);
    assert_eq!(told("kind: List\nitems:\n- kind: Pod\n  metadata: {name: x}\n").unwrap(), ["Pod -/x"]);
}

#[test]
fn anchors_and_tags_in_the_rest_of_an_object_do_no_harm() {
    let text = "kind: ConfigMap\nmetadata: {name: a}\ndata: &d\n  x: !!str 1\n  y: [&z b, *z]\nother: *d\n";
    assert_eq!(told(text).unwrap(), ["ConfigMap -/a"]);
}

#[test]
fn what_could_hide_an_object_is_not_told() {
    for text in [
        "kind: &k Secret\n---\nkind: *k\n",
        "base: &b {kind: Secret}\n<<: *b\n",
        "kind: ConfigMap\nkind: Secret\nmetadata: {name: a}\n",
        "kind: !!str Secret\n",
        "kind: [Secret]\n",
        "kind: ConfigMap\nmetadata: {name: a}\n---data: |\n  kind: Secret\n",
        "kind: ConfigMap\n--- {kind: Secret}\n",
        "kind: List\nitems: &i\n- kind: Pod\nother: {}\nmetadata: *i\n",
        "- kind: Secret\n",
        "metadata: {name: x}\n",
        "just text\n",
        "{\"kind\": \"Pod\"}{\"kind\": \"Secret\"}",
        "kind: [",
        "? {a: b}\n: c\n",
        "apiVersion: v1\n# \u{2028}foo: \"\nkind: ConfigMap\n# \"\u{2028}kind: Secret\nmetadata: {name: x}\n",
        "# \u{2029}kind: Secret\nkind: ConfigMap\n",
        "# \u{85}kind: Secret\nkind: ConfigMap\n",
        "# \rkind: Secret\nkind: ConfigMap\n",
        "\u{feff}kind: ConfigMap\n",
        "%YAML 1.1\n---\nkind: ConfigMap\n",
        "kind: ConfigMap\n...\nkind: Secret\n",
        "kind:\tConfigMap\n",
        "kind: ConfigMap\nKind: Secret\n",
        "kind: ConfigMap\n\u{212a}ind: Secret\n",
        "{\"kind\": \"ConfigMap\", \"ITEMS\": []}",
    ] {
        assert!(told(text).is_err(), "{text}: {:?}", told(text));
    }
    assert!(objects(b"kind: \xff").is_err());
}

#[test]
fn depth_and_number_are_bounded() {
    assert!(told(&format!("kind: Pod\nspec: {}", "[".repeat(100_000))).is_err());
    assert!(told(&"kind: Pod\n---\n".repeat(MOST + 1)).is_err());
    let keys: String = (0..300).map(|at| format!("k{at}: x\n")).collect();
    assert!(told(&format!("kind: Pod\n{keys}")).is_err());
}

#[test]
fn a_map_with_many_keys_elsewhere_is_no_trouble() {
    let keys: String = (0..3000).map(|at| format!("  k{at}: x\n")).collect();
    assert_eq!(told(&format!("kind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{keys}")).unwrap(), ["ConfigMap -/a"]);
}

/// The kinds that stand at the left edge of a text's lines, by whatever any reader
/// takes for the end of one.
fn kinds_of_lines(text: &str) -> Vec<&str> {
    let ends = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    let lines = text.split(ends).map(|line| line.trim_start_matches('\u{feff}'));
    lines.filter_map(|line| line.strip_prefix("kind:")).map(|kind| kind.trim_matches([' ', '\t', '"'])).collect()
}

proptest::proptest! {
    /// Whatever stands between them, in comments and in quotes: a text that is told
    /// has the kinds that stand at the left edge of its lines, and no others.
    #[test]
    fn the_kinds_that_are_told_are_those_of_plain_lines(
        pieces in proptest::collection::vec((0..LINES.len(), 0..ENDS.len()), 1..12)
    ) {
        let text: String = pieces.iter().map(|(line, end)| format!("{}{}", LINES[*line], ENDS[*end])).collect();
        if let Ok(objects) = objects(text.as_bytes()) {
            let mut told: Vec<&str> = objects.iter().map(|object| object.kind.as_str()).collect();
            let mut lines = kinds_of_lines(&text);
            told.sort_unstable();
            lines.sort_unstable();
            proptest::prop_assert_eq!(told, lines, "{:?}", text);
        }
    }
}

const LINES: [&str; 16] = [
    "kind: Pod",
    "kind: Secret",
    "kind: \"Role\"",
    "kind:\tSecret",
    "metadata: {name: x}",
    "apiVersion: v1",
    "---",
    "...",
    "# ",
    "# \"",
    "foo: \"",
    "\"",
    "data: |",
    "  - kind: Job",
    "%YAML 1.1",
    "'",
];

const ENDS: [&str; 9] = ["\n", "\n", "\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}", "\n\u{feff}"];
