//! Does the runs of a results directory again, and says which come out differently.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::Error;
use super::execute::fingerprint_of;
use super::manifest::{self, MANIFEST, Manifest, commit, file_sha256};
use super::plan::{Plan, PlannedRun};
use super::runner::run_all;
use super::sensitivity::Study;
use super::source::Sources;
use crate::analysis::Results;
use crate::trace::fingerprint::{self, Fingerprint};
use crate::trace::tables::RunRow;
use crate::workload::StreamKey;

/// A results directory, and the plan that its manifest holds.
#[derive(Debug)]
pub struct Recorded {
    /// The directory.
    pub dir: PathBuf,
    /// What its manifest says.
    pub manifest: Manifest,
    /// The manifest's configuration, ready to run.
    pub plan: Plan,
    /// The table of runs.
    pub runs: Vec<RunRow>,
}

/// What came of doing runs again.
#[derive(Debug, Clone, Serialize)]
pub struct Reproduction {
    /// Number of runs that were done again.
    pub runs: usize,
    /// How many of them came out the same.
    pub identical: usize,
    /// Those that did not, in the order of their numbers.
    pub differing: Vec<Differing>,
    /// What the directory says against itself: files or numbers that were changed later.
    pub contradictions: Vec<String>,
    /// What may explain a difference, such as another version of the program.
    pub remarks: Vec<String>,
}

/// A run that came out differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// Its number.
    pub run: u32,
    /// Its case; empty if there are none.
    pub case: String,
    /// Its point; empty without a sweep.
    pub point: String,
    /// Its policy.
    pub policy: String,
    /// Its replication.
    pub replication: u32,
    /// Its fingerprint in the table of runs.
    pub recorded: Fingerprint,
    /// Its fingerprint now.
    pub now: Fingerprint,
}

impl Reproduction {
    /// Whether everything is as it was.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.differing.is_empty() && self.contradictions.is_empty()
    }
}

impl Recorded {
    /// Opens a results directory. Files that the experiment draws from are looked for in `files`; where they were when
    /// it was run, seen from the directory, if that is not given.
    ///
    /// # Errors
    /// The results are not complete, are those of a version that this program can't read, or a file that the experiment
    /// draws from is missing or another.
    pub fn open(dir: &Path, files: Option<&Path>) -> Result<Self, Error> {
        let path = dir.join(MANIFEST);
        let Some(manifest) = manifest::read(dir)? else {
            let help = "is missing, so these are no complete results; `gilsim run` with the experiment's file and --out \
                        begins them, or carries on where it stopped";
            return Err(Error::file(&path, help));
        };
        let folder = match files {
            Some(files) => files.to_owned(),
            None => dir.join(manifest.folder.as_deref().unwrap_or(Path::new("."))),
        };
        if !folder.is_dir() && files.is_some() {
            return Err(Error::file(&folder, "is no folder"));
        }
        check_inputs(&manifest, &folder)?;
        let unreadable = |error: String| {
            let version = &manifest.identity.version;
            let message = format!(
                "this program can't read its configuration; use version {version}, which wrote it:\n{error}"
            );
            Error::file(&path, message)
        };
        let config =
            without_measured(&manifest.config).map_err(|error| unreadable(error.to_string()))?;
        let sources = Sources::new(&folder.join(MANIFEST), config, &[]);
        let plan = match &manifest.study {
            None => Plan::from_sources(&sources),
            Some(choice) => Study::of(&sources, choice).map(|study| study.plan),
        };
        let plan = plan.map_err(|error| unreadable(error.to_string()))?;
        let results = Results::open(dir).map_err(|error| Error::Text(error.to_string()))?;
        let runs = results.runs().to_vec();
        Ok(Self { dir: dir.to_owned(), manifest, plan, runs })
    }

    /// The plan of a run in the table; `None` if the configuration has no such series.
    #[must_use]
    pub fn planned(&self, row: &RunRow) -> Option<PlannedRun> {
        let same = |run: &&PlannedRun| {
            run.policy == row.policy
                && run.point.label == row.point
                && run.point.case.as_deref().unwrap_or_default() == row.case
        };
        // Runs may have been added later: the table may have more replications than the plan.
        let near = self.plan.runs.get(row.run as usize).filter(same);
        let first = near.or_else(|| self.plan.runs.iter().find(same))?;
        let (index, replication, ties) = (row.run, row.replication, row.tie_order);
        Some(PlannedRun { index, replication, ties, ..first.clone() })
    }

    /// Some runs of the table, chosen at random from a seed, in the order of the table.
    #[must_use]
    pub fn choose(&self, count: usize, seed: u64) -> Vec<&RunRow> {
        let chance =
            |row: &RunRow| StreamKey { seed, replication: row.run, group: 0, member: 0 }.mix(0);
        let mut rows: Vec<_> = self.runs.iter().collect();
        rows.sort_by_cached_key(|row| chance(row));
        rows.truncate(count);
        rows.sort_by_key(|row| row.run);
        rows
    }

    /// Does runs again, `workers` at a time, in memory; `notify` is called whenever one ends.
    ///
    /// # Errors
    /// A run breaks an invariant of the simulator, or a table can't be read.
    pub fn again(
        &self,
        rows: &[&RunRow],
        workers: NonZeroUsize,
        mut notify: impl FnMut(),
    ) -> Result<Reproduction, Error> {
        let mut contradictions = self.contradictions()?;
        let mut planned = Vec::new();
        for row in rows {
            match self.planned(row) {
                Some(run) => planned.push((*row, run)),
                None => contradictions.push(format!(
                    "runs.parquet: run {} ({}) is none of the configuration's",
                    row.run, row.policy
                )),
            }
        }
        let runs: Vec<_> = planned.iter().map(|(_, run)| run).collect();
        let mut now = HashMap::new();
        run_all(
            &runs,
            workers,
            |run| Ok(fingerprint_of(run)),
            |run, fingerprint| {
                now.insert(run.index, fingerprint);
                notify();
                Ok(())
            },
        )?;
        let differing: Vec<_> = planned
            .iter()
            .filter_map(|(row, run)| Some((row, *now.get(&run.index)?)))
            .filter(|(row, now)| row.fingerprint != *now)
            .map(|(row, now)| Differing {
                run: row.run,
                case: row.case.clone(),
                point: row.point.clone(),
                policy: row.policy.clone(),
                replication: row.replication,
                recorded: row.fingerprint,
                now,
            })
            .collect();
        let identical = planned.len() - differing.len();
        let remarks = self.remarks();
        Ok(Reproduction { runs: rows.len(), identical, differing, contradictions, remarks })
    }

    /// What the directory says against itself.
    fn contradictions(&self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        let Manifest { seed, sha256, .. } = &self.manifest;
        if *seed != self.plan.seed() {
            let other = self.plan.seed();
            found.push(format!("{MANIFEST}: the seed is {seed}, but {other} in its configuration"));
        }
        for (file, known) in sha256 {
            let path = self.dir.join(file);
            if !path.exists() {
                found.push(format!("{} is gone", file.display()));
            } else if file_sha256(&path)? != *known {
                found.push(format!("{} was changed after the runs", file.display()));
            }
        }
        let missing = self.plan.runs.len().saturating_sub(self.runs.len());
        if missing > 0 {
            found.push(format!("runs.parquet: {missing} runs of the configuration are missing"));
        }
        Ok(found)
    }

    /// What may explain a difference.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let Manifest { identity, fingerprint: method, commit: built, .. } = &self.manifest;
        let mut remarks = Vec::new();
        let version = env!("CARGO_PKG_VERSION");
        if identity.version != version {
            let other = &identity.version;
            remarks.push(format!("the results are of version {other}, this program is {version}"));
        }
        if let (Some(built), Some(this)) = (built.as_deref(), commit())
            && built != this
        {
            remarks.push(format!("the results are of commit {built}, this program of {this}"));
        }
        if method != fingerprint::METHOD {
            let (old, new) = (method, fingerprint::METHOD);
            remarks.push(format!("their fingerprints are made differently: {old}, now {new}"));
        }
        if identity.hash != self.plan.hash {
            let hint = "the configuration has another hash now: it was changed, or this program has other defaults";
            remarks.push(hint.to_owned());
        }
        remarks
    }
}

/// Refuses files that the experiment draws from and that are not what they were.
fn check_inputs(manifest: &Manifest, folder: &Path) -> Result<(), Error> {
    for input in &manifest.inputs {
        let path = folder.join(&input.file);
        let help = "bring it back, or say with --files in which folder the experiment's files are";
        if !path.exists() {
            return Err(Error::file(
                &path,
                format!("is missing, and the experiment draws from it; {help}"),
            ));
        }
        let found = file_sha256(&path)?;
        if found != input.sha256 {
            let known = &input.sha256;
            let message = format!(
                "is not the file that the runs drew from (SHA-256 {found}, not {known}); {help}"
            );
            return Err(Error::file(&path, message));
        }
    }
    Ok(())
}

/// The configuration without measured values to draw beside, which change no run.
fn without_measured(config: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut table: toml::Table = config.parse()?;
    table.remove("measured");
    let cases = table.get_mut("cases").and_then(toml::Value::as_table_mut);
    for (_, case) in cases.into_iter().flatten() {
        case.as_table_mut().map(|case| case.remove("measured"));
    }
    Ok(toml::to_string(&table)?)
}
