//! What the x axis of `throughput` shows, and which runs share a panel.

use super::{distinct, several_cases, title};
use crate::figure::Quantity;
use crate::figure::throughput::Sweep;
use crate::trace::tables::{RunRow, SWEEP_PREFIX};

/// A linear axis has no place for the labels of neighbours that are closer than this part of its length.
const CLOSEST: f64 = 40.0;

/// The x axis of some runs.
pub(super) struct Axis {
    along: Along,
    /// Settings that the axis does not decide, by name: each combination has a panel of its own.
    others: Vec<String>,
    several_cases: bool,
}

/// What the axis shows.
enum Along {
    /// The swept number with the most values: its column, and whether its axis is logarithmic.
    Number(String, bool),
    /// The points by name, if no number is swept.
    Points(Vec<String>),
    /// The policies, if there is one point alone.
    Policies(Vec<String>),
}

impl Axis {
    pub fn of(runs: &[&RunRow]) -> Self {
        let several_cases = several_cases(runs);
        let columns =
            distinct(runs.iter().flat_map(|run| &run.sweep).map(|(name, _)| name.as_str()));
        let most = columns.iter().map(|column| values(runs, column).len()).max().unwrap_or(0);
        let column = columns.iter().find(|column| most > 1 && values(runs, column).len() == most);
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        if let Some(column) = column {
            let names = distinct(runs.iter().flat_map(|run| settings(&run.point)).map(|(n, _)| n));
            let others = names.into_iter().filter(|name| is_free(runs, column, name)).collect();
            let along = Along::Number((*column).to_owned(), is_wide(&values(runs, column)));
            return Self { along, others: owned(others), several_cases };
        }
        let points: Vec<_> =
            runs.iter().map(|run| title(several_cases, &run.case, &run.point)).collect();
        let points = distinct(points.iter().map(String::as_str));
        let along = if points.len() > 1 {
            Along::Points(owned(points))
        } else {
            Along::Policies(owned(distinct(runs.iter().map(|run| run.policy.as_str()))))
        };
        Self { along, others: Vec::new(), several_cases }
    }

    /// Whether nothing else is swept.
    pub const fn is_alone(&self) -> bool {
        self.others.is_empty()
    }

    /// Where a run stands on the axis.
    pub fn place(&self, run: &RunRow) -> Option<f64> {
        let among = |names: &[String], own: &str| {
            names.iter().position(|name| name == own).map(|place| place as f64)
        };
        match &self.along {
            Along::Number(column, _) => run.number(column),
            Along::Points(names) => among(names, &title(self.several_cases, &run.case, &run.point)),
            Along::Policies(names) => among(names, &run.policy),
        }
    }

    /// What distinguishes the panel of a run: the case, and what else is swept.
    pub fn panel(&self, run: &RunRow) -> String {
        if let Along::Points(_) = self.along {
            return String::new();
        }
        let others = settings(&run.point)
            .into_iter()
            .filter(|(name, _)| self.others.iter().any(|other| other == name))
            .map(|(name, value)| format!("{name}={value}"));
        title(self.several_cases, &run.case, &others.collect::<Vec<_>>().join(" "))
    }

    pub fn label(&self) -> String {
        match &self.along {
            Along::Number(column, _) => column
                .strip_prefix(SWEEP_PREFIX)
                .unwrap_or(column)
                .trim_end_matches("_ns")
                .to_owned(),
            Along::Points(_) | Along::Policies(_) => String::new(),
        }
    }

    pub fn sweep(&self) -> Sweep {
        match &self.along {
            Along::Number(column, wide) => {
                let time = column.ends_with("_ns");
                let quantity = if time { Quantity::TimeNs } else { Quantity::Plain };
                if *wide { Sweep::Log(quantity) } else { Sweep::Linear(quantity) }
            }
            Along::Points(names) | Along::Policies(names) => Sweep::Names(names.clone()),
        }
    }
}

/// The different values in a column, in ascending order.
pub(super) fn values(runs: &[&RunRow], column: &str) -> Vec<f64> {
    let mut values: Vec<_> = runs.iter().filter_map(|run| run.number(column)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Whether ascending values would lie on top of each other on a linear axis, and can stand on a logarithmic one.
fn is_wide(values: &[f64]) -> bool {
    let [first, .., last] = values else { return false };
    let closest = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    *first > 0.0 && closest < (last - first) / CLOSEST
}

/// Whether a setting has several values at some place of the axis; what goes in lock-step with it has one.
fn is_free(runs: &[&RunRow], axis: &str, name: &str) -> bool {
    values(runs, axis).into_iter().any(|place| {
        let here = runs.iter().filter(|run| run.number(axis) == Some(place));
        let found = here.flat_map(|run| settings(&run.point)).filter(|(own, _)| *own == name);
        distinct(found.map(|(_, value)| value)).len() > 1
    })
}

/// The settings of a point such as `threads=3 law=#2`. A value may contain spaces, and reaches up to the next
/// name.
pub(super) fn settings(point: &str) -> Vec<(&str, &str)> {
    let mut rest = point;
    let mut settings = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let end = after.find('=').and_then(|next| after[..next].rfind(' '));
        let (value, left) = end.map_or((after, ""), |end| (&after[..end], &after[end + 1..]));
        settings.push((name, value));
        rest = left;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(case: &str, point: &str, policy: &str, sweep: &[(&str, f64)]) -> RunRow {
        let sweep = sweep.iter().map(|(name, value)| (format!("sweep_{name}"), *value)).collect();
        RunRow {
            case: case.to_owned(),
            point: point.to_owned(),
            policy: policy.to_owned(),
            sweep,
            ..RunRow::default()
        }
    }

    #[test]
    fn settings_are_told_apart() {
        assert_eq!(settings("law=a b threads=3"), [("law", "a b"), ("threads", "3")]);
        assert_eq!(settings(""), []);
    }

    #[test]
    fn what_the_axis_does_not_decide_has_panels() {
        let runs = [
            run("", "threads=1 cores=1 program=#1", "tick", &[("threads", 1.0), ("cores", 1.0)]),
            run("", "threads=2 cores=2 program=#1", "tick", &[("threads", 2.0), ("cores", 2.0)]),
            run("", "threads=2 cores=2 program=#2", "tick", &[("threads", 2.0), ("cores", 2.0)]),
        ];
        let axis = Axis::of(&runs.iter().collect::<Vec<_>>());
        assert_eq!(axis.label(), "threads");
        assert_eq!(axis.panel(&runs[1]), "program=#1");
        assert_eq!(axis.place(&runs[2]), Some(2.0));
    }

    #[test]
    fn wide_sweeps_are_logarithmic() {
        let sweep = |values: &[f64]| {
            let runs: Vec<_> =
                values.iter().map(|value| run("", "", "tick", &[("times", *value)])).collect();
            Axis::of(&runs.iter().collect::<Vec<_>>()).sweep()
        };
        assert_eq!(sweep(&[1.0, 10.0, 100.0, 1000.0]), Sweep::Log(Quantity::Plain));
        for narrow in [&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0][..], &[1.0, 1e6], &[0.0, 1.0, 1000.0]] {
            assert_eq!(sweep(narrow), Sweep::Linear(Quantity::Plain));
        }
    }

    #[test]
    fn without_a_number_there_are_names() {
        let runs =
            [run("a", "", "tick", &[]), run("a", "", "none", &[]), run("b", "", "tick", &[])];
        let of_two = Axis::of(&runs.iter().collect::<Vec<_>>());
        assert_eq!(of_two.sweep(), Sweep::Names(vec!["a".to_owned(), "b".to_owned()]));
        let of_one = Axis::of(&[&runs[0], &runs[1]]);
        assert_eq!(of_one.sweep(), Sweep::Names(vec!["tick".to_owned(), "none".to_owned()]));
        assert_eq!((of_one.place(&runs[1]), of_one.panel(&runs[0])), (Some(1.0), "a".to_owned()));
    }
}
