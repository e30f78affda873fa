//! From results on disk to figures on disk.
//!
//! What a figure shows is gathered from the tables alone: results can be drawn without being simulated
//! again, on another machine, by somebody else.

mod axis;
mod breakdown;
pub mod command;
mod convoy;
mod describe;
mod differences;
mod error;
mod heatmap;
mod latency;
mod metric;
mod pareto;
mod shares;
mod slices;
mod theory;
mod throughput;
mod timeline;
pub mod validation;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gilsim_policies::Span;
use indexmap::IndexMap;

use crate::analysis::Results;
use crate::analysis::measured::{MEASURED_FILE, Measured};
use crate::experiment::reproduce::Recorded;
use crate::figure::{self, Description, FIGURES, FigureError, Policy, Width};
use crate::trace::tables::RunRow;

pub(crate) use describe::quoted;
pub use error::PlotError;

/// Resolution of PNG files \[dots per inch\]: what journals ask for.
pub const DPI: u16 = 300;

/// What a figure is to show.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Only this case.
    pub case: Option<String>,
    /// Only this point, such as `threads=3`.
    pub point: Option<String>,
    /// Only these series; all if there are none.
    pub series: Vec<String>,
    /// The column of the table of runs that `throughput`, `heatmap` and `differences` show; the experiment's own if not given.
    pub metric: Option<String>,
    /// The series by which `throughput` and `heatmap` divide it, and from which `differences` are taken; the experiment's own
    /// if not given. It need not be one of those that are shown.
    pub baseline: Option<String>,
    /// Whether `latency` and `slices` show the share that takes at most as long, too.
    pub cdf: bool,
    /// The stretch of time that `timeline`, `convoy` and `shares` show \[ns\]; if not given, a few slices in
    /// the middle, or for the others all that was recorded.
    pub window_ns: Option<(u64, u64)>,
}

impl Choice {
    fn shows(&self, series: &str) -> bool {
        self.series.is_empty() || self.series.iter().any(|name| name == series)
    }

    /// The runs of the series that are shown.
    fn of<'a>(&self, all: &[&'a RunRow]) -> Vec<&'a RunRow> {
        all.iter().copied().filter(|run| self.shows(&run.policy)).collect()
    }

    /// The part of the chosen stretch of time that is recorded; `None` if none is chosen.
    fn window(&self, recorded: Option<(u64, u64)>) -> Result<Option<(u64, u64)>, PlotError> {
        let (Some(asked), Some(recorded)) = (self.window_ns, recorded) else {
            return Ok(self.window_ns);
        };
        let both = (asked.0.max(recorded.0), asked.1.min(recorded.1));
        if both.0 < both.1 {
            return Ok(Some(both));
        }
        let spans = |(from, to)| (Span::from_ns(from), Span::from_ns(to));
        Err(PlotError::Window { asked: spans(asked), recorded: spans(recorded) })
    }
}

/// How a figure is printed.
#[derive(Debug, Clone, Copy)]
pub struct Print {
    /// How wide it is.
    pub width: Width,
    /// Resolution of the PNG file \[dots per inch\].
    pub dpi: u16,
}

/// A figure.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// The case; empty if the experiment has none.
    pub case: String,
    /// Its name.
    pub figure: &'static str,
    /// It, as SVG.
    pub svg: String,
    /// What it shows.
    pub about: Description,
}

/// All figures for which there are data.
#[derive(Debug, Default)]
pub struct Drawings {
    /// They, case by case.
    pub drawings: Vec<Drawing>,
    /// Which figures there are no data for: for each thing that they need, their names.
    pub lacking: IndexMap<String, Vec<&'static str>>,
}

impl Drawings {
    /// Once, however many cases lack it.
    fn lack(&mut self, figure: &'static str, needs: String) {
        let figures = self.lacking.entry(needs).or_default();
        if !figures.contains(&figure) {
            figures.push(figure);
        }
    }
}

/// What came of drawing several figures into files.
#[derive(Debug)]
pub struct Drawn {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Which figures there are no data for: for each thing that they need, their names.
    pub lacking: IndexMap<String, Vec<&'static str>>,
}

/// Results, ready to be drawn.
#[derive(Debug)]
pub struct Plots {
    results: Results,
    measured: Measured,
    policies: Vec<Policy>,
    /// The experiment, with all its settings.
    config: toml::Table,
    /// The runs as they were planned, which theory looks at; `None` if the manifest or an input is missing.
    recorded: Option<Arc<Recorded>>,
}

impl Plots {
    /// Opens a results directory.
    ///
    /// # Errors
    ///
    /// The directory holds no results of ours, or its measured values can't be read.
    pub fn open(directory: &Path) -> Result<Self, PlotError> {
        Self::of(directory, Recorded::open(directory, None).ok().map(Arc::new))
    }

    /// Opens a results directory whose runs, as they were planned, are known already, if they can be known.
    ///
    /// # Errors
    ///
    /// As for [`Plots::open`].
    pub fn of(directory: &Path, recorded: Option<Arc<Recorded>>) -> Result<Self, PlotError> {
        let results = Results::open(directory)?;
        let measured = directory.join(MEASURED_FILE);
        let measured =
            if measured.exists() { Measured::read(&measured)? } else { Measured::default() };
        let mut policies: Vec<(&str, &str)> = Vec::new();
        for run in results.runs() {
            if !policies.iter().any(|(_, label)| *label == run.policy) {
                let threads = run.architecture.is_empty() || run.architecture == "threads";
                let kind = if threads { &run.policy_kind } else { &run.architecture };
                policies.push((kind, &run.policy));
            }
        }
        let policies = Policy::list(&policies);
        let config = results.metadata("gilsim.config").and_then(|text| text.parse().ok());
        Ok(Self { policies, config: config.unwrap_or_default(), measured, results, recorded })
    }

    /// The tables.
    #[must_use]
    pub const fn results(&self) -> &Results {
        &self.results
    }

    /// Draws one figure as SVG.
    ///
    /// # Errors
    ///
    /// There is no such figure, or the results lack what it needs.
    pub fn draw(&self, figure: &str, choice: &Choice, width: Width) -> Result<String, PlotError> {
        let all = self.chosen(choice)?;
        let runs = choice.of(&all);
        Ok(match figure {
            "timeline" => figure::timeline::draw(&self.timeline(&runs, choice)?, width)?,
            "latency" => figure::latency::draw(&self.latency(&runs, choice)?, width)?,
            "throughput" => figure::throughput::draw(&self.throughput(&all, choice)?, width)?,
            "breakdown" => figure::breakdown::draw(&self.breakdown(&runs), width)?,
            "slices" => figure::latency::draw(&self.slices(&runs, choice)?, width)?,
            "convoy" => figure::convoy::draw(&self.convoy(&runs, choice)?, width)?,
            "shares" => figure::shares::draw(&self.shares(&runs, choice)?, width)?,
            "heatmap" => figure::heatmap::draw(&self.heatmap(&all, choice)?, width)?,
            "pareto" => figure::pareto::draw(&self.pareto(&runs)?, width)?,
            "differences" => figure::differences::draw(&self.differences(&all, choice)?, width)?,
            other => return Err(PlotError::Unknown(other.to_owned())),
        })
    }

    /// Draws one figure, and writes it as SVG, PDF and PNG.
    ///
    /// # Errors
    ///
    /// As for [`Plots::draw`], or a file can't be written.
    pub fn write(
        &self,
        figure: &str,
        choice: &Choice,
        print: Print,
        stem: &Path,
    ) -> Result<[PathBuf; 3], PlotError> {
        let svg = self.draw(figure, choice, print.width)?;
        write(&svg, &self.describe(figure, choice, print.width), stem, print.dpi)
    }

    /// Draws every figure for which the results have data, case by case.
    ///
    /// # Errors
    ///
    /// A table is damaged.
    pub fn drawings(&self, choice: &Choice, width: Width) -> Result<Drawings, PlotError> {
        let mut found = Drawings::default();
        let chosen = self.chosen(choice)?;
        for case in distinct(chosen.iter().map(|run| run.case.as_str())) {
            let choice = Choice { case: Some(case.to_owned()), ..choice.clone() };
            for (figure, _) in FIGURES {
                match self.draw(figure, &choice, width) {
                    Ok(svg) => found.drawings.push(Drawing {
                        case: case.to_owned(),
                        figure,
                        svg,
                        about: self.describe(figure, &choice, width),
                    }),
                    Err(PlotError::Read(error)) if error.is_missing() => {
                        found.lack(figure, error.need());
                    }
                    Err(PlotError::Figure(FigureError::NoData { needs, .. })) => {
                        found.lack(figure, needs.to_owned());
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    /// Draws every figure for which the results have data into a folder; unless a case is chosen, into a folder for each
    /// case.
    ///
    /// # Errors
    ///
    /// A table is damaged, or a file can't be written.
    pub fn draw_all(
        &self,
        choice: &Choice,
        print: Print,
        folder: &Path,
    ) -> Result<Drawn, PlotError> {
        let Drawings { drawings, lacking } = self.drawings(choice, print.width)?;
        let mut files = Vec::new();
        for Drawing { case, figure, svg, about } in drawings {
            let each = choice.case.is_none() && !case.is_empty();
            let folder = if each { folder.join(slug(&case)) } else { folder.to_owned() };
            files.extend(write(&svg, &about, &folder.join(figure), print.dpi)?);
        }
        Ok(Drawn { files, lacking })
    }

    /// What the experiment says of a case: a text at the top of the file.
    fn setting(&self, case: &str, key: &str) -> Option<&str> {
        let of_case = self.config.get("cases").and_then(|cases| cases.get(case)?.get(key));
        of_case.or_else(|| self.config.get(key))?.as_str()
    }

    /// The same of the case of some runs.
    fn own(&self, runs: &[&RunRow], key: &str) -> Option<&str> {
        self.setting(runs.first().map_or("", |run| &run.case), key)
    }

    /// The runs of the chosen case and point, of all series: differences and ratios need more than those that are shown.
    fn chosen(&self, choice: &Choice) -> Result<Vec<&RunRow>, PlotError> {
        let mut runs: Vec<_> = self.results.runs().iter().collect();
        for series in &choice.series {
            check("series", series, &runs, |run| &run.policy)?;
        }
        keep(&mut runs, "case", choice.case.as_deref(), |run| &run.case)?;
        keep(&mut runs, "point", choice.point.as_deref(), |run| &run.point)?;
        Ok(runs)
    }

    fn policy(&self, label: &str) -> Policy {
        let known = self.policies.iter().find(|policy| policy.label == label);
        known.cloned().unwrap_or_else(|| Policy {
            kind: String::new(),
            variant: 0,
            label: label.to_owned(),
        })
    }
}

/// Writes a drawing as SVG, PDF and PNG, making its folder first.
///
/// # Errors
///
/// The folder or a file can't be written.
pub fn write(
    svg: &str,
    about: &Description,
    stem: &Path,
    dpi: u16,
) -> Result<[PathBuf; 3], PlotError> {
    if let Some(folder) = stem.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| PlotError::Folder { path: folder.to_owned(), source })?;
    }
    Ok(figure::write(svg, about, stem, dpi)?)
}

/// Keeps the runs of which a part is as wanted, if anything is wanted.
fn keep(
    runs: &mut Vec<&RunRow>,
    what: &'static str,
    wanted: Option<&str>,
    part: impl Fn(&RunRow) -> &str,
) -> Result<(), PlotError> {
    let Some(wanted) = wanted else { return Ok(()) };
    check(what, wanted, runs, &part)?;
    runs.retain(|run| part(run) == wanted);
    Ok(())
}

/// Refuses what no run has.
fn check(
    what: &'static str,
    wanted: &str,
    runs: &[&RunRow],
    part: impl Fn(&RunRow) -> &str,
) -> Result<(), PlotError> {
    let known = distinct(runs.iter().map(|run| part(run)));
    if known.contains(&wanted) {
        return Ok(());
    }
    let known = known.into_iter().map(str::to_owned).collect();
    Err(PlotError::Nothing { what, name: wanted.to_owned(), known })
}

/// The different values, in the order in which they first come.
fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut known = Vec::new();
    for value in values {
        if !known.contains(&value) {
            known.push(value);
        }
    }
    known
}

/// A case's name as a folder.
fn slug(case: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() { letter } else { '-' };
    let parts: String = case.to_lowercase().chars().map(plain).collect();
    parts.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// What distinguishes a panel from the others of some runs: the case if there are several, and the point.
fn title(several_cases: bool, case: &str, point: &str) -> String {
    match (several_cases, point.is_empty()) {
        (_, true) => case.to_owned(),
        (false, false) => point.to_owned(),
        (true, false) => format!("{case}: {point}"),
    }
}

fn several_cases(runs: &[&RunRow]) -> bool {
    runs.windows(2).any(|pair| pair[0].case != pair[1].case)
}

/// The groups whose operations give throughput and latency.
fn focus(runs: &[&RunRow]) -> String {
    distinct(runs.iter().map(|run| run.focus.as_str())).join(", ")
}
