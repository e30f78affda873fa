//! `gilsim estimate` from the file to the words, and what refuses one long run.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;

use gilsim::analysis::Results;
use gilsim::experiment::conduct::{Options, conduct};
use gilsim::experiment::execute::execute;
use gilsim::experiment::{Plan, Sources, report};
use gilsim::figure::Width;
use gilsim::plot::{Choice, Plots};
use serde_json::Value;
use tempfile::TempDir;

fn plan(text: &str) -> Result<Plan, String> {
    let sources = Sources::new(Path::new("x.toml"), format!("schema = 1\n{text}"), &[]);
    Plan::from_sources(&sources).map_err(|error| error.to_string())
}

/// The results of an experiment.
fn results(text: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    let plan = plan(text).unwrap_or_else(|error| panic!("{error}"));
    let workers = NonZeroUsize::new(2).expect("two are some");
    let options = Options { dir: dir.path(), workers, fresh: false };
    conduct(&plan, &options, |run| execute(&plan, run, dir.path()), |_| {})
        .unwrap_or_else(|error| panic!("{error}"));
    dir
}

/// What the program says, and what it returns.
fn said(command: &str, dir: &Path, more: &[&str]) -> (String, Option<i32>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_gilsim"));
    let done = program.arg(command).arg(dir).args(more).output().expect("the program runs");
    let text = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (text.concat(), done.status.code())
}

fn json(dir: &Path, more: &[&str]) -> Value {
    let (text, _) = said("estimate", dir, &[&["--format", "json"], more].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Machine repairmen: threads think for 10 ms and hold for 1 ms.
const REPAIRMEN: &str = "duration = \"4s\"\nreplications = 10\nmachine = { ideal = {} }\n\
    policies.FIFO = { fifo_handoff = {} }\npolicies.wait = { timed_wait = { interval = \"200us\" } }\n\
    [groups.t]\nthreads = 4\narrivals = { think = { exponential = { mean = \"10ms\" } } }\n\
    program = [{ compute = { exponential = { mean = \"1ms\" } } }]\n";

/// One thread serves requests that take half of its time.
const QUEUE: &str = "machine = { ideal = {} }\npolicies.FIFO = { fifo_handoff = {} }\n\
    [groups.t]\narrivals = { poisson = { mean_gap = \"2ms\" } }\n\
    program = [{ compute = { exponential = { mean = \"1ms\" } } }]\n";

const ONE_RUN: &str = "duration = \"30s\"\nreplications = 1\nlevel = \"ops\"\n\
    analysis = { batch_means = { warm_up = \"100ms\" } }\n";

#[test]
fn replications_are_estimated_beside_theory() {
    let dir = results(REPAIRMEN);
    let (text, code) = said("estimate", dir.path(), &["--quantile", "0.5", "--quantile", "0.99"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for part in [
        "95 % interval",
        "\nFIFO (M/M/1//4)\n",
        " cpu_per_op_ns / ",
        "ratios of sums (/) by the jackknife",
        "\ncpu_per_op_ns: CPU time for each operation\n",
        "latency_p99_ns, 0.5",
        "inconclusive  needs 299 replications; has 10\n",
        "theory is about the long run",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains(" ≠\n"), "{text}");
    let found = json(dir.path(), &["--metric", "ops_per_s", "--metric", "cpu_per_op_ns"]);
    let lines = &found["series"][1]["estimates"];
    let exact = lines[0]["theory"]["exact"]["value"].as_f64().expect("it is known");
    // docs/theory.md: 0.353336782204 holds a millisecond.
    assert!((exact - 353.336782204).abs() < 1e-6);
    let end = |name: &str| lines[0][name].as_f64().expect("there is an interval");
    assert!(end("low") < exact && exact < end("high"), "{lines}");
    assert!(end("high") - end("low") < 0.05 * exact, "it says something: {lines}");
    assert_eq!((&lines[1]["method"], &lines[1]["n"]), (&"ratio".into(), &10.into()));
    // Each operation computes for a millisecond, and nothing costs anything.
    let cpu = lines[1]["value"].as_f64().expect("it is known");
    assert!((0.95e6..1.05e6).contains(&cpu), "{cpu}");
}

#[test]
fn summaries_and_figures_show_theory() {
    let summary = |text: &str, dir: &Path| {
        let runs = Results::open(dir).expect("there are results");
        let plan = plan(text).expect("it makes sense");
        let lines = report::lines(runs.runs()).expect("there are all metrics");
        let lines = report::with_theory(lines, &plan);
        report::render(&lines, 80) + &report::remarks(&lines, &plan, dir)
    };
    let figure = |dir: &Path| {
        let plots = Plots::open(dir).unwrap_or_else(|error| panic!("{error}"));
        let drawn = plots.draw("throughput", &Choice::default(), Width::Column);
        drawn.unwrap_or_else(|error| panic!("{error}"))
    };
    let dir = results(REPAIRMEN);
    let text = summary(REPAIRMEN, dir.path());
    let exact: Vec<_> = text.lines().filter(|line| line.starts_with("= M/M/1//4")).collect();
    // Throughput of both; quantiles of first come, first served alone.
    assert_eq!(exact.len(), 2, "{text}");
    assert!(exact[0].contains(" 353 ") && exact[0].ends_with("ms"), "{text}");
    assert!(exact[1].ends_with(" 353"), "{text}");
    assert!(text.contains("=: exact in theory") && !text.contains("one long run"), "{text}");
    assert!(figure(dir.path()).contains("exact (theory)"));
    std::fs::remove_file(dir.path().join("manifest.json")).expect("it is there");
    assert!(!figure(dir.path()).contains("(theory)"), "nobody knows what was run");

    let text = ONE_RUN.replace("30s", "1s") + QUEUE;
    let dir = results(&text);
    assert!(summary(&text, dir.path()).contains("one long run has no ±: `gilsim estimate "));
}

/// Without chance, what is exact up to the last digits is no difference, and what is a nanosecond off is one.
#[test]
fn what_is_exact_is_not_marked() {
    let text = "duration = \"1s\"\nreplications = 3\nmachine = { ideal = {} }\n\
        policies.FIFO = { fifo_handoff = {} }\n[groups.t]\nthreads = 8\niterations = 1\n\
        program = [{ c_release = \"9ms\" }, { compute = \"1ms\" }]\n";
    let dir = results(text);
    let (text, _) =
        said("estimate", dir.path(), &["--metric", "ops_per_s", "--metric", "elapsed_ns"]);
    assert!(text.contains("Amdahl's law") && !text.contains(" ≠\n"), "{text}");
    let manifest = dir.path().join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("it is there");
    std::fs::write(&manifest, text.replace("\\\"9ms\\\"", "\\\"8999999ns\\\""))
        .expect("there is room");
    let (text, _) = said("estimate", dir.path(), &["--metric", "elapsed_ns"]);
    assert!(text.contains(" ≠\n"), "{text}");
}

#[test]
fn what_differs_from_theory_is_marked() {
    let dir = results(REPAIRMEN);
    // The manifest now says that thinking took longer than it did.
    let manifest = dir.path().join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("it is there");
    std::fs::write(&manifest, text.replace("\\\"10ms\\\"", "\\\"12ms\\\"")).expect("there is room");
    let (text, _) = said("estimate", dir.path(), &["--metric", "ops_per_s"]);
    assert_eq!(text.matches(" ≠\n").count(), 2, "{text}");
    let found = json(dir.path(), &["--metric", "ops_per_s"]);
    let p = found["series"][0]["estimates"][0]["p_holm"].as_f64().expect("it was tested");
    assert!(p < 1e-3 && found["tested"] == 2, "{found}");
}

#[test]
fn too_few_replications_are_inconclusive() {
    let one = results(&REPAIRMEN.replace("replications = 10", "replications = 1"));
    let found = json(one.path(), &[]);
    for line in found["series"][0]["estimates"].as_array().expect("there are some") {
        assert!(line["value"].is_null() && line["inconclusive"].is_string(), "{line}");
    }
    let text = said("estimate", one.path(), &[]).0;
    assert!(text.contains("needs `replications` of 2 at least"), "{text}");
    let short = "analysis = { steady_state = {} }\n".to_owned() + REPAIRMEN;
    let short = results(&short.replace("\"4s\"", "\"20ms\"").replace("= 10\n", "= 2\n"));
    let text = said("estimate", short.path(), &["--quantile", "0.5"]).0;
    let lines = text.lines().filter(|line| line.contains("inconclusive"));
    assert!(lines.clone().all(|line| line.contains("the warm-up does not end")), "{text}");
    // Six metrics and their medians, of two series.
    assert_eq!(lines.count(), 24, "{text}");
}

#[test]
fn one_long_run_is_cut_into_batches() {
    let dir = results(&(ONE_RUN.to_owned() + QUEUE));
    let (text, code) = said("estimate", dir.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("independent by von Neumann's test: "), "{text}");
    let found = json(dir.path(), &[]);
    let lines = found["series"][0]["estimates"].as_array().expect("there are some");
    assert_eq!(lines.len(), 2);
    let runs = Results::open(dir.path()).expect("there are results");
    let ops = runs.ops(0).expect("there are operations");
    let counted = ops.iter().filter(|op| op.end.ns() > 100_000_000).count();
    assert!(ops.len() - counted > 20, "the warm-up had some, too");
    for (line, exact) in lines.iter().zip([500.0, 2e6]) {
        assert_eq!(line["method"], "batch_means");
        let end = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("{line}"));
        assert!(end("low") < exact && exact < end("high"), "{line}");
        assert!(end("high") - end("low") < 0.3 * exact, "{line}");
        // All operations after the warm-up, but for those that fill no batch.
        let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{line}")) as usize;
        let (batches, size) = (number(&line["n"]), number(&line["batches"]["size"]));
        let values = if exact < 1e3 { counted - 1 } else { counted };
        assert_eq!(size, values / batches, "{line}");
        assert!(line["batches"]["score"].as_f64().is_some_and(|score| score < 1.2816));
        assert!((line["theory"]["exact"]["value"].as_f64().unwrap_or(0.0) - exact).abs() < 1e-3);
    }
}

#[test]
fn a_run_that_is_too_short_for_batches_is_inconclusive() {
    let short = ONE_RUN.replace("30s", "130ms");
    let text = said("estimate", results(&(short + QUEUE)).path(), &[]).0;
    assert!(
        text.contains("too few for batches") && text.contains("make `duration` longer"),
        "{text}"
    );
    // A queue that only grows: each batch waits longer than the one before.
    let grows = ONE_RUN.to_owned() + &QUEUE.replace("\"2ms\"", "\"0.8ms\"");
    let found = json(results(&grows).path(), &["--metric", "latency_mean_ns"]);
    let line = &found["series"][0]["estimates"][0];
    assert!(line["value"].is_null(), "{line}");
    assert!(line["inconclusive"].to_string().contains("still depend"), "{line}");
}

#[test]
fn one_long_run_is_not_compared() {
    let dir = results(&(ONE_RUN.to_owned() + QUEUE));
    let claims = dir.path().join("claims.toml");
    let claim = "schema = 1\n[claims.c]\nmetric = \"ops_per_s\"\nof = \"FIFO\"\nis = \"above\"\nvalue = 1\n";
    std::fs::write(&claims, claim).expect("there is room");
    let results = dir.path().to_str().expect("it is text");
    for (text, code) in [said("compare", dir.path(), &[]), said("claims", &claims, &[results])] {
        assert_eq!(code, Some(2), "{text}");
        let help =
            "one long run (`batch_means`), without replications to compare; `gilsim estimate`";
        assert!(text.contains(help), "{text}");
    }
    for (more, message) in [
        (
            &["--metric", "fairness"][..],
            "`fairness` is no mean over the operations of one long run",
        ),
        (&["--quantile", "0.5"], "no quantiles over replications"),
    ] {
        let (text, code) = said("estimate", dir.path(), more);
        assert!(code == Some(2) && text.contains(message), "{text}");
    }
    for (from, to, message) in [
        ("replications = 1", "replications = 2", "`analysis` by batch means is about one long run"),
        ("\"ops\"", "\"runs\"", "comes from operations: write `level = \"ops\"`"),
        (
            "replications = 1\n",
            "replications = 1\nprecision = { metric = \"ops_per_s\", relative = 0.1 }\n",
            "`precision` adds replications, but `batch_means` is about one long run",
        ),
    ] {
        let error = plan(&(ONE_RUN.replace(from, to) + QUEUE)).expect_err("it makes no sense");
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_what_does() {
    let dir = results(&("duration = \"20ms\"\nreplications = 2\n".to_owned() + QUEUE));
    for (more, message) in [
        (
            ["--metric", "cpu_per_op"],
            "there is no metric `cpu_per_op`, did you mean `cpu_per_op_ns`?",
        ),
        (["--metric", "nonsense"], "ratios: `cpu_per_op_ns`"),
        (["--level", "95"], "--level lies between 0 and 1, as 0.95 does"),
        (["--quantile", "1"], "--quantile lies between 0 and 1"),
    ] {
        let (text, code) = said("estimate", dir.path(), &more);
        assert!(code == Some(2) && text.contains(message), "{text}");
    }
    std::fs::remove_file(dir.path().join("manifest.json")).expect("it is there");
    let (text, code) = said("estimate", dir.path(), &[]);
    assert!(code == Some(1) && text.contains("no complete results"), "{text}");
}
