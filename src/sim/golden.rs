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
tick: [ccad219ab682b102, 3d9c506f19adf591, a0fb7b61bb0e30ff, a19c08110e102db1, 22a92f0d8615820e]
timed_wait: [7ea44586851f14df, 5a810e259fc560d7, a12aa38d07a84a11, 98a7551abb6488a0, 83bbfdd46fdcf608]
priority: [ae5eb62ccf0dc9db, d8a03aa3abdb3634, f601cde8cd1ec247, b279e34ce91f3d25, 27f20f6b19e9e505]
fifo_handoff: [9c679314bec21cf, ed9797476c1503a1, a99ebc8e9de82ab8, 6d6b49e6271db43f, 64ca0b0d1d815d56]
barging: [a7e9f5aec65d3923, 4bdc0520693c1c75, 5e620ee0595e215d, 9f8894c2944f7379, ade9f9f30e760c78]
none: [b229cfff0e9d2e73, d547fd850d981ed2, ed079bb155ad2dca, ad6241d36e54165, 9c5429532b706a99]
tick, 1000: [8da24e5752e1acdf, 95b2503f35ddbb65, 5bd8bccc7cf5772d, 2c2342dd0c891bc6, ce18bc48a1877fef]
timed_wait, 500 us: [36e4e8349b0ea5b6, 6851eabe94074b45, 471617be4333211c, 6894405e4e23a75d, d4f1114685be86ae]
timed_wait, lifo, unforced: [7d79971ac7f38a1a, 8ce7274fdfc4c25a, 5f1206e57c22343d, 52115ead22273872, 8f24fbb72eefa98a]
priority, 500 us: [c5be8ce6d1db21fc, b506c9b64ae1489a, 4141581c9a5000d5, d90eb22ff696de9f, 6eeee226bf5e001a]
";
