//! What formulas ask of a law beside its mean. `None` for laws that can't say.

use crate::workload::Law;

/// Draws of a wilder law would have to be millions until their mean comes near the law's own, and until replications
/// show how far it is off.
const LARGEST_VARIATION: f64 = 3.0;

/// From here on, it does not matter that draws are whole nanoseconds \[ns\].
pub(super) const COARSEST: f64 = 100.0;

/// From here on, it does not matter that a quantile of latencies is a whole nanosecond \[ns\].
pub(super) const FINEST: f64 = 1000.0;

/// Whether means of draws come near the law's own mean: its standard deviation is no more than three times as large, and
/// rounding does not move it.
pub(super) fn is_tame(law: &Law) -> bool {
    let mean = law.mean_ns();
    let is_whole = matches!(law, Law::Constant(_) | Law::Uniform { .. } | Law::Empirical(_));
    (is_whole || mean >= COARSEST) && square(law).is_some_and(|square| is_near(mean, square))
}

/// Whether the standard deviation is no more than three times the mean.
pub(super) fn is_near(mean: f64, square: f64) -> bool {
    square <= (1.0 + LARGEST_VARIATION * LARGEST_VARIATION) * mean * mean
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
        Law::LogNormal { square_ns2, .. }
        | Law::Weibull { square_ns2, .. }
        | Law::Gamma { square_ns2, .. } => *square_ns2,
        // Infinite up to a shape of 2, and little is known of means up to 4.
        Law::Pareto { .. } => return None,
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
    use std::path::Path;

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

    /// With seven digits of what mpmath gives.
    #[test]
    fn squares_and_wildness() {
        for (text, expected, tame) in [
            ("log_normal = { median = '1us', sigma = 1.0 }", 7.389056e6, true),
            ("log_normal = { median = '1us', sigma = 1.6 }", 167.3354e6, false),
            ("weibull = { scale = '1us', shape = 0.5 }", 24e6, true),
            ("weibull = { scale = '1us', shape = 0.4 }", 120e6, false),
            ("gamma = { shape = 0.2, mean = '1us' }", 6e6, true),
            ("gamma = { shape = 0.1, mean = '1us' }", 11e6, false),
            ("exponential = { mean = '99ns' }", 19_602.0, false),
            ("exponential = { mean = '100ns' }", 20_000.0, true),
            ("uniform = { low = '0ns', high = '2ns' }", 4.0 / 3.0, true),
        ] {
            #[derive(serde::Deserialize)]
            struct File {
                law: crate::workload::LawSpec,
            }
            let file: File = toml::from_str(&format!("law = {{ {text} }}")).unwrap();
            let law = file.law.compile(Path::new("")).unwrap();
            let found = square(&law).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-6, "{text}: {found}");
            assert_eq!(is_tame(&law), tame, "{text}");
        }
    }
}
