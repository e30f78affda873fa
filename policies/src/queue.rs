//! The threads that sleep at a lock, in the order in which they went to sleep.

use crate::{Instant, ThreadId};

#[derive(Debug, Clone, Copy)]
struct Node {
    before: u32,
    after: u32,
    queued: bool,
    since: Instant,
}

/// A first-in first-out queue from which any thread can leave in constant time.
///
/// A thread stands in it at most once. Who sleeps again, after a time-out or a failed acquisition,
/// goes to the tail, but keeps the instant at which it first asked.
#[derive(Debug, Clone)]
pub struct WaitQueue {
    /// A ring: one node for each thread, and the last, which stands before the head and after the tail.
    nodes: Vec<Node>,
    len: usize,
}

impl WaitQueue {
    /// An empty queue for threads numbered below `threads`.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let end = threads as u32;
        let node = Node { before: end, after: end, queued: false, since: Instant::ZERO };
        Self { nodes: vec![node; threads + 1], len: 0 }
    }

    /// Number of sleeping threads.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody sleeps here.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The thread that has slept longest.
    #[inline]
    #[must_use]
    pub fn first(&self) -> Option<ThreadId> {
        self.thread(self.nodes[self.end()].after)
    }

    /// The thread that fell asleep last.
    #[inline]
    #[must_use]
    pub fn last(&self) -> Option<ThreadId> {
        self.thread(self.nodes[self.end()].before)
    }

    /// Whether this thread sleeps here.
    #[inline]
    #[must_use]
    pub fn contains(&self, thread: ThreadId) -> bool {
        self.nodes[thread.index()].queued
    }

    /// When this thread, which sleeps here, first asked for the lock.
    #[inline]
    #[must_use]
    pub fn since(&self, thread: ThreadId) -> Instant {
        self.nodes[thread.index()].since
    }

    /// The sleeping threads, longest sleeper first.
    pub fn iter(&self) -> impl Iterator<Item = ThreadId> {
        let after = |node: usize| self.thread(self.nodes[node].after);
        std::iter::successors(after(self.end()), move |thread| after(thread.index()))
    }

    /// Puts a thread that first asked at `since` at the tail.
    #[inline]
    pub fn push(&mut self, thread: ThreadId, since: Instant) {
        debug_assert!(!self.contains(thread), "{thread} sleeps at the lock twice");
        let end = self.end();
        let before = self.nodes[end].before;
        self.nodes[thread.index()] = Node { before, after: end as u32, queued: true, since };
        self.nodes[before as usize].after = thread.0;
        self.nodes[end].before = thread.0;
        self.len += 1;
    }

    /// Takes a thread out, wherever it stands; says whether it was there.
    #[inline]
    pub fn remove(&mut self, thread: ThreadId) -> bool {
        let Node { before, after, queued, .. } = self.nodes[thread.index()];
        if !queued {
            return false;
        }
        self.nodes[before as usize].after = after;
        self.nodes[after as usize].before = before;
        self.nodes[thread.index()].queued = false;
        self.len -= 1;
        true
    }

    #[inline]
    const fn end(&self) -> usize {
        self.nodes.len() - 1
    }

    /// The thread of a node, unless it is the end.
    #[inline]
    fn thread(&self, node: u32) -> Option<ThreadId> {
        (node as usize != self.end()).then_some(ThreadId(node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_in_order_and_from_the_middle() {
        let mut queue = WaitQueue::new(4);
        for id in [2, 0, 3] {
            queue.push(ThreadId(id), Instant::from_ns(u64::from(id)));
        }
        assert_eq!(queue.iter().map(|thread| thread.0).collect::<Vec<_>>(), [2, 0, 3]);
        assert!(queue.remove(ThreadId(0)));
        assert!(!queue.remove(ThreadId(0)), "it left already");
        assert_eq!((queue.first(), queue.last()), (Some(ThreadId(2)), Some(ThreadId(3))));
        assert_eq!(queue.since(ThreadId(3)), Instant::from_ns(3));
        queue.remove(ThreadId(2));
        queue.remove(ThreadId(3));
        assert!(queue.is_empty() && queue.first().is_none() && queue.last().is_none());
    }
}
