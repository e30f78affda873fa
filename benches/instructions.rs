//! Instructions of what is hot, counted by valgrind: `cargo bench --bench instructions`.
//!
//! Times are noise on a shared machine; these counts come out the same on any x86-64, to a few in a thousand. Each path runs
//! twice under callgrind, the second time for longer, so that the way to it drops out of the difference. One that takes 5 % more
//! than `benches/instructions.toml` says fails; `GILSIM_ACCEPT=1` writes the counts there. They belong to the compiler that is
//! named in it.

mod subject;

use std::process::{Command, ExitCode, Stdio};

use gilsim::policies::{PolicySpec, Span};
use gilsim::sim::Outcome;
use gilsim::trace::NullSink;
use gilsim::trace::parquet::{EventSink, OpSink, TableSink};
use indexmap::IndexMap;
use subject::{Scenario, battle, cooperative, feed, files, full, mixed, repairman, step, written};

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.toml");
const TOLERANCE: f64 = 0.05;

/// A hot path: does so much of it, and says how many elements that were.
type Path = Box<dyn Fn(u64) -> u64>;

/// Every path by its name.
fn paths() -> IndexMap<String, Path> {
    let mut paths: IndexMap<String, Path> = IndexMap::new();
    for slots in [16, 1_024] {
        paths.insert(
            format!("queue, {slots} slots: event"),
            Box::new(move |size| steps(slots, size)),
        );
    }
    for (threads, think_ms) in [(4, 10), (10, 10), (64, 50), (1_024, 1_000)] {
        let cycles = move |size| {
            let outcome = quietly(&repairman(threads, think_ms), 20_000 * size);
            outcome.threads.iter().map(|thread| thread.ops).sum()
        };
        paths.insert(format!("repairman, {threads} threads: cycle"), Box::new(cycles));
    }
    for policy in PolicySpec::all() {
        let scenario = cooperative("linux = { cores = 2 }", &written(&policy));
        paths.insert(format!("{}: simulated ms", policy.name()), simulated(scenario, 2_000));
    }
    for (name, machine) in [("linux", "linux = { cores = 2 }"), ("ideal", "ideal = { cores = 2 }")]
    {
        let scenario = mixed(machine, "timed_wait = {}");
        let events = move |size| quietly(&scenario, 2_000 * size).events;
        paths.insert(format!("{name}, timed_wait: event"), Box::new(events));
    }
    paths.insert("tick, two cores: simulated ms".to_owned(), simulated(battle(), 500));
    paths.insert("ops: row".to_owned(), Box::new(operations));
    paths.insert("events: row".to_owned(), Box::new(events));
    paths
}

fn steps(slots: usize, size: u64) -> u64 {
    let (mut queue, mut state) = (full(slots), 1);
    let count = 20_000 * size;
    (0..count).for_each(|_| step(&mut queue, &mut state));
    count
}

/// Simulated time, as rounds in vain are no events.
fn simulated(scenario: Scenario, ms: u64) -> Path {
    Box::new(move |size| {
        quietly(&scenario, ms * size);
        ms * size
    })
}

fn quietly(scenario: &Scenario, ms: u64) -> Outcome {
    scenario.run(Span::from_ms(ms), &mut NullSink)
}

/// What an operation costs more than without a trace is the difference to the repairman's cycle.
fn operations(size: u64) -> u64 {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let groups = ["all".to_owned()];
    let mut sink = OpSink::create(&files(directory.path(), &groups)).expect("a new file");
    let outcome = repairman(10, 10).run(Span::from_s(100 * size), &mut sink);
    sink.finish().expect("room on the disk");
    outcome.threads.iter().map(|thread| thread.ops).sum()
}

fn events(size: u64) -> u64 {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let groups = ["all".to_owned()];
    let mut sink = EventSink::create(&files(directory.path(), &groups)).expect("a new file");
    let rows = 100_000 * size;
    feed(&mut sink, rows);
    sink.finish().expect("room on the disk");
    rows
}

/// Instructions for each element of a path.
fn count(name: &str) -> Result<f64, String> {
    let [(few, first), (many, second)] = [counted(name, 1)?, counted(name, 4)?];
    Ok((second - first) as f64 / (many - few) as f64)
}

/// Elements, and the instructions of a process of its own that does so much of a path.
fn counted(name: &str, size: u64) -> Result<(u64, u64), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--path", name, &size.to_string()])
        // Threads that wait for work would count as well.
        .env("POLARS_MAX_THREADS", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("can't start valgrind: {error}; apt-get install valgrind"))?;
    let (out, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let instructions =
        log.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse().ok());
    let elements = out.trim().parse().ok();
    elements.zip(instructions).ok_or_else(|| format!("no count of \"{name}\": {log}"))
}

/// Counts every path and holds it against the baseline.
fn compare() -> Result<bool, String> {
    let text = std::fs::read_to_string(BASELINE).unwrap_or_default();
    let known: IndexMap<String, f64> = toml::from_str(&text).map_err(|error| error.to_string())?;
    let mut counts = IndexMap::new();
    let mut good = true;
    for name in paths().into_keys() {
        let count = count(&name)?;
        let change = known.get(&name).map(|known| count / known - 1.0);
        let verdict = match change {
            None => "not in the baseline",
            Some(change) if change > TOLERANCE => "too many",
            Some(change) if change < -TOLERANCE => "fewer: accept them",
            Some(_) => "",
        };
        good &= change.is_some_and(|change| change <= TOLERANCE);
        println!("{name:32} {count:9.1} {:+7.1} % {verdict}", 100.0 * change.unwrap_or(f64::NAN));
        counts.insert(name, (10.0 * count).round() / 10.0);
    }
    if std::env::var_os("GILSIM_ACCEPT").is_none() {
        return Ok(good);
    }
    let counts = toml::to_string(&counts).map_err(|error| error.to_string())?;
    let text = format!(
        "# Instructions for each element, of a release build by rustc 1.95: `cargo bench --bench instructions`.\n\n{counts}"
    );
    std::fs::write(BASELINE, text).map_err(|error| error.to_string())?;
    Ok(true)
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, flag, name, size] = &arguments[..]
        && flag == "--path"
    {
        println!("{}", paths()[name](size.parse().expect("a number")));
        return ExitCode::SUCCESS;
    }
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!(
                "more instructions than before; after a change that is worth them: GILSIM_ACCEPT=1"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
