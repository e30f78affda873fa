//! What follows from the rules of CPython's lock since 3.2 (`Python/ceval_gil.c`).

/// How long computing threads keep the lock in turn: a switch interval, and the way to the next check point. Whoever
/// was just forced to let go waits anew, and is the first to have waited for an interval.
#[must_use]
pub fn tenure(interval: f64, to_check_point: f64) -> f64 {
    interval + to_check_point
}

/// Operations of a thread that does I/O beside one that computes, per unit of time: each waits for an interval, and for
/// the way to a check point. `io` is how long it blocks, `hold` what it does with the lock then.
#[must_use]
pub fn convoy(io: f64, hold: f64, interval: f64, to_check_point: f64) -> f64 {
    1.0 / (io + tenure(interval, to_check_point) + hold)
}

/// Mean number of switches between two turns of one of n computing threads, if any waiter is as likely as any other to
/// come next; their number is geometric. First come, first served, it is the same number each time.
#[must_use]
pub fn switches_between_turns(threads: u32) -> f64 {
    f64::from(threads) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_of_600_operations_alone_does_150_at_most() {
        // 1.667 ms of I/O beside a thread that computes, interval 5 ms (per second).
        assert!((convoy(0.001_667, 0.0, 0.005, 0.0) - 150.0).abs() < 0.1);
        assert!((switches_between_turns(16) - 15.0).abs() < 1e-12);
    }
}
