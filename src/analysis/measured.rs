//! Measured values of real interpreters, to be shown beside simulated ones.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The name under which results keep a copy of the measured values that belong to them.
pub const MEASURED_FILE: &str = "measured.csv";

/// One value of one repetition.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredRow {
    /// The policy's name, as in the experiment.
    pub policy: String,
    /// The point's label, as in the table of runs, such as `threads=3`.
    pub point: String,
    /// The metric: a column of the table of runs.
    pub metric: String,
    /// Which repetition.
    pub repetition: u32,
    /// The value, in the unit that the column's name gives.
    pub value: f64,
}

/// The table of measured values can't be used.
#[derive(Debug, thiserror::Error)]
#[error("can't read the measured values in {path}: {source}", path = .path.display())]
pub struct MeasuredError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and in which line.
    pub source: csv::Error,
}

/// Measured values of one experiment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured(Vec<MeasuredRow>);

impl Measured {
    /// Reads a CSV file with the columns policy, point, metric, repetition, value.
    ///
    /// # Errors
    ///
    /// The file is missing, or a line of it does not fit.
    pub fn read(path: &Path) -> Result<Self, MeasuredError> {
        let error = |source| MeasuredError { path: path.to_owned(), source };
        let mut reader = csv::Reader::from_path(path).map_err(error)?;
        reader.deserialize().collect::<Result<_, _>>().map(Self).map_err(error)
    }

    /// The repetitions' values of a metric under a policy at a point, in ascending order.
    #[must_use]
    pub fn values(&self, policy: &str, point: &str, metric: &str) -> Vec<f64> {
        let wanted =
            |row: &&MeasuredRow| row.policy == policy && row.point == point && row.metric == metric;
        let mut values: Vec<_> = self.0.iter().filter(wanted).map(|row| row.value).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Whether a policy was measured at a point.
    #[must_use]
    pub fn has(&self, policy: &str, point: &str) -> bool {
        self.0.iter().any(|row| row.policy == policy && row.point == point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("measured.csv");
        let text = "policy,point,metric,repetition,value\n\
                    a,threads=1,slowdown,0,2.5\na,threads=1,slowdown,1,1.5\nb,threads=1,slowdown,0,9\n";
        std::fs::write(&path, text).unwrap();
        let measured = Measured::read(&path).unwrap();
        assert_eq!(measured.values("a", "threads=1", "slowdown"), [1.5, 2.5]);
        assert!(measured.values("a", "threads=2", "slowdown").is_empty());
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("measured.csv");
        std::fs::write(&path, "policy,point,metric,repetition,value\na,b,c,0,much\n").unwrap();
        let error = Measured::read(&path).unwrap_err().to_string();
        assert!(error.contains("measured.csv") && error.contains("line: 2"), "{error}");
    }
}
