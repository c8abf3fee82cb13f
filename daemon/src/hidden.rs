//! What was taken out of a command, as keyed digests: no secret is recorded, and
//! equal ones can still be told. Not here: what is a secret (`scrub`).

use tollgate_audit::{HashKey, Scrubbed};
use tollgate_policies::scrub::SCRUBBED;

/// The digest of a whole argv: each argument and a NUL, as the kernel keeps it.
pub(crate) fn argv(key: &HashKey, argv: &[&[u8]]) -> String {
    key.digest(argv.iter().flat_map(|argument| [*argument, &b"\0"[..]]))
}

/// The digests of what stood where `scrubbed` has a mark.
pub(crate) fn values(key: &HashKey, argv: &[&[u8]], scrubbed: &[Vec<u8>]) -> Vec<Scrubbed> {
    let pairs = argv.iter().zip(scrubbed).enumerate();
    let changed = pairs.filter(|(_, (argument, scrubbed))| **argument != scrubbed.as_slice());
    changed
        .map(|(at, (argument, scrubbed))| Scrubbed {
            place: format!("argv[{at}]"),
            hash: key.digest([value(argument, scrubbed)]),
        })
        .collect()
}

/// The secret itself where one mark stands for it; else the whole argument.
fn value<'a>(argument: &'a [u8], scrubbed: &[u8]) -> &'a [u8] {
    let marks = scrubbed.windows(SCRUBBED.len()).filter(|part| *part == SCRUBBED.as_bytes()).count();
    let at = scrubbed.windows(SCRUBBED.len()).position(|part| part == SCRUBBED.as_bytes());
    let Some(at) = at.filter(|_| marks == 1) else { return argument };
    let after = scrubbed.len() - at - SCRUBBED.len();
    argument.len().checked_sub(after).and_then(|end| argument.get(at..end)).unwrap_or(argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_have_equal_digests_wherever_they_stand() {
        let key = HashKey::generate().unwrap();
        let argv: [&[u8]; 4] = [b"tool", b"--password=hunter2", b"--token", b"hunter2"];
        let scrubbed = [&b"tool"[..], b"--password=[scrubbed]", b"--token", b"[scrubbed]"].map(<[u8]>::to_vec);
        let found = values(&key, &argv, &scrubbed);
        assert_eq!(found.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), ["argv[1]", "argv[3]"]);
        assert_eq!(found[0].hash, found[1].hash);
        assert_eq!(found[0].hash, key.digest([&b"hunter2"[..]]));
        assert_ne!(super::argv(&key, &argv), super::argv(&key, &argv[..3]));
    }
}
