//! `gilsim policies` and `gilsim architectures`: what an experiment can choose from.

use std::fmt::Write as _;
use std::path::Path;

use gilsim_policies::PolicySpec;
use serde::Serialize;
use serde_json::json;

use super::{Format, json_text};
use crate::architecture::{ArchitectureSpec, Processes, SubInterpreters};
use crate::experiment::Error;

/// The parameters of architectures. One of a name means the same wherever it stands.
const PARAMETERS: [(&str, &str); 16] = [
    ("method", "how a process is started: fork, forkserver or spawn; sets launch and boot"),
    (
        "start_each",
        "what a process is started for: worker, for all passes of one, or pass, for each",
    ),
    ("workers", "how many, at least 1; one for each thread if not given"),
    ("start", "from one thread's start to the next"),
    ("launch", "from one worker's start to the next"),
    ("boot", "CPU time until a worker's first statement"),
    ("message_each", "CPU time to pass a message, however small"),
    ("message_per_mib", "the same for each mebibyte of it"),
    ("global_lock", "whether each interpreter has a lock; if not, it is as free_threaded"),
    ("slowdown", "how many times longer computing takes, from 0.01 to 100"),
    ("lock", "the locks of objects: a policy"),
    ("lock_reads", "whether looking at an object takes its lock"),
    ("counts", "what protects reference counts: none, atomic, biased, lock or immortal"),
    ("collector.threshold", "allocations until the collector of cycles runs, at least 1"),
    ("collector.pause", "how long it works"),
    (
        "check_spacing",
        "how far the check points are apart at which threads stop for the collector; not 0ns",
    ),
];

/// Texts begin in one column, but for names and defaults that are longer than this.
const WIDEST_NAME: usize = 32;

pub fn policies(format: Format) -> Result<String, Error> {
    let specs = PolicySpec::all();
    if let Format::Json = format {
        return Ok(json_text(&json!(specs)));
    }
    let mut text = String::new();
    for spec in specs {
        let help = spec.help().iter().copied();
        describe(&mut text, (spec.name(), spec.summary()), help, &spec)?;
    }
    Ok(text)
}

pub fn architectures(format: Format) -> Result<String, Error> {
    let specs = ArchitectureSpec::all();
    if let Format::Json = format {
        return Ok(json_text(&json!(specs)));
    }
    let mut text = String::new();
    for spec in specs {
        let all = parameters(spec.name(), &complete(spec))?;
        let help = PARAMETERS.into_iter().filter(|(name, _)| all.contains_key(*name));
        describe(&mut text, (spec.name(), spec.summary()), help, &spec)?;
    }
    Ok(text)
}

/// Gives the parameters some value that have no default of their own.
fn complete(spec: ArchitectureSpec) -> ArchitectureSpec {
    let workers = Some(1);
    match spec {
        ArchitectureSpec::Processes(given) => {
            let (launch, boot) = given.start_costs();
            let (launch, boot) = (Some(launch), Some(boot));
            ArchitectureSpec::Processes(Processes { workers, launch, boot, ..given })
        }
        ArchitectureSpec::Interpreters(given) => ArchitectureSpec::Interpreters(SubInterpreters {
            workers,
            slowdown: Some(1.0),
            ..given
        }),
        other => other,
    }
}

/// What it is, and each parameter with its default.
fn describe(
    text: &mut String,
    (kind, summary): (&str, &str),
    help: impl Iterator<Item = (&'static str, &'static str)>,
    spec: &impl Serialize,
) -> Result<(), Error> {
    let _ = writeln!(text, "{kind}: {summary}");
    let given = parameters(kind, spec)?;
    let with_default = |name: &str| match given.get(name) {
        Some(value) => format!("{name} = {value}"),
        None => name.to_owned(),
    };
    let lines: Vec<_> = help.map(|(name, help)| (with_default(name), help)).collect();
    let lengths = lines.iter().map(|(name, _)| name.len());
    let width = lengths.filter(|length| *length <= WIDEST_NAME).max().unwrap_or(0);
    for (name, help) in lines {
        let _ = writeln!(text, "    {name:<width$}  {help}");
    }
    Ok(())
}

/// The parameters of a kind; those of the collector one by one.
fn parameters(kind: &str, spec: &impl Serialize) -> Result<toml::Table, Error> {
    let mut table =
        toml::Table::try_from(spec).map_err(|error| Error::file(Path::new(kind), error))?;
    let Some(toml::Value::Table(mut parameters)) = table.remove(kind) else {
        return Ok(toml::Table::new());
    };
    if let Some(toml::Value::Table(inner)) = parameters.remove("collector") {
        let inner = inner.into_iter().map(|(key, value)| (format!("collector.{key}"), value));
        parameters.extend(inner);
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_listed() {
        let text = architectures(Format::Table).unwrap();
        for spec in ArchitectureSpec::all() {
            let section = text.split(&format!("{}: ", spec.name())).nth(1).unwrap();
            let section = section.split("\n    ").skip(1).map(|line| line.split(' ').next());
            let listed: Vec<_> = section.flatten().collect();
            // The reader knows them all.
            let asked = format!("{} = {{ nonsense = 1 }}", spec.name());
            let refused = toml::from_str::<ArchitectureSpec>(&asked).unwrap_err().to_string();
            let allowed = refused.split("expected ").nth(1).unwrap();
            for parameter in allowed.split('`').skip(1).step_by(2) {
                let names = |listed: &str| listed.split('.').next() == Some(parameter);
                let found = listed.iter().any(|listed| names(listed));
                assert!(found, "{parameter} of {}\n{text}", spec.name());
            }
        }
        assert!(text.contains("    slowdown = 1.08  "), "{text}");
        assert!(text.contains("    collector.pause = \"24us\" "), "{text}");
    }

    #[test]
    fn policies_are_listed_with_their_defaults() {
        let text = policies(Format::Table).unwrap();
        assert!(text.contains("timed_wait: ") && text.contains("    interval = \"5ms\""), "{text}");
    }
}
