//! Plans read from messages made by hand, and from any bytes.

use proptest::prelude::*;

use super::*;
use crate::samples::{field, number, packed};

/// A change of this resource.
fn changed(address: &str, act: u64) -> Vec<u8> {
    field(3, &[field(13, address.as_bytes()), field(9, &number(1, act))].concat())
}

fn message(parts: &[Vec<u8>]) -> Vec<u8> {
    [number(1, FORMAT), parts.concat()].concat()
}

fn acts(parts: &[Vec<u8>]) -> Vec<Act> {
    read(&message(parts)).unwrap().changes.iter().map(|change| change.act).collect()
}

#[test]
fn every_act_is_told_from_the_others() {
    let numbers = [1, 2, 3, 5, 6, 7, 8, 9, 4];
    let parts: Vec<_> = numbers.iter().map(|act| changed("a.b", *act)).collect();
    let wanted = [
        Act::Create,
        Act::Read,
        Act::Update,
        Act::Delete,
        Act::Replace,
        Act::Replace,
        Act::Forget,
        Act::ForgetAndCreate,
        Act::Unknown(4),
    ];
    assert_eq!(acts(&parts), wanted);
    assert_eq!(acts(&[changed("a.b", 0)]), []);
}

#[test]
fn a_number_that_names_an_act_counts_by_its_low_bits() {
    assert_eq!(acts(&[changed("a.b", (1 << 32) | 5)]), [Act::Delete]);
}

#[test]
fn parts_of_one_message_add_up_and_the_last_number_holds() {
    let change = field(3, &[field(13, b"a.b"), field(9, &number(1, 1)), field(9, &number(1, 5))].concat());
    assert_eq!(acts(&[change]), [Act::Delete]);
}

#[test]
fn what_moves_or_is_imported_is_shown() {
    let moved = field(3, &[field(13, b"a.new"), field(14, b"a.old")].concat());
    let imported = field(3, &[field(13, b"a.b"), field(9, &field(5, b""))].concat());
    let plan = read(&message(&[moved, imported])).unwrap();
    assert_eq!(plan.changes[0].moved_from.as_deref(), Some("a.old"));
    assert!(plan.changes[1].imported);
}

#[test]
fn the_rest_of_a_plan_is_read() {
    let settings = field(1, b"\x82\xa6bucket\xa1b\xa3key\xa5a/b/c");
    let backend = [field(1, b"s3"), field(2, &settings), field(3, b"prod")].concat();
    let parts = [
        field(14, b"1.11.4"),
        number(17, 1),
        number(20, 1),
        field(13, &backend),
        field(4, &field(2, &number(1, 3))),
        field(4, &field(2, &number(1, 0))),
        field(5, b"a.b"),
        field(27, b""),
        field(30, &field(1, b"action.x.y")),
    ];
    let plan = read(&message(&parts)).unwrap();
    assert_eq!((plan.terraform_version.as_str(), plan.mode, plan.errored), ("1.11.4", Mode::Destroy, true));
    let backend = plan.backend.unwrap();
    assert_eq!((backend.kind.as_str(), backend.workspace.as_str()), ("s3", "prod"));
    assert_eq!(backend.settings, [("bucket", "b"), ("key", "a/b/c")].map(|(name, text)| (name.into(), text.into())));
    assert_eq!((plan.outputs, plan.deferred), (1, 1));
    assert_eq!((plan.targets, plan.calls), (vec![String::from("a.b")], vec![String::from("action.x.y")]));
}

#[test]
fn another_format_is_no_plan_wherever_it_is_stated() {
    assert_eq!(read(&number(1, 4)), Err(Error::Format(4)));
    assert_eq!(read(b""), Err(Error::Format(0)));
    let late = [number(1, 3), changed("a.b", 1), number(1, 4)].concat();
    assert_eq!(read(&late), Err(Error::Format(4)));
}

#[test]
fn a_change_without_an_address_or_of_endless_length_is_refused() {
    assert!(read(&message(&[field(3, &field(9, &number(1, 5)))])).is_err());
    assert!(read(&message(&[changed(&"a".repeat(5000), 1)])).is_err());
    let many: Vec<u8> = changed("a", 1).repeat(MOST_CHANGES + 1);
    assert!(read(&message(&[many])).is_err());
}

/// A plan with something of everything, for bytes to be changed in.
fn whole() -> Vec<u8> {
    let backend = [field(1, b"local"), field(2, &field(1, b"\x81\xa4path\xa1p")), field(3, b"default")].concat();
    message(&[changed("a.b", 5), changed("c.d", 6), field(13, &backend), field(4, &field(2, &number(1, 1)))])
}

proptest! {
    #[test]
    fn any_bytes_give_a_plan_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = crate::read(&bytes);
        let _ = crate::read(&packed(&bytes));
        let _ = read(&message(std::slice::from_ref(&bytes)));
        let _ = values::texts(&bytes);
    }

    #[test]
    fn a_damaged_plan_gives_a_plan_or_an_error(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for whole in [packed(&whole()), crate::samples::archive("tfplan", &whole(), 0)] {
            let mut bytes = whole;
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = crate::read(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            prop_assert!(crate::read(&bytes).is_err());
        }
    }
}
