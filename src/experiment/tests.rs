//! Experiment files as a whole: what they expand to, and what is refused.

use std::path::Path;

use super::*;

pub(super) const FILE: &str = r#"schema = 1
question = "who waits?"
duration = "1s"
replications = 2
machine.linux = { cores = 2 }

[groups.io]
program = [{ compute = "1ms" }, { block = "10ms" }]

[groups.spinners]
threads = 4
program = [{ compute = { exponential = { mean = "5ms" } } }]

[policies."CPython 3.13"]
timed_wait = {}
[policies.mutex]
barging = {}
"#;

fn plan(text: &str, overrides: &[&str]) -> Result<Plan, String> {
    let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
    let sources = Sources::new(Path::new("dir/convoy.toml"), text.to_owned(), &overrides);
    Plan::from_sources(&sources).map_err(|error| error.to_string())
}

fn labels(plan: &Plan) -> Vec<&str> {
    plan.points.iter().map(|point| point.label.as_str()).collect()
}

/// The file with something added, and something replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    FILE.replacen(from, to, 1)
}

#[test]
fn runs_are_ordered_by_point_policy_replication() {
    let plan = plan(FILE, &[]).unwrap();
    let runs: Vec<_> =
        plan.runs.iter().map(|run| (run.index, run.policy.as_str(), run.replication)).collect();
    let (new, mutex) = ("CPython 3.13", "mutex");
    assert_eq!(runs, [(0, new, 0), (1, new, 1), (2, mutex, 0), (3, mutex, 1)]);
    assert_eq!(plan.name, "convoy");
    let experiment = &plan.points[0].experiment;
    assert_eq!(experiment.focus.as_deref(), Some("io"));
    assert_eq!(plan.points[0].workload.groups[1].name, "spinners");
    assert_eq!(plan.runs[3].title(), "run 3 (mutex, replication 1)");
}

#[test]
fn the_resolved_file_is_the_same_experiment() {
    let cases = r#"
        [cases.calm]
        duration = "2s"
        [cases.wild]
        machine.ideal = {}
        groups.spinners.threads = 9
        sweep.together = { "groups.io.threads" = [1, 2], "duration" = ['1s', '2s'] }
    "#;
    for text in [FILE.to_owned(), format!("{FILE}{cases}")] {
        let first = plan(&text, &["replications=3"]).unwrap();
        let again = plan(&first.resolved, &[]).unwrap();
        assert_eq!(again.resolved, first.resolved);
        assert_eq!(again.hash, first.hash);
        assert_eq!(again.runs.len(), first.runs.len());
        assert!(first.resolved.contains("check_spacing"), "{}", first.resolved);
    }
}

#[test]
fn prose_does_not_change_the_hash_but_values_do() {
    let hash = |text: &str, set: &[&str]| plan(text, set).unwrap().hash;
    let base = hash(FILE, &[]);
    assert_eq!(hash(&changed("who waits?", "who cares?"), &[]), base);
    assert_eq!(hash(FILE, &["seed=1"]), base);
    assert_ne!(hash(FILE, &["seed=2"]), base);
    assert_ne!(hash(FILE, &["machine.linux.cores=3"]), base);
}

#[test]
fn sweeps_expand_in_order() {
    let sweep = r#"
        [sweep.product]
        "groups.spinners.threads" = [1, 2]
        "groups.io.program.0.compute" = ["1ms", { exponential = { mean = "1ms" } }]
        [sweep.together]
        "machine.linux.cores" = [1, 2, 4]
        "duration" = ["1s", "2s", "3s"]
        [sweep]
        where = ["groups.spinners.threads + 1 <= machine.linux.cores + 1", "duration < 3s"]
    "#;
    let plan = plan(&format!("{FILE}{sweep}"), &[]).unwrap();
    assert_eq!(
        labels(&plan),
        [
            "threads=1 compute=1ms cores=1 duration=1s",
            "threads=1 compute=1ms cores=2 duration=2s",
            "threads=1 compute={ exponential = { mean = \"1ms\" } } cores=1 duration=1s",
            "threads=1 compute={ exponential = { mean = \"1ms\" } } cores=2 duration=2s",
            "threads=2 compute=1ms cores=2 duration=2s",
            "threads=2 compute={ exponential = { mean = \"1ms\" } } cores=2 duration=2s",
        ]
    );
    let point = &plan.points[4];
    assert_eq!(point.experiment.groups["spinners"].threads, 2);
    assert_eq!(point.experiment.duration.ns(), 2_000_000_000);
    assert_eq!(point.swept[0], ("groups.spinners.threads".to_owned(), 2.into()));
    let numbers = [("sweep_threads", 2.0), ("sweep_cores", 2.0), ("sweep_duration_ns", 2e9)];
    let numbers = numbers.map(|(name, number)| (name.to_owned(), number));
    // Durations of steps count as numbers, laws do not.
    assert_eq!(plan.points[5].numbers, numbers);
    assert_eq!(plan.points[4].numbers[1], ("sweep_compute_ns".to_owned(), 1e6));
    assert_eq!(plan.runs.len(), 6 * 2 * 2);
}

#[test]
fn cases_patch_the_file_and_sweep_on_their_own() {
    let cases = r#"
        [sweep.product]
        "groups.io.threads" = [1, 2]
        [cases."one core"]
        machine.linux.cores = 1
        [cases."no lock"]
        machine.ideal = {}
        policies.mutex.none = {}
        groups.extra.program = [{ compute = "1ms" }]
        [cases."no lock".sweep.product]
        "groups.extra.threads" = [5]
    "#;
    let plan = plan(&format!("{FILE}{cases}"), &["groups.extra.start=1ms"]).unwrap();
    let cases: Vec<_> = plan
        .points
        .iter()
        .map(|point| (point.case.as_deref().unwrap(), point.label.as_str()))
        .collect();
    assert_eq!(
        cases,
        [
            ("one core", "threads=1"),
            ("one core", "threads=2"),
            ("no lock", "io.threads=1 extra.threads=5"),
            ("no lock", "io.threads=2 extra.threads=5"),
        ]
    );
    assert_eq!(plan.points[2].experiment.groups["extra"].start.ns(), 1_000_000);
    assert_eq!(plan.points[2].experiment.policies["mutex"].name(), "none");
    assert_eq!(plan.points[0].experiment.policies["mutex"].name(), "barging");
}

#[test]
fn overrides_reach_defaults_and_whole_tables() {
    let set = ["duration=5ms", "machine.linux.tick=1ms", "policies.mutex={ tick = {} }"];
    let plan = plan(FILE, &set).unwrap();
    let experiment = &plan.points[0].experiment;
    assert_eq!(experiment.duration.ns(), 5_000_000);
    assert_eq!(experiment.policies["mutex"].name(), "tick");
    assert!(plan.resolved.contains("tick = \"1ms\""), "{}", plan.resolved);
}

/// Checks the first line of the message, and the last.
#[track_caller]
fn refused(text: &str, overrides: &[&str], first: &str, last: &str) {
    let message = plan(text, overrides).unwrap_err();
    assert_eq!(message.lines().next(), Some(first), "\n{message}");
    assert!(
        message.lines().last().is_some_and(|line| line.trim_start().starts_with(last)),
        "\n{message}"
    );
}

#[test]
fn bad_files_are_refused_at_the_right_place() {
    let file = "dir/convoy.toml";
    for (from, to, place, message, last) in [
        (
            "threads = 4",
            "thread = 4",
            "11:1",
            "unknown key `thread`, did you mean `threads`?",
            "= allowed: `threads`, `iterations`",
        ),
        (
            "threads = 4",
            "threads = -4",
            "11:11",
            "integer `-4` is not a whole number from 0 on",
            "| ",
        ),
        (
            "threads = 4",
            "threads = '4'",
            "11:11",
            "expected a whole number from 0 on, found string \"4\"",
            "| ",
        ),
        (
            "threads = 4",
            "threads = 0",
            "11:11",
            "`groups.spinners.threads` must be at least 1",
            "| ",
        ),
        (
            "threads = 4",
            "threads = 70000",
            "11:11",
            "`groups.spinners.threads` takes the run above 60000 threads",
            "| ",
        ),
        ("[groups.spinners]", "[groups.io]", "10:9", "duplicate key", "| "),
        (
            "\"1s\"",
            "\"1sec\"",
            "3:12",
            "a duration needs a number and a unit (ns, us, ms, s, min, h), as in \"5ms\", not \"1sec\"",
            "| ",
        ),
        (
            "\"1s\"",
            "1000",
            "3:12",
            "expected a duration with its unit, as in \"5ms\", found integer `1000`",
            "| ",
        ),
        ("\"1s\"", "\"-1s\"", "3:12", "a duration can't be negative, as \"-1s\" is", "| "),
        ("\"1s\"", "\"0s\"", "3:12", "`duration` must be longer than 0ns", "| "),
        ("\"1s\"", "\"100h\"", "3:12", "`duration` must not exceed 72h, the longest run", "| "),
        ("duration = \"1s\"", "", "1:1", "the key `duration` is missing", "| "),
        (
            "barging = {}",
            "bargin = {}",
            "17:1",
            "unknown name `bargin`, did you mean `barging`?",
            "= allowed: `tick`, `timed_wait`, `priority`",
        ),
        (
            "timed_wait = {}",
            "timed_wait = { intervall = '1ms' }",
            "15:16",
            "unknown key `intervall`, did you mean `interval`?",
            "= allowed: `interval`",
        ),
        (
            "timed_wait = {}",
            "timed_wait = { interval = '0ms' }",
            "15:27",
            "`policies.\"CPython 3.13\".timed_wait.interval` must be longer than 0ns",
            "| ",
        ),
        (
            "timed_wait = {}",
            "timed_wait = {}\ntick = {}",
            "14:1",
            "exactly one name must stand here, more than 1 element",
            "| ",
        ),
        ("schema = 1", "schema = 2", "1:10", "this program reads schema 1, not 2", "| "),
        ("schema = 1", "", "1:1", "an experiment file begins with `schema = 1`", "| "),
        (
            "replications = 2",
            "replications = 0",
            "4:16",
            "`replications` must lie between 1 and 100000",
            "| ",
        ),
        (
            "replications = 2",
            "focus = 'oi'",
            "4:9",
            "`focus` names no group, did you mean `io`? The groups are `io`, `spinners`",
            "| ",
        ),
        (
            "replications = 2",
            "name = 'a/b'",
            "4:8",
            "`name` names a directory: letters, digits, -, _ and . only",
            "| ",
        ),
        (
            "replications = 2",
            "level = 'op'",
            "4:9",
            "unknown name `op`, did you mean `ops`?",
            "= allowed: `runs`, `ops`",
        ),
        (
            "replications = 2",
            "trace_window = { from = '2s', to = '3s' }",
            "4:25",
            "`trace_window.from` must lie before the run's end",
            "| ",
        ),
        (
            "machine.linux = { cores = 2 }",
            "machine.linus = {}",
            "5:9",
            "unknown name `linus`, did you mean `linux`?",
            "= allowed: `ideal`, `linux`",
        ),
        (
            "{ mean = \"5ms\" }",
            "{ mean = \"0ms\" }",
            "12:49",
            "`groups.spinners.program.0.compute.exponential.mean` must be longer than 0ns",
            "| ",
        ),
        ("\"10ms\" }]", "\"10ms\" }", "9:1", "", "| "),
    ] {
        if message.is_empty() {
            assert!(plan(&changed(from, to), &[]).unwrap_err().starts_with(&format!("{file}:")));
        } else {
            refused(&changed(from, to), &[], &format!("{file}:{place}: {message}"), last);
        }
    }
}

#[test]
fn bad_sweeps_are_refused_at_the_right_place() {
    for (sweep, place, message) in [
        (
            "[sweep.product]\n'groups.io.threads' = []",
            "19:23",
            "an empty sweep: `groups.io.threads` has no values",
        ),
        (
            "[sweep.product]\n'groups.io.threads' = 3",
            "19:23",
            "a sweep is an array of values, as in [1, 2, 4]",
        ),
        (
            "[sweep.product]\ngroups.io.threads = [3]",
            "19:1",
            "a swept path stands in quotes, as in \"groups.io.threads\" = [1, 2]",
        ),
        (
            "[sweep.product]\n'groups.oi.threads' = [3]",
            "19:1",
            "there is no `groups.oi`, did you mean `io`? `groups` has `io`, `spinners`",
        ),
        (
            "[sweep.product]\n'groups.io.thread' = [3]",
            "19:1",
            "unknown key `thread`, did you mean `threads`?",
        ),
        (
            "[sweep.product]\n'groups.io.threads' = [3, -1]",
            "19:27",
            "integer `-1` is not a whole number from 0 on",
        ),
        (
            "[sweep.product]\n'groups.io.threads' = [3, 0]",
            "19:27",
            "`groups.io.threads` must be at least 1",
        ),
        ("[sweep.product]\n'groups.io.threads' = [3, 3]", "19:27", "the same value twice"),
        (
            "[sweep.product]\n'policies.mutex.tick' = [{}]",
            "19:1",
            "`policies.mutex` is `barging`, not `tick`; to change that, set the whole of `policies.mutex`",
        ),
        ("[sweep.product]\n'seed' = [1]", "19:1", "`seed` can't be swept"),
        (
            "[sweep.together]\n'duration' = ['1s']\n'groups.io.threads' = [3, 4]",
            "20:1",
            "`together` needs equally many values: `duration` has 1, `groups.io.threads` has 2",
        ),
        (
            "[sweep.together]\n'duration' = ['1s']\n[sweep.product]\n'duration' = ['2s']",
            "19:1",
            "`duration` is swept twice",
        ),
        (
            "[sweep]\nwhere = ['groups.io.threads = 1']",
            "19:10",
            "a condition compares two sums with <=, <, >=, >, == or !=",
        ),
        (
            "[sweep]\nwhere = ['replications > 2']",
            "19:9",
            "an empty sweep: no point meets the conditions",
        ),
        ("[sweep]\nwhen = []", "19:1", "unknown key `when`, did you mean `where`?"),
        ("[sweeps.product]", "18:2", "unknown key `sweeps`, did you mean `sweep`?"),
        (
            "[cases.a]\ngroups.io.thread = 1",
            "19:11",
            "unknown key `thread`, did you mean `threads`?",
        ),
        ("[cases.a]\nname = 'b'", "19:8", "a case can't change `name`"),
    ] {
        let first = format!("dir/convoy.toml:{place}: {message}");
        refused(&format!("{FILE}{sweep}\n"), &[], &first, "");
    }
}

#[test]
fn bad_overrides_are_refused_at_the_right_place() {
    for (text, place, message) in [
        ("groups.io.thread=3", "1:1", "unknown key `thread`, did you mean `threads`?"),
        (
            "groups.oi.threads=3",
            "1:1",
            "there is no `groups.oi`, did you mean `io`? `groups` has `io`, `spinners`",
        ),
        ("durations=3s", "1:1", "unknown key `durations`, did you mean `duration`?"),
        (
            "duration=3 parsecs",
            "1:10",
            "a duration needs a number and a unit (ns, us, ms, s, min, h), as in \"5ms\", not \"3 parsecs\"",
        ),
        (
            "duration.x=1",
            "1:1",
            "`duration` is a single value (string), so there is nothing below it",
        ),
        (
            "machine.ideal.cores=1",
            "1:1",
            "`machine` is `linux`, not `ideal`; to change that, set the whole of `machine`",
        ),
        (
            "groups.io.program.2.compute=1ms",
            "1:1",
            "`groups.io.program` is an array whose entries are numbered from 0 to 1",
        ),
        ("groups.io.threads=0", "1:19", "`groups.io.threads` must be at least 1"),
        (
            "cases.a.duration=1s",
            "1:1",
            "an override holds in every case: leave out `cases` and the case's name",
        ),
    ] {
        refused(FILE, &[text], &format!("--set:{place}: {message}"), "");
    }
    let swept = format!("{FILE}[sweep.product]\n'groups.io.threads' = [1]\n");
    let message = "--set:1:1: `groups.io.threads` is swept; set `sweep.product.\"groups.io.threads\"` instead";
    refused(&swept, &["groups.io.threads=3"], message, "");
    let set = plan(&swept, &["sweep.product.\"groups.io.threads\"=[7, 8]"]).unwrap();
    assert_eq!(labels(&set), ["threads=7", "threads=8"]);
}

#[test]
fn files_that_are_absent_are_named() {
    let error = Plan::load(Path::new("absent/x.toml"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "absent/x.toml: No such file or directory (os error 2)");
    assert_eq!(error.exit_code(), 1);
}
