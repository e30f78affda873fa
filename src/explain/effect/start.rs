//! Starting that costs more than it gains.

use indexmap::indexmap;

use super::super::{Basis, Evidence, Tried, words};
use super::Effect;
use crate::trace::State;

/// Starting is to blame if the work is done sooner without it, by more than chance: a twentieth.
const LEAST_GAIN: f64 = 1.05;

/// An alternative would be faster, were it not for its start.
pub fn dominates(evidence: &Evidence<'_>) -> Option<Effect> {
    if Basis::of(&evidence.case, evidence.baseline) != Basis::Elapsed {
        return None;
    }
    let found = evidence.tried.iter().filter_map(|tried| costly(evidence, tried));
    found.max_by(|a, b| a.size.total_cmp(&b.size))
}

fn costly(evidence: &Evidence<'_>, tried: &Tried) -> Option<Effect> {
    let Evidence { case, baseline, .. } = *evidence;
    let mean = |runs: &[super::super::Run]| {
        let elapsed: f64 = runs.iter().map(|run| run.outcome.elapsed.ns() as f64).sum();
        elapsed / runs.len().max(1) as f64
    };
    if tried.runs.iter().any(super::super::Run::deadlocked) {
        return None;
    }
    let runtime = tried.choice.runtime(case.workload);
    let start = runtime.start_up(case.workload.threads() as u32).ns() as f64;
    let (before, after) = (mean(baseline), mean(&tried.runs));
    let work = after - start;
    if after < before || work * LEAST_GAIN > before {
        return None;
    }
    let name = tried.choice.name();
    let sums = super::super::sums(&tried.runs, None);
    Some(Effect {
        name: "start-up costs more than it gains",
        size: start / after,
        numbers: indexmap! {
            "start_ns" => start,
            "elapsed_ns" => after,
            "elapsed_as_it_is_ns" => before,
            "overhead_share" => super::super::breakdown::share(sums.times.of(State::Overhead), sums.life()),
        },
        evidence: format!(
            "With {name}, all is done after {}, of which starting is {}; as it is, after {}.",
            words::time(after),
            words::time(start),
            words::time(before)
        ),
        under: Some(name),
        reason: "Workers have to start before they help: with more work for each, or workers that are kept, they \
                 would.",
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::Choice;
    use super::super::super::examples::{Example, thread};
    use super::*;
    use gilsim_policies::Span;

    use crate::architecture::{ArchitectureSpec, Processes};
    use crate::sim::Ending;

    /// Processes that take so long in all; starting takes 7 ms: each is launched in turn, and the last boots.
    fn example(elapsed: u64) -> Example {
        let done = |elapsed| {
            let mut run = Example::run(vec![thread(0, [elapsed, 0, 0, 0, 0]); 2]);
            run.outcome.ending = Ending::Completed;
            run
        };
        let mut example = Example::new(
            "[a]\nthreads = 2\niterations = 1\nprogram = [{ compute = \"1ms\" }]",
            Vec::new(),
        );
        example.baseline = vec![done(10)];
        let (launch, boot) = (Some(Span::from_ms(1)), Some(Span::from_ms(5)));
        let processes = Processes { launch, boot, ..Processes::default() };
        let choice = Choice::Architecture(ArchitectureSpec::Processes(processes));
        example.tried = vec![Tried { choice, runs: vec![done(elapsed)] }];
        example
    }

    #[test]
    fn a_start_that_costs_the_gain_is_named() {
        let effect = dominates(&example(12).evidence()).unwrap();
        assert_eq!(effect.numbers["start_ns"], 7e6);
        assert_eq!((effect.size, effect.under.as_deref()), (7.0 / 12.0, Some("processes")));
        // Faster all the same, and slower even without the start.
        assert_eq!(dominates(&example(9).evidence()), None);
        assert_eq!(dominates(&example(17).evidence()), None);
    }
}
