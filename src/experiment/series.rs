//! Which architectures a point is run under, and with which policies.

use std::sync::Arc;

use gilsim_policies::PolicySpec;
use gilsim_policies::spec::NoLock;

use super::plan::{PlannedRun, Point};
use super::warm_up::Cut;
use crate::architecture::{ArchitectureSpec, Runtime, Threads};
use crate::names::{did_you_mean, list};
use crate::workload::{KeyPath, SpecError, Workload};

/// The first run of each series of a point: every architecture that has a global lock under every policy, and the
/// others once. An experiment without architectures has threads that exist from the start.
pub(super) fn firsts(point: &Arc<Point>) -> Result<Vec<PlannedRun>, SpecError> {
    let firsts = all(point)?;
    let names = || firsts.iter().map(|first| first.policy.as_str());
    match &point.experiment.baseline {
        Some(baseline) if !names().any(|name| name == baseline) => {
            let near = Some(did_you_mean(baseline, names())).filter(|near| !near.is_empty());
            let near = near.unwrap_or_else(|| ".".to_owned());
            let message = format!("names no series{near} The series are {}", list(names()));
            Err(SpecError::value(KeyPath::default().key("baseline"), message))
        }
        _ => Ok(firsts),
    }
}

fn all(point: &Arc<Point>) -> Result<Vec<PlannedRun>, SpecError> {
    let root = KeyPath::default();
    let policies = &point.experiment.policies;
    let first = |policy: &str, policy_spec| PlannedRun {
        index: 0,
        point: Arc::clone(point),
        policy: policy.to_owned(),
        policy_spec,
        architecture: None,
        runtime: Runtime::THREADS,
        workload: Arc::clone(&point.workload),
        replication: 0,
        ties: None,
        warm_up: Cut::planned(&point.experiment.analysis),
    };
    if point.experiment.architectures.is_empty() {
        if policies.is_empty() {
            return Err(SpecError::value(root.key("policies"), "must name at least one policy"));
        }
        return Ok(policies.iter().map(|(name, spec)| first(name, *spec)).collect());
    }
    let mut firsts: Vec<PlannedRun> = Vec::new();
    for (name, spec) in &point.experiment.architectures {
        let runtime = spec.runtime(&point.workload);
        if runtime.one_by_one {
            check_turns(name, &point.workload)?;
        }
        let workload = Arc::new(spec.apply(&point.workload));
        let mut add = |label: &str, policy| {
            if firsts.iter().any(|other| other.policy == label) {
                let at = root.key("architectures").key(name);
                let message = format!("makes a second series called `{label}`: rename it");
                return Err(SpecError::value(at, message));
            }
            let (architecture, workload) = (Some(*spec), Arc::clone(&workload));
            firsts.push(PlannedRun { architecture, runtime, workload, ..first(label, policy) });
            Ok(())
        };
        if !runtime.global_lock {
            add(name, PolicySpec::None(NoLock {}))?;
            continue;
        }
        if policies.is_empty() {
            let message = format!("must name at least one policy: `{name}` has a global lock");
            return Err(SpecError::value(root.key("policies"), message));
        }
        for (policy, policy_spec) in policies {
            let both = format!("{name}, {policy}");
            add(if policies.len() == 1 { name } else { &both }, *policy_spec)?;
        }
    }
    Ok(firsts)
}

/// Refuses threads that run one after the other if one before the last never ends.
fn check_turns(architecture: &str, workload: &Workload) -> Result<(), SpecError> {
    let mut after = workload.threads();
    for group in &workload.groups {
        after -= group.threads as usize;
        let others = after + (group.threads as usize).saturating_sub(1);
        if group.threads > 0 && others > 0 && group.passes.is_none() && group.stop.is_none() {
            let message = format!(
                "never ends, so `{architecture}`, which runs one thread after the other, would never get to the \
                 next: give it `iterations` or `stop`"
            );
            let at = KeyPath::default().key("groups").key(&group.name);
            return Err(SpecError::value(at, message));
        }
    }
    Ok(())
}

impl PlannedRun {
    /// How much memory it takes \[bytes\].
    #[must_use]
    pub fn memory(&self) -> u64 {
        let threads = ArchitectureSpec::Threads(Threads::default());
        self.architecture.unwrap_or(threads).memory(&self.workload)
    }

    /// The kind of its architecture.
    #[must_use]
    pub fn architecture_kind(&self) -> &'static str {
        self.architecture.map_or("threads", |architecture| architecture.name())
    }
}
