//! Ids of which a person types the start.
//!
//! Not here: what is wrong with one that names nothing, or several; whoever is asked
//! says that.

use tollgate_admin::ENOUGH;

/// The only one whose id begins so; none where the start is too short to mean one.
pub(crate) fn only<T>(typed: &str, all: impl IntoIterator<Item = T>, id: impl Fn(&T) -> &str) -> Option<T> {
    let start = typed.to_ascii_uppercase();
    let mut fitting = all.into_iter().filter(|one| start.len() >= ENOUGH && id(one).starts_with(&start));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_means_one_or_nothing() {
        let all = ["01M81CCQK7", "01M81CCQAA", "01M82CCQK7"];
        let only = |typed| only(typed, all, |id| id);
        assert_eq!(only("01m82ccq"), Some("01M82CCQK7"));
        assert_eq!(["01M81CCQ", "01M82", "", "01M8XXXXX"].map(only), [None; 4]);
    }
}
