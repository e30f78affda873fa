//! Laws that hold on every sample path, whatever the chance. Values in steady state: `verification`.

use gilsim::policies::Span;

use crate::support::{IDEAL, Setting, policy, workload};

#[test]
fn operational_laws_hold_on_every_sample_path() {
    let workload = workload(
        "[t]\nthreads = 10\narrivals = { think = { exponential = { mean = \"10ms\" } } }\n\
         program = [{ compute = { exponential = { mean = \"1ms\" } } }]",
    );
    let policy = policy("fifo_handoff = {}");
    let setting = Setting {
        workload: &workload,
        machine: &IDEAL,
        policy: &policy,
        duration: Span::from_s(10),
    };
    let (outcome, trace) = setting.traced();
    // Utilisation: the lock is held for as long as threads hold it, and never by two.
    let mut holds: Vec<_> = trace.intervals.iter().filter(|row| row.holds).collect();
    holds.sort_by_key(|row| row.start);
    assert!(holds.windows(2).all(|pair| pair[0].end <= pair[1].start), "two hold the lock at once");
    let held: Span = holds.iter().map(|row| row.end - row.start).sum();
    assert_eq!(held, outcome.held);
    // Conservation: every thread's time adds up to the run's.
    assert!(outcome.threads.iter().all(|thread| thread.times.total() == outcome.elapsed));
    // FIFO: the lock is taken in the order of requests.
    let order = |kind| {
        trace.events.iter().filter(|row| row.kind == kind).map(|row| row.thread).collect::<Vec<_>>()
    };
    let (requests, acquires) =
        (order(gilsim::trace::EventKind::Request), order(gilsim::trace::EventKind::Acquire));
    assert_eq!(requests[..acquires.len()], acquires);
}
