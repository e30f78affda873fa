//! Where the time of a workload goes, what stands in its way, and what would help.
//!
//! Pure functions from what came of runs to an [`Explanation`]. Who adds an effect writes a file in `effect/` and adds
//! a line to [`effect::EFFECTS`].

mod advice;
mod breakdown;
mod choice;
pub mod effect;
#[cfg(test)]
mod examples;
mod rank;
pub mod words;

use gilsim_policies::{PolicySpec, Span};
use serde::Serialize;

pub use breakdown::{Breakdown, Sums, sums};
pub use choice::{Choice, choices};
pub use effect::Effect;
pub use rank::{Alternative, Basis, Numbers, Ratio, ratio};

use crate::architecture::{ArchitectureSpec, Threads};
use crate::machine::MachineSpec;
use crate::sim::{Ending, Outcome, RunSpec, run};
use crate::trace::Summary;
use crate::workload::Workload;

/// What is explained.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What the threads want.
    pub workload: &'a Workload,
    /// Where they run.
    pub machine: &'a MachineSpec,
    /// Who may have the lock.
    pub policy: &'a PolicySpec,
    /// The number of the group whose operations count.
    pub focus: usize,
    /// When each run is cut off.
    pub duration: Span,
    /// What all random numbers come from.
    pub seed: u64,
}

impl Case<'_> {
    /// Number of cores; a core for each thread if the machine sets no limit.
    #[must_use]
    pub fn cores(&self) -> usize {
        let cores = match self.machine {
            MachineSpec::Ideal(given) => given.cores,
            MachineSpec::Linux(given) => Some(given.cores),
        };
        cores.map_or(self.workload.threads(), |cores| usize::from(cores.get()))
    }

    /// The same machine with one core.
    #[must_use]
    pub fn one_core(&self) -> MachineSpec {
        let mut machine = *self.machine;
        match &mut machine {
            MachineSpec::Ideal(given) => given.cores = Some(std::num::NonZero::<u16>::MIN),
            MachineSpec::Linux(given) => given.cores = std::num::NonZero::<u16>::MIN,
        }
        machine
    }

    /// The name of the group whose operations count.
    #[must_use]
    pub fn focus_name(&self) -> &str {
        &self.workload.groups[self.focus].name
    }
}

/// A group's operations in a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Operations {
    /// How many.
    pub count: u64,
    /// Their mean latency \[ns\].
    pub mean_ns: Option<f64>,
    /// The 99th percentile of their latency \[ns\].
    pub p99_ns: Option<u64>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What the engine says.
    pub outcome: Outcome,
    /// The operations of each group.
    pub operations: Vec<Operations>,
}

impl Run {
    /// Runs a simulation.
    #[must_use]
    pub fn of(spec: &RunSpec<'_>) -> Self {
        let groups = &spec.workload.groups;
        let thread_groups: Vec<_> = (0_u32..)
            .zip(groups)
            .flat_map(|(number, group)| std::iter::repeat_n(number, group.threads as usize))
            .collect();
        let mut summary = Summary::new(&thread_groups, groups.len());
        let outcome = run(spec, &mut summary);
        let operations = (0..groups.len() as u32).map(|group| {
            let latencies = summary.group(group);
            Operations {
                count: latencies.count(),
                mean_ns: latencies.mean_ns(),
                p99_ns: latencies.quantile_ns(0.99),
            }
        });
        Self { operations: operations.collect(), outcome }
    }

    /// Whether threads waited for each other for ever.
    #[must_use]
    pub const fn deadlocked(&self) -> bool {
        matches!(self.outcome.ending, Ending::Deadlock(_))
    }
}

/// An alternative and its runs, one for each replication.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What is different.
    pub choice: Choice,
    /// What came of it.
    pub runs: Vec<Run>,
}

/// All runs. Runs at the same place are the same replication.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What was run.
    pub case: Case<'a>,
    /// The workload as it is: threads under the policy.
    pub baseline: &'a [Run],
    /// The same on one core; empty if there is one only.
    pub one_core: &'a [Run],
    /// The alternatives.
    pub tried: &'a [Tried],
}

/// Where the time goes, what stands in the way, and what would help.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The policy of the lock as it is.
    pub policy: String,
    /// How many cores there are.
    pub cores: usize,
    /// How often each alternative was run.
    pub replications: usize,
    /// The group whose operations count.
    pub focus: String,
    /// What speed-ups compare.
    pub basis: Basis,
    /// The workload as it is.
    pub baseline: Numbers,
    /// Where the time of each group goes.
    pub groups: Vec<Breakdown>,
    /// What stands in the way, the worst first.
    pub effects: Vec<Effect>,
    /// What else could be done, the best first.
    pub alternatives: Vec<Alternative>,
    /// What to do, in a sentence.
    pub advice: String,
}

/// Explains runs.
#[must_use]
pub fn explain(evidence: &Evidence<'_>) -> Explanation {
    let Evidence { case, baseline, .. } = *evidence;
    let basis = Basis::of(&case, baseline);
    let alternatives = rank::rank(evidence, basis);
    let memory = ArchitectureSpec::Threads(Threads::default()).memory(case.workload);
    let effects = effect::recognise(evidence);
    Explanation {
        policy: case.policy.name().to_owned(),
        cores: case.cores(),
        replications: baseline.len(),
        focus: case.focus_name().to_owned(),
        basis,
        baseline: Numbers::of(baseline, case.focus, memory),
        groups: breakdown::breakdown(&case, baseline),
        advice: advice::advice(evidence, basis, &alternatives),
        effects,
        alternatives,
    }
}
