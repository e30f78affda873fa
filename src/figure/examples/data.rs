//! Made-up data for every figure.

use super::super::agreement;
use super::super::breakdown::{self, Bar, Group};
use super::super::convoy::{self, Change};
use super::super::differences;
use super::super::distribution;
use super::super::heatmap;
use super::super::latency::{self, Bounds, Curve, Quantile, Step, Times};
use super::super::pareto;
use super::super::shares::{self, Window};
use super::super::throughput::{self, Series, Sweep};
use super::super::timeline::{self, Stretch, Thread};
use super::super::{Activity, Policy, Quantity};

fn policies() -> Vec<Policy> {
    Policy::list(&[
        ("tick", "CPython 2.7 (tick)"),
        ("timed_wait", "CPython 3.13 (timed wait)"),
        ("timed_wait", "timed wait, 0.5 ms"),
        ("priority", "priority"),
        ("fifo_handoff", "FIFO hand-over"),
        ("none", "free threading"),
    ])
}

/// The same numbers on every call: a figure's bytes are compared.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Two CPU-bound threads that take turns with slices of `slice_ns`, and one that sleeps.
fn timeline_panel(policy: Policy, slice_ns: u64, until_ns: u64) -> timeline::Panel {
    let mut random = noise(slice_ns);
    let mut rows = vec![Vec::new(), Vec::new(), Vec::new()];
    let mut put = |thread: usize, start_ns: u64, length: u64, activity, holds| {
        let row: &mut Vec<Stretch> = &mut rows[thread];
        row.push(Stretch { start_ns, end_ns: start_ns + length, activity, holds });
        start_ns + length
    };
    let (mut now, mut turn, mut slept) = (0, 0, 0);
    while now < until_ns {
        let slice = (slice_ns as f64 * (0.8 + 0.4 * random())) as u64;
        let other = 1 - turn;
        let lost = slice / 10;
        let end = put(turn, now, slice - lost, Activity::Locked, true);
        let end = put(turn, end, lost, Activity::Overhead, false);
        let cut = put(other, now, slice * 7 / 10, Activity::LockWait, false);
        put(other, cut, end - cut, Activity::CoreWait, slice > 3_000_000);
        // The sleeper wakes, waits for the end of the slice, and needs the lock for a moment.
        if end > slept + 1_000_000 {
            let wakes = (slept + 1_000_000).max(now);
            put(2, slept, wakes - slept, Activity::Blocked, false);
            put(2, wakes, end - wakes, Activity::LockWait, false);
            slept = put(2, end, 20_000, Activity::Locked, true);
        }
        (now, turn) = (end, other);
    }
    let labels = ["spinner 1", "spinner 2", "sleeper"];
    let threads = labels.into_iter().zip(rows);
    let threads =
        threads.map(|(label, stretches)| Thread { label: label.to_owned(), stretches }).collect();
    timeline::Panel { policy, threads }
}

pub fn timeline_data() -> timeline::Data {
    let slices = [40_000, 5_000_000, 500_000, 1_500_000];
    let panels = policies().into_iter().zip(slices);
    let panels = panels.map(|(policy, slice)| timeline_panel(policy, slice, 60_000_000)).collect();
    timeline::Data { from_ns: 0, to_ns: 60_000_000, panels }
}

pub fn latency_data() -> latency::Data {
    let panel = |spinners: u64| {
        let typical = [0.9e6, 5e6, 1e6, 0.4e6, 0.2e6, 0.06e6].into_iter();
        let curves = policies().into_iter().zip(typical).zip(1..);
        let curves = curves.map(|((policy, typical), seed)| {
            let mut random = noise(seed);
            let mut latencies: Vec<f64> = (0..3000)
                .map(|_| {
                    let rounds = (1.0 - random()).ln() / -0.9;
                    1.08e6
                        + typical * (rounds.ceil() - 1.0 + 0.2 * random()) * spinners as f64 / 2.0
                })
                .collect();
            latencies.sort_by(f64::total_cmp);
            let count = latencies.len() as f64;
            let steps = latencies.iter().zip(1_u32..).map(|(time_ns, rank)| Step {
                time_ns: *time_ns,
                longer: 1.0 - f64::from(rank) / count,
            });
            let steps: Vec<_> = steps.collect();
            // Wider in the tail, and for half of the policies.
            let bounds = |step: &Step| {
                let off = 0.03 * (step.longer * (1.0 - step.longer)).sqrt();
                let low = (step.longer - off).max(0.0);
                Bounds { time_ns: step.time_ns, low, high: (step.longer + off).min(1.0) }
            };
            let band = steps.iter().map(bounds).filter(|_| seed % 2 == 0);
            let quantile = |percent: f64| Quantile {
                percent,
                time_ns: 1.07 * latencies[(percent / 100.0 * count) as usize],
            };
            let measured = if seed <= 2 { vec![5.0, 25.0, 50.0, 75.0, 95.0, 99.0] } else { vec![] };
            Curve {
                policy,
                band: band.collect(),
                steps,
                measured: measured.into_iter().map(quantile).collect(),
            }
        });
        latency::Panel { title: format!("beside {spinners} spinning"), curves: curves.collect() }
    };
    let name = "latency of a 1 ms sleep".to_owned();
    latency::Data {
        times: Times::Latencies,
        name,
        cdf: false,
        panels: [1, 2, 4, 8].map(panel).into(),
    }
}

pub fn latency_cdf_data() -> latency::Data {
    latency::Data { cdf: true, ..latency_data() }
}

/// Two kinds of slices: many that a block ends, and fewer that a request ends.
pub fn slices_data() -> latency::Data {
    let longest = [0.9e6, 5e6, 0.5e6, 10e6, 1.5e6];
    let panel = |spinners: u32| {
        let curves = policies().into_iter().zip(longest).zip(1_u32..);
        let curves = curves.map(|((policy, longest), seed)| {
            let mut random = noise(u64::from(seed + spinners));
            let mut slices: Vec<f64> = (0..2000)
                .map(|_| {
                    let is_short = random() < 0.6 / f64::from(spinners);
                    if is_short {
                        20e3 * (0.5 + random())
                    } else {
                        longest * (1.0 + 0.1 * random())
                    }
                })
                .collect();
            slices.sort_by(f64::total_cmp);
            let count = slices.len() as f64;
            let steps = slices.iter().zip(1_u32..);
            let steps = steps.map(|(time_ns, rank)| Step {
                time_ns: *time_ns,
                longer: 1.0 - f64::from(rank) / count,
            });
            Curve { policy, steps: steps.collect(), band: Vec::new(), measured: Vec::new() }
        });
        latency::Panel { title: format!("beside {spinners} spinning"), curves: curves.collect() }
    };
    let name = "length of a slice".to_owned();
    latency::Data { times: Times::Slices, name, cdf: false, panels: [1, 4].map(panel).into() }
}

/// A count that wanders, slowly under some policies and quickly under others.
pub fn convoy_data() -> convoy::Data {
    let to_ns = 2_000_000_000;
    let panel = |(policy, step_ns): (Policy, u64)| {
        let mut random = noise(step_ns);
        let mut waiting = 0_u32;
        let mut changes = Vec::new();
        let mut at_ns = 0;
        while at_ns < to_ns {
            let up = if at_ns > to_ns / 3 { 0.53 } else { 0.4 };
            waiting = if random() < up { (waiting + 1).min(15) } else { waiting.saturating_sub(1) };
            changes.push(Change { at_ns, waiting });
            at_ns += (step_ns as f64 * (0.5 + random())) as u64;
        }
        convoy::Panel { policy, threads: 16, changes }
    };
    let steps = [50_000_000, 200_000, 12_000_000, 1_000_000];
    let panels = policies().into_iter().zip(steps).map(panel).collect();
    convoy::Data { from_ns: 0, to_ns, panels }
}

/// Turns that are much shorter than a window, or much longer, or that stop for a while.
pub fn shares_data() -> shares::Data {
    let labels = ["spinner 1", "spinner 2", "spinner 3", "spinner 4", "sleeper"];
    let panel = |(policy, evenness): (Policy, f64)| {
        let mut random = noise((evenness * 1e3) as u64);
        let idle = evenness == 1.0;
        let windows = (0..50).map(|index| {
            let mut held: Vec<_> =
                labels.iter().map(|_| evenness + (1.0 - evenness) * random().powi(6)).collect();
            held[4] *= 0.2;
            let sum: f64 = held.iter().sum();
            let squares: f64 = held.iter().map(|held| held * held).sum();
            let shares = held.iter().map(|held| held / sum).collect();
            let fairness = sum * sum / (squares * labels.len() as f64);
            (!idle || !(20..24).contains(&index)).then_some(Window { shares, fairness })
        });
        shares::Panel { policy, windows: windows.collect() }
    };
    let panels = policies().into_iter().zip([0.0, 0.1, 0.5, 1.0]).map(panel);
    let mut panels: Vec<_> = panels.collect();
    panels.push(shares::Panel { policy: policies().remove(5), windows: vec![None; 50] });
    let parts = labels.map(str::to_owned).into();
    shares::Data { from_ns: 0, to_ns: 1_000_000_000, parts, panels }
}

pub fn throughput_data() -> throughput::Data {
    let panel = |cores: u32| {
        let series = policies().into_iter().zip(1_u32..).map(|(policy, rank)| {
            let mut random = noise(u64::from(rank));
            let free = policy.kind == "none";
            let mut value = |threads: f64| {
                let lost = 0.06 * f64::from(rank) * f64::from(cores - 1) * (1.0 - 1.0 / threads);
                let y = if free { threads.min(f64::from(cores)) } else { 1.0 - lost };
                let spread = 0.03 * random() + 0.01;
                throughput::Point { x: threads, y, low: y - spread, high: y + spread }
            };
            let simulated: Vec<_> = [1.0, 2.0, 4.0, 8.0, 16.0].map(&mut value).into();
            let measured =
                if rank <= 2 { [1.0, 2.0, 4.0].map(&mut value).into() } else { Vec::new() };
            Series { policy, simulated, measured }
        });
        let curve = |is_exact, values: [f64; 3]| throughput::Curve {
            is_exact,
            points: [1.0, 4.0, 16.0].into_iter().zip(values).collect(),
        };
        let theory = vec![curve(true, [1.0, 1.0, 1.0]), curve(false, [1.2, 1.7, 2.4])];
        let title = format!("cores: {cores}");
        throughput::Panel { title, series: series.collect(), theory }
    };
    throughput::Data {
        x_label: "threads".to_owned(),
        x: Sweep::Log(Quantity::Count),
        y_label: "speed (one thread alone = 1)".to_owned(),
        y: Quantity::Plain,
        reference: Some((1.0, "one thread alone".to_owned())),
        panels: [1, 2].map(panel).into(),
    }
}

pub fn breakdown_data() -> breakdown::Data {
    let group = |threads: u32| {
        let bars = policies().into_iter().zip(1_u32..).map(|(policy, rank)| {
            let work = 0.9 / f64::from(threads);
            let overhead = 0.02 * f64::from(rank);
            let shares = [work, 0.05, overhead, 0.5 * (0.95 - work - overhead)];
            let rest = 1.0 - shares.iter().sum::<f64>();
            let [locked, unlocked, overhead, lock_wait] = shares;
            Bar { policy, shares: [locked, unlocked, overhead, lock_wait, 0.6 * rest, 0.4 * rest] }
        });
        Group { title: format!("{threads} threads on 2 cores"), bars: bars.collect() }
    };
    breakdown::Data { groups: [2, 4].map(group).into() }
}

pub fn agreement_data() -> agreement::Data {
    let titles = ["mean latency (ms)", "voluntary switches (1/s)", "slowdown"];
    let panel = |(title, range): (&str, f64)| {
        let mut random = noise(7);
        let points = (0..60).map(|index| {
            let measured = range.powf(random()) - 0.9;
            let (low, high) =
                (measured * (1.0 - 0.3 * random()), measured * (1.0 + 0.4 * random()));
            let simulated = measured * (0.6 * (random() - 0.5)).exp();
            let policy = policies()[[0, 1, 5][index % 3]].clone();
            agreement::Point { policy, measured, low, high, simulated }
        });
        agreement::Panel { title: title.to_owned(), least: 0.2, points: points.collect() }
    };
    let panels = titles.into_iter().cycle().zip([1e3, 1e6, 5.0, 1e2, 1e4, 30.0, 9.0, 1e3, 1e3]);
    agreement::Data { tolerance: 0.25, panels: panels.map(panel).collect() }
}

pub fn distribution_data() -> distribution::Data {
    let mut random = noise(11);
    let mut row = |index: u32| {
        let middle = 10_f64.powf(4.0 + 4.0 * random());
        let times = [-2.0, -0.8, 0.0, 0.8, 2.0];
        let width = 0.5 * random();
        let side = |off: f64| times.map(|time| middle * off * (width * time).exp());
        let label = format!("1000 ticks: sleep 10 ms beside {index}");
        distribution::Row { label, measured: side(1.0), simulated: side(1.2) }
    };
    let mut group = |cores: u32| {
        let title = format!("cpython-2.7.18, {cores} cores");
        distribution::Group { title, rows: (0..15).map(&mut row).collect() }
    };
    distribution::Data { name: "latency".to_owned(), groups: [1, 2].map(&mut group).into() }
}

pub fn heatmap_data() -> heatmap::Data {
    let swept = |label: &str, quantity, values: &[f64]| heatmap::Swept {
        label: label.to_owned(),
        quantity,
        values: values.into(),
    };
    let panel = |(policy, rank): (Policy, u32)| {
        let value = |x: usize, y: usize| {
            3e5 / f64::from(rank) / (1.0 + (x * x) as f64) * (1.0 + 0.4 * y as f64)
        };
        let cells = (0..6).flat_map(|x| (0..4).map(move |y| (x, y))).skip(1);
        let cells = cells.map(|(x, y)| heatmap::Cell { x, y, value: value(x, y) }).collect();
        heatmap::Panel { title: policy.label, cells }
    };
    heatmap::Data {
        label: "operations of io".to_owned(),
        quantity: Quantity::PerSecond,
        x: swept("interval", Quantity::TimeNs, &[1e5, 5e5, 1e6, 2e6, 5e6, 2e7]),
        y: swept("threads", Quantity::Plain, &[1.0, 2.0, 4.0, 16.0]),
        panels: policies().into_iter().zip(1..).map(panel).collect(),
    }
}

pub fn pareto_data() -> pareto::Data {
    let panel = |cores: u32| {
        let mut random = noise(u64::from(cores));
        let mut value = |mean: f64| {
            let half = mean * (0.02 + 0.1 * random());
            pareto::Value { mean, low: mean - half, high: mean + half }
        };
        let mut point = |rank: u32, load: u32| pareto::Point {
            throughput: value(1e4 * f64::from(load * cores * rank).sqrt()),
            latency_ns: value(2e5 * f64::from(load * load) * f64::from(rank % 4 + 1).powi(2)),
        };
        let series = policies().into_iter().zip(1..).map(|(policy, rank)| pareto::Series {
            policy,
            points: [1, 2, 4, 8].map(|load| point(rank, load)).into(),
        });
        pareto::Panel { title: format!("cores: {cores}"), series: series.collect() }
    };
    pareto::Data {
        x_label: "operations of io".to_owned(),
        y_label: "latency, 99th percentile".to_owned(),
        joined: true,
        panels: [1, 2].map(panel).into(),
    }
}

pub fn differences_data() -> differences::Data {
    let mut random = noise(5);
    let mut row = |policy: Policy| {
        let (mean, half_width) = (0.6 * random() - 0.3, 0.01 + 0.14 * random());
        differences::Row { policy, mean, half_width, is_shown: mean.abs() > 1.3 * half_width }
    };
    let mut group = |threads: u32| {
        let rows = policies().into_iter().skip(1).map(&mut row).collect();
        differences::Group { title: format!("threads={threads}"), rows }
    };
    let groups = [1, 2, 4, 8].map(&mut group).into();
    let (label, baseline) = ("operations of io".to_owned(), "CPython 2.7 (tick)".to_owned());
    differences::Data { label, baseline, groups }
}
