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

/// What one of the two does, in times from the waking on.
#[derive(Default, Clone, Copy)]
struct Part {
    /// How often it has the lock up to the next check point.
    rounds: u64,
    /// How often it was woken, or has turned back, and finds the lock taken.
    fails: u64,
    /// When it last comes back to the lock from a check point, if it does.
    knocks: Option<Span>,
}

/// What comes of waking.
struct Fight {
    /// The parts of who has the lock in the end, and of who comes too late.
    holder: Part,
    late: Part,
    /// What the other computes longer if it has the lock at all.
    cold: Span,
    switches: u64,
    events: u64,
    /// When who came too late falls asleep, and when the holder frees the lock after that.
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
        let Ok([mut one, mut two]) = threads.get_disjoint_mut([acting.index(), other.index()])
        else {
            unreachable!("nobody fights with itself");
        };
        let Place::On(mut core) = one.place else { unreachable!("a holder is on a core") };
        let mut interrupts = self.next_interrupts(core);
        self.queue.clear(count + usize::from(core));
        let others = self.queue.first().map_or(self.end, |(at, _)| at.min(self.end));
        let (placement, takes) = loop {
            let placement = self.machine.wake(self.log.now, two.id);
            let Placement::Run { core: to, after, warm_up } = placement else {
                break (placement, None);
            };
            let interrupts_other = self.next_interrupts(to);
            let wakes = self.machine.wake_call(true);
            // As in `dispatch`.
            let in_kernel = Span::from_ns(warm_up.ns() / 2);
            let switched = after + self.costs.context_switch + in_kernel;
            let fight = self.fight(one, two, wakes, switched, warm_up - in_kernel, computes);
            let fight = fight.filter(|fight| {
                let frees = self.log.now + fight.frees;
                let mut interrupts = interrupts.iter().chain(&interrupts_other).flatten();
                frees < others && interrupts.all(|at| frees < *at)
            });
            let Some(fight) = fight else { break (placement, Some(wakes)) };
            two.book(State::LockWait, self.log.now - two.state_since);
            two.book(State::CoreWait, after);
            two.arrives_at = self.log.now + after;
            two.switched_at = self.log.now + switched;
            let Fight { holder, late, cold, sleeps, frees, .. } = fight;
            if fight.switches % 2 == 1 {
                self.fights(one, late, Span::ZERO, Span::ZERO, sleeps, computes);
                self.fights(two, holder, cold, after, frees, computes);
                self.loses(one, core);
                self.wins(two, to);
                std::mem::swap(&mut one, &mut two);
                (core, interrupts) = (to, interrupts_other);
            } else {
                self.fights(one, holder, Span::ZERO, Span::ZERO, frees, computes);
                self.fights(two, late, cold, after, sleeps, computes);
                self.loses(two, to);
            }
            self.events += fight.events;
            self.locks[one.at as usize].switches += fight.switches;
            self.log.now = self.log.now + fight.frees;
        };
        let (holder, sleeper) = (one.id, two.id);
        self.locks[one.at as usize].last_holder = Some(holder);
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

    /// When something next interrupts a core that is busy and left alone.
    #[inline(always)]
    fn next_interrupts(&mut self, core: u16) -> [Option<Instant>; 2] {
        let now = self.log.now;
        [self.machine.next_tick(now, core), self.machine.next_steal(now, core)]
    }

    /// What comes of waking the other, which is on its core after `switched`, in a call that takes `wakes`; `None` if that is
    /// not certain.
    #[inline(always)]
    fn fight(
        &self,
        one: &Thread<'_>,
        other: &Thread<'_>,
        wakes: Span,
        switched: Span,
        warm_up: Span,
        computes: Span,
    ) -> Option<Fight> {
        let (call, futile, sleep) =
            (self.costs.lock_call, self.costs.futile_wake, self.costs.sleep_call);
        let cold = other.cold + warm_up;
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
        // A computation that ends is not like the others.
        let goes_on = |state: &Thread<'_>, rounds: u64| {
            rounds == 0
                || (state.burst.ns() > computes.ns() * rounds
                    && state.since_check.is_zero()
                    && !state.at_check)
        };
        let goes_on = if switches % 2 == 0 {
            goes_on(one, holder.rounds) && goes_on(other, late.rounds)
        } else {
            goes_on(one, late.rounds) && goes_on(other, holder.rounds)
        };
        let certain = goes_on && sleeps < frees;
        certain.then_some(Fight { holder, late, cold, switches, events, sleeps, frees })
    }

    /// One's part of the fight, from `since` up to `until`.
    #[inline(always)]
    fn fights(
        &mut self,
        state: &mut Thread<'_>,
        part: Part,
        cold: Span,
        since: Span,
        until: Span,
        computes: Span,
    ) {
        let computed = Span::from_ns(computes.ns() * part.rounds);
        let ran = if part.rounds == 0 { Span::ZERO } else { computed + cold };
        state.burst -= computed;
        state.book(State::Running, ran);
        state.book(State::Overhead, until - since - ran);
        state.state_since = self.log.now + until;
        if let Some(knocks) = part.knocks {
            state.asked_since = self.log.now + knocks;
        }
        state.cold = Span::ZERO;
        let totals = &mut state.totals;
        totals.running_locked += ran;
        totals.held += ran + Span::from_ns(self.costs.lock_call.ns() * part.rounds);
        totals.acquisitions += part.rounds;
        totals.forced_drops += part.rounds;
        totals.failed_acquisitions += part.fails;
    }

    /// Has let go again.
    #[inline(always)]
    fn wins(&mut self, state: &mut Thread<'_>, core: u16) {
        state.state = State::Overhead;
        state.in_flight = false;
        state.place = Place::On(core);
        self.cores[usize::from(core)].current = Some(state.id);
    }

    /// Sleeps, and is called again.
    #[inline(always)]
    fn loses(&mut self, state: &mut Thread<'_>, core: u16) {
        state.phase = Phase::Asleep;
        state.deadline = None;
        state.state = State::LockWait;
        state.in_flight = true;
        state.place = Place::Off;
        state.left_core = (state.state_since, core);
        state.totals.voluntary_switches += 1;
        let next = self.machine.leave(state.state_since, core, state.id);
        assert!(next.is_none(), "nobody else is ready");
        self.cores[usize::from(core)] = Core::default();
    }
}

/// One event, if something takes time.
fn event(takes: Span) -> u64 {
    u64::from(!takes.is_zero())
}
