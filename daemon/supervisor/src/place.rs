//! Putting descriptors at exactly the numbers that the caller has them at.
//!
//! They arrive wherever there is room, so a number that one of them must get may
//! still be taken by another that has not moved yet, or by the binary: that one
//! moves out of the way first. What stays behind closes by itself at the exec.

use tollgate_bare::{Errno, descriptor};

/// One descriptor: where it is, where it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) source: i32,
    pub(crate) target: i32,
}

/// A process's descriptors, as far as placing needs them.
pub(crate) trait Table {
    /// The same file at some free number, closed at an exec.
    fn duplicate(&mut self, number: i32) -> Result<i32, Errno>;
    /// The same file at exactly `to`, kept over an exec.
    fn place(&mut self, from: i32, to: i32) -> Result<(), Errno>;
}

/// The kernel's.
pub(crate) struct Kernel;

impl Table for Kernel {
    fn duplicate(&mut self, number: i32) -> Result<i32, Errno> {
        descriptor::duplicate(number, 0)
    }

    fn place(&mut self, from: i32, to: i32) -> Result<(), Errno> {
        descriptor::place(from, to)
    }
}

/// Makes every move; `binary` is where the binary is, and changes when it must.
pub(crate) fn all(moves: &mut [Move], binary: &mut i32, table: &mut impl Table) -> Result<(), Errno> {
    let mut left = moves;
    while let Some((Move { source, target }, rest)) = left.split_first_mut() {
        if source != target {
            let in_the_way = rest.iter_mut().map(|other| &mut other.source).chain([&mut *binary]);
            for number in in_the_way.filter(|number| *number == target) {
                *number = table.duplicate(*target)?;
            }
        }
        table.place(*source, *target)?;
        left = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Number to file; files that an exec would close are marked.
    #[derive(Default)]
    struct Model(BTreeMap<i32, (&'static str, bool)>);

    impl Table for Model {
        fn duplicate(&mut self, number: i32) -> Result<i32, Errno> {
            let (file, _) = *self.0.get(&number).ok_or(Errno::EBADF)?;
            let free = (0..).find(|free| !self.0.contains_key(free)).unwrap();
            self.0.insert(free, (file, true));
            Ok(free)
        }

        fn place(&mut self, from: i32, to: i32) -> Result<(), Errno> {
            let (file, _) = *self.0.get(&from).ok_or(Errno::EBADF)?;
            self.0.insert(to, (file, false));
            Ok(())
        }
    }

    /// What is left after the exec, and the file that is executed.
    fn placed(
        at: &[(i32, &'static str)],
        moves: &[(i32, i32)],
        binary: i32,
    ) -> (Vec<(i32, &'static str)>, &'static str) {
        let mut table = Model(at.iter().map(|(number, file)| (*number, (*file, true))).collect());
        let mut moves: Vec<Move> =
            moves.iter().map(|(source, target)| Move { source: *source, target: *target }).collect();
        let mut binary = binary;
        all(&mut moves, &mut binary, &mut table).unwrap();
        let kept = table.0.iter().filter(|(_, (_, closes))| !closes).map(|(number, (file, _))| (*number, *file));
        (kept.collect(), table.0.get(&binary).unwrap().0)
    }

    #[test]
    fn descriptors_change_places_with_each_other() {
        let at = [(0, "in"), (1, "out"), (2, "log"), (3, "tool")];
        let (kept, executed) = placed(&at, &[(2, 0), (0, 1), (1, 2)], 3);
        assert_eq!(kept, [(0, "log"), (1, "in"), (2, "out")]);
        assert_eq!(executed, "tool");
    }

    #[test]
    fn the_binary_moves_out_of_the_way() {
        let (kept, executed) = placed(&[(0, "tool"), (1, "a"), (2, "b")], &[(1, 0), (2, 9)], 0);
        assert_eq!(kept, [(0, "a"), (9, "b")]);
        assert_eq!(executed, "tool");
    }

    #[test]
    fn one_that_moved_out_of_the_way_may_have_to_move_again() {
        let at = [(1, "a"), (2, "b"), (5, "c"), (7, "tool")];
        let (kept, executed) = placed(&at, &[(5, 1), (2, 0), (1, 3), (7, 2)], 7);
        assert_eq!(kept, [(0, "b"), (1, "c"), (2, "tool"), (3, "a")]);
        assert_eq!(executed, "tool");
    }

    #[test]
    fn one_that_is_in_its_place_is_kept() {
        let (kept, _) = placed(&[(4, "a"), (5, "tool")], &[(4, 4)], 5);
        assert_eq!(kept, [(4, "a")]);
    }

    #[test]
    fn every_order_of_six_descriptors_is_placed() {
        const FILES: [&str; 6] = ["a", "b", "c", "d", "e", "tool"];
        let at: Vec<(i32, &str)> = (0..).zip(FILES).collect();
        for permutation in 0..720 {
            let mut left: Vec<i32> = (0..6).collect();
            let mut number = permutation;
            let moves: Vec<(i32, i32)> = (0..6)
                .map(|source| {
                    let target = left.remove(number as usize % left.len());
                    number /= 6 - source;
                    (source, target)
                })
                .collect();
            let (kept, executed) = placed(&at, &moves, 5);
            let mut expected: Vec<(i32, &str)> = moves.iter().map(|(from, to)| (*to, FILES[*from as usize])).collect();
            expected.sort_unstable();
            assert_eq!((kept, executed), (expected, "tool"), "{moves:?}");
        }
    }
}
