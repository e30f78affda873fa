//! The tables of a page.

use maud::{Markup, html};

use super::folded;
use crate::analysis::Results;
use crate::analysis::compare::compare;
use crate::analysis::estimate::CONFIDENCE;
use crate::experiment::Error;
use crate::experiment::comparison::{ranking, rows};
use crate::experiment::estimates::words::{cells, legend, models};
use crate::experiment::estimates::{Request, estimates as estimate};
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
                            "operations/s", "median latency", "p99 latency", "slowdown", "fairness",
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
            "Means over replications ± half of the 95 % interval. Slowdown: time over that of one thread alone that does the "
            "same in a row. Fairness: Jain's index of how far threads got on. The last five: where threads' time went."
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

/// Every series against the first, in the experiment's own metric; `None` where nothing can be compared.
pub(super) fn differences(recorded: &Recorded) -> Option<Markup> {
    let metric = &recorded.plan.points.first()?.experiment.metric;
    let comparisons = compare(&recorded.runs, metric, CONFIDENCE).ok()?;
    let family: usize = comparisons.iter().map(|at| at.pairs.len()).sum();
    if family == 0 {
        return None;
    }
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
                @for at in &comparisons {
                    tbody {
                        (titled(&heading(at.case, at.point), 6))
                        @for row in rows(at, metric, 0) {
                            tr { @for cell in row { td { (cell) } } }
                        }
                        tr { td.text colspan="6" { (ranking(at, metric)) } }
                    }
                }
            }
        }
        p.note {
            "Differences from the first series, by pairs of runs with the same random numbers, ± half of the 95 % interval; p "
            "is corrected for " (family) " comparisons (Holm); less variance: what the pairs save against independent runs."
        }
    };
    let length = comparisons.iter().map(|at| at.series.len()).sum();
    Some(folded(length, &format!("{metric}, {length} rows"), table))
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
                            @let [name, value, interval, n, theory] = cells(line, &found).cells;
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
    Ok(folded(rows, &format!("{rows} estimates"), table))
}

fn title(series: &crate::experiment::estimates::Series) -> String {
    let whose = heading(&heading(&series.case, &series.point), &series.series);
    let models = models(series).join(", ");
    if models.is_empty() { whose } else { format!("{whose} ({models})") }
}
