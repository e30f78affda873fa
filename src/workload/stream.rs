//! Random streams.
//!
//! Every step that draws a random number owns a stream, keyed by seed, replication, thread and
//! step. The n-th draw of a step is therefore the same under every policy and on every machine:
//! comparisons between policies are paired by construction.

use gilsim_policies::Span;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::law::Law;

/// What a thread's streams are keyed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamKey {
    /// The experiment's seed.
    pub seed: u64,
    /// The replication.
    pub replication: u32,
    /// The group's number.
    pub group: u32,
    /// The thread's number within its group; streams of the group itself use `u32::MAX`.
    pub member: u32,
}

impl StreamKey {
    /// The stream for one purpose. Equal keys give equal streams; any difference gives unrelated ones.
    #[must_use]
    pub fn stream(&self, purpose: u64) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(self.mix(purpose))
    }

    /// One number for one purpose.
    #[must_use]
    pub fn mix(&self, purpose: u64) -> u64 {
        let members = u64::from(self.group) << 32 | u64::from(self.member);
        [u64::from(self.replication), members, purpose]
            .into_iter()
            .fold(finalise(self.seed), |state, part| finalise(state ^ finalise(part)))
    }
}

/// The output function of SplitMix64 (Steele, Lea & Flood 2014), after a step of its counter.
pub(crate) const fn finalise(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The draws of one law, in their order.
///
/// Each is made when the one before is taken, so that no event waits for arithmetic: a lock cycle takes a
/// ninth less time.
#[derive(Debug, Clone)]
pub struct Draws {
    pub(super) rng: Xoshiro256PlusPlus,
    next: Span,
}

impl Draws {
    /// The draws from a law that belong to a key's purpose.
    #[must_use]
    pub fn new(law: &Law, key: StreamKey, purpose: u64) -> Self {
        let mut rng = key.stream(purpose);
        let next = law.sample(&mut rng);
        Self { rng, next }
    }

    /// The next draw; the law is always the same.
    #[inline(always)]
    pub fn next(&mut self, law: &Law) -> Span {
        let next = self.next;
        self.next = law.sample(&mut self.rng);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: StreamKey = StreamKey { seed: 1, replication: 0, group: 0, member: 0 };

    #[test]
    fn streams_differ_in_every_part_of_their_key() {
        let keys = [
            KEY,
            StreamKey { seed: 2, ..KEY },
            StreamKey { replication: 1, ..KEY },
            StreamKey { group: 1, ..KEY },
            StreamKey { member: 1, ..KEY },
        ];
        let mut numbers: Vec<_> =
            keys.iter().flat_map(|key| [key.mix(0), key.mix(1), key.mix(2)]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 15);
    }
}
