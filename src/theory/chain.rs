//! Markov chains solved by number alone, for tests of formulas.

use std::collections::HashMap;
use std::hash::Hash;

/// How likely each state of a continuous-time chain is in the long run. States are found from `start`; `rates` names
/// those that follow one, and how often.
pub fn stationary<S: Copy + Eq + Hash>(
    start: S,
    rates: impl Fn(S) -> Vec<(S, f64)>,
) -> Vec<(S, f64)> {
    let mut states = vec![start];
    let mut numbers = HashMap::from([(start, 0)]);
    let mut into = vec![Vec::new()];
    let mut out = Vec::new();
    while let Some(&state) = states.get(out.len()) {
        let mut sum = 0.0;
        for (next, rate) in rates(state).into_iter().filter(|(_, rate)| *rate > 0.0) {
            let number = *numbers.entry(next).or_insert(states.len());
            if number == states.len() {
                states.push(next);
                into.push(Vec::new());
            }
            into[number].push((out.len(), rate));
            sum += rate;
        }
        out.push(sum);
    }
    // Gauss and Seidel: what flows out of a state flows in, with the newest values.
    let mut law = vec![1.0 / states.len() as f64; states.len()];
    for _ in 0..100_000 {
        let mut change = 0.0_f64;
        for at in 0..states.len() {
            let inflow: f64 = into[at].iter().map(|&(from, rate)| law[from] * rate).sum();
            change = change.max((inflow / out[at] - law[at]).abs());
            law[at] = inflow / out[at];
        }
        let sum: f64 = law.iter().sum();
        law.iter_mut().for_each(|p| *p /= sum);
        if change < 1e-15 {
            break;
        }
    }
    states.into_iter().zip(law).collect()
}

/// The long-run mean of a function of the state.
pub fn mean<S: Copy>(law: &[(S, f64)], of: impl Fn(S) -> f64) -> f64 {
    law.iter().map(|(state, p)| p * of(*state)).sum()
}

#[test]
fn two_states_by_hand() {
    let law = stationary(false, |up| vec![(!up, if up { 3.0 } else { 1.0 })]);
    assert!((mean(&law, f64::from) - 0.25).abs() < 1e-12);
}
