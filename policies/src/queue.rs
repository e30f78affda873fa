//! The threads that sleep at a lock, in the order in which they went to sleep.

use crate::{Instant, ThreadId};

#[derive(Debug, Clone, Copy)]
struct Node {
    before: u32,
    after: u32,
    queued: bool,
    since: Instant,
}

impl Node {
    const ALONE: Self = Self { before: END, after: END, queued: false, since: Instant::ZERO };
}

/// A first-in first-out queue from which any thread can leave in constant time.
///
/// A thread stands in it at most once. Who sleeps again, after a time-out or a failed acquisition,
/// goes to the tail, but keeps the instant at which it first asked.
#[derive(Debug, Clone)]
pub struct WaitQueue {
    /// A ring: the first node stands before the head and after the tail, then comes one for each thread.
    nodes: Vec<Node>,
    len: usize,
}

/// The place of the node that is no thread's.
const END: u32 = 0;

impl WaitQueue {
    /// An empty queue with room for threads numbered below `threads`; it makes more when they come.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self { nodes: vec![Node::ALONE; threads + 1], len: 0 }
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
        Self::thread(self.nodes[END as usize].after)
    }

    /// The thread that fell asleep last.
    #[inline]
    #[must_use]
    pub fn last(&self) -> Option<ThreadId> {
        Self::thread(self.nodes[END as usize].before)
    }

    /// Whether this thread sleeps here.
    #[inline]
    #[must_use]
    pub fn contains(&self, thread: ThreadId) -> bool {
        self.nodes.get(Self::place(thread)).is_some_and(|node| node.queued)
    }

    /// When this thread, which sleeps here, first asked for the lock.
    #[inline]
    #[must_use]
    pub fn since(&self, thread: ThreadId) -> Instant {
        self.nodes[Self::place(thread)].since
    }

    /// The sleeping threads, longest sleeper first.
    pub fn iter(&self) -> impl Iterator<Item = ThreadId> {
        let after = |node: usize| Self::thread(self.nodes[node].after);
        std::iter::successors(after(END as usize), move |thread| after(Self::place(*thread)))
    }

    /// Puts a thread that first asked at `since` at the tail.
    #[inline]
    pub fn push(&mut self, thread: ThreadId, since: Instant) {
        debug_assert!(!self.contains(thread), "{thread} sleeps at the lock twice");
        let place = Self::place(thread);
        if place >= self.nodes.len() {
            self.nodes.resize(place + 1, Node::ALONE);
        }
        let before = self.nodes[END as usize].before;
        self.nodes[place] = Node { before, after: END, queued: true, since };
        self.nodes[before as usize].after = place as u32;
        self.nodes[END as usize].before = place as u32;
        self.len += 1;
    }

    /// Takes a thread out, wherever it stands; says whether it was there.
    #[inline]
    pub fn remove(&mut self, thread: ThreadId) -> bool {
        let place = Self::place(thread);
        let Some(&Node { before, after, queued: true, .. }) = self.nodes.get(place) else {
            return false;
        };
        self.nodes[before as usize].after = after;
        self.nodes[after as usize].before = before;
        self.nodes[place].queued = false;
        self.len -= 1;
        true
    }

    /// Where a thread's node is.
    #[inline]
    const fn place(thread: ThreadId) -> usize {
        thread.index() + 1
    }

    /// The thread of a node, unless it is the end.
    #[inline]
    fn thread(node: u32) -> Option<ThreadId> {
        node.checked_sub(1).map(ThreadId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_in_order_and_from_the_middle() {
        let mut queue = WaitQueue::new(0);
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
