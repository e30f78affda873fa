//! Full batches are encoded and written by a thread of their own, while the simulation goes on.
//!
//! Encoding a row takes about as long as simulating what it tells of. One batch is filled while the other is written: if
//! writing takes longer, the simulation waits, so that memory stays bounded.

use std::mem;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::WriteError;
use super::batches::Batch;
use super::writer::TableWriter;

/// A table's writer, or its first failure: rows that come after that are dropped.
pub type Writer = Result<TableWriter, WriteError>;

/// Appends a batch to a table, and empties it.
pub fn append<B: Batch>(writer: Writer, batch: &mut B) -> Writer {
    let frame = batch.take();
    let writer = writer.and_then(|mut writer| {
        let encode = |source| WriteError::Encode { path: writer.path().to_owned(), source };
        writer.write(&frame.map_err(encode)?)?;
        Ok(writer)
    });
    batch.reuse();
    writer
}

/// Where the full batches of a table go.
pub enum Output<B> {
    /// Nowhere yet, with an empty batch for later. Most runs fill none, and need no thread.
    Ready(Box<(TableWriter, B)>),
    /// To a thread.
    Apart(Apart<B>),
    /// Nowhere.
    Failed(WriteError),
}

impl<B: Batch> Output<B> {
    /// Takes a full batch, and leaves an empty one in its place.
    pub fn write(self, batch: &mut B) -> Self {
        match self {
            Self::Ready(ready) => match Apart::start(ready.0, ready.1) {
                Ok(apart) => Self::Apart(apart).write(batch),
                Err(error) => Self::Failed(error).write(batch),
            },
            Self::Apart(mut apart) => {
                apart.write(batch);
                Self::Apart(apart)
            }
            Self::Failed(error) => {
                drop(batch.take());
                Self::Failed(error)
            }
        }
    }

    /// The table with all that was full.
    pub fn finish(self) -> Writer {
        match self {
            Self::Ready(ready) => Ok(ready.0),
            Self::Apart(mut apart) => apart.end(),
            Self::Failed(error) => Err(error),
        }
    }
}

/// A thread that writes the batches of one table.
pub struct Apart<B> {
    /// Dropped, it ends the thread.
    full: Option<SyncSender<B>>,
    emptied: Receiver<B>,
    thread: Option<JoinHandle<Writer>>,
}

impl<B: Batch> Apart<B> {
    /// Starts the thread, if the system has one left. `spare` is filled while another batch is written.
    fn start(writer: TableWriter, spare: B) -> Result<Self, WriteError> {
        let path = writer.path().to_owned();
        let (full, batches) = sync_channel::<B>(1);
        let (empty, emptied) = sync_channel(2);
        let work = move || {
            // Nobody waits for the last ones.
            let _ = empty.send(spare);
            let mut writer = Ok(writer);
            for mut batch in batches {
                writer = append(writer, &mut batch);
                let _ = empty.send(batch);
            }
            writer
        };
        let thread = Builder::new().name("writer".to_owned()).spawn(work);
        let thread = thread.map_err(|source| WriteError::Io { path, source })?;
        Ok(Self { full: Some(full), emptied, thread: Some(thread) })
    }

    fn write(&mut self, batch: &mut B) {
        let passed = self.emptied.recv().ok().and_then(|spare| {
            let full = mem::replace(batch, spare);
            self.full.as_ref()?.send(full).ok()
        });
        if passed.is_none() {
            // It has panicked, which is to be heard.
            drop(self.end());
        }
    }
}

impl<B> Apart<B> {
    fn end(&mut self) -> Writer {
        self.full = None;
        let Some(thread) = self.thread.take() else { unreachable!("a thread ends once") };
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl<B> Drop for Apart<B> {
    fn drop(&mut self) {
        // A file that is not to be must not outlive the sink.
        self.full = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
