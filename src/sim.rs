//! The engine: threads compete for a lock under a policy, on a machine.
//!
//! **Order.** Time is integer nanoseconds. Two events at one instant are taken in the order of their
//! slots: threads by number, then cores, then groups that receive requests; or in an order that is drawn for the instant,
//! if [`RunSpec::ties`] says so. What an event sets off without taking time happens before the next event.
//!
//! **Speed.** What every event of the ideal machine goes through is inlined by force, each part at one place: left to itself,
//! the compiler calls it, and a run takes a fifth more instructions. What is rare is marked cold, so that
//! it does not stand in between. More of that makes the engine longer than what a processor keeps at hand. Handlers are given the threads beside the rest of the state, so that the
//! compiler knows that writing to one changes nothing else.

mod account;
mod asking;
mod check;
mod cores;
pub mod deadlock;
mod duel;
mod engine;
#[cfg(test)]
mod golden;
mod instant;
mod lock;
mod objects;
mod part;
mod phases;
mod polling;
pub mod queue;
mod releasing;
mod starting;
mod thread;
mod timers;
mod vain;
mod wanted;
mod world;

use gilsim_policies::{Instant, Policy, PolicySpec, Span, ThreadId};

use crate::architecture::Runtime;
use crate::machine::{Ideal, Linux, Machine, MachineSpec, Unbounded};
use crate::trace::{NullSink, Sink, StateTimes};
use crate::workload::{StreamKey, Workload};
use engine::Simulation;
use wanted::Wanted;

/// Everything that decides a run.
#[derive(Debug, Clone, Copy)]
pub struct RunSpec<'a> {
    /// What the threads want.
    pub workload: &'a Workload,
    /// Where they run.
    pub machine: &'a MachineSpec,
    /// Who may have a global lock.
    pub policy: &'a PolicySpec,
    /// How threads, interpreters and objects are put together.
    pub runtime: &'a Runtime,
    /// When the run is cut off.
    pub duration: Span,
    /// The experiment's seed.
    pub seed: u64,
    /// Which replication this is: each draws its own numbers.
    pub replication: u32,
    /// Which random order the events at one instant are taken in; `None` if in that of their slots. Each number is another
    /// order at every instant, the same in all replications; what threads draw does not depend on it.
    ///
    /// It decides among threads whose timers or phases end at the same nanosecond, ticks and interrupts of cores, and
    /// requests. It does not change rules that look at numbers: threads of a group start one after the other, the idle
    /// thread with the lowest number takes a request, timers of one core that expire at the same nanosecond fire by
    /// thread, and of equal cores or run queues a machine takes the first.
    pub ties: Option<u32>,
}

impl<'a> RunSpec<'a> {
    /// Threads of one process, with the first replication's draws of seed 1; events at one instant come in the order of
    /// their slots.
    #[must_use]
    pub const fn new(
        workload: &'a Workload,
        machine: &'a MachineSpec,
        policy: &'a PolicySpec,
        duration: Span,
    ) -> Self {
        let runtime = &Runtime::THREADS;
        Self { workload, machine, policy, runtime, duration, seed: 1, replication: 0, ties: None }
    }
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Why it ended.
    pub ending: Ending,
    /// How long it lasted.
    pub elapsed: Span,
    /// Each thread's account, by number.
    pub threads: Vec<ThreadTotals>,
    /// How often a global lock went to a thread other than the one before.
    pub switches: u64,
    /// Time during which somebody held a global lock, summed up over all of them.
    pub held: Span,
    /// What came of the reference counts.
    pub counts: CountTotals,
    /// How often the collector ran.
    pub collections: u64,
    /// For how long threads stood still for it, or waited until they did, summed up over collections.
    pub collecting: Span,
    /// Events that the engine took from its queue, or would have: rounds in vain are done many at once.
    pub events: u64,
}

/// What came of the reference counts of all objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountTotals {
    /// How often a count was changed.
    pub updates: u64,
    /// Changes that another thread's write undid.
    pub lost: u64,
    /// How often a count fell to zero while somebody still referred to the object: memory freed in use.
    pub freed_in_use: u64,
    /// Objects whose count was too high at the end: memory that is never freed.
    pub never_freed: u64,
    /// CPU time that counting took.
    pub time: Span,
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every thread has ended.
    Completed,
    /// The duration was over.
    TimeUp,
    /// Threads wait for each other for ever: a cycle at the locks of objects, the first waiting for a lock that the
    /// second has, and so on, and the last for one that the first has; or no thread can ever go on again.
    Deadlock(Vec<Stuck>),
}

/// A thread that waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck {
    /// Who waits.
    pub thread: ThreadId,
    /// Who has what it waits for; `None` if nobody does.
    pub holder: Option<ThreadId>,
    /// The object whose lock it waits for; `None` if that is a global lock.
    pub object: Option<u32>,
    /// Whether it awaits a forced switch, rather than the lock.
    pub awaits_switch: bool,
}

/// A thread's account. Its state times sum up to `end - start`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThreadTotals {
    /// Its group's number.
    pub group: u32,
    /// When it started; the end of the run if it never did.
    pub start: Instant,
    /// When it ended, or the run did.
    pub end: Instant,
    /// Where its time went.
    pub times: StateTimes,
    /// Time during which it held the lock.
    pub held: Span,
    /// Time during which it did its own work with the lock.
    pub running_locked: Span,
    /// Time during which it ran to find out whether a request waits, a part of the time in which it ran.
    pub polling: Span,
    /// Operations done.
    pub ops: u64,
    /// Time asleep at the locks of objects, a part of the time in which it waited for a lock.
    pub object_wait: Span,
    /// How often it took the lock of an object.
    pub object_acquisitions: u64,
    /// How often it found the lock of an object taken.
    pub object_waits: u64,
    /// How often it took the lock.
    pub acquisitions: u64,
    /// How often it was woken and found a global lock taken again.
    pub failed_acquisitions: u64,
    /// How often its sleep at the lock ended by time-out.
    pub time_outs: u64,
    /// How often it asked the holder to let go.
    pub drop_requests: u64,
    /// How often it let go at a check point.
    pub forced_drops: u64,
    /// How often it let go to block, or to run code without the lock.
    pub voluntary_releases: u64,
    /// How often it left its core to sleep or block.
    pub voluntary_switches: u64,
    /// How often it was taken off its core.
    pub involuntary_switches: u64,
}

/// Runs a simulation to its end.
pub fn run<S: Sink>(spec: &RunSpec<'_>, sink: &mut S) -> Outcome {
    run_with(spec, &|| spec.build_policy(), sink)
}

/// Runs a simulation to its end, and says also what had come of it at each of `marks`, which ascend, before that: up
/// to a mark, and with what happens at that very instant. A run that ends early has fewer outcomes; the last is always
/// that of the whole run, the same as [`run`] gives.
pub fn run_marked<S: Sink>(spec: &RunSpec<'_>, marks: &[Instant], sink: &mut S) -> Vec<Outcome> {
    run_marked_with(spec, &|| spec.build_policy(), marks, sink)
}

/// Runs a simulation whose global locks have a policy that is not in the registry; `None` is no lock at all.
/// `spec.policy` is not looked at.
pub fn run_with<S: Sink>(
    spec: &RunSpec<'_>,
    policy: &dyn Fn() -> Option<Box<dyn Policy>>,
    sink: &mut S,
) -> Outcome {
    whole(run_marked_with(spec, policy, &[], sink))
}

/// [`run_marked`] with a policy that is not in the registry, as in [`run_with`].
pub fn run_marked_with<S: Sink>(
    spec: &RunSpec<'_>,
    policy: &dyn Fn() -> Option<Box<dyn Policy>>,
    marks: &[Instant],
    sink: &mut S,
) -> Vec<Outcome> {
    simulate(spec, policy, marks, Wanted::of(sink))
}

/// Runs a simulation on a machine that is not in the registry. `spec.machine` is not looked at.
pub fn run_on<M: Machine, S: Sink>(spec: &RunSpec<'_>, machine: M, sink: &mut S) -> Outcome {
    whole(Simulation::new(spec, &|| spec.build_policy(), machine, sink).run(&[]))
}

fn whole(mut outcomes: Vec<Outcome>) -> Outcome {
    outcomes.pop().expect("a run has an outcome")
}

/// The engine's three kinds for each machine, all of which are compiled here.
fn simulate(
    spec: &RunSpec<'_>,
    policy: &dyn Fn() -> Option<Box<dyn Policy>>,
    marks: &[Instant],
    rows: Wanted<'_>,
) -> Vec<Outcome> {
    match rows {
        Wanted::Nothing => simulate_for(spec, policy, marks, &mut NullSink),
        Wanted::Operations(mut sink) => simulate_for(spec, policy, marks, &mut sink),
        Wanted::Everything(mut sink) => simulate_for(spec, policy, marks, &mut sink),
    }
}

fn simulate_for<S: Sink>(
    spec: &RunSpec<'_>,
    policy: &dyn Fn() -> Option<Box<dyn Policy>>,
    marks: &[Instant],
    sink: &mut S,
) -> Vec<Outcome> {
    match *spec.machine {
        MachineSpec::Ideal(parameters) => match parameters.cores {
            None if instant::is_plain(spec) => {
                Simulation::new(spec, policy, Unbounded, sink).run(marks)
            }
            cores => Simulation::new(spec, policy, Ideal::new(cores), sink).run(marks),
        },
        MachineSpec::Linux(parameters) => {
            let rng = spec.key(u32::MAX, u32::MAX).stream(Purpose::Machine as u64);
            let machine = Linux::new(parameters, spec.workload.threads(), rng);
            Simulation::new(spec, policy, machine, sink).run(marks)
        }
    }
}

/// What a run's own chance is for, as opposed to a thread's.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Policy,
    Machine,
    Ties,
}

impl RunSpec<'_> {
    fn build_policy(&self) -> Option<Box<dyn Policy>> {
        let chance = self.key(u32::MAX, u32::MAX).mix(Purpose::Policy as u64);
        self.policy.build(self.workload.threads(), chance)
    }

    /// What the order of events at one instant is drawn from.
    fn tie_key(&self) -> Option<u64> {
        let key = |number| StreamKey { replication: number, ..self.key(u32::MAX, u32::MAX) };
        self.ties.map(|number| key(number).mix(Purpose::Ties as u64))
    }

    /// The key of a thread's streams. Member `u32::MAX` is the group itself, and group `u32::MAX` the run.
    fn key(&self, group: u32, member: u32) -> StreamKey {
        StreamKey { seed: self.seed, replication: self.replication, group, member }
    }
}
