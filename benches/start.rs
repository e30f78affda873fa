//! From the command to its first result: what a user waits for before anything is simulated.

use std::process::{Command, Stdio};

use criterion::Criterion;

/// `gilsim --help`, in 20 ms at most; and the smallest experiment with its tables written, in 150 ms.
pub fn commands(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("smallest.toml");
    let text = "schema = 1\nmachine = { ideal = {} }\nduration = \"10ms\"\n[policies.tick]\ntick = {}\n[groups.t]\nprogram = [{ compute = \"1ms\" }]\n";
    std::fs::write(&file, text).expect("room on the disk");
    let results = directory.path().join("results");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().expect("the program starts").success());
    };
    let (file, results) = (file.display().to_string(), results.display().to_string());
    let mut group = criterion.benchmark_group("start");
    group.sample_size(20);
    group.bench_function("help", |bencher| bencher.iter(|| run(&["--help"])));
    group.bench_function("smallest experiment", |bencher| {
        bencher.iter(|| run(&["run", &file, "--out", &results, "--fresh", "--no-figures"]));
    });
    group.finish();
}
