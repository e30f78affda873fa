//! What the figure `differences` shows: each series less a baseline, run by run on the same random draws.

use super::metric::describe;
use super::{Choice, PlotError, Plots, distinct, focus, several_cases, title};
use crate::analysis::compare::{Comparison, compare};
use crate::analysis::estimate::{CONFIDENCE, UnknownBaseline};
use crate::figure::differences::{Data, Group, Row};
use crate::trace::tables::RunRow;

impl Plots {
    pub(super) fn differences(&self, runs: &[&RunRow], choice: &Choice) -> Result<Data, PlotError> {
        let metric = self.metric(runs, choice);
        let known = distinct(runs.iter().map(|run| run.policy.as_str()));
        let own = choice.baseline.as_deref().or_else(|| self.own(runs, "baseline"));
        let baseline = own.or(known.first().copied()).unwrap_or_default();
        if !known.is_empty() && !known.contains(&baseline) {
            let known = known.into_iter().map(str::to_owned).collect();
            return Err(UnknownBaseline { name: baseline.to_owned(), known }.into());
        }
        let several = several_cases(runs);
        let compared = compare(runs.iter().copied(), metric, CONFIDENCE)?;
        let groups = compared.into_iter().map(|at| {
            let rows = rows(&at, baseline).into_iter().filter(|(name, ..)| choice.shows(name));
            let row = |(name, [mean, half_width], is_shown): (&str, [f64; 2], bool)| Row {
                policy: self.policy(name),
                mean,
                half_width,
                is_shown,
            };
            Group { title: title(several, at.case, at.point), rows: rows.map(row).collect() }
        });
        let groups = groups.filter(|group| !group.rows.is_empty()).collect();
        let (label, _) = describe(metric, &focus(runs));
        Ok(Data { label, baseline: baseline.to_owned(), groups })
    }
}

/// The series but the baseline, by how much of its mean they differ and half of the interval, and whether that is shown.
fn rows<'a>(at: &Comparison<'a>, baseline: &str) -> Vec<(&'a str, [f64; 2], bool)> {
    let Some(from) = at.series.iter().position(|series| series.name == baseline) else {
        return Vec::new();
    };
    let row = |(place, name): (usize, &'a str)| {
        let pair = at.pair(from, place)?;
        // Without a baseline, or with none of it, there is no part of it.
        let ratio = pair.difference.ratios[0]?;
        let parts = [ratio.mean - 1.0, ratio.half_width?];
        let is_known = parts.iter().all(|part| part.is_finite());
        is_known.then_some((name, parts, pair.p < 1.0 - CONFIDENCE))
    };
    at.series.iter().map(|series| series.name).enumerate().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(of: &[(&str, &[f64])], baseline: &str) -> Vec<(String, [f64; 2], bool)> {
        let run = |policy: &str, replication: u32, value: f64| RunRow {
            policy: policy.to_owned(),
            replication,
            ops_per_s: Some(value),
            ..RunRow::default()
        };
        let runs: Vec<_> = of
            .iter()
            .flat_map(|(policy, values)| {
                (0..).zip(*values).map(|(at, value)| run(policy, at, *value))
            })
            .collect();
        let compared = compare(&runs, "ops_per_s", CONFIDENCE).unwrap();
        let rows = rows(&compared[0], baseline).into_iter();
        rows.map(|(name, parts, is_shown)| (name.to_owned(), parts, is_shown)).collect()
    }

    #[test]
    fn differences_are_parts_of_the_baseline() {
        let series: [(&str, &[f64]); 3] = [
            ("more", &[11.0, 22.1, 33.0, 44.1]),
            ("base", &[10.0, 20.0, 30.0, 40.0]),
            ("same", &[9.0, 21.5, 30.5, 39.0]),
        ];
        let rows = found(&series, "base");
        assert_eq!(rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["more", "same"]);
        // 2.55 of 25 on average, but for the jackknife's correction; with the sign of the series, whichever comes first.
        assert!((rows[0].1[0] - 0.102).abs() < 1e-4, "{rows:?}");
        assert!(!rows[1].2 && rows[1].1[0].abs() < rows[1].1[1]);
        let turned = found(&series, "more");
        assert!(turned[0].1[0] < 0.0, "{turned:?}");
    }

    #[test]
    fn who_does_nothing_does_all_of_it_less_for_sure() {
        let rows = found(&[("base", &[10.0, 20.0, 40.0]), ("none", &[0.0, 0.0, 0.0])], "base");
        assert_eq!(rows[0].1, [-1.0, 0.0]);
        // As variable as the baseline may be, a hundredth of it is a hundredth of it.
        let rows = found(&[("base", &[10.0, 20.0, 90.0]), ("less", &[0.1, 0.2, 0.9])], "base");
        assert!((rows[0].1[0] + 0.99).abs() < 1e-9 && rows[0].1[1] < 1e-9, "{rows:?}");
    }

    #[test]
    fn no_baseline_and_a_baseline_of_nothing_have_no_rows() {
        assert!(found(&[("one", &[1.0, 2.0])], "one").is_empty());
        assert!(found(&[("one", &[1.0]), ("two", &[2.0])], "one").is_empty());
        assert!(found(&[("one", &[0.0, 0.0]), ("two", &[2.0, 3.0])], "one").is_empty());
        assert!(found(&[("one", &[1.0, 2.0]), ("two", &[2.0, 3.0])], "three").is_empty());
    }
}
