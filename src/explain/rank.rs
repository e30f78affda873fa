//! Alternatives compared with the workload as it is, replication by replication.

use serde::Serialize;

use super::{Case, Evidence, Run, Tried};
use crate::analysis::estimate::CONFIDENCE;
use crate::sim::Ending;
use crate::statistics::Estimate;
use crate::workload::Arrivals;

/// What a speed-up compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The time until every thread has ended.
    Elapsed,
    /// The focus group's operations per second.
    Operations,
    /// The mean latency of the focus group: requests come as they come, and their number says nothing.
    Latency,
}

impl Basis {
    /// The time, if all threads come to their end; it says nothing where runs are cut off.
    #[must_use]
    pub fn of(case: &Case<'_>, baseline: &[Run]) -> Self {
        let mut groups = case.workload.groups.iter().filter(|group| group.threads > 0);
        let cut = baseline.iter().any(|run| run.outcome.ending == Ending::TimeUp);
        if !cut && groups.all(|group| group.passes.is_some()) {
            Self::Elapsed
        } else if matches!(case.workload.groups[case.focus].arrivals, Arrivals::Open { .. }) {
            Self::Latency
        } else {
            Self::Operations
        }
    }

    /// How fast a run was, in a unit of its own; `None` if that can't be said.
    fn speed(self, run: &Run, focus: usize) -> Option<f64> {
        let elapsed = run.outcome.elapsed.as_s_f64();
        let amount = match self {
            Self::Elapsed => 1.0,
            Self::Operations => run.operations[focus].count as f64,
            Self::Latency => {
                return run.operations[focus].mean_ns.filter(|_| !run.deadlocked()).map(f64::recip);
            }
        };
        (!run.deadlocked() && elapsed > 0.0 && amount > 0.0).then(|| amount / elapsed)
    }
}

/// A ratio over paired replications, and its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// The geometric mean.
    pub mean: f64,
    /// The interval's lower end; `None` for a single pair.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// Number of pairs.
    pub pairs: usize,
}

impl Ratio {
    /// Of pairs (before, after), by Student's distribution of the ratio's logarithm.
    fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let logs: Vec<_> = pairs.map(|(before, after)| (after / before).ln()).collect();
        let Estimate { n, mean, half_width } = Estimate::of_mean(&logs, CONFIDENCE)?;
        let end = |sign: f64| half_width.map(|half| (mean + sign * half).exp());
        Some(Self { mean: mean.exp(), low: end(-1.0), high: end(1.0), pairs: n })
    }

    /// Whether the interval leaves 1 out.
    #[must_use]
    pub fn shown(&self) -> bool {
        self.low.is_some_and(|low| low > 1.0) || self.high.is_some_and(|high| high < 1.0)
    }
}

/// How many times as fast runs are, by the operations of one group; pairs in which either deadlocks are left out.
#[must_use]
pub fn ratio(before: &[Run], after: &[Run], basis: Basis, focus: usize) -> Option<Ratio> {
    let pairs = before.iter().zip(after);
    Ratio::of(pairs.filter_map(|(before, after)| {
        Some((basis.speed(before, focus)?, basis.speed(after, focus)?))
    }))
}

/// What the focus group gets, and what it takes: means over replications.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Numbers {
    /// Time until the end of a run \[s\].
    pub elapsed_s: f64,
    /// Operations per second.
    pub ops_per_s: f64,
    /// Mean latency \[ns\].
    pub latency_mean_ns: Option<f64>,
    /// 99th percentile of the latency \[ns\].
    pub latency_p99_ns: Option<f64>,
    /// Memory of everything \[bytes\].
    pub memory: u64,
}

impl Numbers {
    pub(super) fn of(runs: &[Run], focus: usize, memory: u64) -> Self {
        let mean = |value: &dyn Fn(&Run) -> Option<f64>| {
            let values: Vec<_> = runs.iter().filter_map(value).collect();
            Estimate::of_mean(&values, CONFIDENCE).map(|estimate| estimate.mean)
        };
        let elapsed = |run: &Run| run.outcome.elapsed.as_s_f64();
        let rate = |run: &Run| {
            let elapsed = elapsed(run);
            (elapsed > 0.0).then(|| run.operations[focus].count as f64 / elapsed)
        };
        Self {
            elapsed_s: mean(&|run| Some(elapsed(run))).unwrap_or(0.0),
            ops_per_s: mean(&rate).unwrap_or(0.0),
            latency_mean_ns: mean(&|run| run.operations[focus].mean_ns),
            latency_p99_ns: mean(&|run| run.operations[focus].p99_ns.map(|ns| ns as f64)),
            memory,
        }
    }
}

/// An alternative, compared with the workload as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// Its name.
    pub name: String,
    /// Whether a release of CPython has it.
    pub released: bool,
    /// Whether threads that change the same objects would no longer do so.
    pub parts: bool,
    /// How many times as fast; `None` if nothing can be compared.
    pub speed_up: Option<Ratio>,
    /// How many times as long operations take on average.
    pub latency_mean: Option<Ratio>,
    /// The same of the 99th percentile.
    pub latency_p99: Option<Ratio>,
    /// How many times as many operations the other groups do, the geometric mean over them.
    pub others: Option<f64>,
    /// What it gives and takes.
    pub numbers: Numbers,
    /// Replications that deadlock.
    pub deadlocks: usize,
    /// Replications that are cut off before all is done.
    pub cut_off: usize,
    /// Updates of reference counts that are lost, over all replications.
    pub lost_updates: u64,
    #[serde(skip)]
    pub(super) tried: super::Choice,
}

/// The alternatives: those of released interpreters first, those that deadlock last, the fastest first.
pub(super) fn rank(evidence: &Evidence<'_>, basis: Basis) -> Vec<Alternative> {
    let tried = evidence.tried.iter();
    let mut all: Vec<_> = tried.map(|tried| alternative(evidence, basis, tried)).collect();
    let speed = |of: &Alternative| match (of.speed_up, basis) {
        (Some(ratio), _) => ratio.mean,
        // Nothing to compare with: what it does by itself.
        (None, Basis::Elapsed) => -of.numbers.elapsed_s,
        (None, Basis::Operations) => of.numbers.ops_per_s,
        (None, Basis::Latency) => -of.numbers.latency_mean_ns.unwrap_or(f64::INFINITY),
    };
    all.sort_by(|a, b| {
        let place = |of: &Alternative| (of.deadlocks > 0, !of.released);
        place(a).cmp(&place(b)).then(speed(b).total_cmp(&speed(a)))
    });
    all
}

fn alternative(evidence: &Evidence<'_>, basis: Basis, tried: &Tried) -> Alternative {
    let Evidence { case, baseline, .. } = *evidence;
    let Tried { choice, runs } = tried;
    let latency = |of: fn(&super::Operations) -> Option<f64>| {
        let pairs = baseline.iter().zip(runs).filter(|(_, after)| !after.deadlocked());
        Ratio::of(pairs.filter_map(|(before, after)| {
            Some((of(&before.operations[case.focus])?, of(&after.operations[case.focus])?))
        }))
    };
    let others = (0..case.workload.groups.len()).filter(|group| *group != case.focus);
    let others: Vec<_> = others
        .filter_map(|group| ratio(baseline, runs, Basis::Operations, group))
        .map(|ratio| ratio.mean.ln())
        .collect();
    let cut_off = |run: &&Run| basis == Basis::Elapsed && run.outcome.ending == Ending::TimeUp;
    Alternative {
        name: choice.name(),
        released: choice.released(),
        parts: choice.parts(case.workload),
        speed_up: ratio(baseline, runs, basis, case.focus),
        latency_mean: latency(|operations| operations.mean_ns),
        latency_p99: latency(|operations| operations.p99_ns.map(|ns| ns as f64)),
        others: Estimate::of_mean(&others, CONFIDENCE).map(|logs| logs.mean.exp()),
        numbers: Numbers::of(runs, case.focus, choice.memory(case.workload)),
        deadlocks: runs.iter().filter(|run| run.deadlocked()).count(),
        cut_off: runs.iter().filter(cut_off).count(),
        lost_updates: runs.iter().map(|run| run.outcome.counts.lost).sum(),
        tried: *choice,
    }
}

#[cfg(test)]
mod tests {
    use gilsim_policies::Span;

    use super::super::Choice;
    use super::super::examples::{Example, deadlock, thread};
    use super::*;
    use crate::architecture::ArchitectureSpec;

    #[test]
    fn ratios_are_paired() {
        // Each replication is twice as fast, however different they are.
        let ratio = Ratio::of([(1.0, 2.0), (5.0, 10.0), (9.0, 18.0)].into_iter()).unwrap();
        assert!((ratio.mean - 2.0).abs() < 1e-9 && ratio.shown());
        assert!((ratio.low.unwrap() - 2.0).abs() < 1e-9);
        let unclear = Ratio::of([(1.0, 2.0), (1.0, 0.5), (1.0, 1.1)].into_iter()).unwrap();
        assert!(!unclear.shown());
        let single = Ratio::of([(1.0, 2.0)].into_iter()).unwrap();
        assert!(single.low.is_none() && !single.shown());
    }

    #[test]
    fn requests_that_come_as_they_come_are_judged_by_latency() {
        let basis = |groups: &str| {
            let example = Example::new(groups, vec![thread(0, [9, 0, 0, 0, 0])]);
            let mut done = example.baseline.clone();
            done[0].outcome.ending = Ending::Completed;
            [Basis::of(&example.case(), &example.baseline), Basis::of(&example.case(), &done)]
        };
        let program = "program = [{ compute = \"1ms\" }]";
        let open = format!("[a]\narrivals = {{ gap = \"9ms\" }}\n{program}");
        assert_eq!(basis(&open), [Basis::Latency; 2]);
        assert_eq!(basis(&format!("[a]\n{program}")), [Basis::Operations; 2]);
        let ends = format!("[a]\niterations = 1\n{program}");
        assert_eq!(basis(&ends), [Basis::Operations, Basis::Elapsed]);
    }

    #[test]
    fn the_fastest_is_first_and_deadlocks_are_last() {
        let mut example = Example::new("[a]\nprogram = [{ compute = \"1ms\" }]", vec![]);
        example.baseline = vec![Example::run(vec![thread(0, [9, 0, 0, 0, 0])]); 2];
        let faster = |times| {
            let mut run = Example::run(vec![thread(0, [9, 0, 0, 0, 0])]);
            run.outcome.elapsed = Span::from_ns(run.outcome.elapsed.ns() / times);
            run
        };
        let mut stuck = faster(100);
        stuck.outcome.ending = deadlock();
        let all = ArchitectureSpec::all();
        let tried = |at: usize, run: Run| Tried {
            choice: Choice::Architecture(all[at]),
            runs: vec![run; 2],
        };
        // Sequential, processes, free-threaded, and Gilectomy, which no release has.
        example.tried =
            vec![tried(0, stuck), tried(2, faster(2)), tried(5, faster(9)), tried(4, faster(3))];
        let ranked = rank(&example.evidence(), Basis::Operations);
        let names: Vec<_> = ranked.iter().map(|alternative| &*alternative.name).collect();
        assert_eq!(names, ["free_threaded", "processes", "gilectomy", "sequential"]);
        assert!((ranked[0].speed_up.unwrap().mean - 3.0).abs() < 1e-9);
        assert_eq!((ranked[3].speed_up, ranked[3].deadlocks), (None, 2));
    }
}
