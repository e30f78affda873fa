//! C code that keeps the lock.

use indexmap::indexmap;

use super::super::breakdown::{share, sums};
use super::super::{Evidence, words};
use super::{Effect, USUAL_INTERVAL, interval};
use crate::trace::State;
use crate::workload::Step;

/// A slice of computing may be a little longer than an interval; twice as long, somebody did not let go when asked.
const LEAST_HELD: f64 = 2.0;
/// A fifth of the time in which the others want to go on.
const LEAST_WAIT: f64 = 0.2;

/// The group whose C code keeps the lock for the longest, and for how long \[ns\], if that is long.
pub fn keeper(evidence: &Evidence<'_>) -> Option<(usize, f64)> {
    let least = LEAST_HELD * interval(evidence.case.policy).unwrap_or(USUAL_INTERVAL).ns() as f64;
    let keeps = |(number, group): (usize, &crate::workload::Group)| {
        let held = group.program.steps.iter().filter_map(|step| match step {
            Step::CHold(law) => Some(law.mean_ns()),
            _ => None,
        });
        let held = held.max_by(f64::total_cmp).filter(|held| *held >= least)?;
        (group.threads > 0).then_some((number, held))
    };
    let groups = evidence.case.workload.groups.iter().enumerate();
    groups.filter_map(keeps).max_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// Others wait while C code keeps the lock, however urgent they are.
pub fn inversion(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, .. } = *evidence;
    let (keeper, step) = keeper(evidence)?;
    let holder = sums(baseline, Some(keeper));
    let held = holder.held.ns() as f64 / holder.acquisitions.max(1) as f64;
    let bound = interval(case.policy);
    if held < LEAST_HELD * bound.unwrap_or(USUAL_INTERVAL).ns() as f64 {
        return None;
    }
    let groups = &case.workload.groups;
    let others = (0..groups.len()).filter(|group| *group != keeper || groups[keeper].threads > 1);
    let waits = others.map(|group| (group, sums(baseline, Some(group)))).map(|(group, sums)| {
        let wants = sums.life().saturating_sub(sums.times.of(State::Blocked));
        (group, sums, share(sums.lock_wait(), wants))
    });
    let (group, sums, waits) = waits.max_by(|(.., a), (.., b)| a.total_cmp(b))?;
    if waits < LEAST_WAIT {
        return None;
    }
    let name = |group: usize| &case.workload.groups[group].name;
    let bound = bound.map_or("nothing makes it let go".to_owned(), |interval| {
        format!("the switch interval of {} means nothing to it", words::span(interval))
    });
    Some(Effect {
        name: "priority inversion by C code",
        under: None,
        size: share(sums.lock_wait(), sums.life()),
        numbers: indexmap! {
            "held_per_acquisition_ns" => held,
            "c_hold_mean_ns" => step,
            "lock_wait_share_of_unblocked_time" => waits,
        },
        evidence: format!(
            "C code of {} keeps the lock for {} at a time ({bound}); {} of the time in which {} wants to go on, it \
             waits for the lock.",
            name(keeper),
            words::time(held),
            words::percent(waits),
            name(group)
        ),
        reason: "C code that does not let the lock go passes no check point: who waits can only wait, whatever its \
                 priority.",
    })
}

#[cfg(test)]
mod tests {
    use gilsim_policies::Span;

    use super::super::super::examples::{Example, thread};
    use super::super::convoy::convoy;
    use super::*;

    fn example(hold_ms: u64, waits_ms: u64) -> Example {
        let groups = format!(
            "[io]\nprogram = [{{ block = \"1ms\" }}]\n[c]\nprogram = [{{ c_hold = \"{hold_ms}ms\" }}]"
        );
        let mut io = thread(0, [100 - waits_ms, 0, waits_ms, 0, 100]);
        (io.acquisitions, io.voluntary_releases) = (2, 2);
        let mut c = thread(1, [200, 0, 0, 0, 0]);
        (c.held, c.acquisitions) = (Span::from_ms(200), 200 / hold_ms);
        Example::new(&groups, vec![io, c])
    }

    #[test]
    fn long_c_code_is_an_inversion_and_no_convoy() {
        let example = example(10, 80);
        let effect = inversion(&example.evidence()).unwrap();
        assert_eq!(effect.numbers["held_per_acquisition_ns"], 10e6);
        assert!((effect.size - 0.4).abs() < 1e-9);
        assert_eq!(convoy(&example.evidence()), None);
    }

    #[test]
    fn threads_of_one_group_keep_each_other_out() {
        let example = |threads: u32| {
            let groups = format!("[c]\nthreads = {threads}\nprogram = [{{ c_hold = \"10ms\" }}]");
            let mut c = thread(0, [100, 0, 100, 0, 0]);
            (c.held, c.acquisitions) = (Span::from_ms(100), 10);
            Example::new(&groups, vec![c; threads as usize])
        };
        assert!(inversion(&example(2).evidence()).is_some());
        assert_eq!(inversion(&example(1).evidence()), None);
    }

    #[test]
    fn short_c_code_or_few_waits_are_none() {
        assert!(inversion(&example(10, 20).evidence()).is_some());
        assert_eq!(inversion(&example(10, 19).evidence()), None);
        assert_eq!(inversion(&example(9, 80).evidence()), None);
    }
}
