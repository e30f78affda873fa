//! What a pass through a program needs on average: the demands of operational analysis.

use super::laws::{is_near, is_tame, square, transform};
use crate::theory::Moments;
use crate::workload::{Access, Law, Program, Step};

/// The mean demands of a pass \[ns\].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Demand {
    /// Computing or C code with the lock, where there is one.
    pub locked: f64,
    /// C code without the lock, on a core.
    pub unlocked: f64,
    /// Blocked, off the core.
    pub blocked: f64,
    /// Operations that end.
    pub ops: f64,
    /// Variance of all of that time together \[ns²\].
    pub variance: f64,
}

impl Demand {
    /// The demands of a pass, if computing takes `stretch` times as long as the program says; `None` if a mean says
    /// little of draws.
    pub fn of(program: &Program, stretch: f64) -> Option<Self> {
        let (demand, _) = Self::from(&program.steps, 0, stretch)?;
        let square = demand.variance + demand.mean() * demand.mean();
        is_near(demand.mean(), square).then_some(demand)
    }

    /// All time of a pass.
    pub const fn mean(&self) -> f64 {
        self.cpu() + self.blocked
    }

    /// On a core.
    pub const fn cpu(&self) -> f64 {
        self.locked + self.unlocked
    }

    /// What comes after, `times` each on average. What it takes each time is independent.
    fn add(&mut self, other: Self, times: f64) {
        self.locked += times * other.locked;
        self.unlocked += times * other.unlocked;
        self.blocked += times * other.blocked;
        self.ops += times * other.ops;
        self.variance += times * other.variance;
    }

    /// The demands of the steps from a place on, and where they end: at the last step of a repeat or of a branch, or with
    /// the program.
    fn from(steps: &[Step], from: usize, stretch: f64) -> Option<(Self, usize)> {
        let mut demand = Self::default();
        let mut at = from;
        while let Some(step) = steps.get(at) {
            at += 1;
            match step {
                Step::Compute(law) if !survives(stretch, law) => return None,
                Step::Compute(law) => {
                    demand.locked += demand_of(law, stretch, &mut demand.variance)?
                }
                Step::CHold(law) => demand.locked += demand_of(law, 1.0, &mut demand.variance)?,
                Step::CRelease(law) => {
                    demand.unlocked += demand_of(law, 1.0, &mut demand.variance)?
                }
                Step::Block(law) => demand.blocked += demand_of(law, 1.0, &mut demand.variance)?,
                Step::OpEnd => demand.ops += 1.0,
                Step::Repeat { times } => {
                    let (inner, end) = Self::from(steps, at, stretch)?;
                    demand.add(inner, *times as f64);
                    at = end + 1;
                }
                Step::Choose { branches } => {
                    let (mut choice, mut below, mut square) = (Self::default(), 0.0, 0.0);
                    for (upper, first) in branches {
                        let share = upper - std::mem::replace(&mut below, *upper);
                        let (branch, end) = Self::from(steps, *first, stretch)?;
                        choice.add(branch, share);
                        square += share * branch.mean() * branch.mean();
                        let Some(Step::Jump(after)) = steps.get(end) else { return None };
                        at = *after;
                    }
                    // That of the branches themselves, and that of which it is.
                    choice.variance += square - choice.mean() * choice.mean();
                    demand.add(choice, 1.0);
                }
                Step::RepeatEnd { .. } | Step::Jump(_) => return Some((demand, at - 1)),
                Step::PassEnd | Step::Look => return Some((demand, at)),
                _ => {}
            }
        }
        Some((demand, at))
    }
}

/// The mean of what takes `stretch` times as long as its law says, whose variance is added.
fn demand_of(law: &Law, stretch: f64, variance: &mut f64) -> Option<f64> {
    let mean = is_tame(law).then(|| law.mean_ns())?;
    *variance += stretch * stretch * (square(law)? - mean * mean);
    Some(stretch * mean)
}

/// Whether a program, what it polls with included, has anything that demands don't count, and that may take time: objects,
/// collections, messages.
pub(super) fn has_more(program: &Program) -> bool {
    program.steps.iter().any(|step| {
        matches!(
            step,
            Step::Pick { .. }
                | Step::Refer
                | Step::Enter(_)
                | Step::Leave
                | Step::Forget
                | Step::Allocate(_)
                | Step::Prepare(_)
        )
    })
}

/// Whether computing so many times as long is what it says: stretched times are cut to whole nanoseconds.
fn survives(stretch: f64, law: &Law) -> bool {
    stretch == 1.0 || law.mean_ns() >= 1e3
}

/// The steps of a program without the marks of its operation, if that is a whole pass.
pub(super) fn whole_op(program: &Program) -> Option<&[Step]> {
    let [Step::OpStart, inner @ .., Step::OpEnd] = &program.steps[..] else { return None };
    (!inner.contains(&Step::OpEnd)).then_some(inner)
}

/// A step that keeps the lock, whose draws are tame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold<'a> {
    pub law: &'a Law,
    /// Whether it has check points, at which it may be cut.
    pub has_checks: bool,
    /// How many times as long it takes as the law says.
    stretch: f64,
}

impl<'a> Hold<'a> {
    /// The hold that a step is, if computing takes `stretch` times as long as the program says.
    pub fn of(step: &'a Step, stretch: f64) -> Option<Self> {
        let hold = match step {
            Step::Compute(law) if survives(stretch, law) => Self { law, has_checks: true, stretch },
            Step::CHold(law) => Self { law, has_checks: false, stretch: 1.0 },
            _ => return None,
        };
        is_tame(hold.law).then_some(hold)
    }

    /// Its mean \[ns\].
    pub fn mean(&self) -> f64 {
        self.stretch * self.law.mean_ns()
    }

    /// The mean and E\[B²\] \[ns²\].
    pub fn moments(&self) -> Option<Moments> {
        let square = self.stretch * self.stretch * square(self.law)?;
        Some(Moments { mean: self.mean(), square })
    }

    /// E\[exp(-sB)\].
    pub fn transform(&self, s: f64) -> Option<f64> {
        transform(self.law, self.stretch * s)
    }

    pub const fn is_memoryless(&self) -> bool {
        matches!(self.law, Law::Exponential { .. })
    }
}

/// The population of which a pass touches one object, how, and what it does meanwhile: computing alone.
pub(super) const fn touch(steps: &[Step]) -> Option<(usize, Access, &Law)> {
    match steps {
        [
            Step::Pick { populations, .. },
            Step::Refer,
            Step::Enter(access),
            Step::Compute(law),
            Step::Leave,
            Step::Forget,
        ] => match populations.as_slice() {
            [population] => Some((*population, *access, law)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gilsim_policies::Span;
    use indexmap::IndexMap;

    use super::*;
    use crate::workload::{GroupSpec, Workload};

    fn program(group: &str) -> Program {
        let group: GroupSpec = toml::from_str(group).unwrap();
        let groups = IndexMap::from([("t".to_owned(), group)]);
        let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("")).unwrap();
        workload.groups[0].program.clone()
    }

    fn demand(steps: &str) -> Option<Demand> {
        Demand::of(&program(&format!("program = [{steps}]")), 2.0)
    }

    #[test]
    fn repeats_and_branches_are_weighed() {
        // Computing takes twice as long as it says.
        let found = demand(
            "{ repeat = { times = 3, steps = [{ op = [{ compute = '1us' }] }, { choice = [\
               { weight = 1, steps = [{ choice = [{ weight = 1, steps = [{ block = '4us' }] }] }] },\
               { weight = 3, steps = [] }] }] } }, { c_hold = '5us' }, { c_release = '7us' }, 'yield'",
        );
        let expected = Demand {
            locked: 11e3,
            unlocked: 7e3,
            blocked: 3e3,
            ops: 3.0,
            // Three times that of 4 us once in four.
            variance: 3.0 * 3e6,
        };
        assert_eq!(found, Some(expected));
        assert_eq!(expected.cpu(), 18e3);
    }

    #[test]
    fn laws_without_a_variance_say_nothing() {
        let rare = |long: &str| {
            demand(&format!(
                "{{ choice = [{{ weight = 99, steps = [{{ block = '1us' }}] }}, {{ weight = 1, steps = [{{ block = '{long}' }}] }}] }}"
            ))
        };
        assert!(rare("40us").is_some());
        assert_eq!(rare("1s"), None, "runs would have to be very long to see it");
        assert_eq!(demand("{ compute = { pareto = { scale = '1us', shape = 1.5 } } }"), None);
    }

    #[test]
    fn what_demands_do_not_count_is_seen_in_polls_too() {
        assert!(has_more(&program("program = [{ allocate = 3 }, { compute = '1us' }]")));
        let polls = |steps: &str| {
            program(&format!(
                "arrivals = {{ gap = '1ms' }}\nprogram = [{{ compute = '1us' }}]\npolls = {{ steps = [{steps}] }}"
            ))
        };
        assert!(has_more(&polls("{ compute = '1us' }, { allocate = 3 }")));
        assert!(!has_more(&polls("{ compute = '1us' }")));
    }

    #[test]
    fn holds_of_little_time_do_not_survive_stretching() {
        let step = |ns| Step::Compute(Law::Constant(Span::from_ns(ns)));
        assert!(Hold::of(&step(999), 1.1).is_none());
        assert_eq!(Hold::of(&step(999), 1.0).unwrap().mean(), 999.0);
        let moments = Hold::of(&step(1000), 2.0).unwrap().moments().unwrap();
        assert_eq!((moments.mean, moments.square), (2e3, 4e6));
    }
}
