//! The score as a table for people: the metrics, and the cells that are farthest off.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use super::{Report, percent, short};
use crate::validation::score::Values;

/// How many of the cells that are off are listed.
const LISTED: usize = 20;

fn grid(header: &[&str]) -> Table {
    let mut grid = Table::new();
    grid.load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(crate::cli::width())
        .set_header(header);
    for column in grid.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    grid
}

impl Report<'_> {
    pub(super) fn table(&self) -> String {
        let header =
            ["metric", "cells", "median error", "90 % within", "median spread", "inside", "good"];
        let mut metrics = grid(&header);
        for line in &self.summary {
            metrics.add_row([
                line.metric.to_owned(),
                line.cells.to_string(),
                percent(line.median_error),
                percent(line.p90_error),
                percent(line.median_spread),
                percent(line.inside),
                percent(line.good),
            ]);
        }
        let mut text = format!("{}\n\n{}\n", self.title(), metrics.trim_fmt());
        text.push_str(
            "spread: how far the real machine's repetitions are from their median, at most\n\
             inside: the error is no larger than the spread; good: than 25 %, or than the spread\n\n",
        );
        let mut far: Vec<_> = self.scores.iter().filter(|score| !score.good).collect();
        if far.is_empty() {
            text.push_str("every cell is good\n");
            return text;
        }
        far.sort_by(|one, other| other.error.abs().total_cmp(&one.error.abs()));
        let mut off = grid(&["farthest off", "metric", "measured", "simulated", "error", "spread"]);
        for score in far.iter().take(LISTED) {
            let value = |of: fn(&Values) -> f64| {
                score.values.as_ref().map_or_else(|| "-".to_owned(), |values| short(of(values)))
            };
            let sign = if score.values.is_some() && score.error > 0.0 { "+" } else { "" };
            off.add_row([
                score.cell.clone(),
                score.metric.to_owned(),
                value(|values| values.measured),
                value(|values| values.simulated),
                format!("{sign}{}", percent(score.error)),
                percent(score.spread),
            ]);
        }
        let _ = writeln!(text, "{}", off.trim_fmt());
        if far.len() > LISTED {
            let rest = far.len() - LISTED;
            let _ = writeln!(text, "... and {rest} more: --format markdown has all");
        }
        text
    }
}
