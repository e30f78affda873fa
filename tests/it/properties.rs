//! What holds for every policy, machine and workload. The engine asserts its invariants itself; these
//! tests give it something to stumble over.

use gilsim::machine::{Ideal, MachineSpec};
use gilsim::policies::{
    Answer, Ask, Policy, PolicySpec, Reason, Release, Span, Successor, Then, ThreadId, View,
};
use gilsim::sim::{Ending, RunSpec, run, run_on, run_with};
use gilsim::trace::{EventKind, EventRow, MemorySink};
use gilsim::workload::Workload;
use proptest::prelude::*;

use crate::support::{IDEAL, Setting, machine, workload};

fn every_policy() -> Vec<PolicySpec> {
    let variants = [
        "tick = { handover = \"direct\" }",
        "timed_wait = { interval = \"20us\", pick = \"lifo\" }",
        "timed_wait = { interval = \"1us\", force_switching = false }",
        "priority = { setting = \"multilevel_feedback\", interval = \"500us\" }",
    ];
    let variants = variants.map(crate::support::policy);
    PolicySpec::all().into_iter().chain(variants).collect()
}

fn every_machine() -> Vec<MachineSpec> {
    let others = ["ideal = { cores = 1 }", "ideal = { cores = 2 }"].map(machine);
    let linux = [
        "linux = { cores = 1 }",
        "linux = { cores = 2 }",
        "linux = { cores = 5 }",
        "linux = { cores = 1, mutex = \"first_fit\", wakeup_preemption = false }",
        "linux = { cores = 3, mutex = \"first_fit\", deadline_check = \"400ns\", condition_call = \"0ns\" }",
    ];
    [IDEAL].into_iter().chain(others).chain(linux.map(machine)).collect()
}

fn step() -> impl Strategy<Value = String> {
    let law = prop_oneof![
        (0_u64..3_000).prop_map(|us| format!("\"{us}us\"")),
        (1_u64..2_000).prop_map(|us| format!("{{ exponential = {{ mean = \"{us}us\" }} }}")),
    ];
    prop_oneof![
        (prop_oneof![Just("compute"), Just("c_hold"), Just("c_release"), Just("block")], law)
            .prop_map(|(step, law)| format!("{{ {step} = {law} }}")),
        Just("\"yield\"".to_owned()),
    ]
}

fn group(number: usize) -> impl Strategy<Value = String> {
    let arrivals = prop_oneof![
        Just(String::new()),
        Just("arrivals = { think = { exponential = { mean = \"700us\" } } }\n".to_owned()),
        Just("arrivals = { poisson = { mean_gap = \"900us\" } }\n".to_owned()),
        prop_oneof![Just("one"), Just("waiting"), Just("until_empty")].prop_map(|serves| format!(
            "arrivals = {{ poisson = {{ mean_gap = \"900us\" }} }}\n\
             polls = {{ steps = [\"yield\", {{ block = \"50us\" }}, {{ compute = \"9us\" }}], serves = \"{serves}\" }}\n"
        )),
    ];
    let stop = prop_oneof![
        Just(String::new()),
        Just("stop = \"8ms\"\n".to_owned()),
        Just("iterations = 5\n".to_owned()),
    ];
    (1_u32..4, prop::collection::vec(step(), 1..5), arrivals, stop, 0_u64..3_000).prop_map(
        move |(threads, steps, arrivals, stop, start)| {
            // The last step makes sure that a pass takes time.
            let steps = steps.join(", ");
            format!(
                "[g{number}]\nthreads = {threads}\nstart = \"{start}us\"\n{stop}{arrivals}program = [{steps}, {{ compute = \"3us\" }}]\n"
            )
        },
    )
}

/// The order of events at one instant: that of their slots, or a random one.
fn any_ties() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(any::<u32>())
}

fn any_workload() -> impl Strategy<Value = Workload> {
    (group(0), group(1)).prop_map(|(one, other)| workload(&(one + &other)))
}

#[test]
fn no_request_comes_from_the_stop_on() {
    let groups = "[t]\nthreads = 2\nstop = '1ms'\narrivals = { poisson = { mean_gap = '500ms' } }\n\
                  program = [{ compute = '1ms' }]\n";
    let workload = workload(groups);
    let (policy, duration) = (crate::support::policy("barging = {}"), Span::from_s(3));
    let setting = Setting { workload: &workload, machine: &IDEAL, policy: &policy, duration };
    let outcome = setting.run();
    assert_eq!((outcome.ending, outcome.elapsed), (Ending::Completed, Span::ZERO));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_run_ends_and_adds_up(workload in any_workload(), ties in any_ties()) {
        for machine in every_machine() {
            for policy in every_policy() {
                let duration = Span::from_ms(20);
                let setting = Setting { workload: &workload, machine: &machine, policy: &policy, duration };
                let mut trace = MemorySink::default();
                let outcome = run(&RunSpec { ties, ..setting.spec(0) }, &mut trace);
                let context = format!("{policy:?} on {machine:?}, ties {ties:?}");
                prop_assert!(!matches!(outcome.ending, Ending::Deadlock(_)), "{context}");
                prop_assert!(outcome.elapsed <= duration, "{context}");
                one_holder_at_a_time(&trace, &policy, &context)?;
                one_thread_a_core(&trace, &context)?;
                for (id, thread) in outcome.threads.iter().enumerate() {
                    let life: Span = trace
                        .intervals
                        .iter()
                        .filter(|row| row.thread.index() == id)
                        .map(|row| row.end - row.start)
                        .sum();
                    prop_assert_eq!(life, thread.end - thread.start, "T{} under {}", id, &context);
                    prop_assert!(thread.held <= life);
                }
                prop_assert!(trace.events.windows(2).all(|pair| pair[0].at <= pair[1].at));
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_run(workload in any_workload()) {
        for machine in every_machine() {
            for policy in every_policy() {
                let duration = Span::from_ms(5);
                let setting = Setting { workload: &workload, machine: &machine, policy: &policy, duration };
                let ((one, first), (other, second)) = (setting.traced(), setting.traced());
                prop_assert_eq!(one, other);
                prop_assert_eq!(first.events, second.events);
            }
        }
    }

    /// The engine's short way, where each thread has a core of its own, against the way of all other
    /// machines. Only there a thread takes its core to be told to sleep.
    #[test]
    fn the_short_way_comes_to_the_same(workload in any_workload(), ties in any_ties()) {
        for policy in every_policy() {
            let duration = Span::from_ms(20);
            let setting = Setting { workload: &workload, machine: &IDEAL, policy: &policy, duration };
            let spec = RunSpec { ties, ..setting.spec(0) };
            let (mut short, mut long) = (MemorySink::default(), MemorySink::default());
            let outcome = run(&spec, &mut short);
            prop_assert_eq!(&outcome, &run_on(&spec, Ideal::new(None), &mut long), "{:?}", policy);
            prop_assert_eq!(short.ops, long.ops, "{:?}", policy);
            prop_assert_eq!(short.intervals, long.intervals, "{:?}", policy);
            let told = |rows: Vec<EventRow>| {
                let rows = rows.into_iter().filter(|row| row.kind != EventKind::Dispatch);
                rows.map(|row| (row.at, row.thread, row.kind, row.other)).collect::<Vec<_>>()
            };
            let (short, long) = (told(short.events), told(long.events));
            let parted = short.iter().zip(&long).find(|(short, long)| short != long);
            prop_assert!(short == long, "{policy:?}: {parted:?}");
        }
    }

    /// What a thread draws does not depend on the policy: its n-th operation, undisturbed, takes as long.
    #[test]
    fn policies_meet_the_same_work(seed in 0_u64..1000) {
        let groups = "[t]\nthreads = 3\niterations = 20\nprogram = [{ compute = { exponential = { mean = \"1ms\" } } }, { block = { exponential = { mean = \"1ms\" } } }]";
        let workload = workload(groups);
        let mut works = every_policy().into_iter().map(|policy| {
            let spec = RunSpec { seed, ..RunSpec::new(&workload, &IDEAL, &policy, Span::from_s(10)) };
            let outcome = gilsim::sim::run(&spec, &mut gilsim::trace::NullSink);
            outcome.threads.iter().map(|thread| thread.times.0[0]).collect::<Vec<_>>()
        });
        let first = works.next();
        prop_assert!(works.all(|work| Some(work) == first.clone()));
    }
}

fn one_holder_at_a_time(
    trace: &MemorySink,
    policy: &PolicySpec,
    context: &str,
) -> Result<(), TestCaseError> {
    let mut holds: Vec<_> = trace.intervals.iter().filter(|row| row.holds).collect();
    prop_assert!(*policy != PolicySpec::None(Default::default()) || holds.is_empty());
    holds.sort_by_key(|row| (row.start, row.end));
    for pair in holds.windows(2) {
        prop_assert!(pair[0].end <= pair[1].start, "two holders under {}: {:?}", context, pair);
    }
    Ok(())
}

fn one_thread_a_core(trace: &MemorySink, context: &str) -> Result<(), TestCaseError> {
    let mut stays: Vec<_> = trace.intervals.iter().filter(|row| row.core.is_some()).collect();
    stays.sort_by_key(|row| (row.core, row.start, row.end));
    for pair in stays.windows(2) {
        let apart = pair[0].core != pair[1].core || pair[0].end <= pair[1].start;
        prop_assert!(apart, "two threads on a core under {}: {:?}", context, pair);
    }
    Ok(())
}

/// A policy whose releaser always awaits a switch, although nobody may ever come.
#[derive(Debug)]
struct AwaitsNobody;

impl Policy for AwaitsNobody {
    fn ask(&mut self, view: &View, _thread: ThreadId, _ask: Ask) -> Answer {
        if view.holder.is_none() { Answer::TAKE } else { Answer::SLEEP }
    }

    fn release(&mut self, view: &View, _reason: Reason) -> Release {
        let successor = view.sleepers.first().map_or(Successor::Nobody, Successor::Wake);
        Release { successor, then: Then::AwaitSwitch }
    }
}

#[test]
#[should_panic(expected = "lost wake-up")]
fn who_awaits_a_switch_that_never_comes_is_found() {
    let workload = workload("[t]\nprogram = [{ compute = \"1ms\" }, { block = \"1ms\" }]");
    let policy = PolicySpec::None(Default::default());
    let spec = RunSpec::new(&workload, &IDEAL, &policy, Span::from_s(1));
    run_with(&spec, &|| Some(Box::new(AwaitsNobody)), &mut MemorySink::default());
}

/// A policy that wakes nobody loses wake-ups.
#[derive(Debug)]
struct WakesNobody;

impl Policy for WakesNobody {
    fn ask(&mut self, view: &View, _thread: ThreadId, _ask: Ask) -> Answer {
        if view.holder.is_none() { Answer::TAKE } else { Answer::SLEEP }
    }

    fn release(&mut self, _view: &View, _reason: Reason) -> Release {
        Release { successor: Successor::Nobody, then: Then::GoOn }
    }
}

#[test]
#[should_panic(expected = "lost wake-up")]
fn a_lost_wake_up_is_found() {
    let workload =
        workload("[t]\nthreads = 2\nprogram = [{ compute = \"1ms\" }, { block = \"9ms\" }]");
    let policy = PolicySpec::None(Default::default());
    let spec = RunSpec::new(&workload, &IDEAL, &policy, Span::from_s(1));
    run_with(&spec, &|| Some(Box::new(WakesNobody)), &mut MemorySink::default());
}
