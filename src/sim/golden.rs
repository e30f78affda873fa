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
tick: [606b1ea915cb33fa, 488659668c6a42ba, b0f7ffba8bf380cf, 4f0a100249f445, 8730f7ec24b19e0a]
timed_wait: [c002bc500e62626, c670684166c95bf6, 8374ed35ac46bd21, be3c9e4e04370f02, 156ffe8ffdde52b]
priority: [fbcdddb1a1da5075, 30820fd688252fcb, 1310196ea997a5e8, 15654ada232c3acd, 1574d73c68ebef4f]
fifo_handoff: [5051e20703d60a94, e51579e620170931, 97416d93ac5bd045, 4b91a711ffd41db0, 912a5f4cfe3befd9]
barging: [11a18a8995b4456, f9b5b365c995ed83, 40cda1388f1ae4ca, aeee726d59d5be1a, 98c56528999d728f]
py_mutex: [5051e20703d60a94, e51579e620170931, 9896f572a359463d, d4ee16616e36e993, 85da9bf144b2a331]
none: [d1d38e2ee930175c, df89ded3bbbd7adc, 18269011ab50de11, 4da940a43bc9679a, 994447a5acf3a328]
tick, 1000: [25755fa377971bda, 7c93a33078d353cb, e4bf35dd4c1fa056, 762b8d3f64754d8d, b81bc9832a2ac334]
timed_wait, 500 us: [58ad35169ae98902, 9714b1731255263f, e9f79b0ccdcb2551, 7a046d95eec6d650, 651313fd6cd5737c]
timed_wait, lifo, unforced: [ceca102537fa0425, 269584731892043a, 241ed798862d6111, 74459c689ad34398, 41f54563e14ac338]
priority, 500 us: [7559a50474b0f734, 4d25bbe5b468b9f4, 3a22fdc9f6e89f9f, 329554849e83c644, 6e83944c604e43a1]
sequential: [f5a750b75f66bf2e, d9e98ca95849cf49, ffb49620a94a4d13, ffb49620a94a4d13, ffb49620a94a4d13]
threads: [c0745eaadfe29c5a, e19d31080f098b36, 9a8f5e79ab7b564, 87eb4a86e76f77e7, ac056e4eb2415830]
processes: [86e26f6a710c0a10, aeb93f14b8267b94, 899f164f26c70cf4, 5496142a9bafa6c8, 3582374bbff21b1]
interpreters: [d0597105353c86cf, 8bf378f944dc48b2, 7abac76fee94e4a0, 8736c3f5e529a141, 30685938fa0f78c0]
free_threaded: [6e59232602c19813, 53cb499e240e3334, ed28cacddbc09f4e, 43c4483c73c56215, cb9d19fbf2f2265c]
gilectomy: [dbda5e11e984602b, 1def7e26e51eee84, 18366dab2602416b, 4e91ffd0eaa6cf0b, f875ea1fe1927f80]
object_locks: [7ebbd5eaa2e8d980, a26439e999863ecd, e9679fb1bd3db085, 515492ccdb23aca6, f6dc535a6b1a3712]
";
