//! What theory knows of a run without simulating it: the exact value of a metric in the long run, or what it lies
//! between.
//!
//! The formulas are those of [`theory`](crate::theory); what is here recognises the configurations that they hold for,
//! and says nothing of any other. *Exact* values need an `ideal` machine, where nothing costs anything: a lock is then
//! never free while somebody waits for it, and a core never idle while somebody waits for a core, which a property test
//! holds every policy to. *Bounds* from above hold on every machine and for every policy, because whatever is
//! added, a cost, a latency, other groups, only makes a round longer. Bounds from below need the `ideal` machine, too.
//!
//! All of it is about expectations in the long run. A finite run differs by its start and by what it leaves unfinished,
//! about an operation of each thread, and by chance.

mod closed;
mod demand;
mod fairness;
mod laws;
mod open;
mod polling;
mod timed_wait;

use gilsim_policies::{Instant, PolicySpec, Span};
use serde::Serialize;

use self::demand::Demand;
use crate::architecture::Runtime;
use crate::machine::MachineSpec;
use crate::workload::{Group, Workload};

/// A configuration, as a run has it.
#[derive(Debug, Clone, Copy)]
pub struct System<'a> {
    /// The groups, with what the architecture adds to each pass.
    pub workload: &'a Workload,
    /// Where they run.
    pub machine: &'a MachineSpec,
    /// Who may have the lock.
    pub policy: &'a PolicySpec,
    /// What the architecture says.
    pub runtime: &'a Runtime,
    /// When the run is cut off.
    pub duration: Span,
    /// Whether metrics are about whole runs, from their begin on.
    pub whole: bool,
    /// The place of the group whose operations count.
    pub focus: usize,
}

/// What is known of a metric, in the unit of its column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Theory {
    /// Its value.
    Exact {
        /// The value.
        value: f64,
        /// What the configuration is called, such as `M/M/1//10`.
        model: String,
    },
    /// Two numbers that it lies between.
    Between {
        /// The lower one; 0 if nothing better is known.
        low: f64,
        /// The higher one; infinite, and null in JSON, if nothing is known.
        high: f64,
    },
}

impl Theory {
    /// The end that a value lies beyond, or the exact value; the value itself if it is none of the wrong ones.
    #[must_use]
    pub const fn nearest(&self, found: f64) -> f64 {
        match self {
            Self::Exact { value, .. } => *value,
            Self::Between { low, high } => found.max(*low).min(*high),
        }
    }

    fn scaled(self, factor: f64) -> Self {
        match self {
            Self::Exact { value, model } => Self::Exact { value: value * factor, model },
            Self::Between { low, high } => Self::Between { low: low * factor, high: high * factor },
        }
    }
}

impl System<'_> {
    /// What is known of a column of the table of runs; `None` if nothing is.
    #[must_use]
    pub fn theory(&self, metric: &str) -> Option<Theory> {
        timed_wait::theory(self, metric)
            .or_else(|| closed::theory(self, metric))
            .or_else(|| polling::theory(self, metric))
            .or_else(|| open::theory(self, metric))
    }

    /// How many operations a pass of each thread of the group has, one at least.
    #[must_use]
    pub fn ops_of_a_pass_each(&self) -> f64 {
        let of_group = |group: &Group| {
            let ops = Demand::of(&group.program, 1.0).map_or(1.0, |demand| demand.ops.max(1.0));
            f64::from(group.threads) * ops
        };
        self.group().map_or(0.0, of_group)
    }

    fn group(&self) -> Option<&Group> {
        self.workload.groups.get(self.focus).filter(|group| group.threads > 0)
    }

    /// Whether all threads are of the group.
    fn is_sole(&self) -> bool {
        self.group().is_some_and(|group| group.threads as usize == self.workload.threads())
    }

    fn threads(&self) -> u32 {
        self.workload.threads() as u32
    }

    /// How many global locks there are.
    const fn locks(&self) -> u32 {
        match self.policy {
            PolicySpec::None(_) => 0,
            _ if !self.runtime.global_lock => 0,
            _ => self.runtime.interpreters.count(),
        }
    }

    /// Whether the policy lets whoever has the lock keep it.
    const fn cuts_nobody(&self) -> bool {
        matches!(
            self.policy,
            PolicySpec::FifoHandoff(_) | PolicySpec::Barging(_) | PolicySpec::PyMutex(_)
        )
    }

    /// How many cores there are; `None` if there is one for each thread.
    fn cores(&self) -> Option<u32> {
        let cores = match self.machine {
            MachineSpec::Ideal(given) => u32::from(given.cores?.get()),
            MachineSpec::Linux(given) => u32::from(given.cores.get()),
        };
        (cores < self.threads()).then_some(cores)
    }

    /// Whether nothing costs anything, and nobody waits for a core.
    fn is_free(&self) -> bool {
        matches!(self.machine, MachineSpec::Ideal(_)) && self.cores().is_none()
    }

    /// Whether every thread is there from the begin to the end.
    fn is_steady(&self) -> bool {
        let Runtime { launch, boot, one_by_one, .. } = self.runtime;
        let lasts = |group: &Group| {
            group.start == Instant::ZERO && group.passes.is_none() && group.stop.is_none()
        };
        let mut present = self.workload.groups.iter().filter(|group| group.threads > 0);
        launch.is_zero() && boot.is_zero() && !one_by_one && present.all(lasts)
    }

    /// How many times as long computing takes as the workload says.
    fn stretch(&self) -> f64 {
        f64::from(self.runtime.stretch_permille) / 1000.0
    }
}

/// The quantile that a column of latencies holds.
fn quantile_of(metric: &str) -> Option<f64> {
    let percent: u8 = metric.strip_prefix("latency_p")?.strip_suffix("_ns")?.parse().ok()?;
    Some(f64::from(percent) / 100.0)
}

#[cfg(test)]
mod tests;
