//! Where the statistics of steady-state runs begin.
//!
//! MSER-5 looks at the latencies of the focus group's operations in the first replications of every series of a point.
//! The latest of the instants that it finds holds for all runs of the point, so that series stay comparable. Statistics are
//! cut, never state: a run begins empty, and its warm-up is simulated as well.

use std::num::NonZeroUsize;
use std::sync::Arc;

use gilsim_policies::{Instant, Span};
use indexmap::IndexMap;

use super::error::Error;
use super::output_analysis::{OutputAnalysis, WarmUp};
use super::plan::{PlannedRun, Point};
use super::runner::run_all;
use crate::sim;
use crate::statistics::warm_up::{BATCH, mser_5};
use crate::trace::tables::{Coverage, RunRow};
use crate::trace::{OpRow, Sink};

/// How many replications of each series are looked at. More change little, and each costs a run.
const PILOTS: u32 = 5;

/// What the statistics of a run leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// From the begin of the run.
    pub span: Span,
    /// Whether MSER-5 found no end of the warm-up within the first half: the run is too short.
    pub too_short: bool,
}

impl Cut {
    /// What an experiment says; `None` if the first replications have to say it.
    pub(super) fn planned(analysis: &OutputAnalysis) -> Option<Self> {
        match analysis.warm_up() {
            None => Some(Self::default()),
            Some(WarmUp::Fixed(span)) => Some(Self { span, too_short: false }),
            Some(WarmUp::Mser5) => None,
        }
    }

    /// What was left out of a run that is done.
    pub(super) fn of(run: &RunRow) -> Self {
        let too_short = run.coverage == Coverage::TooShort;
        Self { span: Span::from_ns(run.warm_up_ns), too_short }
    }

    /// The longer one; of none that is too short if either is.
    fn join(self, other: Self) -> Self {
        Self { span: self.span.max(other.span), too_short: self.too_short || other.too_short }
    }
}

/// Gives a cut to all runs that have none yet. Points of which `known` tells one have been looked at before.
///
/// # Errors
/// A run broke.
pub(super) fn find(
    runs: &mut [PlannedRun],
    known: impl Fn(&PlannedRun) -> Option<Cut>,
    workers: NonZeroUsize,
    mut notify: impl FnMut(usize, usize),
) -> Result<(), Error> {
    let mut cuts: IndexMap<*const Point, Cut> = IndexMap::new();
    for run in runs.iter().filter(|run| run.warm_up.is_none()) {
        if let Some(cut) = known(run) {
            cuts.insert(Arc::as_ptr(&run.point), cut);
        }
    }
    let unknown = |run: &&PlannedRun| {
        let point = Arc::as_ptr(&run.point);
        run.warm_up.is_none() && run.replication < PILOTS && !cuts.contains_key(&point)
    };
    let pilots: Vec<_> = runs.iter().filter(unknown).collect();
    let mut done = 0;
    run_all(
        &pilots,
        workers,
        |run| Ok(pilot(run)),
        |run, cut| {
            let of_point = cuts.entry(Arc::as_ptr(&run.point)).or_default();
            *of_point = of_point.join(cut);
            done += 1;
            notify(done, pilots.len());
            Ok(())
        },
    )?;
    for run in runs.iter_mut().filter(|run| run.warm_up.is_none()) {
        run.warm_up = cuts.get(&Arc::as_ptr(&run.point)).copied();
    }
    Ok(())
}

fn pilot(run: &PlannedRun) -> Cut {
    let mut latencies = Batches { focus: run.focus_threads(), ..Batches::default() };
    let outcome = sim::run(&run.run_spec(), &mut latencies);
    let means: Vec<_> = latencies.whole.iter().map(|(_, mean)| *mean).collect();
    match mser_5(&means) {
        Some(0) => Cut::default(),
        Some(deleted) => {
            Cut { span: latencies.whole[deleted - 1].0 - Instant::ZERO, too_short: false }
        }
        None => Cut { span: Span::from_ns(outcome.elapsed.ns() / 2), too_short: true },
    }
}

/// The latencies of some threads' operations, in batches of five in the order in which they were completed.
#[derive(Debug, Default)]
struct Batches {
    focus: std::ops::Range<u32>,
    /// When each batch was complete, and its mean \[ns\].
    whole: Vec<(Instant, f64)>,
    sum: Span,
    count: usize,
}

impl Sink for Batches {
    fn op(&mut self, row: &OpRow) {
        if !self.focus.contains(&row.thread.0) {
            return;
        }
        self.sum += row.latency();
        self.count += 1;
        if self.count == BATCH {
            self.whole.push((row.end, self.sum.ns() as f64 / BATCH as f64));
            (self.sum, self.count) = (Span::ZERO, 0);
        }
    }
}
