//! The short table at the end: one line for each policy at each point.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};
use serde::Serialize;

use super::estimates::system;
use super::plan::{Plan, PlannedRun, Point};
use crate::analysis::estimate::{UnknownMetric, estimate};
use crate::reference::Theory;
use crate::statistics::Estimate;
use crate::trace::tables::{Coverage, Ending, RunRow};

/// A policy at a point, over all replications.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The case; empty if the experiment has none.
    pub case: String,
    /// The swept values; empty without a sweep.
    pub point: String,
    /// The policy.
    pub policy: String,
    /// Number of replications.
    pub replications: usize,
    /// Whether no end of the warm-up was found within the first half of the runs: nothing is known of the steady state.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub too_short: bool,
    /// Replications that ended in a deadlock.
    pub deadlocks: usize,
    /// What came of those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadlock: Option<Deadlock>,
    /// Operations of the focus group a second.
    pub ops_per_s: Option<Mean>,
    /// Elapsed time over the time that one thread alone would compute.
    pub slowdown: Option<Mean>,
    /// Median latency of the focus group \[ns\].
    pub latency_p50_ns: Option<Mean>,
    /// Quantile 0.99 of the latency of the focus group \[ns\].
    pub latency_p99_ns: Option<Mean>,
    /// Jain's index of how evenly the threads got on.
    pub fairness: Option<Mean>,
    /// What theory knows exactly, in the long run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<Exact>,
    /// Shares of the threads' time: running, overhead, waiting for the lock, waiting for a core, blocked.
    pub shares: [Option<Mean>; 5],
}

/// What theory knows exactly of a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exact {
    /// What the configuration is called, such as `M/M/1//10`.
    pub model: String,
    /// The values of `ops_per_s`, `latency_p50_ns` and `latency_p99_ns`.
    pub values: [Option<f64>; 3],
}

/// What came of the replications that ended in a deadlock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deadlock {
    /// When they did, on average \[ns\].
    pub mean_ns: f64,
    /// Who waits for whom in the first of them.
    pub example: String,
}

/// A mean with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// The mean over replications.
    pub mean: f64,
    /// Half the width of the interval; absent with a single replication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
}

impl From<Estimate> for Mean {
    fn from(Estimate { mean, half_width, .. }: Estimate) -> Self {
        Self { mean, half_width }
    }
}

const SHARES: [&str; 5] =
    ["running_share", "overhead_share", "lock_wait_share", "core_wait_share", "blocked_share"];

/// The lines of a table of runs, in the order of the runs.
///
/// # Errors
/// A metric is missing from the table.
pub fn lines(runs: &[RunRow]) -> Result<Vec<Line>, UnknownMetric> {
    let means = |column: &str| -> Result<Vec<Option<Mean>>, UnknownMetric> {
        let points = estimate(runs, column)?;
        Ok(points.into_iter().map(|point| point.estimate.map(Mean::from)).collect())
    };
    let (ops, slowdown) = (means("ops_per_s")?, means("slowdown")?);
    let (p50, p99) = (means("latency_p50_ns")?, means("latency_p99_ns")?);
    let fairness = means("fairness")?;
    let shares = SHARES.iter().map(|column| means(column)).collect::<Result<Vec<_>, _>>()?;
    let points = estimate(runs, "fairness")?;
    let lines = points.into_iter().enumerate().map(|(place, point)| {
        let RunRow { case, point, policy, .. } = point.first;
        let same = || {
            let key = (case, point, policy);
            runs.iter().filter(move |run| (&run.case, &run.point, &run.policy) == key)
        };
        let dead: Vec<_> = same().filter(|run| run.ending == Ending::Deadlock).collect();
        Line {
            case: case.clone(),
            point: point.clone(),
            policy: policy.clone(),
            replications: same().count(),
            too_short: same().any(|run| run.coverage == Coverage::TooShort),
            deadlocks: dead.len(),
            deadlock: dead.first().map(|first| Deadlock {
                mean_ns: dead.iter().map(|run| run.elapsed_ns as f64).sum::<f64>()
                    / dead.len() as f64,
                example: first.deadlock.clone(),
            }),
            ops_per_s: ops[place],
            slowdown: slowdown[place],
            latency_p50_ns: p50[place],
            latency_p99_ns: p99[place],
            fairness: fairness[place],
            exact: None,
            shares: std::array::from_fn(|share| shares[share][place]),
        }
    });
    Ok(lines.collect())
}

/// The lines with what theory knows of the runs that a plan had for them.
#[must_use]
pub fn with_theory(mut lines: Vec<Line>, plan: &Plan) -> Vec<Line> {
    for line in &mut lines {
        let is_of = |run: &&PlannedRun| {
            let case = run.point.case.as_deref().unwrap_or_default();
            (case, &run.point.label, &run.policy) == (&line.case, &line.point, &line.policy)
        };
        let system = plan.runs.iter().find(is_of).and_then(system);
        let mut name = None;
        let values = ["ops_per_s", "latency_p50_ns", "latency_p99_ns"].map(|metric| match system?
            .theory(metric)?
        {
            Theory::Exact { value, model } => {
                name.get_or_insert(model);
                Some(value)
            }
            Theory::Between { .. } => None,
        });
        line.exact = name.map(|model| Exact { model, values });
    }
    lines
}

/// The lines as a table for people, at most `width` characters wide if it can be.
#[must_use]
pub fn render(lines: &[Line], width: u16) -> String {
    let mut grid = Grid::new();
    grid.load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header([
            "policy",
            "ops/s",
            "slow-\ndown",
            "latency\np50",
            "latency\np99",
            "fair-\nness",
            "time % run/\ncall/lock/\ncore/block",
        ]);
    for column in grid.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_padding((1, 0));
    }
    if let Some(column) = grid.column_mut(0) {
        column.set_padding((0, 0));
    }
    let mut above = (String::new(), String::new());
    let mut titles = Vec::new();
    for line in lines {
        if above != (line.case.clone(), line.point.clone()) {
            above = (line.case.clone(), line.point.clone());
            // A cell can't span columns, so the title takes the place of its number later.
            grid.add_row([format!("[{}]", titles.len())]);
            titles.push(heading(&line.case, &line.point));
        }
        let plain = |mean: Option<Mean>| {
            mean.map_or_else(|| "-".to_owned(), |mean| format!("{:.2}", mean.mean))
        };
        let shares = line.shares.iter().map(|share| {
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.0}", share.mean * 100.0))
        });
        grid.add_row([
            line.policy.clone(),
            line.ops_per_s.map_or_else(|| "-".to_owned(), count),
            plain(line.slowdown),
            line.latency_p50_ns.map_or_else(|| "-".to_owned(), time),
            line.latency_p99_ns.map_or_else(|| "-".to_owned(), time),
            plain(line.fairness),
            shares.collect::<Vec<_>>().join("/"),
        ]);
        if let Some(Exact { model, values: [ops, p50, p99] }) = &line.exact {
            let known = |value: &Option<f64>, words: fn(Mean) -> String| {
                value.map_or_else(String::new, |mean| words(Mean { mean, half_width: None }))
            };
            let (ops, p50, p99) = (known(ops, count), known(p50, time), known(p99, time));
            let name = format!("= {model}");
            grid.add_row([name, ops, String::new(), p50, p99, String::new(), String::new()]);
        }
    }
    let mut titles = (0..).map(|number: usize| format!("[{number}]")).zip(titles).peekable();
    let mut text = String::new();
    for row in grid.trim_fmt().lines() {
        let title = titles.next_if(|(number, _)| number == row.trim());
        let _ = writeln!(text, "{}", title.as_ref().map_or(row, |(_, title)| title));
    }
    let mut short: Vec<_> = lines.iter().filter(|line| line.too_short).collect();
    short.dedup_by(|a, b| (&a.case, &a.point) == (&b.case, &b.point));
    for Line { case, point, .. } in short {
        let whose = heading(case, point);
        let whose = if whose.is_empty() { whose } else { format!("{whose}: ") };
        let _ = writeln!(
            text,
            "{whose}inconclusive: the warm-up does not end within the first half; make `duration` longer"
        );
    }
    for line in lines {
        let Line { case, point, policy, deadlocks, replications, .. } = line;
        let Some(Deadlock { mean_ns, example }) = &line.deadlock else { continue };
        let whose = joined([case, point, policy]);
        let after = time(Mean { mean: *mean_ns, half_width: None });
        let _ = write!(
            text,
            "{whose}: {deadlocks} of {replications} runs ended in a deadlock, after {after} on average"
        );
        let _ = writeln!(text, "{}", if example.is_empty() { "" } else { "; the first:" });
        for part in example.split("; ").filter(|part| !part.is_empty()) {
            let _ = writeln!(text, "    {part}");
        }
    }
    text
}

/// What must be known to read the table.
#[must_use]
pub fn remarks(lines: &[Line], plan: &Plan, dir: &Path) -> String {
    let mut text = String::new();
    if lines.iter().any(|line| line.exact.is_some()) {
        text.push_str("=: exact in theory, in the long run\n");
    }
    let of_one_run = |point: &Arc<Point>| point.experiment.analysis.is_of_one_run();
    if plan.points.iter().any(of_one_run) {
        let dir = dir.display();
        let _ = writeln!(
            text,
            "one long run has no ±: `gilsim estimate {dir}` has intervals, by batch means"
        );
    }
    text
}

/// A case and a point in a line.
#[must_use]
pub fn heading(case: &str, point: &str) -> String {
    joined([case, point])
}

/// Those parts of a title that say anything.
fn joined<const N: usize>(parts: [&str; N]) -> String {
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

/// A number of the table of runs with its interval, in the unit that its column's name says.
#[must_use]
pub fn in_words(metric: &str, mean: Mean) -> String {
    if metric.ends_with("_ns") { time(mean) } else { count(mean) }
}

/// A number with its interval, in three digits.
fn count(mean: Mean) -> String {
    scaled(mean, &[(1e9, "G"), (1e6, "M"), (1e4, "k"), (0.0, "")])
}

/// A time \[ns\] with its interval, in three digits and a fitting unit.
fn time(mean: Mean) -> String {
    scaled(mean, &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (0.0, "ns")])
}

/// Scales by the first unit that the mean reaches. `k` stands for thousand, though used from 10 000 on.
fn scaled(Mean { mean, half_width }: Mean, units: &[(f64, &str)]) -> String {
    let (least, unit) = units.iter().find(|(least, _)| mean.abs() >= *least).unwrap_or(&(0.0, ""));
    let divisor = match *unit {
        "k" => 1e3,
        _ if *least > 0.0 => *least,
        _ => 1.0,
    };
    let value = mean / divisor;
    let places = if value.abs() >= 99.95 {
        0
    } else if value.abs() >= 9.995 {
        1
    } else {
        2
    };
    match half_width {
        Some(half) => format!("{value:.places$}±{:.places$}{unit}", half / divisor),
        None => format!("{value:.places$}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(point: &str, policy: &str, replication: u32) -> RunRow {
        let later = u64::from(replication) * 300_000;
        RunRow {
            point: point.to_owned(),
            policy: policy.to_owned(),
            replication,
            ops_per_s: Some(12_345.0),
            slowdown: Some(1.234),
            latency_p50_ns: Some(5_100_000 + later),
            latency_p99_ns: Some(1_200_000_000),
            fairness: Some(0.5),
            running_share: Some(0.25),
            overhead_share: Some(0.004),
            lock_wait_share: Some(0.5),
            core_wait_share: Some(0.1),
            blocked_share: None,
            ..RunRow::default()
        }
    }

    #[test]
    fn lines_fit_into_a_terminal() {
        let points = ["spinners.threads=1", "spinners.threads=2"];
        let policies = ["CPython 3.13 (5 ms)", "mutex"];
        let mut runs: Vec<_> = points
            .into_iter()
            .flat_map(|point| policies.map(|policy| [0, 1, 2].map(|rep| run(point, policy, rep))))
            .flatten()
            .collect();
        for (run, elapsed_ns) in runs[4..6].iter_mut().zip([1_000_000, 2_000_000]) {
            let deadlock = format!("T0 (io) waits for a held by T1 (io); run {elapsed_ns}");
            *run = RunRow { ending: Ending::Deadlock, elapsed_ns, deadlock, ..run.clone() };
        }
        let lines = lines(&runs).unwrap();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3].latency_p50_ns.map(|mean| mean.mean), Some(5_400_000.0));
        let table = render(&lines, 80);
        let grid = table.split("spinners.threads=1: ").next().unwrap();
        assert!(grid.lines().all(|line| line.chars().count() <= 80), "{table}");
        for part in [
            "\nspinners.threads=2\n",
            "12.3±0.0k",
            "5.40±0.75ms",
            "1.20±0.00s",
            "25/0/50/10/-",
            "\nspinners.threads=1: mutex: 2 of 3 runs ended in a deadlock, after 1.50ms on average; the first:\n",
            "\n    T0 (io) waits for a held by T1 (io)\n    run 1000000\n",
        ] {
            assert!(table.contains(part), "{part}\n{table}");
        }
    }

    #[test]
    fn numbers_have_three_digits() {
        let text = |mean| time(Mean { mean, half_width: None });
        assert_eq!([999.6, 12.34, 5e3].map(text), ["1000ns", "12.3ns", "5.00us"]);
        let text = |mean| count(Mean { mean, half_width: Some(1.0) });
        assert_eq!([98.76, 9999.0, 10_000.0].map(text), ["98.8±1.0", "9999±1", "10.0±0.0k"]);
    }
}
