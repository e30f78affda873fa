//! `gilsim explain`: where the time of a workload goes, what stands in its way, and what would help.

mod text;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use clap::{Args, ValueEnum};
use gilsim_policies::PolicySpec;
use indexmap::IndexSet;
use serde_json::json;

use super::choose::{Chosen, first, unknown};
use super::json_text;
use crate::architecture::{ArchitectureSpec, Runtime};
use crate::experiment::runner::run_all;
use crate::experiment::{Error, Plan, PlannedRun, Point};
use crate::explain::{Case, Choice, Evidence, Run, Tried, choices, explain as explain_runs};
use crate::machine::MachineSpec;
use crate::sim::RunSpec;
use crate::workload::Workload;

/// More runs than this make intervals narrower than anybody needs.
const MOST_REPLICATIONS: u32 = 10;

#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    chosen: Chosen,
    /// The policy of the lock as it is, by its name in the file; the first if not given.
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// How often each alternative is run; as the file says, but at most 10, if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: Option<u32>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Text for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

/// A way to run the workload.
#[derive(Clone)]
struct Way {
    name: String,
    workload: Workload,
    machine: MachineSpec,
    policy: PolicySpec,
    runtime: Runtime,
}

pub fn explain(args: &ExplainArgs) -> Result<String, Error> {
    let plan = Plan::load(&args.chosen.file, &args.chosen.overrides)?;
    let first = first(&args.chosen.runs_of(&plan)?)?;
    let Point { case: name, label, experiment, workload, .. } = &*first.point;
    let (lock, policy) = lock(first, args.policy.as_deref())?;
    let focus =
        workload.groups.iter().position(|group| Some(&group.name) == experiment.focus.as_ref());
    let focus = focus.unwrap_or(0);
    let counts = &workload.groups[focus];
    if counts.threads == 0 {
        let message = format!(
            "{}, the group whose operations count, has no threads at the point \"{label}\"; choose a point at which it has some \
             (--point), or another group (--set focus=NAME)",
            counts.name
        );
        return Err(Error::Usage(message));
    }
    let case = Case {
        workload,
        machine: &experiment.machine,
        policy,
        focus,
        duration: experiment.duration,
        seed: experiment.seed,
    };
    let declared: Vec<_> = experiment.architectures.values().copied().collect();
    let threads = declared.iter().find(|spec| matches!(spec, ArchitectureSpec::Threads(_)));
    // Without any, threads exist from the start, and nothing is collected.
    let as_it_is = threads.map_or(Runtime::THREADS, |threads| threads.runtime(workload));
    let choices = choices(&case, &declared);
    let mut ways = vec![Way {
        name: lock.to_owned(),
        workload: Workload::clone(workload),
        machine: experiment.machine,
        policy: *case.policy,
        runtime: as_it_is,
    }];
    ways.extend(choices.iter().map(|choice| Way {
        name: choice.name(),
        workload: choice.apply(workload),
        machine: experiment.machine,
        policy: choice.policy(case.policy),
        runtime: match choice {
            Choice::Policy(_) | Choice::LetGo | Choice::Sleep => as_it_is,
            Choice::Architecture(spec) => spec.runtime(workload),
        },
    }));
    if case.cores() > 1 {
        let machine = case.one_core();
        ways.push(Way { name: "one core".to_owned(), machine, ..ways[0].clone() });
    }
    let times = args.replications.unwrap_or(experiment.replications.min(MOST_REPLICATIONS));
    let mut runs = simulate(&case, first, &ways, times, args.quiet)?.into_iter();
    let baseline = runs.next().unwrap_or_default();
    let tried = choices.into_iter().zip(runs.by_ref());
    let tried: Vec<_> = tried.map(|(choice, runs)| Tried { choice, runs }).collect();
    let one_core = runs.next().unwrap_or_default();
    let explanation =
        explain_runs(&Evidence { case, baseline: &baseline, one_core: &one_core, tried: &tried });
    Ok(match args.format {
        Format::Json => json_text(&json!({
            "experiment": plan.name,
            "case": name,
            "point": label,
            "policy": lock,
            "explanation": explanation,
        })),
        Format::Text => {
            let points = plan.points.iter().filter(|point| point.case == *name).count();
            let point = match points {
                1 => String::new(),
                points => format!(", {label} (one of {points} points: --point)"),
            };
            let cases: IndexSet<_> = plan.points.iter().map(|point| &point.case).collect();
            let case = match (&args.chosen.case, cases.len()) {
                (None, 2..) => format!(" (one of {} cases: --case)", cases.len()),
                _ => String::new(),
            };
            let name = name.as_deref().unwrap_or(&plan.name);
            let title = format!("{name}{case}{point}: threads under {lock}");
            text::render(&title, &explanation, usize::from(super::width()).min(80))
        }
    })
}

/// The policy of the lock as it is, and what the file calls it: the one that is wanted, or the file's first.
fn lock<'p>(
    first: &'p PlannedRun,
    wanted: Option<&str>,
) -> Result<(&'p str, &'p PolicySpec), Error> {
    let policies = &first.point.experiment.policies;
    let Some(wanted) = wanted else {
        let own = policies.first().map(|(name, policy)| (name.as_str(), policy));
        return Ok(own.unwrap_or((&first.policy, &first.policy_spec)));
    };
    match policies.get_key_value(wanted) {
        Some((name, policy)) => Ok((name, policy)),
        None => Err(unknown("policy", wanted, policies.keys().map(String::as_str).collect())),
    }
}

/// Every way in every replication, on all cores of this machine.
fn simulate(
    case: &Case<'_>,
    first: &PlannedRun,
    ways: &[Way],
    times: u32,
    quiet: bool,
) -> Result<Vec<Vec<Run>>, Error> {
    let mut planned = Vec::new();
    for way in ways {
        for replication in 0..times {
            let mut run = first.clone();
            run.point = Arc::clone(&first.point);
            run.index = planned.len() as u32;
            run.policy.clone_from(&way.name);
            run.replication = replication;
            planned.push(run);
        }
    }
    let bar = super::bar(planned.len() as u64, quiet);
    let execute = |run: &PlannedRun| {
        let way = &ways[(run.index / times) as usize];
        Ok(Run::of(&RunSpec {
            runtime: &way.runtime,
            seed: case.seed,
            replication: run.replication,
            ..RunSpec::new(&way.workload, &way.machine, &way.policy, case.duration)
        }))
    };
    let mut done: Vec<Option<Run>> = vec![None; planned.len()];
    let workers = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let keep = |run: &PlannedRun, result| {
        done[run.index as usize] = Some(result);
        bar.inc(1);
        Ok(())
    };
    let result = run_all(&planned.iter().collect::<Vec<_>>(), workers, execute, keep);
    bar.finish_and_clear();
    result?;
    let done: Vec<_> = done.into_iter().flatten().collect();
    Ok(done.chunks(times as usize).map(<[Run]>::to_vec).collect())
}
