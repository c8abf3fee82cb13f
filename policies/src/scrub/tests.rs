//! What a person still sees of an argv, and what not.

use super::*;

fn shown(tool: &str, words: &[&str]) -> String {
    let bytes: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let scrubbed = argv(Grammars::built_in(), tool.as_bytes(), &bytes);
    scrubbed.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_secret_variable_of_a_tool_keeps_its_name() {
    assert_eq!(
        shown("terraform", &["terraform", "apply", "-var", "db_password=hunter2", "-var=region=eu"]),
        "terraform apply -var db_password=[scrubbed] -var=region=eu"
    );
    assert_eq!(
        shown("/usr/bin/terraform", &["terraform", "init", "-backend-config=access_key=abc"]),
        "terraform init -backend-config=access_key=[scrubbed]"
    );
}

#[test]
fn declared_flags_lose_their_value_however_it_is_given() {
    assert_eq!(shown("kubectl", &["kubectl", "get", "po", "--token", "abc"]), "kubectl get po --token [scrubbed]");
    assert_eq!(shown("kubectl", &["kubectl", "get", "po", "--token=abc"]), "kubectl get po --token=[scrubbed]");
    assert_eq!(
        shown("kubectl", &["kubectl", "create", "secret", "generic", "x", "--from-literal=user=me"]),
        "kubectl create secret generic x --from-literal=user=[scrubbed]"
    );
    assert_eq!(
        shown("kubectl", &["kubectl", "create", "secret", "generic", "x", "--from_literal", "user=me"]),
        "kubectl create secret generic x --from_literal user=[scrubbed]"
    );
    assert_eq!(shown("helm", &["helm", "registry", "login", "h", "-phunter2"]), "helm registry login h -p[scrubbed]");
    assert_eq!(
        shown("aws", &["aws", "secretsmanager", "put-secret-value", "--secret-id", "x", "--secret-string", "-y-"]),
        "aws secretsmanager put-secret-value --secret-id x --secret-string [scrubbed]"
    );
    assert_eq!(
        shown("aws", &["aws", "rds", "modify-db-instance", "--master-user-pass", "x", "--db-inst", "y"]),
        "aws rds modify-db-instance --master-user-pass [scrubbed] --db-inst y"
    );
}

#[test]
fn lists_of_settings_lose_the_secret_ones() {
    assert_eq!(
        shown("helm", &["helm", "upgrade", "x", "c", "--set", r"image.tag=1,auth.password=a\,b,replicas=2"]),
        "helm upgrade x c --set image.tag=1,auth.password=[scrubbed],replicas=2"
    );
}

#[test]
fn tools_of_no_grammar_are_scrubbed_by_names_and_shapes() {
    assert_eq!(shown("psql", &["psql", "--password", "x", "-h", "db"]), "psql --password [scrubbed] -h db");
    assert_eq!(shown("x", &["x", "--password", "--force"]), "x --password --force");
    assert_eq!(shown("env", &["env", "GITHUB_TOKEN=abc", "A=b", "gh"]), "env GITHUB_TOKEN=[scrubbed] A=b gh");
    assert_eq!(
        shown("curl", &["curl", "-H", "Authorization: Bearer abcdefghijkl", "https://me:pw@host/x?token=y&a=b"]),
        "curl -H Authorization: Bearer [scrubbed] https://[scrubbed]@host/x?token=[scrubbed]&a=b"
    );
    assert_eq!(
        shown("curl", &["curl", "-d", r#"{"password": "x\"y", "a": "b"}"#]),
        r#"curl -d {"password": "[scrubbed]", "a": "b"}"#
    );
}

#[test]
fn shapes_of_tokens_are_known_anywhere() {
    for token in [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "sk-abcdefghijklmnopqrstuvwx",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "glpat-abcdefghijklmnopqrst",
    ] {
        assert_eq!(text(format!("a {token}, b").as_bytes()).as_ref(), b"a [scrubbed], b", "{token}");
    }
    let key = "x -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- y";
    assert_eq!(text(key.as_bytes()).as_ref(), b"x [scrubbed] y");
}

#[test]
fn ordinary_words_stay_as_they_are() {
    for words in [
        &["git", "push", "git@github.com:a/b.git", "main"][..],
        &["kubectl", "label", "po", "x", "key=value"],
        &["aws", "ec2", "create-tags", "--tags", "Key=Name,Value=x"],
        &["task-force", "risk-assessment-of-something-long", "ssh://git@host/x", "a=b=c"],
    ] {
        assert_eq!(shown(words[0], words), words.join(" "));
        let plain = words.join(" ");
        assert!(matches!(text(plain.as_bytes()), Cow::Borrowed(_)));
    }
}

#[test]
fn variables_are_judged_by_name_and_by_shape() {
    assert_eq!(variable(b"AWS_SECRET_ACCESS_KEY", b"x").as_ref(), b"[scrubbed]");
    assert_eq!(variable(b"AWS_SECRET_ACCESS_KEY", b"").as_ref(), b"");
    assert_eq!(variable(b"DATABASE_URL", b"postgres://u:p@h/db").as_ref(), b"postgres://[scrubbed]@h/db");
    assert_eq!(variable(b"AWS_REGION", b"eu-west-1").as_ref(), b"eu-west-1");
}

#[test]
fn scrubbing_twice_changes_nothing_more() {
    let once = text(b"password=x https://a:b@c AKIAIOSFODNN7EXAMPLE").into_owned();
    assert_eq!(text(&once), once);
}
