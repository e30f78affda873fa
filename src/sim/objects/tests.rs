//! Locks in any order, counts with and without protection: what comes of them, on every kind of machine.

use std::path::Path;

use gilsim_policies::{PolicySpec, Span, ThreadId};
use indexmap::IndexMap;
use serde::Deserialize;

use crate::architecture::{ArchitectureSpec, Counts, Protection, Runtime};
use crate::machine::{IdealParameters, MachineSpec};
use crate::sim::{Ending, Outcome, RunSpec, Stuck, run};
use crate::trace::NullSink;
use crate::workload::{GroupSpec, PopulationSpec, Workload};

#[derive(Deserialize)]
struct File {
    groups: IndexMap<String, GroupSpec>,
    objects: IndexMap<String, PopulationSpec>,
}

fn workload(text: &str) -> Workload {
    let file: File = toml::from_str(text).unwrap();
    Workload::compile(&file.groups, &file.objects, Path::new("")).unwrap()
}

/// A core for each thread, at no cost.
const IDEAL: MachineSpec = MachineSpec::Ideal(IdealParameters { cores: None });

fn run_in(workload: &Workload, runtime: &Runtime, machine: &MachineSpec, seed: u64) -> Outcome {
    let policy = toml::from_str::<PolicySpec>("timed_wait = {}").unwrap();
    let duration = Span::from_ms(500);
    let spec = RunSpec { runtime, seed, ..RunSpec::new(workload, machine, &policy, duration) };
    run(&spec, &mut NullSink)
}

fn run_as(architecture: &str, text: &str, machine: &MachineSpec, seed: u64) -> Outcome {
    let architecture: ArchitectureSpec = toml::from_str(architecture).unwrap();
    let workload = workload(text);
    let runtime = architecture.runtime(&workload);
    run_in(&architecture.apply(&workload), &runtime, machine, seed)
}

fn machines() -> [MachineSpec; 4] {
    ["ideal = {}", "ideal = { cores = 2 }", "linux = { cores = 1 }", "linux = { cores = 2 }"]
        .map(|text| toml::from_str(text).unwrap())
}

/// Two threads take the same two locks in opposite orders.
const OPPOSITE: &str = r#"
    objects = { left = {}, right = {} }
    [groups.one]
    program = [{ change = { object = "left", steps = [
        { compute = "1ms" }, { change = { object = "right", steps = [{ compute = "1ms" }] } }] } }]
    [groups.other]
    program = [{ change = { object = "right", steps = [
        { compute = "1ms" }, { change = { object = "left", steps = [{ compute = "1ms" }] } }] } }]
"#;

#[test]
fn plain_locks_in_opposite_orders_deadlock_and_the_cycle_is_named() {
    for machine in machines() {
        let outcome = run_as("object_locks = {}", OPPOSITE, &machine, 1);
        let Ending::Deadlock(mut cycle) = outcome.ending else { panic!("{:?}", outcome.ending) };
        cycle.sort_by_key(|stuck| stuck.thread);
        let waits = |thread, holder, object| Stuck {
            thread: ThreadId(thread),
            holder: Some(ThreadId(holder)),
            object: Some(object),
            awaits_switch: false,
        };
        assert_eq!(cycle, [waits(0, 1, 1), waits(1, 0, 0)], "{machine:?}");
        assert!(
            outcome.elapsed < Span::from_ms(50),
            "found when it happens: {:?}",
            outcome.elapsed
        );
    }
}

#[test]
fn critical_sections_and_fixed_orders_never_deadlock() {
    let fixed = r#"
        objects = { left = {}, right = {} }
        [groups.one]
        threads = 2
        program = [{ change = { objects = ["left", "right"], order = "fixed", steps = [{ compute = "1ms" }] } }]
        [groups.other]
        threads = 2
        program = [{ change = { objects = ["right", "left"], order = "fixed", steps = [{ compute = "1ms" }] } }]
    "#;
    for machine in machines() {
        for (architecture, text) in [
            ("free_threaded = {}", OPPOSITE),
            ("threads = {}", OPPOSITE),
            ("processes = {}", OPPOSITE),
            ("object_locks = {}", fixed),
            ("gilectomy = {}", fixed),
        ] {
            let outcome = run_as(architecture, text, &machine, 1);
            assert_eq!(outcome.ending, Ending::TimeUp, "{architecture} on {machine:?}");
            let done: u64 = outcome.threads.iter().map(|thread| thread.ops).sum();
            assert!(done > 100, "{done} with {architecture} on {machine:?}");
        }
    }
}

#[test]
fn the_programs_own_locks_deadlock_under_a_global_lock_too() {
    let text = OPPOSITE.replace("change", "lock").replace("compute = \"1ms\"", "block = \"1ms\"");
    for machine in machines() {
        for architecture in ["threads = {}", "free_threaded = {}", "object_locks = {}"] {
            let outcome = run_as(architecture, &text, &machine, 1);
            assert!(matches!(outcome.ending, Ending::Deadlock(_)), "{architecture}, {machine:?}");
        }
        let outcome = run_as("processes = {}", &text, &machine, 1);
        assert_eq!(outcome.ending, Ending::TimeUp, "each process has its own");
    }
}

#[test]
fn who_has_a_lock_goes_in_again() {
    let text = r#"
        objects = { accounts = { count = 2 } }
        [groups.transfers]
        threads = 2
        program = [{ change = { objects = ["accounts", "accounts", "accounts"], order = "fixed",
                     steps = [{ compute = "10us" }] } }]
    "#;
    for machine in machines() {
        for architecture in ["object_locks = {}", "free_threaded = {}"] {
            let outcome = run_as(architecture, text, &machine, 1);
            assert_eq!(outcome.ending, Ending::TimeUp, "{architecture} on {machine:?}");
        }
    }
}

/// Whatever the policy of an object's lock, who leaves it goes on.
#[test]
fn nobody_is_lost_at_an_objects_lock() {
    let text = r#"
        objects.log = {}
        [groups.writers]
        threads = 2
        arrivals = { think = "1ms" }
        program = [{ change = { object = "log", steps = [{ compute = "300us" }] } }]
    "#;
    for lock in
        ["timed_wait = { interval = '100us' }", "priority = { interval = '100us' }", "tick = {}"]
    {
        let locks = format!("object_locks = {{ counts = 'immortal', lock = {{ {lock} }} }}");
        for machine in machines() {
            let outcome = run_as(&locks, text, &machine, 1);
            let passes = outcome.elapsed.ns() / 1_800_000;
            for thread in &outcome.threads {
                assert!(thread.ops >= passes, "{} of {passes} under {lock}", thread.ops);
            }
        }
    }
}

/// Three accesses of 1 ms each to one object: one at a time where it has a lock.
#[test]
fn an_objects_lock_keeps_others_out() {
    let text = r#"
        objects.log = {}
        [groups.writers]
        threads = 3
        iterations = 1
        program = [{ change = { object = "log", steps = [{ compute = "1ms" }] } }]
    "#;
    let elapsed = |architecture: &str, text: &str| {
        run_as(architecture, text, &IDEAL, 1).elapsed.ns() as f64 / 1e6
    };
    let exact = |text: &str| text.replace("start", "start = '0ns', slowdown = 1.0, counts");
    for (architecture, change, read) in [
        ("free_threaded = { start = 'immortal' }", 3.0, 1.0),
        ("gilectomy = { start = 'immortal' }", 3.0, 3.0),
    ] {
        let architecture = exact(architecture);
        assert_eq!(elapsed(&architecture, text), change, "{architecture}");
        assert_eq!(elapsed(&architecture, &text.replace("change", "read")), read, "{architecture}");
    }
    let locks = "object_locks = { start = '0ns', counts = 'immortal' }";
    assert_eq!(elapsed(locks, text), 3.0);
    assert_eq!(elapsed("threads = { start = '0ns', counts = 'immortal' }", text), 3.0);
    let processes = "processes = { launch = '0ns', boot = '0ns', message_each = '0ns', message_per_mib = '0ns' }";
    // Each has a copy; two changes of its count take 1 ns each.
    assert_eq!(elapsed(processes, text), 1.000_002);
}

/// Two threads that think for a time Z on average and then change a count twice, in w each: a change is lost if the
/// other thread is within one of its own when it is written, which it is for 2w / (Z + 2w) of the time.
#[test]
fn lost_updates_agree_with_the_closed_form() {
    let text = r#"
        objects.counter = {}
        [groups.threads]
        threads = 2
        program = [{ block = { exponential = { mean = "20us" } } }, { read = { object = "counter" } }]
    "#;
    let counts = |protection| {
        let plain = Span::from_us(1);
        Counts { protection, plain, atomic: Span::from_ns(5), transfer: Span::from_ns(60) }
    };
    let workload = workload(text);
    let run = |protection, seed| {
        let runtime =
            Runtime { counts: Some(counts(protection)), global_lock: false, ..Runtime::THREADS };
        run_in(&workload, &runtime, &IDEAL, seed).counts
    };
    let totals = run(Protection::None, 1);
    let share = totals.lost as f64 / totals.updates as f64;
    let truth = 2.0 / 22.0;
    // Changes that overlap come in pairs: four standard errors, with half as many changes.
    let error = (truth * (1.0 - truth) / (totals.updates as f64 / 2.0)).sqrt();
    assert!(totals.updates > 80_000, "{totals:?}");
    assert!((share - truth).abs() < 4.0 * error, "{share} instead of {truth} +- {error}");
    assert!(totals.freed_in_use > 0 || totals.never_freed > 0, "{totals:?}");
    assert_eq!(totals, run(Protection::None, 1), "the same seed");
    assert_ne!(totals.lost, run(Protection::None, 2).lost, "another seed");
    for protection in [Protection::Atomic, Protection::Biased, Protection::Lock] {
        let totals = run(protection, 1);
        assert_eq!((totals.lost, totals.freed_in_use, totals.never_freed), (0, 0, 0));
        assert!(!totals.time.is_zero(), "{protection:?}");
    }
    assert_eq!(run(Protection::Immortal, 1).updates, 0);
}

/// The global lock is protection enough, although the count itself is plain.
#[test]
fn no_update_is_lost_under_the_lock() {
    let text = r#"
        objects.counter = {}
        [groups.threads]
        threads = 4
        program = [{ read = { object = "counter" } }, { compute = { exponential = { mean = "1us" } } }, "yield"]
    "#;
    for machine in machines() {
        let totals = run_as("threads = {}", text, &machine, 1).counts;
        assert!(totals.updates > 1000, "{totals:?}");
        assert_eq!((totals.lost, totals.freed_in_use, totals.never_freed), (0, 0, 0));
        let unprotected = "free_threaded = { counts = 'none' }";
        let totals = run_as(unprotected, text, &machine, 1).counts;
        // On one core, only a switch within the nanosecond of a change could lose it.
        assert!(totals.lost > 0 || machine == machines()[2], "{totals:?} on {machine:?}");
    }
}

/// Of two threads on two cores that change one count all the time, each change waits for the cache line; a biased
/// count costs its owner nothing more.
#[test]
fn shared_counts_cost_more_than_own_ones() {
    let text = r#"
        objects.counter = {}
        [groups.threads]
        threads = THREADS
        iterations = 1000
        program = [{ read = { object = "counter" } }, { compute = "10ns" }]
    "#;
    let each = |threads: &str, protection: &str| {
        let architecture = format!("free_threaded = {{ start = '0ns', counts = '{protection}' }}");
        let totals = run_as(&architecture, &text.replace("THREADS", threads), &IDEAL, 1).counts;
        totals.time.ns() as f64 / totals.updates as f64
    };
    assert_eq!(each("1", "atomic"), 2.0);
    assert_eq!(each("1", "biased"), 1.0);
    assert_eq!(each("1", "lock"), 5.0);
    assert!(each("2", "atomic") > 10.0 * each("1", "atomic"), "{}", each("2", "atomic"));
    assert!(each("2", "biased") < each("2", "atomic"));
}

/// Whoever wakes up only to find the lock taken again is in the cycle no less.
#[test]
fn locks_with_time_outs_deadlock_too() {
    let lock = "object_locks = { lock = { timed_wait = { interval = '300us' } } }";
    for machine in machines() {
        let outcome = run_as(lock, OPPOSITE, &machine, 1);
        assert!(
            matches!(outcome.ending, Ending::Deadlock(_)),
            "{:?} on {machine:?}",
            outcome.ending
        );
    }
}

/// A third thread waits for one of two that wait for each other: it is not part of the cycle.
#[test]
fn a_cycle_names_only_who_is_in_it() {
    let text = format!(
        "{OPPOSITE}\n[groups.third]\nstart = '5ms'\nprogram = [{{ change = {{ object = 'left' }} }}, {{ block = '100us' }}]"
    );
    let outcome = run_as("object_locks = {}", &text, &IDEAL, 1);
    let Ending::Deadlock(cycle) = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert_eq!(cycle.len(), 2, "{cycle:?}");
}

/// A run may end while a count is being changed: that is no leak.
#[test]
fn who_is_cut_off_while_counting_leaks_nothing() {
    let text = r#"
        objects.x = {}
        [groups.t]
        threads = 2
        program = [{ read = { object = "x", steps = [{ compute = { exponential = { mean = "200ns" } } }] } }]
    "#;
    for seed in 0..20 {
        let totals = run_as("free_threaded = { counts = 'atomic' }", text, &IDEAL, seed).counts;
        assert_eq!((totals.never_freed, totals.freed_in_use), (0, 0), "{totals:?}");
    }
}
