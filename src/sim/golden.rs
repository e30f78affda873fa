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
    let mut table = String::new();
    for (name, policy) in policies() {
        let row: Vec<_> =
            machines.iter().map(|(_, machine)| run_digest(&policy, machine)).collect();
        writeln!(table, "{name}: {row:x?}").unwrap();
    }
    assert_eq!(table, TABLE, "columns are {names:?}");
}

/// A row for each policy, a column for each machine.
const TABLE: &str = "\
tick: [2af786623c6f9401, 779cb24756c25200, f7753e785f323d54, 5e82ca4f95adede8, bd97e8ac96967f9c]
timed_wait: [e8d31c8cc07af26a, 64cb69a627525ddd, b464e80e3fe96160, 61176e04074d2bc2, 84d7c12c17abaeec]
priority: [2e9d1844e3b204dd, f8f713b504affa55, 21f6c815f8894052, dfef8555c8da5040, 8b338c46a46fc777]
fifo_handoff: [64ba2ebc587649ec, e5c0895137200a62, e647ca367fae4fb7, a79276cbec34b645, 204b2bd2fc265297]
barging: [9463d1a8196e0dd, e1185a26425ccaab, 6817513a1b3e4e30, d0b95df266a36f9f, bc4be318ec3bdfac]
none: [e900005f03114da7, 545dc6519aad93ee, c327753c706c146a, 1e2357575e08d747, 21064d0a5f10238e]
tick, 1000: [4aa2c954a449279, d2831d61929c70b5, c5b4daaac5874680, 9cb145558de8f2b, 36ee65f64036cd00]
timed_wait, 500 us: [487591698c178cfc, eff2b0ae70a78c64, 16118565216777af, 4f2aee255929eaea, a31b7523a9c2981]
timed_wait, lifo, unforced: [9ef1a1c760ad0930, 54ff63322c141e20, e41077a2f97d32e8, 120adce123467cd0, 50e6221f1da9def]
priority, 500 us: [44c3408c53b2c562, 47cd5ed3001deb99, f5b2b732db13c6ff, 8e735cd7aae5aa5, d29b99640fd9fc5a]
";
