//! What a notebook needs, in one line: `use gilsim::notebook::*;`.
//!
//! [`gilsim`] calls the program, which does the heavy work; [`runs`], [`means`] and [`figure()`] read what it wrote; and
//! [`race`] runs a policy that a cell defines beside those of an experiment. Whatever ends a cell is shown by [`Show`]:
//! a frame as an HTML table, a figure inline, and an error in the words of its message. Paths are relative to the
//! project, wherever the notebook lies.

mod show;

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use polars::prelude::{Column, DataType};

use crate::analysis::Results;
use crate::analysis::estimate::estimate;
use crate::analysis::measured::{MEASURED_FILE, Measured};
use crate::cli::quarter;
use crate::experiment::execute::{execute_with, write_tables};
use crate::experiment::runner::run_all;
use crate::experiment::{Plan, PlannedRun};
use crate::figure::Width;
use crate::plot::{Choice, DPI, Plots, Print};
use crate::statistics::quantile;
use crate::trace::tables::RunRow;

pub use std::num::NonZeroU64;

pub use gilsim_policies::{
    Answer, Ask, Check, Entry, Policy, Primitive, Reason, Release, Span, Successor, Then, ThreadId,
    View,
};
pub use polars::prelude::DataFrame;
pub use show::Show;

/// Why a cell can't do what it says: a message for people, however it is printed.
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What a command printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

/// The project's folder.
fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder(results: &str) -> PathBuf {
    project().join("results").join(results)
}

/// Calls `gilsim` in the project's folder, prints how far it is, and returns what it prints. An argument with blanks
/// stands in quotes.
///
/// # Errors
/// The program fails: with its message.
pub fn gilsim(command: &str) -> Result<Text, Error> {
    let mut child = Command::new("cargo")
        .args(["run", "--release", "--quiet", "--bin", "gilsim", "--"])
        .args(words(command))
        .current_dir(project())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut out = child.stdout.take().ok_or_else(|| Error("no output".to_owned()))?;
    let said = child.stderr.take().ok_or_else(|| Error("no output".to_owned()))?;
    // Both at once: a full pipe would stop the program.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let mut remarks = Vec::new();
    for line in BufReader::new(said).lines() {
        let line = line?;
        if line.starts_with('[') {
            println!("{line}");
        } else {
            remarks.push(line);
        }
    }
    let text = reader.join().map_err(|_| Error("no output".to_owned()))??;
    if child.wait()?.success() {
        remarks.iter().for_each(|line| println!("{line}"));
        return Ok(Text(text));
    }
    Err(Error([text, remarks.join("\n")].concat()))
}

/// The words of a command; what stands in quotes is one.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The table of runs in `results/NAME`: a row for each run, a column for each metric.
///
/// # Errors
/// There are no such results.
pub fn runs(results: &str) -> Result<DataFrame, Error> {
    Ok(Results::open(&folder(results))?.frame()?)
}

/// The means of metrics over replications, a row for each series at each point, with half of the 95 % interval (`±`).
/// What real interpreters did, where the results know, stands beside: the median of the repetitions, the lowest, the highest.
///
/// # Errors
/// There are no such results, or no such metric.
pub fn means(results: &str, metrics: &[&str]) -> Result<DataFrame, Error> {
    let dir = folder(results);
    let results = Results::open(&dir)?;
    let measured = dir.join(MEASURED_FILE);
    let measured = if measured.exists() { Measured::read(&measured)? } else { Measured::default() };
    let points = estimate(results.runs(), "elapsed_ns")?;
    let mut columns = Vec::new();
    for name in ["case", "point", "policy"] {
        let text = |run: &RunRow| match name {
            "case" => run.case.clone(),
            "point" => run.point.clone(),
            _ => run.policy.clone(),
        };
        let texts: Vec<_> = points.iter().map(|point| text(point.first)).collect();
        if texts.iter().any(|text| !text.is_empty()) {
            columns.push(Column::new(name.into(), texts));
        }
    }
    for metric in metrics {
        let points = estimate(results.runs(), metric)?;
        let mut add = |name: &str, values: Vec<Option<f64>>| {
            if values.iter().any(Option::is_some) {
                columns.push(Column::new(format!("{metric}{name}").into(), values));
            }
        };
        add("", points.iter().map(|point| Some(point.estimate?.mean)).collect());
        add(" ±", points.iter().map(|point| point.estimate?.half_width).collect());
        let seen: Vec<_> = points
            .iter()
            .map(|point| measured.values(&point.first.policy, &point.first.point, metric))
            .collect();
        let all = |of: fn(&[f64]) -> Option<f64>| seen.iter().map(|values| of(values)).collect();
        add(" measured", all(|values| quantile(values, 0.5)));
        add(" measured lowest", all(|values| values.first().copied()));
        add(" measured highest", all(|values| values.last().copied()));
    }
    Ok(DataFrame::new(points.len(), columns)?)
}

/// The rows that have `text` in a column, without that column.
///
/// # Errors
/// There is no such column of texts, or no row has the text.
pub fn only(frame: DataFrame, column: &str, text: &str) -> Result<DataFrame, Error> {
    // Not by name: each cell has its own hash functions, so that a frame from an earlier cell does not find its columns.
    let mut columns = frame.columns().to_vec();
    let place = columns.iter().position(|known| known.name().as_str() == column);
    let place = place.ok_or_else(|| Error(format!("there is no column \"{column}\"")))?;
    let texts = columns.remove(place).cast(&DataType::String)?;
    let texts = texts.str()?;
    let mask = texts.iter().map(|found| found == Some(text)).collect();
    let rows = DataFrame::new(frame.height(), columns)?.filter(&mask)?;
    if rows.height() > 0 {
        return Ok(rows);
    }
    let mut known: Vec<_> = texts.iter().flatten().collect();
    known.dedup();
    Err(Error(format!("no row has \"{text}\" in \"{column}\"; there are {}", known.join(", "))))
}

/// A figure of `results/NAME`, drawn when it is shown or written.
#[derive(Debug, Clone)]
pub struct Figure {
    results: String,
    name: String,
    choice: Choice,
}

/// A figure of `results/NAME`, such as `timeline`. What it is to show can be chosen: `.case("…")`, `.point("threads=1")`.
#[must_use]
pub fn figure(results: &str, name: &str) -> Figure {
    Figure { results: results.to_owned(), name: name.to_owned(), choice: Choice::default() }
}

impl Figure {
    /// Only this case.
    #[must_use]
    pub fn case(mut self, case: &str) -> Self {
        self.choice.case = Some(case.to_owned());
        self
    }

    /// Only this point.
    #[must_use]
    pub fn point(mut self, point: &str) -> Self {
        self.choice.point = Some(point.to_owned());
        self
    }

    /// This column of the table of runs.
    #[must_use]
    pub fn metric(mut self, metric: &str) -> Self {
        self.choice.metric = Some(metric.to_owned());
        self
    }

    fn draw(&self) -> Result<String, Error> {
        let plots = Plots::open(&folder(&self.results))?;
        Ok(plots.draw(&self.name, &self.choice, Width::Double)?)
    }

    /// Writes it for print, one column wide: as SVG, PDF and PNG, each with its description inside.
    ///
    /// # Errors
    /// It can't be drawn, or a file can't be written.
    pub fn write(&self, stem: &str) -> Result<Text, Error> {
        let plots = Plots::open(&folder(&self.results))?;
        let print = Print { width: Width::Column, dpi: DPI };
        let files = plots.write(&self.name, &self.choice, print, &project().join(stem))?;
        let short = |file: &PathBuf| file.strip_prefix(project()).unwrap_or(file).to_owned();
        Ok(Text(files.iter().map(|file| format!("{}\n", short(file).display())).collect()))
    }
}

/// Runs an experiment with one more series: a policy of your own, made by `policy` for so many threads. It meets the same draws as the
/// others. The tables are in `results/EXPERIMENT-NAME`.
///
/// # Errors
/// The experiment makes no sense, or its results can't be written.
pub fn race<P: Policy + 'static>(
    file: &str,
    name: &str,
    policy: impl Fn(usize) -> P + Sync,
) -> Result<Text, Error> {
    let plan = Plan::load(&project().join(file), &[])?;
    let results = format!("{}-{name}", plan.name);
    let dir = folder(&results);
    if dir.join("manifest.json").exists() || dir.join("journal.jsonl").exists() {
        return Err(Error(format!(
            "results/{results} has the results of an experiment: take another name"
        )));
    }
    std::fs::create_dir_all(&dir)?;
    if let Some(measured) = &plan.measured {
        std::fs::write(dir.join(MEASURED_FILE), measured)?;
    }
    let mut all = plan.runs.clone();
    all.extend(with_own(&plan.runs, name));
    if all.iter().any(|run| run.warm_up.is_none()) {
        return Err(Error("a race needs a warm-up of a given length".to_owned()));
    }
    let workers = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut records = vec![None; all.len()];
    let (mut done, mut told, total) = (0, 0, all.len());
    let execute = |run: &PlannedRun| {
        let own = || -> Box<dyn Policy> { Box::new(policy(run.workload.threads())) };
        let is_own = run.index as usize >= plan.runs.len();
        execute_with(&plan, run, &dir, is_own.then_some(&own))
    };
    run_all(&all.iter().collect::<Vec<_>>(), workers, execute, |run, record| {
        records[run.index as usize] = Some(record);
        done += 1;
        quarter(done, total, &mut told).iter().for_each(|line| println!("{line}"));
        Ok(())
    })?;
    write_tables(&plan, &all, records.iter().flatten(), &dir)?;
    Ok(Text(format!("{total} runs are in results/{results}\n")))
}

/// Runs like those of each point's first series, with a policy of this name.
fn with_own(planned: &[PlannedRun], name: &str) -> Vec<PlannedRun> {
    let mut own: Vec<PlannedRun> = Vec::new();
    for run in planned {
        let first = planned.iter().find(|other| Arc::ptr_eq(&other.point, &run.point));
        if first.is_some_and(|first| first.is_of_series(run)) {
            let index = (planned.len() + own.len()) as u32;
            own.push(PlannedRun { index, policy: name.to_owned(), ..run.clone() });
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_a_word_together() {
        assert_eq!(words(" run  a.toml "), ["run", "a.toml"]);
        assert_eq!(words("x --policy 'CPython 3.13' \"\""), ["x", "--policy", "CPython 3.13", ""]);
        assert_eq!(words("--set 'a.\"b c\"=1' d"), ["--set", "a.\"b c\"=1", "d"]);
        assert_eq!(words("--set=a='1 2'"), ["--set=a=1 2"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn rows_are_found_by_their_text() {
        let columns = vec![
            Column::new("point".into(), ["a", "b", "a"]),
            Column::new("x".into(), [1_u32, 2, 3]),
        ];
        let frame = DataFrame::new(3, columns).unwrap();
        let found = only(frame.clone(), "point", "a").unwrap();
        assert_eq!((found.height(), found.width()), (2, 1));
        let error = only(frame.clone(), "point", "c").unwrap_err();
        assert_eq!(format!("{error:?}"), "no row has \"c\" in \"point\"; there are a, b, a");
        assert!(only(frame, "case", "c").unwrap_err().to_string().contains("case"));
    }

    #[test]
    fn errors_say_what_to_do() {
        let error = runs("no-such-results").unwrap_err().to_string();
        assert!(
            error.contains("runs.parquet is missing; it is written when all runs are done"),
            "{error}"
        );
    }

    #[test]
    fn one_more_series_has_the_runs_of_the_first() {
        let set = ["replications=2".to_owned()];
        let plan = Plan::load(&project().join("experiments/convoy.toml"), &set).unwrap();
        let own = with_own(&plan.runs, "mine");
        assert_eq!((plan.runs.len(), own.len()), (24, 6));
        assert!(
            own.iter().zip(24..).all(|(run, index)| run.index == index && run.policy == "mine")
        );
        assert_eq!(own[3].point.label, "threads=1");
    }
}
