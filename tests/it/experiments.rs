//! The experiments that come along, from the file to the bytes on disk.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use gilsim::experiment::Plan;
use gilsim::experiment::conduct::{Options, conduct};
use gilsim::experiment::execute::execute;
use gilsim::plot::Plots;

fn experiments() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the experiments are there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

fn short(file: &Path, more: &[&str]) -> Plan {
    let settings = ["duration=40ms", "replications=2"].iter().chain(more);
    let settings: Vec<_> = settings.map(|setting| (*setting).to_owned()).collect();
    Plan::load(file, &settings).unwrap_or_else(|error| panic!("{error}"))
}

fn run(plan: &Plan, dir: &Path, workers: usize) {
    let workers = NonZeroUsize::new(workers).expect("there are workers");
    let options = Options { dir, workers, fresh: false };
    conduct(plan, &options, |run| execute(plan, run, dir), |_| {})
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Every table below a directory, by its name.
fn tables(dir: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(below).expect("the results are there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            tables(dir, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            let name = path.strip_prefix(dir).expect("it is below").to_owned();
            found.insert(name, fs::read(&path).expect("a table can be read"));
        }
    }
}

#[test]
fn the_same_bytes_with_1_2_and_8_workers() {
    let convoy = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/convoy.toml");
    let settings = ["level=\"events\"", "trace_window={ from = \"20ms\", to = \"30ms\" }"];
    let plan = short(&convoy, &settings);
    let results = [1, 2, 8].map(|workers| {
        let dir = tempfile::tempdir().expect("there is room");
        run(&plan, dir.path(), workers);
        let mut found = BTreeMap::new();
        tables(dir.path(), dir.path(), &mut found);
        found
    });
    assert_eq!(results[0].len(), 2 + 3 * plan.runs.len());
    for (name, bytes) in &results[0] {
        for other in &results[1..] {
            assert!(other.get(name) == Some(bytes), "{} differs", name.display());
        }
    }
}

#[test]
fn every_experiment_runs_and_can_be_drawn() {
    let files = experiments();
    assert!(files.len() >= 3);
    for file in files {
        let plan = short(&file, &[]);
        assert!(plan.points.iter().all(|point| !point.experiment.question.is_empty()));
        let dir = tempfile::tempdir().expect("there is room");
        run(&plan, dir.path(), 2);
        let plots = Plots::open(dir.path()).unwrap_or_else(|error| panic!("{error}"));
        let choice = gilsim::plot::Choice {
            case: plan.points.first().and_then(|point| point.case.clone()),
            ..Default::default()
        };
        for figure in ["throughput", "breakdown"] {
            let drawn = plots.draw(figure, &choice, gilsim::figure::Width::Column);
            assert!(drawn.is_ok_and(|svg| svg.contains("<svg")), "{figure} of {}", file.display());
        }
    }
}
