//! The tables of a page.

use maud::{Markup, html};

use super::{count, folded};
use crate::analysis::Results;
use crate::analysis::estimate::CONFIDENCE;
use crate::experiment::Error;
use crate::experiment::comparison::{OfCase, by_case, ranking, rows};
use crate::experiment::estimates::words::{cells, legend, models};
use crate::experiment::estimates::{Estimates, Method, Request, estimates as estimate};
use crate::experiment::report::{Line, Mean, heading, in_words, lines};
use crate::experiment::reproduce::Recorded;

/// One line for each series at each point.
pub(super) fn summary(recorded: &Recorded) -> Result<Markup, Error> {
    let lines = lines(&recorded.runs).map_err(|error| Error::Text(error.to_string()))?;
    let cell = |metric: &str, mean: Option<Mean>| {
        mean.map_or_else(|| "-".to_owned(), |mean| in_words(metric, mean))
    };
    let plain = |mean: Option<Mean>| {
        mean.map_or_else(|| "-".to_owned(), |mean| format!("{:.2}", mean.mean))
    };
    let percent = |mean: &Option<Mean>| {
        mean.map_or_else(|| "-".to_owned(), |mean| format!("{:.0} %", 100.0 * mean.mean))
    };
    let row = |line: &Line| {
        html! {
            tr {
                td { (line.policy) }
                td { (cell("ops_per_s", line.ops_per_s)) }
                td { (cell("latency_p50_ns", line.latency_p50_ns)) }
                td { (cell("latency_p99_ns", line.latency_p99_ns)) }
                td { (plain(line.slowdown)) }
                td { (plain(line.fairness)) }
                @for share in &line.shares { td { (percent(share)) } }
            }
        }
    };
    let points = lines.chunk_by(|one, next| (&one.case, &one.point) == (&next.case, &next.point));
    Ok(html! {
        div.wide {
            table {
                thead {
                    tr {
                        th { "series" }
                        @for name in [
                            "operations/s", "median latency", "p99 latency", "slowdown", "fairness of progress",
                            "running", "calls", "lock", "core", "blocked",
                        ] { th { (name) } }
                    }
                }
                @for point in points {
                    tbody {
                        (titled(&heading(&point[0].case, &point[0].point), 11))
                        @for line in point { (row(line)) }
                    }
                }
            }
        }
        p.note {
            "Operations and latency: " (focus(recorded)) ". "
            "Means over replications ± half of the 95 % interval. Slowdown: time over that of one thread alone that does the "
            "same in a row. Fairness of progress: Jain's index of how far threads got on, not of how long they held the lock, which "
            "the figure shares shows. The last five: where threads' time went."
        }
    })
}

/// A row that says whose those below it are, if there is anything to say.
fn titled(title: &str, columns: usize) -> Markup {
    html! {
        @if !title.is_empty() {
            tr.point { th colspan=(columns) { (title) } }
        }
    }
}

/// Every series against the baseline of its case, in the case's own metric; `None` where nothing can be compared.
pub(super) fn differences(recorded: &Recorded) -> Option<Markup> {
    let cases = by_case(&recorded.runs, &recorded.manifest.config, None, None).ok()?;
    let family: usize = cases.iter().flat_map(|of| &of.points).map(|at| at.pairs.len()).sum();
    if family == 0 {
        return None;
    }
    Some(html! {
        p.note {
            "Differences by pairs of runs with the same random numbers, ± half of the 95 % interval; p is corrected for "
            (count(family, "comparison")) " (Holm); less variance: what the pairs save against independent runs."
        }
        @for of in cases.iter().filter(|of| of.points.iter().any(|at| !at.pairs.is_empty())) {
            @if !of.case.is_empty() { h3 { (of.case) ": " code { (of.metric) } } }
            p.note { "Differences from " b { (of.baseline) } "." }
            (differences_of(of))
        }
    })
}

fn differences_of(of: &OfCase<'_>) -> Markup {
    let metric = &of.metric;
    let table = html! {
        div.wide {
            table {
                thead {
                    tr {
                        @for name in ["series", metric, "difference", "relative", "p", "less variance"] {
                            th { (name) }
                        }
                    }
                }
                @for (at, base) in of.with_baseline() {
                    tbody {
                        (titled(at.point, 6))
                        @for row in rows(at, metric, base) {
                            tr { @for cell in row { td { (cell) } } }
                        }
                        tr { td.text colspan="6" { (ranking(at, metric)) } }
                    }
                }
            }
        }
    };
    let length = of.points.iter().map(|at| at.series.len()).sum();
    folded(length, &format!("{metric}, {length} rows"), table)
}

/// What is estimated of each series at each point, beside theory.
pub(super) fn estimates(recorded: &Recorded, results: &Results) -> Result<Markup, Error> {
    let request = Request { metrics: Vec::new(), quantiles: Vec::new(), confidence: CONFIDENCE };
    let found = estimate(recorded, results, &request)?;
    let rows: usize = found.series.iter().map(|series| series.estimates.len()).sum();
    let table = html! {
        div.wide {
            table {
                thead {
                    tr {
                        th { "metric" }
                        th { "estimate" }
                        th.text { "95 % interval" }
                        th { "n" }
                        th.text { "theory" }
                    }
                }
                @for series in &found.series {
                    tbody {
                        (titled(&title(series), 5))
                        @for line in &series.estimates {
                            @let [name, value, interval, n, theory] = cells(line, series, &found).cells;
                            tr {
                                td { (name) }
                                td { (value) }
                                td.text { (interval) }
                                td { (n) }
                                td.text.differs[theory.ends_with('≠')] { (theory) }
                            }
                        }
                    }
                }
            }
        }
        p.note { (legend(&found)) }
    };
    Ok(html! {
        (before_reading(&found))
        (folded(rows, &format!("{rows} estimates"), table))
    })
}

/// What the names of metrics mean.
fn before_reading(found: &Estimates) -> Markup {
    let mut lines = found.series.iter().flat_map(|series| &series.estimates);
    let has_ratios = lines.any(|line| line.method == Method::Ratio);
    let several_groups = found.series.iter().any(|series| series.focus.is_some());
    html! {
        @if has_ratios {
            p.note {
                "/: the ratio of two sums over all replications"
                @if several_groups {
                    "; (all groups): of all threads and the operations of all groups, where operations and latency are of one alone"
                }
                "."
            }
        }
    }
}

/// Whose operations and latency a page shows.
fn focus(recorded: &Recorded) -> String {
    let points = recorded.plan.points.iter();
    let mut all: Vec<_> = points.filter_map(|point| point.experiment.focus.as_deref()).collect();
    all.dedup();
    match all[..] {
        [focus] => format!("group {focus}"),
        _ => {
            let of = recorded.plan.points.iter().filter_map(|point| {
                Some((point.case.as_deref()?, point.experiment.focus.as_deref()?))
            });
            let mut of: Vec<_> = of.map(|(case, focus)| format!("{focus} ({case})")).collect();
            of.dedup();
            format!("of each case one group, {}", of.join(", "))
        }
    }
}

fn title(series: &crate::experiment::estimates::Series) -> String {
    let whose = heading(&heading(&series.case, &series.point), &series.series);
    let models = models(series).join(", ");
    if models.is_empty() { whose } else { format!("{whose} ({models})") }
}
