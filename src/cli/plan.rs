//! `gilsim plan`: what an experiment would do.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{Format, json_text};
use crate::experiment::deadlock::warnings;
use crate::experiment::{Error, Plan};

#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The experiment file.
    pub file: PathBuf,
    /// Replace a value of the file, as in duration=5ms; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

pub fn plan(args: &PlanArgs) -> Result<String, Error> {
    let plan = Plan::load(&args.file, &args.overrides)?;
    Ok(match args.format {
        Format::Json => {
            let runs: Vec<_> = plan
                .runs
                .iter()
                .map(|run| {
                    json!({
                        "run": run.index,
                        "case": run.point.case,
                        "point": run.point.label,
                        "swept": run.point.swept.iter().cloned().collect::<toml::Table>(),
                        "policy": run.policy,
                        "architecture": run.architecture_kind(),
                        "replication": run.replication,
                    })
                })
                .collect();
            json_text(&json!({
                "experiment": plan.name,
                "config_sha256": plan.hash,
                "config": plan.resolved,
                "warnings": warnings(&plan),
                "runs": runs,
            }))
        }
        Format::Table => plan_table(&plan),
    })
}

fn plan_table(plan: &Plan) -> String {
    let mut grid = comfy_table::Table::new();
    let width = grid.width().unwrap_or(80);
    grid.load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(["case", "point", "policies", "replications", "runs", "duration"]);
    for runs in plan.runs.chunk_by(|one, next| Arc::ptr_eq(&one.point, &next.point)) {
        let point = &runs[0].point;
        let replications = point.experiment.replications;
        grid.add_row([
            point.case.clone().unwrap_or_else(|| "-".to_owned()),
            if point.label.is_empty() { "-".to_owned() } else { point.label.clone() },
            (runs.len() / replications as usize).to_string(),
            replications.to_string(),
            runs.len().to_string(),
            point.experiment.duration.to_string(),
        ]);
    }
    let mut names: Vec<&str> = plan.runs.iter().map(|run| run.policy.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut text = format!(
        "{}\n\n{}: {} runs; policies: {}\n",
        grid.trim_fmt(),
        plan.name,
        plan.runs.len(),
        names.join("; ")
    );
    for warning in warnings(plan) {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}
