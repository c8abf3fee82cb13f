//! Names that live as long as the program.
//!
//! A meaning carries its words as `&'static str`, so that naming an operation
//! costs no allocation. Each distinct name is kept once, and their number is that
//! of the grammar files.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// This text, for ever.
pub(super) fn forever(text: &str) -> &'static str {
    static KEPT: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(known) = kept.get(text) {
        return known;
    }
    let new: &'static str = Box::leak(text.into());
    kept.insert(new);
    new
}

pub(super) fn all_forever(texts: &[String]) -> Vec<&'static str> {
    texts.iter().map(|text| forever(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_is_kept_once() {
        assert!(std::ptr::eq(forever("terraform.apply"), forever(&String::from("terraform.apply"))));
    }
}
