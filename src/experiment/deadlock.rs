//! Which workloads allow a deadlock.

use indexmap::IndexSet;

use super::plan::{Plan, Point};
use crate::architecture::{Interpreters, Runtime};
use crate::workload::Workload;
use crate::workload::object::cycle;

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
        Interpreters::One => threads < 2,
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
