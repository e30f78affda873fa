//! The search for the best constants, and how well each is determined.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use argmin::core::{CostFunction, Error, Executor, IterState};
use argmin::solver::neldermead::NelderMead;
use gilsim_policies::Span;
use nalgebra::{DMatrix, DVector};

use super::constant::Constant;
use super::{mean_square, residuals, score};
use crate::validation::score::Score;
use crate::validation::{Cell, Constants};

/// The first steps of the search, and the steps by which the best constants are moved to see what changes: in
/// the logarithm.
const STEP: f64 = 0.25;

/// What is believed of a constant before anything is measured: its logarithm's standard deviation about the default.
/// A constant about which the cells say nothing comes out as uncertain as this.
const PRIOR: f64 = std::f64::consts::LN_10;

/// Constants, fitted.
#[derive(Debug, Clone)]
pub struct Fit {
    /// All of them, those that were not fitted as they were.
    pub constants: Constants,
    /// Those that were fitted.
    pub fitted: Vec<Fitted>,
    /// Mean square of the residuals before.
    pub before: f64,
    /// And after.
    pub after: f64,
    /// The scores of the cells before.
    pub scores_before: Vec<Score>,
    /// And after.
    pub scores_after: Vec<Score>,
    /// What ended the search.
    pub stopped: Stopped,
}

/// A constant, fitted.
#[derive(Debug, Clone, Copy)]
pub struct Fitted {
    /// Which.
    pub constant: Constant,
    /// Its value before.
    pub default: Span,
    /// Its value after.
    pub value: Span,
    /// Standard error of its logarithm: 0.1 is 10 %. Not known if the search was interrupted.
    pub error: Option<f64>,
}

/// What ended a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It found nothing better near by.
    Settled,
    /// It had tried as often as it was allowed to.
    Spent,
    /// It was interrupted.
    Interrupted,
}

/// How far a fit has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// How often the cells have been simulated, each time with other constants.
    pub done: u32,
    /// How often they will have been in the end, unless the search settles before it is spent.
    pub of: u32,
    /// The least mean square so far.
    pub least: f64,
}

/// What is minimised, over the logarithms of the factors by which the constants change.
struct Search<'a> {
    cells: &'a [Cell],
    told: &'a [Constant],
    replications: u32,
    /// The scores with the defaults: those that count.
    wanted: Vec<Score>,
    evaluations: u32,
    interrupted: &'a AtomicBool,
    state: RefCell<State<'a>>,
}

/// What it has found.
struct State<'a> {
    progress: Progress,
    best: Vec<f64>,
    /// The scores of the best.
    scores: Vec<Score>,
    stopped: Stopped,
    tell: &'a mut dyn FnMut(Progress),
}

impl State<'_> {
    /// Once more.
    fn simulated(&mut self) {
        self.progress.done += 1;
        (self.tell)(self.progress);
    }
}

impl Search<'_> {
    fn constants(&self, logs: &[f64]) -> Constants {
        let mut constants = Constants::default();
        for (constant, log) in self.told.iter().zip(logs) {
            constant.scale(&mut constants, log.exp());
        }
        constants
    }

    /// By the `set`-th set of random numbers; the search uses the first.
    fn scores(&self, logs: &[f64], set: u32) -> Vec<Score> {
        let replications = set * self.replications..(set + 1) * self.replications;
        score(self.cells, &self.constants(logs), replications)
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Standard errors of the logarithms, from what the residuals do when each constant moves.
    ///
    /// Chance moves them too, and would make everything look well determined: the slopes are taken by two sets of
    /// random numbers, and only what both have in common counts.
    fn errors(&self, best: &[f64], scores: &[Score]) -> Option<Vec<f64>> {
        let here = residuals(&self.wanted, scores);
        let (one, other) = (self.slopes(best, 0)?, self.slopes(best, 1)?);
        let freedom = (here.len().saturating_sub(best.len())).max(1) as f64;
        let variance = here.iter().map(|residual| residual * residual).sum::<f64>() / freedom;
        let common = one.transpose() * other;
        let normal = (&common + common.transpose()) / (2.0 * variance.max(f64::MIN_POSITIVE));
        let mut known = normal.symmetric_eigen();
        // Directions of which less than nothing seems to be known are those of which nothing is.
        known.eigenvalues.apply(|value| *value = 1.0 / (value.max(0.0) + 1.0 / (PRIOR * PRIOR)));
        let covariance = known.recompose();
        Some((0..best.len()).map(|at| covariance[(at, at)].max(0.0).sqrt()).collect())
    }

    /// What each residual (row) does when each constant (column) moves. Nothing if the user does not want to wait.
    fn slopes(&self, best: &[f64], set: u32) -> Option<DMatrix<f64>> {
        let mut columns = Vec::new();
        for column in 0..best.len() {
            if self.interrupted() {
                return None;
            }
            let at = |step: f64| {
                let mut logs = best.to_vec();
                logs[column] += step;
                let residuals = residuals(&self.wanted, &self.scores(&logs, set));
                self.state.borrow_mut().simulated();
                DVector::from_vec(residuals)
            };
            columns.push((at(STEP) - at(-STEP)) / (2.0 * STEP));
        }
        Some(DMatrix::from_columns(&columns))
    }
}

impl CostFunction for &Search<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    /// Simulates nothing any more when it is to stop, so that the rest is over at once; the best so far is
    /// kept aside. (The solver takes no errors.)
    fn cost(&self, logs: &Vec<f64>) -> Result<f64, Error> {
        // The defaults were simulated before.
        let tried = self.state.borrow().progress.done - 1;
        let stopped = match () {
            () if self.interrupted() => Some(Stopped::Interrupted),
            () if tried >= self.evaluations => Some(Stopped::Spent),
            () => None,
        };
        if let Some(stopped) = stopped {
            self.state.borrow_mut().stopped = stopped;
            return Ok(f64::MAX);
        }
        let scores = self.scores(logs, 0);
        let cost = mean_square(&residuals(&self.wanted, &scores));
        let mut state = self.state.borrow_mut();
        if cost < state.progress.least {
            state.progress.least = cost;
            state.best.clone_from(logs);
            state.scores = scores;
        }
        state.simulated();
        Ok(cost)
    }
}

/// Fits the constants that the cells can tell something about. At most `evaluations` sets of constants
/// are tried; then each constant is moved up and down, twice. `tell` hears how far it has come.
#[must_use]
pub fn fit(
    cells: &[Cell],
    evaluations: u32,
    replications: u32,
    interrupted: &AtomicBool,
    tell: &mut dyn FnMut(Progress),
) -> Fit {
    let told = Constant::told_by(cells);
    let wanted = score(cells, &Constants::default(), 0..replications);
    let before = mean_square(&residuals(&wanted, &wanted));
    let start = vec![0.0; told.len()];
    let slopes = 4 * told.len() as u32;
    let state = State {
        progress: Progress { done: 0, of: evaluations.saturating_add(1 + slopes), least: before },
        best: start.clone(),
        scores: wanted.clone(),
        stopped: Stopped::Settled,
        tell,
    };
    let state = RefCell::new(state);
    state.borrow_mut().simulated();
    let search =
        Search { cells, told: &told, replications, wanted, evaluations, interrupted, state };
    let mut corners = vec![start.clone()];
    for at in 0..told.len() {
        let mut corner = start.clone();
        corner[at] = if at % 2 == 0 { STEP } else { -STEP };
        corners.push(corner);
    }
    // Each step tries one set at least. What was found is in the state, however the search ends.
    if let Ok(solver) = NelderMead::new(corners).with_sd_tolerance(1e-3) {
        let limit = |state: IterState<_, _, _, _, _, _>| state.max_iters(evaluations.into());
        let _ = Executor::new(&search, solver).configure(limit).run();
    }
    let (best, scores_after) = {
        let mut state = search.state.borrow_mut();
        state.progress.of = state.progress.done + slopes;
        (state.best.clone(), state.scores.clone())
    };
    let errors = search.errors(&best, &scores_after);
    let constants = search.constants(&best);
    let fitted = |(at, constant): (usize, &Constant)| Fitted {
        constant: *constant,
        default: constant.get(Constants::default()),
        value: constant.get(constants),
        error: errors.as_ref().map(|errors| errors[at]),
    };
    let fitted = told.iter().enumerate().map(fitted).collect();
    let state = search.state.into_inner();
    Fit {
        constants,
        fitted,
        before,
        after: state.progress.least,
        scores_before: search.wanted,
        scores_after,
        stopped: state.stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tables::ProbeRow;
    use crate::validation::simulate::simulate;

    /// A machine whose timers are late by 80 us is recognised by its sleeps, and the search says how sure it is.
    #[test]
    fn a_slack_timer_is_found() {
        let mut truth = Constants::default();
        truth.machine.timer_slack = Span::from_us(80);
        let cell = |ms: u64| {
            let setting = ProbeRow {
                python: "cpython-3.13.5t".into(),
                lock: "off".into(),
                cores: 1,
                task: "sleep".into(),
                sleep_ns: Some(ms * 1_000_000),
                ..ProbeRow::default()
            };
            let cell = Cell { runs: vec![setting] };
            let runs = (100..104).map(|repetition| simulate(&cell, &truth, repetition));
            Cell { runs: runs.collect() }
        };
        let cells = [cell(1), cell(10)];
        let never = AtomicBool::new(false);
        let mut heard = Vec::new();
        let fit = fit(&cells, 60, 1, &never, &mut |progress| heard.push(progress));
        assert!(fit.after < fit.before / 4.0, "{} after {}", fit.after, fit.before);
        let of = |name| fit.fitted.iter().find(|fitted| fitted.constant.name == name).unwrap();
        let slack = of("linux.timer_slack");
        let off = (slack.value.ns() as f64 / 80e3).ln();
        assert!(off.abs() < 3.0 * slack.error.unwrap() && slack.value > slack.default, "{slack:?}");
        // Sleeps alone tell how much a cold start costs, but not apart from a context switch.
        assert!(of("linux.context_switch").error.unwrap() > of("linux.cold_start").error.unwrap());
        assert!(fit.fitted.iter().all(|fitted| fitted.constant.name != "tick.tick"));
        let done: Vec<_> = heard.iter().map(|progress| progress.done).collect();
        assert_eq!(done, (1..=heard.len() as u32).collect::<Vec<_>>());
        // The end is in sight from the first on: the slopes are in it, and a search that settles brings it nearer.
        let (first, last) = (heard[0], heard[heard.len() - 1]);
        assert_eq!(first.of, 1 + 60 + 4 * fit.fitted.len() as u32);
        assert!(last.done == last.of && last.of <= first.of, "{last:?}");
        assert_eq!(fit.scores_before, score(&cells, &Constants::default(), 0..1));
        assert_eq!(fit.scores_after, score(&cells, &fit.constants, 0..1));
    }

    #[test]
    fn an_interrupted_search_keeps_the_defaults_at_least() {
        let setting = ProbeRow { cores: 1, task: "sleep".into(), ..ProbeRow::default() };
        let setting = ProbeRow { sleep_ns: Some(10_000_000), lock: "off".into(), ..setting };
        let cell = Cell { runs: vec![setting] };
        let cell = Cell { runs: vec![simulate(&cell, &Constants::default(), 0)] };
        let fit = fit(&[cell], 60, 1, &AtomicBool::new(true), &mut |_| {});
        assert_eq!((fit.stopped, fit.constants), (Stopped::Interrupted, Constants::default()));
        assert!(fit.fitted.iter().all(|fitted| fitted.error.is_none()));
        assert_eq!(fit.scores_before, fit.scores_after);
    }
}
