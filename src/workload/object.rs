//! Objects that several threads touch.
//!
//! ```toml
//! [objects]
//! log = {}
//! accounts = { count = 1000, pick = { zipf = { exponent = 1.1 } } }
//! ```

use gilsim_policies::Span;
use rand::RngExt;
use rand_distr::{Distribution, Zipf};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::path::{KeyPath, SpecError};

/// The most objects of a run.
const MOST_OBJECTS: u32 = 10_000_000;

/// A population of objects, as experiment files write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationSpec {
    /// How many objects.
    #[serde(default = "one")]
    pub count: u32,
    /// Which of them an access touches.
    #[serde(default)]
    pub pick: PickSpec,
    /// Size of each \[bytes\], without what the interpreter adds. Default 64: a small instance.
    #[serde(default = "small")]
    pub bytes: u64,
}

const fn one() -> u32 {
    1
}

const fn small() -> u64 {
    64
}

/// Which object of a population an access touches.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PickSpec {
    /// Each alike.
    #[default]
    Uniform,
    /// The k-th with a probability proportional to k to the power of minus `exponent`.
    Zipf {
        /// How uneven: 0 is uniform, around 1 is typical of keys in caches.
        exponent: f64,
    },
}

/// A population, ready to pick from. Objects are numbered through all populations.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// The number of its first object.
    pub first: u32,
    /// How many objects.
    pub count: u32,
    /// Size of each \[bytes\].
    pub bytes: u64,
    zipf: Option<Zipf<f64>>,
}

impl PopulationSpec {
    pub(super) fn compile(&self, name: &str, first: u32) -> Result<Population, SpecError> {
        let root = KeyPath::default();
        let most = MOST_OBJECTS - first;
        if !(1..=most).contains(&self.count) {
            let message = format!("must lie between 1 and {most}");
            return Err(SpecError::value(root.key("count"), message));
        }
        let zipf = match self.pick {
            PickSpec::Uniform => None,
            PickSpec::Zipf { exponent } => {
                let zipf = Zipf::new(f64::from(self.count), exponent);
                let zipf = zipf.ok().filter(|_| exponent.is_finite());
                Some(zipf.ok_or_else(|| {
                    let at = root.key("pick").key("zipf").key("exponent");
                    SpecError::value(at, "must be a number from 0 on")
                })?)
            }
        };
        let Self { count, bytes, .. } = *self;
        Ok(Population { name: name.to_owned(), first, count, bytes, zipf })
    }
}

impl Population {
    /// Whether each object is picked alike.
    #[must_use]
    pub const fn is_uniform(&self) -> bool {
        self.zipf.is_none()
    }

    /// The number of an object.
    pub(super) fn pick(&self, rng: &mut Xoshiro256PlusPlus) -> u32 {
        let place = match &self.zipf {
            None if self.count == 1 => 0,
            None => rng.random_range(0..self.count),
            Some(zipf) => (zipf.sample(rng) as u32).clamp(1, self.count) - 1,
        };
        self.first + place
    }
}

/// What a thread does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looks at it.
    Read,
    /// Changes it.
    Change,
    /// Has a lock of the program's own that guards it, whatever the interpreter does.
    Lock,
}

impl Access {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Read, Self::Change, Self::Lock];
}

/// In which order an access to several objects takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they stand in the file.
    #[default]
    Given,
    /// The same for all threads: by their numbers.
    Fixed,
    /// Any, drawn for each access.
    Random,
}

/// Two populations of which an object of the second is taken while one of the first is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nesting {
    /// The population of the object that is had, and what for.
    pub outer: (usize, Access),
    /// The population of the object that is taken, and what for.
    pub inner: (usize, Access),
}

/// A time that messages of a pass take to write and to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What a pass is given \[bytes\].
    #[serde(default)]
    pub to: u64,
    /// What it gives back \[bytes\].
    #[serde(default)]
    pub back: u64,
}

/// What a message of `bytes` costs, at so much each and so much for each mebibyte.
#[must_use]
pub fn message_cost(each: Span, per_mib: Span, bytes: u64) -> Span {
    let sized = u128::from(per_mib.ns()) * u128::from(bytes) / (1 << 20);
    each + Span::from_ns(u64::try_from(sized).unwrap_or(u64::MAX / 4))
}

/// A cycle of nestings among those for which `locks` holds, as the names of its populations: threads that take locks in
/// this order can wait for each other for ever.
#[must_use]
pub fn cycle<'p>(
    populations: &'p [Population],
    nestings: &[Nesting],
    locks: impl Fn(Access) -> bool,
) -> Option<Vec<&'p str>> {
    // An object has two locks: the program's own, and the interpreter's.
    let lock_of = |(population, access): (usize, Access)| (population, access == Access::Lock);
    let after = |from: (usize, bool)| {
        let locked =
            nestings.iter().filter(|nesting| locks(nesting.outer.1) && locks(nesting.inner.1));
        let ways = locked.map(|nesting| (lock_of(nesting.outer), lock_of(nesting.inner)));
        // Who has a lock goes in again; of several objects, it may be the lock of another.
        let ways = ways.filter(|(outer, inner)| outer != inner || populations[outer.0].count > 1);
        ways.filter(move |(outer, _)| *outer == from).map(|(_, inner)| inner)
    };
    // The shortest way from each lock back to itself.
    for start in
        (0..populations.len()).flat_map(|population| [(population, false), (population, true)])
    {
        let mut ways: Vec<Vec<(usize, bool)>> = vec![vec![start]];
        let mut seen = vec![[false; 2]; populations.len()];
        while let Some(place) = (!ways.is_empty()).then_some(0) {
            let way = ways.remove(place);
            for next in way.last().map(|last| after(*last)).into_iter().flatten() {
                if next == start {
                    return Some(
                        way.iter().chain([&start]).map(|at| &*populations[at.0].name).collect(),
                    );
                }
                if !std::mem::replace(&mut seen[next.0][usize::from(next.1)], true) {
                    ways.push(way.iter().copied().chain([next]).collect());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;

    fn population(text: &str) -> Result<Population, SpecError> {
        toml::from_str::<PopulationSpec>(text).unwrap().compile("p", 5)
    }

    #[test]
    fn picks_follow_their_law() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut share = |text: &str| {
            let population = population(text).unwrap();
            let picks = (0..40_000).map(|_| population.pick(&mut rng));
            picks.inspect(|pick| assert!((5..9).contains(pick))).filter(|pick| *pick == 5).count()
        };
        assert!(share("count = 4").abs_diff(10_000) < 347);
        // 1 / (1 + 1/2 + 1/3 + 1/4) of 40 000, and four standard deviations.
        assert!(share("count = 4\npick = { zipf = { exponent = 1 } }").abs_diff(19_200) < 400);
        assert_eq!(share(""), 40_000);
    }

    #[test]
    fn nonsense_is_named() {
        for (text, message) in [
            ("count = 0", "`count` must lie between 1 and 9999995"),
            (
                "pick = { zipf = { exponent = -1 } }",
                "`pick.zipf.exponent` must be a number from 0 on",
            ),
        ] {
            assert_eq!(population(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn opposite_orders_make_a_cycle() {
        let populations: Vec<_> = [("a", 2), ("b", 1), ("c", 1)]
            .iter()
            .map(|(name, count)| {
                PopulationSpec { count: *count, pick: PickSpec::Uniform, bytes: 0 }
                    .compile(name, 0)
                    .unwrap()
            })
            .collect();
        let nesting =
            |outer, inner, access| Nesting { outer: (outer, access), inner: (inner, access) };
        let lock = |outer, inner| nesting(outer, inner, Access::Lock);
        let all = |_| true;
        assert_eq!(cycle(&populations, &[lock(0, 1), lock(1, 2)], all), None);
        let ring = [lock(0, 1), lock(1, 2), lock(2, 1)];
        assert_eq!(cycle(&populations, &ring, all), Some(vec!["b", "c", "b"]));
        // One of several may be another, one alone is had already.
        assert_eq!(cycle(&populations, &[lock(0, 0)], all), Some(vec!["a", "a"]));
        assert_eq!(cycle(&populations, &[lock(1, 1)], all), None);
        // The program's own lock and the interpreter's.
        let two = |outer, inner| Nesting { outer: (1, outer), inner: (1, inner) };
        let (inside, outside) =
            (two(Access::Lock, Access::Change), two(Access::Change, Access::Lock));
        assert_eq!(cycle(&populations, &[inside], all), None);
        assert_eq!(cycle(&populations, &[inside, outside], all), Some(vec!["b", "b", "b"]));
        let read = [lock(0, 1), nesting(1, 0, Access::Read)];
        assert_eq!(cycle(&populations, &read, |access| access != Access::Read), None);
    }

    #[test]
    fn messages_cost_by_size() {
        let (each, per_mib) = (Span::from_us(10), Span::from_us(512));
        assert_eq!(message_cost(each, per_mib, 0), each);
        assert_eq!(message_cost(each, per_mib, 2 << 20), Span::from_us(1_034));
        assert_eq!(message_cost(each, per_mib, 1024), Span::from_ns(10_500));
    }
}
