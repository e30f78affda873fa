//! Runs the probe, a Python script, on a real interpreter: any CPython from 2.7 on, PyPy, free-threaded builds.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::analysis::probe::parse_line;
use crate::trace::tables::ProbeRow;

const PROBE: &str = include_str!("measurement/probe.py");

/// Why an interpreter could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// It can't be started.
    #[error("can't start `{}`: {source}; name a Python interpreter, as in --python /usr/bin/python3", path.display())]
    Start {
        /// The interpreter.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// It has no threads to measure.
    #[error("`{}` has no threads: {message}", path.display())]
    NoThreads {
        /// The interpreter.
        path: PathBuf,
        /// What it says.
        message: String,
    },
    /// It ended with an error, or is no Python.
    #[error("`{}` did not run the probe: {message}", path.display())]
    Failed {
        /// The interpreter.
        path: PathBuf,
        /// What it says.
        message: String,
    },
}

/// An interpreter that can run the probe.
#[derive(Debug, Clone)]
pub struct Interpreter {
    path: PathBuf,
    about: About,
}

/// What the probe says without arguments.
#[derive(Debug, Clone, Deserialize)]
struct About {
    python: String,
    gil: bool,
    ticks: bool,
}

/// A run that the probe can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting(Value);

impl Interpreter {
    /// Asks a program what interpreter it is.
    ///
    /// # Errors
    ///
    /// It can't be started, is no Python, or has no threads.
    pub fn ask(path: &Path) -> Result<Self, MeasureError> {
        let text = call(path, None)?;
        let about = serde_json::from_str(&text).map_err(|_| unexpected(path, &text))?;
        Ok(Self { path: path.to_owned(), about })
    }

    /// Its name and version, as in `cpython-3.13.0`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.about.python
    }

    /// The runs that tell how it schedules threads, on each number of cores; with the interpreter's own
    /// interval, and if `quick` is not set a tenth or ten times of it too.
    #[must_use]
    pub fn settings(&self, cores: &[u32], quick: bool) -> Vec<Setting> {
        let intervals = match &self.about {
            About { gil: false, .. } => vec![Value::Null],
            About { ticks: true, .. } => vec![json!(100), json!(1000)],
            _ => vec![json!(0.005), json!(0.0005)],
        };
        let intervals = if quick { &intervals[..1] } else { &intervals };
        let seconds = if quick { 0.5 } else { 1.5 };
        let mut settings = Vec::new();
        for &cpus in cores {
            for interval in intervals {
                let mut add = |mut args: Value| {
                    args["cpus"] = json!(cpus);
                    args["interval"] = interval.clone();
                    settings.push(Setting(args));
                };
                let units = if quick { 6_000 } else { 24_000 };
                for threads in [1, 2, 4] {
                    add(json!({ "s": "cpu", "threads": threads, "units": units }));
                }
                let io = |kind: &str, spinners: u32| json!({ "s": "io", "kind": kind, "spinners": spinners, "dur": seconds });
                for spinners in [0, 1, 3] {
                    for sleep in [0.001, 0.01] {
                        let mut args = io("sleep", spinners);
                        args["d"] = json!(sleep);
                        add(args);
                    }
                }
                for spinners in [0, 1] {
                    add(io("write", spinners));
                }
            }
        }
        settings
    }

    /// Does one run.
    ///
    /// # Errors
    ///
    /// The interpreter ends with an error.
    pub fn measure(&self, setting: &Setting, repetition: u32) -> Result<ProbeRow, MeasureError> {
        let text = call(&self.path, Some(&setting.0.to_string()))?;
        let row = parse_line(&text).map_err(|_| unexpected(&self.path, &text))?;
        Ok(ProbeRow { repetition, ..row })
    }
}

/// Each setting so many times, in an order that leaves no setting to one moment: the machine's speed wanders.
#[must_use]
pub fn schedule(settings: &[Setting], repetitions: u32) -> Vec<(&Setting, u32)> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut runs = Vec::new();
    for repetition in 0..repetitions {
        let mut round: Vec<_> = settings.iter().map(|setting| (setting, repetition)).collect();
        round.shuffle(&mut rng);
        runs.append(&mut round);
    }
    runs
}

fn call(path: &Path, asked: Option<&str>) -> Result<String, MeasureError> {
    let mut command = Command::new(path);
    command.args([OsStr::new("-c"), OsStr::new(PROBE)]).args(asked).stdin(Stdio::null());
    let output =
        command.output().map_err(|source| MeasureError::Start { path: path.to_owned(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let says = String::from_utf8_lossy(&output.stderr);
    let last = says.lines().rfind(|line| !line.trim().is_empty());
    let message = last.map_or_else(|| output.status.to_string(), str::to_owned);
    let path = path.to_owned();
    let no_threads = message.contains("No module named") && message.contains("thread");
    Err(if no_threads {
        MeasureError::NoThreads { path, message }
    } else {
        MeasureError::Failed { path, message }
    })
}

fn unexpected(path: &Path, text: &str) -> MeasureError {
    let begin: String = text.chars().take(80).collect();
    MeasureError::Failed {
        path: path.to_owned(),
        message: format!("it printed `{}`", begin.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter(gil: bool, ticks: bool) -> Interpreter {
        let about = About { python: "cpython-3.13.0".into(), gil, ticks };
        Interpreter { path: "python".into(), about }
    }

    #[test]
    fn settings_differ_in_what_the_interpreter_has() {
        let count = |interpreter: Interpreter, quick| interpreter.settings(&[1, 2], quick).len();
        assert_eq!(count(interpreter(true, false), false), 2 * 2 * 11);
        assert_eq!(count(interpreter(true, false), true), 2 * 11);
        assert_eq!(count(interpreter(false, false), false), 2 * 11);
        let ticks = interpreter(true, true).settings(&[1], true);
        assert_eq!(ticks[0].0["interval"], json!(100));
    }

    #[test]
    fn every_round_has_every_setting_once() {
        let settings = interpreter(true, false).settings(&[1], true);
        let runs = schedule(&settings, 3);
        assert_eq!(runs.len(), 3 * settings.len());
        for round in runs.chunks(settings.len()) {
            assert!(settings.iter().all(|setting| round.iter().any(|run| run.0 == setting)));
        }
        assert_ne!(runs[0].0, &settings[0]);
    }

    #[test]
    fn errors_say_what_to_do() {
        let missing = Interpreter::ask(Path::new("/no/such/python")).unwrap_err().to_string();
        assert!(missing.contains("/no/such/python") && missing.contains("--python"), "{missing}");
        let other = Interpreter::ask(Path::new("echo")).unwrap_err().to_string();
        assert!(other.contains("it printed"), "{other}");
        let fails = Interpreter::ask(Path::new("false")).unwrap_err().to_string();
        assert!(fails.contains("did not run the probe"), "{fails}");
    }
}
