//! What must hold at every moment of every run, whatever the policy, the machine and the workload.

use gilsim_policies::ThreadId;

use super::engine::Simulation;
use super::lock::Lock;
use crate::machine::Machine;
use crate::trace::Sink;

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Checked after every event. That one thread at most has the lock, and one at most a core, is
    /// asserted where locks and cores are given; that accounts are complete, where they are closed.
    #[inline]
    pub(super) fn check_invariants(&self) {
        if let [lock] = &self.locks[..] {
            if lock.view.holder.is_none() {
                self.check_free(lock);
            }
        } else if let Some(lock) = self.freed.and_then(|freed| self.locks.get(freed as usize))
            && lock.view.holder.is_none()
        {
            // Of many, only one that was let go of can have sleepers and no holder.
            self.check_free(lock);
        }
    }

    #[inline(never)]
    fn check_free(&self, lock: &Lock) {
        // No lost wake-up: a free lock with sleepers has somebody on the way to it.
        // Who awaits a switch waits for somebody to take it, too.
        let waits = lock.view.sleepers.first().or(lock.switch_waiters.first().copied());
        assert!(
            waits.is_none() || lock.view.in_flight > 0,
            "lost wake-up at {} ns: the lock is free, {} sleeps, and nobody is on the way; the \
             policy is {:?}",
            self.log.now.ns(),
            waits.map_or_else(String::new, |thread| thread.to_string()),
            lock.policy,
        );
    }
}

/// A thread does what no thread can: the program is wrong. The thread comes by value, so that what is hot need not keep it in
/// memory for the message.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn impossible(thread: ThreadId, what: &str) -> ! {
    unreachable!("{thread} {what}")
}
