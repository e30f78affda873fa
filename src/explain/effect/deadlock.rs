//! Threads that wait for each other for ever.

use indexmap::indexmap;

use super::super::{Case, Evidence, Run, words};
use super::Effect;
use crate::sim::deadlock::describe;

/// One deadlock in any replication is too many: as it is, or else in alternatives, of which the first is described.
pub fn deadlock(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, tried, .. } = *evidence;
    found(&case, baseline, None).or_else(|| {
        let dead = || tried.iter().filter(|tried| tried.runs.iter().any(Run::deadlocked));
        let names: Vec<_> = dead().map(|tried| tried.choice.name()).collect();
        found(&case, &dead().next()?.runs, Some(names.join(" and ")))
    })
}

fn found(case: &Case<'_>, runs: &[Run], under: Option<String>) -> Option<Effect> {
    let stuck: Vec<_> = runs.iter().filter(|run| run.deadlocked()).collect();
    let first = stuck.first()?;
    let after = stuck.iter().map(|run| run.outcome.elapsed.ns() as f64).sum::<f64>();
    let after = after / stuck.len() as f64;
    Some(Effect {
        name: "deadlock",
        under,
        // Nothing is worse.
        size: 1.0 + stuck.len() as f64 / runs.len() as f64,
        numbers: indexmap! {
            "deadlocked_share" => stuck.len() as f64 / runs.len() as f64,
            "deadlocked_after_ns" => after,
        },
        evidence: format!(
            "{} of {} runs end in one, after {} on average: {}.",
            stuck.len(),
            runs.len(),
            words::time(after),
            describe(&first.outcome, case.workload)
        ),
        reason: "Each has what the next wants. Taking objects in one order everywhere cures it.",
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::examples::{self, Example, thread};
    use super::super::super::{Choice, Tried};
    use super::*;
    use crate::architecture::ArchitectureSpec;

    #[test]
    fn one_deadlock_is_enough() {
        let threads = vec![thread(0, [1, 0, 9, 0, 0]); 2];
        let mut example =
            Example::new("[a]\nthreads = 2\nprogram = [{ compute = \"1ms\" }]", threads.clone());
        assert_eq!(deadlock(&example.evidence()), None);
        let mut stuck = Example::run(threads);
        stuck.outcome.ending = examples::deadlock();
        example.baseline.push(stuck);
        let effect = deadlock(&example.evidence()).unwrap();
        assert_eq!(effect.numbers["deadlocked_share"], 0.5);
        assert!(
            effect.evidence.contains("T0 (a) waits for object 7 held by T1 (a);"),
            "{effect:?}"
        );
        // All alternatives that end so are named.
        let dead = vec![example.baseline.pop().unwrap()];
        for spec in [
            ArchitectureSpec::Gilectomy(Default::default()),
            ArchitectureSpec::ObjectLocks(Default::default()),
        ] {
            example.tried.push(Tried { choice: Choice::Architecture(spec), runs: dead.clone() });
        }
        let effect = deadlock(&example.evidence()).unwrap();
        assert_eq!(effect.under.as_deref(), Some("gilectomy and object_locks"));
    }
}
