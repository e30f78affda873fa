//! What of a run its statistics are about, as an experiment declares it.
//!
//! A *terminating* simulation asks about everything from the begin to the end. A *steady-state* one asks about what goes on
//! and on: what comes before, the warm-up, is left out of the statistics. The simulation is the same.
//!
//! A. M. Law, "Simulation Modeling and Analysis", 5th ed., 2015, chapter 9.

use gilsim_policies::Span;
use serde::{Deserialize, Serialize};

use super::error::Error;

/// What the statistics are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutputAnalysis {
    /// Each run from its begin to its end.
    #[default]
    Terminating,
    /// Each run after its warm-up; replications are independent.
    SteadyState {
        /// What is left out.
        #[serde(default)]
        warm_up: WarmUp,
    },
    /// One long run after its warm-up, cut into batches that are about independent.
    BatchMeans {
        /// What is left out.
        #[serde(default)]
        warm_up: WarmUp,
    },
}

/// How much of the begin is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WarmUp {
    /// This much.
    Fixed(Span),
    /// What MSER-5 finds in the latencies of the first replications; the same for all series of a point.
    #[default]
    Mser5,
}

impl OutputAnalysis {
    /// What is left out; `None` if nothing is.
    #[must_use]
    pub const fn warm_up(self) -> Option<WarmUp> {
        match self {
            Self::Terminating => None,
            Self::SteadyState { warm_up } | Self::BatchMeans { warm_up } => Some(warm_up),
        }
    }

    /// Whether it is about one long run, without replications.
    #[must_use]
    pub const fn is_of_one_run(self) -> bool {
        matches!(self, Self::BatchMeans { .. })
    }

    pub(super) const fn is_terminating(&self) -> bool {
        matches!(self, Self::Terminating)
    }
}

/// Refuses results of which a part is one long run, where replications are compared. `config` is their configuration.
///
/// # Errors
/// There are such results.
pub fn needs_replications(config: &str) -> Result<(), Error> {
    let Ok(config) = config.parse::<toml::Table>() else { return Ok(()) };
    let is_one_run = |table: &toml::Table| {
        table.get("analysis").is_some_and(|of| of.get("batch_means").is_some())
    };
    let cases = config.get("cases").and_then(toml::Value::as_table);
    let case =
        cases.into_iter().flatten().find(|(_, case)| case.as_table().is_some_and(is_one_run));
    let whose = match case {
        Some((name, _)) => format!("case \"{name}\" is"),
        None if is_one_run(&config) => "these are results of".to_owned(),
        None => return Ok(()),
    };
    Err(Error::Usage(format!(
        "{whose} one long run (`batch_means`), without replications to compare; `gilsim estimate` has its intervals, \
         and for comparisons run several with `analysis = {{ steady_state = {{}} }}`"
    )))
}

impl TryFrom<String> for WarmUp {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "mser-5" {
            return Ok(Self::Mser5);
        }
        let span = text.parse().map(Self::Fixed);
        span.map_err(|error| format!("a warm-up is a time, or \"mser-5\": {error}"))
    }
}

impl From<WarmUp> for String {
    fn from(warm_up: WarmUp) -> Self {
        match warm_up {
            WarmUp::Fixed(span) => span.to_string(),
            WarmUp::Mser5 => "mser-5".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct File {
            analysis: OutputAnalysis,
        }
        for (text, analysis) in [
            ("analysis = \"terminating\"\n", OutputAnalysis::Terminating),
            (
                "[analysis.steady_state]\nwarm_up = \"200ms\"\n",
                OutputAnalysis::SteadyState { warm_up: WarmUp::Fixed(Span::from_ms(200)) },
            ),
            (
                "[analysis.batch_means]\nwarm_up = \"mser-5\"\n",
                OutputAnalysis::BatchMeans { warm_up: WarmUp::Mser5 },
            ),
        ] {
            let file: File = toml::from_str(text).unwrap();
            assert_eq!(file.analysis, analysis);
            assert_eq!(toml::to_string(&file).unwrap(), text);
        }
        let default: File = toml::from_str("analysis = { steady_state = {} }").unwrap();
        assert_eq!(default.analysis.warm_up(), Some(WarmUp::Mser5));
        let error = toml::from_str::<File>("analysis = { steady_state = { warm_up = \"mser\" } }");
        assert!(error.unwrap_err().to_string().contains("or \"mser-5\""));
    }
}
