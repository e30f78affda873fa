//! `gilsim measure`: the probe on a real interpreter, for `gilsim validate`.

use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::Args;

use crate::experiment::Error;
use crate::measurement::{Interpreter, MeasureError, schedule};
use crate::trace::parquet::write_rows;

/// Above this share of a core used by others, a run says little about the interpreter.
const BUSY: f64 = 0.05;

#[derive(Debug, Args)]
pub struct MeasureArgs {
    /// The interpreter: any CPython from 2.7 on, PyPy, free-threaded builds.
    #[arg(long, value_name = "PATH")]
    python: PathBuf,
    /// The table to write; measured-PYTHON.parquet if not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// On how many cores; 1 and 2 if not given.
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = cores_here)]
    cores: Vec<u32>,
    /// How often each setting is measured.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repetitions: u32,
    /// Shorter runs, and only the interpreter's own interval: a first look.
    #[arg(long)]
    quick: bool,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

pub fn measure(args: &MeasureArgs) -> Result<String, Error> {
    let failed = |error: MeasureError| Error::Text(error.to_string());
    let interpreter = Interpreter::ask(&args.python).map_err(failed)?;
    let default = || PathBuf::from(format!("measured-{}.parquet", interpreter.name()));
    let out = args.out.clone().unwrap_or_else(default);
    if out.exists() {
        return Err(Error::file(&out, "exists: name another with --out, or remove it"));
    }
    let settings = interpreter.settings(&cores(&args.cores), args.quick);
    let runs = schedule(&settings, args.repetitions);
    let bar = super::bar(runs.len() as u64, args.quiet);
    let metadata = vec![
        ("gilsim.interpreters".to_owned(), interpreter.name().to_owned()),
        ("gilsim.machine".to_owned(), machine()),
    ];
    let mut rows = Vec::new();
    for (setting, repetition) in runs {
        rows.push(interpreter.measure(setting, repetition).map_err(failed)?);
        // Whatever happens later, these runs are kept.
        write_rows(&out, &rows, &metadata).map_err(|error| Error::Text(error.to_string()))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let busy = rows.iter().filter(|row| row.foreign_share > BUSY).count();
    if busy > 0 && !args.quiet {
        super::tell(&format!(
            "{busy} of {} runs had other processes beside them: an idle machine measures better",
            rows.len()
        ));
    }
    let file = out.display();
    Ok(format!(
        "{} runs of {} in {file}\n\ncompare: gilsim validate --against {file}\n",
        rows.len(),
        interpreter.name()
    ))
}

fn here() -> u32 {
    available_parallelism().map_or(1, |cores| cores.get() as u32)
}

/// A number of cores that this machine has: what it has not is as wrong as what is no number.
fn cores_here(text: &str) -> Result<u32, String> {
    let here = here();
    match text.parse() {
        Ok(cores) if (1..=here).contains(&cores) => Ok(cores),
        _ => Err(format!("this machine has {here}: allowed are numbers from 1 to {here}")),
    }
}

fn cores(asked: &[u32]) -> Vec<u32> {
    if asked.is_empty() { (1..=here().min(2)).collect() } else { asked.to_vec() }
}

/// What is known of this machine without asking.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    let kernel = read("/proc/sys/kernel/osrelease");
    let cores = available_parallelism().map_or(1, |cores| cores.get());
    format!(
        "{}, {cores} cores, {} {}",
        model.unwrap_or("unknown processor").trim(),
        std::env::consts::OS,
        kernel.trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_that_are_not_there_are_refused() {
        assert_eq!(cores_here("1"), Ok(1));
        for wrong in ["0", "-1", "two", &(here() + 1).to_string()] {
            let error = cores_here(wrong).unwrap_err();
            assert!(error.ends_with(&format!("from 1 to {}", here())), "{wrong}: {error}");
        }
    }
}
