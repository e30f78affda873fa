//! Results as one HTML page: figures, tables, configuration, and where they came from.
//!
//! The page is complete in itself: style and fonts are inside, figures are drawings within the text, and there is no script.
//! It has no dates but those of the results, so that the same results give the same page.

mod frame;
mod provenance;
mod tables;

use std::path::Path;
use std::sync::Arc;

use maud::{Markup, html};

use crate::experiment::Error;
use crate::experiment::reproduce::Recorded;
use crate::figure::Width;
use crate::plot::{Choice, Drawing, Drawings, Plots};

/// Rows from which on a table is folded.
const MANY: usize = 40;

/// The page of a results directory. Files that the experiment draws from are looked for in `files`; where they were when it
/// was run, if that is not given.
///
/// # Errors
/// The results are not complete or can't be read, or are those of a sensitivity analysis.
pub fn page(dir: &Path, files: Option<&Path>) -> Result<String, Error> {
    let text = |error: &dyn std::fmt::Display| Error::Text(error.to_string());
    let recorded = Arc::new(Recorded::open(dir, files)?);
    if recorded.manifest.study.is_some() {
        let message = "is a sensitivity analysis, which `gilsim sensitivity` prints";
        return Err(Error::file(dir, message));
    }
    let plots = Plots::of(dir, Some(Arc::clone(&recorded))).map_err(|error| text(&error))?;
    let drawn = plots.drawings(&Choice::default(), Width::Double).map_err(|error| text(&error))?;
    let sections = [
        ("figures", "Figures", Some(figures(&drawn))),
        ("summary", "Summary", Some(tables::summary(&recorded)?)),
        ("differences", "Differences", tables::differences(&recorded)),
        ("estimates", "Estimates and theory", Some(tables::estimates(&recorded, plots.results())?)),
        ("configuration", "Configuration", Some(provenance::configuration(&recorded))),
        ("provenance", "Where it came from", Some(provenance::provenance(&recorded))),
    ];
    let sections = sections.into_iter().filter_map(|(id, title, body)| Some((id, title, body?)));
    Ok(frame::page(&recorded.manifest.name, &about(&recorded), &sections.collect::<Vec<_>>()))
}

/// What the experiment is about, in its own words, and how large it is.
fn about(recorded: &Recorded) -> Markup {
    let points = &recorded.plan.points;
    let mut said: Vec<(&str, &str)> = Vec::new();
    for point in points {
        for (what, text) in
            [("Question", &point.experiment.question), ("Expected", &point.experiment.expect)]
        {
            if !text.is_empty() && !said.contains(&(what, text.as_str())) {
                said.push((what, text.as_str()));
            }
        }
    }
    let runs = recorded.runs.len();
    let deadlocks = recorded.runs.iter().filter(|run| !run.deadlock.is_empty()).count();
    html! {
        @for (what, text) in said {
            p { b { (what) ": " } (text) }
        }
        p.facts {
            (count(runs, "run")) " at " (count(points.len(), "point"))
            ", seed " (recorded.manifest.seed)
            ", gilsim " (recorded.manifest.identity.version)
            @if deadlocks > 0 { ", " strong { (count(deadlocks, "run")) " ended in a deadlock" } }
        }
    }
}

/// A long table is only opened on demand.
fn folded(rows: usize, title: &str, table: Markup) -> Markup {
    if rows < MANY {
        table
    } else {
        html! { details { summary { (title) } (table) } }
    }
}

/// A number of things.
fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

fn figures(Drawings { drawings, lacking }: &Drawings) -> Markup {
    let several_cases = drawings.iter().any(|drawing| drawing.case != drawings[0].case);
    let figure = |Drawing { svg, about, .. }: &Drawing| {
        html! {
            figure {
                (maud::PreEscaped(svg))
                figcaption { (about.caption) " " code { (about.command) } }
            }
        }
    };
    html! {
        @for of_case in drawings.chunk_by(|one, next| one.case == next.case) {
            @if several_cases { h3 { (of_case[0].case) } }
            @for drawing in of_case { (figure(drawing)) }
        }
        @if !lacking.is_empty() {
            details {
                summary { "Figures without data" }
                ul { @for why in lacking { li { (why) } } }
            }
        }
    }
}
