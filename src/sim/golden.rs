//! Value stability: what every policy does on every machine, as it was when it was last checked.
//!
//! A change for speed must not change a single number. A change of a model does, and then the
//! numbers here are replaced by what the failing test prints.

use std::fmt::{Debug, Write};
use std::num::NonZeroU16;

use super::*;
use crate::architecture::ArchitectureSpec;
use crate::machine::{IdealParameters, LinuxParameters};
use crate::trace::{MemorySink, NullSink};
use crate::workload::{Arrivals, Group, Law, Step};
use gilsim_policies::PickRule;
use gilsim_policies::priority::PriorityParameters;
use gilsim_policies::tick::TickParameters;
use gilsim_policies::timed_wait::TimedWaitParameters;

fn us(us: u64) -> Law {
    Law::Constant(Span::from_us(us))
}

fn group(name: &str, threads: u32, steps: Vec<Step>, arrivals: Arrivals) -> Group {
    Group { arrivals, ..Group::new(name, threads, steps) }
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
        group("serve", 2, serve, Arrivals::Open { gap: us(1_310), polls: None }),
        group("late", 1, compute, think(110)),
    ];
    groups[2].passes = Some(12);
    groups[3].stop = Some(Instant::ZERO + Span::from_ms(65));
    groups[4].start = Instant::ZERO + Span::from_ms(20);
    groups[4].stop = Some(Instant::ZERO + Span::from_ms(50));
    Workload { groups, ..Workload::default() }
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

/// Every kind of access to objects, for every architecture.
const OBJECTS: &str = r#"
    objects = { log = {}, rows = { count = 3 } }
    [groups.workers]
    threads = 3
    message = { to = 2000, back = 100 }
    iterations = 40
    program = [
        { compute = "170us" }, { allocate = 60 },
        { change = { objects = ["rows", "rows"], order = "fixed", steps = [{ compute = "80us" },
            { read = { object = "log" } }] } },
        { change = { object = "log", steps = [{ c_release = "30us" }] } },
        { block = "90us" },
    ]
    [groups.others]
    threads = 2
    program = [{ lock = { object = "log", steps = [{ block = "20us" }, { compute = "50us" }] } }, { read = { object = "rows" } }]
"#;

fn with_objects() -> Workload {
    #[derive(serde::Deserialize)]
    struct File {
        groups: indexmap::IndexMap<String, crate::workload::GroupSpec>,
        objects: indexmap::IndexMap<String, crate::workload::PopulationSpec>,
    }
    let file: File = toml::from_str(OBJECTS).unwrap();
    Workload::compile(&file.groups, &file.objects, std::path::Path::new("")).unwrap()
}

/// What a run does, hashed; the same with and without somebody listening.
fn run_digest(
    workload: &Workload,
    policy: &PolicySpec,
    runtime: &Runtime,
    machine: &MachineSpec,
) -> u64 {
    let duration = Span::from_ms(80);
    let spec = RunSpec {
        runtime,
        seed: 3,
        replication: 1,
        ..RunSpec::new(workload, machine, policy, duration)
    };
    let mut sink = MemorySink::default();
    let outcome = run(&spec, &mut sink);
    assert_eq!(outcome, run(&spec, &mut NullSink), "a sink changes what happens");
    digest(&(outcome, sink.events, sink.intervals, sink.ops))
}

#[test]
fn nothing_has_changed() {
    let machines = machines();
    let names: Vec<_> = machines.iter().map(|(name, _)| name).collect();
    let row = |name: &str, workload: &Workload, policy: &PolicySpec, runtime: &Runtime| {
        let digest =
            |(_, machine): &(_, MachineSpec)| run_digest(workload, policy, runtime, machine);
        format!("{name}: {:x?}", machines.iter().map(digest).collect::<Vec<_>>())
    };
    let plain = workload();
    let of_policy = |(name, policy)| row(name, &plain, &policy, &Runtime::THREADS);
    let mut rows: Vec<_> = policies().into_iter().map(of_policy).collect();
    let timed_wait = PolicySpec::TimedWait(TimedWaitParameters::default());
    let objects = with_objects();
    rows.extend(ArchitectureSpec::all().into_iter().map(|architecture| {
        let runtime = architecture.runtime(&objects);
        row(architecture.name(), &architecture.apply(&objects), &timed_wait, &runtime)
    }));
    let moved: Vec<_> = rows.iter().filter(|row| !TABLE.lines().any(|old| old == *row)).collect();
    let moved = moved.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(moved.is_empty(), "not in TABLE (columns are {names:?}):\n{moved}");
    assert_eq!(rows.len(), TABLE.lines().count(), "TABLE has a row of nothing");
}

/// A row for each policy and each architecture, a column for each machine.
const TABLE: &str = "\
tick: [3eea686852889fc2, 5abc6491481058d2, 9e5bd851961454bf, fd96fc9dbac3327d, 37d28fe40292a7c2]
timed_wait: [ebeb27055c92f47e, d7e2a43c91d5216, 4019c791f3055ba1, 58a540d6af2feb22, 954a34340f4008f3]
priority: [23d4584bc3c9cdb5, 86b11c910ae4039b, 99d5698ab2dc6de0, 8c398c91ac53ba5d, b778443f5e5d53a7]
fifo_handoff: [8b5ac4fa1df3c3a4, f9eccf5ee0948c11, 9f27186d5f61014d, 25492127f1dd1a50, ced949f8e44fba19]
barging: [a56bee2f121a5e0e, 29242cfbd62bae5b, 92a0b1875e8a8eca, f5c194c0ec2f676a, 8eb3bf66ba2c6ea7]
py_mutex: [8b5ac4fa1df3c3a4, f9eccf5ee0948c11, cf6fb8cf75203ebd, b93eb84d6943f073, 41a14c68bd1ac9c9]
none: [1373847f968ed7dc, ee7006b4f03ac6bc, dcde4e174d5ab371, 7c48b54d08701282, ce0fe891c2267b78]
tick, 1000: [614a71b9499eaca, d8ba8f0de8a29c3b, b4b0daf24c5d0616, a04cff93fadb0955, b1850ceefd32de2c]
timed_wait, 500 us: [d8d4ccaa58d04e9a, bf693c0a9da6792f, efe4b415902bc6f9, baabbdfce24acc00, acd5618510a5c124]
timed_wait, lifo, unforced: [575118e53e1bdaed, 41b3a33d28348ff2, 7a9e7452f6aedee1, 2bae28d710ddf10, 833cae87892f6378]
priority, 500 us: [4791df4909966d94, d8ef5d63576ef094, 3539476b40ef49b7, 1b3b19bc581bd26c, 424fecf2f37d3b19]
sequential: [27860a610db74ffe, 3fb09f718a4a7159, 6c386e5fdd3ff473, 6c386e5fdd3ff473, 6c386e5fdd3ff473]
threads: [a203ba2fa9a90362, be57a6b441097256, ae59a538eb13f4c4, 288a68cfb396a2d7, cfae29e76b58a938]
processes: [8e011a4bb7e64808, 4874129792f83494, cd6aa34eb955caf4, e440d69b1f36e950, 20f6856dca084431]
interpreters: [70a578cc45395257, b46543b94782733a, 808aadbecbf7b5d0, f7b7ba6014e5421, b6d093dc392a6b0]
free_threaded: [89ec2752627a5a83, 52b7cd9aa021c7ac, 4ffa7047986cf06e, 6be363aa474149ed, 1dd298ad5c1dadbc]
gilectomy: [98462a9c659fed93, 7d57f09c6781b1e4, efeb9b38c36300c3, 90c20711275b6433, 15671f056c489b80]
object_locks: [3e9a9f749c0627a8, ad4248001c5c228d, 28870c8ca37639d5, 9f28481383590f26, 130c9b3cc7d702]
";
