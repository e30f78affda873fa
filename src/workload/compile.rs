//! From groups as written to groups that run.

use std::path::Path;

use gilsim_policies::{Instant, Span};
use indexmap::IndexMap;

use super::law::LawSpec;
use super::path::{KeyPath, SpecError};
use super::spec::{ArrivalSpec, Branch, GroupSpec, StepSpec};
use super::{Arrivals, Group, LONGEST_RUN, Law, Program, Step, Workload, law};

/// The most threads that a run can have: each has a slot in the event queue, beside cores and groups.
const MOST_THREADS: usize = 60_000;

impl Workload {
    /// Makes the groups ready to run. Files are looked up relative to `folder`.
    ///
    /// # Errors
    /// Names the value that makes no sense by its path from the group's name on, or the file that
    /// can't be used.
    pub fn compile(groups: &IndexMap<String, GroupSpec>, folder: &Path) -> Result<Self, SpecError> {
        let mut workload = Self { groups: Vec::new() };
        for (name, spec) in groups {
            let at = KeyPath::default().key(name);
            let group = spec.compile(name, folder).map_err(|error| error.under(&at))?;
            workload.groups.push(group);
            if workload.threads() > MOST_THREADS {
                return Err(SpecError::value(
                    at.key("threads"),
                    format!("takes the run above {MOST_THREADS} threads"),
                ));
            }
        }
        // A group may be empty, so that a sweep can begin without it.
        if workload.threads() == 0 {
            return Err(SpecError::value(KeyPath::default(), "must have at least one thread"));
        }
        Ok(workload)
    }
}

impl GroupSpec {
    /// Makes the group ready to run.
    fn compile(&self, name: &str, folder: &Path) -> Result<Group, SpecError> {
        let root = KeyPath::default();
        let refuse = |key: &str, message: &str| Err(SpecError::value(root.key(key), message));
        if self.iterations == Some(0) {
            return refuse("iterations", "must be at least 1");
        }
        law::check_span(&root.key("start"), self.start)?;
        if self.stop.is_some_and(|stop| stop <= self.start) {
            return refuse("stop", "must be later than `start`");
        }
        if self.program.is_empty() {
            return refuse("program", "must have at least one step");
        }
        let mut compiler =
            Compiler { folder, steps: Vec::new(), in_op: false, at: root.key("program") };
        let marks_ops =
            self.program.iter().any(|step| step.any(&|step| matches!(step, StepSpec::Op(_))));
        if !marks_ops {
            compiler.steps.push(Step::OpStart);
        }
        let mean_ns = compiler.list(&self.program)?;
        if !marks_ops {
            compiler.steps.push(Step::OpEnd);
        }
        let arrivals = self.arrivals(folder)?;
        let pause_ns = match &arrivals {
            Arrivals::Closed { think } => think.mean_ns(),
            Arrivals::Open { gap } => gap.mean_ns(),
        };
        if mean_ns + pause_ns <= 0.0 {
            return refuse("program", "takes no time at all, so its thread would never get on");
        }
        Ok(Group {
            name: name.to_owned(),
            threads: self.threads,
            program: Program { steps: compiler.steps },
            passes: self.iterations,
            start: Instant::ZERO + self.start,
            stop: self.stop.map(|stop| Instant::ZERO + stop.min(LONGEST_RUN)),
            arrivals,
        })
    }

    fn arrivals(&self, folder: &Path) -> Result<Arrivals, SpecError> {
        let at = KeyPath::default().key("arrivals");
        let (at, gap) = match &self.arrivals {
            None => return Ok(Arrivals::Closed { think: Law::Constant(Span::ZERO) }),
            Some(ArrivalSpec::Think(law)) => {
                let think = law.compile(folder).map_err(|error| error.under(&at.key("think")))?;
                return Ok(Arrivals::Closed { think });
            }
            Some(ArrivalSpec::Poisson { mean_gap }) => {
                let at = at.key("poisson").key("mean_gap");
                law::check_span(&at, *mean_gap)?;
                (at, Law::Exponential { mean_ns: mean_gap.ns() as f64 })
            }
            Some(ArrivalSpec::Gap(law)) => {
                let at = at.key("gap");
                (at.clone(), law.compile(folder).map_err(|error| error.under(&at))?)
            }
        };
        if gap.mean_ns() <= 0.0 {
            return Err(SpecError::value(at, "must be longer than 0ns"));
        }
        Ok(Arrivals::Open { gap })
    }
}

struct Compiler<'a> {
    folder: &'a Path,
    steps: Vec<Step>,
    in_op: bool,
    /// The list that is being compiled.
    at: KeyPath,
}

impl Compiler<'_> {
    /// Compiles a list of steps; returns the mean time that they take \[ns\].
    fn list(&mut self, steps: &[StepSpec]) -> Result<f64, SpecError> {
        let list = self.at.clone();
        let mut mean_ns = 0.0;
        for (place, step) in steps.iter().enumerate() {
            self.at = list.index(place);
            mean_ns += self.step(step)?;
        }
        self.at = list;
        Ok(mean_ns)
    }

    fn step(&mut self, step: &StepSpec) -> Result<f64, SpecError> {
        match step {
            StepSpec::Compute(law) => self.timed("compute", law, Step::Compute),
            StepSpec::CHold(law) => self.timed("c_hold", law, Step::CHold),
            StepSpec::CRelease(law) => self.timed("c_release", law, Step::CRelease),
            StepSpec::Block(law) => self.timed("block", law, Step::Block),
            StepSpec::Yield => {
                self.steps.push(Step::Yield);
                Ok(0.0)
            }
            StepSpec::Repeat { times, steps } => self.repeat(*times, steps),
            StepSpec::Choice(branches) => self.choice(branches),
            StepSpec::Op(steps) => self.op(steps),
        }
    }

    fn timed(
        &mut self,
        key: &str,
        spec: &LawSpec,
        step: fn(Law) -> Step,
    ) -> Result<f64, SpecError> {
        let law = spec.compile(self.folder).map_err(|error| error.under(&self.at.key(key)))?;
        let mean_ns = law.mean_ns();
        self.steps.push(step(law));
        Ok(mean_ns)
    }

    fn repeat(&mut self, times: u64, steps: &[StepSpec]) -> Result<f64, SpecError> {
        let at = self.at.key("repeat");
        if times == 0 {
            return Err(SpecError::value(at.key("times"), "must be at least 1"));
        }
        if steps.is_empty() {
            return Err(SpecError::value(at.key("steps"), "must have at least one step"));
        }
        self.at = at.key("steps");
        let start = self.steps.len();
        self.steps.push(Step::Repeat { times });
        let mean_ns = self.list(steps)?;
        self.steps.push(Step::RepeatEnd { start });
        Ok(mean_ns * times as f64)
    }

    fn choice(&mut self, branches: &[Branch]) -> Result<f64, SpecError> {
        let at = self.at.key("choice");
        let bounds = law::cumulate(&at, branches.iter().map(|branch| branch.weight))?;
        let choose = self.steps.len();
        self.steps.push(Step::Choose { branches: Vec::new() });
        let (mut firsts, mut jumps) = (Vec::new(), Vec::new());
        let (mut mean_ns, mut below) = (0.0, 0.0);
        for (place, (branch, upper)) in branches.iter().zip(bounds).enumerate() {
            self.at = at.index(place).key("steps");
            firsts.push((upper, self.steps.len()));
            mean_ns += (upper - below) * self.list(&branch.steps)?;
            below = upper;
            jumps.push(self.steps.len());
            self.steps.push(Step::Jump(0));
        }
        let end = self.steps.len();
        self.steps[choose] = Step::Choose { branches: firsts };
        jumps.into_iter().for_each(|jump| self.steps[jump] = Step::Jump(end));
        Ok(mean_ns)
    }

    fn op(&mut self, steps: &[StepSpec]) -> Result<f64, SpecError> {
        let at = self.at.key("op");
        if self.in_op {
            return Err(SpecError::value(at, "must not lie inside another operation"));
        }
        if steps.is_empty() {
            return Err(SpecError::value(at, "must have at least one step"));
        }
        self.at = at;
        self.in_op = true;
        self.steps.push(Step::OpStart);
        let mean_ns = self.list(steps)?;
        self.steps.push(Step::OpEnd);
        self.in_op = false;
        Ok(mean_ns)
    }
}

#[cfg(test)]
mod tests {
    use gilsim_policies::Span;

    use super::*;

    fn compile(text: &str) -> Result<Workload, SpecError> {
        Workload::compile(&toml::from_str(text).unwrap(), Path::new(""))
    }

    fn ms(ms: u64) -> Law {
        Law::Constant(Span::from_ms(ms))
    }

    #[test]
    fn a_pass_is_an_operation_unless_marked() {
        let plain = compile("a.program = [{ compute = '1ms' }]").unwrap();
        let steps = &plain.groups[0].program.steps;
        assert_eq!(steps, &[Step::OpStart, Step::Compute(ms(1)), Step::OpEnd]);
        let marked = compile("a.program = [{ compute = '1ms' }, { op = [{ block = '2ms' }] }]");
        let steps = &marked.unwrap().groups[0].program.steps;
        let expected = [Step::Compute(ms(1)), Step::OpStart, Step::Block(ms(2)), Step::OpEnd];
        assert_eq!(steps, &expected);
    }

    #[test]
    fn repeats_and_choices_become_jumps() {
        let text = "a.program = [
            { repeat = { times = 3, steps = ['yield'] } },
            { choice = [{ weight = 1, steps = [{ compute = '1ms' }] }, { weight = 3, steps = [] }] },
        ]";
        assert_eq!(
            compile(text).unwrap().groups[0].program.steps,
            [
                Step::OpStart,
                Step::Repeat { times: 3 },
                Step::Yield,
                Step::RepeatEnd { start: 1 },
                Step::Choose { branches: vec![(0.25, 5), (1.0, 7)] },
                Step::Compute(ms(1)),
                Step::Jump(8),
                Step::Jump(8),
                Step::OpEnd,
            ]
        );
    }

    #[test]
    fn groups_keep_their_order_and_settings() {
        let text = "
            z = { threads = 2, program = [{ compute = '1ms' }], start = '1ms', stop = '2ms' }
            a = { iterations = 5, program = ['yield'], arrivals = { poisson = { mean_gap = '1ms' } } }
        ";
        let workload = compile(text).unwrap();
        assert_eq!(workload.threads(), 3);
        let [z, a] = &workload.groups[..] else { panic!("{workload:?}") };
        assert_eq!((z.name.as_str(), z.start.ns(), a.passes), ("z", 1_000_000, Some(5)));
        assert_eq!(z.stop, Some(Instant::from_ns(2_000_000)));
        assert_eq!(a.arrivals, Arrivals::Open { gap: Law::Exponential { mean_ns: 1e6 } });
    }

    #[test]
    fn nonsense_is_named() {
        for (text, message) in [
            ("", "`` must have at least one thread"),
            ("a.program = []", "`a.program` must have at least one step"),
            (
                "a = { threads = 0, program = [{ compute = '1ms' }] }",
                "`` must have at least one thread",
            ),
            ("a = { iterations = 0, program = ['yield'] }", "`a.iterations` must be at least 1"),
            (
                "a.program = ['yield', { choice = [{ weight = 1, steps = [{ block = '0ms' }] }] }]",
                "`a.program` takes no time at all, so its thread would never get on",
            ),
            (
                "a.program = [{ repeat = { times = 0, steps = ['yield'] } }]",
                "`a.program.0.repeat.times` must be at least 1",
            ),
            (
                "a.program = [{ repeat = { times = 1, steps = [] } }]",
                "`a.program.0.repeat.steps` must have at least one step",
            ),
            ("a.program = [{ choice = [] }]", "`a.program.0.choice` must not be empty"),
            (
                "a.program = [{ choice = [{ weight = 0, steps = [] }] }]",
                "`a.program.0.choice.0.weight` must be a number above 0",
            ),
            (
                "a.program = ['yield', { op = [{ repeat = { times = 1, steps = [{ op = [] }] } }] }]",
                "`a.program.1.op.0.repeat.steps.0.op` must not lie inside another operation",
            ),
            (
                "a = { program = [{ compute = '1ms' }], start = '2s', stop = '2s' }",
                "`a.stop` must be later than `start`",
            ),
            (
                "a = { program = [{ compute = '1ms' }], start = '80h' }",
                "`a.start` must not exceed 72h, the longest run",
            ),
            (
                "a.program = [{ compute = { exponential = { mean = '80h' } } }]",
                "`a.program.0.compute.exponential.mean` must not exceed 72h, the longest run",
            ),
            (
                "a = { program = ['yield'], arrivals = { gap = '0ms' } }",
                "`a.arrivals.gap` must be longer than 0ns",
            ),
            (
                "a = { program = ['yield'], arrivals = { poisson = { mean_gap = '0ms' } } }",
                "`a.arrivals.poisson.mean_gap` must be longer than 0ns",
            ),
            (
                "a = { threads = 30000, program = [{ compute = '1ms' }] }
                 b = { threads = 30001, program = [{ compute = '1ms' }] }",
                "`b.threads` takes the run above 60000 threads",
            ),
        ] {
            assert_eq!(compile(text).unwrap_err().to_string(), message);
        }
    }
}
