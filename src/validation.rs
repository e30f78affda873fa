//! Measured against simulated: the probe's runs of real interpreters, done again by the simulator.
//!
//! A *cell* is one setting of the probe on one machine, with its repetitions. The simulator does the same
//! thing as the probe (`simulate`), and both are compared metric by metric (`metric`, `score`).

mod constants;
pub mod metric;
pub mod score;
pub mod simulate;

pub use constants::Constants;

use crate::trace::tables::ProbeRow;

/// One setting of the probe, with what it saw each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The repetitions; at least one.
    pub runs: Vec<ProbeRow>,
}

impl Cell {
    /// The cells of a table, in the order in which they first appear.
    #[must_use]
    pub fn of_runs(runs: &[ProbeRow]) -> Vec<Self> {
        let mut cells: Vec<Self> = Vec::new();
        for run in runs {
            match cells.iter_mut().find(|cell| same_setting(cell.setting(), run)) {
                Some(cell) => cell.runs.push(run.clone()),
                None => cells.push(Self { runs: vec![run.clone()] }),
            }
        }
        cells
    }

    /// What was asked, as in the first run.
    #[must_use]
    pub fn setting(&self) -> &ProbeRow {
        &self.runs[0]
    }

    /// Whether this is the other cell with a single thread.
    pub(crate) fn is_alone_like(&self, other: &Self) -> bool {
        let alone = ProbeRow { spinners: 1, ..other.setting().clone() };
        other.setting().spinners > 1 && same_setting(self.setting(), &alone)
    }

    /// The interpreter, and how many cores it has.
    #[must_use]
    pub fn place(&self) -> String {
        let run = self.setting();
        format!("{}, {} core{}", run.python, run.cores, plural(run.cores))
    }

    /// Its interval, if it has one.
    fn interval(&self) -> Option<String> {
        let run = self.setting();
        match (run.check_interval_ticks, run.switch_interval_ns) {
            (Some(ticks), _) => Some(format!("{ticks} ticks")),
            (None, Some(ns)) => Some(format!("{} ms", ns as f64 / 1e6)),
            (None, None) => None,
        }
    }

    /// What its threads do.
    fn task(&self) -> String {
        let ProbeRow { task, spinners, .. } = self.setting();
        if task == "cpu" {
            return format!("{spinners} thread{}", plural(*spinners));
        }
        let sleep = self.setting().sleep_ns;
        let sleep = sleep.map_or_else(String::new, |ns| format!(" {} ms", ns as f64 / 1e6));
        let post = match self.setting().post_units {
            0 => String::new(),
            units => format!(" + {units} units"),
        };
        format!("{task}{sleep}{post} beside {spinners}")
    }

    /// What distinguishes the cell from the others of its [`place`](Self::place).
    #[must_use]
    pub fn label(&self) -> String {
        match self.interval() {
            Some(interval) => format!("{interval}: {}", self.task()),
            None => self.task(),
        }
    }

    /// The setting in a few words.
    #[must_use]
    pub fn title(&self) -> String {
        let interval = self.interval().map_or_else(String::new, |interval| format!(", {interval}"));
        format!("{}{interval}: {}", self.place(), self.task())
    }
}

const fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn same_setting(one: &ProbeRow, other: &ProbeRow) -> bool {
    let setting = |run: &ProbeRow| ProbeRow {
        python: run.python.clone(),
        lock: run.lock.clone(),
        task: run.task.clone(),
        cores: run.cores,
        spinners: run.spinners,
        check_interval_ticks: run.check_interval_ticks,
        switch_interval_ns: run.switch_interval_ns,
        sleep_ns: run.sleep_ns,
        post_units: run.post_units,
        shared_units: run.shared_units,
        ..ProbeRow::default()
    };
    setting(one) == setting(other)
}

#[cfg(test)]
mod tests {
    use super::score::{scores, summary};
    use super::simulate::simulate;
    use gilsim_policies::Span;

    use super::*;
    use crate::analysis::probe::own_runs;

    fn sleeper(repetition: u32) -> ProbeRow {
        ProbeRow {
            python: "cpython-3.13.0".into(),
            lock: "on".into(),
            cores: 2,
            task: "sleep".into(),
            spinners: 1,
            switch_interval_ns: Some(5_000_000),
            sleep_ns: Some(1_000_000),
            repetition,
            wall_ns: 1_000_000_000,
            cpu_ns: 1_010_000_000,
            voluntary_context_switches: 480,
            unit_ns: Some(50_000),
            ops: Some(160 + u64::from(repetition)),
            latency_mean_ns: Some(6_250_000),
            latency_p50_ns: Some(6_240_000),
            ..ProbeRow::default()
        }
    }

    #[test]
    fn the_convoy_is_where_it_was_measured() {
        let other = ProbeRow { spinners: 3, ..sleeper(0) };
        let cells = Cell::of_runs(&[sleeper(0), other, sleeper(1), sleeper(2)]);
        assert_eq!(cells.iter().map(|cell| cell.runs.len()).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(cells[0].title(), "cpython-3.13.0, 2 cores, 5 ms: sleep 1 ms beside 1");
        let simulated = [simulate(&cells[0], &Constants::default(), 0)];
        let scores = scores(&cells[..1], &[&simulated]);
        let of = |metric| scores.iter().find(|score| score.metric == metric).unwrap();
        assert!(of("latency_p50_ms").error.abs() < 0.02, "{scores:?}");
        let ops = of("ops_per_s");
        let values = ops.values.unwrap();
        assert!((values.measured - 161.0).abs() < 1e-9 && (ops.spread - 1.0 / 161.0).abs() < 1e-9);
        assert_eq!((values.measured_low, values.measured_high), (160.0, 162.0));
        assert!(!scores.iter().any(|score| score.metric == "slice_mean_ms"));
        assert_eq!(summary(&scores).len(), scores.len());
    }

    #[test]
    fn the_project_has_its_measured_runs() {
        let runs = own_runs().unwrap();
        let cells = Cell::of_runs(&runs);
        assert_eq!((runs.len(), cells.len()), (420, 105));
        assert!(cells.iter().all(|cell| cell.runs.len() == 4));
    }

    #[test]
    fn shared_units_make_slices() {
        let run = ProbeRow {
            task: "cpu".into(),
            spinners: 2,
            sleep_ns: None,
            shared_units: Some(2_000),
            ..sleeper(0)
        };
        let cell = Cell { runs: vec![run] };
        assert_eq!(cell.title(), "cpython-3.13.0, 2 cores, 5 ms: 2 threads");
        // Twenty slices are few: stolen time would cut half of them in two.
        let mut constants = Constants::default();
        constants.machine.steal_gap = Span::ZERO;
        let seen = simulate(&cell, &constants, 0);
        let slice = seen.slice_p50_ns.unwrap();
        // A slice counts the whole units in it.
        assert!((4_900_000..5_200_000).contains(&slice), "{slice}");
        assert!(seen.wall_ns >= 2_000 * 42_000);
        let unit = seen.unit_ns.unwrap();
        assert!(unit.abs_diff(42_000) < 1_000, "the fastest tenth takes {unit} ns");
    }
}
