//! The event loop: a run's state, and what each event sets off.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::marker::PhantomData;

use gilsim_policies::{Instant, Policy, Span, ThreadId};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::account::Log;
use super::cores::Core;
use super::lock::{Lock, LockId, NO_LOCK};
use super::objects::Objects;
use super::queue::Queue;
use super::thread::{Phase, Place, Thread};
use super::timers::Timers;
use super::world::World;
use super::{Ending, Outcome, RunSpec, Stuck, ThreadTotals};
use crate::architecture::{Interpreters, Runtime};
use crate::machine::{Costs, Machine};
use crate::trace::Sink;
use crate::workload::{Arrivals, Group, Law, Population};

/// The requests to a group whose threads serve an open stream.
#[derive(Debug)]
pub(super) struct Stream {
    gap: Law,
    rng: Xoshiro256PlusPlus,
    /// Requests that no thread has taken up.
    pub waiting: VecDeque<Instant>,
    /// Threads without a request, lowest number first.
    pub idle: BTreeSet<ThreadId>,
    /// Whether no request will come any more.
    pub closed: bool,
}

/// A run in progress.
pub(super) struct Simulation<'a, M, S> {
    pub groups: &'a [Group],
    pub populations: &'a [Population],
    pub runtime: Runtime,
    /// The global locks, and those of objects that somebody has asked for.
    pub locks: Vec<Lock>,
    pub objects: Objects,
    pub world: World,
    pub costs: Costs,
    pub threads: Vec<Thread<'a>>,
    pub streams: Vec<Option<Stream>>,
    /// Who waits for whom, once threads wait for each other for ever.
    pub cycle: Option<Vec<Stuck>>,
    /// Threads, started or not.
    pub thread_count: usize,
    /// Threads that have started and not ended.
    pub alive: usize,
    pub log: Log<'a, M, S>,
    pub queue: Queue,
    pub machine: M,
    pub cores: Vec<Core>,
    /// Threads that have got a core and go on at this instant.
    pub agenda: Vec<ThreadId>,
    /// The lock that was let go of last.
    pub freed: Option<LockId>,
    /// When the timers expire that fire on each core that has ticks, a slot for each thread.
    pub timers: Vec<Timers>,
    /// The core that serves the interrupt of a timer right now: it picks again at the end.
    pub interrupted: Option<u16>,
    /// The thread whose phase is ending right now.
    pub acting: Option<ThreadId>,
    pub unborn: usize,
    pub end: Instant,
    pub events: u64,
}

/// For each thread, whether nobody's start or end brings it along. The first of each interpreter of its own to start is
/// one, and starts it up for the others as well; if threads run one by one, the first; and otherwise all.
fn founders(spec: &RunSpec<'_>) -> Vec<bool> {
    let count = spec.workload.threads();
    let Interpreters::Several(several) = spec.runtime.interpreters else {
        return (0..count).map(|thread| thread == 0 || !spec.runtime.one_by_one).collect();
    };
    let groups = spec.workload.groups.iter();
    let starts = groups.flat_map(|group| std::iter::repeat_n(group.start, group.threads as usize));
    let mut first: Vec<Option<(Instant, usize)>> = vec![None; several as usize];
    for (thread, start) in starts.enumerate() {
        let founder = &mut first[spec.runtime.interpreter(thread as u32) as usize];
        *founder = Some(founder.map_or((start, thread), |one| one.min((start, thread))));
    }
    let mut founders = vec![false; count];
    first.into_iter().flatten().for_each(|(_, thread)| founders[thread] = true);
    founders
}

impl<'a, M: Machine, S: Sink> Simulation<'a, M, S> {
    pub fn new(
        spec: &RunSpec<'a>,
        policy: &dyn Fn() -> Option<Box<dyn Policy>>,
        machine: M,
        sink: &'a mut S,
    ) -> Self {
        let groups = &spec.workload.groups;
        let count = spec.workload.threads();
        let (costs, ticking) = (machine.costs(), usize::from(machine.ticking_cores()));
        let runtime = *spec.runtime;
        let mains = if runtime.global_lock { runtime.interpreters.count() } else { 0 };
        let locks = (0..mains)
            .filter_map(|_| policy())
            .map(|policy| Lock::new(policy, false, count, costs.mutex));
        let locks: Vec<_> = locks.collect();
        let founders = founders(spec);
        // Who starts at the same time is started one after the other.
        let mut launched: BTreeMap<Instant, u64> = BTreeMap::new();
        let mut queue = Queue::new(count + ticking + groups.len());
        if let Some(key) = spec.tie_key() {
            queue = queue.with_random_ties(key);
        }
        let mut threads = Vec::with_capacity(count);
        let mut streams = Vec::with_capacity(groups.len());
        for (number, group) in (0..).zip(groups) {
            for member in 0..group.threads {
                let id = ThreadId(threads.len() as u32);
                let founder = founders[id.index()];
                if founder {
                    let launched = launched.entry(group.start).or_default();
                    *launched += 1;
                    queue.set(id.index(), group.start + runtime.launch * *launched);
                }
                let main = runtime.interpreter(id.0);
                let main = if (main as usize) < locks.len() { main } else { NO_LOCK };
                let key = spec.key(number, member);
                let checks =
                    locks.get(main as usize).is_none_or(|lock| lock.check_spacing.is_some());
                threads.push(Thread { founder, checks, ..Thread::new(id, group, main, key) });
            }
            streams.push(match &group.arrivals {
                Arrivals::Closed { .. } => None,
                Arrivals::Open { gap, .. } => {
                    let mut rng = spec.key(number, u32::MAX).stream(0);
                    let slot = count + ticking + number as usize;
                    let first = group.start + gap.sample(&mut rng);
                    let closed = group.stop.is_some_and(|stop| first >= stop);
                    if !closed {
                        queue.set(slot, first);
                    }
                    let (waiting, idle) = Default::default();
                    Some(Stream { gap: gap.clone(), rng, waiting, idle, closed })
                }
            });
        }
        Self {
            groups,
            populations: &spec.workload.populations,
            runtime,
            locks,
            objects: Objects::default(),
            world: World::default(),
            cycle: None,
            thread_count: count,
            costs,
            // An unbounded ideal machine gives each thread a core of its own.
            cores: vec![Core::default(); ticking.max(count)],
            machine,
            threads,
            streams,
            alive: 0,
            log: Log { now: Instant::ZERO, sink, machine: PhantomData },
            queue,
            agenda: Vec::with_capacity(count),
            timers: vec![Timers::default(); ticking],
            freed: None,
            interrupted: None,
            acting: None,
            unborn: count,
            end: Instant::ZERO + spec.duration,
            events: 0,
        }
    }

    /// Runs to the end: what has come of it at each of `marks`, as far as it gets, and in the end.
    pub fn run(mut self, marks: &[Instant]) -> Vec<Outcome> {
        let mut threads = std::mem::take(&mut self.threads);
        let mut outcomes = Vec::with_capacity(marks.len() + 1);
        let last = self.end;
        let marks = marks.iter().copied().filter(|mark| *mark < last);
        for mark in marks.chain([last]) {
            self.end = mark;
            let ending = self.drive(&mut threads);
            let over = mark == last || ending != Ending::TimeUp;
            if over {
                self.finish_counting(&threads);
            }
            outcomes.push(self.outcome(ending, &mut threads));
            if over {
                break;
            }
        }
        outcomes
    }

    /// Takes events until the run is over.
    fn drive(&mut self, threads: &mut [Thread<'_>]) -> Ending {
        let count = threads.len();
        let ticking = count + usize::from(self.machine.ticking_cores());
        loop {
            if self.alive == 0 && self.unborn == 0 {
                break Ending::Completed;
            }
            let Some((at, slot)) = self.queue.first() else {
                break Ending::Deadlock(self.stuck(threads));
            };
            assert!(at >= self.log.now, "time goes back from {:?} to {at:?}", self.log.now);
            if at > self.end {
                self.log.now = self.end;
                break Ending::TimeUp;
            }
            self.log.now = at;
            self.events += 1;
            self.queue.take(slot);
            if slot < count {
                let thread = ThreadId(slot as u32);
                if M::INSTANT {
                    self.event_at_once(threads, thread);
                } else {
                    self.thread_event(threads, thread);
                }
            } else if slot < ticking {
                self.tick(threads, (slot - count) as u16);
            } else {
                self.request_arrives(threads, slot - ticking);
            }
            self.work_off(threads);
            if !M::INSTANT && self.world.collects() && self.check_stopped(threads) {
                self.work_off(threads);
            }
            self.queue.settle();
            self.check_invariants();
            if !M::INSTANT
                && let Some(cycle) = self.cycle.take()
            {
                break Ending::Deadlock(cycle);
            }
        }
    }

    /// Carries on those who have got a core at this instant.
    #[inline(always)]
    fn work_off(&mut self, threads: &mut [Thread<'_>]) {
        let mut done = 0;
        while let Some(&thread) = self.agenda.get(done) {
            done += 1;
            if M::INSTANT {
                self.woken(threads, thread);
            } else {
                self.act(threads, thread);
            }
        }
        self.agenda.clear();
    }

    #[inline(always)]
    fn thread_event(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        match threads[thread.index()].place {
            Place::On(_) => {
                self.progress(threads, thread);
                self.act(threads, thread);
            }
            Place::Off => self.interrupt_at(threads, thread),
            Place::Ready(_) => unreachable!("{thread} has no timer while it queues for a core"),
        }
    }

    fn request_arrives(&mut self, threads: &mut [Thread<'_>], group: usize) {
        let Some(stream) = &mut self.streams[group] else { unreachable!("a closed group") };
        let slot = threads.len() + usize::from(self.machine.ticking_cores()) + group;
        let next = self.log.now + stream.gap.sample(&mut stream.rng);
        let server = stream.idle.pop_first();
        if server.is_none() {
            stream.waiting.push_back(self.log.now);
        }
        match self.groups[group].stop {
            Some(stop) if next >= stop => self.close_stream(threads, group, slot),
            _ => self.queue.set(slot, next),
        }
        if let Some(thread) = server {
            self.begin_pass(threads, thread, Span::ZERO);
        }
    }

    /// No request will come any more: idle threads end.
    fn close_stream(&mut self, threads: &mut [Thread<'_>], group: usize, slot: usize) {
        self.queue.clear(slot);
        let Some(stream) = &mut self.streams[group] else { return };
        stream.closed = true;
        for thread in std::mem::take(&mut stream.idle) {
            self.exit_off_core(threads, thread);
        }
    }

    fn stuck(&self, threads: &[Thread<'_>]) -> Vec<Stuck> {
        threads.iter().filter_map(|state| self.waits(state)).collect()
    }

    /// What a thread waits for, if it sleeps at a lock.
    fn waits(&self, state: &Thread<'_>) -> Option<Stuck> {
        let awaits_switch = match state.phase {
            Phase::Asleep => false,
            Phase::AwaitingSwitch(_) => true,
            _ => return None,
        };
        let lock = self.locks.get(state.at as usize)?;
        let (holder, object) = (lock.view.holder, state.object());
        Some(Stuck { thread: state.id, holder, object, awaits_switch })
    }

    /// Looks for a cycle of threads that wait for each other from the one on that fell asleep last. Who times out asks
    /// again, and in vain: nobody in the cycle runs.
    pub fn find_cycle(&mut self, threads: &[Thread<'_>], last: ThreadId) {
        let mut cycle: Vec<Stuck> = Vec::new();
        let mut next = Some(last);
        while let Some(stuck) = next.and_then(|thread| self.waits(&threads[thread.index()])) {
            // The one on whom it waits may be part of a cycle that it is not.
            if cycle.len() > threads.len() {
                return;
            }
            cycle.push(stuck);
            next = stuck.holder;
            if next == Some(last) {
                self.cycle = Some(cycle);
                return;
            }
        }
    }

    fn outcome(&mut self, ending: Ending, threads: &mut [Thread<'_>]) -> Outcome {
        let now = self.log.now;
        let account = |thread: &mut Thread<'_>| match thread.phase {
            Phase::Exited => thread.totals,
            Phase::Unborn => ThreadTotals { start: now, end: now, ..thread.totals },
            _ => {
                let main = self.locks.get(thread.main as usize);
                self.log.account(thread, main.map(|lock| lock.view.held_since))
            }
        };
        let threads: Vec<_> = threads.iter_mut().map(account).collect();
        Outcome {
            ending,
            elapsed: now - Instant::ZERO,
            held: threads.iter().map(|thread| thread.held).sum(),
            threads,
            switches: self
                .locks
                .iter()
                .filter(|lock| !lock.of_object)
                .map(|lock| lock.switches)
                .sum(),
            counts: self.objects.totals(),
            collections: self.world.collections,
            collecting: self.world.collecting,
            events: self.events,
        }
    }
}
