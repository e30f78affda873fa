//! Thousands of stretches in a few hundred columns, without hiding the short ones.
//!
//! A column is as wide as a hairline. Where several activities fall into one, the column shows only
//! one of them, and what the others have lost is carried over to the next columns, so that in the
//! long run each gets its share of the ink. An activity that has not been seen for a while is
//! shown at once, so that a single short stretch is a hairline instead of nothing.

use super::style::Activity;
use super::timeline::Stretch;

/// What a column can show: an activity, with or without the lock.
pub(super) type Look = (Activity, bool);

/// A run of columns that show the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub first: usize,
    /// One past the last.
    pub end: usize,
    pub look: Look,
}

const LOOKS: usize = 2 * Activity::ALL.len();

/// After so many columns without it, an activity is shown at its next occurrence.
const REST: usize = 8;

/// Shows the stretches between `from_ns` and `to_ns` in `columns` columns.
pub(super) fn raster(stretches: &[Stretch], from_ns: u64, to_ns: u64, columns: usize) -> Vec<Run> {
    let columns_of_time = times_by_column(stretches, from_ns, to_ns, columns);
    let mut credit = [0.0_f64; LOOKS];
    let mut unseen = [REST; LOOKS];
    let mut runs: Vec<Run> = Vec::new();
    for (column, times) in columns_of_time.iter().enumerate() {
        let total: f64 = times.iter().sum();
        unseen.iter_mut().for_each(|count| *count += 1);
        for (credit, time) in credit.iter_mut().zip(times).filter(|(_, time)| **time > 0.0) {
            *credit += time / total;
        }
        // Whoever was not seen for a while comes first, above all if this is the last chance.
        let urgency = |index: usize| {
            let over = columns_of_time.get(column + 1).is_none_or(|next| next[index] == 0.0);
            let rested = unseen[index] > REST;
            u8::from(rested) + u8::from(rested && over)
        };
        let shown = (0..LOOKS)
            .filter(|&index| times[index] > 0.0)
            .max_by(|&a, &b| urgency(a).cmp(&urgency(b)).then(credit[a].total_cmp(&credit[b])));
        let Some(shown) = shown else { continue };
        credit[shown] -= 1.0;
        unseen[shown] = 0;
        // No debt or claim outlives its neighbourhood.
        credit.iter_mut().for_each(|credit| *credit = credit.clamp(-1.0, 1.0));
        let look = (Activity::ALL[shown / 2], shown % 2 == 1);
        match runs.last_mut() {
            Some(run) if run.look == look && run.end == column => run.end += 1,
            _ => runs.push(Run { first: column, end: column + 1, look }),
        }
    }
    runs
}

/// For each column the time that each look has in it, in columns.
fn times_by_column(
    stretches: &[Stretch],
    from_ns: u64,
    to_ns: u64,
    columns: usize,
) -> Vec<[f64; LOOKS]> {
    let mut times = vec![[0.0; LOOKS]; columns];
    let per_ns = columns as f64 / to_ns.saturating_sub(from_ns).max(1) as f64;
    for stretch in stretches {
        let (start, end) = (stretch.start_ns.max(from_ns), stretch.end_ns.min(to_ns));
        if start >= end {
            continue;
        }
        let look = 2 * stretch.activity as usize + usize::from(stretch.holds);
        let (start, end) = ((start - from_ns) as f64 * per_ns, (end - from_ns) as f64 * per_ns);
        // Columns are counted from 0, and there are few of them.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (first, last) = (start as usize, (end.ceil() as usize).min(columns));
        for (column, times) in times.iter_mut().enumerate().take(last).skip(first) {
            let column = column as f64;
            times[look] += (end.min(column + 1.0) - start.max(column)).max(0.0);
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use Activity::{Blocked, LockWait, Locked};

    fn stretch(start_ns: u64, end_ns: u64, activity: Activity) -> Stretch {
        Stretch { start_ns, end_ns, activity, holds: activity == Locked }
    }

    fn ink(runs: &[Run], activity: Activity) -> usize {
        runs.iter().filter(|run| run.look.0 == activity).map(|run| run.end - run.first).sum()
    }

    #[test]
    fn long_stretches_keep_their_ends() {
        let runs = raster(&[stretch(0, 30, Locked), stretch(30, 100, LockWait)], 0, 100, 100);
        assert_eq!(
            runs,
            [
                Run { first: 0, end: 30, look: (Locked, true) },
                Run { first: 30, end: 100, look: (LockWait, false) }
            ]
        );
    }

    #[test]
    fn a_single_short_stretch_is_a_hairline() {
        let stretches = [
            stretch(0, 50_200, Blocked),
            stretch(50_200, 50_201, Locked),
            stretch(50_201, 100_000, Blocked),
        ];
        let runs = raster(&stretches, 0, 100_000, 100);
        assert_eq!(runs[1], Run { first: 50, end: 51, look: (Locked, true) });
        assert_eq!(ink(&runs, Blocked), 99);
    }

    #[test]
    fn a_short_stretch_between_two_others_is_seen_too() {
        let stretches = [
            stretch(0, 50_200, LockWait),
            stretch(50_200, 50_220, Locked),
            stretch(50_220, 100_000, Blocked),
        ];
        let runs = raster(&stretches, 0, 100_000, 100);
        assert_eq!(runs[1], Run { first: 50, end: 51, look: (Locked, true) });
    }

    #[test]
    fn many_short_stretches_get_their_share_of_ink() {
        let stretches: Vec<_> = (0..10_000)
            .flat_map(|index| {
                let start = index * 100;
                [stretch(start, start + 30, Locked), stretch(start + 30, start + 100, LockWait)]
            })
            .collect();
        let runs = raster(&stretches, 0, 1_000_000, 1000);
        assert!((290..=310).contains(&ink(&runs, Locked)), "{}", ink(&runs, Locked));
        assert_eq!(ink(&runs, Locked) + ink(&runs, LockWait), 1000);
    }

    #[test]
    fn what_lies_outside_and_what_is_missing_stays_blank() {
        let runs = raster(&[stretch(0, 10, Locked), stretch(50, 200, Blocked)], 5, 105, 100);
        assert_eq!((runs[0].first, runs[0].end), (0, 5));
        assert_eq!((runs[1].first, runs[1].end), (45, 100));
        assert!(raster(&[], 0, 100, 10).is_empty());
    }
}
