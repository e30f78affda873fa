//! A sink that sums up operations as they are done: constant memory, however long the run.

use gilsim_policies::Span;
use hdrhistogram::Histogram;

use super::{OpRow, Sink};

/// The latencies of each group's operations.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The group of each thread.
    thread_groups: Vec<u32>,
    groups: Vec<Latencies>,
}

impl Summary {
    /// No operations yet. `thread_groups` gives each thread's group, a number below `groups`.
    #[must_use]
    pub fn new(thread_groups: &[u32], groups: usize) -> Self {
        Self {
            thread_groups: thread_groups.to_vec(),
            groups: (0..groups).map(|_| Latencies::default()).collect(),
        }
    }

    /// The latencies of one group's operations.
    ///
    /// # Panics
    ///
    /// There is no such group.
    #[must_use]
    pub fn group(&self, group: u32) -> &Latencies {
        &self.groups[group as usize]
    }
}

impl Sink for Summary {
    fn op(&mut self, row: &OpRow) {
        let group = self.thread_groups[row.thread.index()];
        self.groups[group as usize].record(row.latency());
    }
}

/// A distribution of latencies.
///
/// Count, mean and maximum are exact. Quantiles come from a histogram with three significant
/// digits: they are at most 0.1 % too long. It needs 4 KiB for each doubling of the latency beyond
/// 1 µs, at most 0.2 MiB.
#[derive(Debug, Clone)]
pub struct Latencies {
    histogram: Histogram<u32>,
    sum_ns: u128,
    max: Span,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            histogram: Histogram::new(3).expect("three digits are within the histogram's limits"),
            sum_ns: 0,
            max: Span::ZERO,
        }
    }
}

impl Latencies {
    /// Counts one more operation.
    pub fn record(&mut self, latency: Span) {
        // Resizing only fails where `usize` has fewer bits than a latency.
        let _ = self.histogram.record(latency.ns());
        self.sum_ns += u128::from(latency.ns());
        self.max = self.max.max(latency);
    }

    /// Number of operations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Mean latency \[ns\]; `None` without operations.
    #[must_use]
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum_ns as f64 / self.count() as f64)
    }

    /// The shortest latency \[ns\] that a share `q` of the operations did not exceed; `None` without
    /// operations.
    #[must_use]
    pub fn quantile_ns(&self, q: f64) -> Option<u64> {
        // The histogram answers with the end of a bucket, which may lie beyond the maximum.
        (self.count() > 0).then(|| self.histogram.value_at_quantile(q).min(self.max.ns()))
    }

    /// The longest latency \[ns\]; `None` without operations.
    #[must_use]
    pub fn max_ns(&self) -> Option<u64> {
        (self.count() > 0).then(|| self.max.ns())
    }
}

#[cfg(test)]
mod tests {
    use gilsim_policies::{Instant, ThreadId};

    use super::*;
    use crate::trace::StateTimes;

    fn op(thread: u32, latency: Span, queued: Span) -> OpRow {
        OpRow {
            thread: ThreadId(thread),
            start: Instant::from_ns(7),
            end: Instant::from_ns(7) + latency,
            queued,
            times: StateTimes::default(),
        }
    }

    #[test]
    fn operations_count_for_the_group_of_their_thread() {
        let mut summary = Summary::new(&[0, 1, 1], 2);
        summary.op(&op(0, Span::from_ns(10), Span::ZERO));
        summary.op(&op(1, Span::from_ns(20), Span::ZERO));
        summary.op(&op(2, Span::from_ns(30), Span::from_ns(5)));
        assert_eq!(summary.group(0).mean_ns(), Some(10.0));
        assert_eq!(summary.group(1).count(), 2);
        assert_eq!(summary.group(1).max_ns(), Some(35));
        assert_eq!(summary.group(1).mean_ns(), Some(27.5));
    }

    #[test]
    fn nothing_has_no_latency() {
        let nothing = Latencies::default();
        assert_eq!(nothing.count(), 0);
        assert_eq!(
            (nothing.mean_ns(), nothing.quantile_ns(0.5), nothing.max_ns()),
            (None, None, None)
        );
    }

    #[test]
    fn quantiles_are_a_thousandth_too_long_at_most_and_the_rest_is_exact() {
        let mut latencies = Latencies::default();
        // From 1 µs to 1 s in steps of 1 µs, then one of 72 hours.
        (1..=1_000_000).for_each(|us| latencies.record(Span::from_us(us)));
        for (q, us) in [(0.05, 50_000), (0.25, 250_000), (0.5, 500_000), (0.99, 990_000)] {
            let (exact, ns) = (us * 1_000, latencies.quantile_ns(q).unwrap());
            assert!((exact..=exact + exact / 1_000).contains(&ns), "{q}: {ns}");
        }
        assert_eq!(latencies.mean_ns(), Some(500_000_500.0));
        latencies.record(Span::from_s(72 * 3600));
        assert_eq!(latencies.max_ns(), Some(72 * 3600 * 1_000_000_000));
        assert_eq!(latencies.quantile_ns(1.0), latencies.max_ns());
    }
}
