//! The event queue: a tournament tree with a fixed slot for each thing that can have one pending event.
//!
//! A slot holds at most one instant, so that moving and cancelling an event is the same as setting
//! it: O(log slots), no allocation, nothing left behind. Of two events at one instant, the lower
//! slot wins.

use gilsim_policies::Instant;

/// Bits of a key that hold the slot; the others hold the time.
const SLOT_BITS: u32 = 16;

/// Key of an empty slot: later than anything.
const NEVER: u64 = u64::MAX;

/// What is later than this, 78 hours, is beyond every run, and as good as this.
const LATEST: u64 = (1 << (u64::BITS - SLOT_BITS)) - 2;

/// Most slots that a queue can have.
pub const MOST_SLOTS: usize = 1 << SLOT_BITS;

/// How many are left to be compared when the first is asked for. Three slots are set for every two such
/// questions, and the last rounds need no memory then.
const FINALISTS: usize = 8;

/// Pending events, one for each slot.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Complete binary trees, each node the smaller of its two children `2 n` and `2 n + 1`; the roots
    /// are the [`FINALISTS`], and the leaves are keys: time, then slot.
    nodes: Vec<u64>,
    leaves: usize,
}

impl Queue {
    /// An empty queue with slots numbered below `slots`.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        assert!(slots <= MOST_SLOTS, "{slots} event slots, but there are only {MOST_SLOTS}");
        let leaves = slots.next_power_of_two().max(FINALISTS);
        Self { nodes: vec![NEVER; 2 * leaves], leaves }
    }

    /// Sets the event of a slot, whether it had one or not.
    #[inline]
    pub fn set(&mut self, slot: usize, at: Instant) {
        self.put(slot, at.ns().min(LATEST) << SLOT_BITS | slot as u64);
    }

    /// Removes the event of a slot, if it has one.
    #[inline]
    pub fn clear(&mut self, slot: usize) {
        if *self.key(slot) != NEVER {
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
        let slot = (key & (MOST_SLOTS as u64 - 1)) as usize;
        (key != NEVER).then_some((Instant::from_ns(key >> SLOT_BITS), slot))
    }

    /// Takes the event of the first slot, but leaves the tree as it is until the slot is set anew:
    /// most are, at once. Until then, or until [`Self::settle`], do not ask for the first event.
    #[inline]
    pub fn take(&mut self, slot: usize) {
        *self.key(slot) = NEVER;
    }

    /// Brings the tree in order if a taken slot has not been set anew.
    #[inline]
    pub fn settle(&mut self, slot: usize) {
        if *self.key(slot) == NEVER {
            self.put(slot, NEVER);
        }
    }

    #[inline]
    fn key(&mut self, slot: usize) -> &mut u64 {
        &mut self.nodes[self.leaves + slot]
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

    proptest! {
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
                    queue.settle(taken);
                }
                let first = twin.iter().map(|(slot, at)| (*at, *slot)).min();
                prop_assert_eq!(queue.first().map(|(at, slot)| (at.ns(), slot)), first);
            }
        }
    }
}
