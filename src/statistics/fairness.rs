//! How evenly something is shared.

/// Jain's fairness index: 1 if all values are equal, 1/n if all but one are zero. `None` if there is
/// nothing to share.
///
/// R. Jain, D. Chiu & W. Hawe, "A quantitative measure of fairness and discrimination for resource
/// allocation in shared computer systems", DEC-TR-301, 1984.
#[must_use]
pub fn jain(values: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().sum();
    let squares: f64 = values.iter().map(|value| value * value).sum();
    (squares > 0.0).then(|| sum * sum / (values.len() as f64 * squares))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_lies_between_one_and_one_nth() {
        assert_eq!(jain(&[0.3, 0.3, 0.3]).map(|index| (index * 1e9).round()), Some(1e9));
        assert_eq!(jain(&[5.0, 0.0, 0.0, 0.0]), Some(0.25));
        // (1 + 3)^2 / (2 (1 + 9)); the scale does not matter.
        assert_eq!(jain(&[1.0, 3.0]), Some(0.8));
        assert_eq!(jain(&[2.0, 6.0]), Some(0.8));
        assert_eq!((jain(&[]), jain(&[0.0, 0.0])), (None, None));
    }
}
