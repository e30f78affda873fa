//! The table `threads`: where each thread's time went.

use serde::{Deserialize, Serialize};

use super::{Table, columns};

/// One thread of one run. Its five state times sum up to `end_ns - start_ns`, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ThreadRow {
    /// The run's number within the experiment.
    pub run: u32,
    /// The thread's number within the run.
    pub thread: u32,
    /// Its group.
    pub group: String,
    /// When it started; the end of the run if it never did.
    pub start_ns: u64,
    /// When it ended, or the run did.
    pub end_ns: u64,
    /// Time on a core with its own work.
    pub running_ns: u64,
    /// Time on a core with the lock or the scheduler.
    pub overhead_ns: u64,
    /// Time asleep at the lock.
    pub lock_wait_ns: u64,
    /// Time asleep at the locks of objects: a part of `lock_wait_ns`.
    pub object_wait_ns: u64,
    /// Time ready, but not on a core.
    pub core_wait_ns: u64,
    /// Time blocked.
    pub blocked_ns: u64,
    /// Time during which it held the lock.
    pub held_ns: u64,
    /// Operations done.
    pub ops: u64,
    /// How often it took the lock.
    pub acquisitions: u64,
    /// How often it was woken and found the lock taken again.
    pub failed_acquisitions: u64,
    /// How often its sleep at the lock ended by time-out.
    pub time_outs: u64,
    /// How often it took the lock of an object.
    pub object_acquisitions: u64,
    /// How often it found the lock of an object taken.
    pub object_waits: u64,
    /// How often it asked the holder to let go.
    pub drop_requests: u64,
    /// How often it let go at a check point.
    pub forced_drops: u64,
    /// How often it let go to block, or to run code without the lock.
    pub voluntary_releases: u64,
    /// How often it left its core to sleep or block.
    pub voluntary_context_switches: u64,
    /// How often it was taken off its core.
    pub involuntary_context_switches: u64,
}

impl Table for ThreadRow {
    const NAME: &'static str = "threads";
    const COLUMNS: &'static [super::Column<Self>] = columns![
        run,
        thread,
        group,
        start_ns,
        end_ns,
        running_ns,
        overhead_ns,
        lock_wait_ns,
        object_wait_ns,
        core_wait_ns,
        blocked_ns,
        held_ns,
        ops,
        acquisitions,
        failed_acquisitions,
        time_outs,
        object_acquisitions,
        object_waits,
        drop_requests,
        forced_drops,
        voluntary_releases,
        voluntary_context_switches,
        involuntary_context_switches,
    ];
}
