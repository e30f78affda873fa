//! Experiment files as a whole: what they expand to.

use std::path::Path;

use super::*;

mod architectures;
mod bad_input;
mod presets;

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
    let sensitivity = "sensitivity={ parameters = { seed = { from = 1, to = 2 } } }";
    assert_eq!(hash(FILE, &[sensitivity]), base);
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
            "threads=1 compute=1ms cores=1",
            "threads=1 compute=1ms cores=2",
            "threads=1 compute=#2 cores=1",
            "threads=1 compute=#2 cores=2",
            "threads=2 compute=1ms cores=2",
            "threads=2 compute=#2 cores=2",
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
    let set = [
        "duration=5ms",
        "machine.linux.tick=1ms",
        "policies.mutex={ tick = {} }",
        "groups.io.arrivals.think=3ms",
    ];
    let plan = plan(FILE, &set).unwrap();
    let experiment = &plan.points[0].experiment;
    assert_eq!(experiment.duration.ns(), 5_000_000);
    assert_eq!(experiment.policies["mutex"].name(), "tick");
    assert!(plan.resolved.contains("tick = \"1ms\""), "{}", plan.resolved);
    assert!(plan.resolved.contains("think = \"3ms\""), "{}", plan.resolved);
}
