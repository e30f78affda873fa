//! A run's fingerprint: 64 bits that differ if anything came out differently.
//!
//! It is XXH3 (Collet 2019; 64 bits, no secret, seed 0; the crate `xxhash-rust`) of whole numbers of 64 bits, lowest
//! byte first, and so the same on every platform. What goes in, in this order:
//!
//! 1. of each completed operation, in the order of completion: its thread, start, end and time in the queue;
//! 2. of the outcome, at the end: all of it but the number of events, as `metrics` lists it.
//!
//! Both are known however much of a run is written down, so that the fingerprint does not depend on the level. Nor does
//! it on names: an experiment that only calls its policies otherwise gives the same fingerprints.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::Xxh3;

use super::{OpRow, Sink};

/// What fingerprints are made of, and how. The number rises when that changes.
pub const METHOD: &str = "xxh3-64 of operations and outcome, 2";

/// A run's fingerprint, written as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 16 hexadecimal digits")]
pub struct ParseFingerprintError;

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| whole);
        number.map(Self).ok_or(ParseFingerprintError)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Takes the fingerprint of a run while it goes on: a sink for its operations.
#[derive(Clone, Default)]
pub struct Fingerprinter(Xxh3);

impl fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fingerprinter").field(&self.fingerprint()).finish()
    }
}

impl Fingerprinter {
    /// Adds numbers.
    pub fn add<const N: usize>(&mut self, numbers: [u64; N]) {
        // One call for all: most of its cost does not depend on the length.
        let bytes = numbers.map(u64::to_le_bytes);
        self.0.update(bytes.as_flattened());
    }

    /// The fingerprint of what was added so far.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.0.digest())
    }
}

impl Sink for Fingerprinter {
    fn op(&mut self, row: &OpRow) {
        let thread = u64::from(row.thread.0);
        self.add([thread, row.start.ns(), row.end.ns(), row.queued.ns()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        // XXH3 of nothing, as its reference implementation gives it.
        assert_eq!(Fingerprinter::default().fingerprint().to_string(), "2d06800538d394c2");
    }

    #[test]
    fn order_and_place_count() {
        let of = |parts: &[[u64; 2]]| {
            let mut hash = Fingerprinter::default();
            parts.iter().for_each(|part| hash.add(*part));
            hash.fingerprint()
        };
        assert_eq!(of(&[[1, 2], [3, 4]]), of(&[[1, 2], [3, 4]]));
        assert_ne!(of(&[[1, 2], [3, 4]]), of(&[[3, 4], [1, 2]]));
        assert_ne!(of(&[[1, 2]]), of(&[[1, 2], [0, 0]]));
    }

    #[test]
    fn a_fingerprint_survives_text() {
        let fingerprint = Fingerprint(0x0123_4567_89ab_cdef);
        let text = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(text, "\"0123456789abcdef\"");
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), fingerprint);
        for wrong in ["", "123", "+123456789abcdef", "0123456789abcdefg"] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(ParseFingerprintError), "{wrong}");
        }
    }
}
