//! Whether intervals hold the truth as often as they say: of many synthetic experiments, 95 in 100.

use std::f64::consts::{LN_2, LN_10};

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::distribution::{Binomial, DiscreteCDF};

use super::batch_means::batch_means;
use super::paired::difference;
use super::quantile::{quantile_interval, quantile_lower_bound, quantile_upper_bound};
use super::ratio::ratio_of_means;
use super::variance::components;
use super::*;

const CONFIDENCE: f64 = 0.95;

/// The share of 4000 experiments whose interval holds the truth. The standard error is 0.34 %.
fn coverage(experiment: impl Fn(&mut Xoshiro256PlusPlus) -> (f64, f64), truth: f64) -> f64 {
    let holds = |seed: &u64| {
        let (low, high) = experiment(&mut Xoshiro256PlusPlus::seed_from_u64(*seed));
        (low..=high).contains(&truth)
    };
    (0..4_000).filter(holds).count() as f64 / 4_000.0
}

fn assert_covers(what: &str, coverage: f64) {
    assert!((0.935..=0.965).contains(&coverage), "{what}: {coverage}");
}

fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    StandardNormal.sample(rng)
}

#[test]
fn means() {
    for n in [5, 10, 30] {
        let experiment = |rng: &mut Xoshiro256PlusPlus| {
            let values: Vec<_> = (0..n).map(|_| 3.0 + normal(rng)).collect();
            Estimate::of_mean(&values, CONFIDENCE).unwrap().interval()
        };
        assert_covers(&format!("mean of {n}"), coverage(experiment, 3.0));
    }
}

fn exponentials(n: u32, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let mut values: Vec<f64> = (0..n).map(|_| Exp1.sample(rng)).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// How likely at least `low` and fewer than `high` of n values lie below the quantile `q`.
fn exactly(n: u32, q: f64, low: f64, high: f64) -> f64 {
    let below = Binomial::new(q, n.into()).unwrap();
    below.cdf(high as u64 - 1) - below.cdf(low as u64 - 1)
}

#[test]
fn quantiles() {
    // Ranks are whole, so an interval holds the truth more often than it says: how often is known.
    for (n, q, truth) in [(17, 0.5, LN_2), (44, 0.5, LN_2), (86, 0.9, LN_10), (20, 0.5, LN_2)] {
        let ranks: Vec<_> = (1..=n).map(f64::from).collect();
        let ranks = quantile_interval(&ranks, q, CONFIDENCE).unwrap();
        let exact = exactly(n, q, ranks.low, ranks.high);
        assert!((CONFIDENCE..0.97).contains(&exact), "{n}: {exact}");
        let experiment = |rng: &mut Xoshiro256PlusPlus| {
            let found = quantile_interval(&exponentials(n, rng), q, CONFIDENCE).unwrap();
            (found.low, found.high)
        };
        let found = coverage(experiment, truth);
        assert!((found - exact).abs() < 0.0125, "{found} instead of {exact}");
    }
}

#[test]
fn bounds_of_quantiles() {
    // With 299 values, all lie below the 99th percentile with probability 0.99^299 = 0.0495.
    for (n, q, truth) in [(20, 0.5, LN_2), (299, 0.99, 100.0_f64.ln())] {
        let ranks: Vec<_> = (1..=n).map(f64::from).collect();
        let rank = quantile_upper_bound(&ranks, q, CONFIDENCE).unwrap();
        let exact = exactly(n, q, 1.0, rank) + (1.0 - q).powf(n.into());
        let upper = |rng: &mut Xoshiro256PlusPlus| {
            let bound = quantile_upper_bound(&exponentials(n, rng), q, CONFIDENCE);
            (0.0, bound.unwrap())
        };
        let found = coverage(upper, truth);
        assert!(exact >= CONFIDENCE, "{exact}");
        assert!((found - exact).abs() < 0.0125, "{found} instead of {exact}");
        // Of uniform values, 1 - x mirrors the bound.
        let lower = |rng: &mut Xoshiro256PlusPlus| {
            let mirrored: Vec<_> = exponentials(n, rng).iter().map(|x| (-x).exp()).rev().collect();
            (quantile_lower_bound(&mirrored, 1.0 - q, CONFIDENCE).unwrap(), 1.0)
        };
        assert_eq!(coverage(lower, 1.0 - q), found);
    }
}

#[test]
fn batches_of_a_correlated_series() {
    let experiment = |rng: &mut Xoshiro256PlusPlus| {
        // An autoregressive series with mean 0 and a correlation of 0.7 from one value to the next.
        let mut value = normal(rng) / (1.0_f64 - 0.49).sqrt();
        let series: Vec<_> = (0..3_000)
            .map(|_| {
                value = 0.7 * value + normal(rng);
                value
            })
            .collect();
        batch_means(&series, CONFIDENCE)
            .map_or((f64::NAN, f64::NAN), |found| found.estimate.interval())
    };
    assert_covers("batch means", coverage(experiment, 0.0));
}

#[test]
fn paired_differences() {
    let experiment = |rng: &mut Xoshiro256PlusPlus| {
        let pair = |rng: &mut Xoshiro256PlusPlus| {
            let common = 5.0 * normal(rng);
            (common + normal(rng), common + 0.4 + normal(rng))
        };
        let pairs: Vec<_> = (0..10).map(|_| pair(rng)).collect();
        difference(&pairs, CONFIDENCE).unwrap().estimate.interval()
    };
    assert_covers("paired differences", coverage(experiment, 0.4));
}

#[test]
fn ratios() {
    let experiment = |rng: &mut Xoshiro256PlusPlus| {
        let pair = |rng: &mut Xoshiro256PlusPlus| (6.0 + normal(rng), 3.0 + 0.5 * normal(rng));
        let pairs: Vec<_> = (0..20).map(|_| pair(rng)).collect();
        ratio_of_means(&pairs, CONFIDENCE).unwrap().interval()
    };
    assert_covers("ratio", coverage(experiment, 2.0));
}

#[test]
fn shares_of_a_variance() {
    // A quarter of the variance lies within.
    let experiment = |rng: &mut Xoshiro256PlusPlus| {
        let group = |rng: &mut Xoshiro256PlusPlus| {
            let common = 3.0_f64.sqrt() * normal(rng);
            (0..5).map(|_| common + normal(rng)).collect()
        };
        let groups: Vec<_> = (0..10).map(|_| group(rng)).collect();
        components(&groups, CONFIDENCE).unwrap().interval.unwrap()
    };
    assert_covers("share within", coverage(experiment, 0.25));
}
