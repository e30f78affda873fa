//! What the figure `shares` shows: who had the lock in each window of one run for each policy.

use super::timeline::{one_each, recorded};
use super::{Choice, PlotError, Plots, distinct};
use crate::analysis::thread_names;
use crate::figure::shares::{Data, MOST_PARTS, Panel, Window};
use crate::statistics::jain;
use crate::trace::IntervalRow;
use crate::trace::tables::{RunRow, ThreadRow};

/// Windows in the time shown.
const WINDOWS: u64 = 50;
/// Up to so many threads have a share each; more have one for each group.
const MOST_THREADS: usize = 6;

impl Plots {
    pub(super) fn shares(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let all_threads = self.results.threads()?;
        let mut shown = Vec::new();
        let mut all = None;
        for run in one_each(runs) {
            let intervals = self.results.intervals(run.run)?;
            all = recorded(all, &intervals);
            shown.push((run, intervals));
        }
        let (from_ns, to_ns) = choice.window(all)?.or(all).unwrap_or_default();
        let of_runs = shown.iter().map(|(run, _)| names(&all_threads, run.run));
        let names: Vec<_> = of_runs.collect();
        let parts = parts(&names);
        let windows = bounds(from_ns, to_ns);
        let panels = shown.iter().zip(&names).map(|((run, intervals), names)| {
            let lives = all_threads.iter().filter(|row| row.run == run.run);
            let lives: Vec<_> = lives.map(|row| (row.start_ns, row.end_ns)).collect();
            let held = held_ns(intervals, &windows, lives.len());
            let windows = windows.iter().zip(&held);
            let windows =
                windows.map(|(bounds, held)| window(*bounds, held, &lives, names, &parts));
            Panel { policy: self.policy(&run.policy), windows: windows.collect() }
        });
        Ok(Data { from_ns, to_ns, panels: panels.collect(), parts })
    }
}

/// What each thread of a run is counted as: itself where there are few threads, or its group.
fn names(threads: &[ThreadRow], run: u32) -> Vec<String> {
    let labels = thread_names(threads, run);
    if labels.len() <= MOST_THREADS {
        return labels;
    }
    threads.iter().filter(|row| row.run == run).map(|row| row.group.clone()).collect()
}

/// The parts of all runs; the last of too many stands for the rest.
fn parts(names: &[Vec<String>]) -> Vec<String> {
    let mut parts = distinct(names.iter().flatten().map(String::as_str));
    if parts.len() > MOST_PARTS {
        parts.truncate(MOST_PARTS - 1);
        parts.push("others");
    }
    parts.into_iter().map(str::to_owned).collect()
}

/// Begin and end of each window.
fn bounds(from_ns: u64, to_ns: u64) -> Vec<(u64, u64)> {
    let length = to_ns.saturating_sub(from_ns);
    let count = WINDOWS.min(length);
    // Through 128 bits: a product of two times does not fit 64.
    let at = |index: u64| {
        let offset = u128::from(length) * u128::from(index) / u128::from(count);
        from_ns + u64::try_from(offset).unwrap_or(length)
    };
    (0..count).map(|index| (at(index), at(index + 1))).collect()
}

/// For how long each thread had the lock in each window.
fn held_ns(intervals: &[IntervalRow], windows: &[(u64, u64)], threads: usize) -> Vec<Vec<u64>> {
    let mut held = vec![vec![0; threads]; windows.len()];
    for row in intervals.iter().filter(|row| row.holds && row.thread.index() < threads) {
        let (start, end) = (row.start.ns(), row.end.ns());
        let first = windows.partition_point(|window| window.1 <= start);
        for (window, held) in windows.iter().zip(&mut held).skip(first) {
            if window.0 >= end {
                break;
            }
            held[row.thread.index()] += end.min(window.1) - start.max(window.0);
        }
    }
    held
}

/// A window's shares, and how evenly the threads that live in it shared; `None` if nobody had the lock.
fn window(
    (from_ns, to_ns): (u64, u64),
    held: &[u64],
    lives: &[(u64, u64)],
    names: &[String],
    parts: &[String],
) -> Option<Window> {
    let alive = |life: &(u64, u64)| life.0 < to_ns && life.1 > from_ns;
    let living = held.iter().zip(lives).filter(|(_, life)| alive(life));
    let fairness = jain(&living.map(|(held, _)| *held as f64).collect::<Vec<_>>())?;
    let mut of_parts = vec![0_u64; parts.len()];
    for (held, name) in held.iter().zip(names) {
        let part = parts.iter().position(|part| part == name);
        if let Some(sum) = of_parts.get_mut(part.unwrap_or(parts.len() - 1)) {
            *sum += held;
        }
    }
    let total = of_parts.iter().sum::<u64>() as f64;
    let shares = of_parts.into_iter().map(|held| held as f64 / total).collect();
    Some(Window { shares, fairness })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::intervals::tests::interval;
    use crate::trace::State::{LockWait, Running};

    fn thread(run: u32, group: &str) -> ThreadRow {
        ThreadRow { run, group: group.to_owned(), ..ThreadRow::default() }
    }

    #[test]
    fn a_stretch_is_split_where_a_window_ends() {
        let rows = [
            interval(0, Running, true, 0, 12),
            interval(1, LockWait, false, 0, 12),
            interval(1, Running, true, 12, 16),
        ];
        let windows = [(0, 10), (10, 20), (20, 30)];
        let held = held_ns(&rows, &windows, 2);
        assert_eq!(held, [[10, 0], [2, 4], [0, 0]]);

        let names = ["a", "b"].map(str::to_owned);
        let lives = [(0, 30), (0, 30)];
        let of = |index: usize| window(windows[index], &held[index], &lives, &names, &names);
        assert_eq!(of(0), Some(Window { shares: vec![1.0, 0.0], fairness: 0.5 }));
        // (2 + 4)² / (2 (4 + 16)).
        assert_eq!(of(1).map(|window| window.fairness), Some(0.9));
        assert_eq!(of(2), None);
    }

    #[test]
    fn who_does_not_live_yet_is_not_treated_unfairly() {
        let names = ["a", "b"].map(str::to_owned);
        let window = window((0, 10), &[10, 0], &[(0, 30), (10, 30)], &names, &names);
        assert_eq!(window.map(|window| window.fairness), Some(1.0));
    }

    #[test]
    fn windows_are_equal_and_cover_the_time() {
        let windows = bounds(7, 1_007);
        assert_eq!((windows.len(), windows[0], windows[49]), (50, (7, 27), (987, 1_007)));
        assert_eq!(bounds(5, 8), [(5, 6), (6, 7), (7, 8)]);
        assert!(bounds(5, 5).is_empty() && bounds(6, 5).is_empty());
        assert_eq!(bounds(0, u64::MAX).last().map(|window| window.1), Some(u64::MAX));
    }

    #[test]
    fn few_threads_have_names_and_many_have_groups() {
        let few: Vec<_> = (0..6).map(|_| thread(3, "cpu")).collect();
        assert_eq!(names(&few, 3)[5], "cpu 6");
        let many: Vec<_> = (0..100).map(|index| thread(3, &format!("g{}", index % 10))).collect();
        let names = [names(&many, 3)];
        assert_eq!(names[0].len(), 100);
        let parts = parts(&names);
        assert_eq!((parts.len(), parts[6].as_str(), parts[7].as_str()), (8, "g6", "others"));

        // Three of the ten groups are the others.
        let window = window((0, 10), &[1; 100], &[(0, 10); 100], &names[0], &parts);
        let shares = window.map(|window| window.shares).unwrap_or_default();
        assert_eq!((shares[0], shares[7]), (0.1, 0.3));
    }
}
