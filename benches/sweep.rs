//! What an experiment costs besides simulating: many short runs, by one worker and by all.

use std::num::NonZeroUsize;
use std::path::Path;

use criterion::{Criterion, Throughput};
use gilsim::experiment::conduct::{Options, conduct};
use gilsim::experiment::execute::execute;
use gilsim::experiment::{Plan, Sources};

const RUNS: u64 = 2_000;

/// One element is a run of 10 ms of two threads, with its line in the journal and its rows in the tables.
pub fn short_runs(criterion: &mut Criterion) {
    let text = format!(
        "schema = 1\nmachine = {{ ideal = {{}} }}\nreplications = {RUNS}\nduration = \"10ms\"\n[policies.tick]\ntick = {{}}\n[groups.t]\nthreads = 2\nprogram = [{{ compute = \"1ms\" }}]\n"
    );
    let plan = Plan::from_sources(&Sources::new(Path::new("short.toml"), text, &[]))
        .expect("the experiment makes sense");
    let mut group = criterion.benchmark_group("sweep");
    group.sample_size(10).throughput(Throughput::Elements(RUNS));
    let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for workers in [1, all] {
        let workers = NonZeroUsize::new(workers).expect("one at least");
        group.bench_function(format!("{workers} workers"), |bencher| {
            bencher.iter(|| {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let options = Options { dir: directory.path(), workers, fresh: true };
                let run = |run: &_| execute(&plan, run, directory.path());
                conduct(&plan, &options, run, |_| {}).expect("room on the disk");
            });
        });
    }
    group.finish();
}
