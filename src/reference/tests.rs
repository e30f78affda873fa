//! Configurations that are recognised, with the numbers of docs/theory.md and others by hand, and some that must not be.

use std::path::Path;

use gilsim_policies::{PolicySpec, Span};
use indexmap::IndexMap;
use serde::Deserialize;

use super::*;
use crate::architecture::ArchitectureSpec;
use crate::machine::IdealParameters;
use crate::workload::{GroupSpec, PopulationSpec};

#[derive(Deserialize)]
struct File {
    policy: PolicySpec,
    #[serde(default)]
    machine: Option<MachineSpec>,
    #[serde(default)]
    architecture: Option<ArchitectureSpec>,
    groups: IndexMap<String, GroupSpec>,
    #[serde(default)]
    objects: IndexMap<String, PopulationSpec>,
}

/// What is known of the first group.
fn theory(metric: &str, text: &str) -> Option<Theory> {
    theory_of(metric, text, true)
}

fn theory_of(metric: &str, text: &str, whole: bool) -> Option<Theory> {
    let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    let workload = Workload::compile(&file.groups, &file.objects, Path::new("")).unwrap();
    let runtime = file.architecture.map_or(Runtime::THREADS, |spec| spec.runtime(&workload));
    let workload = file.architecture.map_or(workload.clone(), |spec| spec.apply(&workload));
    let machine = file.machine.unwrap_or(MachineSpec::Ideal(IdealParameters::default()));
    let duration = Span::from_s(10);
    let (machine, policy) = (&machine, &file.policy);
    let (workload, runtime) = (&workload, &runtime);
    System { workload, machine, policy, runtime, duration, whole, focus: 0 }.theory(metric)
}

#[track_caller]
fn assert_exact(metric: &str, text: &str, expected: f64, name: &str) {
    let Some(Theory::Exact { value, model }) = theory(metric, text) else {
        panic!("{metric}: {:?}", theory(metric, text))
    };
    assert!((value - expected).abs() < 1e-9 * expected, "{metric}: {value}, not {expected}");
    assert_eq!(model, name);
}

#[track_caller]
fn assert_between(metric: &str, text: &str, (lowest, highest): (f64, f64)) {
    let Some(Theory::Between { low, high }) = theory(metric, text) else {
        panic!("{metric}: {:?}", theory(metric, text))
    };
    let near = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9 * b;
    assert!(near(low, lowest) && near(high, highest), "{metric}: {low} to {high}");
}

const FIFO: &str = "policy = { fifo_handoff = {} }\n";
const EXP: &str = "{ exponential = { mean = '1ms' } }";

/// Threads that think for 10 ms on average and hold the lock.
fn repairmen(threads: u32, hold: &str) -> String {
    format!(
        "[groups.t]\nthreads = {threads}\narrivals = {{ think = {{ exponential = {{ mean = '10ms' }} }} }}\n\
         program = [{{ compute = {hold} }}]\n"
    )
}

#[test]
fn machine_repairmen_are_recognised() {
    let ten = FIFO.to_owned() + &repairmen(10, EXP);
    // docs/theory.md has the numbers.
    for (metric, expected) in [
        ("ops_per_s", 785.417656893),
        ("latency_mean_ns", 2.73207943855e6),
        ("lock_held_share", 0.785417656893),
        ("cpu_share", 0.785417656893),
        ("latency_p50_ns", 2.156763959e6),
        ("latency_p99_ns", 10.14904255e6),
    ] {
        assert_exact(metric, &ten, expected, "M/M/1//10");
    }
    let constant = FIFO.to_owned() + &repairmen(10, "'1ms'");
    assert_exact("ops_per_s", &constant, 821.003328802, "M/D/1//10");
    assert_eq!(theory("latency_p50_ns", &constant), None);
    let tiny = FIFO.to_owned() + &repairmen(10, "{ exponential = { mean = '50ns' } }");
    assert_eq!(theory("latency_p50_ns", &tiny), None, "draws are whole nanoseconds");
    for policy in ["tick", "timed_wait", "priority", "barging", "py_mutex"] {
        let other = ten.replace("fifo_handoff", policy);
        assert_exact("ops_per_s", &other, 785.417656893, "M/M/1//10");
        assert_eq!(theory("latency_p50_ns", &other), None, "the order matters");
    }
    // Pauses inside the pass count as thinking, and belong to the operation.
    let inside = ten
        .replace("arrivals = { think = { exponential = { mean = '10ms' } } }\n", "")
        .replace("program = [", "program = [{ block = '10ms' }, ");
    assert_exact("ops_per_s", &inside, 785.417656893, "D/M/1//10");
    assert_exact("latency_mean_ns", &inside, 12.73207943855e6, "D/M/1//10");
    let none = ten.replace("fifo_handoff", "none");
    assert_exact("ops_per_s", &none, 1e4 / 11.0, "no waiting");
    let cores = none + "[machine.ideal]\ncores = 2\n";
    assert_exact("ops_per_s", &cores, 896.1362181, "M/M/2//10");
    let five = ten.replace("policy", "architecture = { interpreters = { workers = 5, launch = '0ns', boot = '0ns', message_each = '0ns', message_per_mib = '0ns' } }\npolicy");
    // Two threads and a lock, five times.
    let pair = crate::theory::FiniteSource { threads: 2, think: 10.0, hold: 1.0 };
    let expected = 5e3 * pair.exponential(1).unwrap().throughput;
    assert_exact("ops_per_s", &five, expected, "5 x M/M/1//2");
}

#[test]
fn networks_of_locks_are_recognised() {
    let text = "policy = { none = {} }\n\
        architecture = { object_locks = { counts = 'immortal', start = '0ns' } }\n\
        objects.tables = { count = 4 }\n[groups.t]\nthreads = 16\narrivals = { think = '2ms' }\n\
        program = [{ change = { object = 'tables', steps = [{ compute = { exponential = { mean = '1ms' } } }] } }]\n";
    assert_exact("ops_per_s", text, 3037.6803444, "4 locks, 16 threads");
    assert_exact("latency_mean_ns", text, 3.2671769858e6, "4 locks, 16 threads");
    let uneven = text.replace("count = 4", "count = 4, pick = { zipf = { exponent = 1.0 } }");
    let counting = text.replace("counts = 'immortal', ", "");
    for bounded in [uneven, counting, text.replace("{ exponential = { mean = '1ms' } }", "'1ms'")] {
        assert_between("ops_per_s", &bounded, (0.0, 16e3 / 3.0));
    }
}

#[test]
fn open_queues_are_recognised() {
    let open = |threads: u32, hold: &str| {
        format!(
            "{FIFO}[groups.t]\nthreads = {threads}\narrivals = {{ poisson = {{ mean_gap = '2ms' }} }}\n\
             program = [{{ compute = {hold} }}]\n"
        )
    };
    assert_exact("latency_mean_ns", &open(1, EXP), 2e6, "M/M/1");
    assert_exact("latency_mean_ns", &open(8, "'1ms'"), 1.5e6, "M/D/1");
    assert_exact("ops_per_s", &open(8, "'1ms'"), 500.0, "M/D/1");
    assert_exact("latency_p50_ns", &open(1, EXP), 2e6 * std::f64::consts::LN_2, "M/M/1");
    // Who ends a request overtakes those that wait for the lock.
    assert_eq!(theory("latency_p50_ns", &open(2, EXP)), None);
    assert_exact("latency_mean_ns", &open(2, EXP), 2e6, "M/M/1");
    let short = open(1, "{ exponential = { mean = '10us' } }");
    assert_eq!(theory("latency_p05_ns", &short), None, "below 1 us, whole nanoseconds matter");
    let stretched = "architecture = { free_threaded = { start = '0ns', slowdown = 1.1 } }\n";
    let tiny = stretched.to_owned() + &open(1, "'900ns'");
    assert_eq!(theory("latency_mean_ns", &tiny), None, "990 ns, or is it?");
    let wild = open(1, "'1ms'").replace(
        "{ poisson = { mean_gap = '2ms' } }",
        "{ gap = { pareto = { scale = '2ms', shape = 1.5 } } }",
    );
    assert_between("ops_per_s", &wild, (0.0, 1e3));
    let cut = open(8, "'1ms'").replace("fifo_handoff", "timed_wait");
    assert_eq!(theory("latency_mean_ns", &cut), None, "holds are cut, and have a memory");
    // More comes than can be done.
    assert_eq!(theory("latency_mean_ns", &open(1, "'3ms'")), None);
    assert_between("ops_per_s", &open(1, "'3ms'"), (0.0, 1e3 / 3.0));
}

#[test]
fn polled_queues_are_recognised() {
    let queue = |name: &str| {
        format!(
            "[groups.{name}]\narrivals = {{ poisson = {{ mean_gap = '10ms' }} }}\nprogram = [{{ compute = {EXP} }}]\n\
             polls = {{ serves = 'one', steps = ['yield', {{ compute = '250us' }}] }}\n"
        )
    };
    let four = FIFO.to_owned() + &["a", "b", "c", "d"].map(queue).concat();
    assert_exact("latency_mean_ns", &four, 2.9e6, "1-limited polling");
    assert_exact("ops_per_s", &four, 100.0, "1-limited polling");
    for (serves, wait, model) in [
        ("waiting", 19e6 / 12.0, "gated polling"),
        ("until_empty", 17e6 / 12.0, "exhaustive polling"),
    ] {
        assert_exact(
            "latency_mean_ns",
            &four.replace("'one'", &format!("'{serves}'")),
            wait + 1e6,
            model,
        );
    }
    for other in [
        four.replace("fifo_handoff", "barging"),
        four.replace("'yield', ", ""),
        four.replacen("'10ms'", "'11ms'", 1),
        four.replacen("arrivals", "threads = 2\narrivals", 1),
        four.clone() + "[groups.z]\nprogram = ['yield', { compute = '1ms' }]",
    ] {
        assert_eq!(theory("latency_mean_ns", &other), None, "{other}");
    }
}

#[test]
fn of_threads_that_starve_nothing_is_known_but_what_an_operation_takes() {
    let text =
        "policy = { POLICY = {} }\n[groups.t]\nthreads = 3\nprogram = [{ compute = '50us' }]\n";
    let starving = (50e3, f64::INFINITY);
    for policy in ["barging", "fifo_handoff", "priority"] {
        assert_between("latency_mean_ns", &text.replace("POLICY", policy), starving);
    }
    let timed = text.replace("POLICY", "timed_wait");
    assert_exact("latency_mean_ns", &timed, 150e3, "saturated");
    for unfair in ["pick = 'lifo'", "force_switching = false"] {
        let unfair = timed.replace("= {}", &format!("= {{ {unfair} }}"));
        assert_between("latency_mean_ns", &unfair, starving);
    }
    let alone = text.replace("POLICY", "barging").replace("threads = 3", "threads = 1");
    assert_exact("latency_mean_ns", &alone, 50e3, "no waiting");
    // No check points, or the lock is let go and taken back before an interval is over.
    for unasked in ["{ c_hold = '50us' }", "{ compute = '50us' }, 'yield'"] {
        let unasked = timed.replace("{ compute = '50us' }", unasked);
        assert_between("latency_mean_ns", &unasked, starving);
    }
    // Two of three have a core and keep it, whether they share a lock or not; to block is to leave it.
    let cores = text.replace("POLICY", "none") + "[machine.ideal]\ncores = 2\n";
    assert_between("latency_mean_ns", &cores, starving);
    let blocks = cores.replace("'50us' }", "'50us' }, { block = '10us' }");
    assert_between("latency_mean_ns", &blocks, (75e3, 85e3));
    // Whoever comes last goes first: with a queue that is never empty, some never go.
    let text = |threads| {
        format!("policy = {{ timed_wait = {{ pick = 'lifo' }} }}\n{}", repairmen(threads, EXP))
    };
    assert!(matches!(theory("latency_mean_ns", &text(10)), Some(Theory::Exact { .. })));
    assert_eq!(theory("latency_mean_ns", &text(64)), None);
}

#[test]
fn what_an_operation_waits_for_elsewhere_is_not_overlooked() {
    // On `linux`, who ends a pass may lose its core before it begins to think.
    let thinks = "policy = { fifo_handoff = {} }\n[machine.linux]\ncores = 1\n\
        [groups.t]\nthreads = 2\narrivals = { think = '1ms' }\nprogram = [{ compute = '10ms' }]\n";
    assert_between("latency_mean_ns", thinks, (10e6, f64::INFINITY));
    let inside = thinks
        .replace("arrivals = { think = '1ms' }\n", "")
        .replace("'10ms' }", "'10ms' }, { block = '1ms' }");
    assert_between("latency_mean_ns", &inside, (20e6, f64::INFINITY));
    // The program's own lock under the interpreter's goes to whoever is first.
    let own = "policy = { timed_wait = {} }\nobjects.cache = {}\n[groups.t]\nthreads = 8\n\
        program = [{ lock = { object = 'cache', steps = [{ compute = '1ms' }] } }]\n";
    assert_between("latency_mean_ns", own, (1e6, f64::INFINITY));
    // An object is held while its thread is without the lock, too.
    let held = "policy = { none = {} }\nobjects.cache = {}\n\
        architecture = { object_locks = { start = '0ns', lock = { timed_wait = { pick = 'lifo' } } } }\n\
        [groups.t]\nthreads = 8\n\
        program = [{ change = { object = 'cache', steps = [{ c_release = '1ms' }] } }, { block = '1us' }]\n";
    assert_between("latency_mean_ns", held, (1.001e6, f64::INFINITY));
    // Booting takes a core.
    let boots = "policy = { timed_wait = {} }\narchitecture = { interpreters = { message_each = '0ns', message_per_mib = '0ns' } }\n\
        [groups.t]\nthreads = 2\nprogram = [{ compute = '1ms' }, { block = '9ms' }]\n";
    assert_eq!(theory("cpu_share", boots), None);
    assert!(theory("ops_per_s", boots).is_some());
    let nothing =
        "policy = { none = {} }\n[groups.t]\narrivals = { think = '1ms' }\nprogram = ['yield']\n";
    assert_eq!(theory("latency_mean_ns", nothing), None);
}

#[test]
fn what_came_before_may_be_done_later() {
    let text = "policy = { fifo_handoff = {} }\n\
        [groups.web]\narrivals = { poisson = { mean_gap = '10ms' } }\nprogram = [{ compute = '1ms' }]\n\
        [groups.hog]\nstop = '1s'\nprogram = [{ compute = '1ms' }]\n";
    let most = |whole| match theory_of("ops_per_s", text, whole) {
        Some(Theory::Between { high, .. }) => high,
        other => panic!("{other:?}"),
    };
    assert_eq!([true, false].map(most), [100.0, 1e3]);
}

#[test]
fn a_collector_among_those_that_poll_stops_all() {
    let text = "policy = { none = {} }\narchitecture = { free_threaded = { start = '0ns' } }\n\
        [groups.t]\nprogram = [{ block = '1ms' }]\n\
        [groups.p]\narrivals = { gap = '1ms' }\nprogram = [{ compute = '1us' }]\n\
        polls = { steps = [{ compute = '9us' }] }\n";
    assert_exact("ops_per_s", text, 1e3, "no waiting");
    let allocates = text.replace("'9us' }", "'9us' }, { allocate = 5 }");
    assert_between("ops_per_s", &allocates, (0.0, 1e3));
}

#[test]
fn bounds_hold_where_nothing_is_exact() {
    // Three visits to the lock in a pass: 3 ms with it and 12 ms without.
    let text = "policy = { timed_wait = {} }\n[groups.t]\nthreads = 10\nprogram = [\
        { repeat = { times = 3, steps = [{ compute = '1ms' }, { block = '4ms' }] } }]\n";
    assert_between("ops_per_s", text, (1e4 / 42.0, 1e3 / 3.0));
    // In step, some may come back just when another lets go, and be first each time.
    assert_between("latency_mean_ns", text, (15e6, f64::INFINITY));
    // Who times out is last again, unless the order is that of coming; then nothing is known of passes that differ.
    let out_of_step = text.replace("'4ms'", "{ exponential = { mean = '4ms' } }");
    assert_eq!(theory("latency_mean_ns", &out_of_step), None);
    let in_order = out_of_step.replace("timed_wait = {}", "timed_wait = { pick = 'fifo_arrival' }");
    assert_between("latency_mean_ns", &in_order, (30e6, 42e6));
    assert_between("lock_held_share", text, (30.0 / 42.0, 1.0));
    let linux = text.to_owned() + "[machine.linux]\ncores = 2\n";
    assert_between("ops_per_s", &linux, (0.0, 1e3 / 3.0));
    let beside = text.to_owned() + "[groups.other]\nprogram = [{ compute = '1ms' }]\n";
    assert_between("ops_per_s", &beside, (0.0, 1e3 / 3.0));
    assert_eq!(theory("lock_held_share", &beside), None);
    let cores = text.replace("timed_wait", "none") + "[machine.ideal]\ncores = 2\n";
    // Two cores, each for 15 ms a pass in the worst case of ten threads: 10 / (12 + 10 * 3 / 2).
    assert_between("ops_per_s", &cores, (1e4 / 27.0, 2e3 / 3.0));
    let saturated = text.replace(", { block = '4ms' }", "");
    assert_exact("ops_per_s", &saturated, 1e3 / 3.0, "saturated");
    let alone = text.replace("threads = 10", "threads = 1");
    assert_exact("ops_per_s", &alone, 1e3 / 15.0, "no waiting");
}

#[test]
fn what_begins_or_ends_on_the_way_has_no_steady_state() {
    let ten = FIFO.to_owned() + &repairmen(10, EXP);
    let with = |more: &str| ten.replace("threads = 10\n", &format!("threads = 10\n{more}\n"));
    assert_between("ops_per_s", &with("start = '1s'"), (0.0, 1e4 / 11.0));
    assert_eq!(theory("latency_mean_ns", &with("start = '1s'")), None);
    for ends in ["iterations = 5", "stop = '1s'"] {
        assert_eq!(theory("ops_per_s", &with(ends)), None, "{ends}");
    }
    let launched = ten.replace("policy", "architecture = { threads = {} }\npolicy");
    assert_between("ops_per_s", &launched, (0.0, 1e4 / 11.0));
    let heavy = FIFO.to_owned() + &repairmen(10, "{ pareto = { scale = '1ms', shape = 1.5 } }");
    assert_eq!(theory("ops_per_s", &heavy), None);
    assert_eq!(theory("switches_per_s", &ten), None);
    assert_eq!(theory("nonsense", &ten), None);
}

#[test]
fn amdahls_law_is_one_pass_at_once() {
    let text = format!(
        "{FIFO}[groups.t]\nthreads = 8\niterations = 1\nprogram = [{{ c_release = '9ms' }}, {{ compute = '1ms' }}]\n"
    );
    assert_exact("elapsed_ns", &text, 17e6, "Amdahl's law");
    assert_exact("ops_per_s", &text, 8e3 / 17.0, "Amdahl's law");
    assert_eq!(theory("elapsed_ns", &text.replace("'9ms'", "'9s'").replace("'1ms'", "'1s'")), None);
    assert_eq!(theory("elapsed_ns", &text.replace("iterations = 1", "iterations = 2")), None);
    assert_eq!(theory_of("elapsed_ns", &text, false), None, "a part of it");
}

#[test]
fn switches_of_threads_that_compute_are_known_to_a_check_point() {
    let text = "policy = { timed_wait = { check_spacing = '50ns' } }\n\
        [groups.t]\nthreads = 4\nprogram = [{ compute = '1ms' }]\n";
    assert_between("slice_mean_ns", text, (5e6, 5e6 + 50.0));
    assert_between("switches_per_s", text, (1e9 / (5e6 + 50.0), 200.0));
    let convoy = "policy = { timed_wait = { check_spacing = '50ns' } }\n\
        [groups.io]\nprogram = [{ block = '1ms' }, { compute = '10us' }]\n\
        [groups.cpu]\nprogram = [{ compute = '1ms' }]\n";
    assert_between("ops_per_s", convoy, (1e9 / 6_010_050.0, 1e9 / 6_010_000.0));
    // A hold of more than an interval is cut.
    let long = convoy.replace("10us", "6ms");
    assert_between("ops_per_s", &long, (0.0, 1e3 / 7.0));
    assert_between(
        "ops_per_s",
        &convoy.replace("timed_wait = { check_spacing = '50ns' }", "tick = {}"),
        (0.0, 1e9 / 1_010_000.0),
    );
}
