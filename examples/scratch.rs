use gilsim::machine::*;
use gilsim::policies::spec::*;
use gilsim::policies::*;
use gilsim::sim::*;
use gilsim::trace::*;
use gilsim::workload::*;
fn group(name: &str, threads: u32, steps: Vec<Step>, think: Law) -> Group {
    Group {
        name: name.into(),
        threads,
        program: Program { steps },
        passes: None,
        start: Instant::ZERO,
        stop: None,
        arrivals: Arrivals::Closed { think },
    }
}
fn c(ns: u64) -> Law {
    Law::Constant(Span::from_ns(ns))
}
struct Lat(Vec<u64>, u32);
impl Sink for Lat {
    fn op(&mut self, r: &OpRow) {
        if r.thread.0 == self.1 {
            self.0.push(r.latency().ns());
        }
    }
}
fn main() {
    let which = std::env::args().nth(1).unwrap();
    if which == "mr" {
        for (n, z, h) in [(10, 10., 1.)] {
            let w = Workload {
                groups: vec![group(
                    "t",
                    n,
                    vec![
                        Step::OpStart,
                        Step::Compute(Law::Exponential { mean_ns: h * 1e6 }),
                        Step::OpEnd,
                    ],
                    Law::Exponential { mean_ns: z * 1e6 },
                )],
            };
            let t = std::time::Instant::now();
            let o = run(
                &RunSpec {
                    workload: &w,
                    machine: &MachineSpec::Ideal(IdealParameters::default()),
                    policy: &PolicySpec::FifoHandoff(NoParameters {}),
                    duration: Span::from_s(
                        std::env::args().nth(2).map_or(4000, |s| s.parse().unwrap()),
                    ),
                    seed: 1,
                    replication: 0,
                },
                &mut NullSink,
            );
            let ops: u64 = o.threads.iter().map(|t| t.ops).sum();
            let el = t.elapsed().as_secs_f64();
            println!(
                "N={n} X={} cycles/s {:.2}M  ns/cycle {:.0} {:?}",
                ops as f64 / 4e6,
                ops as f64 / el / 1e6,
                el * 1e9 / ops as f64,
                o.ending
            );
        }
    } else if which == "hour" {
        let w = Workload {
            groups: vec![
                group(
                    "cpu",
                    8,
                    vec![Step::OpStart, Step::Compute(c(1_000_000)), Step::OpEnd],
                    c(0),
                ),
                group("io", 8, vec![Step::OpStart, Step::Block(c(1_000_000)), Step::OpEnd], c(0)),
            ],
        };
        let t = std::time::Instant::now();
        let o = run(
            &RunSpec {
                workload: &w,
                machine: &MachineSpec::Linux(LinuxParameters::default()),
                policy: &PolicySpec::TimedWait(Default::default()),
                duration: Span::from_s(
                    std::env::args().nth(2).map_or(3600, |s| s.parse().unwrap()),
                ),
                seed: 1,
                replication: 0,
            },
            &mut NullSink,
        );
        println!("{:?} {:?} {:?} events {}", t.elapsed(), o.ending, o.switches, o.events);
    } else if which == "trace" {
        let w = Workload {
            groups: vec![group(
                "cpu",
                2,
                vec![Step::OpStart, Step::Compute(c(50_000_000)), Step::OpEnd],
                c(0),
            )],
        };
        let m = MachineSpec::Linux(LinuxParameters {
            cores: std::num::NonZeroU16::new(1).unwrap(),
            ..Default::default()
        });
        let mut k = MemorySink::default();
        run(
            &RunSpec {
                workload: &w,
                machine: &m,
                policy: &PolicySpec::TimedWait(Default::default()),
                duration: Span::from_ms(60),
                seed: 1,
                replication: 0,
            },
            &mut k,
        );
        for e in &k.events {
            println!("{:9.3} {} {:?} {:?}", e.at.ns() as f64 / 1e3, e.thread, e.kind, e.other);
        }
    } else if which == "trace" {
        let w = Workload {
            groups: vec![group(
                "cpu",
                2,
                vec![Step::OpStart, Step::Compute(c(50_000_000)), Step::OpEnd],
                c(0),
            )],
        };
        let m = MachineSpec::Linux(LinuxParameters {
            cores: std::num::NonZeroU16::new(1).unwrap(),
            ..Default::default()
        });
        let mut k = MemorySink::default();
        run(
            &RunSpec {
                workload: &w,
                machine: &m,
                policy: &PolicySpec::TimedWait(Default::default()),
                duration: Span::from_ms(60),
                seed: 1,
                replication: 0,
            },
            &mut k,
        );
        for e in k.events.iter().take(70) {
            println!("{:9.3} {} {:?} {:?}", e.at.ns() as f64 / 1e3, e.thread, e.kind, e.other);
        }
    } else {
        for (name, p) in [
            ("2.7", PolicySpec::Tick(Default::default())),
            (
                "2.7/1000",
                PolicySpec::Tick(tick::TickParameters { interval: 1000, ..Default::default() }),
            ),
            ("3.13", PolicySpec::TimedWait(Default::default())),
            (
                "3.13/.5ms",
                PolicySpec::TimedWait(timed_wait::TimedWaitParameters {
                    interval: Span::from_us(500),
                    ..Default::default()
                }),
            ),
            ("none", PolicySpec::None(NoParameters {})),
            ("prio", PolicySpec::Priority(Default::default())),
        ] {
            for cores in [1u16, 2] {
                let m = MachineSpec::Linux(LinuxParameters {
                    cores: std::num::NonZeroU16::new(cores).unwrap(),
                    ..Default::default()
                });
                for kind in ["cpu1", "cpu2", "cpu4", "io0", "io1", "io3", "w0", "w1"] {
                    if let Some(f) = std::env::args().nth(2) {
                        if !format!("{name} {cores} {kind}").contains(&f) {
                            continue;
                        }
                    }
                    let k: u32 = kind[kind.len() - 1..].parse().unwrap();
                    let w = if kind.starts_with("cpu") {
                        let mut g = group(
                            "cpu",
                            k,
                            vec![Step::OpStart, Step::Compute(c(50_000)), Step::OpEnd],
                            c(0),
                        );
                        g.passes = Some(24000 / k as u64);
                        Workload { groups: vec![g] }
                    } else {
                        let mut gs = vec![];
                        let mut io = group(
                            "io",
                            1,
                            if kind.starts_with("io") {
                                vec![
                                    Step::OpStart,
                                    Step::Block(c(1_000_000)),
                                    Step::OpEnd,
                                    Step::Compute(c(2000)),
                                ]
                            } else {
                                vec![
                                    Step::OpStart,
                                    Step::CRelease(c(300)),
                                    Step::OpEnd,
                                    Step::Compute(c(350)),
                                ]
                            },
                            c(0),
                        );
                        io.start = Instant::from_ns(20_000_000);
                        gs.push(io);
                        if k > 0 {
                            gs.push(group(
                                "spin",
                                k,
                                vec![Step::OpStart, Step::Compute(c(50_000)), Step::OpEnd],
                                c(0),
                            ));
                        }
                        Workload { groups: gs }
                    };
                    let t = std::time::Instant::now();
                    let mut l = Lat(vec![], 0);
                    let o = run(
                        &RunSpec {
                            workload: &w,
                            machine: &m,
                            policy: &p,
                            duration: Span::from_ms(if kind.starts_with("cpu") {
                                20000
                            } else {
                                2020
                            }),
                            seed: 1,
                            replication: 0,
                        },
                        &mut l,
                    );
                    let s = o.elapsed.as_s_f64();
                    let sum = |f: fn(&ThreadTotals) -> u64| {
                        o.threads.iter().map(f).sum::<u64>() as f64 / s
                    };
                    l.0.sort();
                    let q = |p: f64| {
                        if l.0.is_empty() {
                            0.
                        } else {
                            l.0[((l.0.len() as f64 * p) as usize).min(l.0.len() - 1)] as f64 / 1e6
                        }
                    };
                    println!(
                        "{name:9} {cores} {kind:5} wall {:.2} cpu/wall {:.2} nv/s {:.0} niv/s {:.0} sw/s {:.0} slice {:.2}ms ops/s {:.0} lat mean {:.3} p50 {:.3} p95 {:.3} p99 {:.3} fail/s {:.0} spin/s {:.0} ev {:.1}M real {:.2}s {:?}",
                        s,
                        sum(|t| (t.times.of(State::Running) + t.times.of(State::Overhead)).ns())
                            / 1e9,
                        sum(|t| t.voluntary_switches),
                        sum(|t| t.involuntary_switches),
                        o.switches as f64 / s,
                        o.held.as_s_f64() * 1e3 / o.switches.max(1) as f64,
                        l.0.len() as f64 / s,
                        l.0.iter().sum::<u64>() as f64 / l.0.len().max(1) as f64 / 1e6,
                        q(0.5),
                        q(0.95),
                        q(0.99),
                        sum(|t| t.failed_acquisitions),
                        o.threads[1..].iter().map(|t| t.ops).sum::<u64>() as f64 / s,
                        o.events as f64 / 1e6,
                        t.elapsed().as_secs_f64(),
                        if matches!(o.ending, Ending::Deadlock(_)) { "DEADLOCK" } else { "" }
                    );
                }
            }
        }
    }
}
