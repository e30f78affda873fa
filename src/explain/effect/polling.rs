//! Looking for requests that are not there.

use indexmap::indexmap;

use super::super::breakdown::{share, sums};
use super::super::{Evidence, words};
use super::Effect;

/// Below a tenth of its threads' time, a group would gain little by sleeping.
const LEAST_POLLING: f64 = 0.1;

/// The group whose threads look for requests for the largest share of their time.
pub fn polling(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { case, baseline, .. } = *evidence;
    let shares = (0..case.workload.groups.len()).map(|group| {
        let sums = sums(baseline, Some(group));
        (group, share(sums.polling, sums.life()))
    });
    let (group, polling) = shares.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    if polling < LEAST_POLLING {
        return None;
    }
    let name = &case.workload.groups[group].name;
    Some(Effect {
        name: "polling",
        under: None,
        size: polling,
        numbers: indexmap! { "polling_share" => polling },
        evidence: format!(
            "Threads of {name} look for requests for {} of their time.",
            words::percent(polling)
        ),
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
    fn the_group_that_looks_most_is_named() {
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
        assert!(effect.evidence.contains("Threads of b look for requests for 30 %"), "{effect:?}");
        assert_eq!(find([9, 0]), None);
    }
}
