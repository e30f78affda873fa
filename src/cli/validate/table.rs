//! The score as a table for people: the metrics, and the cells that are farthest off.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use comfy_table::Table;

use super::{Report, percent, short};
use crate::cli::grid;
use crate::validation::score::{Score, Summary};

/// How many of the cells that are off are listed.
const LISTED: usize = 10;

const LEGEND: &str = "\
spread: how far the real machine's repetitions are from their median, at most
inside: the error is no larger than the spread; good: than 25 % or the spread
error of a distribution: the mean over six quantiles of |ln(simulated/measured)|
";

impl Report<'_> {
    pub(super) fn table(&self) -> String {
        let metrics = metrics(&self.summary);
        let (title, strangers, far) = (self.title(), self.strangers(), self.farthest_off());
        format!("{title}\n{strangers}\n{}\n{LEGEND}\n{far}", metrics.trim_fmt())
    }

    /// Interpreters whose lock has a rule that no policy has.
    fn strangers(&self) -> String {
        let names = self.cells.iter().map(|cell| cell.setting().python.as_str());
        let names: BTreeSet<_> = names.filter(|name| !name.starts_with("cpython")).collect();
        if names.is_empty() {
            return String::new();
        }
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        format!("simulated as CPython, though its lock has a rule of its own: {names}\n")
    }

    /// What is off in the cells that are farthest off.
    fn farthest_off(&self) -> String {
        let mut far: Vec<_> = self.scores.iter().filter(|score| !score.good).collect();
        far.sort_by(|one, other| other.error.abs().total_cmp(&one.error.abs()));
        let mut cells: Vec<usize> = Vec::new();
        for score in &far {
            if !cells.contains(&score.index) {
                cells.push(score.index);
            }
        }
        if cells.is_empty() {
            return "every cell is good\n".to_owned();
        }
        // Cells have long names: each has a line of its own.
        let mut text = row("farthest off", "measured", "simulated", "error", "spread");
        for &cell in cells.iter().take(LISTED) {
            let _ = writeln!(text, "{}", self.cells[cell].title());
            far.iter().filter(|score| score.index == cell).for_each(|score| {
                text.push_str(&line(score));
            });
        }
        if cells.len() > LISTED {
            let rest = cells.len() - LISTED;
            let _ = writeln!(text, "... and {rest} more cells: --format markdown has all");
        }
        text
    }
}

fn metrics(summary: &[Summary]) -> Table {
    let header =
        ["metric", "cells", "median\nerror", "90 %\nwithin", "median\nspread", "inside", "good"];
    let mut grid = grid(&header);
    for line in summary {
        grid.add_row([
            line.metric.to_owned(),
            line.cells.to_string(),
            percent(line.median_error),
            percent(line.p90_error),
            percent(line.median_spread),
            percent(line.inside),
            percent(line.good),
        ]);
    }
    grid
}

fn row(name: &str, measured: &str, simulated: &str, error: &str, spread: &str) -> String {
    format!("{name:<28}{measured:>10}{simulated:>11}{error:>10}{spread:>8}\n")
}

fn line(score: &Score) -> String {
    let (name, spread) = (format!("  {}", score.metric), percent(score.spread));
    match score.values {
        Some(values) => {
            let error = format!("{:+.0} %", score.error * 100.0);
            row(&name, &short(values.measured), &short(values.simulated), &error, &spread)
        }
        None => row(&name, "-", "-", &percent(score.error), &spread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::probe::own_runs;
    use crate::trace::tables::ProbeRow;
    use crate::validation::Cell;
    use crate::validation::score::{scores, summary};

    #[test]
    fn a_narrow_terminal_shows_whole_lines() {
        let cells = Cell::of_runs(&own_runs().unwrap());
        // Far off, so that every metric has long numbers.
        let far = |run: &ProbeRow| ProbeRow {
            latency_p50_ns: run.latency_p50_ns.map(|ns| ns * 100),
            ops: run.ops.map(|ops| ops * 100),
            wall_ns: run.wall_ns * 10,
            ..run.clone()
        };
        let simulated: Vec<_> = cells.iter().map(|cell| [far(cell.setting())]).collect();
        let simulated: Vec<_> = simulated.iter().map(<[_; 1]>::as_slice).collect();
        let scores = scores(&cells, &simulated);
        let summary = summary(&scores);
        let against = "a.parquet".to_owned();
        let text = Report { against, replications: 8, cells: &cells, summary, scores }.table();
        assert!(text.contains("slowdown") && text.contains("farthest off"), "{text}");
        assert!(!text.contains("a rule of its own"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
    }

    #[test]
    fn who_has_another_rule_is_named() {
        let run = ProbeRow { python: "pypy-3.9.16".into(), ..own_runs().unwrap().remove(0) };
        let cells = [Cell { runs: vec![run] }];
        let (summary, scores) = (Vec::new(), Vec::new());
        let against = "a.parquet".to_owned();
        let text = Report { against, replications: 1, cells: &cells, summary, scores }.table();
        assert!(text.contains("a rule of its own: pypy-3.9.16"), "{text}");
    }
}
