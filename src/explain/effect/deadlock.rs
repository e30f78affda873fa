//! Threads that wait for each other for ever.

use indexmap::indexmap;

use super::super::{Case, Evidence, Run, words};
use super::Effect;
use crate::sim::{Ending, Stuck};

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
    let stuck: Vec<_> = runs
        .iter()
        .filter_map(|run| match &run.outcome.ending {
            Ending::Deadlock(cycle) => Some((run, cycle)),
            _ => None,
        })
        .collect();
    let (first, cycle) = stuck.first()?;
    let after = stuck.iter().map(|(run, _)| run.outcome.elapsed.ns() as f64).sum::<f64>();
    let after = after / stuck.len() as f64;
    let who = |stuck: &Stuck| waits(case, first, stuck);
    let cycle: Vec<_> = cycle.iter().map(who).collect();
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
            cycle.join("; ")
        ),
        reason: "Each has what the next wants. Taking objects in one order everywhere cures it.",
    })
}

fn waits(case: &Case<'_>, run: &Run, stuck: &Stuck) -> String {
    let name = |thread: gilsim_policies::ThreadId| {
        let group = run.outcome.threads.get(thread.index()).map_or(0, |thread| thread.group);
        format!("{} (thread {})", case.workload.groups[group as usize].name, thread.0)
    };
    let object = stuck.object.map_or("the lock".to_owned(), |object| {
        let population =
            case.workload.populations.iter().rfind(|population| population.first <= object);
        match population {
            Some(population) if population.count == 1 => population.name.clone(),
            Some(population) => format!("{} {}", population.name, object - population.first),
            None => format!("object {object}"),
        }
    });
    let object = if stuck.awaits_switch { "a switch".to_owned() } else { object };
    let holder = stuck.holder.map_or("nobody".to_owned(), name);
    format!("{} waits for {object}, which {holder} has", name(stuck.thread))
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
            effect.evidence.contains("a (thread 0) waits for object 7, which a (thread 1) has;"),
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
