//! The table of cases: what each is, and which faults it notices.

use e2e::{Builder, Difference, Sandbox};

/// One property that a caller could notice.
#[cfg(feature = "sabotage")]
pub struct Case {
    /// Its test's name.
    pub name: &'static str,
    /// Faults of shim, supervisor or daemon that make it fail.
    pub sabotages: &'static [&'static str],
    /// Runs it.
    pub run: fn(&Stage) -> Result<(), Difference>,
}

/// How a case's sandboxes are made: sound, or with one fault.
pub struct Stage {
    /// The fault.
    pub sabotage: Option<&'static str>,
}

impl Stage {
    /// `probe` and the other tools of the cases, all allowed, and a daemon.
    pub fn sandbox(&self) -> Sandbox {
        self.builder().start()
    }

    /// As [`Stage::sandbox`], to add to.
    pub fn builder(&self) -> Builder {
        Sandbox::builder(e2e::programs!()).probe("probe").sabotage(self.sabotage)
    }
}

/// Runs one case on sound programs.
pub fn check(run: fn(&Stage) -> Result<(), Difference>) {
    if let Err(difference) = run(&Stage { sabotage: None }) {
        panic!("{difference}");
    }
}

/// Declares the table, and one test a case.
macro_rules! cases {
    ($($name:ident = $room:ident :: $run:ident, [$($sabotage:literal),+];)+) => {
        /// Every case.
        #[cfg(feature = "sabotage")]
            const CASES: &[case::Case] =
            &[$(case::Case { name: stringify!($name), sabotages: &[$($sabotage),+], run: $room::$run }),+];

        $(#[test]
        fn $name() {
            case::check($room::$run);
        })+
    };
}
pub(crate) use cases;
