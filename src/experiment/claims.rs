//! Claims about results: what a file says must hold, and whether it does.
//!
//! A claim passes if the whole confidence interval is on its side, fails if the whole interval is on the other, and is
//! inconclusive otherwise. The intervals of a file's claims hold together (Bonferroni): with a confidence of 0.95, all
//! of them are right in 19 files of 20.

use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::document::Document;
use super::error::{ConfigError, Error};
use super::source::Sources;
use super::spec::SCHEMA;
use crate::analysis::estimate::known;
use crate::names::{did_you_mean, list};
use crate::statistics::Estimate;
use crate::trace::tables::RunRow;

/// A file of claims.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    /// With which all claims hold together.
    #[serde(default = "usual")]
    confidence: Spanned<f64>,
    claims: IndexMap<String, Claim>,
}

fn usual() -> Spanned<f64> {
    Spanned::new(0..0, crate::analysis::estimate::CONFIDENCE)
}

/// That a metric of a series is below or above something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    case: Option<Spanned<String>>,
    point: Option<Spanned<String>>,
    metric: Spanned<String>,
    of: Spanned<String>,
    is: Side,
    than: Option<Spanned<String>>,
    by: Option<Spanned<f64>>,
    value: Option<Spanned<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Below,
    Above,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// Neither it nor its contrary is shown.
    Inconclusive,
    /// The contrary holds.
    Fail,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

/// A claim that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// What it is called.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The metric.
    pub metric: String,
    /// How far the metric is above the limit, the mean over replications.
    pub excess: f64,
    /// The lower end of its interval; `None` with a single replication.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

/// Looks at all claims of a file.
///
/// # Errors
///
/// The file can't be read, or names something that the results don't have.
pub fn check(path: &Path, runs: &[RunRow]) -> Result<Vec<Checked>, Error> {
    let sources = Sources::read(path, &[])?;
    let file: File = Document::of_text(&sources, 0, sources.file_text())?.read()?;
    if *file.schema.get_ref() != SCHEMA {
        let message = format!("this program reads schema {SCHEMA}");
        return Err(sources.error(file.schema.span(), message).into());
    }
    let confidence = *file.confidence.get_ref();
    if !(confidence > 0.0 && confidence < 1.0) {
        let message = "`confidence` must lie between 0 and 1, as 0.95 does";
        return Err(sources.error(file.confidence.span(), message).into());
    }
    let each = 1.0 - (1.0 - confidence) / file.claims.len().max(1) as f64;
    let checked = file.claims.iter().map(|(name, claim)| claim.check(name, runs, each, &sources));
    Ok(checked.collect::<Result<_, _>>()?)
}

impl Claim {
    fn check(
        &self,
        name: &str,
        runs: &[RunRow],
        confidence: f64,
        sources: &Sources,
    ) -> Result<Checked, ConfigError> {
        let metric = self.metric.get_ref();
        if !RunRow::has_number(metric) {
            let near = did_you_mean(metric, RunRow::numbers());
            let message = format!("`metric` names no number of the table of runs{near}");
            return Err(sources.error(self.metric.span(), message));
        }
        let mut here: Vec<_> = runs.iter().collect();
        one_of("case", self.case.as_ref(), &self.of, &mut here, |run| &run.case, sources)?;
        one_of("point", self.point.as_ref(), &self.of, &mut here, |run| &run.point, sources)?;
        let of = series("of", &self.of, &here, sources)?;
        let known = |run: &&RunRow| Some((run.replication, known(run, metric)?));
        let of: Vec<_> = of.iter().filter_map(known).collect();
        let by = self.by.as_ref().map_or(0.0, |by| *by.get_ref());
        let excesses: Vec<f64> = match (&self.than, &self.value) {
            (Some(than), None) => {
                let times = if self.is == Side::Below { 1.0 - by } else { 1.0 + by };
                let than = series("than", than, &here, sources)?;
                let than: IndexMap<_, _> = than.iter().filter_map(known).collect();
                of.iter().filter_map(|(at, own)| Some(own - times * than.get(at)?)).collect()
            }
            (None, Some(value)) if self.by.is_none() => {
                of.iter().map(|(_, own)| own - value.get_ref()).collect()
            }
            _ => {
                let message = "a claim has either `than`, a series, and `by`, or `value`";
                return Err(sources.error(self.of.span(), message));
            }
        };
        let estimate = Estimate::of_mean(&excesses, confidence);
        let ends = estimate.filter(|of| of.half_width.is_some()).map(|of| of.interval());
        Ok(Checked {
            name: name.to_owned(),
            verdict: ends.map_or(Verdict::Inconclusive, |ends| self.verdict(ends, by > 0.0)),
            metric: metric.clone(),
            excess: estimate.map_or(f64::NAN, |estimate| estimate.mean),
            low: ends.map(|(low, _)| low),
            high: ends.map(|(_, high)| high),
        })
    }

    /// `reached` is whether the limit itself counts: who is below by at least so much may be just at it.
    fn verdict(&self, (low, high): (f64, f64), reached: bool) -> Verdict {
        // From the claim's side: below zero is what it claims.
        let (near, far) = if self.is == Side::Below { (high, low) } else { (-low, -high) };
        if near < 0.0 || (near == 0.0 && reached) {
            Verdict::Pass
        } else if far >= 0.0 {
            Verdict::Fail
        } else {
            Verdict::Inconclusive
        }
    }
}

/// Keeps the runs of one case or point; if there are several, the claim must say which.
fn one_of(
    what: &str,
    wanted: Option<&Spanned<String>>,
    of: &Spanned<String>,
    runs: &mut Vec<&RunRow>,
    part: impl Fn(&RunRow) -> &str,
    sources: &Sources,
) -> Result<(), ConfigError> {
    let mut names: Vec<_> = runs.iter().map(|run| part(run)).collect();
    names.sort_unstable();
    names.dedup();
    match wanted {
        Some(wanted) if names.contains(&wanted.get_ref().as_str()) => {
            runs.retain(|run| part(run) == wanted.get_ref());
            Ok(())
        }
        Some(wanted) => {
            let near = did_you_mean(wanted.get_ref(), names.iter().copied());
            let message = format!("the results have no such {what}{near}");
            let help = Some(format!("there are {}", list(names)));
            Err(ConfigError { help, ..sources.error(wanted.span(), message) })
        }
        None if names.len() > 1 => {
            let message = format!("which {what}? Say it with `{what} = ...`");
            let help = Some(format!("there are {}", list(names)));
            Err(ConfigError { help, ..sources.error(of.span(), message) })
        }
        None => Ok(()),
    }
}

/// The runs of a series.
fn series<'r>(
    key: &str,
    wanted: &Spanned<String>,
    runs: &[&'r RunRow],
    sources: &Sources,
) -> Result<Vec<&'r RunRow>, ConfigError> {
    let found: Vec<_> =
        runs.iter().copied().filter(|run| run.policy == *wanted.get_ref()).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let mut names: Vec<_> = runs.iter().map(|run| run.policy.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let near = did_you_mean(wanted.get_ref(), names.iter().copied());
    let message = format!("`{key}` names no series of these results{near}");
    let help = Some(format!("there are {}", list(names)));
    Err(ConfigError { help, ..sources.error(wanted.span(), message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(of: &[(&str, &str, &[f64])]) -> Vec<RunRow> {
        let run = |point: &str, policy: &str, replication, value| RunRow {
            point: point.to_owned(),
            policy: policy.to_owned(),
            replication,
            ops_per_s: Some(value),
            ..RunRow::default()
        };
        of.iter()
            .flat_map(|(point, policy, values)| {
                (0..).zip(*values).map(|(at, value)| run(point, policy, at, *value))
            })
            .collect()
    }

    fn checked(claim: &str, runs: &[RunRow]) -> Result<Checked, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = format!("schema = 1\n[claims.c]\nmetric = \"ops_per_s\"\n{claim}\n");
        std::fs::write(file.path(), text).unwrap();
        let found = check(file.path(), runs).map_err(|error| error.to_string())?;
        Ok(found.into_iter().next().unwrap())
    }

    #[test]
    fn verdicts_follow_the_interval() {
        let runs = runs(&[("", "a", &[10.0, 10.4, 10.2]), ("", "b", &[12.0, 12.5, 12.3])]);
        for (claim, verdict) in [
            ("of = \"b\"\nis = \"above\"\nthan = \"a\"", Verdict::Pass),
            ("of = \"b\"\nis = \"below\"\nthan = \"a\"", Verdict::Fail),
            ("of = \"b\"\nis = \"above\"\nthan = \"a\"\nby = 0.2", Verdict::Inconclusive),
            ("of = \"b\"\nis = \"above\"\nthan = \"a\"\nby = 0.5", Verdict::Fail),
            ("of = \"b\"\nis = \"below\"\nvalue = 100", Verdict::Pass),
            ("of = \"b\"\nis = \"above\"\nvalue = 100", Verdict::Fail),
            ("of = \"a\"\nis = \"below\"\nvalue = 10.3", Verdict::Inconclusive),
        ] {
            let found = checked(claim, &runs).unwrap();
            assert_eq!(found.verdict, verdict, "{claim}: {found:?}");
        }
    }

    #[test]
    fn pairs_decide_and_the_limit_itself_counts_for_by() {
        // Exactly half, replication by replication, however different they are.
        let runs = runs(&[("", "a", &[10.0, 20.0, 40.0]), ("", "b", &[5.0, 10.0, 20.0])]);
        let claim = |by: &str| format!("of = \"b\"\nis = \"below\"\nthan = \"a\"\nby = {by}");
        assert_eq!(checked(&claim("0.5"), &runs).unwrap().verdict, Verdict::Pass);
        assert_eq!(checked(&claim("0.51"), &runs).unwrap().verdict, Verdict::Inconclusive);
        let single = &runs[..1];
        let found = checked("of = \"a\"\nis = \"below\"\nvalue = 100", single).unwrap();
        assert_eq!((found.verdict, found.low), (Verdict::Inconclusive, None));
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let runs = runs(&[("n=1", "a", &[1.0, 2.0]), ("n=2", "b", &[1.0, 2.0])]);
        for (claim, message) in [
            (
                "of = \"a\"\nis = \"below\"\nvalue = 1",
                "4:6: which point? Say it with `point = ...`",
            ),
            (
                "of = \"a\"\nis = \"below\"\nvalue = 1\npoint = \"n=3\"",
                "7:9: the results have no such point",
            ),
            ("of = \"b\"\nis = \"below\"\nvalue = 1\npoint = \"n=1\"", "4:6: `of` names no series"),
            ("of = \"a\"\nis = \"below\"\npoint = \"n=1\"", "4:6: a claim has either `than`"),
            ("of = \"a\"\nis = \"under\"\npoint = \"n=1\"", "5:6: unknown name `under`"),
        ] {
            let error = checked(claim, &runs).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
