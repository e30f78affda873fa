//! What a fit found, for people and for programs.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint};
use serde_json::json;

use super::{CalibrateArgs, Half};
use crate::calibration::{Fit, Fitted, Stopped};
use crate::cli::validate::percent;
use crate::cli::{grid, json_text};

/// A constant that is known no better than this is not determined.
const DETERMINED: f64 = 0.5;

fn determined(fitted: &Fitted) -> String {
    match fitted.error {
        Some(error) if error <= DETERMINED => format!("± {}", percent(error)),
        Some(_) => "not determined".to_owned(),
        None => "not known".to_owned(),
    }
}

pub(super) fn table(name: &str, args: &CalibrateArgs, fit: &Fit, halves: &[Half]) -> String {
    let mut constants = grid(&["constant", "default", "fitted", "determined", "what it is"]);
    if let Some(column) = constants.column_mut(0) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    if let Some(column) = constants.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Left);
        column.remove_constraint();
    }
    for fitted in &fit.fitted {
        constants.add_row([
            fitted.constant.name.to_owned(),
            fitted.default.to_string(),
            fitted.value.to_string(),
            determined(fitted),
            fitted.constant.meaning.to_owned(),
        ]);
    }
    let stopped = match fit.stopped {
        Stopped::Settled => "the search settled",
        Stopped::Spent => "the search tried as many sets as it was allowed to (--evaluations)",
        Stopped::Interrupted => "the search was interrupted",
    };
    let mut text = format!(
        "{}\n\ndetermined: the standard error, from how residuals change as constants move\n\
         mean square of the residuals: {:.3}, with the defaults {:.3}\n{stopped}\n",
        constants.trim_fmt(),
        fit.after,
        fit.before,
    );
    for half in halves {
        let header = ["metric", "cells", "error\nbefore", "\nafter", "good\nbefore", "\nafter"];
        let mut scores = grid(&header);
        for (before, after) in half.before.iter().zip(&half.after) {
            scores.add_row([
                before.metric.to_owned(),
                before.cells.to_string(),
                percent(before.median_error),
                percent(after.median_error),
                percent(before.good),
                percent(after.good),
            ]);
        }
        let _ = write!(text, "\n{} cells that {}\n{}\n", half.cells, half.what, scores.trim_fmt());
    }
    let _ = write!(
        text,
        "\n{}\n\nIn an experiment beside it:\n\npresets = {}\nmachine = {{ preset = {} }}\n",
        args.out.display(),
        // With whatever quotes it needs.
        toml::Value::from(&*args.out.file_name().unwrap_or_default().to_string_lossy()),
        toml::Value::from(name),
    );
    text
}

pub(super) fn json(name: &str, args: &CalibrateArgs, fit: &Fit, halves: &[Half]) -> String {
    let constants = fit.fitted.iter().map(|fitted| {
        json!({
            "constant": fitted.constant.name,
            "default_ns": fitted.default.ns(),
            "fitted_ns": fitted.value.ns(),
            "relative_standard_error": fitted.error,
            "determined": fitted.error.is_some_and(|error| error <= DETERMINED),
        })
    });
    let halves = halves.iter().map(|half| {
        json!({ "cells": half.cells, "what": half.what, "before": half.before, "after": half.after })
    });
    json_text(&json!({
        "machine": name,
        "file": args.out,
        "mean_square_before": fit.before,
        "mean_square_after": fit.after,
        "settled": fit.stopped == Stopped::Settled,
        "constants": constants.collect::<Vec<_>>(),
        "halves": halves.collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::analysis::probe::own_runs;
    use crate::calibration::fit;
    use crate::cli::Format;
    use crate::validation::Cell;
    use crate::validation::score::summary;

    #[test]
    fn the_table_fits_and_ends_with_what_an_experiment_takes() {
        let cells = Cell::of_runs(&own_runs().unwrap());
        let fit = fit(&cells[..8], 1, 1, &AtomicBool::new(true), &mut |_| {});
        let scores = || summary(&fit.scores_before);
        let half = Half { what: "the fit has seen", cells: 8, before: scores(), after: scores() };
        for (name, out) in [("mine", "m.toml"), ("my \"m\" isn't\nyours \\", "a \"b\".toml")] {
            let args = CalibrateArgs {
                against: None,
                out: PathBuf::from(out),
                name: None,
                evaluations: 1,
                replications: 1,
                format: Format::Table,
                quiet: true,
            };
            let text = table(name, &args, &fit, std::slice::from_ref(&half));
            let (head, example) = text.split_once("In an experiment beside it:\n").unwrap();
            let example: toml::Table = example.parse().unwrap();
            assert_eq!(example["presets"].as_str(), Some(out));
            assert_eq!(example["machine"]["preset"].as_str(), Some(name));
            for line in head.lines() {
                assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
            }
        }
    }
}
