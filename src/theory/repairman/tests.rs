//! Against printed values, other ways to the same numbers, and chains solved by number alone.

use super::super::chain;
use super::super::support::assert_near;
use super::*;

fn source(threads: u32, think: f64, hold: f64) -> FiniteSource {
    FiniteSource { threads, think, hold }
}

#[test]
fn exponential_holds() {
    for (threads, think, hold, x, r) in [
        (1, 1.0, 1.0, 0.5, 1.0),
        (4, 10.0, 1.0, 0.353336782204, 1.32064421669),
        (10, 10.0, 1.0, 0.785417656893, 2.73207943855),
        (10, 5e-3, 0.5e-3, 1570.83531379, 1.36603971928e-3),
        (64, 50.0, 1.0, 0.991560573344, 14.5447204341),
    ] {
        let found = source(threads, think, hold).exponential(1).unwrap();
        assert_near(found.throughput, x, 1e-11);
        assert_near(found.response, r, 1e-11);
        assert_near(found.utilisation, x * hold, 1e-11);
    }
}

#[test]
fn constant_holds() {
    for (threads, think, hold, x, r) in [
        (4, 10.0, 1.0, 0.357906616377, 1.176099622),
        (10, 10.0, 1.0, 0.821003328802, 2.18021858035),
        (10, 5e-3, 0.5e-3, 1642.0066576, 1.09010929e-3),
        (64, 50.0, 1.0, 0.998930411191, 14.0685269795),
    ] {
        let found = source(threads, think, hold).general(constant(hold)).unwrap();
        assert_near(found.throughput, x, 1e-10);
        assert_near(found.response, r, 1e-9);
    }
}

#[test]
fn several_servers() {
    for (servers, x, r) in [
        (1, 0.7854176569, 2.7320794386),
        (2, 0.8961362181, 1.1590177895),
        (4, 0.9089483676, 1.0017250225),
        // Enough for all.
        (10, 10.0 / 11.0, 1.0),
        (99, 10.0 / 11.0, 1.0),
    ] {
        let found = source(10, 10.0, 1.0).exponential(servers).unwrap();
        assert_near(found.throughput, x, 1e-10);
        assert_near(found.response, r, 1e-10);
    }
}

#[test]
fn quantiles_of_the_response() {
    for (q, t) in [(0.5, 2.156763959), (0.9, 5.885831111), (0.99, 10.14904255), (0.999, 13.8857973)]
    {
        assert_near(source(10, 10.0, 1.0).response_quantile(q).unwrap(), t, 1e-9);
        assert_near(source(10, 20.0, 2.0).response_quantile(q).unwrap(), 2.0 * t, 1e-9);
    }
    // Alone, a response is a hold.
    assert_near(source(1, 5.0, 2.0).response_quantile(0.5).unwrap(), 2.0 * 2.0_f64.ln(), 1e-12);
    assert_eq!(source(10, 10.0, 1.0).response_tail(0.0), Some(1.0));
}

#[test]
fn the_tail_has_the_mean_response_below_it() {
    for system in [source(10, 10.0, 1.0), source(64, 50.0, 1.0), source(1024, 900.0, 1.0)] {
        let step = 0.05;
        let tails = (0..40_000).map(|at| system.response_tail((f64::from(at) + 0.5) * step));
        let area = step * tails.take_while(|tail| *tail > Some(1e-14)).flatten().sum::<f64>();
        assert_near(area, system.exponential(1).unwrap().response, 1e-4);
    }
}

#[test]
fn erlangs_loss_formula_says_how_often_the_lock_is_idle() {
    // Of N threads as servers with load Z/h, all think; B(n) = a B(n-1) / (n + a B(n-1)).
    for (threads, think) in [(64, 50.0), (1024, 10.0), (1024, 1000.0), (1024, 1e5)] {
        let all_think =
            (1..=threads).map(f64::from).fold(1.0, |loss, n| think * loss / (n + think * loss));
        let found = source(threads, think, 1.0).exponential(1).unwrap();
        assert_near(found.utilisation, 1.0 - all_think, 1e-11);
    }
}

#[test]
fn takacs_gives_the_product_form_for_exponential_holds() {
    for system in
        [source(1, 3.0, 2.0), source(10, 10.0, 1.0), source(1024, 2e3, 1.0), source(1024, 1.0, 1.0)]
    {
        let (chain, general) =
            (system.exponential(1).unwrap(), system.general(exponential(system.hold)).unwrap());
        assert_near(general.throughput, chain.throughput, 1e-12);
        assert_near(general.response, chain.response, 1e-9);
    }
}

#[test]
fn takacs_agrees_with_a_chain_of_phases() {
    // Holds of three exponential phases. States: how many are at the lock, and the phase of the holder.
    let (threads, think, hold) = (5, 4.0, 1.0);
    let law = chain::stationary((0, 0), |(present, phase): (u32, u32)| {
        let mut next = vec![((present + 1, phase), f64::from(threads - present) / think)];
        if present > 0 {
            let after = if phase < 2 { (present, phase + 1) } else { (present - 1, 0) };
            next.push((after, 3.0 / hold));
        }
        next
    });
    let busy = chain::mean(&law, |(present, _)| f64::from(present.min(1)));
    let queue = chain::mean(&law, |(present, _)| f64::from(present));
    let found = source(threads, think, hold).general(|s| (1.0 + s * hold / 3.0).powi(-3)).unwrap();
    assert_near(found.utilisation, busy, 1e-10);
    assert_near(found.response, queue / (busy / hold), 1e-10);
}

#[test]
fn means_do_not_depend_on_what_does_not_matter() {
    let (threads, think, hold) = (5, 4.0, 1.0);
    let expected = source(threads, think, hold).exponential(1).unwrap();
    // Thinking of two exponential phases. State: how many think in each.
    let law = chain::stationary((threads, 0), |(first, second): (u32, u32)| {
        let mut next = Vec::new();
        if first > 0 {
            next.push(((first - 1, second + 1), 2.0 / think * f64::from(first)));
        }
        if second > 0 {
            next.push(((first, second - 1), 2.0 / think * f64::from(second)));
        }
        if first + second < threads {
            next.push(((first + 1, second), 1.0 / hold));
        }
        next
    });
    let idle = chain::mean(&law, |(first, second)| f64::from(first + second == threads));
    assert_near(1.0 - idle, expected.utilisation, 1e-10);
    // Holds of two exponential phases, shared evenly. State: how many hold in each.
    let law = chain::stationary((0, 0), |(first, second): (u32, u32)| {
        let present = f64::from(first + second);
        let mut next = vec![((first + 1, second), (f64::from(threads) - present) / think)];
        if first > 0 {
            next.push(((first - 1, second + 1), 2.0 / hold * f64::from(first) / present));
        }
        if second > 0 {
            next.push(((first, second - 1), 2.0 / hold * f64::from(second) / present));
        }
        next
    });
    let idle = chain::mean(&law, |state| f64::from(state == (0, 0)));
    assert_near(1.0 - idle, expected.utilisation, 1e-10);
}

#[test]
fn a_thousand_threads() {
    // Far beyond saturation, R = N h - Z; far below, R is little more than h, as in an open queue at half load: 1.5 h.
    let full = source(1024, 10.0, 1.0);
    for found in [full.exponential(1), full.general(constant(1.0))] {
        assert_near(found.unwrap().throughput, 1.0, 1e-12);
        assert_near(found.unwrap().response, 1014.0, 1e-12);
    }
    let half = source(1024, 2047.0, 1.0).general(constant(1.0)).unwrap();
    assert_near(half.utilisation, 0.5, 1e-3);
    assert_near(half.response, 1.5, 2e-3);
    let median = full.response_quantile(0.5).unwrap();
    assert_near(full.response_tail(median).unwrap(), 0.5, 1e-9);
    // The sum of 1014 exponential holds, about: median of a gamma law, its mean less a third.
    assert_near(median, 1014.0 - 1.0 / 3.0, 1e-6);
    // A transform that is zero as a float: exp(-1023).
    let fuller = source(1024, 1.0, 1.0).general(constant(1.0)).unwrap();
    assert_eq!((fuller.throughput, fuller.response), (1.0, 1023.0));
}

#[test]
fn threads_that_never_think_keep_the_lock_busy() {
    let system = source(8, 0.0, 2.0);
    for found in [system.exponential(1), system.general(constant(2.0))] {
        let full = Performance { throughput: 0.5, response: 16.0, utilisation: 1.0 };
        assert_eq!(found, Some(full));
    }
}

#[test]
fn what_makes_no_sense_has_no_answer() {
    for system in [
        source(0, 1.0, 1.0),
        source(1, -1.0, 1.0),
        source(1, f64::NAN, 1.0),
        source(1, 1.0, 0.0),
        source(1, 1.0, f64::INFINITY),
        source(1, f64::MAX, f64::MIN_POSITIVE),
    ] {
        assert_eq!(system.exponential(1), None, "{system:?}");
        assert_eq!(system.general(constant(1.0)), None);
        assert_eq!(system.response_quantile(0.5), None);
        assert_eq!(system.response_tail(1.0), None);
    }
    let system = source(2, 1.0, 1.0);
    assert_eq!(system.exponential(0), None);
    assert_eq!(system.general(|_| 1.5), None);
    assert_eq!(system.general(|_| f64::NAN), None);
    assert_eq!((system.response_quantile(1.0), system.response_quantile(-0.1)), (None, None));
    assert_eq!(system.response_tail(-1.0), None);
}
