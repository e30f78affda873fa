//! From what came of a run to rows of the tables `runs` and `threads`.

mod fingerprint;

use gilsim_policies::Span;

use crate::sim::{self, Outcome, ThreadTotals};
use crate::statistics::jain;
use crate::trace::summary::Latencies;
use crate::trace::tables::{Ending, RunRow, ThreadRow};
use crate::trace::{State, StateTimes, Summary};

pub use fingerprint::fingerprint;

/// A run's metrics. The fields that say which run it was are left for the caller to fill in.
///
/// The focus group's operations give throughput and latency; every other metric is about all threads.
///
/// # Panics
///
/// `summary` knows of no such group.
#[must_use]
pub fn run_row(outcome: &Outcome, summary: &Summary, focus: u32) -> RunRow {
    let latencies = summary.group(focus);
    let elapsed = outcome.elapsed;
    let count = |field: fn(&ThreadTotals) -> u64| outcome.threads.iter().map(field).sum::<u64>();
    let rate = |count: u64| ratio(count as f64, elapsed.as_s_f64());
    let times = total(&outcome.threads);
    let share = |state| span_ratio(times.of(state), times.total());
    let polling = outcome.threads.iter().map(|thread| thread.polling).sum();
    let on_core = times.of(State::Running) + times.of(State::Overhead);
    RunRow {
        ending: ending(&outcome.ending),
        elapsed_ns: elapsed.ns(),
        threads: outcome.threads.len() as u32,
        ops_per_s: rate(latencies.count()),
        ops_total: count(|thread| thread.ops),
        cpu_share: span_ratio(on_core, elapsed),
        slowdown: span_ratio(
            elapsed,
            times.of(State::Running) + times.of(State::Blocked) - polling,
        ),
        fairness: fairness(&outcome.threads),
        running_share: share(State::Running),
        running_locked_share: span_ratio(
            outcome.threads.iter().map(|thread| thread.running_locked).sum(),
            times.total(),
        ),
        overhead_share: share(State::Overhead),
        lock_wait_share: share(State::LockWait),
        object_wait_share: span_ratio(
            outcome.threads.iter().map(|thread| thread.object_wait).sum(),
            times.total(),
        ),
        core_wait_share: share(State::CoreWait),
        blocked_share: share(State::Blocked),
        switches_per_s: rate(outcome.switches),
        failed_acquisitions_per_s: rate(count(|thread| thread.failed_acquisitions)),
        forced_drops_per_s: rate(count(|thread| thread.forced_drops)),
        drop_requests_per_s: rate(count(|thread| thread.drop_requests)),
        voluntary_releases_per_s: rate(count(|thread| thread.voluntary_releases)),
        voluntary_context_switches_per_s: rate(count(|thread| thread.voluntary_switches)),
        involuntary_context_switches_per_s: rate(count(|thread| thread.involuntary_switches)),
        slice_mean_ns: ratio(outcome.held.ns() as f64, outcome.switches as f64),
        lock_held_share: span_ratio(outcome.held, elapsed),
        lost_updates: outcome.counts.lost,
        freed_in_use: outcome.counts.freed_in_use,
        never_freed: outcome.counts.never_freed,
        counting_share: span_ratio(outcome.counts.time, times.total()),
        collections: outcome.collections,
        collecting_ns: outcome.collecting.ns(),
        events: outcome.events,
        ..latency_columns(latencies)
    }
}

fn latency_columns(latencies: &Latencies) -> RunRow {
    RunRow {
        latency_mean_ns: latencies.mean_ns(),
        latency_p5_ns: latencies.quantile_ns(0.05),
        latency_p25_ns: latencies.quantile_ns(0.25),
        latency_p50_ns: latencies.quantile_ns(0.5),
        latency_p75_ns: latencies.quantile_ns(0.75),
        latency_p95_ns: latencies.quantile_ns(0.95),
        latency_p99_ns: latencies.quantile_ns(0.99),
        latency_max_ns: latencies.max_ns(),
        ..RunRow::default()
    }
}

/// The threads of a run, in the order of their numbers.
///
/// # Panics
///
/// A thread's group has no name in `groups`.
#[must_use]
pub fn thread_rows(run: u32, outcome: &Outcome, groups: &[String]) -> Vec<ThreadRow> {
    let row = |(thread, totals): (u32, &ThreadTotals)| ThreadRow {
        run,
        thread,
        group: groups[totals.group as usize].clone(),
        start_ns: totals.start.ns(),
        end_ns: totals.end.ns(),
        running_ns: totals.times.of(State::Running).ns(),
        overhead_ns: totals.times.of(State::Overhead).ns(),
        lock_wait_ns: totals.times.of(State::LockWait).ns(),
        object_wait_ns: totals.object_wait.ns(),
        core_wait_ns: totals.times.of(State::CoreWait).ns(),
        blocked_ns: totals.times.of(State::Blocked).ns(),
        held_ns: totals.held.ns(),
        ops: totals.ops,
        acquisitions: totals.acquisitions,
        failed_acquisitions: totals.failed_acquisitions,
        time_outs: totals.time_outs,
        object_acquisitions: totals.object_acquisitions,
        object_waits: totals.object_waits,
        drop_requests: totals.drop_requests,
        forced_drops: totals.forced_drops,
        voluntary_releases: totals.voluntary_releases,
        voluntary_context_switches: totals.voluntary_switches,
        involuntary_context_switches: totals.involuntary_switches,
    };
    (0..).zip(&outcome.threads).map(row).collect()
}

fn ending(ending: &sim::Ending) -> Ending {
    match ending {
        sim::Ending::Completed => Ending::Completed,
        sim::Ending::TimeUp => Ending::TimeUp,
        sim::Ending::Deadlock(_) => Ending::Deadlock,
    }
}

/// Where all threads' time went.
fn total(threads: &[ThreadTotals]) -> StateTimes {
    threads.iter().fold(StateTimes::default(), |mut total, thread| {
        total.0.iter_mut().zip(thread.times.0).for_each(|(sum, time)| *sum += time);
        total
    })
}

/// How evenly threads got on. A thread that never lived counts neither way.
fn fairness(threads: &[ThreadTotals]) -> Option<f64> {
    let progress = |thread: &ThreadTotals| {
        let own = thread.times.of(State::Running) + thread.times.of(State::Blocked);
        span_ratio(own, thread.end - thread.start)
    };
    jain(&threads.iter().filter_map(progress).collect::<Vec<_>>())
}

fn span_ratio(part: Span, whole: Span) -> Option<f64> {
    ratio(part.ns() as f64, whole.ns() as f64)
}

/// The ratio; `None` over zero.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use gilsim_policies::{Instant, ThreadId};

    use super::*;
    use crate::sim::CountTotals;
    use crate::trace::{OpRow, Sink};

    fn thread(group: u32, times_ms: [u64; 5]) -> ThreadTotals {
        let times = StateTimes(times_ms.map(Span::from_ms));
        ThreadTotals {
            group,
            start: Instant::ZERO,
            end: Instant::ZERO + times.total(),
            times,
            ops: 10,
            drop_requests: 3,
            forced_drops: 2,
            object_wait: Span::from_ms(times_ms[2] / 2),
            object_acquisitions: 6,
            object_waits: 1,
            ..ThreadTotals::default()
        }
    }

    fn outcome(threads: Vec<ThreadTotals>) -> Outcome {
        Outcome {
            ending: sim::Ending::TimeUp,
            elapsed: Span::from_ms(2_000),
            threads,
            switches: 4,
            held: Span::from_ms(1_600),
            counts: CountTotals {
                updates: 50,
                lost: 5,
                freed_in_use: 2,
                never_freed: 1,
                time: Span::from_ms(400),
            },
            collections: 7,
            collecting: Span::from_ns(8),
            events: 99,
        }
    }

    #[test]
    fn metrics_of_two_threads_by_hand() {
        // Running, overhead, lock, core, blocked: 2 s each.
        let threads = vec![thread(0, [600, 200, 800, 200, 200]), thread(1, [400, 0, 0, 0, 1_600])];
        let mut summary = Summary::new(&[0, 1], 2);
        for (thread, ns) in [(0, 5), (1, 100), (1, 300)] {
            summary.op(&OpRow {
                thread: ThreadId(thread),
                start: Instant::ZERO,
                end: Instant::from_ns(ns),
                queued: Span::ZERO,
                times: StateTimes::default(),
            });
        }
        let row = run_row(&outcome(threads), &summary, 1);
        let expected = RunRow {
            ending: Ending::TimeUp,
            elapsed_ns: 2_000_000_000,
            threads: 2,
            ops_per_s: Some(1.0),
            latency_mean_ns: Some(200.0),
            latency_p5_ns: Some(100),
            latency_p25_ns: Some(100),
            latency_p50_ns: Some(100),
            latency_p75_ns: Some(300),
            latency_p95_ns: Some(300),
            latency_p99_ns: Some(300),
            latency_max_ns: Some(300),
            ops_total: 20,
            cpu_share: Some(0.6),
            slowdown: Some(2.0 / 2.8),
            // Progress 0.4 and 1: (1.4)^2 / (2 * 1.16).
            fairness: jain(&[0.4, 1.0]),
            running_share: Some(0.25),
            running_locked_share: Some(0.0),
            overhead_share: Some(0.05),
            lock_wait_share: Some(0.2),
            object_wait_share: Some(0.1),
            core_wait_share: Some(0.05),
            blocked_share: Some(0.45),
            switches_per_s: Some(2.0),
            failed_acquisitions_per_s: Some(0.0),
            forced_drops_per_s: Some(2.0),
            drop_requests_per_s: Some(3.0),
            voluntary_releases_per_s: Some(0.0),
            voluntary_context_switches_per_s: Some(0.0),
            involuntary_context_switches_per_s: Some(0.0),
            slice_mean_ns: Some(400e6),
            lock_held_share: Some(0.8),
            lost_updates: 5,
            freed_in_use: 2,
            never_freed: 1,
            counting_share: Some(0.1),
            collections: 7,
            collecting_ns: 8,
            events: 99,
            ..RunRow::default()
        };
        assert_eq!(row, expected);
        assert!((row.fairness.unwrap() - 1.96 / 2.32).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_exist_is_null() {
        let nothing = Outcome { elapsed: Span::ZERO, switches: 0, ..outcome(Vec::new()) };
        let row = run_row(&nothing, &Summary::new(&[], 1), 0);
        for metric in
            [row.ops_per_s, row.slowdown, row.fairness, row.running_share, row.slice_mean_ns]
        {
            assert_eq!(metric, None);
        }
        assert_eq!(row.latency_p99_ns, None);
    }

    #[test]
    fn threads_keep_their_numbers_and_get_their_groups_names() {
        let outcome = outcome(vec![thread(1, [1, 2, 3, 4, 5]), thread(0, [0; 5])]);
        let rows = thread_rows(7, &outcome, &["io".to_owned(), "cpu".to_owned()]);
        assert_eq!((rows[0].run, rows[0].thread, &*rows[0].group), (7, 0, "cpu"));
        assert_eq!((rows[1].thread, &*rows[1].group), (1, "io"));
        let times = [
            rows[0].running_ns,
            rows[0].overhead_ns,
            rows[0].lock_wait_ns,
            rows[0].core_wait_ns,
            rows[0].blocked_ns,
        ];
        assert_eq!(times, [1, 2, 3, 4, 5].map(|ms| ms * 1_000_000));
        assert_eq!(rows[0].end_ns, 15_000_000);
        let objects =
            |row: &ThreadRow| (row.object_wait_ns, row.object_acquisitions, row.object_waits);
        assert_eq!(objects(&rows[0]), (1_000_000, 6, 1));
    }
}
