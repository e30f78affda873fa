//! What the programs share: the case from the command line, its batches, and the line they print.

use std::env;
use std::str::FromStr;

use cpu_time::ProcessTime;

/// Threads that think and hold one lock, for exponential times.
pub struct Case {
    /// How many threads there are.
    pub n: usize,
    /// Mean time a thread thinks.
    pub z: f64,
    /// Mean time it holds the lock.
    pub s: f64,
    /// How long is simulated.
    pub duration: f64,
    /// Into how many equal parts, for the standard error.
    pub batches: u32,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Case {
    /// Reads `n z s duration batches seed`.
    pub fn from_arguments() -> Self {
        let mut words = env::args().skip(1);
        Self {
            n: next(&mut words),
            z: next(&mut words),
            s: next(&mut words),
            duration: next(&mut words),
            batches: next(&mut words),
            seed: next(&mut words),
        }
    }

    /// When each batch ends.
    pub fn ends(&self) -> impl Iterator<Item = f64> {
        (1..=self.batches).map(|batch| self.duration * f64::from(batch) / f64::from(self.batches))
    }

    /// Runs a simulation, which says how many cycles were completed at the end of each batch, and prints the result.
    pub fn report(&self, name: &str, simulate: impl FnOnce() -> Vec<u64>) {
        let start = ProcessTime::now();
        let completed = simulate();
        let seconds = start.elapsed().as_secs_f64();

        let mut before = 0;
        let counts: Vec<f64> = completed
            .iter()
            .map(|&cycles| {
                let count = (cycles - before) as f64;
                before = cycles;
                count
            })
            .collect();
        let batches = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / batches;
        let squares: f64 = counts.iter().map(|count| (count - mean).powi(2)).sum();
        let error = (squares / (batches - 1.0) / batches).sqrt();
        let length = self.duration / batches;
        let line = serde_json::json!({
            "name": name,
            "version": version(name),
            "n": self.n,
            "z": self.z,
            "cycles": before,
            "seconds": seconds,
            "throughput": mean / length,
            "standard_error": error / length,
        });
        println!("{line}");
    }
}

/// The version of a package that was built in.
fn version(package: &str) -> &'static str {
    let mut lines = include_str!("../Cargo.lock").lines();
    let name = format!("name = \"{package}\"");
    lines.find(|line| *line == name).expect("the package is locked");
    let line = lines.next().expect("a version comes after the name");
    line.trim_start_matches("version = ").trim_matches('"')
}

fn next<T: FromStr>(words: &mut impl Iterator<Item = String>) -> T {
    let word = words.next().expect("usage: n z s duration batches seed");
    word.parse().unwrap_or_else(|_| panic!("not a number: {word}"))
}
