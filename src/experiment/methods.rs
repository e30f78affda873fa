//! What a paper has to say about an experiment, written from its results: the items of the STRESS guidelines for
//! discrete-event simulation (Monks et al. 2019, Journal of Simulation 13:1) that are known, and a citation.
//!
//! What only the author knows is left as a line in italics.

use std::fmt::Write as _;

use gilsim_policies::PolicySpec;
use indexmap::{IndexMap, IndexSet};

use super::output_analysis::WarmUp;
use super::reproduce::Recorded;
use super::spec::ExperimentSpec;
use crate::machine::MachineSpec;
use crate::workload::{Arrivals, Group, Serves};

/// How the program wants to be cited.
const CITATION: &str = include_str!("../../CITATION.cff");

/// A BibTeX entry for the program.
#[must_use]
pub fn bibtex() -> String {
    let value = |key: &str| {
        let line =
            CITATION.lines().find_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(key));
        line.map(|value| value.trim().trim_matches('"')).unwrap_or_default()
    };
    let (title, author, version) = (value("title:"), value("name:"), value("version:"));
    let commit = super::manifest::commit();
    let commit = commit.map_or_else(String::new, |commit| format!(", commit {commit}"));
    // Braces keep the capitals of names, and an author in two keeps its words together.
    format!(
        "@software{{gilsim,\n  title = {{{{{title}}}}},\n  author = {{{{{author}}}}},\n  version = {{{version}}},\n  note = {{Licence: {}{commit}}}\n}}\n",
        value("license:")
    )
}

/// The appendix in Markdown.
#[must_use]
pub fn methods(recorded: &Recorded) -> String {
    let mut text = format!(
        "# Methods: {}\n\nAfter the STRESS guidelines for discrete-event simulation (Monks et al. 2019).\n",
        recorded.manifest.name
    );
    let name = &recorded.manifest.name;
    let _ = write!(text, "{}", objectives(recorded));
    let _ = write!(text, "{}", logic(recorded));
    let _ = write!(
        text,
        "\n## 3 Data\n\n- **3.1 Sources**: {}\n- **3.2 Preparation**: *to be filled in by the author*\n\
         - **3.3 Input parameters**: every value stands in the configuration at the end.\n\
         - **3.4 Assumptions**: threads keep their programs whatever the policy; all policies meet the same draws.\n",
        sources(recorded)
    );
    let _ = write!(text, "{}", experimentation(recorded));
    let _ = write!(text, "{}", implementation(recorded));
    let config = recorded.manifest.config.trim_end();
    let _ = write!(
        text,
        "\n## Configuration\n\nAn experiment file of gilsim that gives these results; the SHA-256 of what decides them, without \
         prose and with all input files, is `{}`.\n\n\
         ```toml\n# {name}.toml\n{config}\n```\n\n## Citation\n\n```bibtex\n{}```\n",
        recorded.manifest.identity.hash,
        bibtex()
    );
    text
}

/// What differs between points, each once.
fn distinct(recorded: &Recorded, of: impl Fn(&ExperimentSpec) -> String) -> Vec<String> {
    let points = recorded.plan.points.iter();
    let all: IndexSet<_> = points.map(|point| of(&point.experiment)).collect();
    all.into_iter().filter(|text| !text.is_empty()).collect()
}

fn objectives(recorded: &Recorded) -> String {
    let or_author = |texts: Vec<String>| match &texts[..] {
        [] => "*to be filled in by the author*".to_owned(),
        texts => texts.join(" "),
    };
    let question = or_author(distinct(recorded, |experiment| experiment.question.clone()));
    let expected = or_author(distinct(recorded, |experiment| experiment.expect.clone()));
    let outputs = distinct(recorded, |experiment| {
        let focus = experiment.focus.clone().unwrap_or_default();
        format!("`{}`; operations and latency are those of group `{focus}`", experiment.metric)
    });
    format!(
        "\n## 1 Objectives\n\n- **1.1 Purpose**: {question}\n- **1.2 Outputs**: {}\n- **1.3 Aims**: expected: {expected}\n",
        outputs.join("; ")
    )
}

/// A value as in an experiment file, in a line.
fn inline(value: &impl serde::Serialize) -> String {
    toml::Value::try_from(value).map_or_else(|_| String::new(), |value| value.to_string())
}

fn logic(recorded: &Recorded) -> String {
    let mut policies: IndexMap<&str, &PolicySpec> = IndexMap::new();
    let mut architectures = IndexSet::new();
    for run in &recorded.plan.runs {
        policies.insert(&run.policy, &run.policy_spec);
        architectures.extend(
            run.architecture
                .map(|spec| format!("{}: {}; `{}`", spec.name(), spec.summary(), inline(&spec))),
        );
    }
    let mut text = "\n## 2 Logic\n\n- **2.1 Overview**: threads of a program compete for a global lock under a policy, \
                    on a machine with cores.\n- **2.2 Base model**:\n"
        .to_owned();
    for machine in distinct(recorded, |experiment| inline(&experiment.machine)) {
        let _ = writeln!(text, "  - machine: `{machine}`");
    }
    if architectures.is_empty() {
        text.push_str("  - architecture: threads that exist from the start\n");
    }
    for architecture in &architectures {
        let _ = writeln!(text, "  - architecture {architecture}");
    }
    let _ = writeln!(text, "- **2.3 Scenarios**: {}", scenarios(recorded));
    text.push_str("- **2.4 Algorithms**: the rules of the lock, with all parameters:\n");
    for (name, spec) in policies {
        let _ = writeln!(text, "  - {name}: {}; `{}`", spec.summary(), inline(spec));
    }
    let _ = write!(text, "- **2.5 Components**\n  - 2.5.1 Entities: {}\n", groups(recorded));
    text.push_str(
        "  - 2.5.2 Activities: the steps of each group's program, in the configuration\n  \
         - 2.5.3 Resources: the lock, the cores, the locks of objects\n  - 2.5.4 Queues: waiters for the lock are told \
         as its policy says; ",
    );
    for taken in requests(recorded) {
        let _ = write!(text, "{taken}; ");
    }
    text.push_str("threads without a core queue ");
    let queues = distinct(recorded, |experiment| {
        let queue = match &experiment.machine {
            MachineSpec::Ideal(_) => "first come, first served",
            MachineSpec::Linux(_) => "in each core's run queue, by virtual deadline (EEVDF)",
        };
        queue.to_owned()
    });
    let _ = writeln!(text, "{}", queues.join(", or "));
    text.push_str("  - 2.5.5 Entry and exit: threads begin at their group's `start` and end after `iterations` or at `stop`, or with the run\n");
    text
}

/// Who takes the requests to each group.
fn requests(recorded: &Recorded) -> IndexSet<String> {
    let groups = recorded.plan.points.iter().flat_map(|point| &point.workload.groups);
    let taken = |group: &Group| {
        let Arrivals::Open { polls, .. } = group.arrivals else { return None };
        let by = match polls {
            None => "the idle thread with the lowest number takes one",
            Some(Serves::One) => "a thread takes one each time that it looks",
            Some(Serves::Waiting) => "a thread takes those that wait when it looks",
            Some(Serves::UntilEmpty) => "a thread that looks takes them until none waits",
        };
        Some(format!(
            "requests to group `{}` queue, first come, first served, and {by}",
            group.name
        ))
    };
    groups.filter_map(taken).collect()
}

fn scenarios(recorded: &Recorded) -> String {
    let points = &recorded.plan.points;
    let cases: IndexSet<_> = points.iter().filter_map(|point| point.case.as_deref()).collect();
    let swept: IndexSet<_> =
        points.iter().flat_map(|point| &point.swept).map(|(path, _)| path.as_str()).collect();
    let mut parts = vec![match points.len() {
        1 => "1 point".to_owned(),
        points => format!("{points} points"),
    }];
    if !cases.is_empty() {
        parts.push(format!("cases: {}", cases.into_iter().collect::<Vec<_>>().join(", ")));
    }
    if !swept.is_empty() {
        let swept: Vec<_> = swept.iter().map(|path| format!("`{path}`")).collect();
        parts.push(format!("varied: {}", swept.join(", ")));
    }
    let policies: IndexSet<_> = recorded.plan.runs.iter().map(|run| run.policy.as_str()).collect();
    let policies: Vec<_> = policies.into_iter().collect();
    format!("{}; each under {}", parts.join("; "), policies.join(", "))
}

fn groups(recorded: &Recorded) -> String {
    let mut groups = IndexMap::<&str, IndexSet<u32>>::new();
    for group in recorded.plan.points.iter().flat_map(|point| &point.workload.groups) {
        groups.entry(&group.name).or_default().insert(group.threads);
    }
    let group = |(name, threads): (&str, IndexSet<u32>)| {
        let threads: Vec<_> = threads.iter().map(u32::to_string).collect();
        format!("threads of group `{name}` ({})", threads.join(", "))
    };
    groups.into_iter().map(group).collect::<Vec<_>>().join("; ")
}

fn sources(recorded: &Recorded) -> String {
    let inputs = &recorded.manifest.inputs;
    if inputs.is_empty() {
        return "no measured data; laws and constants are in the configuration".to_owned();
    }
    let file = |input: &super::manifest::Input| {
        format!("`{}` (SHA-256 `{}`)", input.file.display(), input.sha256)
    };
    inputs.iter().map(file).collect::<Vec<_>>().join("; ")
}

fn experimentation(recorded: &Recorded) -> String {
    let lengths = distinct(recorded, |experiment| experiment.duration.to_string());
    let replications = distinct(recorded, |experiment| match experiment.replications {
        1 => "1 replication".to_owned(),
        replications => format!("{replications} replications"),
    });
    let runs = recorded.runs.len();
    let one_run =
        recorded.plan.points.iter().any(|point| point.experiment.analysis.is_of_one_run());
    let batches = if one_run {
        ". Intervals of one long run: by 10 to 30 batches of operations, as many as are independent by von Neumann's test"
    } else {
        ""
    };
    let warm_up = distinct(recorded, |experiment| {
        match experiment.analysis.warm_up() {
        None => "statistics are about whole runs (terminating)".to_owned(),
        Some(WarmUp::Fixed(span)) => format!("statistics leave out the first {span} (steady state)"),
        Some(WarmUp::Mser5) => {
            "statistics leave out a warm-up found by MSER-5 in the latencies of the first replications, one for all series \
             of a point (steady state)"
                .to_owned()
        }
    }
    });
    format!(
        "\n## 4 Experimentation\n\n- **4.1 Initialisation**: nobody holds the lock, all queues are empty; {}.\n- **4.2 Run length**: at most {} of simulated time.\n- **4.3 Estimation**: {} of each point \
         and policy, {runs} runs in all; independent between replications, the same draws for all policies in one \
         (common random numbers){batches}.\n",
        warm_up.join(" or "),
        lengths.join(" or "),
        replications.join(" or "),
    )
}

fn implementation(recorded: &Recorded) -> String {
    let manifest = &recorded.manifest;
    let commit =
        manifest.commit.as_ref().map_or_else(String::new, |commit| format!(", commit {commit}"));
    let took = manifest.ended_unix_s.saturating_sub(manifest.started_unix_s);
    let or_unknown =
        |text: &str| if text.is_empty() { "not recorded".to_owned() } else { text.to_owned() };
    format!(
        "\n## 5 Implementation\n\n- **5.1 Software**: gilsim {}{commit}, in Rust, built for {}.\n- **5.2 Random \
         sampling**: {}; master seed {}.\n- **5.3 Execution**: event scheduling in integer nanoseconds; at one instant: \
         {}. Each run has a fingerprint ({}); results do not depend on the number of workers.\n- **5.4 System**: \
         {took} s from the first run to the last table, on *hardware, to be filled in by the author*.\n\n## 6 Code \
         access\n\n- **6.1**: *where the code, this configuration and the results are, to be filled in by the \
         author*; `gilsim reproduce` does all runs again and compares them.\n",
        manifest.identity.version,
        or_unknown(&manifest.target),
        or_unknown(&manifest.streams),
        manifest.seed,
        or_unknown(&manifest.ties),
        or_unknown(&manifest.fingerprint),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_citation_is_filled_in() {
        let entry = bibtex();
        let title =
            "title = {{gilsim: a simulator of policies that schedule threads on a global lock}}";
        for line in
            [title, "author = {{The gilsim developers}}", "version = {0.1.0}", "Licence: MIT"]
        {
            assert!(entry.contains(line), "{line} is not in\n{entry}");
        }
        assert_eq!(entry.matches('{').count(), entry.matches('}').count());
    }
}
