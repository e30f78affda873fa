//! From what came of an analysis's runs to numbers.

use super::Study;
use crate::analysis::estimate::{CONFIDENCE, known};
use crate::statistics::Estimate;
use crate::statistics::family::holm;
use crate::statistics::paired::{Difference, difference};
use crate::statistics::sobol::{Indices, indices};
use crate::statistics::variance::{Components, components, mean};
use crate::trace::tables::{Ending, RunRow};

/// What an analysis says.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The metric as the experiment is; `None` if it exists in no replication.
    pub as_it_is: Option<Estimate>,
    /// Each value at both ends of its range, if that was asked for.
    pub one_at_a_time: Vec<Effect>,
    /// Where the variance comes from if everything varies at once, if that was asked for.
    pub sobol: Option<Sobol>,
    /// What the order of simultaneous events does, if that was asked for.
    pub ties: Option<Ties>,
    /// How many runs ended in a deadlock.
    pub deadlocks: usize,
}

/// A value at one end of its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Which of the values that are varied.
    pub parameter: usize,
    /// What it is here, as a file writes it.
    pub value: String,
    /// The metric here; `None` if it exists in no replication.
    pub metric: Option<Estimate>,
    /// The metric here less the metric as the experiment is, by pairs of runs with the same random numbers.
    pub change: Option<Difference>,
    /// How likely such a change would be if there were none, corrected for the number of changes.
    pub p: f64,
}

/// Where the variance of a run comes from if everything varies at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Sobol {
    /// The names of the inputs: the values that are varied, and after them [`REPLICATION`] and [`TIE_ORDER`].
    pub inputs: Vec<String>,
    /// The indices; `None` if the metric does not exist in some runs.
    pub indices: Option<Indices>,
    /// In how many runs it does not.
    pub missing: usize,
    /// The values in the first of them; empty if there is none.
    pub missing_at: String,
    /// How many runs there are.
    pub runs: usize,
}

/// What the input is called that decides what a run draws.
pub const REPLICATION: &str = "replication";
/// What the input is called that decides in which order simultaneous events are taken.
pub const TIE_ORDER: &str = "tie order";

/// What the order of simultaneous events does to the experiment as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Ties {
    /// The variance of a run, taken apart: between replications, and within them, which is by the order alone. `None` if the
    /// metric does not exist in some runs.
    pub components: Option<Components>,
    /// Whether in every replication all orders came to the same, event for event.
    pub none_matters: bool,
    /// The mean over random orders less the metric in the order of threads' numbers, replication by replication.
    pub rule: Option<Difference>,
    /// How many runs in random orders there are.
    pub runs: usize,
}

/// What an analysis says, from its runs in their order.
#[must_use]
pub fn findings(study: &Study, runs: &[RunRow]) -> Findings {
    let Study { layout, metric, .. } = study;
    let values: Vec<_> = runs.iter().map(|run| known(run, metric)).collect();
    let as_it_is = layout.as_it_is(&values);
    let estimate = |values: &[Option<f64>]| {
        let values: Vec<_> = values.iter().flatten().copied().collect();
        Estimate::of_mean(&values, CONFIDENCE)
    };
    let change = |values: &[Option<f64>]| {
        let pairs = as_it_is.iter().zip(values);
        let pairs: Vec<_> =
            pairs.filter_map(|(before, after)| Some(((*before)?, (*after)?))).collect();
        difference(&pairs, CONFIDENCE)
    };
    let settings = layout.ends.iter().zip(layout.one_at_a_time(&values));
    let effect = |((parameter, value), values): (&(usize, String), _)| Effect {
        parameter: *parameter,
        value: value.clone(),
        metric: estimate(values),
        change: change(values),
        p: f64::NAN,
    };
    let mut one_at_a_time: Vec<_> = settings.map(effect).collect();
    let p = |effect: &Effect| effect.change.map(|change| change.p);
    let corrected = holm(&one_at_a_time.iter().filter_map(p).collect::<Vec<_>>());
    let changes = one_at_a_time.iter_mut().filter(|effect| effect.change.is_some());
    changes.zip(corrected).for_each(|(effect, p)| effect.p = p);
    Findings {
        as_it_is: estimate(as_it_is),
        one_at_a_time,
        sobol: (layout.scramblings > 0).then(|| sobol(study, runs, &values)),
        ties: (layout.tie_orders > 0).then(|| ties(study, runs, &values)),
        deadlocks: runs.iter().filter(|run| run.ending == Ending::Deadlock).count(),
    }
}

fn sobol(study: &Study, runs: &[RunRow], values: &[Option<f64>]) -> Sobol {
    let (runs, values) = (study.layout.sobol(runs), study.layout.sobol(values));
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let missing = values.len() - known.len();
    let whole = || indices(&study.layout.blocks(&known), CONFIDENCE);
    let named = study.parameters.iter().map(|parameter| parameter.name.as_str());
    let inputs: Vec<_> = named.chain([REPLICATION, TIE_ORDER]).map(str::to_owned).collect();
    let first = runs.iter().zip(values).find(|(_, value)| value.is_none());
    Sobol {
        inputs,
        indices: if missing == 0 { whole() } else { None },
        missing,
        missing_at: first.map_or_else(String::new, |(run, _)| run.point.clone()),
        runs: values.len(),
    }
}

fn ties(study: &Study, runs: &[RunRow], values: &[Option<f64>]) -> Ties {
    let layout = &study.layout;
    let groups: Option<Vec<Vec<f64>>> =
        layout.ties(values).map(|group| group.iter().copied().collect()).collect();
    let pairs = groups.as_ref().and_then(|groups| {
        let pairs = layout.as_it_is(values).iter().zip(groups);
        pairs.map(|(rule, group)| Some(((*rule)?, mean(group)))).collect::<Option<Vec<_>>>()
    });
    // The runs in the order of the rule are of the same replications.
    let same = |(rule, group): (&RunRow, &[RunRow])| {
        group.iter().all(|run| run.fingerprint == rule.fingerprint)
    };
    Ties {
        components: groups.and_then(|groups| components(&groups, CONFIDENCE)),
        none_matters: layout.as_it_is(runs).iter().zip(layout.ties(runs)).all(same),
        rule: pairs.and_then(|pairs| difference(&pairs, CONFIDENCE)),
        runs: layout.replications * layout.tie_orders,
    }
}
