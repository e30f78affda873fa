//! Deadlocks in words: who waits for whom in one, and which workloads allow one.

use gilsim_policies::ThreadId;
use indexmap::IndexSet;

use super::plan::{Plan, Point};
use crate::architecture::{Interpreters, Runtime};
use crate::sim::{Ending, Outcome, Stuck};
use crate::workload::Workload;
use crate::workload::object::cycle;

/// The most threads of a deadlock that are listed.
const MOST_LISTED: usize = 16;

/// Who waits for what, and for whom; empty if the run ended otherwise.
#[must_use]
pub fn describe(outcome: &Outcome, workload: &Workload) -> String {
    let Ending::Deadlock(stuck) = &outcome.ending else { return String::new() };
    let thread = |thread: ThreadId| {
        let group = outcome.threads.get(thread.index()).map_or(0, |totals| totals.group);
        let group = workload.groups.get(group as usize).map_or("", |group| &group.name);
        format!("{thread} ({group})")
    };
    let part = |stuck: &Stuck| {
        let who = thread(stuck.thread);
        if stuck.awaits_switch {
            return format!("{who} awaits a switch");
        }
        let what = stuck.object.map_or_else(|| "the lock".to_owned(), |at| object(workload, at));
        match stuck.holder {
            Some(holder) => format!("{who} waits for {what} held by {}", thread(holder)),
            None => format!("{who} waits for {what} held by nobody"),
        }
    };
    let mut parts: Vec<_> = stuck.iter().take(MOST_LISTED).map(part).collect();
    if stuck.len() > MOST_LISTED {
        parts.push(format!("and {} more", stuck.len() - MOST_LISTED));
    }
    parts.join("; ")
}

/// An object's population, and its place in it if it is not alone.
pub(super) fn object(workload: &Workload, object: u32) -> String {
    let populations = workload.populations.iter().rev();
    match populations.into_iter().find(|population| population.first <= object) {
        Some(population) if population.count == 1 => population.name.clone(),
        Some(population) => format!("{}[{}]", population.name, object - population.first),
        None => format!("object {object}"),
    }
}

/// A warning for each architecture under which a program's order of locks allows a deadlock.
#[must_use]
pub fn warnings(plan: &Plan) -> Vec<String> {
    let mut warnings = IndexSet::new();
    for point in &plan.points {
        let architectures = &point.experiment.architectures;
        if architectures.is_empty() {
            warnings.extend(warning(point, None, &Runtime::THREADS));
        }
        for (name, spec) in architectures {
            warnings.extend(warning(point, Some(name), &spec.runtime(&point.workload)));
        }
    }
    warnings.into_iter().collect()
}

fn warning(point: &Point, architecture: Option<&str>, runtime: &Runtime) -> Option<String> {
    let Workload { populations, nestings, .. } = &*point.workload;
    let threads = point.workload.threads();
    // Who shares objects with nobody waits for nobody.
    let alone = match runtime.interpreters {
        Interpreters::Several(count) => count as usize >= threads,
        Interpreters::None | Interpreters::One => threads < 2,
    };
    if alone || runtime.one_by_one {
        return None;
    }
    let names = cycle(populations, nestings, |access| runtime.objects.may_block(access))?;
    let case = point.case.as_ref().map_or_else(String::new, |case| format!("case `{case}`: "));
    let under =
        architecture.map_or_else(String::new, |architecture| format!("under `{architecture}` "));
    Some(format!(
        "{case}{under}threads can wait for each other for ever, since they take {}; ways out: `order = \"fixed\"` \
         in a step that takes several, steps nested in the same order everywhere, or `change` under `free_threaded`, \
         whose critical sections let go",
        names.join(", then ")
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gilsim_policies::Span;

    use super::*;
    use crate::sim::{CountTotals, ThreadTotals};

    fn outcome(ending: Ending) -> Outcome {
        Outcome {
            ending,
            elapsed: Span::ZERO,
            threads: [0, 1, 1].map(|group| ThreadTotals { group, ..Default::default() }).to_vec(),
            switches: 0,
            held: Span::ZERO,
            counts: CountTotals::default(),
            collections: 0,
            collecting: Span::ZERO,
            events: 0,
        }
    }

    #[test]
    fn who_waits_for_whom_is_told() {
        let groups = "io.program = [{ block = '1ms' }]\ncpu.program = [{ block = '1ms' }]";
        let objects = "log = {}\naccounts = { count = 4 }";
        let [groups, objects] = [groups, objects].map(|text| text.parse::<toml::Table>().unwrap());
        let workload = Workload::compile(
            &groups.try_into().unwrap(),
            &objects.try_into().unwrap(),
            Path::new(""),
        );
        let told = |stuck: &[Stuck]| {
            describe(&outcome(Ending::Deadlock(stuck.to_vec())), workload.as_ref().unwrap())
        };
        let [io, cpu, other] = [0, 1, 2].map(ThreadId);
        let stuck = |thread, holder, object| Stuck { thread, holder, object, awaits_switch: false };
        assert_eq!(
            told(&[stuck(io, Some(cpu), Some(0)), stuck(cpu, Some(io), Some(4))]),
            "T0 (io) waits for log held by T1 (cpu); T1 (cpu) waits for accounts[3] held by T0 (io)"
        );
        let awaits = Stuck { awaits_switch: true, ..stuck(other, None, None) };
        assert_eq!(
            told(&[stuck(io, None, None), awaits]),
            "T0 (io) waits for the lock held by nobody; T2 (cpu) awaits a switch"
        );
        let many = told(&[stuck(io, Some(cpu), None); 18]);
        assert!(
            many.ends_with("; T0 (io) waits for the lock held by T1 (cpu); and 2 more"),
            "{many}"
        );
        assert_eq!(describe(&outcome(Ending::TimeUp), workload.as_ref().unwrap()), "");
    }
}
