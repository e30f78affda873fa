//! Requests of several classes for one lock, the more important first.
//!
//! Without preemption: A. Cobham, "Priority assignment in waiting line problems", Operations Research 2, 1954. With
//! preemption, a hold that is cut going on where it was: L. Kleinrock, "Queueing Systems", volume 2, 1976, section 3.4.
//! Requests of each class come after Poisson; within a class, first come first served.

use super::{Moments, is_time};

/// Requests that are equally important.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// How many come per unit of time.
    pub rate: f64,
    /// For how long each holds the lock.
    pub hold: Moments,
}

/// The mean wait of each class, from request to acquisition, if a hold is never cut. The most important class comes
/// first. `None` if a rate or a time can't be, or if more comes of all classes together than can be served.
#[must_use]
pub fn waits(classes: &[Class]) -> Option<Vec<f64>> {
    let loads = loads(classes)?;
    let residual: f64 = classes.iter().map(residual).sum();
    let wait = |pair: &[f64]| residual / ((1.0 - pair[0]) * (1.0 - pair[1]));
    Some(loads.windows(2).map(wait).collect())
}

/// The mean response of each class, from request to release, if a more important request cuts a hold, which goes on
/// later. The most important class comes first. `None` as for [`waits`].
#[must_use]
pub fn preemptive_responses(classes: &[Class]) -> Option<Vec<f64>> {
    let loads = loads(classes)?;
    let mut ahead = 0.0;
    let response = |(class, pair): (&Class, &[f64])| {
        // Less important holds do not delay.
        ahead += residual(class);
        (class.hold.mean + ahead / (1.0 - pair[1])) / (1.0 - pair[0])
    };
    Some(classes.iter().zip(loads.windows(2)).map(response).collect())
}

/// The load of no class, of the first, of the first two, and so on.
fn loads(classes: &[Class]) -> Option<Vec<f64>> {
    let mut loads = vec![0.0];
    let mut load = 0.0;
    for Class { rate, hold } in classes {
        load += rate * hold.mean;
        loads.push(load);
        if !is_time(*rate) || !hold.are_sound() || load >= 1.0 {
            return None;
        }
    }
    Some(loads)
}

/// What is left of a hold of this class that is under way, on average over all time: λ E\[B²\] / 2.
fn residual(class: &Class) -> f64 {
    class.rate * class.hold.square / 2.0
}

#[cfg(test)]
mod tests {
    use super::super::support::assert_near;
    use super::super::{chain, open};
    use super::*;

    fn classes() -> [Class; 2] {
        [(0.3, 0.5), (0.4, 1.0)]
            .map(|(rate, mean)| Class { rate, hold: Moments::exponential(mean) })
    }

    /// How many of each class are present on average, by a chain that is cut where it hardly comes. State: how many of
    /// each, and the class of the holder.
    fn by_chain(preempts: bool) -> [f64; 2] {
        let law = chain::stationary(([0, 0], 0), |(present, holder): ([u32; 2], usize)| {
            let mut next = Vec::new();
            let after = |present: [u32; 2]| (present, usize::from(present[0] == 0));
            for (class, Class { rate, hold }) in classes().iter().enumerate() {
                let mut more = present;
                more[class] += 1;
                if more[class] < [20, 60][class] {
                    let idle = present == [0, 0];
                    let holder = if idle || preempts { after(more).1 } else { holder };
                    next.push(((more, holder), *rate));
                }
                if present != [0, 0] && holder == class {
                    let mut fewer = present;
                    fewer[class] -= 1;
                    next.push((after(fewer), 1.0 / hold.mean));
                }
            }
            next
        });
        [0, 1].map(|class| chain::mean(&law, |(present, _)| f64::from(present[class])))
    }

    #[test]
    fn holds_that_are_never_cut() {
        let found = waits(&classes()).unwrap();
        assert_near(found[0], 0.5588235294, 1e-9);
        assert_near(found[1], 1.241830065, 1e-9);
        for (class, (wait, present)) in classes().iter().zip(found.iter().zip(by_chain(false))) {
            // Little's law.
            assert_near(wait + class.hold.mean, present / class.rate, 1e-8);
        }
    }

    #[test]
    fn holds_that_are_cut() {
        let found = preemptive_responses(&classes()).unwrap();
        assert_near(found[0], 0.5882352941, 1e-9);
        assert_near(found[1], 2.418300654, 1e-9);
        for (class, (response, present)) in classes().iter().zip(found.iter().zip(by_chain(true))) {
            assert_near(*response, present / class.rate, 1e-8);
        }
        // The first class is alone in its world.
        assert_near(found[0], open::exponential_response(0.3, 0.5).unwrap(), 1e-15);
    }

    #[test]
    fn what_one_class_gains_another_loses() {
        // The conservation law: Σ ρ W is the same in any order, also that of coming.
        let load = |class: &Class| class.rate * class.hold.mean;
        let sum = |classes: &[Class]| -> f64 {
            classes
                .iter()
                .zip(waits(classes).unwrap())
                .map(|(class, wait)| load(class) * wait)
                .sum()
        };
        let [first, second] = classes();
        // Together, the law of a hold is a mixture.
        let rate = first.rate + second.rate;
        let mixed = |of: fn(&Moments) -> f64| {
            (first.rate * of(&first.hold) + second.rate * of(&second.hold)) / rate
        };
        let all = Moments { mean: mixed(|hold| hold.mean), square: mixed(|hold| hold.square) };
        let in_order = (load(&first) + load(&second)) * open::wait(rate, all).unwrap();
        assert_near(sum(&[first, second]), in_order, 1e-14);
        assert_near(sum(&[second, first]), in_order, 1e-14);
    }

    #[test]
    fn what_makes_no_sense_has_no_answer() {
        let [first, second] = classes();
        for third in [
            Class { rate: 1.0, ..second },
            Class { rate: -0.1, ..second },
            Class { hold: Moments::constant(f64::NAN), ..second },
        ] {
            assert_eq!(waits(&[first, second, third]), None);
            assert_eq!(preemptive_responses(&[first, second, third]), None);
        }
        assert_eq!(waits(&[]), Some(Vec::new()));
    }
}
