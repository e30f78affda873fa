//! The event loop: takes the earliest event, and moves threads between cores, queues and sleep.

use std::collections::{BTreeSet, VecDeque};

use gilsim_policies::{Instant, Policy, Reason, Span, ThreadId};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::lock::Lock;
use super::queue::Queue;
use super::thread::{Phase, Place, Thread};
use super::{Ending, Outcome, RunSpec, Stuck};
use crate::machine::{Costs, Machine, Placement};
use crate::trace::{EventKind, Sink, State};
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

/// A core as the engine sees it.
#[derive(Debug, Clone, Copy, Default)]
struct Core {
    current: Option<ThreadId>,
    /// Who ran here last: nobody pays for a switch to itself.
    last: Option<ThreadId>,
    /// Whether it is to pick again as soon as its thread leaves the kernel.
    resched: bool,
}

/// A run in progress.
pub(super) struct Simulation<'a, M, S> {
    pub groups: &'a [Group],
    pub lock: Option<Lock>,
    pub costs: Costs,
    pub threads: Vec<Thread>,
    pub streams: Vec<Option<Stream>>,
    /// Threads that have started and not ended.
    pub alive: usize,
    pub now: Instant,
    pub queue: Queue,
    pub sink: &'a mut S,
    pub machine: M,
    cores: Vec<Core>,
    /// Threads that have got a core and go on at this instant.
    agenda: Vec<ThreadId>,
    /// The thread whose phase is ending right now.
    acting: Option<ThreadId>,
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
                queue.set(threads.len(), group.start);
                threads.push(Thread::new(&group.program, spec.key(number, member)));
            }
            streams.push(match &group.arrivals {
                Arrivals::Closed { .. } => None,
                Arrivals::Open { gap } => {
                    let mut rng = spec.key(number, u32::MAX).stream(0);
                    let slot = count + ticking + number as usize;
                    queue.set(slot, group.start + gap.sample(&mut rng));
                    let (waiting, idle) = Default::default();
                    Some(Stream { gap: gap.clone(), rng, waiting, idle, closed: false })
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
            now: Instant::ZERO,
            queue,
            sink,
            agenda: Vec::with_capacity(count),
            acting: None,
            unborn: count,
            end: Instant::ZERO + spec.duration,
            events: 0,
        }
    }

    /// Runs to the end.
    pub fn run(mut self) -> Outcome {
        let threads = self.threads.len();
        let ticking = threads + usize::from(self.machine.ticking_cores());
        let ending = loop {
            if self.alive == 0 && self.unborn == 0 {
                break Ending::Completed;
            }
            let Some((at, slot)) = self.queue.first() else {
                break Ending::Deadlock(self.stuck());
            };
            assert!(at >= self.now, "time goes back from {:?} to {at:?}", self.now);
            if at > self.end {
                self.now = self.end;
                break Ending::TimeUp;
            }
            self.now = at;
            self.events += 1;
            self.queue.take(slot);
            if slot < threads {
                self.thread_event(ThreadId(slot as u32));
            } else if slot < ticking {
                self.tick((slot - threads) as u16);
            } else {
                self.request_arrives(slot - ticking);
            }
            let mut done = 0;
            while let Some(&thread) = self.agenda.get(done) {
                done += 1;
                self.act(thread);
            }
            self.agenda.clear();
            self.queue.settle(slot);
            self.check_invariants();
        };
        self.outcome(ending)
    }

    fn thread_event(&mut self, thread: ThreadId) {
        match self.threads[thread.index()].place {
            Place::On(_) => {
                self.progress(thread);
                self.act(thread);
            }
            Place::Arriving(core) => self.dispatch(core, thread),
            Place::Off => self.timer(thread),
            Place::Ready => unreachable!("{thread} has no timer while it queues for a core"),
        }
    }

    /// A sleep, a blocking call or the time before a start is over.
    fn timer(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        match state.phase {
            Phase::Unborn => self.start(thread),
            Phase::Blocked => {
                self.emit(thread, EventKind::Unblock, None);
                self.return_to_lock(thread);
            }
            Phase::Idle => self.begin_pass(thread, Span::ZERO),
            Phase::Asleep => self.time_out(thread),
            phase => unreachable!("{thread} has a timer in {phase:?}"),
        }
    }

    fn start(&mut self, thread: ThreadId) {
        self.unborn -= 1;
        self.alive += 1;
        let state = &mut self.threads[thread.index()];
        state.state_since = self.now;
        state.totals.start = self.now;
        let group = state.totals.group as usize;
        self.emit(thread, EventKind::Start, None);
        // A holder that was alone may have to look at its check points from now on.
        self.rearm_holder();
        match &self.groups[group].arrivals {
            Arrivals::Closed { think: Law::Constant(Span::ZERO) } => {
                self.begin_pass(thread, Span::ZERO);
            }
            Arrivals::Closed { .. } | Arrivals::Open { .. } => self.go_idle(thread),
        }
    }

    fn request_arrives(&mut self, group: usize) {
        let Some(stream) = &mut self.streams[group] else { unreachable!("a closed group") };
        let slot = self.threads.len() + usize::from(self.machine.ticking_cores()) + group;
        let next = self.now + stream.gap.sample(&mut stream.rng);
        match stream.idle.pop_first() {
            Some(thread) => self.begin_pass(thread, Span::ZERO),
            None => stream.waiting.push_back(self.now),
        }
        match self.groups[group].stop {
            Some(stop) if next >= stop => self.close_stream(group, slot),
            _ => self.queue.set(slot, next),
        }
    }

    /// No request will come any more: idle threads end.
    fn close_stream(&mut self, group: usize, slot: usize) {
        self.queue.clear(slot);
        let Some(stream) = &mut self.streams[group] else { return };
        stream.closed = true;
        for thread in std::mem::take(&mut stream.idle) {
            self.exit_off_core(thread);
        }
    }

    /// A core's tick.
    fn tick(&mut self, core: u16) {
        if self.machine.tick(self.now, core) {
            self.reschedule(core);
        }
        self.set_tick(core);
    }

    fn set_tick(&mut self, core: u16) {
        if self.machine.ticking_cores() == 0 {
            return;
        }
        let slot = self.threads.len() + usize::from(core);
        match self.machine.next_tick(self.now, core) {
            Some(at) => self.queue.set(slot, at),
            None => self.queue.clear(slot),
        }
    }

    /// Makes a thread ready to run its phase.
    pub fn make_ready(&mut self, thread: ThreadId) {
        self.set_state(thread, State::CoreWait);
        match self.machine.wake(self.now, thread) {
            Placement::Run { core, after } => {
                self.cores[usize::from(core)].current = Some(thread);
                if after.is_zero() {
                    self.dispatch(core, thread);
                } else {
                    self.threads[thread.index()].place = Place::Arriving(core);
                    self.queue.set(thread.index(), self.now + after);
                }
            }
            Placement::Queue => {
                self.threads[thread.index()].place = Place::Ready;
                self.set_all_ticks();
            }
            Placement::Preempt { core } => {
                self.threads[thread.index()].place = Place::Ready;
                self.reschedule(core);
                self.set_tick(core);
            }
        }
    }

    fn set_all_ticks(&mut self) {
        for core in 0..self.machine.ticking_cores() {
            self.set_tick(core);
        }
    }

    /// A core picks again: now, or as soon as its thread leaves the kernel.
    fn reschedule(&mut self, core: u16) {
        let Some(current) = self.cores[usize::from(core)].current else {
            return;
        };
        let state = &self.threads[current.index()];
        let arriving = state.place != Place::On(core);
        if arriving || state.phase.in_kernel() || self.acting == Some(current) {
            self.cores[usize::from(core)].resched = true;
        } else {
            self.progress(current);
            self.switch_from(core, current);
        }
    }

    /// Lets the machine pick between the current thread of a core, whose account is up to date, and
    /// those that queue there.
    fn switch_from(&mut self, core: u16, current: ThreadId) {
        self.cores[usize::from(core)].resched = false;
        let next = self.machine.repick(self.now, core, current);
        self.set_tick(core);
        if next == current {
            // It goes on where it stopped.
            if self.acting != Some(current) {
                self.arm(current);
            }
            return;
        }
        self.queue.clear(current.index());
        self.emit(current, EventKind::Preempt, Some(next));
        self.set_state(current, State::CoreWait);
        let state = &mut self.threads[current.index()];
        state.place = Place::Ready;
        state.totals.involuntary_switches += 1;
        self.cores[usize::from(core)].current = Some(next);
        self.dispatch(core, next);
    }

    /// Takes a thread that sleeps, blocks or ends off its core.
    pub fn leave_core(&mut self, thread: ThreadId, state: State) {
        let Some(core) = self.threads[thread.index()].place.core() else {
            unreachable!("{thread} leaves a core that it is not on");
        };
        self.set_state(thread, state);
        let left = &mut self.threads[thread.index()];
        left.place = Place::Off;
        left.totals.voluntary_switches += 1;
        let next = self.machine.leave(self.now, core, thread);
        let here = &mut self.cores[usize::from(core)];
        here.current = next;
        here.resched = false;
        match next {
            Some(next) => {
                self.dispatch(core, next);
                // It may have come from another core's queue.
                self.set_all_ticks();
            }
            None => self.set_tick(core),
        }
    }

    /// Puts a thread on a core that is its own.
    fn dispatch(&mut self, core: u16, thread: ThreadId) {
        let switch =
            if M::INSTANT || self.cores[usize::from(core)].last.replace(thread) == Some(thread) {
                Span::ZERO
            } else {
                self.costs.context_switch
            };
        self.mark(thread);
        let state = &mut self.threads[thread.index()];
        state.place = Place::On(core);
        state.switched_at = self.now + switch;
        state.progress_from = state.switched_at;
        state.state = state.phase.state_on_core();
        let at_once = state.left.is_zero() && switch.is_zero();
        self.emit(thread, EventKind::Dispatch, None);
        if at_once {
            self.agenda.push(thread);
        } else {
            self.arm(thread);
        }
    }

    /// Sets the event at which the phase of a thread on a core ends or meets a check point.
    pub fn arm(&mut self, thread: ThreadId) {
        let stretch = self.stretch(thread);
        let state = &mut self.threads[thread.index()];
        state.progress_from = state.progress_from.max(self.now);
        self.queue.set(thread.index(), state.progress_from + stretch);
    }

    /// How long a phase runs until it ends or meets a check point that matters.
    fn stretch(&mut self, thread: ThreadId) -> Span {
        let (now, alive) = (self.now, self.alive);
        let state = &self.threads[thread.index()];
        if state.at_check {
            return Span::ZERO;
        }
        let due = match &mut self.lock {
            Some(lock) if state.phase == Phase::Compute => lock.check_spacing.and_then(|spacing| {
                let next = lock.consult(now, alive, |policy, view| policy.next_check(view))?;
                Some(spacing * u64::from(next) - state.since_check)
            }),
            _ => None,
        };
        due.map_or(state.left, |due| due.min(state.left))
    }

    /// The holder's check points may matter now, or no longer.
    pub fn rearm_holder(&mut self) {
        let Some(holder) = self.lock.as_ref().and_then(|lock| lock.holder) else {
            return;
        };
        let state = &self.threads[holder.index()];
        let computes = matches!(state.place, Place::On(_)) && state.phase == Phase::Compute;
        if computes && self.acting != Some(holder) {
            self.progress(holder);
            self.arm(holder);
        }
    }

    /// Brings the phase of a thread on a core up to date.
    pub fn progress(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.index()];
        if self.now <= state.progress_from {
            return;
        }
        let done = self.now - state.progress_from;
        state.progress_from = self.now;
        state.left -= done;
        if state.phase != Phase::Compute {
            return;
        }
        let Some(lock) = &mut self.lock else { return };
        let Some(spacing) = lock.check_spacing else { return };
        let since = state.since_check + done;
        if since < spacing {
            state.since_check = since;
            return;
        }
        let passed = since.ns() / spacing.ns();
        state.since_check = Span::from_ns(since.ns() % spacing.ns());
        // A point that matters is not passed: the thread stands at it.
        let due = lock.consult(self.now, self.alive, |policy, view| policy.next_check(view));
        let stands = due.is_some_and(|due| u64::from(due) == passed) && state.since_check.is_zero();
        state.at_check = stands;
        lock.policy.pass_checks(passed - u64::from(stands));
    }

    /// Carries a thread on a core through its phases until one takes time, or it leaves the core.
    fn act(&mut self, thread: ThreadId) {
        self.acting = Some(thread);
        let mut user_mode = !M::INSTANT && !self.threads[thread.index()].phase.in_kernel();
        loop {
            let Place::On(core) = self.threads[thread.index()].place else { break };
            // Between two calls into the kernel, too, a thread passes through user mode.
            if user_mode && self.cores[usize::from(core)].resched {
                self.switch_from(core, thread);
                if self.threads[thread.index()].place != Place::On(core) {
                    break;
                }
            }
            let state = &self.threads[thread.index()];
            if state.progress_from > self.now {
                self.arm(thread);
                break;
            } else if state.at_check {
                self.check_point(thread);
            } else if state.left.is_zero() {
                self.end_phase(thread);
                user_mode = !M::INSTANT;
            } else {
                self.arm(thread);
                break;
            }
        }
        self.acting = None;
    }

    /// Starts a phase of a thread: on its core if it is on one, else once it gets one.
    #[inline]
    pub fn enter(&mut self, thread: ThreadId, phase: Phase, takes: Span) {
        let new = phase.state_on_core();
        let state = &mut self.threads[thread.index()];
        state.phase = phase;
        state.left = takes;
        if matches!(state.place, Place::On(_)) && state.state != new {
            self.set_state(thread, new);
        }
    }

    fn stuck(&self) -> Vec<Stuck> {
        let holder = self.lock.as_ref().and_then(|lock| lock.holder);
        (0..)
            .map(ThreadId)
            .zip(&self.threads)
            .filter_map(|(thread, state)| match state.phase {
                Phase::Asleep => Some(Stuck { thread, holder, awaits_switch: false }),
                Phase::AwaitingSwitch(_) => Some(Stuck { thread, holder, awaits_switch: true }),
                _ => None,
            })
            .collect()
    }

    fn outcome(mut self, ending: Ending) -> Outcome {
        for thread in (0..self.threads.len()).map(|id| ThreadId(id as u32)) {
            let state = &self.threads[thread.index()];
            match state.phase {
                Phase::Exited => {}
                Phase::Unborn => {
                    let totals = &mut self.threads[thread.index()].totals;
                    (totals.start, totals.end) = (self.now, self.now);
                }
                _ => self.close_account(thread),
            }
        }
        let totals: Vec<_> = self.threads.iter().map(|thread| thread.totals).collect();
        Outcome {
            ending,
            elapsed: self.now - Instant::ZERO,
            held: totals.iter().map(|thread| thread.held).sum(),
            threads: totals,
            switches: self.lock.as_ref().map_or(0, |lock| lock.switches),
            events: self.events,
        }
    }

    /// Ends a thread that is not on a core.
    fn exit_off_core(&mut self, thread: ThreadId) {
        self.emit(thread, EventKind::Exit, None);
        self.close_account(thread);
        self.threads[thread.index()].phase = Phase::Exited;
        self.alive -= 1;
    }

    /// Lets the lock go, or does at once what the thread wants to do without it.
    pub fn let_go(&mut self, thread: ThreadId, reason: Reason) {
        if self.lock.is_none() {
            self.without_lock(thread, reason);
        } else if M::INSTANT {
            self.release(thread, reason);
        } else {
            self.enter(thread, Phase::Release(reason), self.costs.lock_call);
        }
    }
}
