//! Results come out the same again, and what was changed is found.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use gilsim::experiment::conduct::{Options, conduct};
use gilsim::experiment::execute::execute;
use gilsim::experiment::{Error, Plan};
use serde_json::Value;

const FILE: &str = r#"schema = 1
duration = "60ms"
replications = 3

[machine.linux]
cores = 2

[groups.io]
program = [{ compute = "300us" }, { block = { exponential = { mean = "1ms" } } }]

[groups.cpu]
threads = 2
program = [{ compute = { empirical = { file = "measured/steps.csv", column = "step", unit = "ns" } } }]

[policies]
new = { timed_wait = {} }
old = { tick = {} }

[sweep.product]
"groups.io.threads" = [1, 2]
"#;

/// An experiment in a folder of its own.
struct Study {
    root: tempfile::TempDir,
}

impl Study {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("there is room");
        let folder = root.path().join("experiments");
        fs::create_dir_all(folder.join("measured")).expect("there is room");
        fs::write(folder.join("study.toml"), FILE).expect("there is room");
        let steps = "step\n100000\n700000\n2000000\n";
        fs::write(folder.join("measured/steps.csv"), steps).expect("there is room");
        Self { root }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    fn plan(&self, settings: &[&str]) -> Plan {
        let settings: Vec<_> = settings.iter().map(|&text| text.to_owned()).collect();
        let file = self.path("experiments/study.toml");
        Plan::load(&file, &settings).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs the experiment; returns the directory of the results.
    fn run(&self, name: &str, workers: usize, settings: &[&str]) -> PathBuf {
        let (plan, dir) = (self.plan(settings), self.path(name));
        let workers = NonZeroUsize::new(workers).expect("there are workers");
        let options = Options { dir: &dir, workers, fresh: false };
        conduct(&plan, &options, |run| execute(&plan, run, &dir), |_| {})
            .unwrap_or_else(|error| panic!("{error}"));
        dir
    }
}

fn gilsim(args: &[&str], dirs: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
    command.args(args).args(dirs).output().expect("the program runs")
}

/// What the program says, and what it returns.
#[track_caller]
fn said(args: &[&str], dirs: &[&Path]) -> (String, Option<i32>) {
    let done = gilsim(args, dirs);
    let text = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (text.concat(), done.status.code())
}

const AGAIN: [&str; 4] = ["reproduce", "--quiet", "--workers", "1"];

#[test]
fn a_result_of_8_workers_is_the_same_on_1() {
    let study = Study::new();
    let dir = study.run("results/study", 8, &["level=\"events\""]);
    let (text, code) = said(&AGAIN, &[&dir]);
    assert_eq!((text.as_str(), code), ("study: 12 of 12 runs identical\n", Some(0)));
    let (text, code) = said(&["check", "--quiet", "--runs", "4", "--seed", "7"], &[&dir]);
    assert_eq!(text, "study: 4 of 4 runs identical, chosen with --seed 7\n");
    assert_eq!(code, Some(0));
    // The level is not an ingredient.
    let (text, code) = said(&["diff"], &[&dir, &study.run("results/runs", 2, &[])]);
    assert_eq!((text.as_str(), code), ("0 of 12 runs in both differ\n", Some(0)));
}

#[test]
fn an_interrupted_result_is_the_same() {
    let study = Study::new();
    let (plan, dir) = (study.plan(&[]), study.path("results/study"));
    fs::create_dir(study.path("results")).expect("there is room");
    let options = Options { dir: &dir, workers: NonZeroUsize::MIN, fresh: false };
    let done = AtomicU32::new(0);
    let stops = |run: &_| match done.fetch_add(1, Ordering::Relaxed) {
        5 => Err(Error::Text("stopped".to_owned())),
        _ => execute(&plan, run, &dir),
    };
    assert!(conduct(&plan, &options, stops, |_| {}).is_err());
    let (text, code) = said(&AGAIN, &[&dir]);
    assert!(text.contains("manifest.json: is missing") && code == Some(1), "{text}");
    study.run("results/study", 3, &[]);
    assert_eq!(said(&AGAIN, &[&dir]).1, Some(0));
}

/// Changes a text in a file.
fn change(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("the file is there");
    assert!(text.contains(from), "{from} is not in {}", file.display());
    fs::write(file, text.replacen(from, to, 1)).expect("there is room");
}

#[test]
fn a_changed_seed_is_found() {
    let study = Study::new();
    let dir = study.run("study", 2, &[]);
    change(&dir.join("manifest.json"), "\\nseed = 1\\n", "\\nseed = 2\\n");
    let done = gilsim(&["reproduce", "--quiet", "--format", "json"], &[&dir]);
    assert_eq!(done.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&done.stdout).expect("it is JSON");
    assert_eq!(json["all_identical"], false);
    assert_eq!((&json["result"]["identical"], &json["result"]["runs"]), (&0.into(), &12.into()));
    let first = &json["result"]["differing"][0];
    assert_eq!((&first["point"], &first["policy"]), (&"threads=1".into(), &"new".into()));
    let text = json["result"]["contradictions"].to_string();
    assert!(text.contains("the seed is 1, but 2 in its configuration"), "{text}");
}

#[test]
fn a_changed_table_is_found() {
    let study = Study::new();
    let dir = study.run("study", 2, &[]);
    let other = study.run("other", 2, &["seed=9"]);
    fs::copy(other.join("runs.parquet"), dir.join("runs.parquet")).expect("there is room");
    let (text, code) = said(&AGAIN, &[&dir]);
    assert!(text.starts_with("study: 0 of 12 runs identical\n"), "{text}");
    assert!(text.contains("changed: runs.parquet was changed after the runs"), "{text}");
    assert!(text.contains("and 2 more"), "{text}");
    assert_eq!(code, Some(1));
}

#[test]
fn files_that_laws_draw_from_are_looked_for() {
    let study = Study::new();
    let dir = study.run("study", 2, &[]);
    let moved = study.path("elsewhere");
    fs::rename(study.path("experiments"), &moved).expect("it can be moved");
    let (text, code) = said(&AGAIN, &[&dir]);
    assert!(text.contains("steps.csv: is missing") && text.contains("--files"), "{text}");
    assert_eq!(code, Some(1));
    let files = moved.display().to_string();
    let args = [&AGAIN[..], &["--files", &files]].concat();
    assert_eq!(said(&args, &[&dir]).1, Some(0));
    change(&moved.join("measured/steps.csv"), "700000", "700001");
    let (text, code) = said(&args, &[&dir]);
    assert!(text.contains("is not the file that the runs drew from"), "{text}");
    assert_eq!(code, Some(1));
}

#[test]
fn diff_names_the_setting_and_the_event() {
    let study = Study::new();
    let first = study.run("first", 2, &[]);
    let second = study.run("second", 2, &["policies.new.timed_wait.interval=6ms"]);
    let (text, code) = said(&["diff"], &[&first, &second]);
    assert!(text.starts_with("6 of 12 runs in both differ\n"), "{text}");
    assert!(text.contains("first:  run 0 (threads=1, new, replication 0)"), "{text}");
    assert!(text.contains("because its time is up"), "{text}");
    assert!(text.contains("\n  policy.timed_wait.interval: \"5ms\" -> \"6ms\"\n"), "{text}");
    assert_eq!(code, Some(1));

    let (text, code) = said(&["diff", "--runs", "0", "1"], &[&first]);
    assert!(text.starts_with("runs 0 and 1 have different fingerprints\n"), "{text}");
    assert!(text.contains("\n  replication: 0 -> 1\n"), "{text}");
    assert_eq!(code, Some(1));
    assert_eq!(said(&["diff", "--runs", "3", "3"], &[&first]).1, Some(0));
    let (text, code) = said(&["diff", "--runs", "0", "99"], &[&first]);
    assert!(text.contains("has no run 99; the last is 11") && code == Some(1), "{text}");
}

#[test]
fn methods_are_a_form_filled_in() {
    let study = Study::new();
    let dir = study.run("study", 2, &[]);
    let (text, code) = said(&["methods"], &[&dir]);
    for part in
        ["# Methods", "timed_wait", "interval = \"5ms\"", "3 replications", "60ms", "@software"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(code, Some(0));
    let (text, code) = said(&["methods", "--bibtex"], &[]);
    assert!(text.starts_with("@software{gilsim,\n") && code == Some(0), "{text}");
}
