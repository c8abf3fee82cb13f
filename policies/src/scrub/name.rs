//! Names that say that their value is a secret.
//!
//! Judged by the words of a name, so that `TOKEN_FILE` and `--secret-id` are none.

/// Words that make a name secret wherever they stand at its end.
const SECRET: [&str; 14] = [
    "token",
    "tokens",
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "credential",
    "credentials",
    "apikey",
    "jwt",
    "bearer",
];

/// What makes a secret of a key: `api_key`, but not `public_key`.
const KEYS: [&str; 22] = [
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "deploy",
    "encryption",
    "license",
    "master",
    "pass",
    "private",
    "root",
    "secret",
    "service",
    "session",
    "shared",
    "signing",
    "storage",
    "subscription",
    "token",
];

/// Words after which a name is about a secret, not the secret itself.
const ABOUT: [&str; 17] = [
    "file", "path", "dir", "folder", "id", "ids", "name", "names", "arn", "url", "uri", "type", "length", "ttl",
    "duration", "stdin", "helper",
];

/// Whether the value of this variable or setting is a secret.
pub(super) fn of_variable(name: &[u8]) -> bool {
    let words = words(name);
    let about = words.last().is_some_and(|last| ABOUT.contains(&last.as_str()));
    let says = |word: &String| SECRET.iter().any(|secret| word.ends_with(secret)) || word == "pass";
    !about && (words.iter().any(says) || is_key(&words))
}

/// Whether the value of this flag is a secret: by its last words only.
pub(super) fn of_flag(flag: &[u8]) -> bool {
    let name = flag.strip_prefix(b"--").or(flag.strip_prefix(b"-")).unwrap_or(flag);
    if name.len() < 3 {
        return false;
    }
    let words = words(name);
    let last = words.last().is_some_and(|last| SECRET.contains(&last.as_str()));
    let negated = words.first().is_some_and(|first| first == "no");
    !negated && (last || is_key(&words))
}

/// Whether these bytes could be a name at all.
pub(super) fn is_name(bytes: &[u8]) -> bool {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    (1..=128).contains(&bytes.len()) && bytes.iter().all(part)
}

fn is_key(words: &[String]) -> bool {
    match words {
        [.., before, last] => (last == "key" || last == "keys") && KEYS.contains(&before.as_str()),
        _ => false,
    }
}

/// The words of a name in lower case: `dbPassword`, `DB_PASSWORD` and
/// `db-password` have the same.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for byte in name.iter().take(128) {
        let starts = byte.is_ascii_uppercase() && lower;
        let splits = !byte.is_ascii_alphanumeric();
        if (starts || splits) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !splits) {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        lower = byte.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for name in [
            "TOKEN",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "PGPASSWORD",
            "MYSQL_PWD",
            "API_KEY",
            "dbPassword",
            "TF_VAR_db_password",
            "auth.existingSecret",
            "client-secret",
            "db_pass",
            "TF_TOKEN_app_terraform_io",
        ] {
            assert!(of_variable(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_about_secrets_are_not_secrets() {
        for name in [
            "TOKEN_FILE",
            "SECRET_NAME",
            "AWS_SHARED_CREDENTIALS_FILE",
            "PUBLIC_KEY",
            "KEY",
            "region",
            "PATH",
            "SECRET_ARN",
        ] {
            assert!(!of_variable(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn flags_are_judged_by_their_last_words() {
        for flag in ["--password", "--token", "--api-key", "-password", "--client_secret", "--apiKey"] {
            assert!(of_flag(flag.as_bytes()), "{flag}");
        }
        for flag in ["--secret-id", "--token-file", "--password-stdin", "--key", "--no-password", "-p", "--key-name"] {
            assert!(!of_flag(flag.as_bytes()), "{flag}");
        }
    }
}
