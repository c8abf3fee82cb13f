//! What a line holds comes back, and nobody's text can pass for its end.

use std::borrow::Cow;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::{
    Also, Approver, Bytes, Changed, Command, Decision, Described, Fact, Found, Kind, OneChange, Record, TargetValue,
    Targets,
};

const FORGED: &str = r#"","prev_hash":"0","hash":"0000000000000000000000000000000000000000000000000000000000000000"}"#;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\\x00-\\x20\"\\\\,:{}\u{7f}-\u{9f}]{0,12}", Just(FORGED.to_owned())]
}

fn words() -> impl Strategy<Value = Cow<'static, str>> {
    text().prop_map(Cow::Owned)
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        any::<Vec<u8>>().prop_map(Bytes::from),
        text().prop_map(Bytes::from),
        any::<Vec<u8>>().prop_map(|bytes| [&bytes, FORGED.as_bytes(), b"\xff"].concat().into()),
    ]
}

fn targets() -> impl Strategy<Value = Targets> {
    let value = prop_oneof![
        (bytes(), words()).prop_map(|(value, source)| TargetValue::Known { value, source: source.into() }),
        words().prop_map(|unknown| TargetValue::Unknown { unknown: unknown.into() }),
    ];
    let found = prop_oneof![value.clone().prop_map(Found::One), vec(value, 0..3).prop_map(Found::Several)];
    btree_map(words(), found, 0..3).prop_map(Targets::from)
}

fn described() -> impl Strategy<Value = Described> {
    let also = (words(), option::of(0..5_u8), targets()).prop_map(|(operation, tier, target)| {
        let wrapped_by = Vec::new();
        Also { operation, tier, target, wrapped_by }
    });
    (words(), words(), vec(also, 0..2), option::of(any::<u8>()), targets(), words()).prop_map(
        |(tool, operation, also, tier, target, rationale)| {
            let one = OneChange { act: String::from("delete"), what: operation.to_string() };
            let changes = tier.map(|_| Changed { named: vec![one], ..Changed::default() });
            Described { tool, operation, also, tier, target, rationale, changes }
        },
    )
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Intent, Kind::Outcome, Kind::RefusedAnswer, Kind::SessionOpened, Kind::Gap])
}

fn who() -> impl Strategy<Value = Entry> {
    let approver = (text(), option::of(any::<u32>()), text(), option::of(text()), option::of(text()))
        .prop_map(|(name, uid, how, from, key)| Approver { name, uid, how, from, key });
    (kind(), text(), option::of(text()), vec(text(), 0..3), option::of(approver), option::of(any::<u32>())).prop_map(
        |(kind, id, agent, agent_known_by, approved_by, pid)| Entry {
            agent_known_by,
            approved_by,
            pid,
            parent: agent.clone(),
            session: agent.clone(),
            agent,
            ..Entry::of(kind, id)
        },
    )
}

fn entry() -> impl Strategy<Value = Entry> {
    let command = (vec(bytes(), 0..4), option::of(bytes()), vec(bytes(), 0..2)).prop_map(|(argv, cwd, env)| Command {
        argv,
        cwd,
        env,
    });
    let facts = vec((bytes(), text()).prop_map(|(path, sha256)| Fact { path, sha256 }), 0..2);
    let ending = (option::of(any::<i32>()), option::of(any::<u64>()), option::of(text()), option::of(any::<bool>()));
    (who(), option::of(described()), option::of(command), facts, option::of(bytes()), ending).prop_map(
        |(who, described, command, facts, binary, (code, number, text, flag))| {
            let entry = Entry {
                command,
                facts,
                binary,
                exit_code: code,
                signal: code,
                duration_ms: number,
                lost: number,
                message: text.clone(),
                rule: text,
                binary_writable_by_caller: flag,
                decision: flag.map(|yes| if yes { Decision::Escalate } else { Decision::None }),
                ..who
            };
            match described {
                Some(described) => entry.describing(described),
                None => entry,
            }
        },
    )
}

fn time() -> impl Strategy<Value = Timestamp> {
    let range = Timestamp::MIN.as_second()..Timestamp::MAX.as_second();
    (range, 0..1_000_000_000).prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

proptest! {
    #[test]
    fn any_entry_comes_back_from_its_line(entry in entry(), seq in 1..u64::MAX, time in time()) {
        let mut line = Vec::new();
        let previous = Hash::of(b"before");
        let hash = seal(seq, time, &body(&entry).unwrap(), &previous, &mut line);
        prop_assert_eq!(line.pop(), Some(b'\n'));
        prop_assert!(!line.contains(&b'\n'));

        let sealed = Sealed::of(&line).unwrap();
        prop_assert!(sealed.is_whole());
        prop_assert_eq!((sealed.seq, sealed.previous, sealed.hash), (seq, previous, hash));

        let record = Record::of(&line).unwrap();
        prop_assert_eq!((record.seq, record.timestamp), (seq, time));
        prop_assert_eq!(record.entry, entry);
    }

    #[test]
    fn the_name_of_the_hash_stands_once_in_a_line_and_always_at_its_end(entry in entry()) {
        let mut line = Vec::new();
        seal(1, Timestamp::UNIX_EPOCH, &body(&entry).unwrap(), &Hash::ZERO, &mut line);
        let name = br#","hash":"#;
        let places: Vec<usize> = (0..line.len()).filter(|at| line[*at..].starts_with(name)).collect();
        let place = line.len() - br#","hash":"64 digits"}"#.len() - "\n".len() - 64 + "64 digits".len();
        prop_assert_eq!(places, [place]);
        let hash = Hash::of(&line[..place]);
        let end = [br#","hash":""#, hash.as_str().as_bytes(), b"\"}\n"].concat();
        prop_assert_eq!(&line[place..], end);
    }

    #[test]
    fn no_bytes_at_all_make_it_panic(line: Vec<u8>) {
        let _ = Sealed::of(&line).map(|sealed| (sealed.is_whole(), sealed.kind_and_id()));
        let _ = Record::of(&line);
    }
}

#[test]
fn a_record_has_every_field_in_a_known_order() {
    let mut line = Vec::new();
    let entry = Entry::of(Kind::Started, "A");
    let hash = seal(7, "2026-02-12T14:30:22Z".parse().unwrap(), &body(&entry).unwrap(), &Hash::ZERO, &mut line);
    assert_eq!(
        String::from_utf8(line).unwrap(),
        concat!(
            r#"{"v":1,"seq":7,"timestamp":"2026-02-12T14:30:22.000000000Z","kind":"started","id":"A","#,
            r#""parent":null,"door":null,"uid":null,"pid":null,"agent":null,"agent_known_by":[],"clearance":null,"#,
            r#""session":null,"token":null,"process":null,"#,
            r#""command":null,"pinned":null,"argv_hash":null,"scrubbed":[],"corrected":null,"#,
            r#""tool":null,"operation":null,"also":[],"tier":null,"target":{},"rationale":null,"changes":null,"#,
            r#""decision":null,"rule":null,"reason":null,"would":null,"approved_by":null,"asked":null,"added":[],"enrolled":null,"grant":null,"taken":[],"#,
            r#""exit_code":null,"signal":null,"#,
            r#""duration_ms":null,"status_code":null,"stdout_hash":null,"stderr_hash":null,"#,
            r#""stdout_redacted":null,"stderr_redacted":null,"#,
            r#""binary":null,"binary_sha256":null,"binary_writable_by_caller":null,"#,
            r#""policy_hash":null,"policy_pending":null,"opinions_hash":null,"facts":[],"source":null,"#,
            r#""foreign":null,"foreign_hash":null,"lost":null,"carried":null,"message":null,"#,
            r#""prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","#,
            r#""hash":"HASH"}"#,
            "\n"
        )
        .replace("HASH", hash.as_str())
    );
}

#[test]
fn every_kind_is_written_by_its_name() {
    for &kind in Kind::ALL {
        let mut line = Vec::new();
        seal(1, Timestamp::UNIX_EPOCH, &body(&Entry::of(kind, "ID")).unwrap(), &Hash::ZERO, &mut line);
        line.pop();
        let named = Sealed::of(&line).unwrap().kind_and_id();
        assert_eq!(named, Some((kind.name().as_bytes(), &b"ID"[..])));
    }
    assert_eq!(serde_json::from_str::<Kind>("\"of_another_time\"").unwrap(), Kind::Other);
}
