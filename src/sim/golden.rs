//! Value stability: what every policy does on every machine, as it was when it was last checked.
//!
//! A change for speed must not change a single number. A change of a model does, and then the
//! numbers here are replaced by what the failing test prints.

use std::fmt::{Debug, Write};
use std::num::NonZeroU16;

use super::*;
use crate::machine::{IdealParameters, LinuxParameters};
use crate::trace::{MemorySink, NullSink};
use crate::workload::{Arrivals, Group, Law, Program, Step};
use gilsim_policies::PickRule;
use gilsim_policies::priority::PriorityParameters;
use gilsim_policies::tick::TickParameters;
use gilsim_policies::timed_wait::TimedWaitParameters;

fn us(us: u64) -> Law {
    Law::Constant(Span::from_us(us))
}

fn group(name: &str, threads: u32, steps: Vec<Step>, arrivals: Arrivals) -> Group {
    Group {
        name: name.to_owned(),
        threads,
        program: Program { steps },
        passes: None,
        start: Instant::ZERO,
        stop: None,
        arrivals,
    }
}

/// Every kind of step and arrival. Chance comes in by choices alone, so that the numbers do not
/// depend on how laws are sampled.
fn workload() -> Workload {
    let think = |span| Arrivals::Closed { think: us(span) };
    let compute = vec![
        Step::Repeat { times: 4 },
        Step::OpStart,
        Step::Compute(us(730)),
        Step::OpEnd,
        Step::RepeatEnd { start: 0 },
        Step::Yield,
    ];
    let io = vec![
        Step::OpStart,
        Step::Choose { branches: vec![(0.5, 2), (1.0, 4)] },
        Step::Block(us(210)),
        Step::Jump(5),
        Step::Block(us(1_700)),
        Step::OpEnd,
        Step::Compute(us(13)),
    ];
    let mixed = vec![
        Step::Compute(us(0)),
        Step::OpStart,
        Step::Repeat { times: 3 },
        Step::CHold(us(90)),
        Step::Yield,
        Step::CRelease(us(40)),
        Step::RepeatEnd { start: 2 },
        Step::OpEnd,
        Step::Choose { branches: vec![(0.3, 9), (1.0, 11)] },
        Step::Compute(us(2_900)),
        Step::Jump(12),
        Step::CRelease(us(0)),
        Step::Block(us(0)),
    ];
    let serve = vec![Step::OpStart, Step::Compute(us(300)), Step::OpEnd, Step::Block(us(100))];
    let mut groups = vec![
        group("compute", 2, compute.clone(), think(0)),
        group("io", 3, io, think(0)),
        group("mixed", 2, mixed, think(450)),
        group("serve", 2, serve, Arrivals::Open { gap: us(1_310) }),
        group("late", 1, compute, think(110)),
    ];
    groups[2].passes = Some(12);
    groups[3].stop = Some(Instant::ZERO + Span::from_ms(65));
    groups[4].start = Instant::ZERO + Span::from_ms(20);
    groups[4].stop = Some(Instant::ZERO + Span::from_ms(50));
    Workload { groups }
}

fn policies() -> Vec<(&'static str, PolicySpec)> {
    let short = Span::from_us(500);
    let timed = TimedWaitParameters { interval: short, ..TimedWaitParameters::default() };
    let mut policies: Vec<_> =
        PolicySpec::all().into_iter().map(|policy| (policy.name(), policy)).collect();
    policies.extend([
        ("tick, 1000", PolicySpec::Tick(TickParameters { interval: 1000, ..Default::default() })),
        ("timed_wait, 500 us", PolicySpec::TimedWait(timed)),
        (
            "timed_wait, lifo, unforced",
            PolicySpec::TimedWait(TimedWaitParameters {
                pick: PickRule::Lifo,
                force_switching: false,
                ..timed
            }),
        ),
        (
            "priority, 500 us",
            PolicySpec::Priority(PriorityParameters {
                interval: Some(short),
                ..Default::default()
            }),
        ),
    ]);
    policies
}

fn machines() -> Vec<(&'static str, MachineSpec)> {
    let two = NonZeroU16::new(2);
    let linux = |cores: u16| {
        let cores = NonZeroU16::MIN.saturating_add(cores - 1);
        MachineSpec::Linux(LinuxParameters { cores, ..Default::default() })
    };
    vec![
        ("ideal", MachineSpec::Ideal(IdealParameters::default())),
        ("ideal, 2 cores", MachineSpec::Ideal(IdealParameters { cores: two })),
        ("linux, 1 core", linux(1)),
        ("linux, 2 cores", linux(2)),
        ("linux, 4 cores", linux(4)),
    ]
}

/// The hash of Fowler, Noll and Vo, of what is written to it.
struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

fn digest(value: &impl Debug) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    write!(hash, "{value:?}").unwrap();
    hash.0
}

/// What a run does, hashed; the same with and without somebody listening.
fn run_digest(policy: &PolicySpec, machine: &MachineSpec) -> u64 {
    let workload = workload();
    let duration = Span::from_ms(80);
    let spec = RunSpec { workload: &workload, machine, policy, duration, seed: 3, replication: 1 };
    let mut sink = MemorySink::default();
    let outcome = run(&spec, &mut sink);
    assert_eq!(outcome, run(&spec, &mut NullSink), "a sink changes what happens");
    digest(&(outcome, sink.events, sink.intervals, sink.ops))
}

#[test]
fn nothing_has_changed() {
    let machines = machines();
    let names: Vec<_> = machines.iter().map(|(name, _)| name).collect();
    let row = |(name, policy): (&str, PolicySpec)| {
        let digests: Vec<_> =
            machines.iter().map(|(_, machine)| run_digest(&policy, machine)).collect();
        format!("{name}: {digests:x?}")
    };
    let rows: Vec<_> = policies().into_iter().map(row).collect();
    let moved: Vec<_> = rows.iter().filter(|row| !TABLE.lines().any(|old| old == *row)).collect();
    let moved = moved.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(moved.is_empty(), "not in TABLE (columns are {names:?}):\n{moved}");
    assert_eq!(rows.len(), TABLE.lines().count(), "TABLE has a row of no policy");
}

/// A row for each policy, a column for each machine.
const TABLE: &str = "\
tick: [f2f10f0c0248474f, 331134194edef766, e996c20a30e0d09c, 9befe61312b43c41, 8eaebe671e4698f0]
timed_wait: [6c573998ffe07267, 4b12619ee3d68a6a, e2c36d41153d3d, 301c0689eb93dd1d, 82d4b96e2943489d]
priority: [455d84ad6bea3cd2, 1090c308a978e645, d2a4cb199cd12fc8, 14deaa02da1918ed, a0ed7134ce1760]
fifo_handoff: [c88750a8e0b9c145, fb8eca9ed564b275, c6cda0424f4d6cff, 7c5e0a68ec1623d0, 613990f7e282c4a7]
barging: [c07ec7c0e04fe679, 9e8f80932756bf1d, bb0a9b86e38075b7, 2e9c151a7f46b477, c6e20e138be259c0]
none: [dfb30c363d179abb, fe333f7d16462f4c, d63d68c56f3f6614, c2bbae4119e30049, 1f960d673f7d0bdc]
tick, 1000: [60daf926bbb4645f, 6542f708ee8cad7b, 688f00218ce997d2, e2c0694490abc45c, 76ba855be0d848f2]
timed_wait, 500 us: [68d8158d7324563a, 6ba03d7d550f87b1, 636fea19e902a314, e089ed7a25f61f7c, 6a8c9e70900116ce]
timed_wait, lifo, unforced: [d12755fd58f75c0a, 410916ffc950dc18, c1cf7dc872fb4fd2, 180831a76d11414f, b9ab9921be8d3ca7]
priority, 500 us: [917a41a2f5b774d, e06e5cf4dab6454f, 7736ee62cd97aab6, 54aeaf11fa6d74f3, f93f1c54ac41b948]
";
