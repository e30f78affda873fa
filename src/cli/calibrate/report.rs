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
        "{}\n\ndetermined: the standard error, from what the residuals do when each constant moves\n\
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
        "\n{}\n\nIn an experiment beside it:\n\npresets = \"{}\"\nmachine = {{ preset = \"{name}\" }}\n",
        args.out.display(),
        args.out.file_name().unwrap_or_default().to_string_lossy(),
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
