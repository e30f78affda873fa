//! Two simulations in step: each in its own thread, their events compared as they come.
//!
//! Neither trace is kept: at most [`WAITING`] batches of [`BATCH`] events wait on either side.

use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::metrics::fingerprint;
use crate::sim::{RunSpec, run};
use crate::trace::fingerprint::{Fingerprint, Fingerprinter};
use crate::trace::{EventRow, Sink, Tee};

/// Events that are handed over at a time.
const BATCH: usize = 4096;
/// Batches that may wait.
const WAITING: usize = 4;
/// How many events before the first that differs are told.
const BEFORE: usize = 5;

/// Where two runs part.
#[derive(Debug)]
pub struct Parting {
    /// The fingerprints of both.
    pub fingerprints: [Fingerprint; 2],
    /// Number of events that are the same.
    pub same: u64,
    /// The last of them.
    pub before: VecDeque<EventRow>,
    /// The first that differ; `None` where a run has ended, both if no event differs.
    pub events: [Option<EventRow>; 2],
}

/// Does both runs, and compares their events up to the first that differs. The runs go on to their ends, for the
/// sake of their fingerprints.
pub fn part(specs: [RunSpec<'_>; 2]) -> Parting {
    std::thread::scope(|scope| {
        let [one, other] = specs.map(|spec| {
            let (sender, events) = sync_channel(WAITING);
            (scope.spawn(move || simulate(&spec, sender)), events)
        });
        let (mut same, mut before) = (0, VecDeque::new());
        let (mut left, mut right) = (one.1.into_iter().flatten(), other.1.into_iter().flatten());
        let events = loop {
            match (left.next(), right.next()) {
                (Some(left), Some(right)) if left == right => {
                    same += 1;
                    if before.len() == BEFORE {
                        before.pop_front();
                    }
                    before.push_back(left);
                }
                differing => break differing.into(),
            }
        };
        // Nobody listens any more, so that neither waits to be heard.
        drop((left, right));
        let fingerprints = [one.0, other.0].map(|thread| match thread.join() {
            Ok(fingerprint) => fingerprint,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        Parting { fingerprints, same, before, events }
    })
}

fn simulate(spec: &RunSpec<'_>, sender: SyncSender<Vec<EventRow>>) -> Fingerprint {
    let stream = Stream { batch: Vec::with_capacity(BATCH), sender: Some(sender) };
    let mut sink = Tee(Fingerprinter::default(), stream);
    let outcome = run(spec, &mut sink);
    let Tee(operations, mut stream) = sink;
    stream.hand_over();
    fingerprint(operations, &outcome)
}

/// Hands events over to whoever compares them, as long as somebody does.
struct Stream {
    batch: Vec<EventRow>,
    sender: Option<SyncSender<Vec<EventRow>>>,
}

impl Stream {
    fn hand_over(&mut self) {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.sender = self.sender.take().filter(|sender| sender.send(batch).is_ok());
    }
}

impl Sink for Stream {
    const OPS: bool = false;
    const EVENTS: bool = true;

    fn event(&mut self, row: &EventRow) {
        if self.sender.is_some() {
            self.batch.push(*row);
            if self.batch.len() == BATCH {
                self.hand_over();
            }
        }
    }
}
