//! Requests that come from outside at any rate, after Poisson, for one lock: open queues.
//!
//! L. Kleinrock, "Queueing Systems", volumes 1 and 2, 1975 and 1976, unless said otherwise. Responses are from request
//! to release, waits from request to acquisition; first come first served, unless said otherwise. Each is `None` if a
//! time or the rate can't be, or if more comes than can be served: then queues grow for ever.

use super::{Moments, is_positive, is_time};

/// The mean response with exponential holds (M/M/1).
#[must_use]
pub fn exponential_response(rate: f64, hold: f64) -> Option<f64> {
    is_stable(rate, hold).then(|| hold / (1.0 - rate * hold))
}

/// How likely a response takes longer than `t`, with exponential holds (M/M/1): it is exponential, too.
#[must_use]
pub fn exponential_response_tail(rate: f64, hold: f64, t: f64) -> Option<f64> {
    let mean = exponential_response(rate, hold).filter(|_| is_time(t))?;
    Some((-t / mean).exp())
}

/// The mean wait with holds of any law (M/G/1), after Pollaczek and Khinchine. A hand-off that is paid with each
/// acquisition belongs to the hold: see [`Moments::then`].
#[must_use]
pub fn wait(rate: f64, hold: Moments) -> Option<f64> {
    let sound = hold.are_sound() && is_stable(rate, hold.mean);
    sound.then(|| rate * hold.square / (2.0 * (1.0 - rate * hold.mean)))
}

/// The mean response if who finds the lock free holds it for `first`, and all others for `others`: a hand-off that
/// costs only those who waited.
///
/// P. D. Welch, "On a generalized M/G/1 queuing process in which the first customer of each busy period receives
/// exceptional service", Operations Research 12, 1964.
#[must_use]
pub fn exceptional_first_response(rate: f64, first: Moments, others: Moments) -> Option<f64> {
    // Stability does not depend on the first, but it has to end.
    if !first.are_sound() || !others.are_sound() || !is_stable(rate, others.mean) {
        return None;
    }
    let longer = 1.0 - rate * (others.mean - first.mean);
    let queued = rate * others.square / (2.0 * (1.0 - rate * others.mean));
    Some(first.mean / longer + queued + rate * (first.square - others.square) / (2.0 * longer))
}

/// The mean response of a request that needs the lock for `size`, if all present share it evenly (processor sharing):
/// round robin with a short quantum that costs nothing. Only the mean `hold` of all matters, not their law.
#[must_use]
pub fn shared_response(rate: f64, hold: f64, size: f64) -> Option<f64> {
    (is_stable(rate, hold) && is_time(size)).then(|| size / (1.0 - rate * hold))
}

/// The rate that round robin with exponential holds stays below, if each quantum that begins, the last of a hold as
/// well, costs a switch. A hold of mean h needs 1/(1 - exp(-q/h)) quanta of length q.
#[must_use]
pub fn round_robin_capacity(hold: f64, quantum: f64, switch: f64) -> Option<f64> {
    let sound = is_positive(hold) && is_positive(quantum) && is_time(switch);
    sound.then(|| 1.0 / (hold - switch / (-quantum / hold).exp_m1()))
}

/// Whether less comes than can be served. False for what can't be.
fn is_stable(rate: f64, hold: f64) -> bool {
    is_time(rate) && is_time(hold) && rate * hold < 1.0
}

#[cfg(test)]
mod tests {
    use super::super::chain;
    use super::super::support::assert_near;
    use super::*;

    /// The mean response of a queue of exponential holds, the first of a busy period with another mean, by a chain that
    /// is cut where it hardly comes. State: how many are present, and whether the holder was the first.
    fn by_chain(rate: f64, first: f64, others: f64) -> f64 {
        let law = chain::stationary((0, true), |(present, is_first): (u32, bool)| {
            let mut next = Vec::new();
            if present < 400 {
                next.push(((present + 1, is_first), rate));
            }
            if present > 0 {
                let hold = if is_first { first } else { others };
                next.push(((present - 1, present == 1), 1.0 / hold));
            }
            next
        });
        chain::mean(&law, |(present, _)| f64::from(present)) / rate
    }

    #[test]
    fn a_queue_with_exponential_holds() {
        assert_near(exponential_response(0.5, 1.0).unwrap(), 2.0, 1e-15);
        assert_near(exponential_response_tail(0.5, 1.0, 2.0).unwrap(), (-1.0_f64).exp(), 1e-15);
        assert_near(by_chain(0.5, 1.0, 1.0), 2.0, 1e-9);
    }

    #[test]
    fn pollaczek_and_khinchine() {
        // At half load, constant holds wait half as long as exponential ones.
        assert_near(wait(0.5, Moments::exponential(1.0)).unwrap(), 1.0, 1e-15);
        assert_near(wait(0.5, Moments::constant(1.0)).unwrap(), 0.5, 1e-15);
        // Two exponential phases of mean 1, by a chain. State: how many phases are left.
        let law = chain::stationary(0, |phases: u32| {
            let mut next = Vec::new();
            if phases < 400 {
                next.push((phases + 2, 0.3));
            }
            if phases > 0 {
                next.push((phases - 1, 1.0));
            }
            next
        });
        // Who comes waits for the phases that are left.
        let left = chain::mean(&law, f64::from);
        let erlang = Moments::exponential(1.0).then(Moments::exponential(1.0));
        assert_near(wait(0.3, erlang).unwrap(), left, 1e-9);
    }

    #[test]
    fn a_hand_off_only_after_a_wait() {
        let response = |rate, first, others| {
            let (first, others) = (Moments::exponential(first), Moments::exponential(others));
            exceptional_first_response(rate, first, others).unwrap()
        };
        assert_near(response(0.5, 1.0, 1.5), 5.0, 1e-12);
        assert_near(response(0.3, 0.5, 2.0), 1.8636, 1e-4);
        for (rate, first, others) in [(0.5, 1.0, 1.5), (0.3, 0.5, 2.0), (0.4, 3.0, 1.0)] {
            assert_near(response(rate, first, others), by_chain(rate, first, others), 1e-9);
        }
        // If the first is like the others, Pollaczek and Khinchine.
        assert_near(response(0.5, 1.0, 1.0), 2.0, 1e-15);
    }

    #[test]
    fn sharing_evenly() {
        // An exponential hold of mean 1 responds as under any other order: E[T] is the same.
        assert_eq!(shared_response(0.5, 1.0, 1.0), exponential_response(0.5, 1.0));
        assert_near(shared_response(0.8, 1.0, 3.0).unwrap(), 15.0, 1e-12);
    }

    #[test]
    fn round_robin_that_costs() {
        let (hold, quantum) = (2.0_f64, 1.0_f64);
        assert_near(round_robin_capacity(2e-3, 1e-3, 50e-6).unwrap(), 470.13, 1e-5);
        // A quantum begins whenever a hold is longer than those before it.
        let quanta: f64 = (0..1_000).map(|k| (-f64::from(k) * quantum / hold).exp()).sum();
        let capacity = round_robin_capacity(hold, quantum, 0.1).unwrap();
        assert_near(capacity, 1.0 / (hold + 0.1 * quanta), 1e-12);
        assert_near(round_robin_capacity(hold, quantum, 0.0).unwrap(), 0.5, 1e-15);
    }

    #[test]
    fn an_unstable_queue_has_no_mean() {
        let one = Moments::constant(1.0);
        for rate in [1.0, 1.5, -0.1, f64::NAN] {
            assert_eq!(exponential_response(rate, 1.0), None, "{rate}");
            assert_eq!(exponential_response_tail(rate, 1.0, 1.0), None);
            assert_eq!(wait(rate, one), None);
            assert_eq!(exceptional_first_response(rate, one, one), None);
            assert_eq!(shared_response(rate, 1.0, 1.0), None);
        }
        // A long first hold is no reason.
        assert!(exceptional_first_response(0.5, Moments::constant(9.0), one).is_some());
        assert_eq!(round_robin_capacity(1.0, 0.0, 1.0), None);
    }
}
