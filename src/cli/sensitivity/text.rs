//! What an analysis says, as tables for people.

use super::super::presets::wrap;
use super::super::{grid, width};
use crate::analysis::estimate::CONFIDENCE;
use crate::experiment::comparison::p_in_words;
use crate::experiment::report::{Mean, heading, in_words};
use crate::experiment::sensitivity::findings::{Effect, Findings, Sobol, Ties};
use crate::experiment::sensitivity::{Choice, Study};
use crate::machine::MachineSpec;
use crate::statistics::Estimate;
use crate::statistics::sobol::Indices;

pub fn render(experiment: &str, choice: &Choice, study: &Study, found: &Findings) -> String {
    let metric = &study.metric;
    let place = heading(choice.case.as_deref().unwrap_or(experiment), &choice.point);
    let mut parts = vec![paragraph(&format!(
        "{place}: {metric} of {} under {}, as it is {}, {} replications",
        study.plan.focus(),
        choice.policy,
        found.as_it_is.map_or_else(|| "-".to_owned(), |found| value(metric, found)),
        study.layout.replications,
    ))];
    if !study.layout.ends.is_empty() {
        parts.push(one_at_a_time(study, &found.one_at_a_time));
    }
    parts.extend(found.sobol.as_ref().map(|sobol| all_at_once(study, sobol)));
    parts.extend(found.ties.as_ref().map(|ties| paragraph(&order(study, ties))));
    if found.deadlocks > 0 {
        parts.push(format!("{} of all runs ended in a deadlock.\n", found.deadlocks));
    }
    parts.push(format!("± is half of the {:.0} % confidence interval\n\n", 100.0 * CONFIDENCE));
    parts.join("\n")
}

/// A text in lines of at most 80 letters.
fn paragraph(text: &str) -> String {
    wrap(text, usize::from(width()).min(80)).join("\n") + "\n"
}

/// A metric with its interval, or plainly nothing.
fn value(metric: &str, estimate: Estimate) -> String {
    match (estimate.mean, estimate.half_width) {
        (0.0, Some(0.0)) => "0".to_owned(),
        _ => in_words(metric, Mean::from(estimate)),
    }
}

fn one_at_a_time(study: &Study, effects: &[Effect]) -> String {
    let metric = &study.metric;
    let mut table = grid(&["one at a time", "value", metric, "change", "relative", "p"]);
    let mut above = None;
    for effect in effects {
        let parameter = &study.parameters[effect.parameter];
        let as_it_is = parameter.text_as_it_is().map(|text| format!(" ({text})"));
        let title = format!("{}{}", parameter.name, as_it_is.unwrap_or_default());
        let new = above.replace(effect.parameter) != Some(effect.parameter);
        let change = effect.change.map(|change| change.estimate);
        // What it was is what it is less the change.
        let relative = effect.metric.zip(change).map(|(now, change)| {
            let percent = 100.0 * change.mean / (now.mean - change.mean);
            if percent.is_finite() { format!("{percent:+.1} %") } else { "-".to_owned() }
        });
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        table.add_row([
            if new { title } else { String::new() },
            effect.value.clone(),
            or_none(effect.metric.map(|found| value(metric, found))),
            or_none(change.map(|change| value(metric, change))),
            or_none(relative),
            or_none(change.map(|_| p_in_words(effect.p))),
        ]);
    }
    let count = effects.iter().filter(|effect| effect.change.is_some()).count();
    let legend = format!(
        "in brackets: the value as it is; change: from there, by pairs of runs with the same random numbers; p is corrected \
         for {count} changes (Holm)"
    );
    format!("{}\n{}", table.trim_fmt(), paragraph(&legend))
}

fn all_at_once(study: &Study, sobol: &Sobol) -> String {
    let (metric, runs) = (&study.metric, sobol.runs);
    let Some(indices) = &sobol.indices else {
        return paragraph(&format!(
            "All at once: not known, since {} of {runs} runs have no {metric}; the first: {}. A longer `duration` or narrower \
             ranges may help.",
            sobol.missing, sobol.missing_at
        ));
    };
    let of_all = of_all(study, indices, runs);
    if indices.inputs.is_empty() {
        return paragraph(&format!("All at once: {metric} does not vary. {of_all}"));
    }
    let mut table = grid(&["all at once", "by itself", "with others"]);
    for (name, index) in sobol.inputs.iter().zip(&indices.inputs) {
        table.add_row([name.clone(), share(index.first), share(index.total)]);
    }
    let legend = format!(
        "shares of the variance of a run (Sobol's indices): what an input makes by itself, and all that it takes part in; \
         replication: what a run draws; tie order: in which order it takes simultaneous events. {of_all}"
    );
    format!("{}\n{}", table.trim_fmt(), paragraph(&legend))
}

fn of_all(study: &Study, indices: &Indices, runs: usize) -> String {
    let deviation = Mean { mean: indices.variance.sqrt(), half_width: None };
    format!(
        "{runs} runs, {} scramblings of {} samples: mean {}, standard deviation {}.",
        study.layout.scramblings,
        study.layout.samples,
        value(&study.metric, indices.mean),
        in_words(&study.metric, deviation),
    )
}

/// A share with half of its interval, or plainly nothing.
fn share(of: Estimate) -> String {
    match (of.mean, of.half_width.unwrap_or(0.0)) {
        (0.0, 0.0) => "0".to_owned(),
        (mean, half) => format!("{mean:.3}±{half:.3}").replace("-0.000±", "0.000±"),
    }
}

fn order(study: &Study, ties: &Ties) -> String {
    let (metric, runs) = (&study.metric, ties.runs);
    let title = "Order of simultaneous events";
    if ties.none_matters {
        return format!(
            "{title}: in none of {runs} runs in random orders did it change anything, so exactly 0 % of the variance comes \
             from it."
        );
    }
    let Some(of) = ties.components else {
        return format!("{title}: not known, since not all of {runs} runs have {metric}.");
    };
    let share = match of.share_within.zip(of.interval) {
        None => format!("{title}: it changed runs, but {metric} does not vary in any of {runs}."),
        Some((share, (low, high))) => format!(
            "{title}: with all values as they are, {} of the variance of a run come from it ({} to {}), the rest from what \
             replications draw; {runs} runs.",
            percent(share),
            percent(low),
            percent(high)
        ),
    };
    let rule = ties.rule.map(|rule| {
        format!(
            " Random orders change {metric} by {} against that of threads' numbers (p = {}).",
            value(metric, rule.estimate),
            p_in_words(rule.p)
        )
    });
    let draws = match study.plan.points[0].experiment.machine {
        MachineSpec::Linux(_) => {
            " Another order also deals anew what the machine draws from there on."
        }
        MachineSpec::Ideal(_) => "",
    };
    share + &rule.unwrap_or_default() + draws
}

fn percent(share: f64) -> String {
    match 100.0 * share {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => "< 0.1 %".to_owned(),
        percent if percent < 10.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}
