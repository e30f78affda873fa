//! Which cells are fitted, and which are held back.

use std::collections::{BTreeSet, HashMap};

use crate::trace::tables::ProbeRow;
use crate::validation::Cell;

/// Splits cells into those of the fit and the rest, so that both have every interpreter on every number of cores.
///
/// Cells that share units of work are compared with the lone thread among them, so those of an interpreter,
/// a number of cores and an interval stay together: such groups lie on a chessboard, whose edges are an interpreter's numbers of
/// cores and its intervals, in ascending order, and those on white squares are fitted. The next
/// interpreter has a board of the other colours. Of all other cells, every other one of an interpreter on
/// a number of cores is fitted.
#[must_use]
pub fn halves(cells: Vec<Cell>) -> [Vec<Cell>; 2] {
    let shared: Vec<ProbeRow> =
        cells.iter().map(Cell::setting).filter(|run| shares(run)).cloned().collect();
    let mut met: HashMap<(String, u32), usize> = HashMap::new();
    let mut halves = [Vec::new(), Vec::new()];
    for cell in cells {
        let run = cell.setting();
        let number = if shares(run) {
            let boards = rank(&shared, run, |_| (), |run| run.python.clone());
            let cores = rank(&shared, run, |run| run.python.clone(), |run| run.cores);
            let intervals = rank(&shared, run, |run| run.python.clone(), interval);
            boards + cores + intervals
        } else {
            let met = met.entry((run.python.clone(), run.cores)).or_default();
            *met += 1;
            *met - 1
        };
        halves[number % 2].push(cell);
    }
    halves
}

fn shares(run: &ProbeRow) -> bool {
    run.shared_units.is_some()
}

fn interval(run: &ProbeRow) -> (Option<u64>, Option<u64>) {
    (run.check_interval_ticks, run.switch_interval_ns)
}

/// How many lesser values there are among the runs of the same kind.
fn rank<K: PartialEq, T: Ord>(
    runs: &[ProbeRow],
    run: &ProbeRow,
    kind: impl Fn(&ProbeRow) -> K,
    value: impl Fn(&ProbeRow) -> T,
) -> usize {
    let same = runs.iter().filter(|other| kind(other) == kind(run));
    let values = same.map(&value).filter(|other| *other < value(run));
    values.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::probe::own_runs;

    fn cell(python: &str, cores: u32, spinners: u32) -> Cell {
        let run = ProbeRow { python: python.into(), cores, spinners, ..ProbeRow::default() };
        Cell { runs: vec![run] }
    }

    #[test]
    fn both_halves_have_everything() {
        let settings = [("a", 1), ("a", 2), ("b", 1)];
        let cells = (0..4).flat_map(|at| settings.map(|(python, cores)| cell(python, cores, at)));
        let [fitted, held_back] = halves(cells.collect());
        let kinds = |half: &[Cell]| -> Vec<_> {
            let kind = |cell: &Cell| (cell.setting().python.clone(), cell.setting().cores);
            half.iter().map(kind).collect()
        };
        assert_eq!(kinds(&fitted), kinds(&held_back));
        assert_eq!(fitted.len(), 6);
        assert_eq!(fitted[3].setting().spinners, 2);
        assert_eq!(held_back[3].setting().spinners, 3);
    }

    /// Whatever the order of the runs: `gilsim measure` shuffles them.
    #[test]
    fn a_lone_thread_goes_with_those_that_are_compared_with_it() {
        let mut all = Cell::of_runs(&own_runs().unwrap());
        let whole = halves(all.clone());
        all.reverse();
        let mut reversed = halves(all);
        reversed.iter_mut().for_each(|half| half.reverse());
        let shared = |half: &[Cell]| -> Vec<ProbeRow> {
            half.iter().map(Cell::setting).filter(|run| shares(run)).cloned().collect()
        };
        for (half, other) in whole.iter().zip(&reversed) {
            assert_eq!(shared(half), shared(other).as_slice());
            let many = half.iter().filter(|cell| shares(cell.setting()));
            let many: Vec<_> = many.filter(|cell| cell.setting().spinners > 1).collect();
            for cell in &many {
                assert!(half.iter().any(|one| one.is_alone_like(cell)), "{}", cell.title());
            }
            let places: BTreeSet<_> = many.iter().map(|cell| cell.place()).collect();
            let intervals: BTreeSet<_> = many.iter().map(|cell| interval(cell.setting())).collect();
            // One interpreter has no interval, so that one number of cores is in the other half.
            assert_eq!((many.len(), places.len(), intervals.len()), (10, 5, 5));
        }
    }
}
