//! Threads that stand still for the collector of cycles.

use gilsim_policies::Span;
use indexmap::indexmap;

use super::super::breakdown::share;
use super::super::{Evidence, Run, Tried, words};
use super::Effect;

/// Below a twentieth of the time, another collector would hardly help.
const LEAST_SHARE: f64 = 0.05;

/// The collector works, or is waited for: in the workload as it is, or else in alternatives, of which the worst is
/// described.
pub fn collector(evidence: &Evidence<'_>) -> Option<Effect> {
    let found = |runs: &[Run], interpreters: u32, under: Option<String>| {
        let elapsed: Span = runs.iter().map(|run| run.outcome.elapsed).sum();
        let collecting: Span = runs.iter().map(|run| run.outcome.collecting).sum();
        let size = share(collecting, elapsed * u64::from(interpreters));
        let collections: u64 = runs.iter().map(|run| run.outcome.collections).sum();
        let each = collecting.ns() as f64 / collections.max(1) as f64;
        (size >= LEAST_SHARE).then(|| Effect {
            name: "collector",
            under,
            size,
            numbers: indexmap! { "collecting_share" => size, "collection_ns" => each },
            evidence: format!(
                "The collector of cycles takes {} of the time, {} each.",
                words::percent(size),
                words::time(each)
            ),
            reason: "Meanwhile, no thread of its interpreter computes. Fewer new objects, a higher threshold or \
                     `gc.freeze` make it rarer.",
        })
    };
    found(evidence.baseline, 1, None).or_else(|| {
        let worst = evidence.tried.iter().filter_map(|Tried { choice, runs }| {
            let interpreters = choice.runtime(evidence.case.workload).interpreters.count();
            found(runs, interpreters, Some(choice.name()))
        });
        worst.max_by(|a, b| a.size.total_cmp(&b.size))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::Choice;
    use super::super::super::examples::{Example, thread};
    use super::*;
    use crate::architecture::ArchitectureSpec;

    #[test]
    fn a_twentieth_of_the_time_is_seen() {
        let example = |ms: u64| {
            let group = "[a]\nprogram = [{ compute = \"1ms\" }]";
            let mut example = Example::new(group, vec![thread(0, [100, 0, 0, 0, 0])]);
            let outcome = &mut example.baseline[0].outcome;
            (outcome.collections, outcome.collecting) = (2, Span::from_ms(ms));
            example
        };
        let effect = collector(&example(5).evidence()).unwrap();
        assert_eq!((effect.size, effect.numbers["collection_ns"]), (0.05, 2.5e6));
        assert_eq!(collector(&example(4).evidence()), None);
        let mut under = example(0);
        let choice = Choice::Architecture(ArchitectureSpec::FreeThreaded(Default::default()));
        under.tried.push(Tried { choice, runs: example(50).baseline });
        let effect = collector(&under.evidence()).unwrap();
        assert_eq!(effect.under.as_deref(), Some("free_threaded"));
    }
}
