//! Does in the simulator what the probe does with a real interpreter.

use std::num::NonZeroU16;

use gilsim_policies::tick::TickParameters;
use gilsim_policies::timed_wait::TimedWaitParameters;
use gilsim_policies::{Instant, PolicySpec, Span};

use super::Cell;
use crate::machine::{LinuxParameters, MachineSpec};
use crate::sim::{Outcome, RunSpec, run};
use crate::trace::summary::Latencies;
use crate::trace::tables::ProbeRow;
use crate::trace::{OpRow, Sink, State};
use crate::workload::{Arrivals, Group, Law, Program, Step, Workload};

/// How long the probe repeats its operation.
const DURATION: Span = Span::from_s(1);

/// The spinners are alone for so long before the first operation.
const HEAD_START: Span = Span::from_ms(20);

/// The bytecode of one round of the probe's loop besides its operation, and the system call of a `write`.
/// 3.13.0 does 1.1 million rounds a second alone, 2.7.18 0.78 million; half of a round is the call.
const ROUND: Span = Span::from_ns(450);
const WRITE: Span = Span::from_ns(400);

/// The longest a shared task may take: far longer than any did.
const LONGEST: Span = Span::from_s(60);

/// What the probe would see in a simulated interpreter. `repetition` is the replication.
#[must_use]
pub fn simulate(cell: &Cell, machine: LinuxParameters, repetition: u32) -> ProbeRow {
    let setting = cell.setting();
    let cores = u16::try_from(setting.cores).ok().and_then(NonZeroU16::new);
    let machine =
        MachineSpec::Linux(LinuxParameters { cores: cores.unwrap_or(machine.cores), ..machine });
    let unit = median_unit(cell);
    let workload = Workload { groups: groups(setting, unit) };
    let policy = policy(setting);
    let spec = RunSpec {
        workload: &workload,
        machine: &machine,
        policy: &policy,
        duration: if setting.shared_units.is_some() { LONGEST } else { HEAD_START + DURATION },
        seed: 1,
        replication: repetition,
    };
    let mut seen = Seen::new(setting.spinners);
    let outcome = run(&spec, &mut seen);
    let row = ProbeRow { repetition, ..setting.clone() };
    if setting.shared_units.is_some() {
        seen.shared(row, &outcome)
    } else {
        seen.repeated(row, &outcome, unit)
    }
}

fn policy(setting: &ProbeRow) -> PolicySpec {
    match (setting.check_interval_ticks, setting.switch_interval_ns) {
        _ if setting.lock != "on" => PolicySpec::None(Default::default()),
        (Some(ticks), _) => PolicySpec::Tick(TickParameters {
            interval: u32::try_from(ticks).unwrap_or(u32::MAX),
            ..TickParameters::default()
        }),
        (None, Some(ns)) => PolicySpec::TimedWait(TimedWaitParameters {
            interval: Span::from_ns(ns),
            ..TimedWaitParameters::default()
        }),
        (None, None) => PolicySpec::TimedWait(TimedWaitParameters::default()),
    }
}

fn median_unit(cell: &Cell) -> Span {
    let mut units: Vec<_> = cell.runs.iter().filter_map(|run| run.unit_ns).collect();
    units.sort_unstable();
    Span::from_ns(units.get(units.len() / 2).copied().unwrap_or(50_000))
}

fn groups(setting: &ProbeRow, unit: Span) -> Vec<Group> {
    let work = vec![Step::OpStart, Step::Compute(Law::Constant(unit)), Step::OpEnd];
    let group = |name: &str, threads, steps, start| Group {
        name: name.to_owned(),
        threads,
        program: Program { steps },
        passes: None,
        start,
        stop: None,
        arrivals: Arrivals::Closed { think: Law::Constant(Span::ZERO) },
    };
    let mut spinners = group("spinners", setting.spinners, work, Instant::ZERO);
    if let Some(units) = setting.shared_units {
        spinners.passes = Some(units / u64::from(setting.spinners.max(1)));
        return vec![spinners];
    }
    let call = match setting.sleep_ns {
        Some(ns) => Step::Block(Law::Constant(Span::from_ns(ns))),
        None => Step::CRelease(Law::Constant(WRITE)),
    };
    let round = ROUND + unit * u64::from(setting.post_units);
    let steps = vec![Step::OpStart, call, Step::OpEnd, Step::Compute(Law::Constant(round))];
    let io = group("io", 1, steps, Instant::ZERO + HEAD_START);
    [io].into_iter().chain((setting.spinners > 0).then_some(spinners)).collect()
}

/// What the probe notes down: latencies of the operations, ends of the units of each thread.
struct Seen {
    latencies: Latencies,
    /// For each thread, when each of its units began, and when the last ended.
    stamps: Vec<Vec<Instant>>,
}

impl Sink for Seen {
    fn op(&mut self, row: &OpRow) {
        if row.thread.0 == 0 {
            self.latencies.record(row.latency());
        }
        let stamps = &mut self.stamps[row.thread.index()];
        if stamps.is_empty() {
            stamps.push(row.start);
        }
        stamps.push(row.end);
    }
}

impl Seen {
    fn new(spinners: u32) -> Self {
        let stamps = vec![Vec::new(); spinners as usize + 1];
        Self { latencies: Latencies::default(), stamps }
    }

    /// What is seen of a task whose units are shared.
    fn shared(&self, row: ProbeRow, outcome: &Outcome) -> ProbeRow {
        let lengths = |stamps: &[Instant]| -> Vec<u64> {
            stamps.windows(2).map(|pair| (pair[1] - pair[0]).ns()).collect()
        };
        let mut units = lengths(&self.stamps[0]);
        units.sort_unstable();
        let unit = units.get(units.len() / 10).copied().unwrap_or_default();
        let mut slices = Vec::new();
        for stamps in self.stamps.iter().filter(|stamps| !stamps.is_empty()) {
            let mut slice = 0;
            for length in lengths(stamps) {
                if length > 4 * unit {
                    slices.push(slice);
                    slice = 0;
                } else {
                    slice += length;
                }
            }
            slices.push(slice);
        }
        slices.sort_unstable();
        let quantile = |q: f64| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            slices.get((q * slices.len() as f64) as usize).copied()
        };
        let mean = slices.iter().sum::<u64>().checked_div(slices.len() as u64);
        ProbeRow {
            unit_ns: Some(unit),
            slices: Some(slices.len() as u64),
            slice_mean_ns: mean,
            slice_p5_ns: quantile(0.05),
            slice_p25_ns: quantile(0.25),
            slice_p50_ns: quantile(0.5),
            slice_p75_ns: quantile(0.75),
            slice_p95_ns: quantile(0.95),
            slice_p99_ns: quantile(0.99),
            ..counted(row, outcome)
        }
    }

    /// What is seen of an operation that is repeated.
    fn repeated(&self, row: ProbeRow, outcome: &Outcome, unit: Span) -> ProbeRow {
        let quantile = |q| self.latencies.quantile_ns(q);
        let whole = |ns: Option<f64>| ns.map(|ns| Span::from_ns_f64(ns).ns());
        let beside = &self.stamps[1..];
        ProbeRow {
            unit_ns: Some(unit.ns()),
            ops: Some(self.latencies.count()),
            latency_mean_ns: whole(self.latencies.mean_ns()),
            latency_p5_ns: quantile(0.05),
            latency_p25_ns: quantile(0.25),
            latency_p50_ns: quantile(0.5),
            latency_p75_ns: quantile(0.75),
            latency_p95_ns: quantile(0.95),
            latency_p99_ns: quantile(0.99),
            latency_max_ns: self.latencies.max_ns(),
            spin_units: Some(beside.iter().map(|stamps| stamps.len() as u64).sum()),
            ..counted(row, outcome)
        }
    }
}

/// What the operating system counts. The probe counts from the first operation on; the head start is a
/// fiftieth, and much the same.
fn counted(row: ProbeRow, outcome: &Outcome) -> ProbeRow {
    let on_core: Span = outcome
        .threads
        .iter()
        .map(|thread| thread.times.of(State::Running) + thread.times.of(State::Overhead))
        .sum();
    let sum = |count: fn(&crate::sim::ThreadTotals) -> u64| outcome.threads.iter().map(count).sum();
    ProbeRow {
        wall_ns: outcome.elapsed.ns(),
        cpu_ns: on_core.ns(),
        voluntary_context_switches: sum(|thread| thread.voluntary_switches),
        involuntary_context_switches: sum(|thread| thread.involuntary_switches),
        foreign_share: 0.0,
        steal_share: 0.0,
        ..row
    }
}
