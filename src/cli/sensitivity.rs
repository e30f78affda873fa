//! `gilsim sensitivity`: how much a metric depends on values, on chance, and on the order of simultaneous events.

mod text;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::choose::{Chosen, first, named};
use super::run::{Work, carry_out};
use super::{Format, json_text};
use crate::analysis::estimate::CONFIDENCE;
use crate::experiment::sensitivity::findings::{Findings, findings};
use crate::experiment::sensitivity::{Choice, Method, Study};
use crate::experiment::{Error, Plan, Sources};
use crate::statistics::Estimate;
use crate::statistics::paired::Difference;

#[derive(Debug, Args)]
pub struct SensitivityArgs {
    #[command(flatten)]
    chosen: Chosen,
    /// The series, named as in figures; the first if not given.
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// One part of the analysis; all of them if not given.
    #[arg(long, value_enum)]
    method: Option<MethodName>,
    /// Points of each scrambling of Sobol's sequence, a power of two; as the file says, or 64, if not given.
    #[arg(long, value_name = "N")]
    samples: Option<u32>,
    #[command(flatten)]
    work: Work,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum MethodName {
    /// Each value at both ends of its range.
    OneAtATime,
    /// All values at once: Sobol's indices.
    Sobol,
    /// The order of simultaneous events.
    Ties,
}

pub fn sensitivity(args: &SensitivityArgs) -> Result<String, Error> {
    let mut overrides = args.chosen.overrides.clone();
    overrides.extend(args.samples.map(|samples| format!("sensitivity.samples={samples}")));
    let sources = Sources::read(&args.chosen.file, &overrides)?;
    let plan = Plan::from_sources(&sources)?;
    let mut runs = args.chosen.runs_of(&plan)?;
    if let Some(wanted) = &args.policy {
        runs = named("policy", wanted, runs, |run| run.policy.clone())?;
    }
    let series = first(&runs)?;
    let choice = Choice {
        case: series.point.case.clone(),
        point: series.point.label.clone(),
        policy: series.policy.clone(),
        method: args.method.map(|method| match method {
            MethodName::OneAtATime => Method::OneAtATime,
            MethodName::Sobol => Method::Sobol,
            MethodName::Ties => Method::Ties,
        }),
    };
    let study = Study::of(&sources, &choice)?;
    let (dir, finished) = carry_out(&study.plan, &args.work)?;
    let found = findings(&study, &finished.runs);
    Ok(match args.format {
        Format::Json => json_text(&json!({
            "experiment": plan.name,
            "choice": choice,
            "metric": study.metric,
            "confidence": CONFIDENCE,
            "config_sha256": study.plan.hash,
            "directory": dir,
            "runs": finished.runs.len(),
            "findings": as_json(&study, &found),
        })),
        Format::Table => {
            let mut text = text::render(&plan.name, &choice, &study, &found);
            for line in super::short_list(&finished.files, &dir) {
                text += &format!("{line}\n");
            }
            text
        }
    })
}

fn as_json(study: &Study, found: &Findings) -> Value {
    let effects = found.one_at_a_time.iter().map(|effect| {
        let parameter = &study.parameters[effect.parameter];
        json!({
            "parameter": parameter.name,
            "as_it_is": parameter.as_it_is,
            "value": effect.value,
            "metric": effect.metric.map(estimate),
            "change": effect.change.map(change),
            "p_holm": effect.p,
        })
    });
    let sobol = found.sobol.as_ref().map(|sobol| {
        let indices = sobol.indices.as_ref();
        let inputs = indices.into_iter().flat_map(|indices| &indices.inputs);
        let input = |(name, index): (&String, &crate::statistics::sobol::Index)| {
            json!({ "input": name, "first": estimate(index.first), "total": estimate(index.total) })
        };
        json!({
            "runs": sobol.runs,
            "without_metric": sobol.missing,
            "first_without": sobol.missing_at,
            "mean": indices.map(|indices| estimate(indices.mean)),
            "variance": indices.map(|indices| indices.variance),
            "inputs": sobol.inputs.iter().zip(inputs).map(input).collect::<Vec<_>>(),
        })
    });
    let ties = found.ties.as_ref().map(|ties| {
        json!({
            "runs": ties.runs,
            "none_matters": ties.none_matters,
            "variance_of_replications": ties.components.map(|of| of.between),
            "variance_of_ties": ties.components.map(|of| of.within),
            "share_of_ties": ties.components.map(|of| of.share_within),
            "interval": ties.components.map(|of| of.interval),
            "random_less_rule": ties.rule.map(change),
        })
    });
    json!({
        "as_it_is": found.as_it_is.map(estimate),
        "one_at_a_time": effects.collect::<Vec<_>>(),
        "sobol": sobol,
        "ties": ties,
        "deadlocks": found.deadlocks,
    })
}

fn estimate(of: Estimate) -> Value {
    let (low, high) = of.interval();
    json!({ "mean": of.mean, "low": low, "high": high, "n": of.n })
}

fn change(of: Difference) -> Value {
    let mut value = estimate(of.estimate);
    value["p"] = of.p.into();
    value
}
