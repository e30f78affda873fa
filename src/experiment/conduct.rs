//! An experiment from its plan to its results on disk.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::execute::{Record, write_tables};
use super::manifest;
use super::plan::{Plan, PlannedRun};
use super::runner::run_all;
use super::store::{self, Store};
use super::warm_up::Cut;
use super::{precision, warm_up};
use crate::analysis::Results;
use crate::analysis::measured::MEASURED_FILE;
use crate::trace::tables::RunRow;

/// How an experiment is carried out. Nothing here changes a result.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The directory of the results.
    pub dir: &'a Path,
    /// How many runs at a time.
    pub workers: NonZeroUsize,
    /// Whether to begin anew, even if there are results.
    pub fresh: bool,
}

/// What happens meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice<'a> {
    /// Other results were in the directory; they are here now.
    MovedAside(&'a Path),
    /// Everything was done before.
    Complete,
    /// So many runs are looked at of so many, to find the end of the warm-up.
    WarmUp(usize, usize),
    /// So many runs are done of so many: at the begin, whenever a run ends, and when replications are added.
    Done(usize, usize),
}

/// What there is in the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Every run.
    pub runs: Vec<RunRow>,
    /// Every table, and the manifest at last.
    pub files: Vec<PathBuf>,
}

/// Does all runs that are not done yet, with `execute`, and writes the tables.
///
/// # Errors
/// Something can't be read or written, or a run fails. What is done by then is carried on with at
/// the next call.
pub fn conduct(
    plan: &Plan,
    options: &Options<'_>,
    execute: impl Fn(&PlannedRun) -> Result<Record, Error> + Sync,
    mut notify: impl FnMut(Notice<'_>),
) -> Result<Finished, Error> {
    let Options { dir, workers, fresh } = *options;
    let mut store = Store::<Record>::open(dir, plan, fresh)?;
    if let Some(moved) = &store.moved {
        notify(Notice::MovedAside(moved));
    }
    let Some(journal) = &mut store.journal else {
        notify(Notice::Complete);
        copy_measured(plan, dir)?;
        return read_back(dir);
    };
    let mut runs = plan.runs.clone();
    let known = |run: &PlannedRun| journal.records.get(&run.index).map(|done| Cut::of(&done.run));
    warm_up::find(&mut runs, known, workers, |done, of| notify(Notice::WarmUp(done, of)))?;
    loop {
        let missing: Vec<_> =
            runs.iter().filter(|run| !journal.records.contains_key(&run.index)).collect();
        let total = runs.len();
        let mut done = total - missing.len();
        notify(Notice::Done(done, total));
        run_all(&missing, workers, &execute, |run, record| {
            journal.record(run.index, record)?;
            done += 1;
            notify(Notice::Done(done, total));
            Ok(())
        })?;
        let value = |run: &PlannedRun, metric: &str| journal.records[&run.index].run.number(metric);
        let next = precision::next_round(&runs, value);
        if next.is_empty() {
            break;
        }
        runs.extend(next);
    }
    let records = || runs.iter().map(|run| &journal.records[&run.index]);
    let mut files = write_tables(plan, &runs, records(), dir)?;
    let rows = records().map(|record| record.run.clone()).collect();
    files.extend(copy_measured(plan, dir)?);
    files.push(store.finish(plan, runs.len(), &files)?);
    Ok(Finished { runs: rows, files })
}

/// Puts the measured values beside the tables, so that figures find everything in one directory.
fn copy_measured(plan: &Plan, dir: &Path) -> Result<Option<PathBuf>, Error> {
    let Some(bytes) = &plan.measured else { return Ok(None) };
    let path = dir.join(MEASURED_FILE);
    store::write_whole(&path, bytes)?;
    Ok(Some(path))
}

/// What an earlier call has written.
fn read_back(dir: &Path) -> Result<Finished, Error> {
    let results = Results::open(dir).map_err(|error| Error::file(dir, error))?;
    let manifest = manifest::read(dir)?;
    let files = manifest.into_iter().flat_map(|manifest| manifest.files);
    let files =
        files.chain([PathBuf::from(manifest::MANIFEST)]).map(|file| dir.join(file)).collect();
    Ok(Finished { runs: results.runs().to_vec(), files })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::super::Sources;
    use super::super::tests::FILE;
    use super::*;

    fn plan(replications: u32) -> Plan {
        let set = [format!("replications={replications}")];
        Plan::from_sources(&Sources::new(Path::new("x.toml"), FILE.to_owned(), &set)).unwrap()
    }

    fn stub(run: &PlannedRun) -> Record {
        let ops_per_s = Some(f64::from(run.index).sqrt());
        let policy = run.policy.clone();
        let run = RunRow { run: run.index, policy, ops_per_s, ..RunRow::default() };
        Record { run, threads: vec![] }
    }

    fn options(dir: &Path, workers: usize) -> Options<'_> {
        Options { dir, workers: NonZeroUsize::new(workers).unwrap(), fresh: false }
    }

    #[test]
    fn an_interrupted_experiment_ends_with_the_same_bytes() {
        let root = tempfile::tempdir().unwrap();
        let (whole, broken) = (root.path().join("whole"), root.path().join("broken"));
        let plan = plan(20);
        conduct(&plan, &options(&whole, 1), |run| Ok(stub(run)), |_| {}).unwrap();

        let calls = AtomicU32::new(0);
        let fails_twice = |run: &PlannedRun| match calls.fetch_add(1, Ordering::Relaxed) {
            9 | 22 => Err(Error::file(Path::new("disk"), "full")),
            _ => Ok(stub(run)),
        };
        for _ in 0..2 {
            let error = conduct(&plan, &options(&broken, 3), fails_twice, |_| {}).unwrap_err();
            assert_eq!(error.to_string(), "disk: full");
        }
        let mut first = None;
        let notify = |notice: Notice<'_>| {
            if let Notice::Done(done, total) = notice {
                first.get_or_insert((done, total));
            }
        };
        let finished = conduct(&plan, &options(&broken, 2), fails_twice, notify).unwrap();
        let (done, total) = first.unwrap();
        assert!((20..40).contains(&done) && total == 40, "{done}");
        assert_eq!(finished.runs.len(), 40);
        assert_eq!(calls.into_inner(), 42, "no run is done twice");
        for table in ["runs.parquet", "threads.parquet"] {
            let bytes = |dir: &Path| std::fs::read(dir.join(table)).unwrap();
            assert!(bytes(&whole) == bytes(&broken), "{table}");
        }
    }

    #[test]
    fn a_complete_experiment_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let plan = plan(2);
        let first = conduct(&plan, &options(dir.path(), 1), |run| Ok(stub(run)), |_| {}).unwrap();
        let execute = |_: &PlannedRun| -> Result<Record, Error> { panic!("nothing is left to do") };
        let mut complete = false;
        let notify = |notice: Notice<'_>| complete |= notice == Notice::Complete;
        let again = conduct(&plan, &options(dir.path(), 1), execute, notify).unwrap();
        assert!(complete);
        assert_eq!(again, first);
        let names: Vec<_> = first.files.iter().map(|file| file.file_name().unwrap()).collect();
        assert_eq!(names, ["runs.parquet", "threads.parquet", "manifest.json"]);
    }
}
