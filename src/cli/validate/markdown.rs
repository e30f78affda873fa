//! The score as Markdown, cell by cell, for a page of documentation.

use std::fmt::Write as _;

use super::{Report, percent, short};
use crate::validation::Cell;
use crate::validation::metric::{METRICS, Metric};
use crate::validation::score::Score;

const LEGEND: &str = "\
Each entry is `measured → simulated`: the median of the real machine's repetitions, and that of the simulated ones.
For distributions it is the error: the mean over the quantiles 5, 25, 50, 75, 95 and 99 % of |ln(simulated/measured)|.

- plain: the error is inside the spread of the real machine's own repetitions;
- with a dagger†: it is outside, but within 25 %;
- **bold**: it is outside, and beyond 25 %.
";

impl Report<'_> {
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("{}.\n\n", self.title());
        text.push_str(
            "| metric | cells | median error | 90 % within | median spread | inside the spread | good |\n\
             |---|--:|--:|--:|--:|--:|--:|\n",
        );
        for line in &self.summary {
            let name = METRICS.iter().find(|metric| metric.name == line.metric);
            let name = name.map_or_else(String::new, Metric::heading);
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                line.cells,
                percent(line.median_error),
                percent(line.p90_error),
                percent(line.median_spread),
                percent(line.inside),
                percent(line.good),
            );
        }
        let _ = write!(text, "\n{LEGEND}");
        let mut places: Vec<String> = Vec::new();
        for place in self.cells.iter().map(Cell::place) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        for place in places {
            self.markdown_table(&place, &mut text);
        }
        text
    }

    /// The cells of an interpreter on some cores.
    fn markdown_table(&self, place: &str, text: &mut String) {
        let scores: Vec<&Score> =
            self.scores.iter().filter(|score| self.cells[score.index].place() == place).collect();
        let metrics: Vec<_> = METRICS
            .iter()
            .filter(|metric| scores.iter().any(|score| score.metric == metric.name))
            .collect();
        let _ = write!(text, "\n### {place}\n\n| cell |");
        for metric in &metrics {
            let _ = write!(text, " {} |", metric.heading());
        }
        let _ = writeln!(text, "\n|---|{}", "--:|".repeat(metrics.len()));
        for (index, cell) in self.cells.iter().enumerate() {
            let mine = || scores.iter().filter(|score| score.index == index);
            if mine().next().is_none() {
                continue;
            }
            let _ = write!(text, "| {} |", escaped(&cell.label()));
            for metric in &metrics {
                let score = mine().find(|score| score.metric == metric.name);
                let _ = write!(text, " {} |", score.map_or_else(String::new, |score| entry(score)));
            }
            text.push('\n');
        }
    }
}

fn entry(score: &Score) -> String {
    let value = match &score.values {
        Some(values) => format!("{} → {}", short(values.measured), short(values.simulated)),
        None => format!("{} %", short(score.error * 100.0)),
    };
    match (score.inside, score.good) {
        (true, _) => value,
        (false, true) => format!("{value}†"),
        (false, false) => format!("**{value}**"),
    }
}

/// A text that can't end its column.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tables::ProbeRow;
    use crate::validation::score::{scores, summary};

    fn run(spinners: u32, ops: u64) -> ProbeRow {
        ProbeRow {
            python: "cpython-3.13.0".to_owned(),
            lock: "on".to_owned(),
            cores: 2,
            task: "write".to_owned(),
            spinners,
            wall_ns: 1_000_000_000,
            cpu_ns: 1_000_000_000,
            ops: Some(ops),
            ..ProbeRow::default()
        }
    }

    #[test]
    fn every_cell_says_how_good_it_is() {
        let measured = [run(0, 100), run(0, 90), run(0, 110), run(1, 100), run(2, 100)];
        let cells = Cell::of_runs(&measured);
        let simulated = [[run(0, 109)], [run(1, 120)], [run(2, 200)]];
        let runs: Vec<_> = simulated.iter().map(|runs| runs.as_slice()).collect();
        let scores = scores(&cells, &runs);
        let summary = summary(&scores);
        let against = "a.parquet".to_owned();
        let report = Report { against, replications: 1, cells: &cells, summary, scores };
        let text = report.markdown();
        assert!(text.starts_with("3 cells of a.parquet, each simulated once."), "{text}");
        assert!(text.contains("### cpython-3.13.0, 2 cores\n\n| cell | operations (1/s) |"));
        assert!(text.contains("| write beside 0 | 100 → 109 |"), "{text}");
        assert!(text.contains("| write beside 1 | 100 → 120† |"), "{text}");
        assert!(text.contains("| write beside 2 | **100 → 200** |"), "{text}");
        assert!(
            text.contains("| operations (1/s) | 3 | 20 % | 100 % | 0 % | 33 % | 67 % |"),
            "{text}"
        );
    }
}
