//! The lock of CPython up to 3.1, on one core and several, on POSIX and Windows.

use gilsim::policies::Span;
use gilsim::sim::Outcome;

use super::{assert_near, linux, mac, simulate, slowdown, total};
use crate::support::{IDEAL, spinners};

/// CPython 2.6 on a quad-core Mac Pro: 100 million countdowns take 7.8 s, with four ticks each.
const TICKS: &str = "tick = { tick = \"20ns\" }";

/// Beazley 2010, as reported by hoangblog: 100 million countdowns take 7.8 s in a row, 15.4 s with two
/// threads and 15.7 s with four on four cores (1.97 and 2.01 times as long). Within 20 %: another Mac made
/// 1.85 of it. The costs are those of the Mac of tenthousandmeters: a prediction.
#[test]
fn t5_beazley_four_cores_are_slower_than_one() {
    let work = Span::from_ms(500);
    let (two, _) = slowdown(2, work, &mac(4), TICKS);
    let (four, _) = slowdown(4, work, &mac(4), TICKS);
    assert_near("2 threads on 4 cores", two, 1.97, 0.2);
    assert_near("4 threads on 4 cores", four, 2.01, 0.2);
}

/// The same report: on one core, 11.3 s with two threads and 11.6 s with four (1.45 and 1.49 times as long; another
/// Mac: 38.0 s for 24.6, 1.54). Within 15 %; four threads are fitted. A woken thread does not get the core at once, and
/// each check until then makes a call of the kernel: the condition variable counts a waiter until it has woken.
///
/// Two threads lose less than four: who is pre-empted in the middle of a check queues for the core, not for the lock,
/// and with two threads there is nobody to wake until the next turn.
#[test]
fn t5_beazley_one_core_calls_in_vain() {
    let work = Span::from_s(4);
    for (threads, published) in [(2, 1.45), (4, 1.49)] {
        let (simulated, _) = slowdown(threads, work, &mac(1), TICKS);
        assert_near(&format!("{threads} threads on 1 core"), simulated, published, 0.15);
    }
}

/// Beazley 2010, as reported: on several cores, the woken thread finds the lock taken far more often than
/// it gets it (asserted: twice as often); on one core, hardly ever (a tenth), and 100 to 1000 checks go
/// by for each switch.
///
/// Not met: at most 1000 checks. 1900 are simulated, as many as fit into a turn on Linux, 4 ms.
#[test]
fn t5_beazley_failed_acquisitions_on_several_cores_only() {
    for cores in [1, 2, 4] {
        let (_, outcome) = slowdown(2, Span::from_ms(500), &linux(cores), TICKS);
        let failed = total(&outcome, |thread| thread.failed_acquisitions);
        let checks = total(&outcome, |thread| thread.forced_drops);
        let switches = outcome.switches;
        eprintln!("{cores} cores: {failed} failed, {switches} switches, {checks} checks");
        if cores == 1 {
            assert!(failed < switches / 10, "{failed} failures, {switches} switches");
            assert!(checks > 100 * switches, "{checks} checks, {switches} switches");
        } else {
            assert!(failed > 2 * switches, "{failed} failures, {switches} switches");
        }
    }
}

/// wdv4758h, notes of the same talk: CPython 3.2 takes 3.5 % longer with two threads on four cores, and 7 %
/// with four. Within 5 %; the old lock loses a hundred.
#[test]
fn t5_beazley_the_new_lock_costs_little() {
    for (threads, published) in [(2, 1.035), (4, 1.07)] {
        let (simulated, _) = slowdown(threads, Span::from_s(1), &linux(4), "timed_wait = {}");
        assert_near(&format!("{threads} threads with the new lock"), simulated, published, 0.05);
    }
}

/// CPython 2.7, thread_nt.h and thread_pthread.h: the mutex of Windows counts its owners and hands over, so
/// no acquisition fails, and each check at which the other thread has queued again is a switch; the
/// semaphore of POSIX fails at the same work. No figure but that zero is published: no tolerance.
#[test]
fn t15_windows_lock_against_posix() {
    for machine in [IDEAL, linux(2)] {
        let run = |policy| simulate(&spinners(2), &machine, policy, Span::from_ms(200));
        let failed = |outcome: &Outcome| total(outcome, |thread| thread.failed_acquisitions);
        let windows = run("tick = { handover = \"direct\" }");
        let posix = run("tick = { handover = \"barging\" }");
        assert_eq!(failed(&windows), 0);
        assert!(failed(&posix) > 100, "{} failed acquisitions on POSIX", failed(&posix));
        let drops = total(&windows, |thread| thread.forced_drops);
        assert!(drops > 1000);
        if machine == IDEAL {
            assert!(windows.switches.abs_diff(drops) <= 1, "{drops} drops, {}", windows.switches);
        } else {
            // The releaser may still be in the call that woke the other.
            assert!(windows.switches * 2 > drops, "{drops} drops, {}", windows.switches);
        }
    }
}
