//! Policies that schedule threads on a global lock: the contract, and one file for each policy.
//!
//! In suggested reading order:
//!
//! | module | rule |
//! |---|---|
//! | [`contract`] | what a policy sees, is asked, and may answer |
//! | [`barging`] | a plain mutex: whoever comes first takes it |
//! | [`fifo_handoff`] | the releaser names the longest waiter as the next holder |
//! | [`tick`] | CPython up to 3.1: release and re-take every 100 ticks |
//! | [`timed_wait`] | CPython 3.2 and later: a waiter asks for the lock after 5 ms |
//! | [`priority`] | penalise full slices, reward early releases |
//! | [`py_mutex`] | an object's lock in CPython 3.13: spin, park, be fair after 1 ms |
//! | [`spec`] | the registry: every policy by its name and parameters |
//!
//! The crate depends on nothing of ours, so that a policy can't look into the simulator: it could
//! drive a real lock between real threads as it stands.

pub mod barging;
pub mod contract;
pub mod fifo_handoff;
pub mod pick;
pub mod priority;
pub mod py_mutex;
pub mod queue;
pub mod spec;
pub mod tick;
pub mod timed_wait;
pub mod units;

#[cfg(test)]
mod script;

pub use contract::{
    Answer, Ask, Check, Entry, Policy, Primitive, Reason, Release, Successor, Then, View,
};
pub use pick::{PickRule, Picker};
pub use queue::WaitQueue;
pub use spec::PolicySpec;
pub use units::{Instant, ParseSpanError, Span, ThreadId};
