//! Reference counts that go wrong.

use indexmap::indexmap;

use super::super::{Evidence, Run};
use super::Effect;

/// One lost update is too many: as it is, or else in the first alternative.
pub fn updates(evidence: &Evidence<'_>) -> Option<Effect> {
    let Evidence { baseline, tried, .. } = *evidence;
    lost(baseline, None)
        .or_else(|| tried.iter().find_map(|tried| lost(&tried.runs, Some(tried.choice.name()))))
}

fn lost(runs: &[Run], under: Option<String>) -> Option<Effect> {
    let counts = runs.iter().map(|run| run.outcome.counts);
    let (mut lost, mut all, mut freed, mut kept) = (0, 0, 0, 0);
    for counts in counts {
        lost += counts.lost;
        all += counts.updates;
        freed += counts.freed_in_use;
        kept += counts.never_freed;
    }
    (lost > 0).then(|| Effect {
        name: "lost updates",
        under,
        size: 1.0,
        numbers: indexmap! {
            "lost" => lost as f64,
            "updates" => all as f64,
            "freed_in_use" => freed as f64,
            "never_freed" => kept as f64,
        },
        evidence: format!(
            "{lost} of {all} changes of reference counts are lost: memory is freed in use {freed} times, and {kept} \
             objects are never freed."
        ),
        reason: "Two threads that change a count at once undo each other's change, where nothing protects it.",
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::examples::{Example, thread};
    use super::*;

    #[test]
    fn one_lost_update_is_enough() {
        let mut example =
            Example::new("[a]\nprogram = [{ compute = \"1ms\" }]", vec![thread(0, [1; 5])]);
        example.baseline[0].outcome.counts.updates = 9;
        assert_eq!(updates(&example.evidence()), None);
        example.baseline[0].outcome.counts.lost = 1;
        let effect = updates(&example.evidence()).unwrap();
        assert!(effect.evidence.starts_with("1 of 9 changes"), "{effect:?}");
    }
}
