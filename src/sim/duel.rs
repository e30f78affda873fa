//! Two threads that fight for the lock, by arithmetic.
//!
//! Under CPython 2's lock the holder frees the lock at each check point, wakes the other thread, which has a core of its own,
//! and takes the lock back. The other is on its way meanwhile, and comes at some point of the holder's next rounds: it finds
//! the lock taken, and sleeps again, or finds it free, and is the holder. As long as nobody else acts, chance has no part in
//! that once the other is woken, and everything follows at once, up to the next letting go while somebody sleeps:
//!
//! ```text
//!   one     wakes | takes | computes | frees | calls in vain | takes | computes          | frees
//!   lock    free          | one's            | free                  | one's             | free
//!   other   on its way to its core, and to the lock                     asks | falls asleep
//! ```
//!
//! It must come to the same as the single events, of which some sinks want to hear; the test of `vain` compares the two ways.

use gilsim_policies::{Ask, Instant, Reason, Span, Then, ThreadId};

use super::cores::Core;
use super::engine::Simulation;
use super::thread::{Phase, Place, Thread};
use crate::machine::{Machine, Placement};
use crate::trace::{Sink, State};

/// A fight that takes more turns than this is left to single events: where computing takes no longer than calls, two threads may
/// take turns for ever.
const MOST_TURNS: u32 = 8;

/// One of the two, and what it has done so far.
struct Side<'a, 'b> {
    state: &'a mut Thread<'b>,
    core: u16,
    /// How often it can have the lock before its computation ends, which is not like the others.
    most: u64,
    rounds: u64,
    fails: u64,
    sleeps: u64,
    /// What it computed longer for its core's having been cold.
    cold: Span,
    /// On its core, asleep, and on its way to its core.
    busy: Span,
    asleep: Span,
    on_its_way: Span,
}

/// What one of the two does once one is woken.
#[derive(Default, Clone, Copy)]
struct Part {
    /// How often it has the lock up to the next check point.
    rounds: u64,
    /// How often it was woken, or has turned back, and finds the lock taken.
    fails: u64,
    /// When it last comes back to the lock from a check point, if it does \[from the waking on\].
    knocks: Option<Span>,
}

/// What comes of waking.
struct Fight {
    /// The parts of who wakes the other, and of the other.
    parts: [Part; 2],
    switches: u64,
    events: u64,
    /// When who comes too late falls asleep, and when the holder frees the lock after that \[from the waking on\].
    sleeps: Span,
    frees: Span,
}

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// How long the holder computes in each round of a duel, if this is one: a thread that has let go at a check point, and the
    /// only one that slept at the lock, and was called, are the only ones that do anything, and nothing else happens right now.
    pub fn duel_round(
        &mut self,
        threads: &[Thread<'_>],
        one: ThreadId,
        other: ThreadId,
    ) -> Option<Span> {
        // Where calls take no time, nothing is certain.
        if S::EVENTS || S::INTERVALS || self.machine.ticking_cores() == 0 {
            return None;
        }
        let (one, other) = (&threads[one.index()], &threads[other.index()]);
        let lock = self.locks.get(one.at as usize)?;
        let computes = lock.policy.round_in_vain()?;
        let (_, core) = other.left_core;
        let alone = !lock.first_fit
            && lock.view.sleepers.is_empty()
            && lock.view.in_flight == 1
            && lock.falling_asleep.is_empty()
            && self.agenda.is_empty()
            && !self.world.collects()
            && one.cold.is_zero()
            && other.cold.is_zero()
            // Who falls asleep lets go of those first.
            && !one.in_section()
            && !other.in_section()
            && other.phase == Phase::Asleep
            && self.cores[usize::from(core)].current.is_none()
            && threads.iter().all(|state| state.id == one.id || state.place == Place::Off)
            && self.cores.iter().all(Core::is_left_alone);
        if !alone {
            return None;
        }
        self.queue.settle();
        let now = self.queue.first().is_some_and(|(at, _)| at == self.log.now);
        (!now).then_some(computes)
    }

    /// Wakes the other, and does all that follows for certain; the same again if that ends with waking who sleeps then. The
    /// policy is not asked.
    pub fn duel(
        &mut self,
        threads: &mut [Thread<'_>],
        acting: ThreadId,
        other: ThreadId,
        computes: Span,
    ) {
        let count = threads.len();
        let Ok([one, two]) = threads.get_disjoint_mut([acting.index(), other.index()]) else {
            unreachable!("nobody fights with itself");
        };
        let Place::On(core) = one.place else { unreachable!("a holder is on a core") };
        let (_, other_core) = two.left_core;
        let mut slept_at = two.state_since;
        let (mut one, mut two) =
            (Side::new(one, core, computes), Side::new(two, other_core, computes));
        // When the core of each is next interrupted; what has passed is asked for anew.
        let mut interrupts = [self.machine.next_interrupt(self.log.now, core), Some(Instant::ZERO)];
        self.queue.clear(count + usize::from(core));
        let others = self.queue.first().map_or(self.end, |(at, _)| at.min(self.end));
        let (mut switches, mut events) = (0, 0);
        let (placement, takes) = loop {
            let now = self.log.now;
            let placement = self.machine.wake(now, two.state.id);
            let Placement::Run { core, after, warm_up } = placement else {
                break (placement, None);
            };
            debug_assert_eq!(core, two.core, "a thread goes to its last core if that is idle");
            if interrupts[1].is_some_and(|at| at <= now) {
                interrupts[1] = self.machine.next_interrupt(now, core);
            }
            let wakes = self.machine.wake_call(true);
            let (switch, cold) = self.costs.switch_to(warm_up);
            let fight = self.fight(wakes, after + switch, cold, computes).filter(|fight| {
                let frees = now + fight.frees;
                one.can(&fight.parts[0])
                    && two.can(&fight.parts[1])
                    && frees < others
                    && interrupts.iter().flatten().all(|at| frees < *at)
            });
            let Some(fight) = fight else { break (placement, Some(wakes)) };
            let swaps = fight.switches % 2 == 1;
            let (until, until_other) =
                if swaps { (fight.sleeps, fight.frees) } else { (fight.frees, fight.sleeps) };
            two.asleep += now - slept_at;
            two.on_its_way += after;
            one.fights(now, fight.parts[0], Span::ZERO, until);
            two.fights(now, fight.parts[1], cold, until_other - after);
            if swaps {
                std::mem::swap(&mut one, &mut two);
                interrupts.swap(0, 1);
            }
            switches += fight.switches;
            events += fight.events;
            slept_at = now + fight.sleeps;
            two.sleeps += 1;
            let next = self.machine.leave(slept_at, two.core, two.state.id);
            assert!(next.is_none(), "nobody else is ready");
            self.log.now = now + fight.frees;
        };
        let (holder, core, sleeper) = (one.state.id, one.core, two.state.id);
        self.cores[usize::from(core)].current = Some(holder);
        self.cores[usize::from(two.core)] = Core::default();
        one.holds(self.log.now, computes, self.costs.lock_call);
        two.sleeps(slept_at, computes, self.costs.lock_call);
        let lock = &mut self.locks[threads[holder.index()].at as usize];
        lock.switches += switches;
        lock.last_holder = Some(holder);
        self.events += events;
        self.set_tick(count, core);
        if holder != acting {
            // It goes on before the sleeper, if either does so at this instant.
            self.agenda.push(holder);
        }
        let state = &mut threads[sleeper.index()];
        self.log.enter(state, Phase::Ask(Ask::Woken), self.costs.lock_call);
        self.log.set_state(state, State::CoreWait);
        let interrupts = self.placed(threads, sleeper, placement);
        let takes = takes.unwrap_or_else(|| self.machine.wake_call(interrupts));
        let wakes = Phase::WakeNext { reason: Reason::CheckPoint, then: Then::GoOn };
        self.log.enter(&mut threads[holder.index()], wakes, takes);
    }

    /// What comes of waking the other, which is on its core after `switched` and first computes longer by `cold`, in a call that
    /// takes `wakes`; `None` if that is not certain.
    #[inline(always)]
    fn fight(&self, wakes: Span, switched: Span, cold: Span, computes: Span) -> Option<Fight> {
        let (call, futile, sleep) =
            (self.costs.lock_call, self.costs.futile_wake, self.costs.sleep_call);
        let (mut holder, mut late) = (Part::default(), Part::default());
        // When the one without the lock asks for it; how long it takes to fall asleep if it is taken, and the end of that in
        // which nobody else may signal; whether who frees the lock tries to wake it, in vain.
        let mut asks = switched + call;
        let mut looks = self.machine.cold_call(cold);
        let mut in_flight = true;
        let each_round = 1 + 2 * event(call);
        let (mut switches, mut events) = (0, 1 + event(wakes));
        let mut knocks = wakes;
        // Of what happens at one instant, chance may choose the first.
        if asks.is_zero() {
            return None;
        }
        let mut turns = 0;
        let (sleeps, frees) = loop {
            turns += 1;
            if turns > MOST_TURNS {
                return None;
            }
            holder.knocks = Some(knocks);
            let mut held_since = knocks + call;
            if asks == held_since {
                return None;
            }
            if asks < held_since {
                std::mem::swap(&mut asks, &mut held_since);
                std::mem::swap(&mut holder, &mut late);
                (looks, in_flight) = (Span::ZERO, false);
                switches += 1;
            }
            let mut frees = held_since + computes + call;
            if switches % 2 == 1 && holder.rounds == 0 {
                frees += cold;
                events += event(cold);
            }
            holder.rounds += 1;
            events += each_round;
            if asks >= frees {
                // Nobody is there yet.
                let in_vain = if in_flight { futile } else { Span::ZERO };
                let round = in_vain + call + computes + call;
                let rounds = (asks - frees).ns() / round.ns();
                holder.rounds += rounds;
                frees += Span::from_ns(round.ns() * rounds);
                if asks == frees {
                    return None;
                }
                knocks = frees + in_vain;
                events += rounds * (event(in_vain) + each_round) + event(in_vain);
                continue;
            }
            late.fails += u64::from(in_flight);
            let sleeps = asks + sleep + looks;
            events += event(sleep + looks);
            if sleeps < frees {
                break (sleeps, frees);
            }
            // The holder frees the lock while the other is on its way into the call that sleeps, as in `bucket_is_taken`. If it
            // is still free then, the other turns back, and asks once more.
            let rest = sleeps - frees;
            let in_vain = if rest <= looks { futile + rest } else { futile };
            knocks = frees + in_vain;
            events += event(in_vain);
            if rest.is_zero() || sleeps == knocks + call {
                return None;
            }
            if sleeps < knocks + call {
                asks = sleeps + sleep + call;
                in_flight = true;
                events += event(sleep + call);
            } else {
                holder.knocks = Some(knocks);
                holder.rounds += 1;
                events += each_round;
                break (sleeps, knocks + call + computes + call);
            }
        };
        let parts = if switches % 2 == 0 { [holder, late] } else { [late, holder] };
        (sleeps < frees).then_some(Fight { parts, switches, events, sleeps, frees })
    }
}

impl<'a, 'b> Side<'a, 'b> {
    fn new(state: &'a mut Thread<'b>, core: u16, computes: Span) -> Self {
        let at_a_check = state.since_check.is_zero() && !state.at_check;
        let most = state.burst.ns().saturating_sub(1) / computes.ns();
        Self {
            core,
            most: if at_a_check { most } else { 0 },
            rounds: 0,
            fails: 0,
            sleeps: 0,
            cold: Span::ZERO,
            busy: Span::ZERO,
            asleep: Span::ZERO,
            on_its_way: Span::ZERO,
            state,
        }
    }

    /// Whether no computation ends in its part.
    #[inline(always)]
    fn can(&self, part: &Part) -> bool {
        part.rounds == 0 || self.rounds + part.rounds <= self.most
    }

    /// Plays its part, in which it is busy for so long.
    #[inline(always)]
    fn fights(&mut self, now: Instant, part: Part, cold: Span, busy: Span) {
        self.rounds += part.rounds;
        self.fails += part.fails;
        if part.rounds > 0 {
            self.cold += cold;
        }
        self.busy += busy;
        if let Some(knocks) = part.knocks {
            self.state.asked_since = now + knocks;
        }
    }

    /// Has let go again.
    fn holds(self, now: Instant, computes: Span, call: Span) {
        let core = self.core;
        let state = self.book(computes, call);
        state.state_since = now;
        state.state = State::Overhead;
        state.in_flight = false;
        state.place = Place::On(core);
    }

    /// Sleeps, and is called again.
    fn sleeps(self, since: Instant, computes: Span, call: Span) {
        let (core, sleeps) = (self.core, self.sleeps);
        let state = self.book(computes, call);
        if sleeps > 0 {
            state.left_core = (since, core);
        }
        state.state_since = since;
        state.phase = Phase::Asleep;
        state.deadline = None;
        state.state = State::LockWait;
        state.in_flight = true;
        state.place = Place::Off;
    }

    fn book(self, computes: Span, call: Span) -> &'a mut Thread<'b> {
        let state = self.state;
        state.book_rounds(self.rounds, computes, self.cold, call);
        state.book(State::Overhead, self.busy - computes * self.rounds - self.cold);
        state.book(State::LockWait, self.asleep);
        state.book(State::CoreWait, self.on_its_way);
        state.totals.failed_acquisitions += self.fails;
        state.totals.voluntary_switches += self.sleeps;
        state
    }
}

/// One event, if something takes time.
fn event(takes: Span) -> u64 {
    u64::from(!takes.is_zero())
}
