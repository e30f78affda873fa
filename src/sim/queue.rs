//! The event queue: a tournament tree with a fixed slot for each thing that can have one pending event.
//!
//! A slot holds at most one instant, so that moving and cancelling an event is the same as setting
//! it: O(log slots), no allocation, nothing left behind. Of two events at one instant, the lower
//! slot wins; or, with [`Queue::with_random_ties`], one of them by chance.

use gilsim_policies::Instant;

use crate::workload::stream::finalise;

/// Bits of a key that hold the slot; the others hold the time.
const SLOT_BITS: u32 = 16;

/// Key of an empty slot: later than anything.
const NEVER: u64 = u64::MAX;

/// What is later than this, 78 hours, is beyond every run, and as good as this.
const LATEST: u64 = (1 << (u64::BITS - SLOT_BITS)) - 2;

/// Most slots that a queue can have.
pub const MOST_SLOTS: usize = 1 << SLOT_BITS;

/// No slot.
const NOBODY: usize = usize::MAX;

/// How many are left to be compared when the first is asked for. Three slots are set for every two such
/// questions, and the last rounds need no memory then.
const FINALISTS: usize = 8;

/// An instant and a slot as one number, in the order in which events are taken.
#[inline]
pub(super) fn key(at: Instant, slot: usize) -> u64 {
    at.ns().min(LATEST) << SLOT_BITS | slot as u64
}

/// The instant and the slot of a key.
#[inline]
pub(super) const fn of_key(key: u64) -> (Instant, usize) {
    (Instant::from_ns(key >> SLOT_BITS), (key & (MOST_SLOTS as u64 - 1)) as usize)
}

/// Pending events, one for each slot.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Complete binary trees, each node the smaller of its two children `2 n` and `2 n + 1`; the roots
    /// are the [`FINALISTS`], and the leaves are keys: time, then slot.
    nodes: Vec<u64>,
    leaves: usize,
    /// The slot whose event was taken, as long as it is not set anew; otherwise [`NOBODY`].
    taken: usize,
    /// What the order of events at one instant is drawn from; `None` if it is that of the slots.
    ties: Option<u64>,
}

impl Queue {
    /// An empty queue with slots numbered below `slots`.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        assert!(slots <= MOST_SLOTS, "{slots} event slots, but there are only {MOST_SLOTS}");
        let leaves = slots.next_power_of_two().max(FINALISTS);
        Self { nodes: vec![NEVER; 2 * leaves], leaves, taken: NOBODY, ties: None }
    }

    /// The same queue, in which every order of events at one instant is equally likely. The order depends on nothing but
    /// `key`, the instant and the slots: it is the same in every run.
    #[must_use]
    pub fn with_random_ties(self, key: u64) -> Self {
        Self { ties: Some(key), ..self }
    }

    /// Sets the event of a slot, whether it had one or not.
    #[inline]
    pub fn set(&mut self, slot: usize, at: Instant) {
        if self.taken == slot {
            self.taken = NOBODY;
        }
        self.put(slot, key(at, slot));
    }

    /// Removes the event of a slot, if it has one.
    #[inline]
    pub fn clear(&mut self, slot: usize) {
        if self.nodes[self.leaves + slot] != NEVER {
            self.put(slot, NEVER);
        }
    }

    /// The earliest event.
    #[inline]
    #[must_use]
    pub fn first(&self) -> Option<(Instant, usize)> {
        // In rounds, as each comparison waits for the one before.
        let mut finalists = self.nodes.as_chunks::<FINALISTS>().0[1];
        for rivals in [4, 2, 1] {
            for at in 0..rivals {
                finalists[at] = finalists[at].min(finalists[at + rivals]);
            }
        }
        let key = finalists[0];
        let (at, mut slot) = of_key(key);
        if let Some(ties) = self.ties {
            slot = self.drawn(ties, at.ns());
        }
        (key != NEVER).then_some((at, slot))
    }

    /// The slot that is drawn of those with an event at an instant, at which something must happen.
    #[cold]
    fn drawn(&self, ties: u64, ns: u64) -> usize {
        let turn = finalise(ties ^ finalise(ns));
        let first = (FINALISTS..2 * FINALISTS).filter_map(|root| self.least(root, turn, ns)).min();
        first.map_or(0, |(_, slot)| slot)
    }

    /// Below a node, the lowest of the numbers that are drawn for slots with an event at an instant, and its slot.
    fn least(&self, node: usize, turn: u64, ns: u64) -> Option<(u64, usize)> {
        if self.nodes[node] >> SLOT_BITS != ns {
            return None;
        }
        if node >= self.leaves {
            let slot = node - self.leaves;
            return Some((finalise(turn ^ finalise(slot as u64)), slot));
        }
        let below = [2 * node, 2 * node + 1];
        below.into_iter().filter_map(|child| self.least(child, turn, ns)).min()
    }

    /// Takes the event of the first slot, but leaves the tree as it is until the slot is set anew:
    /// most are, at once. Until then, or until [`Self::settle`], do not ask for the first event.
    #[inline]
    pub const fn take(&mut self, slot: usize) {
        self.taken = slot;
    }

    /// Brings the tree in order if the taken slot has not been set anew.
    #[inline]
    pub fn settle(&mut self) {
        if self.taken != NOBODY {
            self.put(self.taken, NEVER);
            self.taken = NOBODY;
        }
    }

    #[inline]
    fn put(&mut self, slot: usize, mut key: u64) {
        let nodes = self.nodes.as_mut_slice();
        let mut at = self.leaves + slot;
        nodes[at] = key;
        while at >= 2 * FINALISTS {
            key = key.min(nodes[at ^ 1]);
            at /= 2;
            nodes[at] = key;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_lower_slot_wins_a_tie() {
        let mut queue = Queue::new(3);
        queue.set(2, Instant::from_ns(5));
        queue.set(1, Instant::from_ns(5));
        assert_eq!(queue.first(), Some((Instant::from_ns(5), 1)));
        queue.clear(1);
        assert_eq!(queue.first(), Some((Instant::from_ns(5), 2)));
        queue.clear(2);
        assert_eq!(queue.first(), None);
    }

    /// How often each order of the slots comes up over so many instants.
    fn orders(slots: &[usize], queue: Queue, instants: u64) -> BTreeMap<Vec<usize>, u32> {
        let mut found = BTreeMap::new();
        for at in (0..instants).map(Instant::from_ns) {
            let mut queue = queue.clone();
            slots.iter().for_each(|slot| queue.set(*slot, at));
            let mut order = Vec::new();
            while let Some((when, slot)) = queue.first() {
                assert_eq!(when, at);
                order.push(slot);
                queue.clear(slot);
            }
            *found.entry(order).or_default() += 1;
        }
        found
    }

    #[test]
    fn random_ties_take_every_order_equally_often() {
        // 500 expected of each of six; the standard deviation is 20.
        let found = orders(&[0, 1, 2], Queue::new(3).with_random_ties(1), 3_000);
        assert_eq!(found.len(), 6);
        assert!(found.values().all(|count| (420..580).contains(count)), "{found:?}");
        assert_ne!(found, orders(&[0, 1, 2], Queue::new(3).with_random_ties(2), 3_000));
        for slots in [1_000, MOST_SLOTS] {
            let queue = Queue::new(slots).with_random_ties(1);
            for pair in [[0, 1], [5, slots - 1]] {
                let found = orders(&pair, queue.clone(), 100);
                assert!(found.values().all(|count| (30..70).contains(count)), "{found:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn random_ties_change_the_order_at_one_instant_alone(
            slots in 1_usize..70,
            key: u64,
            times in prop::collection::vec(0_u64..9, 1..70),
        ) {
            let mut queue = Queue::new(slots).with_random_ties(key);
            let mut left: Vec<_> = times.into_iter().take(slots).map(Instant::from_ns).enumerate().collect();
            left.iter().for_each(|(slot, at)| queue.set(*slot, *at));
            while let Some((at, slot)) = queue.first() {
                prop_assert_eq!(Some(at), left.iter().map(|(_, at)| *at).min());
                let place = left.iter().position(|waiting| *waiting == (slot, at));
                prop_assert!(place.is_some(), "{:?} is not there", (slot, at));
                left.remove(place.unwrap_or(0));
                queue.take(slot);
                queue.settle();
            }
            prop_assert!(left.is_empty());
        }

        #[test]
        fn agrees_with_a_sorted_map(
            slots in 1_usize..100,
            moves in prop::collection::vec((0_usize..100, prop::option::of(0_u64..100)), 0..300),
        ) {
            let mut queue = Queue::new(slots);
            let mut twin = BTreeMap::new();
            for (slot, at) in moves {
                let slot = slot % slots;
                match at {
                    Some(at) => {
                        queue.set(slot, Instant::from_ns(at));
                        twin.insert(slot, at);
                    }
                    None => {
                        queue.clear(slot);
                        twin.remove(&slot);
                    }
                }
                // Every other event is taken, and the moved slot's set anew meanwhile.
                if let Some((_, taken)) = queue.first().filter(|(at, _)| at.ns() % 2 == 0) {
                    queue.take(taken);
                    twin.remove(&taken);
                    if let Some(at) = at {
                        queue.set(slot, Instant::from_ns(at));
                        twin.insert(slot, at);
                    }
                    queue.settle();
                }
                let first = twin.iter().map(|(slot, at)| (*at, *slot)).min();
                prop_assert_eq!(queue.first().map(|(at, slot)| (at.ns(), slot)), first);
            }
        }
    }
}
