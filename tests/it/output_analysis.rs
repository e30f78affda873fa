//! Steady states, warm-ups and precision, from the file to the table of runs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use gilsim::analysis::estimate::estimate;
use gilsim::experiment::conduct::{Options, conduct};
use gilsim::experiment::execute::{Record, execute};
use gilsim::experiment::{Error, Plan, PlannedRun, Sources, report};
use gilsim::trace::tables::{Coverage, RunRow};

fn plan(text: &str) -> Plan {
    let sources = Sources::new(Path::new("x.toml"), format!("schema = 1\n{text}"), &[]);
    Plan::from_sources(&sources).unwrap_or_else(|error| panic!("{error}"))
}

fn run_with(
    plan: &Plan,
    dir: &Path,
    workers: usize,
    execute: impl Fn(&PlannedRun) -> Result<Record, Error> + Sync,
) -> Result<Vec<RunRow>, Error> {
    let workers = NonZeroUsize::new(workers).expect("there are workers");
    conduct(plan, &Options { dir, workers, fresh: false }, execute, |_| {}).map(|done| done.runs)
}

fn run(text: &str) -> Vec<RunRow> {
    let dir = tempfile::tempdir().expect("there is room");
    let plan = plan(text);
    run_with(&plan, dir.path(), 2, |run| execute(&plan, run, dir.path()))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// One thread serves requests of 1 ms on average, exponential, at 80 % of its capacity.
const QUEUE: &str = "machine = { ideal = {} }\npolicies.fifo = { fifo_handoff = {} }\n\
    [groups.server]\narrivals = { poisson = { mean_gap = \"1.25ms\" } }\n\
    program = [{ compute = { exponential = { mean = \"1ms\" } } }]\n";

#[test]
fn what_comes_before_the_end_of_the_warm_up_does_not_count() {
    let text = "duration = \"500ms\"\nreplications = 1\nfocus = \"a\"\n\
        analysis = { steady_state = { warm_up = \"100ms\" } }\n\
        machine = { ideal = {} }\npolicies.none = { none = {} }\n\
        [groups.a]\nprogram = [{ compute = \"1ms\" }]\n\
        [groups.b]\nstop = \"100ms\"\nprogram = [{ block = \"1ms\" }]\n";
    let rows = run(text);
    let row = &rows[0];
    assert_eq!((row.coverage, row.warm_up_ns), (Coverage::AfterWarmUp, 100_000_000));
    assert_eq!((row.elapsed_ns, row.ops_per_s), (400_000_000, Some(1000.0)));
    // The other group had done everything by then.
    assert_eq!((row.ops_total, row.blocked_share, row.cpu_share), (400, Some(0.0), Some(1.0)));
    let whole = run(&text.replace("{ steady_state = { warm_up = \"100ms\" } }", "\"terminating\""));
    assert_eq!((whole[0].coverage, whole[0].warm_up_ns), (Coverage::Whole, 0));
    assert_eq!(whole[0].ops_total, 600);
}

#[test]
fn mser_5_leaves_out_the_start_of_an_empty_queue() {
    let text = |more: &str| {
        format!(
            "duration = \"20s\"\nreplications = 20\nmetric = \"latency_mean_ns\"\n{more}{QUEUE}"
        )
    };
    let steady = run(&text("analysis = { steady_state = {} }\n"));
    assert!(steady.iter().all(|run| run.coverage == Coverage::AfterWarmUp));
    assert!(steady.iter().all(|run| run.warm_up_ns == steady[0].warm_up_ns), "one cut for all");
    assert!(
        (1_000_000..10_000_000_000).contains(&steady[0].warm_up_ns),
        "{}",
        steady[0].warm_up_ns
    );
    let points = estimate(&steady, "latency_mean_ns").unwrap();
    let (low, high) = points[0].estimate.unwrap().interval();
    // M/M/1: 1 / (1 - 0.8) ms.
    assert!((low..high).contains(&5e6), "{low} to {high}");
}

#[test]
fn a_queue_that_only_grows_has_no_steady_state() {
    let text = format!(
        "duration = \"2s\"\nreplications = 3\nanalysis = {{ steady_state = {{}} }}\n{QUEUE}"
    )
    .replace("1.25ms", "0.6ms");
    let runs = run(&text);
    assert!(runs.iter().all(|run| run.coverage == Coverage::TooShort));
    assert_eq!(estimate(&runs, "latency_mean_ns").unwrap()[0].estimate, None);
    let table = report::render(&report::lines(&runs).unwrap(), 80);
    assert!(table.contains("inconclusive: the warm-up does not end"), "{table}");
}

#[test]
fn replications_are_added_until_the_metric_is_known() {
    let text = format!(
        "duration = \"200ms\"\nreplications = 4\n\
         precision = {{ metric = \"ops_per_s\", relative = 0.05 }}\n{QUEUE}\
         [sweep.product]\n\"groups.server.program.0.compute.exponential.mean\" = [\"0.1ms\", \"1ms\"]\n"
    );
    let plan = plan(&text);
    let tables = |workers, interrupted: bool| {
        let dir = tempfile::tempdir().expect("there is room");
        let left = std::sync::Mutex::new(Cell::new(if interrupted { 30 } else { usize::MAX }));
        let stops = |run: &PlannedRun| {
            let left = left.lock().expect("nobody panics");
            let before = left.replace(left.get().saturating_sub(1));
            drop(left);
            if before == 0 {
                return Err(Error::file(Path::new("disk"), "full"));
            }
            execute(&plan, run, dir.path())
        };
        let mut done = run_with(&plan, dir.path(), workers, stops);
        if interrupted {
            assert!(done.is_err());
            done = run_with(&plan, dir.path(), workers, |run| execute(&plan, run, dir.path()));
        }
        let rows = done.unwrap_or_else(|error| panic!("{error}"));
        let bytes = std::fs::read(dir.path().join("runs.parquet")).expect("there is a table");
        (rows, bytes)
    };
    let (rows, bytes) = tables(1, false);
    for point in estimate(&rows, "ops_per_s").unwrap() {
        let estimate = point.estimate.unwrap();
        assert!(estimate.n >= 15 && estimate.half_width.unwrap() <= 0.05 * estimate.mean);
    }
    let mut replications = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.run as usize, index);
        replications.entry(&row.point).or_insert_with(Vec::new).push(row.replication);
    }
    for numbers in replications.values() {
        assert!(numbers.iter().zip(0..).all(|(number, expected)| *number == expected));
    }
    assert!(bytes == tables(8, false).1, "8 workers");
    assert!(bytes == tables(2, true).1, "after an interruption");
}
