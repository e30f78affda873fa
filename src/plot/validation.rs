//! From measured and simulated cells to figures: how well they agree, metric by metric, and how times are distributed.

use std::path::{Path, PathBuf};

use super::{DPI, PlotError, distinct, write};
use crate::figure::agreement::{self, Panel, Point};
use crate::figure::distribution::{self, Group, Row};
use crate::figure::{Description, FigureError, Policy, Width};
use crate::trace::tables::ProbeRow;
use crate::validation::metric::{Compared, METRICS, Metric, latencies, slices};
use crate::validation::score::{Score, TOLERANCE, quantiles};
use crate::validation::simulate::policy;
use crate::validation::{Cell, Constants};

/// Both widths, and what the names of their files end with.
const WIDTHS: [(Width, &str); 2] = [(Width::Double, ""), (Width::Column, "-column")];

/// Draws every figure for which there are data into a folder, in both widths; says which files it
/// wrote. `simulated` has the runs of each cell.
///
/// # Errors
///
/// A number can't be drawn, or a file can't be written.
pub fn draw_all(
    cells: &[Cell],
    simulated: &[&[ProbeRow]],
    scores: &[Score],
    folder: &Path,
) -> Result<Vec<PathBuf>, PlotError> {
    let mut written = Vec::new();
    let mut draw = |name: &str, figure: &dyn Fn(Width) -> Result<String, FigureError>| {
        for (width, end) in WIDTHS {
            match figure(width) {
                Ok(svg) => {
                    let about = Description {
                        title: format!("validation: {name}"),
                        caption: "Measured runs of real interpreters, done again by the simulator."
                            .to_owned(),
                        command: "gilsim validate".to_owned(),
                    };
                    written.extend(write(&svg, &about, &folder.join(format!("{name}{end}")), DPI)?);
                }
                Err(FigureError::NoData { .. }) => {}
                Err(error) => return Err(PlotError::from(error)),
            }
        }
        Ok(())
    };
    let data = agreement(cells, scores);
    draw("agreement", &|width| agreement::draw(&data, width))?;
    for python in distinct(cells.iter().map(|cell| cell.setting().python.as_str())) {
        let data = distribution("latency", latencies, cells, simulated, Some(python));
        let name = format!("latency-distribution-{}", file_name(python));
        draw(&name, &|width| distribution::draw(&data, width))?;
    }
    let data = distribution("length of a slice", slices, cells, simulated, None);
    draw("slice-distribution", &|width| distribution::draw(&data, width))?;
    Ok(written)
}

/// An interpreter's name as a part of a file's.
fn file_name(python: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '+');
    python.chars().map(|letter| if plain(letter) { letter } else { '-' }).collect()
}

/// The points of every metric that is a number.
fn agreement(cells: &[Cell], scores: &[Score]) -> agreement::Data {
    let interpreter = |cell: &Cell| {
        (policy(cell.setting(), &Constants::default()).name(), cell.setting().python.clone())
    };
    let mut interpreters: Vec<(&str, String)> = Vec::new();
    for cell in cells {
        let this = interpreter(cell);
        if !interpreters.contains(&this) {
            interpreters.push(this);
        }
    }
    let names: Vec<_> = interpreters.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
    let policies = Policy::list(&names);
    let point = |score: &Score| {
        let this = interpreter(&cells[score.index]);
        let at = interpreters.iter().position(|known| *known == this)?;
        let values = score.values?;
        Some(Point {
            policy: policies[at].clone(),
            measured: values.measured,
            low: values.measured_low,
            high: values.measured_high,
            simulated: values.simulated,
        })
    };
    let numbers = METRICS.iter().filter(|metric| !matches!(metric.of, Compared::Distribution(_)));
    let panel = |metric: &Metric| Panel {
        title: metric.heading(),
        least: metric.least,
        points: scores
            .iter()
            .filter(|score| score.metric == metric.name)
            .filter_map(point)
            .collect(),
    };
    agreement::Data { tolerance: TOLERANCE, panels: numbers.map(panel).collect() }
}

/// The cells that have these quantiles, of one interpreter or of all.
fn distribution(
    name: &str,
    of: fn(&ProbeRow) -> Option<[f64; 6]>,
    cells: &[Cell],
    simulated: &[&[ProbeRow]],
    python: Option<&str>,
) -> distribution::Data {
    let mut groups: Vec<Group> = Vec::new();
    for (cell, simulated) in cells.iter().zip(simulated) {
        if python.is_some_and(|python| cell.setting().python != python) {
            continue;
        }
        let sides = (quantiles(&cell.runs, of), quantiles(simulated, of));
        let (Some(measured), Some(simulated)) = sides else { continue };
        // The longest hundredth is scored, but would blur the picture.
        let five = |[p5, p25, p50, p75, p95, _]: [f64; 6]| [p5, p25, p50, p75, p95];
        let (measured, simulated) = (five(measured), five(simulated));
        let (title, row) = (cell.place(), Row { label: cell.label(), measured, simulated });
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { title, rows: vec![row] }),
        }
    }
    distribution::Data { name: name.to_owned(), groups }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::score::scores;

    fn run(python: &str, spinners: u32, latency: u64) -> ProbeRow {
        ProbeRow {
            python: python.to_owned(),
            lock: "on".to_owned(),
            cores: 2,
            task: "sleep".to_owned(),
            spinners,
            wall_ns: 1_000_000_000,
            cpu_ns: 800_000_000,
            ops: Some(1_000_000_000 / latency),
            latency_mean_ns: Some(latency),
            latency_p5_ns: Some(latency / 2),
            latency_p25_ns: Some(latency / 2),
            latency_p50_ns: Some(latency),
            latency_p75_ns: Some(latency * 2),
            latency_p95_ns: Some(latency * 2),
            latency_p99_ns: Some(latency * 3),
            ..ProbeRow::default()
        }
    }

    #[test]
    fn every_interpreter_has_its_figures() {
        let (one, other) = ("cpython-3.13.0", "a/b");
        let runs = [run(one, 0, 1_000), run(one, 1, 9_000), run(one, 1, 7_000), run(other, 1, 500)];
        let cells = Cell::of_runs(&runs);
        let simulated: Vec<_> = cells.iter().map(|cell| &cell.runs[..1]).collect();
        let scores = scores(&cells, &simulated);

        let data = agreement(&cells, &scores);
        let latency = &data.panels[0];
        assert_eq!((latency.title.as_str(), latency.points.len()), ("mean latency (ms)", 3));
        let point = &latency.points[1];
        assert_eq!((point.low, point.measured, point.high), (0.007, 0.008, 0.009));
        assert_eq!(point.simulated, 0.009);
        assert_ne!(point.policy.look(), latency.points[2].policy.look());

        let data = distribution("latency", latencies, &cells, &simulated, Some(one));
        assert_eq!((data.groups.len(), data.groups[0].rows.len()), (1, 2));
        assert_eq!(data.groups[0].rows[1].measured[2], 8_000.0);

        let folder = tempfile::tempdir().unwrap();
        let files = draw_all(&cells, &simulated, &scores, folder.path()).unwrap();
        assert_eq!(files.len(), 2 * 3 * 3, "{files:?}");
        assert!(files.iter().all(|file| file.is_file()));
        assert!(files.iter().any(|file| file.ends_with("latency-distribution-a-b-column.pdf")));
    }
}
