//! `gilsim claims`: whether results show what a file claims.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{Format, grid, json_text};
use crate::analysis::Results;
use crate::experiment::Error;
use crate::experiment::claims::{Checked, Verdict, check};
use crate::experiment::output_analysis::needs_replications;
use crate::experiment::report::{Mean, in_words};

/// Returned if a claim fails.
const FAIL: u8 = 3;
/// Returned if none fails and one is inconclusive.
const INCONCLUSIVE: u8 = 4;

#[derive(Debug, Args)]
pub struct ClaimsArgs {
    /// The file of claims.
    claims: PathBuf,
    /// The directory of the results.
    results: PathBuf,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn claims(args: &ClaimsArgs) -> Result<(String, ExitCode), Error> {
    let results = Results::open(&args.results).map_err(|error| Error::Text(error.to_string()))?;
    needs_replications(results.metadata("gilsim.config").unwrap_or_default())?;
    let checked = check(&args.claims, results.runs())?;
    let code = match checked.iter().map(|claim| claim.verdict).max() {
        Some(Verdict::Fail) => ExitCode::from(FAIL),
        Some(Verdict::Inconclusive) => ExitCode::from(INCONCLUSIVE),
        Some(Verdict::Pass) | None => ExitCode::SUCCESS,
    };
    let text = match args.format {
        Format::Json => json_text(&json!({ "claims": checked })),
        Format::Table => table(&checked),
    };
    Ok((text, code))
}

fn table(checked: &[Checked]) -> String {
    let mut grid = grid(&["claim", "verdict", "above the limit by"]);
    for claim in checked {
        let half_width = claim.high.map(|high| high - claim.excess);
        let excess = in_words(&claim.metric, Mean { mean: claim.excess, half_width });
        grid.add_row([claim.name.clone(), claim.verdict.name().to_owned(), excess]);
    }
    let count = |verdict| checked.iter().filter(|claim| claim.verdict == verdict).count();
    format!(
        "{}\n\n{} claims: {} pass, {} fail, {} inconclusive; the intervals hold together\n",
        grid.trim_fmt(),
        checked.len(),
        count(Verdict::Pass),
        count(Verdict::Fail),
        count(Verdict::Inconclusive)
    )
}
