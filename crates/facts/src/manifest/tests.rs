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
