//! What theory says of a configuration, held against what the simulator makes of it, for any policy.

use gilsim::architecture::{Interpreters, Runtime};
use gilsim::machine::MachineSpec;
use gilsim::policies::{PolicySpec, Span};
use gilsim::reference::{System, Theory};
use gilsim::sim::Outcome;
use gilsim::statistics::Estimate;
use gilsim::statistics::quantile::quantile;
use gilsim::trace::{MemorySink, OpRow, Sink, State};
use gilsim::workload::Workload;
use proptest::prelude::*;

use crate::support::{IDEAL, Setting, machine, policy, workload};

fn policies() -> Vec<PolicySpec> {
    let variants = [
        "tick = { handover = \"direct\" }",
        "timed_wait = { interval = \"200us\", pick = \"lifo\" }",
        "timed_wait = { interval = \"50us\", force_switching = false }",
        "priority = { setting = \"multilevel_feedback\", interval = \"500us\" }",
    ];
    PolicySpec::all().into_iter().chain(variants.map(policy)).collect()
}

fn machines() -> Vec<MachineSpec> {
    let others = [
        "ideal = { cores = 1 }",
        "ideal = { cores = 2 }",
        "linux = { cores = 1 }",
        "linux = { cores = 4 }",
    ];
    [IDEAL].into_iter().chain(others.map(machine)).collect()
}

/// Steps that always take the same, so that a run has exactly the means of its laws.
fn steps() -> impl Strategy<Value = String> {
    let step = || {
        (prop_oneof![Just("compute"), Just("c_hold"), Just("c_release"), Just("block")], 1_u64..900)
            .prop_map(|(step, us)| format!("{{ {step} = \"{us}us\" }}"))
    };
    let several = prop::collection::vec(step(), 1..4).prop_map(|steps| steps.join(", "));
    let repeat = (1_u64..4, prop::collection::vec(step(), 1..3)).prop_map(|(times, steps)| {
        format!("{{ repeat = {{ times = {times}, steps = [{}] }} }}", steps.join(", "))
    });
    let op = prop::collection::vec(step(), 1..3)
        .prop_map(|steps| format!("{{ op = [{}] }}", steps.join(", ")));
    let all = prop_oneof![
        several.clone(),
        (several, prop_oneof![repeat, op]).prop_map(|(a, b)| format!("{a}, {b}"))
    ];
    (all, prop::bool::weighted(0.2))
        .prop_map(|(all, yields)| if yields { all + ", 'yield'" } else { all })
}

fn group(name: &str) -> impl Strategy<Value = String> + use<> {
    let name = name.to_owned();
    let think = prop_oneof![
        Just(String::new()),
        (1_u64..3_000).prop_map(|us| format!("arrivals = {{ think = \"{us}us\" }}\n"))
    ];
    (1_u32..9, think, steps()).prop_map(move |(threads, think, steps)| {
        format!("[{name}]\nthreads = {threads}\n{think}program = [{steps}]\n")
    })
}

fn system<'a>(setting: &Setting<'a>) -> System<'a> {
    System {
        workload: setting.workload,
        machine: setting.machine,
        policy: setting.policy,
        runtime: &Runtime::THREADS,
        duration: setting.duration,
        whole: true,
        focus: 0,
    }
}

/// Latencies of the first group's operations \[ns\].
struct Latencies {
    threads: u32,
    all: Vec<f64>,
}

impl Sink for Latencies {
    fn op(&mut self, row: &OpRow) {
        if row.thread.0 < self.threads {
            self.all.push(row.latency().ns() as f64);
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Operations of the first group a second.
fn throughput(workload: &Workload, outcome: &Outcome) -> f64 {
    let first = workload.groups[0].threads as usize;
    let ops: u64 = outcome.threads[..first].iter().map(|thread| thread.ops).sum();
    ops as f64 / outcome.elapsed.as_s_f64()
}

/// Fails unless the throughput is what theory says, up to the operations that are under way at begin and end.
fn holds(setting: &Setting<'_>) -> Result<Option<Theory>, TestCaseError> {
    let Some(theory) = system(setting).theory("ops_per_s") else { return Ok(None) };
    let group = &setting.workload.groups[0];
    let mut latencies = Latencies { threads: group.threads, all: Vec::new() };
    let outcome = setting.run_into(0, &mut latencies);
    let found = throughput(setting.workload, &outcome);
    let nearest = theory.nearest(found);
    // A pass has one operation.
    let slack = f64::from(group.threads) / outcome.elapsed.as_s_f64();
    prop_assert!(
        (found - nearest).abs() <= slack,
        "{found} is not {theory:?} ± {slack} under {:?} on {:?}: {group:?}",
        setting.policy,
        setting.machine
    );
    if let Some(theory) = system(setting).theory("latency_mean_ns") {
        let found = mean(&latencies.all);
        let nearest = theory.nearest(found);
        let longest = latencies.all.iter().copied().fold(0.0, f64::max);
        let slack = longest * f64::from(group.threads) / latencies.all.len() as f64;
        prop_assert!(
            found.is_nan() || (found - nearest).abs() <= 2.0 * slack,
            "a latency of {found} is not {theory:?} ± {slack} under {:?} on {:?}: {group:?}",
            setting.policy,
            setting.machine
        );
    }
    Ok(Some(theory))
}

/// Laws of chance, with a mean of so many microseconds.
fn law(mean_us: std::ops::Range<u64>) -> impl Strategy<Value = String> {
    let law = prop_oneof![
        3 => Just("{ exponential = { mean = \"MEANus\" } }"),
        1 => Just("\"MEANus\""),
        1 => Just("{ gamma = { shape = 2.0, mean = \"MEANus\" } }"),
    ];
    (law, mean_us).prop_map(|(law, mean)| law.replace("MEAN", &mean.to_string()))
}

/// A group whose passes take chance times.
fn random_group() -> impl Strategy<Value = String> {
    let step = || {
        let step = prop_oneof![4 => Just("compute"), 1 => Just("c_hold"), 1 => Just("c_release"), 1 => Just("block")];
        (step, law(20..400)).prop_map(|(step, law)| format!("{{ {step} = {law} }}"))
    };
    let steps = prop_oneof![
        3 => step(),
        1 => prop::collection::vec(step(), 2..4).prop_map(|steps| steps.join(", ")),
        1 => step().prop_map(|step| step + ", 'yield'"),
    ];
    let arrivals = prop_oneof![
        2 => (200_u64..2_000)
            .prop_map(|us| format!("arrivals = {{ poisson = {{ mean_gap = \"{us}us\" }} }}\n")),
        2 => law(50..3_000).prop_map(|law| format!("arrivals = {{ think = {law} }}\n")),
        1 => Just(String::new()),
    ];
    (1_u32..6, arrivals, steps).prop_map(|(threads, arrivals, steps)| {
        format!("[t]\nthreads = {threads}\n{arrivals}program = [{steps}]\n")
    })
}

/// Fails where replications show that a number is not what theory says.
fn is_not_refuted(
    metric: &str,
    theory: &Theory,
    found: &[f64],
    slack: f64,
) -> Result<(), TestCaseError> {
    let estimate = Estimate::of_mean(found, 0.95).expect("there are replications");
    let nearest = theory.nearest(estimate.mean);
    let off = (estimate.mean - nearest).abs() - slack * nearest;
    let p = estimate.p_value(off.max(0.0), 0.95).unwrap_or(1.0);
    prop_assert!(p > 1e-6, "{metric}: {} is not {theory:?} ± {slack}", estimate.mean);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_theory_says_of_chance_is_not_refuted(group in random_group()) {
        let workload = workload(&group);
        for machine in [IDEAL, machine("ideal = { cores = 1 }"), machine("ideal = { cores = 3 }")] {
            for policy in policies() {
                let duration = Span::from_ms(800);
                let setting = Setting { workload: &workload, machine: &machine, policy: &policy, duration };
                let metrics = ["ops_per_s", "latency_mean_ns", "latency_p50_ns", "latency_p95_ns"];
                let known = metrics.map(|metric| system(&setting).theory(metric));
                let threads = workload.groups[0].threads;
                let mut found: [Vec<f64>; 4] = Default::default();
                let mut slack = 0.0_f64;
                for replication in 0..6 {
                    let mut latencies = Latencies { threads, all: Vec::new() };
                    let outcome = setting.run_into(replication, &mut latencies);
                    let mut all = latencies.all;
                    all.sort_by(f64::total_cmp);
                    let Some(longest) = all.last() else { continue };
                    slack = slack.max(longest / mean(&all) * f64::from(threads) / all.len() as f64);
                    let of = |q| quantile(&all, q).unwrap_or(f64::NAN);
                    let values = [throughput(&workload, &outcome), mean(&all), of(0.5), of(0.95)];
                    found.iter_mut().zip(values).for_each(|(found, value)| found.push(value));
                }
                for ((metric, theory), found) in metrics.iter().zip(known).zip(&found) {
                    if let Some(theory) = theory.filter(|_| found.len() > 1) {
                        is_not_refuted(metric, &theory, found, slack).map_err(|error| {
                            TestCaseError::fail(format!("{error} under {policy:?} on {machine:?}"))
                        })?;
                    }
                }
            }
        }
    }

    #[test]
    fn throughput_lies_within_its_bounds(one in group("a"), other in group("b"), both in any::<bool>()) {
        let workload = workload(&if both { one + &other } else { one });
        for machine in machines() {
            for policy in policies() {
                let duration = Span::from_ms(600);
                let setting = Setting { workload: &workload, machine: &machine, policy: &policy, duration };
                prop_assert!(holds(&setting)?.is_some());
            }
        }
    }

    /// What exact values and bounds from below rest on.
    #[test]
    fn a_free_lock_has_no_waiters(one in group("a"), other in group("b")) {
        let workload = workload(&(one + &other));
        for policy in policies().into_iter().filter(|policy| !matches!(policy, PolicySpec::None(_))) {
            let duration = Span::from_ms(20);
            let setting = Setting { workload: &workload, machine: &IDEAL, policy: &policy, duration };
            let (_, trace) = setting.traced();
            prop_assert_eq!(waits_for_a_free_lock(&trace), Span::ZERO, "{:?}", policy);
        }
    }

    /// T2 and T4 of `theory::gil`.
    #[test]
    fn the_timed_wait_switches_as_theory_says(
        threads in 2_u32..6,
        (interval, spacing) in (100_u64..3_000, 1_u64..40),
        (block, hold) in (1_u64..4_000, 1_u64..90),
    ) {
        let policy = policy(&format!(
            "timed_wait = {{ interval = \"{interval}us\", check_spacing = \"{spacing}us\" }}"
        ));
        let computes = format!("[cpu]\nthreads = {threads}\nprogram = [{{ compute = \"70us\" }}]\n");
        let duration = Span::from_ms(1_500);
        let all = workload(&computes);
        let setting = Setting { workload: &all, machine: &IDEAL, policy: &policy, duration };
        let switches = system(&setting).theory("switches_per_s");
        prop_assert!(matches!(switches, Some(Theory::Between { .. })), "{:?}", switches);
        let found = setting.run().switches as f64 / 1.5;
        let nearest = switches.map_or(f64::NAN, |theory| theory.nearest(found));
        prop_assert!((found - nearest).abs() <= 2.0 / 1.5, "{} is not {}", found, nearest);

        let io = format!("[io]\nprogram = [{{ block = \"{block}us\" }}, {{ compute = \"{hold}us\" }}]\n");
        let convoy = workload(&(io + &computes.replace(&format!("threads = {threads}"), "threads = 1")));
        let setting = Setting { workload: &convoy, ..setting };
        let theory = holds(&setting)?;
        // Both ends are those of the interval with a check point more or less.
        let narrow = matches!(theory, Some(Theory::Between { low, high }) if low > 0.7 * high);
        prop_assert!(narrow, "{:?}", theory);
    }

    #[test]
    fn all_is_done_when_amdahl_says(threads in 1_u32..12, think in 0_u64..3_000, hold in 1_u64..900) {
        let text = format!(
            "[t]\nthreads = {threads}\niterations = 1\nprogram = [{{ c_release = \"{think}us\" }}, {{ compute = \"{hold}us\" }}]\n"
        );
        let workload = workload(&text);
        for policy in policies().into_iter().filter(|policy| !matches!(policy, PolicySpec::None(_))) {
            let duration = Span::from_s(1);
            let setting = Setting { workload: &workload, machine: &IDEAL, policy: &policy, duration };
            let elapsed = setting.run().elapsed.ns() as f64;
            match system(&setting).theory("elapsed_ns") {
                Some(Theory::Exact { value, .. }) => {
                    prop_assert!((elapsed - value).abs() < 1.0, "{} under {:?}", elapsed, policy);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

/// For how long threads wait for the lock while nobody has it.
fn waits_for_a_free_lock(trace: &MemorySink) -> Span {
    let mut holds: Vec<_> = trace.intervals.iter().filter(|row| row.holds).collect();
    holds.sort_by_key(|row| row.start);
    let held = |from, to| -> Span {
        let inside = holds.iter().filter(|hold| hold.start < to && hold.end > from);
        inside.map(|hold| hold.end.min(to) - hold.start.max(from)).sum()
    };
    let waits = trace.intervals.iter().filter(|row| row.state == State::LockWait);
    waits.map(|row| (row.end - row.start) - held(row.start, row.end)).sum()
}

#[test]
fn interpreters_have_a_lock_each() {
    let workload =
        workload("[t]\nthreads = 7\nprogram = [{ compute = \"300us\" }, { block = \"500us\" }]\n");
    let runtime = Runtime { interpreters: Interpreters::Several(3), ..Runtime::THREADS };
    let policy = policy("barging = {}");
    let duration = Span::from_s(2);
    let setting = Setting { workload: &workload, machine: &IDEAL, policy: &policy, duration };
    let spec = gilsim::sim::RunSpec { runtime: &runtime, ..setting.spec(0) };
    let found = throughput(&workload, &gilsim::sim::run(&spec, &mut gilsim::trace::NullSink));
    let system = System { runtime: &runtime, ..system(&setting) };
    let Some(Theory::Between { low, high }) = system.theory("ops_per_s") else {
        panic!("no bounds")
    };
    // Three threads at the first lock, two at each of the others: 1/0.3 ms, and 2/0.8 ms twice.
    assert!((high - (1e4 / 3.0 + 5e3)).abs() < 1e-6, "{high}");
    assert!((low - (3e3 / 1.4 + 4e3 / 1.1)).abs() < 1e-6, "{low}");
    assert!(low < found && found <= high * 1.001, "{low} < {found} < {high}");
}
