//! Objects: who refers to them, their reference counts, and their locks.

use std::collections::BTreeMap;

use gilsim_policies::{Instant, Reason, Span, ThreadId};

use super::engine::Simulation;
use super::lock::{LockId, NO_LOCK};
use super::phases::Follows;
use super::thread::{Counting, Pause, Phase, Thread};
use super::{CountTotals, lock::Lock};
use crate::architecture::{Counts, Protection};
use crate::machine::{Machine, MutexKind};
use crate::trace::Sink;
use crate::workload::Access;

/// A thread's reference to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The object's number in the workload.
    pub number: u32,
    /// Its place among those that are known.
    place: u32,
    /// The lock that it has, or is about to have, or had before it let go of it to wait.
    pub lock: LockId,
    /// Whether it has it.
    has: bool,
    /// Whether it is a critical section: who has to wait lets go of it.
    section: bool,
}

impl Reference {
    /// Whether who has to wait lets go of it.
    pub const fn is_open_section(&self) -> bool {
        self.has && self.section
    }
}

/// An object of one interpreter.
#[derive(Debug, Clone)]
struct Object {
    /// Who made it: the first to refer to it.
    owner: ThreadId,
    /// Its locks: the interpreter's, and the program's own.
    locks: [LockId; 2],
    /// Its reference count, and what it should be.
    count: i64,
    references: i64,
    /// How often the count was written.
    writes: u64,
    /// The writes that no other has undone, as long as somebody has read the count and not yet written it.
    standing: Vec<u64>,
    /// How many have.
    open: u32,
    /// Who has the cache line of the count, and when it can be had again.
    line: Option<ThreadId>,
    line_free: Instant,
}

/// The objects of all interpreters, as far as somebody has touched them.
#[derive(Debug, Default)]
pub(super) struct Objects {
    known: Vec<Object>,
    /// Where an interpreter's object is.
    places: BTreeMap<(u32, u32), u32>,
    pub totals: CountTotals,
}

impl Objects {
    fn place(&mut self, thread: ThreadId, interpreter: u32, object: u32) -> u32 {
        let next = self.known.len() as u32;
        let place = *self.places.entry((interpreter, object)).or_insert(next);
        if place == next {
            self.known.push(Object {
                owner: thread,
                locks: [NO_LOCK; 2],
                // The population refers to it.
                count: 1,
                references: 1,
                writes: 0,
                standing: Vec::new(),
                open: 0,
                line: None,
                line_free: Instant::ZERO,
            });
        }
        place
    }

    /// What came of the counts, at the end.
    pub fn totals(&self) -> CountTotals {
        let high = self.known.iter().filter(|object| object.count > object.references).count();
        CountTotals { never_freed: high as u64, ..self.totals }
    }
}

impl Object {
    /// How long a change takes that other cores have to wait for: the cache line has to come first.
    fn exclusive(&mut self, now: Instant, thread: ThreadId, takes: Span, transfer: Span) -> Span {
        let comes = self.line.is_some_and(|other| other != thread);
        let from = self.line_free.max(now);
        self.line = Some(thread);
        self.line_free = from + if comes { transfer + takes } else { takes };
        self.line_free - now
    }

    /// Writes a count that was read as `read`; says how many writes of others that undoes.
    fn write(&mut self, counting: &Counting, plain: bool) -> u64 {
        let (read, writes) = counting.read;
        self.writes += 1;
        if !plain {
            self.count += counting.change;
            return 0;
        }
        self.count = read + counting.change;
        let undone = self.standing.extract_if(.., |write| *write > writes).count();
        self.open -= 1;
        if self.open == 0 {
            self.standing.clear();
        } else {
            self.standing.push(self.writes);
        }
        undone as u64
    }
}

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// The interpreter's number of an object and the object's place.
    fn object(&mut self, thread: ThreadId, object: u32) -> u32 {
        self.objects.place(thread, self.runtime.interpreter(thread.0), object)
    }

    /// Refers to an object. Says whether the thread's next step follows at once.
    pub fn refer(&mut self, threads: &mut [Thread<'_>], thread: ThreadId, object: u32) -> bool {
        let place = self.object(thread, object);
        let state = &mut threads[thread.index()];
        state.references.push(Reference {
            number: object,
            place,
            lock: NO_LOCK,
            has: false,
            section: false,
        });
        self.objects.known[place as usize].references += 1;
        self.change_count(threads, thread, place, 1)
    }

    /// Forgets the object that it referred to last. Says whether its next step follows at once.
    pub fn forget(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> bool {
        let Some(last) = threads[thread.index()].references.pop() else {
            unreachable!("{thread} forgets an object that it does not refer to");
        };
        self.objects.known[last.place as usize].references -= 1;
        self.change_count(threads, thread, last.place, -1)
    }

    fn change_count(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        object: u32,
        change: i64,
    ) -> bool {
        let Some(Counts { protection, plain, atomic, transfer }) = self.runtime.counts else {
            return true;
        };
        let state = &mut threads[thread.index()];
        let known = &mut self.objects.known[object as usize];
        let now = self.log.now;
        let takes = match protection {
            Protection::Immortal => return true,
            Protection::None => {
                known.open += 1;
                plain
            }
            Protection::Biased if known.owner == thread => plain,
            Protection::Biased | Protection::Atomic => {
                known.exclusive(now, thread, atomic, transfer)
            }
            Protection::Lock => known.exclusive(now, thread, atomic + plain + atomic, transfer),
        };
        state.counting = Counting { object, change, read: (known.count, known.writes) };
        self.objects.totals.updates += 1;
        self.objects.totals.time += takes;
        self.log.enter(state, Phase::Count, takes);
        false
    }

    /// Writes the count that the thread has changed.
    pub fn counted(&mut self, threads: &[Thread<'_>], thread: ThreadId) {
        let counting = threads[thread.index()].counting;
        let plain = self.runtime.counts.is_some_and(|counts| counts.protection == Protection::None);
        let known = &mut self.objects.known[counting.object as usize];
        self.objects.totals.lost += known.write(&counting, plain);
        if known.count <= 0 && known.references > 0 {
            // Its memory is somebody else's now; a new object takes its place.
            self.objects.totals.freed_in_use += 1;
            known.count = known.references;
        }
    }

    /// Writes the counts that threads were about to write when the run ended.
    pub fn finish_counting(&mut self, threads: &[Thread<'_>]) {
        for state in threads.iter().filter(|state| state.phase == Phase::Count) {
            self.counted(threads, state.id);
        }
    }

    /// Begins the access to the object that the thread referred to last.
    pub fn enter(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        access: Access,
    ) -> Option<Follows> {
        let policy = self.runtime.objects.policy(access)?;
        let state = &mut threads[thread.index()];
        let (last, outer) = state.references.split_last_mut()?;
        let kind = usize::from(access == Access::Lock);
        let known = &mut self.objects.known[last.place as usize];
        if known.locks[kind] == NO_LOCK {
            let policy = policy.build(self.thread_count, u64::from(last.place))?;
            known.locks[kind] = self.locks.len() as LockId;
            let mut lock = Lock::new(policy, true, self.thread_count, MutexKind::default());
            lock.view.threads = self.thread_count;
            self.locks.push(lock);
        }
        let lock = known.locks[kind];
        // Who has it already, from further out, goes in.
        if outer.iter().any(|reference| reference.lock == lock) {
            return None;
        }
        last.lock = lock;
        last.section = access != Access::Lock && self.runtime.objects.sections;
        state.at_head = false;
        Some(self.ask_for_object(threads, thread, lock))
    }

    /// Asks for an object's lock, or lets the interpreter's go first if that is taken.
    fn ask_for_object(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
        lock: LockId,
    ) -> Follows {
        let state = &mut threads[thread.index()];
        let taken = self.locks[lock as usize].view.holder.is_some();
        if taken && state.holds {
            state.pause = Pause::Enter(lock);
            return Follows::LetGo(Reason::Blocking);
        }
        state.at = lock;
        Follows::Knock
    }

    /// Has the lock of an object, and goes on with its program, or with the interpreter's lock first.
    pub fn has_entered(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Follows {
        let state = &mut threads[thread.index()];
        let lock = std::mem::replace(&mut state.at, state.main);
        for reference in state.references.iter_mut().rev().filter(|other| other.lock == lock) {
            reference.has = true;
        }
        if state.has_main() && !state.holds { Follows::Return } else { Follows::GoOn }
    }

    /// Ends the access to the object that the thread entered last.
    pub fn leave(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Follows> {
        let state = &mut threads[thread.index()];
        let last = state.references.last_mut()?;
        if !std::mem::take(&mut last.has) {
            return None;
        }
        let lock = std::mem::replace(&mut last.lock, NO_LOCK);
        state.at = lock;
        state.pause = Pause::GoOn;
        state.at_head = false;
        Some(Follows::LeaveObject)
    }

    /// The innermost lock that the thread had let go of to wait, if it is to have one again.
    pub fn reenter(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Follows> {
        let state = &mut threads[thread.index()];
        let innermost = state.references.iter().rev().find(|other| other.lock != NO_LOCK);
        let Some(Reference { lock, has: false, .. }) = innermost.copied() else {
            state.reenters = state.references.iter().any(|other| other.section && !other.has);
            return None;
        };
        Some(self.ask_for_object(threads, thread, lock))
    }

    /// Lets go of all critical sections, to wait; says what that costs.
    pub fn suspend_sections(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Span {
        if !self.runtime.objects.sections {
            return Span::ZERO;
        }
        let mut takes = Span::ZERO;
        let at = threads[thread.index()].at;
        for place in (0..threads[thread.index()].references.len()).rev() {
            let state = &mut threads[thread.index()];
            let reference = &mut state.references[place];
            if reference.is_open_section() {
                reference.has = false;
                state.at = reference.lock;
                state.reenters = true;
                takes += self.costs.lock_call + self.free_and_wake(threads, thread);
            }
        }
        threads[thread.index()].at = at;
        takes
    }
}

#[cfg(test)]
mod tests;
