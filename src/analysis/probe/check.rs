//! What a run may have been asked and seen, for the simulator to do it again.

use std::fmt;
use std::ops::RangeInclusive;

use crate::trace::tables::ProbeRow;

/// The cores that the `linux` machine may have.
const CORES: RangeInclusive<u64> = 1..=4096;

/// More threads than any measurement of a global lock needs, and each takes its time.
const MOST_THREADS: u64 = 1024;

/// Shared units have to be done in the minute that a simulated run may take, and repeated operations are
/// repeated for a second.
const MOST_UNITS: u64 = 500_000;
const MOST_POST_UNITS: u64 = 20_000;
const LONGEST_SLEEP_NS: u64 = 1_000_000_000;

/// An hour: nobody asks for the lock any more within a run, and it is still far from where times overflow.
const LONGEST_INTERVAL_NS: u64 = 3_600_000_000_000;

/// A value that makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Senseless {
    /// The column.
    pub column: &'static str,
    /// Its value there.
    pub value: String,
    /// What it may be.
    pub allowed: String,
}

impl Senseless {
    fn new(column: &'static str, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        Self { column, value: value.to_string(), allowed: allowed.into() }
    }
}

/// Whether the simulator can do a run again, and compare what it comes to.
pub(super) fn check(run: &ProbeRow) -> Result<(), Senseless> {
    let cpu = run.task == "cpu";
    one_of("lock", &run.lock, &["on", "off"])?;
    one_of("task", &run.task, &["cpu", "sleep", "write"])?;
    within("cores", run.cores, CORES)?;
    within("spinners", run.spinners, u64::from(cpu)..=MOST_THREADS)?;
    if let Some(ticks) = run.check_interval_ticks {
        within("check_interval_ticks", ticks, 1..=u32::MAX.into())?;
    }
    if let Some(ns) = run.switch_interval_ns {
        within("switch_interval_ns", ns, 1..=LONGEST_INTERVAL_NS)?;
    }
    // What belongs to another task would be taken for this one's.
    given_if("sleep_ns", run.sleep_ns, run.task == "sleep", 1..=LONGEST_SLEEP_NS)?;
    within("post_units", run.post_units, 0..=MOST_POST_UNITS)?;
    given_if("shared_units", run.shared_units, cpu, run.spinners.into()..=MOST_UNITS)?;
    // Everything that is counted is compared by the second.
    within("wall_ns", run.wall_ns, 1..=u64::MAX)
}

fn one_of(column: &'static str, value: &str, allowed: &[&str]) -> Result<(), Senseless> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(Senseless::new(column, format!("\"{value}\""), allowed.join(", ")))
}

fn within(
    column: &'static str,
    value: impl Into<u64>,
    allowed: RangeInclusive<u64>,
) -> Result<(), Senseless> {
    let value = value.into();
    if allowed.contains(&value) {
        return Ok(());
    }
    let (low, high) = (allowed.start(), allowed.end());
    let allowed =
        if *high == u64::MAX { format!("{low} or more") } else { format!("{low} to {high}") };
    Err(Senseless::new(column, value, allowed))
}

/// A value that runs of some task have, and no others.
fn given_if(
    column: &'static str,
    value: Option<u64>,
    wanted: bool,
    allowed: RangeInclusive<u64>,
) -> Result<(), Senseless> {
    match (value, wanted) {
        (Some(value), true) => within(column, value, allowed),
        (None, true) => {
            let (low, high) = (allowed.start(), allowed.end());
            Err(Senseless::new(column, "missing", format!("{low} to {high} with this task")))
        }
        (Some(value), false) => Err(Senseless::new(column, value, "nothing with this task")),
        (None, false) => Ok(()),
    }
}

/// Where a line that the probe prints has what a column has: a JSON pointer.
pub(super) fn pointer(run: &ProbeRow, column: &str) -> &'static str {
    match column {
        "lock" => "/result/gil",
        "cores" => "/cpus",
        "spinners" if run.task == "cpu" => "/args/threads",
        "spinners" => "/args/spinners",
        "task" => "/args/kind",
        "check_interval_ticks" | "switch_interval_ns" => "/args/interval",
        "sleep_ns" => "/args/d",
        "post_units" => "/args/post",
        "shared_units" => "/args/units",
        _ => "/result/wall",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_that_share_units_have_some_for_each_thread() {
        let shared = ProbeRow {
            task: "cpu".into(),
            lock: "off".into(),
            cores: 1,
            spinners: 4,
            shared_units: Some(4),
            wall_ns: 1,
            ..ProbeRow::default()
        };
        assert_eq!(check(&shared), Ok(()));
        let refused = |run: ProbeRow| check(&run).unwrap_err().column;
        assert_eq!(refused(ProbeRow { spinners: 0, ..shared.clone() }), "spinners");
        assert_eq!(refused(ProbeRow { shared_units: Some(3), ..shared.clone() }), "shared_units");
        assert_eq!(refused(ProbeRow { shared_units: None, ..shared.clone() }), "shared_units");
        let ticks = ProbeRow { check_interval_ticks: Some(0), ..shared.clone() };
        assert_eq!(refused(ticks), "check_interval_ticks");
        assert_eq!(refused(ProbeRow { lock: String::new(), ..shared }), "lock");
    }
}
