//! `gilsim verify`: the program checks itself against closed forms.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{Format, bar, grid, json_text};
use crate::experiment::Error;
use crate::sim;
use crate::verification::{ALPHA, Check, REPLICATIONS, Verification, count, verify as verify_all};

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// What all random numbers come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often each system is simulated.
    #[arg(long, default_value_t = REPLICATIONS, value_parser = clap::value_parser!(u32).range(2..))]
    replications: u32,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

pub fn verify(args: &VerifyArgs) -> Result<(String, ExitCode), Error> {
    let bar = bar(count() as u64, args.quiet);
    let run = |spec: &sim::RunSpec<'_>, sink: &mut _| sim::run(spec, sink);
    let found = verify_all(args.seed, args.replications, &run, &|| bar.inc(1));
    bar.finish_and_clear();
    let code = if found.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let text = match args.format {
        Format::Json => {
            let together = found.together.map(
                |all| json!({ "chi_square": all.chi_square, "freedom": all.freedom, "p": all.p }),
            );
            json_text(&json!({
                "passes": found.passes(),
                "alpha": ALPHA,
                "replications": args.replications,
                "checks": found.checks,
                "together": together,
            }))
        }
        Format::Table => table(&found, args.replications),
    };
    Ok((text, code))
}

fn table(found: &Verification, replications: u32) -> String {
    let mut grid = grid(&["system", "exact", "simulated", "z", "p", ""]);
    let mut above = "";
    for check in &found.checks {
        if above != check.system {
            above = &check.system;
            grid.add_row([above]);
        }
        grid.add_row([
            format!("  {}", check.quantity),
            format!("{:.6}", check.exact),
            simulated(check),
            check.z.map_or_else(|| "-".to_owned(), |z| format!("{z:+.2}")),
            check.half_width.map_or_else(|| "-".to_owned(), |_| format!("{:.3}", check.p)),
            if check.passes() { "ok" } else { "FAILS" }.to_owned(),
        ]);
    }
    let failed = found.checks.iter().filter(|check| !check.passes()).count();
    let mut text = format!(
        "{}\n\n{} values, {replications} replications each; ± is half of the 95 % confidence interval, p is corrected for\n\
         all of them (Holm). {}\n",
        grid.trim_fmt(),
        found.checks.len(),
        match failed {
            0 => "All are as exact as chance allows.".to_owned(),
            failed => format!("{failed} are off by more than chance allows."),
        }
    );
    if let Some(all) = found.together {
        let verdict = if all.p < ALPHA / 2.0 {
            "too large: something is wrong"
        } else if all.p > 1.0 - ALPHA / 2.0 {
            "too small: intervals are wider than they should be"
        } else {
            "as it should be"
        };
        text += &format!(
            "One value of each system together: chi-square {:.1} with {} degrees of freedom, p = {:.3}, {verdict}.\n",
            all.chi_square, all.freedom, all.p
        );
    }
    text
}

fn simulated(check: &Check) -> String {
    match check.half_width {
        Some(half_width) => format!("{:.6}±{half_width:.6}", check.simulated),
        None => format!("{:.6}", check.simulated),
    }
}
