//! A thread's program, compiled to a flat list of steps, and the cursor that walks through it.

use gilsim_policies::Span;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::law::Law;
use super::object::{Access, Order, Population};
use super::stream::{Draws, StreamKey};

/// One step of a program.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Compute under the lock, looking at check points.
    Compute(Law),
    /// Run C code that keeps the lock: no check points inside.
    CHold(Law),
    /// Let the lock go, run C code on a core, take the lock back.
    CRelease(Law),
    /// Let the lock go, block, take the lock back.
    Block(Law),
    /// Let the lock go and take it back at once.
    Yield,
    /// An operation begins.
    OpStart,
    /// The operation is done.
    OpEnd,
    /// Run the steps up to the matching [`Step::RepeatEnd`] so many times.
    Repeat {
        /// How many times; at least once.
        times: u64,
    },
    /// Go back to after the matching [`Step::Repeat`], unless all rounds are done.
    RepeatEnd {
        /// Index of the matching [`Step::Repeat`].
        start: usize,
    },
    /// Go on at one of several steps, drawn by weight.
    Choose {
        /// Sum of the weights up to each branch, the last being 1; and the branch's first step.
        branches: Vec<(f64, usize)>,
    },
    /// Go on at another step.
    Jump(usize),
    /// Pick the objects that the following steps touch.
    Pick {
        /// One object for each of these populations, by number.
        populations: Vec<usize>,
        /// The order in which they are taken.
        order: Order,
    },
    /// Refer to the next of the picked objects: its reference count goes up by one.
    Refer,
    /// Access it.
    Enter(Access),
    /// The access to the object that was entered last is over.
    Leave,
    /// Forget the object that was referred to last: its reference count goes down by one.
    Forget,
    /// Make so many objects that the collector has to look at.
    Allocate(u64),
    /// The interpreter's own work for so long, at which nobody can make it let the lock go: starting, or passing a message.
    Prepare(Span),
    /// The pass is over, as it also is after the last step; what follows is done to find out whether a request waits.
    PassEnd,
    /// Look whether a request waits.
    Look,
}

/// The steps of one pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program {
    /// The steps, in order. Marked operations lie inside; see [`Step::OpStart`]. If the group polls, [`Step::PassEnd`],
    /// the steps before each look, and [`Step::Look`] follow.
    pub steps: Vec<Step>,
}

impl Program {
    /// A program of these steps.
    #[must_use]
    pub const fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// The steps of a pass.
    fn pass(&self) -> &[Step] {
        let end = self.steps.iter().position(|step| *step == Step::PassEnd);
        &self.steps[..end.unwrap_or(self.steps.len())]
    }

    /// The same program for a thread that sleeps until a request comes.
    #[must_use]
    pub fn without_polls(&self) -> Self {
        Self::new(self.pass().to_vec())
    }

    /// The same program with the interpreter's own work before and after each pass, within an operation that is the
    /// whole pass. Every draw stays the same.
    #[must_use]
    pub fn prepared(&self, before: Span, after: Span) -> Self {
        let pass = self.pass();
        let whole = pass.first() == Some(&Step::OpStart)
            && pass.last() == Some(&Step::OpEnd)
            && pass.iter().filter(|step| **step == Step::OpEnd).count() == 1;
        let (first, end) = (usize::from(whole), pass.len() - usize::from(whole));
        let mut prepared = self.clone();
        if !after.is_zero() {
            prepared.insert(end, Step::Prepare(after));
        }
        if !before.is_zero() {
            prepared.insert(first, Step::Prepare(before));
        }
        prepared
    }

    /// Inserts a step. Who jumps to its place comes to it.
    fn insert(&mut self, place: usize, inserted: Step) {
        for step in &mut self.steps {
            match step {
                Step::RepeatEnd { start } if *start >= place => *start += 1,
                Step::Jump(target) if *target > place => *target += 1,
                Step::Choose { branches } => {
                    let firsts = branches.iter_mut().map(|(_, first)| first);
                    firsts.filter(|first| **first > place).for_each(|first| *first += 1);
                }
                _ => {}
            }
        }
        self.steps.insert(place, inserted);
    }
}

/// What a thread wants, once its cursor has gone past everything that takes no time to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Compute under the lock for so long.
    Compute(Span),
    /// Keep the lock in C code for so long.
    CHold(Span),
    /// Compute without the lock for so long.
    CRelease(Span),
    /// Block for so long.
    Block(Span),
    /// Let the lock go and take it back.
    Yield,
    /// Mark the begin of an operation.
    OpStart,
    /// Mark the end of an operation.
    OpEnd,
    /// Refer to the object with this number.
    Refer(u32),
    /// Access the object that was referred to last.
    Enter(Access),
    /// End the access to it.
    Leave,
    /// Forget it.
    Forget,
    /// Make so many objects.
    Allocate(u64),
    /// Do the interpreter's own work for so long.
    Prepare(Span),
    /// The pass is over.
    PassEnd,
    /// Look whether a request waits.
    Look,
}

/// Where a thread is in its program, and its random streams.
#[derive(Debug, Clone)]
pub struct Cursor {
    at: usize,
    /// The first step of a pass; an operation's mark at its head is left out.
    first: usize,
    /// The first step before a look.
    first_of_poll: usize,
    /// One for each step.
    streams: Vec<Draws>,
    /// Rounds left of each repeat.
    rounds: Vec<u64>,
    /// Objects that were picked and not yet referred to, the next at the end.
    picked: Vec<u32>,
}

impl Cursor {
    /// A cursor at the begin of a program, which is a look if the group polls.
    #[must_use]
    pub fn new(program: &Program, key: StreamKey) -> Self {
        let steps = program.steps.len();
        let nothing = Law::Constant(Span::ZERO);
        let draws = |number: u64, step: &Step| {
            let law = match step {
                Step::Compute(law) | Step::CHold(law) | Step::CRelease(law) | Step::Block(law) => {
                    law
                }
                _ => &nothing,
            };
            Draws::new(law, key, number)
        };
        // The interpreter's own work draws nothing, and has no part in what the others are keyed by.
        let mut purpose = 0;
        let streams = program
            .steps
            .iter()
            .map(|step| {
                let draws = draws(purpose, step);
                purpose += u64::from(!matches!(step, Step::Prepare(_)));
                draws
            })
            .collect();
        let first = usize::from(program.steps.first() == Some(&Step::OpStart));
        let at = if program.steps.last() == Some(&Step::Look) { steps - 1 } else { first };
        let first_of_poll = program.pass().len() + 1;
        Self { at, first, first_of_poll, streams, rounds: vec![0; steps], picked: Vec::new() }
    }

    /// Goes on with the steps before the next look.
    pub const fn poll(&mut self) {
        self.at = self.first_of_poll;
    }

    /// Whether each pass begins with an operation. [`Self::advance`] does not say so again.
    #[must_use]
    pub const fn begins_with_op(&self) -> bool {
        self.first == 1
    }

    /// Moves to the next thing that the thread wants. After [`Want::PassEnd`] and [`Want::Look`], a pass begins.
    #[inline(always)]
    pub fn advance(&mut self, program: &Program, populations: &[Population]) -> Want {
        loop {
            let Some(step) = program.steps.get(self.at) else {
                self.at = self.first;
                return Want::PassEnd;
            };
            let here = self.at;
            self.at += 1;
            match step {
                Step::Compute(law) => return Want::Compute(self.draw(here, law)),
                Step::CHold(law) => return Want::CHold(self.draw(here, law)),
                Step::CRelease(law) => return Want::CRelease(self.draw(here, law)),
                Step::Block(law) => return Want::Block(self.draw(here, law)),
                Step::Yield => return Want::Yield,
                Step::OpStart => return Want::OpStart,
                Step::OpEnd => return Want::OpEnd,
                Step::Repeat { times } => self.rounds[here] = *times,
                Step::RepeatEnd { start } => {
                    self.rounds[*start] -= 1;
                    if self.rounds[*start] > 0 {
                        self.at = start + 1;
                    }
                }
                Step::Choose { branches } => {
                    let point: f64 = self.streams[here].rng.random();
                    let branch = branches.iter().find(|(upper, _)| point < *upper);
                    self.at = branch.or(branches.last()).map_or(self.at, |(_, first)| *first);
                }
                Step::Jump(target) => self.at = *target,
                Step::Pick { populations: of, order } => self.pick(here, of, *order, populations),
                Step::Refer => {
                    if let Some(object) = self.picked.pop() {
                        return Want::Refer(object);
                    }
                }
                Step::Enter(access) => return Want::Enter(*access),
                Step::Leave => return Want::Leave,
                Step::Forget => return Want::Forget,
                Step::Allocate(count) => return Want::Allocate(*count),
                Step::Prepare(span) => return Want::Prepare(*span),
                Step::PassEnd => {
                    self.at = self.first;
                    return Want::PassEnd;
                }
                Step::Look => {
                    self.at = self.first;
                    return Want::Look;
                }
            }
        }
    }

    fn pick(&mut self, here: usize, of: &[usize], order: Order, populations: &[Population]) {
        let rng = &mut self.streams[here].rng;
        let first = self.picked.len();
        self.picked.extend(of.iter().map(|population| populations[*population].pick(rng)));
        let picked = &mut self.picked[first..];
        match order {
            Order::Given => picked.reverse(),
            Order::Fixed => picked.sort_unstable_by_key(|object| std::cmp::Reverse(*object)),
            Order::Random => picked.shuffle(rng),
        }
    }

    #[inline]
    fn draw(&mut self, step: usize, law: &Law) -> Span {
        self.streams[step].next(law)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: StreamKey = StreamKey { seed: 1, replication: 0, group: 0, member: 0 };

    fn ms(ms: u64) -> Law {
        Law::Constant(Span::from_ms(ms))
    }

    #[test]
    fn repeats_nest_and_passes_begin_again() {
        let program = Program::new(vec![
            Step::Repeat { times: 2 },
            Step::Yield,
            Step::Repeat { times: 3 },
            Step::Compute(ms(1)),
            Step::RepeatEnd { start: 2 },
            Step::RepeatEnd { start: 0 },
        ]);
        let mut cursor = Cursor::new(&program, KEY);
        for _ in 0..2 {
            let wants: Vec<_> = std::iter::repeat_with(|| cursor.advance(&program, &[]))
                .take_while(|want| *want != Want::PassEnd)
                .collect();
            let round = [[Want::Yield].as_slice(), &[Want::Compute(Span::from_ms(1)); 3]].concat();
            assert_eq!(wants, [round.clone(), round].concat());
        }
    }

    #[test]
    fn choices_follow_their_weights() {
        let program = Program::new(vec![
            Step::Choose { branches: vec![(0.25, 1), (1.0, 3)] },
            Step::Yield,
            Step::Jump(4),
            Step::Compute(ms(1)),
        ]);
        let mut cursor = Cursor::new(&program, KEY);
        let yields = (0..40_000)
            .filter(|_| {
                let yields = cursor.advance(&program, &[]) == Want::Yield;
                assert_eq!(cursor.advance(&program, &[]), Want::PassEnd);
                yields
            })
            .count();
        // Four standard deviations of a binomial count with mean 10 000.
        assert!(yields.abs_diff(10_000) < 347, "{yields}");
    }
}
