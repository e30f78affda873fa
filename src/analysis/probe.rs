//! Reads what the probe saw: our own Parquet, or the JSON lines that the probe prints.

mod check;

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use self::check::{Senseless, check};
use super::frame::{Frame, ReadError};
use super::read;
use crate::trace::tables::{ProbeRow, Table};

/// What the project's own measured runs are called.
pub const OWN_RUNS: &str = "linux-6.18-hz250-2core.parquet";

/// They are part of the program, so that it can be judged wherever it is installed.
const OWN_BYTES: &[u8] = include_bytes!("../../results/measured/linux-6.18-hz250-2core.parquet");

/// Why a table of probe runs could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It is no table of ours.
    #[error(transparent)]
    Table(#[from] ReadError),
    /// The file system refuses.
    #[error("can't read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: std::io::Error,
    },
    /// A line is not what the probe prints.
    #[error("{}, line {line}: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A run is one that the simulator can't do again.
    #[error("{}, {place}: {value}; allowed is {allowed}: correct it, or leave the run out", path.display())]
    Senseless {
        /// The file.
        path: PathBuf,
        /// The line or row, from 1.
        place: String,
        /// Which value of it.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// There is nothing in it.
    #[error("{} holds no runs", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// The runs in a file: Parquet if it is called so, else JSON lines.
///
/// # Errors
///
/// The file can't be read, holds something else, or nothing, or a run that makes no sense.
pub fn read_probe(path: &Path) -> Result<Vec<ProbeRow>, ProbeError> {
    let rows = if path.extension().is_some_and(|extension| extension == "parquet") {
        let rows = read::rows(&Frame::open(path, ProbeRow::NAME, None)?)?;
        for (number, row) in (1..).zip(&rows) {
            check(row).map_err(|Senseless { column, value, allowed }| {
                let (place, value) = (format!("row {number}"), format!("{column} is {value}"));
                ProbeError::Senseless { path: path.to_owned(), place, value, allowed }
            })?;
        }
        rows
    } else {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProbeError::Io { path: path.to_owned(), source })?;
        parse(path, &text)?
    };
    if rows.is_empty() {
        return Err(ProbeError::Empty { path: path.to_owned() });
    }
    Ok(rows)
}

/// The project's own measured runs.
///
/// # Errors
///
/// The program was built with a table of another version.
pub fn own_runs() -> Result<Vec<ProbeRow>, ProbeError> {
    let source = Cursor::new(OWN_BYTES);
    Ok(read::rows(&Frame::read(source, Path::new(OWN_RUNS), ProbeRow::NAME, None)?)?)
}

/// A line that the probe prints.
///
/// # Errors
///
/// It is something else.
pub fn parse_line(text: &str) -> serde_json::Result<ProbeRow> {
    serde_json::from_str(text).map(Line::into_row)
}

fn parse(path: &Path, text: &str) -> Result<Vec<ProbeRow>, ProbeError> {
    let mut repetitions: HashMap<String, u32> = HashMap::new();
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(line, text)| {
            let error = |source| ProbeError::Line { path: path.to_owned(), line, source };
            let run: Line = serde_json::from_str(text).map_err(error)?;
            let settings = format!("{} {} {:?}", run.python, run.cpus, run.args);
            let repetition = repetitions.entry(settings).or_default();
            let row = ProbeRow { repetition: *repetition, ..run.into_row() };
            *repetition += 1;
            check(&row).map_err(|found| {
                let (place, value) = (format!("line {line}"), in_line(text, &row, &found));
                let allowed = found.allowed;
                ProbeError::Senseless { path: path.to_owned(), place, value, allowed }
            })?;
            Ok(row)
        })
        .collect()
}

/// A value that makes no sense, as the line has it and as it is understood.
fn in_line(text: &str, row: &ProbeRow, found: &Senseless) -> String {
    let Senseless { column, value, .. } = found;
    let pointer = check::pointer(row, column);
    let line: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let name = pointer[1..].replace('/', ".");
    match line.pointer(pointer) {
        Some(given) => format!("{name} is {given} ({column}: {value})"),
        None => format!("{name} is missing ({column}: {value})"),
    }
}

/// A line; times in seconds.
#[derive(Debug, Deserialize)]
#[serde(expecting = "what the probe prints")]
struct Line {
    python: String,
    cpus: u32,
    args: Args,
    result: Seen,
    #[serde(default)]
    foreign: f64,
    #[serde(default)]
    steal: f64,
}

/// What the probe was asked.
#[derive(Debug, Deserialize)]
#[serde(tag = "s", rename_all = "lowercase")]
enum Args {
    Cpu {
        threads: u32,
        interval: Option<f64>,
        #[serde(default = "units")]
        units: u64,
    },
    Io {
        spinners: u32,
        kind: String,
        interval: Option<f64>,
        d: Option<f64>,
        #[serde(default)]
        post: u32,
    },
}

/// How many units the probe shares if it is not told.
const fn units() -> u64 {
    24_000
}

/// What it saw.
#[derive(Debug, Deserialize)]
struct Seen {
    version: String,
    gil: bool,
    wall: f64,
    cpu: f64,
    nvcsw: u64,
    nivcsw: u64,
    iters_per_unit: f64,
    iter_s: f64,
    unit: Option<f64>,
    ops: Option<u64>,
    lat_mean: Option<f64>,
    lat_pcts: Option<[f64; 6]>,
    lat_max: Option<f64>,
    spin_units: Option<u64>,
    slices_n: Option<u64>,
    slice_mean: Option<f64>,
    slice_pcts: Option<[f64; 6]>,
}

/// Seconds in whole nanoseconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn ns(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

impl Line {
    fn into_row(self) -> ProbeRow {
        let Self { python, cpus, args, result: seen, foreign, steal } = self;
        let (task, spinners, interval, sleep, post_units, shared_units) = match args {
            Args::Cpu { threads, interval, units } => {
                ("cpu".to_owned(), threads, interval, None, 0, Some(units))
            }
            Args::Io { spinners, kind, interval, d, post } => {
                (kind, spinners, interval, d, post, None)
            }
        };
        let ticks = seen.version.starts_with("2.");
        let latency = |at: usize| seen.lat_pcts.map(|pcts| ns(pcts[at]));
        let slice = |at: usize| seen.slice_pcts.map(|pcts| ns(pcts[at]));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        ProbeRow {
            check_interval_ticks: interval.filter(|_| ticks).map(|interval| interval as u64),
            switch_interval_ns: interval.filter(|_| !ticks).map(ns),
            lock: if seen.gil { "on" } else { "off" }.to_owned(),
            unit_ns: seen.unit.or(Some(seen.iter_s * seen.iters_per_unit)).map(ns),
            latency_p5_ns: latency(0),
            latency_p25_ns: latency(1),
            latency_p50_ns: latency(2),
            latency_p75_ns: latency(3),
            latency_p95_ns: latency(4),
            latency_p99_ns: latency(5),
            latency_mean_ns: seen.lat_mean.map(ns),
            latency_max_ns: seen.lat_max.map(ns),
            slice_p5_ns: slice(0),
            slice_p25_ns: slice(1),
            slice_p50_ns: slice(2),
            slice_p75_ns: slice(3),
            slice_p95_ns: slice(4),
            slice_p99_ns: slice(5),
            slice_mean_ns: seen.slice_mean.map(ns),
            slices: seen.slices_n,
            python,
            version: seen.version,
            cores: cpus,
            task,
            spinners,
            sleep_ns: sleep.map(ns),
            post_units,
            shared_units,
            repetition: 0,
            wall_ns: ns(seen.wall),
            cpu_ns: ns(seen.cpu),
            voluntary_context_switches: seen.nvcsw,
            involuntary_context_switches: seen.nivcsw,
            ops: seen.ops,
            spin_units: seen.spin_units,
            foreign_share: foreign,
            steal_share: steal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::parquet::write_rows;

    const LINE: &str = r#"{"python": "cpython-3.13.0", "cpus": 2, "args": {"d": 0.001, "dur": 1.0, "interval": 0.005, "kind": "sleep", "s": "io", "spinners": 1}, "result": {"version": "3.13.0", "gil": true, "wall": 1.0, "cpu": 1.1, "nvcsw": 900, "nivcsw": 3, "iters_per_unit": 2000, "iter_s": 2.5e-8, "ops": 160, "lat_mean": 0.0062, "lat_pcts": [0.006, 0.0061, 0.0062, 0.0063, 0.0064, 0.0065], "lat_max": 0.007, "spin_units": 19000, "spin_each": [19000]}, "foreign": 0.01, "steal": 0.0}"#;

    #[test]
    fn json_lines_and_parquet_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, table) = (folder.path().join("a.jsonl"), folder.path().join("a.parquet"));
        std::fs::write(&lines, format!("{LINE}\n\n{LINE}\n")).unwrap();
        let rows = read_probe(&lines).unwrap();
        let first = &rows[0];
        assert_eq!((first.repetition, rows[1].repetition), (0, 1));
        assert_eq!((first.task.as_str(), first.switch_interval_ns), ("sleep", Some(5_000_000)));
        assert_eq!((first.latency_p95_ns, first.unit_ns), (Some(6_400_000), Some(50_000)));
        write_rows(&table, &rows, &Vec::new()).unwrap();
        assert_eq!(read_probe(&table).unwrap(), rows);
    }

    /// Each of these would end in a panic, in numbers that are none, or not at all.
    #[test]
    fn what_the_simulator_can_not_do_again_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, table) = (folder.path().join("a.jsonl"), folder.path().join("a.parquet"));
        let good = parse_line(LINE).unwrap();
        for (old, new, line_says, column, allowed) in [
            (
                "\"interval\": 0.005",
                "\"interval\": 0",
                "args.interval is 0",
                "switch_interval_ns",
                "1 to 3600000000000",
            ),
            (
                "\"interval\": 0.005",
                "\"interval\": -1.5",
                "args.interval is -1.5",
                "switch_interval_ns",
                "1 to",
            ),
            (
                "\"spinners\": 1",
                "\"spinners\": 100000",
                "args.spinners is 100000",
                "spinners",
                "0 to 1024",
            ),
            ("\"cpus\": 2", "\"cpus\": 0", "cpus is 0", "cores", "1 to 4096"),
            ("\"cpus\": 2", "\"cpus\": 65537", "cpus is 65537", "cores", "1 to 4096"),
            ("\"wall\": 1.0", "\"wall\": 0.0", "result.wall is 0.0", "wall_ns", "1 or more"),
            ("\"d\": 0.001", "\"d\": 1e9", "args.d is 1000000000.0", "sleep_ns", "1 to 1000000000"),
            (
                "\"d\": 0.001, ",
                "",
                "args.d is missing",
                "sleep_ns",
                "1 to 1000000000 with this task",
            ),
            ("\"sleep\"", "\"read\"", "args.kind is \"read\"", "task", "cpu, sleep, write"),
            ("\"sleep\"", "\"write\"", "args.d is 0.001", "sleep_ns", "nothing with this task"),
        ] {
            let line = LINE.replace(old, new);
            assert_ne!(line, LINE, "{old}");
            std::fs::write(&lines, format!("{LINE}\n{line}\n")).unwrap();
            let error = read_probe(&lines).unwrap_err().to_string();
            let place = format!("a.jsonl, line 2: {line_says} ({column}: ");
            let end = format!("; allowed is {allowed}");
            assert!(error.contains(&place) && error.contains(&end), "{error}");

            let row = parse_line(&line).unwrap();
            write_rows(&table, &[good.clone(), good.clone(), row], &Vec::new()).unwrap();
            let error = read_probe(&table).unwrap_err().to_string();
            assert!(error.contains(&format!("a.parquet, row 3: {column} is ")), "{error}");
            assert!(error.contains(&end), "{error}");
        }
        assert!(own_runs().unwrap().iter().all(|run| check(run) == Ok(())));
    }

    #[test]
    fn errors_name_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, format!("{LINE}\n{{}}\n")).unwrap();
        let error = read_probe(&path).unwrap_err().to_string();
        assert!(error.contains("a.jsonl, line 2: missing field"), "{error}");
        std::fs::write(&path, "\n").unwrap();
        assert!(read_probe(&path).unwrap_err().to_string().ends_with("holds no runs"));
    }
}
