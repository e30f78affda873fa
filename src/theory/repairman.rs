//! The machine repairman: N threads, each of which thinks outside for a while and then wants the one lock.
//!
//! Exponential holds, with c servers (M/M/c//N): a birth-death chain. Any law of holds (M/G/1//N): L. Takács,
//! "Introduction to the Theory of Queues", 1962. Response times: a thread that asks finds what the other N - 1 would
//! leave by themselves (arrival theorem; K. C. Sevcik & I. Mitrani, JACM 28(2), 1981; S. S. Lavenberg & M. Reiser, J.
//! Appl. Prob. 17, 1980).
//!
//! Thinking is exponential. Where holds are, too, means are the same with thinking of any law.

use super::{is_positive, is_time};

/// N threads that think and hold in turn: a finite source of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FiniteSource {
    /// N.
    pub threads: u32,
    /// Z, the mean time from a release to the next request. Zero for threads that always want the lock.
    pub think: f64,
    /// h, the mean time that the lock is held.
    pub hold: f64,
}

/// What a closed system does in the long run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Performance {
    /// X, holds completed per unit of time, by all threads together.
    pub throughput: f64,
    /// R, the mean time from request to release.
    pub response: f64,
    /// U, the mean share of the servers that is busy.
    pub utilisation: f64,
}

impl FiniteSource {
    /// Whether there are threads, and times that can be. False for what is no number, too.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.threads > 0 && is_positive(self.hold) && is_time(self.think / self.hold)
    }

    /// With exponential holds, of which `servers` go on at once: one with a lock, as many as there are cores without.
    /// Under any order of service that does not look at lengths. With one server that all share evenly, with holds of
    /// any law (F. Baskett, K. M. Chandy, R. R. Muntz & F. G. Palacios, JACM 22(2), 1975). `None` without servers, or
    /// if the source is not sound.
    #[must_use]
    pub fn exponential(&self, servers: u32) -> Option<Performance> {
        if servers == 0 || !self.is_sound() {
            return None;
        }
        let law = present(self.threads, self.think / self.hold, servers);
        let mean = |of: &dyn Fn(u32) -> f64| -> f64 {
            (0..).zip(&law).map(|(n, probability)| of(n) * probability).sum()
        };
        let busy = mean(&|n| f64::from(n.min(servers)));
        let throughput = busy / self.hold;
        // Little's law. N/X - Z would lose digits where threads hardly meet.
        let response = mean(&f64::from) / throughput;
        Some(Performance { throughput, response, utilisation: busy / f64::from(servers) })
    }

    /// With holds of any law that has the mean `hold` and this Laplace transform, s ↦ E\[exp(-sB)\]: see [`constant`]
    /// and [`exponential`]. One lock, under any order of service that cuts no hold and does not look at lengths. `None`
    /// if the source is not sound, or if the transform leaves 0 to 1.
    #[must_use]
    pub fn general(&self, transform: impl Fn(f64) -> f64) -> Option<Performance> {
        if !self.is_sound() {
            return None;
        }
        let threads = f64::from(self.threads);
        // Takács' mean busy period in holds, without the first hold: Σ C(N-1,k) Π (1-φ(j/Z))/φ(j/Z) for k = 1 to N-1,
        // in logarithms, because each factor may be far above 1 and far below.
        let mut term = 0.0;
        let mut terms = Vec::new();
        for k in (1..self.threads).map(f64::from) {
            let phi = transform(k / self.think);
            if !(0.0..=1.0).contains(&phi) {
                return None;
            }
            term += ((threads - k) / k).ln() + ((1.0 - phi) / phi).ln();
            terms.push(term);
        }
        let further = sum_of_exponentials(&terms);
        // R = N h - Z (1 - h / busy period), from U = busy / (busy + Z/N), X = U/h and R = N/X - Z.
        let share = if further.is_infinite() { 1.0 } else { further / (1.0 + further) };
        let response = threads * self.hold - self.think * share;
        let throughput = threads / (response + self.think);
        Some(Performance { throughput, response, utilisation: throughput * self.hold })
    }

    /// How likely a response takes longer than `t`: exponential holds, one lock, first come first served.
    /// `None` if the source is not sound, or `t` is no length of time.
    #[must_use]
    pub fn response_tail(&self, t: f64) -> Option<f64> {
        (self.is_sound() && is_time(t)).then(|| tail(&self.ahead(), t / self.hold))
    }

    /// The time that the share `q` of responses does not exceed: exponential holds, one lock, first come first served.
    /// `None` if the source is not sound, or if q is not in \[0, 1).
    #[must_use]
    pub fn response_quantile(&self, q: f64) -> Option<f64> {
        if !self.is_sound() || !(0.0..1.0).contains(&q) {
            return None;
        }
        let ahead = self.ahead();
        let exceeds = |holds: f64| tail(&ahead, holds) > 1.0 - q;
        let mut high = 1.0;
        while exceeds(high) {
            high *= 2.0;
        }
        let mut low = 0.0;
        // As far as floats go.
        for _ in 0..f64::MANTISSA_DIGITS {
            let middle = f64::midpoint(low, high);
            *(if exceeds(middle) { &mut low } else { &mut high }) = middle;
        }
        Some(f64::midpoint(low, high) * self.hold)
    }

    /// How many others a thread finds when it asks.
    fn ahead(&self) -> Vec<f64> {
        present(self.threads - 1, self.think / self.hold, 1)
    }
}

/// The Laplace transform of a constant hold.
pub fn constant(hold: f64) -> impl Fn(f64) -> f64 {
    move |s| (-s * hold).exp()
}

/// The Laplace transform of an exponential hold.
pub fn exponential(hold: f64) -> impl Fn(f64) -> f64 {
    move |s| 1.0 / (1.0 + s * hold)
}

/// How likely it is that 0, 1, ... all threads hold or wait; `ratio` is Z/h.
fn present(threads: u32, ratio: f64, servers: u32) -> Vec<f64> {
    // From all of them down, so that a ratio of zero needs no case of its own.
    let mut logs = vec![0.0];
    let mut log = 0.0;
    for n in (1..=threads).rev() {
        log += (f64::from(n.min(servers)) * ratio / f64::from(threads - n + 1)).ln();
        logs.push(log);
    }
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logs.iter().map(|log| (log - highest).exp()).sum();
    logs.iter().rev().map(|log| (log - highest).exp() / total).collect()
}

/// How likely a response exceeds so many mean holds, given how many are ahead: with n ahead, it does if at most n holds
/// end in that time, a number after Poisson.
fn tail(ahead: &[f64], holds: f64) -> f64 {
    let (mut log, mut at_most, mut sum) = (-holds, 0.0, 0.0);
    for (n, probability) in ahead.iter().enumerate() {
        at_most += log.exp();
        sum += probability * at_most;
        log += (holds / (n + 1) as f64).ln();
    }
    // Rounding may lift certainty a little above 1.
    sum.min(1.0)
}

/// Σ exp(term), infinite if it is too large for a float.
fn sum_of_exponentials(terms: &[f64]) -> f64 {
    let highest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if highest.is_infinite() {
        return highest.exp();
    }
    highest.exp() * terms.iter().map(|term| (term - highest).exp()).sum::<f64>()
}

#[cfg(test)]
mod tests;
