//! What a pass through a program needs on average: the demands of operational analysis.

use super::laws::is_tame;
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
    /// Whether there is anything else that may take time: objects, collections, messages.
    pub has_more: bool,
}

impl Demand {
    /// The demands of a pass, if computing takes `stretch` times as long as the program says; `None` if a mean says
    /// little of draws.
    pub fn of(program: &Program, stretch: f64) -> Option<Self> {
        let mut demand = Self::default();
        demand.add(&program.steps, 0, 1.0, stretch)?;
        Some(demand)
    }

    /// On a core.
    pub const fn cpu(&self) -> f64 {
        self.locked + self.unlocked
    }

    /// Adds the steps from a place on, each of which comes `weight` times a pass. Returns where they end: at the last step
    /// of a repeat or of a branch, or with the program.
    fn add(&mut self, steps: &[Step], from: usize, weight: f64, stretch: f64) -> Option<usize> {
        let mean = |law: &Law| is_tame(law).then(|| weight * law.mean_ns());
        let mut at = from;
        while let Some(step) = steps.get(at) {
            at += 1;
            match step {
                // Stretched times are cut to whole nanoseconds.
                Step::Compute(law) if stretch != 1.0 && law.mean_ns() < 1e3 => return None,
                Step::Compute(law) => self.locked += stretch * mean(law)?,
                Step::CHold(law) => self.locked += mean(law)?,
                Step::CRelease(law) => self.unlocked += mean(law)?,
                Step::Block(law) => self.blocked += mean(law)?,
                Step::OpEnd => self.ops += weight,
                Step::Repeat { times } => {
                    at = self.add(steps, at, weight * *times as f64, stretch)? + 1;
                }
                Step::Choose { branches } => {
                    let mut below = 0.0;
                    for (upper, first) in branches {
                        let share = upper - std::mem::replace(&mut below, *upper);
                        let end = self.add(steps, *first, weight * share, stretch)?;
                        let Some(Step::Jump(after)) = steps.get(end) else { return None };
                        at = *after;
                    }
                }
                Step::RepeatEnd { .. } | Step::Jump(_) => return Some(at - 1),
                Step::Yield | Step::OpStart => {}
                Step::PassEnd | Step::Look => return Some(at),
                Step::Pick { .. }
                | Step::Refer
                | Step::Enter(_)
                | Step::Leave
                | Step::Forget
                | Step::Allocate(_)
                | Step::Prepare(_) => self.has_more = true,
            }
        }
        Some(at)
    }
}

/// The steps of a program without the marks of its operation, if that is a whole pass.
pub(super) fn whole_op(program: &Program) -> Option<&[Step]> {
    let [Step::OpStart, inner @ .., Step::OpEnd] = &program.steps[..] else { return None };
    (!inner.contains(&Step::OpEnd)).then_some(inner)
}

/// A hold, and whether it has check points at which it may be cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold<'a> {
    pub law: &'a Law,
    pub has_checks: bool,
}

/// The hold that a step is.
pub(super) const fn hold(step: &Step) -> Option<Hold<'_>> {
    match step {
        Step::Compute(law) => Some(Hold { law, has_checks: true }),
        Step::CHold(law) => Some(Hold { law, has_checks: false }),
        _ => None,
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

    use indexmap::IndexMap;

    use super::*;
    use crate::workload::{GroupSpec, Workload};

    fn demand(program: &str) -> Option<Demand> {
        let group: GroupSpec = toml::from_str(&format!("program = [{program}]")).unwrap();
        let groups = IndexMap::from([("t".to_owned(), group)]);
        let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("")).unwrap();
        Demand::of(&workload.groups[0].program, 2.0)
    }

    #[test]
    fn repeats_and_branches_are_weighed() {
        // Computing takes twice as long as it says.
        let found = demand(
            "{ repeat = { times = 3, steps = [{ op = [{ compute = '1us' }] }, { choice = [\
               { weight = 1, steps = [{ choice = [{ weight = 1, steps = [{ block = '4us' }] }] }] },\
               { weight = 3, steps = [] }] }] } }, { c_hold = '5us' }, { c_release = '7us' }, 'yield'",
        );
        let expected =
            Demand { locked: 11e3, unlocked: 7e3, blocked: 3e3, ops: 3.0, has_more: false };
        assert_eq!(found, Some(expected));
        assert_eq!(expected.cpu(), 18e3);
    }

    #[test]
    fn laws_without_a_variance_say_nothing() {
        assert_eq!(demand("{ compute = { pareto = { scale = '1us', shape = 1.5 } } }"), None);
        assert!(demand("{ allocate = 3 }, { compute = '1us' }").unwrap().has_more);
    }
}
