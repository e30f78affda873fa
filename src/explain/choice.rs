//! What else could be done.

use gilsim_policies::PolicySpec;
use gilsim_policies::priority::PriorityParameters;
use gilsim_policies::timed_wait::TimedWaitParameters;

use super::Case;
use crate::architecture::{ArchitectureSpec, Interpreters, Runtime};
use crate::workload::{Access, Arrivals, Group, Program, Step, Workload};

/// An alternative to threads under the policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// Another way to run the workload, under the same policy where there is a global lock.
    Architecture(ArchitectureSpec),
    /// Another policy of the lock.
    Policy(PolicySpec),
    /// C code that lets the lock go where it keeps it now.
    LetGo,
    /// Threads that sleep until a request comes where they look for it now.
    Sleep,
}

/// Everything that is tried: each architecture as `declared`, if it is, or with its defaults.
#[must_use]
pub fn choices(case: &Case<'_>, declared: &[ArchitectureSpec]) -> Vec<Choice> {
    let own = |spec: &ArchitectureSpec| declared.iter().find(|own| own.name() == spec.name());
    let possible = |spec: &ArchitectureSpec| match spec {
        ArchitectureSpec::Sequential(_) => case.workload.threads() > 1 && one_by_one(case.workload),
        // As it is.
        ArchitectureSpec::Threads(_) => own(spec).is_none(),
        _ => true,
    };
    let architectures = ArchitectureSpec::all().into_iter().filter(possible);
    let architectures = architectures.map(|spec| own(&spec).copied().unwrap_or(spec));
    let policies = [
        PolicySpec::TimedWait(TimedWaitParameters::default()),
        PolicySpec::Priority(PriorityParameters::default()),
    ];
    let others = policies.into_iter().filter(|policy| policy.name() != case.policy.name());
    let mut groups = case.workload.groups.iter().filter(|group| group.threads > 0);
    let let_go = groups.clone().any(|group| keeps(&group.program)).then_some(Choice::LetGo);
    let sleep = groups.any(polls).then_some(Choice::Sleep);
    let others = others.map(Choice::Policy).chain(let_go).chain(sleep);
    architectures.map(Choice::Architecture).chain(others).collect()
}

/// Whether C code of a program keeps the lock.
pub(super) fn keeps(program: &Program) -> bool {
    program.steps.iter().any(|step| matches!(step, Step::CHold(_)))
}

fn polls(group: &Group) -> bool {
    matches!(group.arrivals, Arrivals::Open { polls: Some(_), .. })
}

/// Whether every thread but the last ends, so that the next one's turn comes.
fn one_by_one(workload: &Workload) -> bool {
    let ends = |group: &crate::workload::Group| group.passes.is_some() || group.stop.is_some();
    let mut groups = workload.groups.iter().filter(|group| group.threads > 0).rev();
    let last = groups.next();
    last.is_none_or(|last| last.threads == 1 || ends(last)) && groups.all(ends)
}

impl Choice {
    /// Its name in tables.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Architecture(spec) => spec.name().to_owned(),
            Self::Policy(policy) => format!("{} lock", policy.name()),
            Self::LetGo => "C lets lock go".to_owned(),
            Self::Sleep => "sleep, not poll".to_owned(),
        }
    }

    /// The policy of global locks, if the policy as it is would be `given`.
    #[must_use]
    pub const fn policy(&self, given: &PolicySpec) -> PolicySpec {
        match self {
            Self::Architecture(_) | Self::LetGo | Self::Sleep => *given,
            Self::Policy(policy) => *policy,
        }
    }

    /// How threads, interpreters and objects are put together.
    #[must_use]
    pub fn runtime(&self, workload: &Workload) -> Runtime {
        match self {
            Self::Architecture(spec) => spec.runtime(workload),
            Self::Policy(_) | Self::LetGo | Self::Sleep => Runtime::THREADS,
        }
    }

    /// The workload with what it costs to pass messages, or with C code that lets the lock go.
    #[must_use]
    pub fn apply(&self, workload: &Workload) -> Workload {
        match self {
            Self::Architecture(spec) => spec.apply(workload),
            Self::Policy(_) => workload.clone(),
            Self::LetGo => {
                let mut workload = workload.clone();
                let programs = workload.groups.iter_mut().map(|group| &mut group.program);
                for step in programs.flat_map(|program| &mut program.steps) {
                    if let Step::CHold(law) = step {
                        *step = Step::CRelease(law.clone());
                    }
                }
                workload
            }
            Self::Sleep => {
                let mut workload = workload.clone();
                for group in &mut workload.groups {
                    if let Arrivals::Open { polls, .. } = &mut group.arrivals {
                        *polls = None;
                        group.program = group.program.without_polls();
                    }
                }
                workload
            }
        }
    }

    /// Memory \[bytes\].
    #[must_use]
    pub fn memory(&self, workload: &Workload) -> u64 {
        self.architecture().memory(workload)
    }

    /// Whether there is no global lock.
    #[must_use]
    pub fn lock_free(&self, workload: &Workload) -> bool {
        !self.runtime(workload).global_lock
    }

    /// Whether threads that change the same objects would no longer do so: each interpreter has its own copy.
    #[must_use]
    pub fn parts(&self, workload: &Workload) -> bool {
        let changes = |step: &Step| matches!(step, Step::Enter(Access::Change | Access::Lock));
        let sharers =
            workload.groups.iter().filter(|group| group.program.steps.iter().any(changes));
        let sharers: u32 = sharers.map(|group| group.threads).sum();
        sharers > 1 && matches!(self.runtime(workload).interpreters, Interpreters::Several(_))
    }

    /// Whether a release of CPython has it, or the program alone decides.
    #[must_use]
    pub const fn released(&self) -> bool {
        match self {
            Self::Architecture(spec) => {
                !matches!(spec, ArchitectureSpec::Gilectomy(_) | ArchitectureSpec::ObjectLocks(_))
            }
            Self::Policy(policy) => matches!(policy, PolicySpec::TimedWait(_)),
            Self::LetGo | Self::Sleep => true,
        }
    }

    pub(super) fn architecture(&self) -> ArchitectureSpec {
        match self {
            Self::Architecture(spec) => *spec,
            Self::Policy(_) | Self::LetGo | Self::Sleep => {
                ArchitectureSpec::Threads(Default::default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use super::*;

    fn names(groups: &str) -> Vec<String> {
        let example = Example::new(groups, Vec::new());
        choices(&example.case(), &[]).iter().map(Choice::name).collect()
    }

    #[test]
    fn one_after_the_other_only_if_they_end() {
        let program = "program = [{ compute = \"1ms\" }]";
        for (groups, possible) in [
            // Alone, it is one after the other already.
            (format!("[a]\n{program}"), false),
            (format!("[a]\nthreads = 2\n{program}"), false),
            (format!("[a]\nthreads = 2\niterations = 3\n{program}"), true),
            (format!("[a]\n{program}\n[b]\n{program}"), false),
            (format!("[a]\nstop = \"9ms\"\n{program}\n[b]\n{program}"), true),
        ] {
            assert_eq!(names(&groups)[0] == "sequential", possible, "{groups}");
        }
    }

    #[test]
    fn what_the_file_says_is_tried() {
        let example = Example::new("[a]\nprogram = [{ compute = \"1ms\" }]", Vec::new());
        let own: ArchitectureSpec = toml::from_str("processes = { method = \"spawn\" }").unwrap();
        let threads: ArchitectureSpec = toml::from_str("threads = {}").unwrap();
        let tried = choices(&example.case(), &[own, threads]);
        assert!(tried.contains(&Choice::Architecture(own)));
        assert!(tried.iter().all(|choice| choice.name() != "threads"), "they are as it is");
        assert_eq!(tried.iter().filter(|choice| choice.name() == "processes").count(), 1);
    }

    #[test]
    fn copies_part_who_changes_the_same_object() {
        let parted = |threads: u32, step: &str| {
            let groups = format!(
                "[a]\nthreads = {threads}\nprogram = [{{ compute = \"1ms\" }}, {{ {step} = {{ object = \"x\" }} }}]"
            );
            let groups = toml::from_str(&groups).unwrap();
            let objects = toml::from_str("x = {}").unwrap();
            let workload = Workload::compile(&groups, &objects, std::path::Path::new("")).unwrap();
            let processes = ArchitectureSpec::Processes(Default::default());
            let free = ArchitectureSpec::FreeThreaded(Default::default());
            assert!(!Choice::Architecture(free).parts(&workload));
            Choice::Architecture(processes).parts(&workload)
        };
        assert!(parted(2, "change") && parted(2, "lock"));
        assert!(!parted(1, "change") && !parted(2, "read"));
    }

    #[test]
    fn c_code_that_keeps_the_lock_could_let_it_go() {
        let groups = "[a]\nprogram = [{ c_hold = \"1ms\" }, { compute = \"1ms\" }]";
        let releases = groups.replace("c_hold", "c_release");
        let let_go = "C lets lock go".to_owned();
        assert!(names(groups).contains(&let_go) && !names(&releases).contains(&let_go));
        let compiled = |groups: &str| Example::new(groups, Vec::new()).workload;
        assert_eq!(Choice::LetGo.apply(&compiled(groups)), compiled(&releases));
    }

    #[test]
    fn who_polls_could_sleep() {
        let sleeps = "[a]\narrivals = { gap = \"5ms\" }\nprogram = [{ compute = \"1ms\" }]";
        let polls = format!("{sleeps}\npolls = {{ steps = [{{ compute = \"1us\" }}] }}");
        let sleep = "sleep, not poll".to_owned();
        assert!(names(&polls).contains(&sleep) && !names(sleeps).contains(&sleep));
        let compiled = |groups: &str| Example::new(groups, Vec::new()).workload;
        assert_eq!(Choice::Sleep.apply(&compiled(&polls)), compiled(sleeps));
    }

    #[test]
    fn other_policies_are_tried_under_threads() {
        // The example's policy is `timed_wait`.
        let names = names("[a]\nprogram = [{ compute = \"1ms\" }]");
        assert_eq!(names.last().map(String::as_str), Some("priority lock"));
        assert!(!names.contains(&"timed_wait lock".to_owned()));
    }
}
