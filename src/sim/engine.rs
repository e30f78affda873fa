//! The event loop: a run's state, and what each event sets off.

use std::collections::{BTreeSet, VecDeque};

use gilsim_policies::{Instant, Policy, Span, ThreadId};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::account::Log;
use super::cores::Core;
use super::lock::Lock;
use super::phases::Follows;
use super::queue::Queue;
use super::thread::{Phase, Place, Thread};
use super::timers::Timers;
use super::{Ending, Outcome, RunSpec, Stuck};
use crate::machine::{Costs, Machine};
use crate::trace::{EventKind, Sink};
use crate::workload::{Arrivals, Group, Law};

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
    pub lock: Option<Lock>,
    pub costs: Costs,
    pub threads: Vec<Thread<'a>>,
    pub streams: Vec<Option<Stream>>,
    /// Threads that have started and not ended.
    pub alive: usize,
    pub log: Log<'a, S>,
    pub queue: Queue,
    pub machine: M,
    pub cores: Vec<Core>,
    /// Threads that have got a core and go on at this instant.
    pub agenda: Vec<ThreadId>,
    /// The timers of each core that has ticks.
    pub timers: Vec<Timers>,
    /// The core that serves the interrupt of a timer right now: it picks again at the end.
    pub interrupted: Option<u16>,
    /// The thread whose phase is ending right now.
    pub acting: Option<ThreadId>,
    unborn: usize,
    end: Instant,
    events: u64,
}

impl<'a, M: Machine, S: Sink> Simulation<'a, M, S> {
    pub fn new(
        spec: &RunSpec<'a>,
        policy: Option<Box<dyn Policy>>,
        machine: M,
        sink: &'a mut S,
    ) -> Self {
        let groups = &spec.workload.groups;
        let count = spec.workload.threads();
        let ticking = usize::from(machine.ticking_cores());
        let mut queue = Queue::new(count + ticking + groups.len());
        let mut threads = Vec::with_capacity(count);
        let mut streams = Vec::with_capacity(groups.len());
        for (number, group) in (0..).zip(groups) {
            for member in 0..group.threads {
                let id = ThreadId(threads.len() as u32);
                queue.set(id.index(), group.start);
                threads.push(Thread::new(id, group, spec.key(number, member)));
            }
            streams.push(match &group.arrivals {
                Arrivals::Closed { .. } => None,
                Arrivals::Open { gap } => {
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
            lock: policy.map(|policy| Lock::new(policy, count)),
            costs: machine.costs(),
            // An unbounded ideal machine gives each thread a core of its own.
            cores: vec![Core::default(); ticking.max(count)],
            machine,
            threads,
            streams,
            alive: 0,
            log: Log { now: Instant::ZERO, sink },
            queue,
            agenda: Vec::with_capacity(count),
            timers: vec![Timers::new(); ticking],
            interrupted: None,
            acting: None,
            unborn: count,
            end: Instant::ZERO + spec.duration,
            events: 0,
        }
    }

    /// Runs to the end.
    pub fn run(mut self) -> Outcome {
        let mut threads = std::mem::take(&mut self.threads);
        let ending = self.drive(&mut threads);
        self.outcome(ending, threads)
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
            if let Some(lock) = &mut self.lock {
                lock.view.now = at;
            }
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
            self.queue.settle(slot);
            self.check_invariants();
        }
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

    #[cold]
    pub fn start(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) {
        self.unborn -= 1;
        self.count_alive(self.alive + 1);
        let state = &mut threads[thread.index()];
        state.state_since = self.log.now;
        state.totals.start = self.log.now;
        let group = state.group;
        self.log.emit(state, EventKind::Start, None);
        // A holder that was alone may have to look at its check points from now on.
        self.rearm_holder(threads);
        match &group.arrivals {
            Arrivals::Closed { think: Law::Constant(Span::ZERO) } => {
                self.begin_pass(threads, thread, Span::ZERO);
            }
            Arrivals::Closed { .. } | Arrivals::Open { .. } => {
                if self.go_idle(threads, thread) == Follows::Return {
                    self.return_to_lock(threads, thread);
                }
            }
        }
    }

    /// Takes note of how many threads have started and not ended.
    pub fn count_alive(&mut self, alive: usize) {
        self.alive = alive;
        if let Some(lock) = &mut self.lock {
            lock.view.threads = alive;
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
        let holder = self.lock.as_ref().and_then(|lock| lock.view.holder);
        (0..)
            .map(ThreadId)
            .zip(threads)
            .filter_map(|(thread, state)| match state.phase {
                Phase::Asleep => Some(Stuck { thread, holder, awaits_switch: false }),
                Phase::AwaitingSwitch(_) => Some(Stuck { thread, holder, awaits_switch: true }),
                _ => None,
            })
            .collect()
    }

    fn outcome(mut self, ending: Ending, mut threads: Vec<Thread<'_>>) -> Outcome {
        let held_since = self.lock.as_ref().map(|lock| lock.view.held_since);
        let now = self.log.now;
        for thread in &mut threads {
            match thread.phase {
                Phase::Exited => {}
                Phase::Unborn => {
                    (thread.totals.start, thread.totals.end) = (now, now);
                }
                _ => self.log.close_account(thread, held_since),
            }
        }
        let totals: Vec<_> = threads.iter().map(|thread| thread.totals).collect();
        Outcome {
            ending,
            elapsed: self.log.now - Instant::ZERO,
            held: totals.iter().map(|thread| thread.held).sum(),
            threads: totals,
            switches: self.lock.as_ref().map_or(0, |lock| lock.switches),
            events: self.events,
        }
    }
}
