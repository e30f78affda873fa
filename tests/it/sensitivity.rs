//! Sensitivity analyses: systems whose answer is known, the same bytes again, and what is refused.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A thread alone, whose operations take the sum of two durations.
const SUM: &str = r#"schema = 1
duration = "100ms"
replications = 3
metric = "latency_mean_ns"
machine = { ideal = {} }
policies.none = { none = {} }

[groups.t]
program = [{ op = [{ compute = "2ms" }, { block = "3ms" }] }]

[sensitivity]
samples = 64
tie_orders = 2

[sensitivity.parameters]
"groups.t.program.0.op.0.compute" = { from = "1ms", to = "3ms", scale = "linear" }
"groups.t.program.0.op.1.block" = { from = "1ms", to = "5ms", scale = "linear" }
"#;

/// Two threads that want the lock at the same instant: who is second waits for the first.
const RACE: &str = r#"schema = 1
duration = "100ms"
replications = 8
metric = "latency_mean_ns"
focus = "a"
machine = { ideal = {} }
policies.fifo = { fifo_handoff = {} }

[groups.a]
iterations = 1
program = [{ op = [{ c_hold = "1ms" }] }]

[groups.b]
iterations = 1
program = [{ op = [{ c_hold = "3ms" }] }]

[sensitivity]
tie_orders = 80

[sensitivity.parameters]
"groups.a.program.0.op.0.c_hold" = { from = "1ms", to = "2ms" }
"#;

/// What the program says to a file, and what it returns; the results go to `results` beside it.
fn said(root: &Path, text: &str, args: &[&str]) -> (String, String, Option<i32>) {
    let file = root.join("study.toml");
    fs::write(&file, text).expect("there is room");
    let done = Command::new(env!("CARGO_BIN_EXE_gilsim"))
        .arg("sensitivity")
        .arg(file)
        .args(["--quiet", "--out"])
        .arg(root.join("results"))
        .args(args)
        .output()
        .expect("the program runs");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&done.stdout), text(&done.stderr), done.status.code())
}

#[track_caller]
fn findings(text: &str, args: &[&str]) -> Value {
    let root = tempfile::tempdir().expect("there is room");
    let args: Vec<_> = args.iter().copied().chain(["--format", "json"]).collect();
    let (out, error, code) = said(root.path(), text, &args);
    assert_eq!((error.as_str(), code), ("", Some(0)));
    let mut all: Value = serde_json::from_str(&out).expect("it is JSON");
    all["findings"].take()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_sum_of_two_durations_is_taken_apart() {
    let found = findings(SUM, &[]);
    let changes = found["one_at_a_time"].as_array().expect("there are changes");
    let changes: Vec<_> = changes.iter().map(|at| number(&at["change"]["mean"])).collect();
    assert_eq!(changes, [-1e6, 1e6, -2e6, 2e6]);
    // Variances 2² and 4², over 12.
    let inputs = found["sobol"]["inputs"].as_array().expect("there are inputs");
    assert_eq!(inputs.len(), 4);
    for (input, share) in inputs.iter().zip([0.2, 0.8]) {
        for index in ["first", "total"] {
            let of = &input[index];
            assert!((number(&of["mean"]) - share).abs() < 0.02, "{input}");
            assert!(number(&of["high"]) - number(&of["low"]) < 0.08, "{input}");
        }
    }
    for (input, name) in inputs[2..].iter().zip(["replication", "tie order"]) {
        assert_eq!(input["input"], *name);
        assert_eq!((number(&input["first"]["mean"]), number(&input["total"]["high"])), (0.0, 0.0));
    }
    assert_eq!(found["ties"]["none_matters"], true);
}

#[test]
fn who_is_first_by_chance_is_all_that_varies() {
    let found = findings(RACE, &["--method", "ties"]);
    let ties = &found["ties"];
    assert_eq!((&ties["none_matters"], &found["sobol"]), (&Value::Bool(false), &Value::Null));
    assert_eq!(number(&found["as_it_is"]["mean"]), 1e6);
    // 1 ms or 4 ms, each half of the time: a variance of 2.25 ms².
    let variance = number(&ties["variance_of_ties"]) + number(&ties["variance_of_replications"]);
    assert!((variance / 2.25e12 - 1.0).abs() < 0.1, "{ties}");
    assert!(number(&ties["share_of_ties"]) > 0.9 && number(&ties["interval"][1]) == 1.0, "{ties}");
    // The thread with the lower number is always first otherwise.
    assert!((number(&ties["random_less_rule"]["mean"]) / 1.5e6 - 1.0).abs() < 0.1, "{ties}");
    assert!(number(&ties["random_less_rule"]["p"]) < 0.01, "{ties}");
}

#[test]
fn tables_fit_into_a_terminal_and_come_out_the_same_again() {
    let roots = [1, 2].map(|_| tempfile::tempdir().expect("there is room"));
    let outs = ["1", "3"].map(|workers| {
        let root = if workers == "1" { &roots[0] } else { &roots[1] };
        let (out, error, code) = said(
            root.path(),
            RACE,
            &["--workers", workers, "--samples", "8", "--set", "sensitivity.tie_orders=8"],
        );
        assert_eq!((error.as_str(), code), ("", Some(0)));
        let (tables, files) = out.split_once("confidence interval").expect("it says what ± is");
        assert!(files.contains("runs.parquet") && files.contains("manifest.json"), "{files}");
        tables.to_owned()
    });
    assert_eq!(outs[0], outs[1]);
    assert!(outs[0].lines().all(|line| line.chars().count() <= 80), "{}", outs[0]);
    for part in ["c_hold (1ms)", "tie order ", "replication            0            0", "p = "] {
        assert!(outs[0].contains(part), "{part}\n{}", outs[0]);
    }
    let table = |at: usize| fs::read(roots[at].path().join("results/runs.parquet"));
    assert!(table(0).expect("it is there") == table(1).expect("it is there"));
    let again = Command::new(env!("CARGO_BIN_EXE_gilsim"))
        .args(["reproduce", "--quiet"])
        .arg(roots[0].path().join("results"))
        .output()
        .expect("the program runs");
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    // 8 as it is, 8 at the upper end, 64 in random orders, and 10 scramblings of 8 samples of 5 runs.
    assert!(again.contains("480 of 480 runs identical"), "{again}");
}

#[test]
fn a_metric_that_some_runs_lack_is_not_guessed() {
    let text = SUM.replace("to = \"5ms\"", "to = \"300ms\"");
    let found = findings(&text, &["--samples", "4"]);
    assert!(number(&found["sobol"]["without_metric"]) > 0.0);
    assert!(found["sobol"]["mean"].is_null() && found["sobol"]["inputs"] == Value::Array(vec![]));
    assert!(found["sobol"]["first_without"].as_str().is_some_and(|at| at.contains("block=")));
    assert!(found["one_at_a_time"][3]["metric"].is_null());
    let root = tempfile::tempdir().expect("there is room");
    let (out, _, _) = said(root.path(), &text, &["--samples", "4"]);
    assert!(out.contains("All at once: not known, since "), "{out}");
}

#[test]
fn mistakes_are_pointed_at() {
    let root = tempfile::tempdir().expect("there is room");
    let compute = "{ from = \"1ms\", to = \"3ms\", scale = \"linear\" }";
    for (from, to, place, message, help) in [
        (
            "samples = 64",
            "samples = 60",
            "12:11",
            "`sensitivity.samples` must be a power of two from 2",
            "|",
        ),
        (
            "samples = 64",
            "sample = 64",
            "12:1",
            "unknown key `sample`, did you mean `samples`?",
            "= allowed: `metric`",
        ),
        (
            "samples = 64",
            "metric = \"latency\"",
            "12:10",
            "`sensitivity.metric` names no number",
            "|",
        ),
        (
            "tie_orders = 2",
            "tie_orders = 1",
            "13:14",
            "`sensitivity.tie_orders` must lie between 2 and",
            "|",
        ),
        ("replications = 3", "replications = 1", "3:16", "`replications` must be 2 at least", "|"),
        (
            "groups.t.program.0.op.0.compute",
            "groups.u.threads",
            "16:1",
            "there is no `groups.u`",
            "|",
        ),
        ("groups.t.program.0.op.0.compute", "seed", "16:1", "`seed` can't be varied", "|"),
        ("groups.t.program.0.op.0.compute", "a b", "16:1", "`a b` is no path", "|"),
        (
            "groups.t.program.0.op.0.compute",
            "groups.t.program.0.op.1",
            "17:1",
            "is varied twice",
            "|",
        ),
        ("groups.t.program.0.op.0.compute", "groups.t.threads", "16:31", "found string", "|"),
        (
            compute,
            "{ from = \"3ms\", to = \"1ms\" }",
            "16:58",
            "a range ends above where it begins",
            "|",
        ),
        (compute, "{ from = \"0ns\", to = \"1ms\" }", "16:46", "begins above 0", "|"),
        (compute, "{ from = 1, to = \"1ms\" }", "16:54", "from a duration to a duration", "|"),
        (compute, "{ from = 1 }", "16:37", "the key `to` is missing", "|"),
        (compute, "{ from = \"1ms\", to = \"73h\" }", "16:58", "must not exceed 72h", "|"),
        ("metric = \"latency_mean_ns\"", "analysis = { steady_state = {} }", "4:12", "MSER-5", "|"),
    ] {
        assert!(SUM.contains(from), "{from}");
        let (out, error, code) = said(root.path(), &SUM.replacen(from, to, 1), &[]);
        assert_eq!((out.as_str(), code), ("", Some(2)), "{error}");
        let first = error.lines().next().unwrap_or_default();
        assert!(
            first.contains(&format!("study.toml:{place}: ")) && first.contains(message),
            "{error}"
        );
        assert!(error.lines().last().is_some_and(|line| line.contains(help)), "{error}");
    }
    let without = SUM.split("[sensitivity]").next().unwrap_or_default();
    let (_, error, code) = said(root.path(), without, &[]);
    assert!(error.contains("no `[sensitivity]`") && error.contains("from = 1, to = 4"), "{error}");
    assert_eq!(code, Some(2));
    let (_, error, code) = said(root.path(), SUM, &["--policy", "non"]);
    assert!(error.contains("--policy:1:1: no such policy, did you mean `none`?"), "{error}");
    assert_eq!(code, Some(2));
    assert!(!root.path().join("results").exists(), "nothing was written");
}
