//! From groups as written to groups that run.

use std::path::Path;

use gilsim_policies::{Instant, Span};
use indexmap::IndexMap;

use super::law::LawSpec;
use super::object::{Access, Nesting, Order, PopulationSpec};
use super::path::{KeyPath, SpecError};
use super::spec::{AccessSpec, ArrivalSpec, Branch, GroupSpec, PollSpec, StepSpec};
use super::{Arrivals, Group, LONGEST_RUN, Law, Program, Step, Workload, law};
use crate::names::{did_you_mean, list};

/// The most threads that a run can have: each has a slot in the event queue, beside cores and groups.
const MOST_THREADS: usize = 60_000;

/// The shortest mean of a pass: one in a thousand takes a nanosecond. Time stands still during the others.
const SHORTEST_NS: f64 = 1e-3;

impl Workload {
    /// Makes the groups ready to run. Files are looked up relative to `folder`.
    ///
    /// # Errors
    /// Names the value that makes no sense by its path from `groups` or `objects` on, or the file that
    /// can't be used.
    pub fn compile(
        groups: &IndexMap<String, GroupSpec>,
        objects: &IndexMap<String, PopulationSpec>,
        folder: &Path,
    ) -> Result<Self, SpecError> {
        let mut workload = Self::default();
        for (name, spec) in objects {
            let at = KeyPath::default().key("objects").key(name);
            let first = workload.objects();
            let population = spec.compile(name, first).map_err(|error| error.under(&at))?;
            workload.populations.push(population);
        }
        for (name, spec) in groups {
            let at = KeyPath::default().key("groups").key(name);
            let group =
                spec.compile(name, &mut workload, folder).map_err(|error| error.under(&at))?;
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
            let at = KeyPath::default().key("groups");
            return Err(match groups.keys().next() {
                None => SpecError::value(at, "must have at least one group, as in `[groups.io]`"),
                Some(first) => SpecError::value(
                    at.key(first).key("threads"),
                    "must be at least 1, in this group or in another",
                ),
            });
        }
        Ok(workload)
    }
}

impl GroupSpec {
    /// Makes the group ready to run.
    fn compile(
        &self,
        name: &str,
        workload: &mut Workload,
        folder: &Path,
    ) -> Result<Group, SpecError> {
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
        let mut compiler = Compiler {
            folder,
            workload,
            steps: Vec::new(),
            in_op: false,
            accessed: Vec::new(),
            at: root.key("program"),
        };
        let marks_ops =
            self.program.iter().any(|step| step.any(&|step| matches!(step, StepSpec::Op(_))));
        if !marks_ops {
            compiler.steps.push(Step::OpStart);
        }
        let mean_ns = compiler.list(&self.program)?;
        if !marks_ops {
            compiler.steps.push(Step::OpEnd);
        }
        if let Some(polls) = &self.polls {
            compiler.polls(polls)?;
        }
        let steps = compiler.steps;
        let arrivals = self.arrivals(folder)?;
        let pause_ns = match &arrivals {
            Arrivals::Closed { think } => think.mean_ns(),
            Arrivals::Open { gap, .. } => gap.mean_ns(),
        };
        if mean_ns + pause_ns < SHORTEST_NS {
            return refuse(
                "program",
                "takes no time, or hardly ever, so its thread would not get on",
            );
        }
        Ok(Group {
            name: name.to_owned(),
            threads: self.threads,
            program: Program::new(steps),
            message: self.message,
            needs_lock: self.needs_lock,
            passes: self.iterations,
            start: Instant::ZERO + self.start,
            stop: self.stop.map(|stop| Instant::ZERO + stop.min(LONGEST_RUN)),
            arrivals,
        })
    }

    fn arrivals(&self, folder: &Path) -> Result<Arrivals, SpecError> {
        let at = KeyPath::default().key("arrivals");
        let (at, gap) = match &self.arrivals {
            arrivals @ (None | Some(ArrivalSpec::Think(_))) if self.polls.is_some() => {
                let none = match arrivals {
                    None => "of which there are none without `arrivals`",
                    Some(_) => {
                        "of which there are none with `think`, where each thread begins anew by itself"
                    }
                };
                let message = format!(
                    "looks for requests, {none}: write `arrivals = {{ poisson = {{ mean_gap = \"10ms\" }} }}` or \
                     `arrivals = {{ gap = \"10ms\" }}`"
                );
                return Err(SpecError::value(KeyPath::default().key("polls"), message));
            }
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
        Ok(Arrivals::Open { gap, polls: self.polls.as_ref().map(|polls| polls.serves) })
    }
}

struct Compiler<'a> {
    folder: &'a Path,
    /// Whose objects are accessed, and which takes note of the order.
    workload: &'a mut Workload,
    steps: Vec<Step>,
    in_op: bool,
    /// The accesses that the list is inside of.
    accessed: Vec<(usize, Access)>,
    /// The list that is being compiled.
    at: KeyPath,
}

impl Compiler<'_> {
    /// Adds what is done before each look for requests.
    fn polls(&mut self, polls: &PollSpec) -> Result<(), SpecError> {
        let at = KeyPath::default().key("polls").key("steps");
        if polls.steps.iter().any(|step| step.any(&|step| matches!(step, StepSpec::Op(_)))) {
            return Err(SpecError::value(at, "must have no operation: no request is served there"));
        }
        self.steps.push(Step::PassEnd);
        self.at = at.clone();
        if self.list(&polls.steps)? < SHORTEST_NS {
            let message = "must take some time, or its thread would not get on";
            return Err(SpecError::value(at, message));
        }
        self.steps.push(Step::Look);
        Ok(())
    }

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
            StepSpec::Read(access) => self.access("read", access, Access::Read),
            StepSpec::Change(access) => self.access("change", access, Access::Change),
            StepSpec::Lock(access) => self.access("lock", access, Access::Lock),
            StepSpec::Allocate(count) => {
                self.steps.push(Step::Allocate(*count));
                Ok(0.0)
            }
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

    fn access(&mut self, key: &str, spec: &AccessSpec, access: Access) -> Result<f64, SpecError> {
        let at = self.at.key(key);
        if spec.objects.is_empty() {
            return Err(SpecError::value(at.key("objects"), "must name at least one object"));
        }
        // As they are written most of the time.
        let names_at = at.key(if spec.objects.len() == 1 { "object" } else { "objects" });
        let mut populations = Vec::new();
        for name in &spec.objects {
            let known = &self.workload.populations;
            let Some(population) = known.iter().position(|known| known.name == *name) else {
                let names: Vec<_> = known.iter().map(|known| &*known.name).collect();
                let message = if names.is_empty() {
                    format!(
                        "names the object `{name}`, which nobody declares: write `[objects]` and below it `{name} = {{}}`"
                    )
                } else {
                    let near = did_you_mean(name, names.iter().copied());
                    let near = if near.is_empty() { ";" } else { &near };
                    format!(
                        "names the object `{name}`, which nobody declares{near} `[objects]` has {}",
                        list(names)
                    )
                };
                return Err(SpecError::value(names_at, message));
            };
            // A lock of the program's own is another one than the interpreter's, and to look at an object again is no harm.
            let same = |(outer, by): &(usize, Access)| *outer == population && *by == access;
            let again = self.accessed.iter().any(same) || populations.contains(&population);
            if known[population].count == 1 && access != Access::Read && again {
                let message = format!(
                    "takes {name} within such an access to it: one around all steps is enough"
                );
                return Err(SpecError::value(names_at, message));
            }
            populations.push(population);
        }
        self.note_order(&populations, spec.order, access);
        self.steps.push(Step::Pick { populations: populations.clone(), order: spec.order });
        for _ in &populations {
            self.steps.extend([Step::Refer, Step::Enter(access)]);
        }
        self.at = at.key("steps");
        let depth = self.accessed.len();
        self.accessed.extend(populations.iter().map(|population| (*population, access)));
        let mean_ns = self.list(&spec.steps)?;
        self.accessed.truncate(depth);
        for _ in &populations {
            self.steps.extend([Step::Leave, Step::Forget]);
        }
        Ok(mean_ns)
    }

    /// Takes note of which object is taken while another is had.
    fn note_order(&mut self, populations: &[usize], order: Order, access: Access) {
        let inner = |population: &usize| (*population, access);
        let mut nestings = Vec::new();
        for outer in &self.accessed {
            nestings.extend(
                populations.iter().map(|taken| Nesting { outer: *outer, inner: inner(taken) }),
            );
        }
        for (place, one) in populations.iter().enumerate() {
            for other in &populations[place + 1..] {
                let (one, other) = (inner(one), inner(other));
                let mut nest = |outer, inner| nestings.push(Nesting { outer, inner });
                match order {
                    Order::Given => nest(one, other),
                    Order::Fixed if one.0 == other.0 => {}
                    Order::Fixed => {
                        let swapped = one.0 > other.0;
                        nest(if swapped { other } else { one }, if swapped { one } else { other });
                    }
                    Order::Random => {
                        nest(one, other);
                        nest(other, one);
                    }
                }
            }
        }
        self.workload.nestings.extend(nestings);
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
mod tests;
