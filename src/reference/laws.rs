//! What formulas ask of a law beside its mean. `None` for laws that can't say.

use crate::workload::Law;

/// Whether means of draws come near the law's own mean, and their spread is known: its variance is finite.
pub(super) fn is_tame(law: &Law) -> bool {
    match law {
        // The variance is infinite up to a shape of 2, and even the mean up to 1.
        Law::Pareto { .. } => false,
        Law::Mixture(parts) => parts.iter().all(|(_, part)| is_tame(part)),
        _ => law.mean_ns().is_finite(),
    }
}

/// E\[B²\] \[ns²\].
pub(super) fn square(law: &Law) -> Option<f64> {
    Some(match law {
        Law::Constant(span) => (span.ns() as f64).powi(2),
        Law::Exponential { mean_ns } => 2.0 * mean_ns * mean_ns,
        Law::Uniform { low, high } => {
            let (low, high) = (low.ns() as f64, high.ns() as f64);
            (low * low + low * high + high * high) / 3.0
        }
        Law::Mixture(parts) => weighted(parts, square)?,
        Law::Empirical(values) => {
            let squares: f64 = values.iter().map(|value| (value.ns() as f64).powi(2)).sum();
            squares / values.len() as f64
        }
        _ => return None,
    })
}

/// E\[exp(-sB)\], the Laplace transform at s \[1/ns\].
pub(super) fn transform(law: &Law, s: f64) -> Option<f64> {
    Some(match law {
        Law::Constant(span) => (-s * span.ns() as f64).exp(),
        Law::Exponential { mean_ns } => 1.0 / (1.0 + s * mean_ns),
        Law::Mixture(parts) => weighted(parts, |part| transform(part, s))?,
        Law::Empirical(values) => {
            let sum: f64 = values.iter().map(|value| (-s * value.ns() as f64).exp()).sum();
            sum / values.len() as f64
        }
        _ => return None,
    })
}

/// The mean over the parts of a mixture.
fn weighted(parts: &[(f64, Law)], of: impl Fn(&Law) -> Option<f64>) -> Option<f64> {
    let mut below = 0.0;
    let part = |(upper, law): &(f64, Law)| {
        let weight = upper - std::mem::replace(&mut below, *upper);
        Some(weight * of(law)?)
    };
    parts.iter().map(part).sum()
}

#[cfg(test)]
mod tests {
    use gilsim_policies::Span;

    use super::*;

    #[test]
    fn moments_by_hand() {
        let exponential = |mean_ns| Law::Exponential { mean_ns };
        let two =
            Law::Mixture(vec![(0.25, exponential(4.0)), (1.0, Law::Constant(Span::from_ns(2)))]);
        assert_eq!(square(&two), Some(0.25 * 32.0 + 0.75 * 4.0));
        let s = 0.5;
        let expected = 0.25 / 3.0 + 0.75 * (-1.0_f64).exp();
        assert!((transform(&two, s).unwrap() - expected).abs() < 1e-15);
        let (low, high) = (Span::from_ns(3), Span::from_ns(9));
        // Variance 36/12 and mean 6.
        assert_eq!(square(&Law::Uniform { low, high }), Some(39.0));
        let values = Law::Empirical([1, 3].map(Span::from_ns).into());
        assert_eq!((square(&values), transform(&values, 0.0)), (Some(5.0), Some(1.0)));
    }
}
