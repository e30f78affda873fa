//! Which runs an analysis takes, in which order, and which of them is what.
//!
//! First the experiment as it is; then each value at both ends of its range; then random orders of simultaneous events; then, for
//! each sample of each scrambling, the first point, the second, and the first with one input of the second: a value, the
//! replication, or the tie order.

use super::{Method, Parameter, SensitivitySpec};
use crate::statistics::sobol::{Block, coordinates};
use crate::workload::StreamKey;

/// What each value is, as a file writes it; `None` as the file has it.
pub(super) type Values = Vec<Option<String>>;

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    /// The values.
    pub values: Values,
    /// Which random numbers it draws.
    pub replication: u32,
    /// In which order it takes simultaneous events.
    pub ties: Option<u32>,
}

/// How many runs of each kind there are; zero for parts that are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// How many values are varied.
    parameters: usize,
    /// How often the experiment is run as it is, and with each value at either end.
    pub replications: usize,
    /// Which values are varied one at a time, by their places, and to which end of their ranges: where they are not already.
    pub ends: Vec<(usize, String)>,
    /// In how many orders of simultaneous events each replication is run.
    pub tie_orders: usize,
    /// How many scramblings there are.
    pub scramblings: usize,
    /// How many points each of them has.
    pub samples: usize,
}

impl Layout {
    pub(super) fn new(
        method: Option<Method>,
        parameters: &[Parameter],
        replications: u32,
        spec: &SensitivitySpec,
    ) -> Self {
        let given = |part: Method, count: usize| {
            if method.is_none_or(|only| only == part) { count } else { 0 }
        };
        let ends = parameters.iter().enumerate().take(given(Method::OneAtATime, parameters.len()));
        let ends = ends.flat_map(|(place, parameter)| {
            let ends = [parameter.low(), parameter.high()].into_iter();
            ends.filter(|end| parameter.text_as_it_is().as_ref() != Some(end))
                .map(move |end| (place, end))
        });
        Self {
            ends: ends.collect(),
            parameters: parameters.len(),
            replications: replications as usize,
            tie_orders: given(Method::Ties, spec.tie_orders as usize),
            scramblings: given(Method::Sobol, spec.scramblings as usize),
            samples: spec.samples as usize,
        }
    }

    /// How many inputs Sobol's indices are about: values, replication, tie order.
    const fn inputs(&self) -> usize {
        self.parameters + 2
    }

    /// How many runs there are.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.first_of_sobol() + self.scramblings * self.samples * (self.inputs() + 2)
    }

    fn first_of_ties(&self) -> usize {
        self.replications * (1 + self.ends.len())
    }

    fn first_of_sobol(&self) -> usize {
        self.first_of_ties() + self.replications * self.tie_orders
    }

    /// The runs, in order.
    pub(super) fn design(&self, parameters: &[Parameter], seed: u64) -> impl Iterator<Item = Run> {
        let replications = self.replications as u32;
        let as_it_is = vec![None; self.parameters];
        let mut settings = vec![as_it_is.clone()];
        for (place, end) in &self.ends {
            let mut values = as_it_is.clone();
            values[*place] = Some(end.clone());
            settings.push(values);
        }
        let one_at_a_time = settings.into_iter().flat_map(move |values| {
            (0..replications).map(move |replication| Run {
                values: values.clone(),
                replication,
                ties: None,
            })
        });
        let orders = self.tie_orders as u32;
        let ties = (0..replications).flat_map(move |replication| {
            let values = as_it_is.clone();
            let orders = replication * orders..(replication + 1) * orders;
            orders.map(move |order| Run { values: values.clone(), replication, ties: Some(order) })
        });
        let (samples, scramblings) = (self.samples as u32, self.scramblings as u32);
        let sobol = (0..scramblings).flat_map(move |scrambling| {
            let key = StreamKey { seed, replication: scrambling, group: 0, member: 0 };
            let scrambled = key.mix(0) as u32;
            (0..samples).flat_map(move |sample| {
                // Numbers that nothing else has: of the first point even, of the second odd.
                let number = 2 * (scrambling * samples + sample);
                rows(parameters, sample, scrambled, replications + number, number)
            })
        });
        one_at_a_time.chain(ties).chain(sobol)
    }

    /// The values of the runs as they are, by replication.
    pub(super) fn as_it_is<'v, T>(&self, values: &'v [T]) -> &'v [T] {
        &values[..self.replications]
    }

    /// The same for each of the [`Self::ends`].
    pub(super) fn one_at_a_time<'v, T>(&self, values: &'v [T]) -> impl Iterator<Item = &'v [T]> {
        values[self.replications..self.first_of_ties()].chunks(self.replications)
    }

    /// For each replication, its values in all orders of simultaneous events.
    pub(super) fn ties<'v, T>(&self, values: &'v [T]) -> impl Iterator<Item = &'v [T]> {
        values[self.first_of_ties()..self.first_of_sobol()].chunks(self.tie_orders.max(1))
    }

    /// The values for Sobol's indices.
    pub(super) fn sobol<'v, T>(&self, values: &'v [T]) -> &'v [T] {
        &values[self.first_of_sobol()..]
    }

    /// What [`Self::sobol`] gives, by scrambling and input.
    pub(super) fn blocks(&self, values: &[f64]) -> Vec<Block> {
        let width = self.inputs() + 2;
        let column = |block: &[f64], at: usize| block.chunks(width).map(|row| row[at]).collect();
        let block = |values: &[f64]| Block {
            a: column(values, 0),
            b: column(values, 1),
            mixed: (2..width).map(|at| column(values, at)).collect(),
        };
        values.chunks(self.samples * width).map(block).collect()
    }
}

/// The runs of a sample.
fn rows(
    parameters: &[Parameter],
    sample: u32,
    scrambling: u32,
    replication: u32,
    ties: u32,
) -> Vec<Run> {
    let at = |input| coordinates(sample, input, parameters.len(), scrambling);
    let ends = |(input, parameter): (usize, &Parameter)| {
        let (a, b) = at(input);
        (Some(parameter.at(a)), Some(parameter.at(b)))
    };
    let (a, b): (Values, Values) = parameters.iter().enumerate().map(ends).unzip();
    let first = Run { values: a, replication, ties: Some(ties) };
    let second = Run { values: b, replication: replication + 1, ties: Some(ties + 1) };
    let mut rows = vec![first.clone(), second.clone()];
    for (input, value) in second.values.into_iter().enumerate() {
        let mut mixed = first.clone();
        mixed.values[input] = value;
        rows.push(mixed);
    }
    rows.push(Run { replication: second.replication, ..first.clone() });
    rows.push(Run { ties: second.ties, ..first });
    rows
}
