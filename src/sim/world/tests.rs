//! The collector under a lock and without one.

use std::path::Path;

use gilsim_policies::{PolicySpec, Span};
use indexmap::IndexMap;

use crate::architecture::ArchitectureSpec;
use crate::machine::MachineSpec;
use crate::sim::{Outcome, RunSpec, run};
use crate::trace::{NullSink, State};
use crate::workload::Workload;

fn run_as(architecture: &str, groups: &str, machine: &str) -> Outcome {
    let architecture: ArchitectureSpec = toml::from_str(architecture).unwrap();
    let groups = toml::from_str(groups).unwrap();
    let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("")).unwrap();
    let machine: MachineSpec = toml::from_str(machine).unwrap();
    let policy: PolicySpec = toml::from_str("timed_wait = {}").unwrap();
    let (runtime, workload) = (architecture.runtime(&workload), architecture.apply(&workload));
    let spec = RunSpec::new(&workload, &machine, &policy, Span::from_ms(100));
    run(&RunSpec { runtime: &runtime, ..spec }, &mut NullSink)
}

const COLLECTOR: &str = "{ threshold = 10, pause = '1ms' }";
const FREE_THREADED: &str = "free_threaded = { start = '0ns', slowdown = 1.0, check_spacing = '1us', collector = { threshold = 10, pause = '1ms' } }";

/// One thread makes 10 objects after 5 ms; the other computes.
const TWO: &str = "
    [other]
    iterations = 1
    program = [{ OTHER = '20ms' }]
    [maker]
    iterations = 1
    program = [{ compute = '5ms' }, { allocate = 10 }, { compute = '1ms' }]
";

/// The first stop waits for a check point, 1 us; at the second, nobody has got going yet. The pause is half of the
/// collector's work each time.
#[test]
fn the_world_stands_still_twice() {
    for machine in ["ideal = {}", "ideal = { cores = 2 }"] {
        let outcome = run_as(FREE_THREADED, &TWO.replace("OTHER", "compute"), machine);
        assert_eq!((outcome.collections, outcome.collecting), (1, Span::from_us(1_001)));
        let [other, maker] = &outcome.threads[..] else { panic!() };
        assert_eq!(maker.end.ns(), 7_001_000, "5 ms, 1 us until all stand still, 1 ms, 1 ms");
        assert_eq!(other.times.of(State::LockWait), Span::from_ms(1), "it stood still");
        assert_eq!(other.end.ns(), 21_000_000);
    }
}

/// C code without a check point makes everybody wait for its end; C code that has let go of its thread state doesn't.
#[test]
fn c_code_holds_the_collector_up() {
    let run = |kind| run_as(FREE_THREADED, &TWO.replace("OTHER", kind), "ideal = {}");
    assert_eq!(run("c_hold").collecting, Span::from_ms(15 + 1), "it ends at 20 ms");
    assert_eq!(run("c_release").collecting, Span::from_ms(1));
    assert_eq!(run("block").collecting, Span::from_ms(1));
}

/// Threads 0 and 2 belong to one interpreter, 1 and 3 to the other, where nobody notices.
#[test]
fn the_world_is_an_interpreters() {
    let architecture = "interpreters = { workers = 2, launch = '0ns', boot = '0ns', message_each = '0ns',
        global_lock = false, slowdown = 1.0, check_spacing = '1us', collector = { threshold = 10, pause = '1ms' } }";
    let groups = "
        [others]
        threads = 2
        iterations = 1
        program = [{ compute = '20ms' }]
        [maker]
        iterations = 1
        program = [{ compute = '5ms' }, { allocate = 10 }, { compute = '1ms' }]
    ";
    for machine in ["ideal = {}", "ideal = { cores = 3 }"] {
        let outcome = run_as(architecture, groups, machine);
        assert_eq!((outcome.collections, outcome.collecting), (1, Span::from_us(1_001)));
        let ends: Vec<_> = outcome.threads.iter().map(|thread| thread.end.ns()).collect();
        assert_eq!(ends, [21_000_000, 20_000_000, 7_001_000], "{machine}");
    }
}

#[test]
fn under_the_lock_the_collector_is_a_pause_of_one_thread() {
    let architecture = format!("threads = {{ start = '0ns', collector = {COLLECTOR} }}");
    let outcome = run_as(&architecture, &TWO.replace("OTHER", "block"), "ideal = {}");
    assert_eq!((outcome.collections, outcome.collecting), (1, Span::from_ms(1)));
    assert_eq!(outcome.threads[1].end.ns(), 7_000_000);
    assert_eq!(outcome.threads[0].end.ns(), 20_000_000, "who blocks does not notice");
}

#[test]
fn many_threads_that_collect_all_end() {
    let groups = "
        [makers]
        threads = 6
        iterations = 200
        program = [{ compute = { exponential = { mean = '50us' } } }, { allocate = 3 }, { block = '20us' }]
    ";
    for machine in
        ["ideal = {}", "ideal = { cores = 1 }", "linux = { cores = 1 }", "linux = { cores = 2 }"]
    {
        let collector = "{ threshold = 10, pause = '10us' }";
        for architecture in [
            "free_threaded",
            "gilectomy",
            "object_locks",
            "threads",
            "processes",
            "interpreters",
            "interpreters = { global_lock = false, workers = 3",
            "sequential",
        ] {
            let begin = if architecture.contains('{') { "," } else { " = {" };
            let architecture = format!("{architecture}{begin} collector = {collector} }}");
            let outcome = run_as(&architecture, groups, machine);
            let done: u64 = outcome.threads.iter().map(|thread| thread.ops).sum();
            assert!(done > 300, "{done} with {architecture} on {machine}");
            assert!(outcome.collections > 100, "{} with {architecture}", outcome.collections);
        }
    }
}
