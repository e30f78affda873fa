//! The program checked against what can be computed without it.
//!
//! Systems whose steady state is known exactly are simulated in independent replications, and Student's test says how likely
//! means so far from the exact values are. Holm's correction holds for all tests together; a chi-square over one value of each
//! system, which are independent, finds what no single test does, and intervals that are too wide as well.

mod systems;

use gilsim_policies::{PolicySpec, Span};
use indexmap::IndexMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::architecture::Runtime;
use crate::machine::MachineSpec;
use crate::sim::{Outcome, RunSpec};
use crate::statistics::Estimate;
use crate::statistics::family::{Together, holm, together};
use crate::statistics::paired::p_value;
use crate::trace::{OpRow, Sink};
use crate::workload::{GroupSpec, PopulationSpec, Workload};
use systems::{Quantity, System, systems};

/// How likely it may be that a right program fails, for the tests together and for the chi-square.
pub const ALPHA: f64 = 0.001;

/// Statistics need that many replications to see an error of a few thousandths.
pub const REPLICATIONS: u32 = 30;

/// The responses of all operations of a run \[ms\].
#[derive(Debug, Default)]
pub struct Responses(Vec<f64>);

impl Sink for Responses {
    fn op(&mut self, row: &OpRow) {
        self.0.push(row.latency().ns() as f64 / 1e6);
    }
}

/// A value that is known exactly, and what was simulated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The system.
    pub system: String,
    /// What of it.
    pub quantity: String,
    /// The exact value.
    pub exact: f64,
    /// Mean over replications.
    pub simulated: f64,
    /// Half of the 95 % confidence interval; `None` where chance plays no part.
    pub half_width: Option<f64>,
    /// How many standard errors the mean is off.
    pub z: Option<f64>,
    /// How likely it would be so far off by chance, corrected for all tests; 0 or 1 where chance plays no part.
    pub p: f64,
}

impl Check {
    /// Whether it is as near as it has to be.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.p >= ALPHA
    }
}

/// What came of all checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// One for each value.
    pub checks: Vec<Check>,
    /// The chi-square over the first value of each system.
    pub together: Option<Together>,
}

impl Verification {
    /// Whether every check passes, and the chi-square is neither too large nor too small.
    #[must_use]
    pub fn passes(&self) -> bool {
        let likely = |all: Together| (ALPHA / 2.0..=1.0 - ALPHA / 2.0).contains(&all.p);
        self.checks.iter().all(Check::passes) && self.together.is_none_or(likely)
    }
}

/// How many systems there are: `progress` is called as often.
#[must_use]
pub fn count() -> usize {
    systems().len()
}

/// Simulates all systems with `run`, which is [`sim::run`](crate::sim::run) but for who wants to see a wrong one caught.
///
/// # Panics
///
/// A run breaks an invariant.
pub fn verify(
    seed: u64,
    replications: u32,
    run: &(dyn Fn(&RunSpec<'_>, &mut Responses) -> Outcome + Sync),
    progress: &(dyn Fn() + Sync),
) -> Verification {
    let systems = systems();
    let values: Vec<_> = systems
        .par_iter()
        .enumerate()
        .map(|(number, system)| {
            // Systems with the same draws would not be independent.
            let values =
                system.simulate(seed.wrapping_add((number as u64) << 32), replications, run);
            progress();
            values
        })
        .collect();
    let mut checks = Vec::new();
    let (mut tested, mut firsts) = (Vec::new(), Vec::new());
    for (system, values) in systems.iter().zip(&values) {
        for (place, ((quantity, exact), values)) in system.exact.iter().zip(values).enumerate() {
            let mut check = Check {
                system: system.name.clone(),
                quantity: quantity.name(),
                exact: *exact,
                simulated: values.iter().sum::<f64>() / values.len() as f64,
                half_width: None,
                z: None,
                p: 1.0,
            };
            match system.tolerance {
                Some(tolerance) => {
                    let near = (check.simulated - exact).abs() <= tolerance;
                    check.p = f64::from(u8::from(near));
                }
                None => {
                    test(&mut check, values);
                    tested.push(checks.len());
                    if place == 0 {
                        firsts.push(check.p);
                    }
                }
            }
            checks.push(check);
        }
    }
    let corrected = holm(&tested.iter().map(|place| checks[*place].p).collect::<Vec<_>>());
    tested.iter().zip(corrected).for_each(|(place, p)| checks[*place].p = p);
    Verification { checks, together: together(&firsts) }
}

/// Student's test of a mean of replications against the exact value.
fn test(check: &mut Check, values: &[f64]) {
    let n = values.len() as f64;
    let off = check.simulated - check.exact;
    let squares: f64 = values.iter().map(|value| (value - check.simulated).powi(2)).sum();
    let error = (squares / (n - 1.0) / n).sqrt();
    check.half_width = Estimate::of_mean(values, 0.95).and_then(|estimate| estimate.half_width);
    check.z = Some(off / error).filter(|z| z.is_finite());
    check.p = p_value(off, error, n - 1.0);
}

impl System {
    /// The values of each quantity in each replication.
    fn simulate(
        &self,
        seed: u64,
        replications: u32,
        run: &(dyn Fn(&RunSpec<'_>, &mut Responses) -> Outcome + Sync),
    ) -> Vec<Vec<f64>> {
        let parts = Parts::of(self);
        let replications = if self.tolerance.is_some() { 1 } else { replications };
        let mut values = vec![Vec::new(); self.exact.len()];
        for replication in 0..replications {
            let spec = RunSpec {
                runtime: &parts.runtime,
                seed,
                replication,
                ..RunSpec::new(
                    &parts.workload,
                    &parts.machine,
                    &parts.policy,
                    Span::from_s(self.seconds),
                )
            };
            let mut responses = Responses::default();
            let outcome = run(&spec, &mut responses);
            for ((quantity, _), values) in self.exact.iter().zip(&mut values) {
                values.push(quantity.of(&outcome, &mut responses.0));
            }
        }
        values
    }
}

impl Quantity {
    fn of(self, outcome: &Outcome, responses: &mut [f64]) -> f64 {
        let elapsed_ms = outcome.elapsed.as_s_f64() * 1e3;
        match self {
            Self::Throughput => responses.len() as f64 / elapsed_ms,
            Self::Response => responses.iter().sum::<f64>() / responses.len() as f64,
            Self::Quantile(q) => {
                let place = (responses.len() as f64 * q) as usize;
                let last = responses.len().saturating_sub(1);
                responses.select_nth_unstable_by(place.min(last), f64::total_cmp);
                responses[place.min(last)]
            }
            Self::Longer(ms) => {
                let longer = responses.iter().filter(|response| **response > ms).count();
                longer as f64 / responses.len() as f64
            }
            Self::Switches => outcome.switches as f64 / elapsed_ms,
            Self::Elapsed => elapsed_ms,
        }
    }
}

/// A system, ready to run.
struct Parts {
    workload: Workload,
    machine: MachineSpec,
    policy: PolicySpec,
    runtime: Runtime,
}

impl Parts {
    fn of(system: &System) -> Self {
        #[derive(Deserialize)]
        struct File {
            groups: IndexMap<String, GroupSpec>,
            #[serde(default)]
            objects: IndexMap<String, PopulationSpec>,
            #[serde(default)]
            machine: Option<MachineSpec>,
            policy: PolicySpec,
        }
        let file: File = toml::from_str(&system.text).expect("the systems are well written");
        let workload = Workload::compile(&file.groups, &file.objects, std::path::Path::new(""))
            .expect("the systems make sense");
        let mut runtime = Runtime::THREADS;
        if !file.objects.is_empty() {
            // The locks are those of objects.
            runtime.global_lock = false;
            runtime.objects.implicit = Some(file.policy);
        }
        let ideal = MachineSpec::Ideal(crate::machine::IdealParameters::default());
        Self { workload, machine: file.machine.unwrap_or(ideal), policy: file.policy, runtime }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim;

    #[test]
    fn every_check_passes() {
        let found = verify(1, REPLICATIONS, &|spec, sink| sim::run(spec, sink), &|| {});
        for check in &found.checks {
            assert!(check.passes(), "{check:?}");
            let half_width = check.half_width.unwrap_or(0.0);
            assert!(half_width < 0.02 * check.exact, "too few runs to say anything: {check:?}");
        }
        assert!(found.passes(), "{:?}", found.together);
    }

    #[test]
    fn a_lock_that_is_a_hundredth_too_slow_is_caught() {
        let slow = |spec: &RunSpec<'_>, sink: &mut Responses| {
            let outcome = sim::run(spec, sink);
            sink.0.iter_mut().for_each(|response| *response *= 1.01);
            outcome
        };
        let found = verify(1, 8, &slow, &|| {});
        assert!(!found.passes());
        assert!(found.checks.iter().any(|check| !check.passes()), "{:?}", found.together);
    }

    #[test]
    fn intervals_that_are_too_wide_are_caught() {
        // Twenty means that are all nearly exact.
        let found = Verification { checks: Vec::new(), together: together(&[0.99; 20]) };
        assert!(!found.passes());
    }
}
