//! The first two moments of a length of time: all that many formulas need to know of its law.

use super::is_time;

/// A length of time as far as its mean and its mean square tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// E\[B\].
    pub mean: f64,
    /// E\[B²\], the second moment about zero, not the variance.
    pub square: f64,
}

impl Moments {
    /// Always the same.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self { mean: value, square: value * value }
    }

    /// Exponentially distributed.
    #[must_use]
    pub const fn exponential(mean: f64) -> Self {
        Self { mean, square: 2.0 * mean * mean }
    }

    /// Any law with this mean and this squared coefficient of variation, Var B / E\[B\]².
    #[must_use]
    pub const fn with_variation(mean: f64, squared_variation: f64) -> Self {
        Self { mean, square: (1.0 + squared_variation) * mean * mean }
    }

    /// This and then another, independent of it: a hold and the hand-off that is paid with it.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        Self {
            mean: self.mean + next.mean,
            square: self.square + 2.0 * self.mean * next.mean + next.square,
        }
    }

    /// Its variance, E\[B²\] - E\[B\]².
    #[must_use]
    pub const fn variance(self) -> f64 {
        self.square - self.mean * self.mean
    }

    /// Whether any length of time has these moments. False for what is no number, too.
    #[must_use]
    pub fn are_sound(self) -> bool {
        // Squares of constants are rounded.
        is_time(self.mean) && is_time(self.square) && self.variance() >= -1e-12 * self.square
    }
}

#[cfg(test)]
mod tests {
    use super::super::support::assert_near;
    use super::*;

    #[test]
    fn variances_add_up() {
        // Var of an exponential time is its mean squared, that of a constant is zero.
        let both = Moments::exponential(3.0).then(Moments::constant(2.0));
        assert_near(both.mean, 5.0, 1e-15);
        assert_near(both.variance(), 9.0, 1e-15);
        // Two exponential times are an Erlang time: mean 2, variance 2, squared variation 1/2.
        let erlang = Moments::exponential(1.0).then(Moments::exponential(1.0));
        assert_eq!(erlang, Moments::with_variation(2.0, 0.5));
    }

    #[test]
    fn no_time_has_less_than_no_variance() {
        assert!(Moments::constant(0.1).are_sound());
        assert!(!Moments { mean: 1.0, square: 0.9 }.are_sound());
        assert!(!Moments::constant(-1.0).are_sound());
        assert!(!Moments::constant(f64::NAN).are_sound());
    }
}
