//! The machine repairman in gilsim. A unit of time is a millisecond.

use std::path::Path;

use gilsim::machine::MachineSpec;
use gilsim::policies::{Instant, PolicySpec, Span};
use gilsim::sim::{Outcome, RunSpec, run_marked};
use gilsim::trace::NullSink;
use gilsim::workload::Workload;
use gilsim_peers::Case;
use indexmap::IndexMap;

const UNIT: f64 = 1e6;

fn main() {
    let case = Case::from_arguments();
    let (n, z, s) = (case.n, case.z, case.s);
    let groups = format!(
        "[t]\nthreads = {n}\n\
         arrivals = {{ think = {{ exponential = {{ mean = \"{z}ms\" }} }} }}\n\
         program = [{{ compute = {{ exponential = {{ mean = \"{s}ms\" }} }} }}]\n"
    );
    let groups = toml::from_str(&groups).expect("the groups are well written");
    let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("."))
        .expect("the groups make sense");
    let machine: MachineSpec = toml::from_str("ideal = {}").expect("the machine is known");
    let policy: PolicySpec = toml::from_str("fifo_handoff = {}").expect("the policy is known");
    let duration = Span::from_ns_f64(case.duration * UNIT);
    let spec = RunSpec { seed: case.seed, ..RunSpec::new(&workload, &machine, &policy, duration) };

    // The last batch ends with the run.
    let mut marks: Vec<Instant> =
        case.ends().map(|end| Instant::ZERO + Span::from_ns_f64(end * UNIT)).collect();
    marks.pop();
    case.report("gilsim", || {
        let outcomes = run_marked(&spec, &marks, &mut NullSink);
        let cycles = |outcome: &Outcome| outcome.threads.iter().map(|thread| thread.ops).sum();
        outcomes.iter().map(cycles).collect()
    });
}
