//! Does runs on all cores, and hands over what comes of them one at a time.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use super::error::Error;
use super::plan::PlannedRun;

/// Does the runs in order, `workers` at a time, and calls `keep` in this thread whenever one ends.
///
/// Which run ends first depends on chance, so `keep` must not let the order show.
///
/// # Errors
/// The first error of `execute` or `keep`. No further run is begun then; those in flight are
/// still kept if they can be.
pub fn run_all<R: Send>(
    runs: &[&PlannedRun],
    workers: NonZeroUsize,
    execute: impl Fn(&PlannedRun) -> Result<R, Error> + Sync,
    mut keep: impl FnMut(&PlannedRun, R) -> Result<(), Error>,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let (sender, ended) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..workers.get().min(runs.len()) {
            let sender = sender.clone();
            let (next, stop, execute) = (&next, &stop, &execute);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    let result = catch_unwind(AssertUnwindSafe(|| execute(run)));
                    let result = result.unwrap_or_else(|panic| Err(broken(run, &*panic)));
                    if result.is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                    if sender.send((*run, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut first_error = None;
        for (run, result) in ended {
            if let Err(error) = result.and_then(|result| keep(run, result)) {
                stop.store(true, Ordering::Relaxed);
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    })
}

fn broken(run: &PlannedRun, panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    let seed = run.point.experiment.seed;
    Error::Broken(format!(
        "{} with seed {seed} broke an invariant of the simulator: {text}",
        run.title()
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::FILE;
    use super::super::{Plan, Sources};
    use super::*;

    fn plan() -> Plan {
        let sources =
            Sources::new(Path::new("x.toml"), FILE.to_owned(), &["replications=50".to_owned()]);
        Plan::from_sources(&sources).unwrap()
    }

    fn collect(workers: usize) -> Vec<(u32, String)> {
        let plan = plan();
        let mut kept = Vec::new();
        let workers = NonZeroUsize::new(workers).unwrap();
        let keep = |run: &PlannedRun, title| {
            kept.push((run.index, title));
            Ok(())
        };
        run_all(&plan.runs.iter().collect::<Vec<_>>(), workers, |run| Ok(run.title()), keep)
            .unwrap();
        kept.sort();
        kept
    }

    #[test]
    fn every_run_is_kept_once_for_any_number_of_workers() {
        let one = collect(1);
        assert_eq!(one.len(), 100);
        assert!(one.iter().zip(0..).all(|((index, _), expected)| *index == expected));
        assert_eq!(collect(3), one);
        assert_eq!(collect(200), one);
    }

    #[test]
    fn errors_end_it_and_keep_what_is_done() {
        let plan = plan();
        let runs: Vec<_> = plan.runs.iter().collect();
        let mut kept = Vec::new();
        let execute = |run: &PlannedRun| match run.index {
            7 => Err(Error::file(Path::new("full"), "no space")),
            index => Ok(index),
        };
        let keep = |_: &PlannedRun, index| {
            kept.push(index);
            Ok(())
        };
        let error = run_all(&runs, NonZeroUsize::MIN, execute, keep).unwrap_err();
        assert_eq!(error.to_string(), "full: no space");
        assert_eq!(kept[..7], [0, 1, 2, 3, 4, 5, 6]);
        assert!(kept.len() < 100);
    }

    #[test]
    fn a_panic_is_an_error_that_names_the_run() {
        let plan = plan();
        let runs: Vec<_> = plan.runs.iter().collect();
        let execute = |_: &PlannedRun| -> Result<(), Error> { panic!("two holders at {}", 3) };
        let error = run_all(&runs, NonZeroUsize::MIN, execute, |_, ()| Ok(())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "run 0 (CPython 3.13, replication 0) with seed 1 broke an invariant of the simulator: two holders at 3"
        );
    }
}
