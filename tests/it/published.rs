//! Published figures that the simulator meets, each with its source and its tolerance.
//!
//! Where it does not meet a figure, the test says so, and asserts what does hold. `cargo test published --
//! --nocapture` prints the simulated values beside the published ones. Machines are those of the sources
//! as far as these say; the costs of a machine that nobody published are fitted to the cells named with
//! them, and the other cells are predictions.

mod old_lock;
mod tenthousandmeters;

use gilsim::machine::MachineSpec;
use gilsim::policies::Span;
use gilsim::sim::{Outcome, ThreadTotals};
use gilsim::trace::State;

use crate::support::{Setting, machine, policy, spinners, tenures, workload};

/// Linux on bare metal: waking a core and switching to a thread take 2 us each, and no core is cold.
fn metal(cores: u32) -> MachineSpec {
    machine(&format!(
        r#"linux = {{ cores = {cores}, cold_start = "0ns", wake_latency = "1us", wake_jitter = "1us",
                      cold_release = "0ns", interrupt_call = "1us", context_switch = "2us",
                      timer_jitter = "2us", steal_gap = "0ns" }}"#
    ))
}

/// macOS on a Mac.
///
/// From its sources: a mutex is first-fit (`libpthread` 330 and later, macOS 10.14: `_PTHREAD_MTX_OPT_POLICY_DEFAULT`; who
/// is woken and too late queues anew, `ksyn_queue_insert`); `pthread_cond_timedwait` compares the deadline with the
/// clock, in microseconds, before it lets the mutex go; who has computed much does not pre-empt when it wakes
/// (`xnu`, `processor_setrun`: a priority below the thread's base), so that others go on for a quantum of 10 ms. Timers
/// are precise.
///
/// Fitted together, to five cells of tenthousandmeters: what waking costs (2 us, and some 5 us until the other is up), a
/// switch (2 us), a wait (3.5 us), how long a core is busy with who sleeps (10 us). The cells are 11 000 and 10 000
/// requests a second beside one computing thread at 10 and 1 us, slowdowns of 1.84 and 2.87 with two and four threads at
/// 10 us, and 2.49 with two at 1 us. To one cell each: `deadline_check`, to a slowdown of 4.60 with four threads at
/// 1 us; `futile_wake`, in whole us, to Beazley's 11.6 s with four threads on one core. What is fitted to none of its
/// cells was seen when the ranges of the fit were chosen.
fn mac(cores: u32) -> MachineSpec {
    machine(&format!(
        r#"linux = {{ cores = {cores}, steal_gap = "0ns", cold_start = "0ns", wakeup_preemption = false, tick = "10ms",
                      base_slice = "10ms", wake_latency = "2us", wake_jitter = "3us", wake_call = "2us", interrupt_call = "0ns",
                      switch_away = "10us", context_switch = "2us", sleep_call = "0ns", condition_call = "3500ns",
                      mutex = "first_fit", deadline_check = "400ns", futile_wake = "1us", timer_slack = "0ns", timer_jitter = "1us" }}"#
    ))
}

/// Linux on the virtual machine whose constants are the defaults.
fn linux(cores: u32) -> MachineSpec {
    machine(&format!("linux = {{ cores = {cores} }}"))
}

fn simulate(groups: &str, machine: &MachineSpec, policy_text: &str, duration: Span) -> Outcome {
    let (workload, policy) = (workload(groups), policy(policy_text));
    Setting { workload: &workload, machine, policy: &policy, duration }.run()
}

/// How often the first thread did its operation \[1/s\].
fn per_s(outcome: &Outcome) -> f64 {
    outcome.threads[0].ops as f64 / outcome.elapsed.as_s_f64()
}

/// So many threads that share `work` equally and do nothing else.
fn countdown(threads: u32, work: Span) -> String {
    let each = work.ns() / u64::from(threads);
    format!(
        "[count]\nthreads = {threads}\niterations = 1\nprogram = [{{ compute = \"{each}ns\" }}]\n"
    )
}

/// How much longer threads take to count than one thread alone, which takes `work`.
fn slowdown(threads: u32, work: Span, machine: &MachineSpec, policy: &str) -> (f64, Outcome) {
    let outcome = simulate(&countdown(threads, work), machine, policy, work * 40);
    (outcome.elapsed.as_s_f64() / work.as_s_f64(), outcome)
}

fn total(outcome: &Outcome, what: impl Fn(&ThreadTotals) -> u64) -> u64 {
    outcome.threads.iter().map(what).sum()
}

/// Asserts that a simulated value is within a share of the published one, and prints both.
#[track_caller]
fn assert_near(what: &str, simulated: f64, published: f64, tolerance: f64) {
    eprintln!("{what}: published {published}, simulated {simulated:.4}");
    let off = simulated / published - 1.0;
    assert!(off.abs() <= tolerance, "{what}: {simulated} instead of {published}");
}

/// per4m, README: two computing threads of CPython 3 on Linux pass the lock on every 5.055 to 5.057 ms.
/// Within 0.02 ms: ten times the published spread, because the metal is assumed, not published. The
/// timer's slack alone makes 0.05 of it.
#[test]
fn t1_per4m_slices_of_5_055_ms() {
    let (workload, policy) = (workload(&spinners(2)), policy("timed_wait = {}"));
    let machine = metal(2);
    let duration = Span::from_s(5);
    let (_, trace) =
        Setting { workload: &workload, machine: &machine, policy: &policy, duration }.traced();
    let tenures = tenures(&trace);
    let mean = tenures.iter().sum::<f64>() / tenures.len() as f64;
    assert_near("slice [ms]", mean, 5.055, 0.02 / 5.055);
}

/// Follows from per4m's slice: of four threads, one waits for three slices on average, 15.17 ms, whichever
/// sleeper is woken. Within three times the tolerance of a slice. Waiting is told apart from being on the
/// way with a core, which a slice holds too: the waits come out shorter by up to a switch each.
#[test]
fn t2_per4m_four_threads_wait_for_three_slices() {
    let outcome = simulate(&spinners(4), &metal(4), "timed_wait = {}", Span::from_s(20));
    let waited = total(&outcome, |thread| thread.times.of(State::LockWait).ns()) as f64 / 1e6;
    let turns = total(&outcome, |thread| thread.acquisitions) as f64;
    assert_near("mean wait [ms]", waited / turns, 15.17, 0.06 / 15.17);
}

/// Beazley, "Revisiting thread priorities", as translated: with the new lock, some I/O takes 0.297 s on one
/// core, 9.166 s on two cores beside a computing thread, 28.064 s beside two. The program is not known:
/// 9.166 s are 1815 releases of 5.05 ms, and on one core nothing is lost if they do not block, because the
/// thread is back before the other has the core. So only orders of magnitude are asserted: 31 times
/// (10 to 100), and 3.1 times more with the second thread (1.5 to 3.5; the echo server has 2).
#[test]
fn beazley_io_takes_longer_on_two_cores_than_on_one() {
    let seconds = |cores, computing| {
        let groups = format!(
            "[io]\niterations = 1815\nprogram = [{{ compute = \"5us\" }}, {{ c_release = \"20us\" }}]\n\
             [cpu]\nthreads = {computing}\nprogram = [{{ compute = \"100ms\" }}]\n"
        );
        let outcome = simulate(&groups, &linux(cores), "timed_wait = {}", Span::from_s(40));
        outcome.threads[0].end.ns() as f64 / 1e9
    };
    let [one_core, two_cores, two_threads] = [seconds(1, 1), seconds(2, 1), seconds(2, 2)];
    eprintln!("published 0.297, 9.166, 28.064; simulated {one_core}, {two_cores}, {two_threads}");
    assert!((10.0..100.0).contains(&(two_cores / one_core)), "{one_core} s, {two_cores} s");
    assert!((1.5..3.5).contains(&(two_threads / two_cores)), "{two_cores} s, {two_threads} s");
}

/// sglang no. 26693 (`bench_nixl_poll.py`): what a victim loses by sharing the lock with two pollers, in
/// points of its throughput alone, by switch interval. First column: it never lets go. Second: 5 us of
/// work after a sleep like the pollers', of 100 us, or 156 as realised, so that no core gets cold.
///
/// How long a poll has the lock is not published: 22 us, fitted to the table. Published are the ranges of
/// two runs; a loss is the difference of two throughputs that are each off by up to 2.6 points, so
/// 3.7 points are added at both ends.
#[test]
fn t13_sglang_pollers_and_spinners() {
    let machine = machine("linux = { cores = 8, steal_gap = \"0ns\", cold_start = \"0ns\" }");
    let sleep = "{ block = \"63us\" }";
    let pollers = format!("[pollers]\nthreads = 2\nprogram = [{sleep}, {{ compute = \"22us\" }}]");
    let yielding = format!("[victim]\nprogram = [{sleep}, {{ compute = \"5us\" }}]\n");
    let realised =
        1e6 / per_s(&simulate(&yielding, &machine, "timed_wait = {}", Span::from_s(1))) - 5.0;
    assert_near("a sleep [us]", realised, 156.0, 0.05);
    let mut losses = [Vec::new(), Vec::new()];
    for (interval, s, full, yields) in [
        ("50us", 1, (29.5, 30.5), (4.2, 4.8)),
        ("200us", 1, (20.5, 22.0), (4.3, 5.4)),
        ("1ms", 2, (4.8, 6.8), (5.0, 5.2)),
        ("5ms", 4, (-0.7, 0.0), (4.5, 5.4)),
        ("25ms", 5, (0.0, 0.0), (4.9, 5.3)),
        ("100ms", 10, (0.0, 0.0), (4.3, 4.8)),
    ] {
        let policy = format!("timed_wait = {{ interval = \"{interval}\" }}");
        let work = |groups: &str| {
            let outcome = simulate(groups, &machine, &policy, Span::from_s(s));
            outcome.threads[0].running_locked.as_s_f64() / outcome.elapsed.as_s_f64()
        };
        let victims = [(spinners(1), full), (yielding.clone(), yields)];
        for ((victim, published), losses) in victims.into_iter().zip(&mut losses) {
            let loss = 100.0 * (1.0 - work(&format!("{victim}{pollers}")) / work(&victim));
            eprintln!("{interval}: published {published:?}, simulated {loss:.1}");
            let (from, to) = (published.0 - 3.7, published.1 + 3.7);
            assert!((from..=to).contains(&loss), "{interval}: {loss} instead of {published:?}");
            losses.push(loss);
        }
    }
    let [full, yields] = losses;
    assert!(full.is_sorted_by(|before, after| before > after), "{full:?} must fall");
    let flat = yields.iter().all(|loss| (loss - yields[0]).abs() < 2.6);
    assert!(flat, "{yields:?} must not depend on the interval");
}

/// Matching a regular expression in ccbench: C code that keeps the lock, 518 times a second.
const RE: &str = "{ c_hold = \"1930us\" }, { compute = \"1us\" }";

/// ccbench, CPython 3.11 on Linux (colesbury's gist), 1 to 4 threads: `bz2`, which lets the lock go, is done
/// 559, 1117, 1655, 2208 times a second, `re`, which keeps it, 518, 505, 498, 503 times. Within 5 %:
/// the spread of the second row.
#[test]
fn ccbench_throughput_by_threads() {
    let gain = |task: &str, threads: u32| {
        let run = |threads| {
            let groups = format!("[task]\nthreads = {threads}\nprogram = [{task}]\n");
            let outcome = simulate(&groups, &metal(4), "timed_wait = {}", Span::from_s(2));
            total(&outcome, |thread| thread.ops) as f64
        };
        run(threads) / run(1)
    };
    for (threads, bz2, re) in [(2, 1117.0, 505.0), (3, 1655.0, 498.0), (4, 2208.0, 503.0)] {
        let task = "{ c_release = \"1788us\" }, { compute = \"1us\" }";
        assert_near(&format!("bz2, {threads}"), gain(task, threads), bz2 / 559.0, 0.05);
        assert_near(&format!("re, {threads}"), gain(RE, threads), re / 518.0, 0.05);
    }
}

/// The same run of ccbench: a packet every 100 ms is answered after 6 ms (deviation 1) beside one thread of
/// `re`. Within that deviation: it is an interval and the rest of a match.
#[test]
fn ccbench_latency_beside_regular_expressions() {
    let groups = format!("[ping]\nprogram = [{{ block = \"100ms\" }}]\n[re]\nprogram = [{RE}]\n");
    let rate = per_s(&simulate(&groups, &metal(4), "timed_wait = {}", Span::from_s(60)));
    assert_near("answer [ms]", 1e3 / rate - 100.0, 6.0, 1.0 / 6.0);
}

/// nogil, README: 20 threads that each compute fib(34) take 1.52 s on 20 cores, where one takes 1.50 s.
/// Within 3 %, twice the loss: with no lock, nothing but memory slows them.
#[test]
fn nogil_twenty_threads_on_twenty_cores() {
    let (share, _) = slowdown(20, Span::from_s(30), &metal(20), "none = {}");
    assert_near("time with 20 threads [s]", share * 30.0, 1.52, 0.03);
}
