//! Architectures in experiments: which runs they make, and what is refused.

use std::path::Path;
use std::sync::Arc;

use super::super::deadlock::warnings;
use super::super::execute::execute;
use super::{FILE, changed, plan};
use crate::architecture::Interpreters;

const ARCHITECTURES: &str = r#"
[architectures."one thread"]
sequential = {}
[architectures.threads]
threads = {}
[architectures.processes]
processes = { workers = 2 }
[architectures."free-threaded"]
free_threaded = {}
"#;

/// The file with threads that end, and these architectures.
fn file() -> String {
    let io = "[groups.io]\niterations = 5\nmessage = { to = 1048576 }";
    let spinners = "[groups.spinners]\nstop = '1s'";
    let text = changed("[groups.io]", io).replace("[groups.spinners]", spinners);
    format!("{text}{ARCHITECTURES}")
}

fn series(text: &str, overrides: &[&str]) -> Vec<String> {
    let plan = plan(text, overrides).unwrap();
    plan.runs.iter().filter(|run| run.replication == 0).map(|run| run.policy.clone()).collect()
}

#[test]
fn architectures_with_a_lock_run_under_each_policy() {
    let plan = plan(&file(), &[]).unwrap();
    let firsts: Vec<_> = plan.runs.iter().filter(|run| run.replication == 0).collect();
    let series: Vec<_> = firsts
        .iter()
        .map(|run| (run.policy.as_str(), run.policy_spec.name(), run.architecture_kind()))
        .collect();
    assert_eq!(
        series,
        [
            ("one thread, CPython 3.13", "timed_wait", "sequential"),
            ("one thread, mutex", "barging", "sequential"),
            ("threads, CPython 3.13", "timed_wait", "threads"),
            ("threads, mutex", "barging", "threads"),
            ("processes, CPython 3.13", "timed_wait", "processes"),
            ("processes, mutex", "barging", "processes"),
            ("free-threaded", "none", "free_threaded"),
        ]
    );
    assert_eq!(plan.runs.len(), 14);
    assert_eq!(plan.runs[13].index, 13);
    assert_eq!(plan.runs[9].title(), "run 9 (processes, CPython 3.13, replication 1)");
    assert!(firsts[0].runtime.one_by_one);
    assert_eq!(firsts[4].runtime.interpreters, Interpreters::Several(2));
    assert!(!firsts[6].run_spec().runtime.global_lock);
    // What messages cost is added to the workload that processes run, once for all replications.
    let [point, threads] = [&plan.points[0].workload, &firsts[2].workload];
    assert_eq!(point, threads);
    assert_ne!(*point, firsts[4].workload);
    assert!(Arc::ptr_eq(&plan.runs[8].workload, &plan.runs[11].workload));
    assert!(firsts[4].memory() > firsts[2].memory());
    assert!(firsts[2].memory() > firsts[0].memory());
}

#[test]
fn rows_name_the_architecture() {
    let plan = plan(&file(), &["duration=20ms"]).unwrap();
    for (at, kind) in [(4, "threads"), (8, "processes"), (12, "free_threaded")] {
        let run = &plan.runs[at];
        let row = execute(&plan, run, Path::new("absent")).unwrap().run;
        assert_eq!((row.architecture.as_str(), &row.policy), (kind, &run.policy));
        assert_eq!((row.memory_bytes, row.deadlock.as_str()), (run.memory(), ""));
        assert!(row.elapsed_ns > 0 && row.threads == 5);
    }
}

#[test]
fn without_architectures_there_are_threads() {
    let plan = plan(FILE, &[]).unwrap();
    let run = &plan.runs[0];
    assert_eq!((run.policy.as_str(), run.architecture_kind()), ("CPython 3.13", "threads"));
    assert_eq!((run.architecture, run.memory()), (None, (7_480 + 5 * 28) << 10));
    assert!(Arc::ptr_eq(&run.workload, &plan.points[0].workload));
    assert!(!plan.resolved.contains("architectures"), "{}", plan.resolved);
}

#[test]
fn one_policy_or_none_needs_no_mention() {
    let one = file().replace("[policies.mutex]\nbarging = {}\n", "");
    let names = ["one thread", "threads", "processes", "free-threaded"];
    assert_eq!(series(&one, &[]), names);
    let text = FILE.split("[policies").next().unwrap();
    let message = "dir/convoy.toml:1:1: `policies` must name at least one policy";
    refused(text, &[], message, "");
    let none = format!("{text}[architectures.x]\nfree_threaded = {{}}\n");
    assert_eq!(series(&none, &[]), ["x"]);
    // One extension that needs the lock brings it back, and then a policy must say how.
    let message = plan(&none, &["groups.io.needs_lock=true"]).unwrap_err();
    let expected =
        "dir/convoy.toml:1:1: `policies` must name at least one policy: `x` has a global lock";
    assert_eq!(message.lines().next(), Some(expected));
    assert_eq!(
        series(&file(), &["groups.io.needs_lock=true"])[6..],
        ["free-threaded, CPython 3.13", "free-threaded, mutex"]
    );
}

#[test]
fn architectures_are_swept_patched_and_overridden() {
    let sweep = "[sweep.product]\n'architectures.processes.processes.workers' = [1, 2, 4]\n";
    let swept = plan(&format!("{}{sweep}", file()), &[]).unwrap();
    assert_eq!(super::labels(&swept), ["workers=1", "workers=2", "workers=4"]);
    assert_eq!(swept.points[2].numbers, [("sweep_workers".to_owned(), 4.0)]);
    let workers = |run: usize| swept.runs[run * 2].runtime.interpreters;
    assert_eq!([4, 11, 18].map(workers), [1, 2, 4].map(Interpreters::Several));

    let cases = "[cases.a]\narchitectures.processes.processes.workers = 3\n\
                 [cases.b]\narchitectures.free-threaded = { gilectomy = { lock = { py_mutex = {} } } }\n";
    let text = format!("{}{cases}", file());
    let set = ["architectures.processes.processes.method=spawn"];
    let patched = plan(&text, &set).unwrap();
    let of = |point: usize, name: &str| patched.points[point].experiment.architectures[name].name();
    assert_eq!((of(0, "free-threaded"), of(1, "free-threaded")), ("free_threaded", "gilectomy"));
    assert_eq!(patched.runs[8].runtime.interpreters, Interpreters::Several(3));
    assert_eq!(patched.runs[8].runtime.boot.ns(), 28_200_000);

    for first in [swept, patched] {
        let again = plan(&first.resolved, &[]).unwrap();
        assert_eq!((&again.resolved, &again.hash), (&first.resolved, &first.hash));
        assert_eq!(again.runs.len(), first.runs.len());
    }
    assert_ne!(plan(&file(), &[]).unwrap().hash, plan(&file(), &set).unwrap().hash);
    // A lock is replaced as a whole, not mixed with the one before.
    let locks = "[cases.c]\narchitectures.free-threaded.free_threaded.lock = { barging = {} }\n";
    let text = file().replace("free_threaded = {}", "free_threaded = { lock = { tick = {} } }");
    plan(&format!("{text}{locks}"), &[]).unwrap();
    plan(FILE, &["architectures={ mine = { processes = {} } }"]).unwrap();
}

#[track_caller]
fn refused(text: &str, overrides: &[&str], first: &str, last: &str) {
    let message = plan(text, overrides).unwrap_err();
    assert_eq!(message.lines().next(), Some(first), "\n{message}");
    let end = message.lines().last().unwrap_or_default().trim_start();
    assert!(end.starts_with(last), "\n{message}");
}

#[test]
fn bad_architectures_are_refused_at_the_right_place() {
    for (from, to, place, message, last) in [
        (
            "{ workers = 2 }",
            "{ workers = 0 }",
            "27:25",
            "`architectures.processes.processes.workers` must be at least 1",
            "| ",
        ),
        (
            "{ workers = 2 }",
            "{ worker = 2 }",
            "27:15",
            "unknown key `worker`, did you mean `workers`?",
            "= allowed: `method`, `start_each`, `workers`",
        ),
        (
            "{ workers = 2 }",
            "{ method = 'spwan' }",
            "27:24",
            "unknown name `spwan`, did you mean `spawn`?",
            "= allowed: `fork`, `forkserver`, `spawn`",
        ),
        (
            "{ workers = 2 }",
            "{ boot = '100h' }",
            "27:22",
            "`architectures.processes.processes.boot` must not exceed 72h, the longest run",
            "| ",
        ),
        (
            "threads = {}",
            "threds = {}",
            "25:1",
            "unknown name `threds`, did you mean `threads`?",
            "= allowed: `sequential`, `threads`, `processes`",
        ),
        (
            "threads = {}",
            "threads = {}\nsequential = {}",
            "24:1",
            "exactly one name must stand here, more than 1 element",
            "| ",
        ),
        (
            "free_threaded = {}",
            "free_threaded = { lock = { timed_wait = { interval = '0ns' } } }",
            "29:54",
            "`architectures.free-threaded.free_threaded.lock.timed_wait.interval` must be longer than 0ns",
            "| ",
        ),
        ("[architectures.threads]", "[architectures.processes]", "26:16", "duplicate key", "| "),
        ("to = 1048576", "to = -1", "9:18", "integer `-1` is not a whole number from 0 on", "| "),
        (
            "stop = '1s'",
            "",
            "12:1",
            "`groups.spinners` never ends, so `one thread`, which runs one thread after the other, would never get to \
             the next: give it `iterations` or `stop`",
            "| ",
        ),
        (
            "iterations = 5",
            "",
            "7:1",
            "`groups.io` never ends, so `one thread`, which runs one thread after the other, would never get to the \
             next: give it `iterations` or `stop`",
            "| ",
        ),
        (
            "[architectures.\"free-threaded\"]",
            "[architectures.\"threads, mutex\"]",
            "28:1",
            "`architectures.\"threads, mutex\"` makes a second series called `threads, mutex`: rename it",
            "| ",
        ),
    ] {
        let text = file();
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        refused(&text, &[], &format!("dir/convoy.toml:{place}: {message}"), last);
    }
    // The last thread may go on for ever.
    let last = file().replace("stop = '1s'\nthreads = 4", "threads = 1");
    plan(&last, &[]).unwrap();
}

#[test]
fn bad_overrides_of_architectures_are_refused() {
    for (set, message) in [
        (
            "architectures.thraeds.threads.start=1ms",
            "there is no `architectures.thraeds`, did you mean `threads`? `architectures` has `one thread`, `threads`, \
             `processes`, `free-threaded`",
        ),
        (
            "architectures.threads.processes={}",
            "`architectures.threads` is `threads`, not `processes`; to change that, set the whole of \
             `architectures.threads`",
        ),
    ] {
        refused(&file(), &[set], &format!("--set:1:1: {message}"), "");
    }
    let message =
        "--set:1:1: there is no `architectures`; to add some, set the whole of `architectures`";
    refused(FILE, &["architectures.x.threads={}"], message, "");
}

/// The file with objects, and a step of the program.
fn with_objects(step: &str) -> String {
    let text = file().replacen("program = [", &format!("program = [{step}, "), 1);
    format!("{text}[objects]\nlog = {{}}\naccounts = {{ count = 100 }}\n")
}

#[test]
fn bad_accesses_are_refused_at_the_right_place() {
    for (step, place, message) in [
        (
            "{ change = { object = 'lug' } }",
            "10:34",
            "`groups.io.program.0.change.object` names the object `lug`, which nobody declares, did you mean `log`? `[objects]` has `log`, \
             `accounts`",
        ),
        (
            "{ lock = { object = 'log', steps = [{ lock = { object = 'log' } }] } }",
            "10:68",
            "`groups.io.program.0.lock.steps.0.lock.object` takes log within such an access to it: one around all steps \
             is enough",
        ),
    ] {
        let first = format!("dir/convoy.toml:{place}: {message}");
        refused(&with_objects(step), &[], &first, "");
    }
    // Other locks, or none.
    for (outer, inner) in
        [("lock", "change"), ("read", "change"), ("change", "read"), ("read", "read")]
    {
        let step = format!(
            "{{ {outer} = {{ object = 'log', steps = [{{ {inner} = {{ object = 'log' }} }}] }} }}"
        );
        let locks = "architectures={ x = { object_locks = {} }, y = { gilectomy = {} } }";
        let allowed = plan(&with_objects(&step), &[locks]).unwrap();
        assert_eq!(warnings(&allowed), Vec::<String>::new(), "{step}");
    }
    let message =
        "--set:1:1: there is no `objects.lug`, did you mean `log`? `objects` has `log`, `accounts`";
    refused(&with_objects("{ read = { object = 'log' } }"), &["objects.lug.count=2"], message, "");
}

#[test]
fn opposite_orders_are_warned_of_where_they_block() {
    let warned = |step: &str, overrides: &[&str]| {
        let warnings = warnings(&plan(&with_objects(step), overrides).unwrap());
        let whose = |text: &String| text.split('`').nth(1).unwrap_or_default().to_owned();
        warnings.iter().map(whose).collect::<Vec<_>>()
    };
    let both =
        |kind| format!("{{ {kind} = {{ objects = ['log', 'accounts'], order = 'random' }} }}");
    let gilectomy = ["architectures.free-threaded={ gilectomy = {} }"];
    assert_eq!(warned(&both("lock"), &[]), ["threads", "processes", "free-threaded"]);
    // Each of five threads in a process of its own.
    let own = ["architectures.processes.processes.workers=5"];
    assert_eq!(warned(&both("lock"), &own), ["threads", "free-threaded"]);
    // The interpreter's own locks are critical sections, or there are none.
    assert_eq!(warned(&both("change"), &[]), [""; 0]);
    assert_eq!(warned(&both("change"), &gilectomy), ["free-threaded"]);
    let fixed = both("lock").replace("random", "fixed");
    assert_eq!(warned(&fixed, &gilectomy), [""; 0]);

    let text = with_objects(&both("lock")).replace(ARCHITECTURES, "");
    let [warning] = &warnings(&plan(&text, &[]).unwrap())[..] else { panic!("one warning") };
    let start = "threads can wait for each other for ever, since they take log, then accounts, then log; ways out: ";
    assert!(warning.starts_with(start), "{warning}");
}
