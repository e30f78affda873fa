//! Does in the simulator what the probe does with a real interpreter.

use std::num::NonZeroU16;
use std::ops::Range;

use gilsim_policies::tick::TickParameters;
use gilsim_policies::timed_wait::TimedWaitParameters;
use gilsim_policies::{Instant, PolicySpec, Span};

use rayon::prelude::*;

use super::{Cell, Constants};
use crate::machine::{LinuxParameters, MachineSpec};
use crate::sim::{Outcome, RunSpec, run};
use crate::trace::summary::Latencies;
use crate::trace::tables::ProbeRow;
use crate::trace::{NullSink, OpRow, Sink, State};
use crate::workload::{Group, Law, Step, Workload};

/// How long the probe repeats its operation.
const DURATION: Span = Span::from_s(1);

/// The spinners are alone for so long before the first operation.
const HEAD_START: Span = Span::from_ms(20);

/// What a round of the probe's loop takes besides its operation's pause: within the operation, and
/// between two; and the system call of a `write`, which is made without the lock.
struct Round {
    inside: Span,
    between: Span,
    write: Span,
    /// How much of each of the first two is bytecode, which looks at check points; the rest is C functions that
    /// tell the time and append to a list.
    bytecode: Span,
}

impl Round {
    /// Origin: medians of `write` beside nobody, its latency and its operations per second; 0.15 us for
    /// a system call that does nothing; and on 2.7, 26 ticks a round (calls that free the lock, counted),
    /// while a round has one backward jump on 3.13.
    fn of(setting: &ProbeRow) -> Self {
        let (latency, round, bytecode) = match (setting.lock.as_str(), setting.check_interval_ticks)
        {
            ("on", Some(_)) => (950, 1_280, 26 * 8),
            ("on", None) => (650, 900, 25),
            _ => (650, 1_000, 25),
        };
        let write = Span::from_ns(150);
        Self {
            inside: Span::from_ns(latency) - write,
            between: Span::from_ns(round - latency),
            write,
            bytecode: Span::from_ns(bytecode / 2),
        }
    }

    fn steps(&self, pause: Step, post: Span) -> Vec<Step> {
        let compute = |span| Step::Compute(Law::Constant(span));
        let in_c = |span: Span| {
            let wandering = Law::log_normal(span.ns() as f64, WANDER);
            Step::CHold(wandering.unwrap_or(Law::Constant(span)))
        };
        vec![
            Step::OpStart,
            in_c(self.inside - self.bytecode),
            compute(self.bytecode),
            pause,
            Step::OpEnd,
            in_c(self.between - self.bytecode),
            compute(self.bytecode + post),
        ]
    }
}

/// How the time of a round's C functions varies: the standard deviation of its logarithm. The 95th percentile of
/// `write` beside nobody is 1.3 times the median; measured.
const WANDER: f64 = 0.2;

/// What the probe makes a unit of work take.
const UNIT: Span = Span::from_us(50);

/// What a unit takes while the processor is fast, in runs whose units are shared; measured: the fastest tenth.
const FAST: Span = Span::from_us(42);

/// The measured machine's processor is at times slower by so much, for as long as a stretch of so many units of a
/// lone thread, for such a share of the stretches: a neighbour has the other half of its core. Measured: a lone
/// thread's 40 runs take 1.02 to 1.71 times as long as if each unit took what the fastest tenth takes, on average
/// 1.36 times.
const SLOWER: f64 = 1.8;
const STRETCH: u64 = 2_000;
const SLOW_SHARE: f64 = 0.45;

/// The longest a shared task may take: far longer than any did.
const LONGEST: Span = Span::from_s(60);

/// These replications of each cell, one cell after the other. `done` hears of each when it is done.
pub fn simulate_all(
    cells: &[Cell],
    constants: &Constants,
    replications: Range<u32>,
    done: impl Fn() + Sync,
) -> Vec<ProbeRow> {
    let jobs: Vec<_> = cells
        .iter()
        .flat_map(|cell| replications.clone().map(move |number| (cell, number)))
        .collect();
    let job = |(cell, number)| {
        let row = simulate(cell, constants, number);
        done();
        row
    };
    jobs.into_par_iter().map(job).collect()
}

/// What the probe would see in a simulated interpreter. `repetition` is the replication.
#[must_use]
pub fn simulate(cell: &Cell, constants: &Constants, repetition: u32) -> ProbeRow {
    let setting = cell.setting();
    let cores = u16::try_from(setting.cores).ok().and_then(NonZeroU16::new);
    let cores = cores.unwrap_or(constants.machine.cores);
    let machine = MachineSpec::Linux(LinuxParameters { cores, ..constants.machine });
    let workload = Workload { groups: groups(setting), ..Workload::default() };
    let policy = policy(setting, constants);
    let spec = RunSpec {
        replication: repetition,
        ..RunSpec::new(
            &workload,
            &machine,
            &policy,
            if setting.shared_units.is_some() { LONGEST } else { HEAD_START + DURATION },
        )
    };
    let mut seen = Seen::new(setting.spinners);
    let outcome = run(&spec, &mut seen);
    let row = ProbeRow { repetition, ..setting.clone() };
    if setting.shared_units.is_some() {
        seen.shared(counted(row, &outcome))
    } else {
        // The probe counts from the first operation on: what the same run came to by then is not counted.
        let before = run(&RunSpec { duration: HEAD_START, ..spec }, &mut NullSink);
        let [before, row] = [counted(row.clone(), &before), counted(row, &outcome)];
        let row = ProbeRow {
            wall_ns: row.wall_ns - before.wall_ns,
            cpu_ns: row.cpu_ns - before.cpu_ns,
            voluntary_context_switches: row.voluntary_context_switches
                - before.voluntary_context_switches,
            involuntary_context_switches: row.involuntary_context_switches
                - before.involuntary_context_switches,
            ..row
        };
        seen.repeated(row)
    }
}

/// The policy of a real interpreter, with the interval that it was given.
#[must_use]
pub fn policy(setting: &ProbeRow, constants: &Constants) -> PolicySpec {
    match (setting.check_interval_ticks, setting.switch_interval_ns) {
        _ if setting.lock != "on" => PolicySpec::None(Default::default()),
        (Some(ticks), _) => PolicySpec::Tick(TickParameters {
            interval: u32::try_from(ticks).unwrap_or(u32::MAX),
            ..constants.tick
        }),
        (None, Some(ns)) => PolicySpec::TimedWait(TimedWaitParameters {
            interval: Span::from_ns(ns),
            ..constants.timed_wait
        }),
        (None, None) => PolicySpec::TimedWait(constants.timed_wait),
    }
}

/// What each of the threads does that share the units, and how often: a stretch of units, at one of two speeds.
fn shared_work(units: u64) -> (Vec<Step>, u64) {
    let stretches = (units / STRETCH).max(1);
    let stretch = (units / stretches).max(1);
    let at = |speed: f64, from: usize| {
        let unit = Law::Constant(Span::from_ns_f64(FAST.ns() as f64 * speed));
        [
            Step::Repeat { times: stretch },
            Step::OpStart,
            Step::Compute(unit),
            Step::OpEnd,
            Step::RepeatEnd { start: from },
            Step::Jump(12),
        ]
    };
    let choose = Step::Choose { branches: vec![(1.0 - SLOW_SHARE, 1), (1.0, 7)] };
    let steps = [choose].into_iter().chain(at(1.0, 1)).chain(at(SLOWER, 7));
    (steps.take(12).collect(), stretches)
}

fn groups(setting: &ProbeRow) -> Vec<Group> {
    // The probe's short runs take the unit as it was just before.
    let work = vec![Step::OpStart, Step::Compute(Law::Constant(UNIT)), Step::OpEnd];
    let group =
        |name: &str, threads, steps, start| Group { start, ..Group::new(name, threads, steps) };
    let mut spinners = group("spinners", setting.spinners, work, Instant::ZERO);
    if let Some(units) = setting.shared_units {
        let (steps, passes) = shared_work(units / u64::from(setting.spinners.max(1)));
        (spinners.program.steps, spinners.passes) = (steps, Some(passes));
        return vec![spinners];
    }
    let round = Round::of(setting);
    let call = match setting.sleep_ns {
        Some(ns) => Step::Block(Law::Constant(Span::from_ns(ns))),
        None => Step::CRelease(Law::Constant(round.write)),
    };
    let steps = round.steps(call, UNIT * u64::from(setting.post_units));
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
    fn shared(&self, row: ProbeRow) -> ProbeRow {
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
            ..row
        }
    }

    /// What is seen of an operation that is repeated.
    fn repeated(&self, row: ProbeRow) -> ProbeRow {
        let quantile = |q| self.latencies.quantile_ns(q);
        let whole = |ns: Option<f64>| ns.map(|ns| Span::from_ns_f64(ns).ns());
        let beside = &self.stamps[1..];
        ProbeRow {
            unit_ns: Some(UNIT.ns()),
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
            ..row
        }
    }
}

/// What the operating system counts.
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
