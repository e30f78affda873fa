//! `gilsim diff`: where two results part, and why.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{Format, json_text};
use crate::experiment::Error;
use crate::experiment::difference::{Difference, difference, matched};
use crate::experiment::reproduce::Recorded;
use crate::trace::tables::RunRow;

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The directory of the first results.
    first: PathBuf,
    /// The directory of the second; the first again if not given.
    #[arg(required_unless_present = "runs")]
    second: Option<PathBuf>,
    /// Compare run I of the first with run J of the second, whatever they are called.
    #[arg(long, num_args = 2, value_names = ["I", "J"])]
    runs: Option<Vec<u32>>,
    /// The folder that the experiments' files are relative to; where they were if not given.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn diff(args: &DiffArgs) -> Result<(String, ExitCode), Error> {
    let open = |dir| Recorded::open(dir, args.files.as_deref());
    let first = open(&args.first)?;
    let second = open(args.second.as_ref().unwrap_or(&args.first))?;
    let (pair, summary, alike) = match args.runs.as_deref() {
        Some(&[one, other]) => {
            let (one, other) = (row(&first, one)?, row(&second, other)?);
            let same = one.fingerprint == other.fingerprint;
            let is = if same { "the same fingerprint" } else { "different fingerprints" };
            let summary = format!("runs {} and {} have {is}", one.run, other.run);
            ((!same).then_some((one, other)), summary, same)
        }
        _ => {
            let matched = matched(&first, &second)?;
            let differ: Vec<_> = matched
                .pairs
                .iter()
                .copied()
                .filter(|(one, other)| one.fingerprint != other.fingerprint)
                .collect();
            let mut summary =
                format!("{} of {} runs in both differ", differ.len(), matched.pairs.len());
            let (one, other) = (matched.only_first, matched.only_second);
            if one + other > 0 {
                let _ =
                    write!(summary, "; {one} are only in the first, {other} only in the second");
            }
            let alike = differ.is_empty() && one + other == 0;
            (differ.first().copied(), summary, alike)
        }
    };
    let code = if alike { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let found = pair.map(|pair| explain(&first, &second, pair)).transpose()?;
    let notes = notes(&first, &second);
    Ok((answer(args.format, &summary, pair, found.as_ref(), &notes), code))
}

/// A run of a table by its number.
fn row(recorded: &Recorded, number: u32) -> Result<&RunRow, Error> {
    recorded.runs.iter().find(|row| row.run == number).ok_or_else(|| {
        let last = recorded.runs.iter().map(|row| row.run).max().unwrap_or(0);
        let path = recorded.dir.join("runs.parquet");
        Error::file(&path, format!("has no run {number}; the last is {last}"))
    })
}

fn explain(
    first: &Recorded,
    second: &Recorded,
    pair: (&RunRow, &RunRow),
) -> Result<Difference, Error> {
    let planned = |recorded: &Recorded, row: &RunRow| {
        recorded.planned(row).ok_or_else(|| {
            let message = format!("run {} is none of the configuration's", row.run);
            Error::file(&recorded.dir.join("runs.parquet"), message)
        })
    };
    Ok(difference(&planned(first, pair.0)?, &planned(second, pair.1)?))
}

/// What may explain a difference beside the settings.
fn notes(first: &Recorded, second: &Recorded) -> Vec<String> {
    let sides = [("the first", first), ("the second", second)];
    let note = |(which, recorded): (&str, &Recorded)| {
        let remarks = recorded.remarks().into_iter();
        remarks.map(|remark| format!("{which}: {remark}")).collect::<Vec<_>>()
    };
    sides.into_iter().flat_map(note).collect()
}

fn answer(
    format: Format,
    summary: &str,
    pair: Option<(&RunRow, &RunRow)>,
    found: Option<&Difference>,
    notes: &[String],
) -> String {
    let name = |row: &RunRow| {
        let parts =
            [&row.case, &row.point, &row.policy].into_iter().filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.cloned().collect();
        format!("run {} ({}, replication {})", row.run, parts.join(", "), row.replication)
    };
    if let Format::Json = format {
        return json_text(&json!({
            "summary": summary,
            "runs": pair.map(|(one, other)| [one, other].map(|row| json!({
                "run": row.run,
                "case": row.case,
                "point": row.point,
                "policy": row.policy,
                "replication": row.replication,
                "fingerprint": row.fingerprint,
            }))),
            "difference": found,
            "notes": notes,
        }));
    }
    let mut text = format!("{summary}\n");
    if let (Some((one, other)), Some(found)) = (pair, found) {
        let _ = writeln!(text, "\nfirst:  {}\nsecond: {}\n", name(one), name(other));
        render(&mut text, found);
    }
    for note in notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn render(text: &mut String, found: &Difference) {
    let ended = || "the run has ended".to_owned();
    match found.at_ns {
        Some(_) => {
            let same = found.same_events;
            let _ = writeln!(text, "They part after {same} equal events; the last of those:");
            for event in &found.before {
                let _ = writeln!(text, "  {event}");
            }
            let (one, other) = found.events.clone();
            let _ = writeln!(text, "Then comes\n  first:  {}", one.unwrap_or_else(ended));
            let _ = writeln!(text, "  second: {}", other.unwrap_or_else(ended));
        }
        None if found.fingerprints.0 == found.fingerprints.1 => {
            let _ = writeln!(
                text,
                "Done again with this program, both come out the same, with the fingerprint {}: another\n\
                 build wrote one of the tables, or one was changed. `gilsim reproduce` says which.",
                found.fingerprints.0
            );
        }
        None => {
            let _ =
                writeln!(text, "All {} events are equal; only totals differ.", found.same_events);
        }
    }
    if found.settings.is_empty() {
        let _ = writeln!(text, "No setting differs.");
        return;
    }
    let _ = writeln!(text, "Settings that differ:");
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    for (key, (one, other)) in &found.settings {
        let _ = writeln!(text, "  {key}: {} -> {}", value(one), value(other));
    }
}
