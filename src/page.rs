//! Results as one HTML page: figures, tables, configuration, and where they came from.
//!
//! The page is complete in itself: style and fonts are inside, figures are drawings within the text, and there is no script.
//! It has no dates but those of the results, so that the same results give the same page.

mod figures;
mod frame;
mod provenance;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use maud::{Markup, html};

use crate::experiment::Error;
use crate::experiment::reproduce::Recorded;
use crate::figure::Width;
use crate::plot::{Choice, Plots, quoted};

/// Rows from which on a table is folded.
const MANY: usize = 40;

/// A page.
#[derive(Debug)]
pub struct Page {
    /// It.
    pub html: String,
    /// What to say of files that should be there and are not, if there are any.
    pub missing: Option<String>,
}

/// The page of a results directory. Files that the experiment draws from are looked for in `files`; where they were when it
/// was run, if that is not given.
///
/// # Errors
/// The results are not complete or can't be read, or are those of a sensitivity analysis.
pub fn page(dir: &Path, files: Option<&Path>) -> Result<Page, Error> {
    let text = |error: &dyn std::fmt::Display| Error::Text(error.to_string());
    let recorded = Arc::new(Recorded::open(dir, files)?);
    if recorded.manifest.study.is_some() {
        let message = "is a sensitivity analysis, which `gilsim sensitivity` prints";
        return Err(Error::file(dir, message));
    }
    let plots = Plots::of(dir, Some(Arc::clone(&recorded))).map_err(|error| text(&error))?;
    let drawn = plots.drawings(&Choice::default(), Width::Double).map_err(|error| text(&error))?;
    let folder = last_part(dir, &recorded.manifest.name);
    let place = quoted(&format!("results/{folder}"));
    let missing = missing(&recorded);
    let sections = [
        ("figures", "Figures", Some(figures::figures(&drawn))),
        ("summary", "Summary", Some(tables::summary(&recorded)?)),
        ("differences", "Differences", tables::differences(&recorded)),
        ("estimates", "Estimates and theory", Some(tables::estimates(&recorded, plots.results())?)),
        ("configuration", "Configuration", Some(provenance::configuration(&recorded))),
        ("provenance", "Where it came from", Some(provenance::provenance(&recorded, &place))),
    ];
    let sections = sections.into_iter().filter_map(|(id, title, body)| Some((id, title, body?)));
    let sections: Vec<_> = sections.collect();
    let name = &recorded.manifest.name;
    let title = if folder == *name { folder } else { format!("{name} ({folder})") };
    let about = html! {
        (about(&recorded))
        @if let Some(missing) = &missing { p { strong { (missing) } } }
    };
    let html = frame::page(&title, &about, &sections, &figures::cases(&drawn.drawings));
    Ok(Page { html, missing })
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

/// What the directory of the results is called; wherever it lies, commands look for it in `results`.
fn last_part(dir: &Path, name: &str) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let last = dir.file_name().or_else(|| whole.file_name());
    last.map_or_else(|| name.to_owned(), |last| last.to_string_lossy().into_owned())
}

/// What to say of files that the manifest lists and that are not there.
fn missing(recorded: &Recorded) -> Option<String> {
    let files = &recorded.manifest.files;
    let gone: Vec<&PathBuf> =
        files.iter().filter(|file| !recorded.dir.join(file).is_file()).collect();
    let first = gone.first()?.display();
    let number = gone.len();
    Some(format!(
        "{number} of {} that the manifest lists are missing, such as {first}: figures may show only a part",
        count(files.len(), "file")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_directory_that_was_given() {
        assert_eq!(last_part(Path::new("results/other dir/"), "x"), "other dir");
        assert_eq!(last_part(Path::new("/"), "x"), "x");
        assert_eq!(quoted("results/other dir"), "'results/other dir'");
        assert_eq!(quoted("results/it's"), "'results/it'\\''s'");
        assert_eq!(quoted("results/x"), "results/x");
    }
}
