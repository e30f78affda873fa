//! What the figure `heatmap` shows: a column of the table of runs over the two parameters with the most values.

use super::axis::{settings, values};
use super::metric::Shown;
use super::{Choice, PlotError, Plots, distinct, several_cases, title};
use crate::figure::Quantity;
use crate::figure::heatmap::{Cell, Data, Panel, Swept};
use crate::trace::tables::{RunRow, SWEEP_PREFIX};

impl Plots {
    pub(super) fn heatmap(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        Ok(gather(runs, self.shown(runs, choice)?))
    }
}

fn gather(runs: &[&RunRow], shown: Shown<'_>) -> Data {
    let Shown { baseline, label, quantity, estimates, .. } = shown;
    let label = baseline.map_or(label.clone(), |baseline| format!("{label} ({baseline} = 1)"));
    let Some([x, y]) = two_columns(runs) else {
        let none = |_| swept(&[], "");
        return Data { label, quantity, x: none(0), y: none(1), panels: Vec::new() };
    };
    let several = several_cases(runs);
    let others = others(runs, x, y);
    let (x, y) = (swept(runs, x), swept(runs, y));
    let columns = [&x, &y].map(|swept| format!("{SWEEP_PREFIX}{}", swept.label));
    let mut panels: Vec<Panel> = Vec::new();
    for at in estimates {
        let place = |swept: &Swept, column: &str| {
            let own = at.first.number(column)?;
            swept.values.iter().position(|value| *value == own)
        };
        let cell = place(&x, &columns[0]).zip(place(&y, &columns[1])).zip(at.estimate);
        let Some(((x, y), estimate)) = cell else { continue };
        let rest = settings(&at.first.point).into_iter().filter(|(name, _)| others.contains(name));
        let rest: Vec<_> = rest.map(|(name, value)| format!("{name}={value}")).collect();
        let rest = title(several, &at.first.case, &rest.join(" "));
        let policy = &at.first.policy;
        let name = if rest.is_empty() || rest == at.first.case && !several {
            policy.clone()
        } else {
            format!("{policy}, {rest}")
        };
        let cell = Cell { x, y, value: estimate.mean };
        match panels.iter_mut().find(|panel| panel.title == name) {
            Some(panel) => panel.cells.push(cell),
            None => panels.push(Panel { title: name, cells: vec![cell] }),
        }
    }
    let plain =
        |swept: Swept| Swept { label: swept.label.trim_end_matches("_ns").to_owned(), ..swept };
    Data { label, quantity, x: plain(x), y: plain(y), panels }
}

fn swept(runs: &[&RunRow], column: &str) -> Swept {
    let label = column.strip_prefix(SWEEP_PREFIX).unwrap_or(column).to_owned();
    let quantity = if column.ends_with("_ns") { Quantity::TimeNs } else { Quantity::Plain };
    Swept { label, quantity, values: values(runs, column) }
}

/// The number with the most values, and the one with the most values that is swept across it and not along with it.
fn two_columns<'a>(runs: &[&'a RunRow]) -> Option<[&'a str; 2]> {
    let columns = distinct(runs.iter().flat_map(|run| &run.sweep).map(|(name, _)| name.as_str()));
    let mut columns: Vec<_> =
        columns.into_iter().map(|column| (values(runs, column).len(), column)).collect();
    // Stable: the first of those with equally many.
    columns.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let (_, x) = *columns.first()?;
    let crosses = |from: &str, other: &str| {
        values(runs, from).into_iter().any(|at| {
            let here = runs.iter().copied().filter(|run| run.number(from) == Some(at));
            values(&here.collect::<Vec<_>>(), other).len() > 1
        })
    };
    let y = columns[1..].iter().find(|(_, y)| crosses(x, y) && crosses(y, x))?.1;
    Some([x, y])
}

/// Settings that have several values at a pair of places.
fn others<'a>(runs: &[&'a RunRow], x: &str, y: &str) -> Vec<&'a str> {
    let names = distinct(runs.iter().flat_map(|run| settings(&run.point)).map(|(name, _)| name));
    let is_free = |name: &str| {
        runs.iter().any(|one| {
            let same =
                |run: &&&RunRow| (run.number(x), run.number(y)) == (one.number(x), one.number(y));
            let found = runs.iter().filter(same).flat_map(|run| settings(&run.point));
            distinct(found.filter(|(own, _)| *own == name).map(|(_, value)| value)).len() > 1
        })
    };
    names.into_iter().filter(|name| is_free(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::estimate::estimate;

    fn of(runs: &[RunRow], baseline: Option<&str>) -> Data {
        let runs: Vec<_> = runs.iter().collect();
        let estimates = estimate(runs.iter().copied(), "ops_per_s").unwrap_or_default();
        let (label, quantity) = ("operations".to_owned(), Quantity::PerSecond);
        gather(&runs, Shown { metric: "ops_per_s", baseline, label, quantity, estimates })
    }

    fn run(point: &str, sweep: &[(&str, f64)], ops: f64) -> RunRow {
        RunRow {
            point: point.to_owned(),
            policy: "tick".to_owned(),
            ops_per_s: Some(ops),
            sweep: sweep.iter().map(|(name, at)| (format!("sweep_{name}"), *at)).collect(),
            ..RunRow::default()
        }
    }

    #[test]
    fn replications_are_averaged_in_their_cells() {
        let at = |threads: f64, cores: f64, ops| {
            let point = format!("threads={threads} cores={cores}");
            run(&point, &[("threads", threads), ("cores", cores)], ops)
        };
        let runs = [
            at(1.0, 1.0, 2.0),
            at(1.0, 1.0, 4.0),
            at(4.0, 1.0, 5.0),
            at(4.0, 2.0, 6.0),
            at(8.0, 2.0, 7.0),
        ];
        let data = of(&runs, Some("none"));
        assert_eq!(data.label, "operations (none = 1)");
        assert_eq!((&*data.x.label, &*data.y.label), ("threads", "cores"));
        assert_eq!(data.x.values, [1.0, 4.0, 8.0]);
        let cells: Vec<_> =
            data.panels[0].cells.iter().map(|cell| (cell.x, cell.y, cell.value)).collect();
        assert_eq!(cells, [(0, 0, 3.0), (1, 0, 5.0), (1, 1, 6.0), (2, 1, 7.0)]);
        assert_eq!((data.panels.len(), &*data.panels[0].title), (1, "tick"));
    }

    #[test]
    fn parameters_in_lock_step_are_one() {
        let runs = [1.0, 2.0, 3.0].map(|at| run("", &[("threads", at), ("cores", 2.0 * at)], at));
        assert!(of(&runs, None).panels.is_empty());
        assert!(of(&[], None).panels.is_empty());
    }
}
