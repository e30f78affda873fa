//! Exact results of queueing theory, on the ideal machine, within four standard errors.
//!
//! N threads think outside for Z on average, then hold the lock for h: the machine repairman.
//! Values and formulas: docs/theory.md.

use gilsim::policies::{PolicySpec, Span};

use crate::support::{IDEAL, MeanLatency, Setting, assert_agrees, machine, policy, workload};

const RUNS: u32 = 30;

/// Throughput \[operations per ms\] and mean latency \[ms\] of several runs.
fn closed(
    groups: &str,
    machine_spec: &str,
    policy: &PolicySpec,
    duration: Span,
) -> (Vec<f64>, Vec<f64>) {
    let workload = workload(groups);
    let machine = if machine_spec.is_empty() { IDEAL } else { machine(machine_spec) };
    let setting = Setting { workload: &workload, machine: &machine, policy, duration };
    (0..RUNS)
        .map(|replication| {
            let mut latency = MeanLatency::default();
            let outcome = setting.run_into(replication, &mut latency);
            let per_ms = latency.count as f64 / (outcome.elapsed.as_s_f64() * 1e3);
            (per_ms, latency.mean_s() * 1e3)
        })
        .unzip()
}

fn repairman(threads: u32, think_ms: u32, think: &str, hold: &str) -> String {
    let think = think.replace("Z", &format!("\"{think_ms}ms\""));
    format!(
        "[t]\nthreads = {threads}\narrivals = {{ think = {think} }}\nprogram = [{{ compute = {hold} }}]"
    )
}

const EXPONENTIAL: &str = "{ exponential = { mean = Z } }";
const HOLD: &str = "{ exponential = { mean = \"1ms\" } }";

#[test]
fn machine_repairman_with_exponential_holds() {
    // M/M/1//N: throughput and mean response, from the product form.
    for (threads, think_ms, throughput, response) in [
        (1, 1, 0.5, 1.0),
        (4, 10, 0.353336782204, 1.32064421669),
        (10, 10, 0.785417656893, 2.73207943855),
    ] {
        let groups = repairman(threads, think_ms, EXPONENTIAL, HOLD);
        let (x, r) = closed(&groups, "", &policy("fifo_handoff = {}"), Span::from_s(60));
        assert_agrees(&format!("X of N = {threads}"), &x, throughput);
        assert_agrees(&format!("R of N = {threads}"), &r, response);
    }
}

#[test]
fn machine_repairman_with_many_threads() {
    let groups = repairman(64, 50, EXPONENTIAL, HOLD);
    let (x, r) = closed(&groups, "", &policy("fifo_handoff = {}"), Span::from_s(120));
    assert_agrees("X of N = 64", &x, 0.991560573344);
    assert_agrees("R of N = 64", &r, 14.5447204341);
}

#[test]
fn throughput_does_not_depend_on_the_law_of_thinking() {
    // G/M/1//N has the same throughput for any law of thinking with the same mean.
    for think in [
        "Z",
        "{ uniform = { low = \"0ms\", high = \"20ms\" } }",
        "{ gamma = { shape = 0.5, mean = Z } }",
    ] {
        let groups = repairman(10, 10, think, HOLD);
        let (x, _) = closed(&groups, "", &policy("fifo_handoff = {}"), Span::from_s(60));
        assert_agrees(&format!("X with think time {think}"), &x, 0.785417656893);
    }
}

#[test]
fn the_plain_mutex_serves_as_much_as_the_fair_one() {
    // Mean values do not depend on the order of service, and calls cost nothing here.
    let groups = repairman(10, 10, EXPONENTIAL, HOLD);
    let (x, r) = closed(&groups, "", &policy("barging = {}"), Span::from_s(60));
    assert_agrees("X", &x, 0.785417656893);
    assert_agrees("R", &r, 2.73207943855);
}

#[test]
fn machine_repairman_with_constant_holds() {
    // M/D/1//N: Takács.
    for (threads, throughput, response) in
        [(4, 0.357906616377, 1.176099622), (10, 0.821003328802, 2.18021858035)]
    {
        let groups = repairman(threads, 10, EXPONENTIAL, "\"1ms\"");
        let (x, r) = closed(&groups, "", &policy("fifo_handoff = {}"), Span::from_s(60));
        assert_agrees(&format!("X of N = {threads}"), &x, throughput);
        assert_agrees(&format!("R of N = {threads}"), &r, response);
    }
}

#[test]
fn machine_repairman_with_constant_holds_and_many_threads() {
    let groups = repairman(64, 50, EXPONENTIAL, "\"1ms\"");
    let (x, r) = closed(&groups, "", &policy("fifo_handoff = {}"), Span::from_s(120));
    assert_agrees("X of N = 64", &x, 0.998930411191);
    assert_agrees("R of N = 64", &r, 14.0685269795);
}

#[test]
fn no_lock_on_several_cores() {
    // M/M/c//N: without a lock, the cores are the servers.
    for (cores, throughput, response) in [
        (1, 0.7854176569, 2.7320794386),
        (2, 0.8961362181, 1.1590177895),
        (4, 0.9089483676, 1.0017250225),
    ] {
        let groups = repairman(10, 10, EXPONENTIAL, HOLD);
        let machine = format!("ideal = {{ cores = {cores} }}");
        let (x, r) = closed(&groups, &machine, &policy("none = {}"), Span::from_s(60));
        assert_agrees(&format!("X on {cores} cores"), &x, throughput);
        assert_agrees(&format!("R on {cores} cores"), &r, response);
    }
}

#[test]
fn one_server_with_poisson_requests() {
    // M/M/1 and M/D/1 (Pollaczek and Khinchine): one thread serves requests at half its capacity.
    for (hold, response) in [(HOLD, 2.0), ("\"1ms\"", 1.5)] {
        let groups = format!(
            "[t]\narrivals = {{ poisson = {{ mean_gap = \"2ms\" }} }}\nprogram = [{{ compute = {hold} }}]"
        );
        let (_, r) = closed(&groups, "", &policy("fifo_handoff = {}"), Span::from_s(200));
        assert_agrees(&format!("R with hold {hold}"), &r, response);
    }
}

#[test]
fn response_times_have_the_right_tail() {
    // The arrival theorem gives every quantile of the response under FIFO.
    let workload = workload(&repairman(10, 10, EXPONENTIAL, HOLD));
    let policy = policy("fifo_handoff = {}");
    let setting = Setting {
        workload: &workload,
        machine: &IDEAL,
        policy: &policy,
        duration: Span::from_s(60),
    };
    for (q, truth) in [(0.5, 2.156763959), (0.9, 5.885831111), (0.99, 10.14904255)] {
        let quantiles: Vec<_> = (0..RUNS)
            .map(|replication| {
                let mut sink = gilsim::trace::MemorySink::default();
                setting.run_into(replication, &mut sink);
                let mut latencies: Vec<_> = sink.ops.iter().map(|row| row.latency().ns()).collect();
                latencies.sort_unstable();
                latencies[(latencies.len() as f64 * q) as usize] as f64 / 1e6
            })
            .collect();
        assert_agrees(&format!("quantile {q}"), &quantiles, truth);
    }
}

#[test]
fn operational_laws_hold_on_every_sample_path() {
    let workload = workload(&repairman(10, 10, EXPONENTIAL, HOLD));
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
