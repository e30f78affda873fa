//! What to do, in a sentence.

use gilsim_policies::PolicySpec;

use super::choice::keeps;
use super::rank::{Alternative, Basis};
use super::{Case, Choice, Evidence, Run, words};
use crate::architecture::ArchitectureSpec;

/// Below a twentieth, a change of the program is not worth it.
const WORTH: f64 = 1.05;

/// The best of what there is, and its price.
pub fn advice(evidence: &Evidence<'_>, basis: Basis, ranked: &[Alternative]) -> String {
    let case = &evidence.case;
    if evidence.baseline.iter().any(Run::deadlocked) {
        return "First cure the deadlock: take objects in one order everywhere.".to_owned();
    }
    let safe = |of: &&Alternative| {
        let ends = of.deadlocks == 0 && of.cut_off == 0;
        ends && of.lost_updates == 0 && !of.tried.parts(case.workload)
    };
    if let Some(text) = starving(evidence, ranked.iter().filter(safe)) {
        return text;
    }
    let faster = |of: &&Alternative| {
        of.speed_up
            .is_some_and(|ratio| ratio.mean >= WORTH && ratio.low.is_some_and(|low| low > 1.0))
    };
    let mut found = ranked.iter().filter(safe).filter(faster);
    let Some(best) = found.clone().find(|best| best.released).or_else(|| found.next()) else {
        return if ranked.iter().any(|of| of.speed_up.is_some_and(|ratio| ratio.pairs > 1)) {
            let kept =
                if ranked.iter().any(|of| of.parts) { "keeps objects shared" } else { "was tried" };
            format!(
                "Leave it as it is: nothing that {kept} is shown to be faster by a twentieth or more."
            )
        } else {
            "More replications would tell what is faster (--replications).".to_owned()
        };
    };
    let gain = best.speed_up.map_or(1.0, |ratio| ratio.mean);
    let what = match basis {
        Basis::Elapsed => "all is".to_owned(),
        Basis::Operations | Basis::Latency => format!("operations of {} are", case.focus_name()),
    };
    format!(
        "Best is {}, with which {what} done {} times as fast; the price: {}.",
        best.name,
        words::factor(gain),
        price(case, best)
    )
}

/// What to say if not one operation ends as it is.
fn starving<'r>(
    evidence: &Evidence<'_>,
    mut safe: impl Iterator<Item = &'r Alternative>,
) -> Option<String> {
    let focus = evidence.case.focus_name();
    if evidence.baseline.iter().any(|run| run.operations[evidence.case.focus].count > 0) {
        return None;
    }
    let text = match safe.find(|of| of.numbers.ops_per_s > 0.0) {
        Some(first) => format!(
            "Not one operation of {focus} ends as it is, so nothing can be said to be so many times as fast; with {}, \
             operations end.",
            first.name
        ),
        None => format!(
            "Not one operation of {focus} ends, in whatever way that is safe: give it time (--set duration=...)."
        ),
    };
    Some(text)
}

fn price(case: &Case<'_>, best: &Alternative) -> String {
    let runtime = best.tried.runtime(case.workload);
    let mut prices = Vec::new();
    if !best.released {
        prices.push("an interpreter that no release of CPython is".to_owned());
    }
    match best.tried {
        Choice::Architecture(ArchitectureSpec::Sequential(_)) => {
            prices.push("nothing is begun before the one before is done".to_owned());
        }
        Choice::Architecture(ArchitectureSpec::Threads(_)) => {}
        Choice::Architecture(
            ArchitectureSpec::Processes(_) | ArchitectureSpec::Interpreters(_),
        ) => {
            prices.push(format!("{} to start each", words::span(runtime.boot)));
            prices.push("nothing is shared, and each pass is sent there and back".to_owned());
        }
        Choice::Architecture(_) => {
            let slower = runtime.stretch_permille.saturating_sub(1000);
            if slower > 0 {
                let slower = words::percent(f64::from(slower) / 1000.0);
                prices.push(format!("a thread alone computes {slower} slower"));
            }
            prices.push(c_code(case).to_owned());
        }
        Choice::Policy(PolicySpec::TimedWait(_)) => prices.push("CPython 3.2 or later".to_owned()),
        Choice::Policy(_) | Choice::Sleep => {}
        Choice::LetGo => {
            prices.push("that C code must touch no Python object meanwhile".to_owned())
        }
    }
    if let Some(others) = best.others.filter(|others| *others < 1.0 / WORTH) {
        prices.push(format!("other groups do {} of what they did", words::percent(others)));
    }
    let now = Choice::Policy(*case.policy).memory(case.workload);
    let more = best.numbers.memory > now;
    let [now, then] = [now, best.numbers.memory].map(words::memory);
    if more && then != now {
        prices.push(format!("{then} of memory instead of {now}"));
    }
    if prices.is_empty() { "none".to_owned() } else { prices.join("; ") }
}

fn c_code(case: &Case<'_>) -> &'static str {
    if case.workload.groups.iter().any(|group| keeps(&group.program)) {
        "its C code, which keeps the lock now, must be safe without"
    } else {
        "every C extension must be safe without the lock"
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tried;
    use super::super::examples::{Example, thread};
    use super::super::rank::rank;
    use super::*;

    fn advise(count: u64) -> String {
        let mut example = Example::new("[a]\nprogram = [{ compute = \"1ms\" }]", Vec::new());
        example.baseline = vec![Example::run(vec![thread(0, [9, 0, 0, 0, 0])]); 2];
        let mut runs: Vec<Run> = example.baseline.clone();
        runs.iter_mut().for_each(|run| run.operations[0].count = count);
        let choice = Choice::Architecture(ArchitectureSpec::FreeThreaded(Default::default()));
        example.tried = vec![Tried { choice, runs }];
        let evidence = example.evidence();
        advice(&evidence, Basis::Operations, &rank(&evidence, Basis::Operations))
    }

    #[test]
    fn the_best_has_its_price() {
        let text = advise(190);
        assert!(
            text.starts_with(
                "Best is free_threaded, with which operations of a are done 1.90 times"
            ),
            "{text}"
        );
        assert!(text.contains("8 % slower; every C extension must be safe"), "{text}");
    }

    #[test]
    fn who_starves_is_told_what_lets_operations_end() {
        let mut example = Example::new("[a]\nprogram = [{ compute = \"1ms\" }]", Vec::new());
        example.baseline = vec![Example::run(vec![thread(0, [9, 0, 0, 0, 0])]); 2];
        let runs = example.baseline.clone();
        example.baseline.iter_mut().for_each(|run| run.operations[0].count = 0);
        let advise = |example: &Example| {
            let evidence = example.evidence();
            advice(&evidence, Basis::Operations, &rank(&evidence, Basis::Operations))
        };
        assert!(advise(&example).contains("in whatever way that is safe"), "{}", advise(&example));
        let choice = Choice::Architecture(ArchitectureSpec::FreeThreaded(Default::default()));
        example.tried = vec![Tried { choice, runs }];
        let text = advise(&example);
        assert!(text.ends_with("with free_threaded, operations end."), "{text}");
        example.tried[0].runs.iter_mut().for_each(|run| run.outcome.counts.lost = 1);
        assert!(advise(&example).contains("in whatever way that is safe"), "updates are lost");
    }

    #[test]
    fn nothing_better_is_said() {
        assert!(advise(104).starts_with("Leave it as it is"));
    }
}
