//! Looking for requests that are not there.

use indexmap::indexmap;

use super::super::breakdown::{share, sums};
use super::super::{Evidence, words};
use super::Effect;

/// Below a tenth of its threads' time, a group would gain little by sleeping.
const LEAST_POLLING: f64 = 0.1;

/// Groups whose threads look for requests for much of their time.
pub fn polling(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, .. } = *evidence;
    let groups = case.workload.groups.iter().enumerate();
    let shares = groups.map(|(number, group)| {
        let sums = sums(baseline, Some(number));
        (&group.name, share(sums.polling, sums.life()))
    });
    let polling: Vec<_> = shares.filter(|(_, share)| *share >= LEAST_POLLING).collect();
    let (_, most) = polling.iter().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let of_group =
        |(name, share): &(&String, f64)| format!("{name} for {}", words::percent(*share));
    let told: Vec<_> = polling.iter().map(of_group).collect();
    Some(Effect {
        name: "polling",
        under: None,
        size: *most,
        numbers: indexmap! { "polling_share" => *most },
        evidence: format!("Threads look for requests, of {} of their time.", told.join(", of ")),
        reason: "Who looks again and again takes a core, and the lock, from those with work to do. The way out: sleep until a \
                 request comes, as a blocking `queue.get()` does (here: leave `polls` out).",
    })
}

#[cfg(test)]
mod tests {
    use gilsim_policies::Span;

    use super::super::super::examples::{Example, thread};
    use super::*;

    #[test]
    fn groups_that_look_much_are_named() {
        let find = |took: [u64; 2]| {
            let threads = [0, 1].map(|group| {
                let mut one = thread(group, [60, 0, 0, 0, 40]);
                one.polling = Span::from_ms(took[group as usize]);
                one
            });
            let program = "program = [{ compute = \"1ms\" }]";
            let groups = format!("[a]\n{program}\n[b]\n{program}");
            polling(&Example::new(&groups, threads.to_vec()).evidence())
        };
        let effect = find([20, 30]).unwrap();
        assert_eq!(effect.size, 0.3);
        assert!(
            effect.evidence.contains("requests, of a for 20 %, of b for 30 % of"),
            "{effect:?}"
        );
        assert_eq!(find([9, 0]), None);
    }
}
