//! Which inputs of a function its variance comes from: Sobol's indices of first order, and total ones.
//!
//! The inputs are independent. A *first-order* index is the share of the variance that goes if an input alone were known; a *total*
//! one is the share that stays if all others were. What an input does by itself counts in the first, what it does together with
//! others in the second alone.
//!
//! Estimators: A. Saltelli et al., "Variance based sensitivity analysis of model output. Design and estimator for the total
//! sensitivity index", Computer Physics Communications 181, 2010, table 2: (b) for the first order, with values less their mean,
//! and (f), Jansen's, for the total. Intervals are Student's over independent scramblings of Sobol's sequence, which cover better
//! than bootstraps do (P. L'Ecuyer, M. K. Nakayama, A. B. Owen, B. Tuffin, "Confidence intervals for randomized quasi-Monte Carlo
//! estimators", Winter Simulation Conference 2023); of ratios, by the jackknife.

use super::mean::Estimate;
use super::ratio::ratio_of_means;

/// The most inputs: a point of Sobol's sequence has two numbers for each, and 256 at most.
pub const MOST_INPUTS: usize = sobol_burley::NUM_DIMENSIONS as usize / 2;

/// The most points of a scrambling.
pub const MOST_SAMPLES: u32 = 1 << 16;

/// A function at the points of one scrambling.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Its values at the first points.
    pub a: Vec<f64>,
    /// Its values at the second points.
    pub b: Vec<f64>,
    /// For each input, its values at the first points with that input of the second.
    pub mixed: Vec<Vec<f64>>,
}

/// Where a variance comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Indices {
    /// The mean of the function.
    pub mean: Estimate,
    /// Its variance.
    pub variance: f64,
    /// The indices of each input; empty if the function does not vary.
    pub inputs: Vec<Index>,
}

/// The indices of an input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Index {
    /// The share of the variance that the input has by itself.
    pub first: Estimate,
    /// The share that it takes part in.
    pub total: Estimate,
}

/// A coordinate of the first and the second point of a sample, from 0 to below 1. `scrambling` is a seed.
#[must_use]
pub fn coordinates(sample: u32, input: usize, inputs: usize, scrambling: u32) -> (f64, f64) {
    let at = |dimension: usize| sobol_burley::sample(sample, dimension as u32, scrambling).into();
    (at(input), at(inputs + input))
}

/// The indices of all inputs. `None` without blocks, if they have not as many values each, or if a value is no finite
/// number.
#[must_use]
pub fn indices(blocks: &[Block], confidence: f64) -> Option<Indices> {
    let Block { a, mixed, .. } = blocks.first()?;
    let (samples, inputs) = (a.len(), mixed.len());
    let whole = |block: &Block| {
        let all = || [&block.a, &block.b].into_iter().chain(&block.mixed);
        block.mixed.len() == inputs
            && all().all(|values| values.len() == samples)
            && all().flatten().all(|value| value.is_finite())
    };
    if samples == 0 || !blocks.iter().all(whole) {
        return None;
    }
    let means: Vec<_> = blocks.iter().map(|block| mean(block.a.iter().chain(&block.b))).collect();
    let mean_of_all = mean(&means);
    let square = |value: &f64| (value - mean_of_all).powi(2);
    let variances: Vec<_> = blocks
        .iter()
        .map(|block| mean(&block.a.iter().chain(&block.b).map(square).collect::<Vec<_>>()))
        .collect();
    let shares = |parts: Vec<f64>| {
        let pairs: Vec<_> = parts.into_iter().zip(variances.iter().copied()).collect();
        ratio_of_means(&pairs, confidence)
    };
    let of_input = |input: usize| {
        let first = |block: &Block| {
            let values = block.a.iter().zip(&block.b).zip(&block.mixed[input]);
            mean(&values.map(|((a, b), m)| (b - mean_of_all) * (m - a)).collect::<Vec<_>>())
        };
        let total = |block: &Block| {
            let values = block.a.iter().zip(&block.mixed[input]);
            mean(&values.map(|(a, m)| (a - m).powi(2) / 2.0).collect::<Vec<_>>())
        };
        Some(Index {
            first: shares(blocks.iter().map(first).collect())?,
            total: shares(blocks.iter().map(total).collect())?,
        })
    };
    Some(Indices {
        mean: Estimate::of_mean(&means, confidence)?,
        variance: mean(&variances),
        inputs: (0..inputs).filter_map(of_input).collect(),
    })
}

fn mean<'v>(values: impl IntoIterator<Item = &'v f64>) -> f64 {
    let (count, sum) =
        values.into_iter().fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
    sum / count
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// A function's values at all points of some scramblings.
    fn blocks(
        of: impl Fn(&[f64]) -> f64,
        inputs: usize,
        samples: u32,
        scramblings: std::ops::Range<u32>,
    ) -> Vec<Block> {
        let block = |scrambling| {
            let mut block = Block { mixed: vec![vec![]; inputs], ..Block::default() };
            for sample in 0..samples {
                let points = (0..inputs).map(|at| coordinates(sample, at, inputs, scrambling));
                let (a, b): (Vec<_>, Vec<_>) = points.unzip();
                block.a.push(of(&a));
                block.b.push(of(&b));
                for (input, values) in block.mixed.iter_mut().enumerate() {
                    let mut mixed = a.clone();
                    mixed[input] = b[input];
                    values.push(of(&mixed));
                }
            }
            block
        };
        scramblings.map(block).collect()
    }

    /// T. Ishigami, T. Homma, "An importance quantification technique in uncertainty analysis", 1990, with a = 7, b = 0.1.
    fn ishigami(at: &[f64]) -> f64 {
        let [x, y, z] = [at[0], at[1], at[2]].map(|u| PI * (2.0 * u - 1.0));
        x.sin() + 7.0 * y.sin().powi(2) + 0.1 * z.powi(4) * x.sin()
    }

    /// I. M. Sobol's g-function: the variance of a factor is 1/3 / (1 + a)².
    fn g(at: &[f64]) -> f64 {
        let factor = |(u, a): (&f64, f64)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a);
        at.iter().zip(G).map(factor).product()
    }

    const G: [f64; 4] = [0.0, 1.0, 4.5, 9.0];

    fn exact_g() -> Vec<(f64, f64)> {
        let parts = G.map(|a| 1.0 / 3.0 / (1.0 + a).powi(2));
        let all: f64 = parts.iter().map(|part| 1.0 + part).product();
        let index = |part: &f64| (part / (all - 1.0), part * all / (1.0 + part) / (all - 1.0));
        parts.iter().map(index).collect()
    }

    const ISHIGAMI: [(f64, f64); 3] = [(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)];

    #[test]
    fn functions_whose_indices_are_known() {
        let published =
            [("Ishigami", blocks(ishigami, 3, 1_024, 0..10), ISHIGAMI.to_vec(), 13.8446)];
        let variance = G.iter().map(|a| 1.0 + 1.0 / 3.0 / (1.0 + a).powi(2)).product::<f64>() - 1.0;
        let closed = [("g", blocks(g, 4, 1_024, 0..10), exact_g(), variance)];
        for (name, blocks, exact, variance) in published.into_iter().chain(closed) {
            let found = indices(&blocks, 0.95).unwrap();
            assert!((found.variance / variance - 1.0).abs() < 0.005, "{name}: {}", found.variance);
            for (index, (first, total)) in found.inputs.iter().zip(exact) {
                for (found, exact) in [(index.first, first), (index.total, total)] {
                    assert!((found.mean - exact).abs() < 0.01, "{name}: {found:?}, not {exact}");
                    assert!(found.half_width.unwrap() < 0.02, "{name}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn intervals_hold_the_exact_indices() {
        // As few points as a program takes; of 300 experiments each, with a standard error of 1.3 %.
        let functions: [fn(&[f64]) -> f64; 2] = [ishigami, g];
        for (of, exact) in functions.into_iter().zip([ISHIGAMI.to_vec(), exact_g()]) {
            let mut held = vec![[0; 2]; exact.len()];
            for experiment in 0..300 {
                let seeds = 10 * experiment..10 * (experiment + 1);
                let found = indices(&blocks(of, exact.len(), 64, seeds), 0.95).unwrap();
                for (input, (first, total)) in exact.iter().enumerate() {
                    let Index { first: one, total: all } = found.inputs[input];
                    for (place, (found, exact)) in [(one, first), (all, total)].iter().enumerate() {
                        let (low, high) = found.interval();
                        held[input][place] += u32::from((low..=high).contains(*exact));
                    }
                }
            }
            let shares: Vec<_> =
                held.iter().flatten().map(|held| f64::from(*held) / 300.0).collect();
            assert!(shares.iter().all(|share| (0.91..=0.985).contains(share)), "{shares:?}");
        }
    }

    #[test]
    fn chance_is_an_input_as_any_other() {
        // Uniform, and normal with the same variance: each has half, and nothing is shared.
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let block = |scrambling| {
            let mut block = Block { mixed: vec![vec![]; 2], ..Block::default() };
            for sample in 0..256 {
                let (a, b) = coordinates(sample, 0, 1, scrambling);
                let (of_a, of_b) = (normal() / 12_f64.sqrt(), normal() / 12_f64.sqrt());
                block.a.push(a + of_a);
                block.b.push(b + of_b);
                block.mixed[0].push(b + of_a);
                block.mixed[1].push(a + of_b);
            }
            block
        };
        let found = indices(&(0..20).map(block).collect::<Vec<_>>(), 0.95).unwrap();
        for Index { first, total } in found.inputs {
            assert!((first.mean - 0.5).abs() < 0.03 && (total.mean - 0.5).abs() < 0.03);
            assert!((0.01..0.04).contains(&first.half_width.unwrap()), "{first:?}");
        }
    }

    #[test]
    fn what_does_not_vary_has_no_indices() {
        let found = indices(&blocks(|_| 3.0, 2, 8, 0..4), 0.95).unwrap();
        assert_eq!((found.mean.mean, found.variance, found.inputs), (3.0, 0.0, vec![]));
        let mut odd = blocks(ishigami, 3, 8, 0..4);
        odd[1].mixed[2][3] = f64::NAN;
        assert_eq!(indices(&odd, 0.95), None);
        odd[1].mixed[2].pop();
        assert_eq!((indices(&odd, 0.95), indices(&[], 0.95)), (None, None));
        // An input that nothing depends on has exactly no part.
        let found = indices(&blocks(|at| at[0], 2, 8, 0..4), 0.95).unwrap();
        let none = found.inputs[1];
        assert_eq!((none.first.interval(), none.total.interval()), ((0.0, 0.0), (0.0, 0.0)));
    }
}
