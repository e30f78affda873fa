//! A run as a trace that viewers of timelines open.
//!
//! [`Timeline`] is what they all show: a track for each thread and each core, who waits, and the lock's way from thread to
//! thread. [`perfetto`] writes it for ui.perfetto.dev, [`chrome`] for whatever reads Chrome's trace events.

pub mod chrome;
pub mod perfetto;
mod timeline;

pub use timeline::{HandOver, Slice, Timeline, Track};
