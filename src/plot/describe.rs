//! What the file of a figure says: a caption from the experiment's own words and settings, and the command.

use gilsim_policies::Span;

use super::latency::LEAST_REPLICATIONS;
use super::timeline::one_each;
use super::{Choice, Plots, distinct, focus, metric};
use crate::figure::{Description, FIGURES, Width};
use crate::trace::tables::RunRow;

impl Plots {
    /// What there is to say of a figure.
    #[must_use]
    pub fn describe(&self, figure: &str, choice: &Choice, width: Width) -> Description {
        let case = choice.case.as_deref().unwrap_or_default();
        let about = FIGURES.iter().find(|(name, _)| *name == figure).map_or("", |(_, about)| about);
        let mut caption = format!("{}.", capital(about));
        if let Some(question) = self.setting(case, "question") {
            caption += &format!(" {question}");
        }
        let name = self.results.metadata("gilsim.experiment").unwrap_or("experiment");
        let of_case = |run: &&RunRow| choice.case.is_none() || run.case == case;
        let replications =
            self.results.runs().iter().filter(of_case).map(|run| run.replication + 1).max();
        let replications = replications.unwrap_or(0);
        let plural = if replications == 1 { "" } else { "s" };
        caption += &format!(" {name}: {replications} replication{plural}");
        if let Some(duration) = self.setting(case, "duration") {
            caption += &format!(", each of {duration} at most");
        }
        let is_shown = |run: &&RunRow| choice.shows(&run.policy);
        let runs = self.results.runs().iter().filter(of_case).filter(is_shown);
        let series = distinct(runs.map(|run| run.policy.as_str()));
        caption += &format!("; {}.", series.join(", "));
        caption += &self.shown_in(figure, choice).unwrap_or_default();
        if matches!(figure, "latency" | "slices") {
            caption += &bands(replications as usize);
        }
        Description {
            title: [name, case, figure]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(": "),
            caption,
            command: command(&self.results.name(), figure, choice, width),
        }
    }

    /// What a figure shows of its runs, as a sentence: the metric, or the one run of each series.
    fn shown_in(&self, figure: &str, choice: &Choice) -> Option<String> {
        let all = self.chosen(choice).ok()?;
        let runs = choice.of(&all);
        let mut text = match figure {
            "timeline" | "convoy" | "shares" => one_run(one_each(&runs).first()?, choice),
            "throughput" | "heatmap" => {
                let shown = self.shown(&all, choice).ok()?;
                let of = shown.baseline.map(|baseline| format!(" ({baseline} = 1)"));
                format!(" Shown: {}{}.", shown.label, of.unwrap_or_default())
            }
            "differences" => {
                let (label, _) = metric::describe(self.metric(&runs, choice), &focus(&runs));
                format!(" Shown: {label}.")
            }
            _ => String::new(),
        };
        let is_measured = |run: &&RunRow| self.measured.has(&run.policy, &run.point);
        if matches!(figure, "throughput" | "latency") && runs.iter().any(is_measured) {
            text += " Hollow markers: measured.";
        }
        Some(text)
    }
}

/// Which run of each series is shown, and when.
fn one_run(run: &RunRow, choice: &Choice) -> String {
    let mut text = format!(" Shown: replication {}", run.replication);
    if !run.point.is_empty() {
        text += &format!(" at {}", run.point);
    }
    if let Some((from, to)) = choice.window_ns {
        text += &format!(", {} to {}", Span::from_ns(from), Span::from_ns(to));
    }
    text + "."
}

/// What there is to say of bands around curves.
fn bands(replications: usize) -> String {
    if replications < LEAST_REPLICATIONS {
        return format!(" No confidence bands, which need {LEAST_REPLICATIONS} replications.");
    }
    " Bands: 95 % confidence at each time, over replications.".to_owned()
}

/// The command that draws the figure from the results of this name where `gilsim run` puts them.
fn command(name: &str, figure: &str, choice: &Choice, width: Width) -> String {
    let width = match width {
        Width::Column => None,
        Width::Double => Some("double".to_owned()),
        Width::Slide => Some("slide".to_owned()),
    };
    let window = choice.window_ns.map(|(from, to)| (format!("{from}ns"), format!("{to}ns")));
    let (from, to) = window.unzip();
    let mut options = vec![
        ("case", choice.case.clone().filter(|case| !case.is_empty())),
        ("point", choice.point.clone()),
    ];
    options.extend(choice.series.iter().map(|name| ("series", Some(name.clone()))));
    options.extend([
        ("metric", choice.metric.clone()),
        ("baseline", choice.baseline.clone()),
        ("from", from),
        ("to", to),
        ("width", width),
    ]);
    let mut command =
        format!("gilsim plot {} --figure {figure}", quoted(&format!("results/{name}")));
    for (option, value) in options {
        if let Some(value) = value {
            command += &format!(" --{option} {}", quoted(&value));
        }
    }
    if choice.cdf {
        command += " --cdf";
    }
    command
}

/// A word as a shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_-./=:,+%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_say_what_was_chosen() {
        let choice = Choice {
            case: Some("12 C code".to_owned()),
            point: Some("threads=3".to_owned()),
            window_ns: Some((5, 7)),
            ..Choice::default()
        };
        let text = command("article", "timeline", &choice, Width::Column);
        let expected = "gilsim plot results/article --figure timeline --case '12 C code' --point threads=3 --from 5ns --to 7ns";
        assert_eq!(text, expected);
        let series = vec!["tick".to_owned(), "CPython 3.13".to_owned()];
        let cdf = Choice { cdf: true, series, ..Choice::default() };
        let text = command("it's", "latency", &cdf, Width::Double);
        let expected = "gilsim plot 'results/it'\\''s' --figure latency --series tick --series 'CPython 3.13' --width double --cdf";
        assert_eq!(text, expected);
    }
}
