//! The constants that a fit may change.

use gilsim_policies::Span;

use crate::validation::{Cell, Constants};

/// A constant: where it stands, and what it means.
#[derive(Debug, Clone, Copy)]
pub struct Constant {
    /// Its name in a file of presets: a machine's or policy's name and a parameter's.
    pub name: &'static str,
    /// What it is.
    pub meaning: &'static str,
    of: fn(&mut Constants) -> &mut Span,
    /// Whether a cell can tell anything about it.
    tells: fn(&Cell) -> bool,
}

/// Everything that may be fitted, in reading order.
pub const CONSTANTS: [Constant; 12] = [
    Constant {
        name: "linux.tick",
        meaning: "time between two scheduler ticks",
        of: |all| &mut all.machine.tick,
        tells: |cell| cell.setting().spinners > 0,
    },
    Constant {
        name: "linux.base_slice",
        meaning: "what a thread requests at a time",
        of: |all| &mut all.machine.base_slice,
        tells: |cell| cell.setting().spinners > 0,
    },
    Constant {
        name: "linux.wake_latency",
        meaning: "until an interrupted core takes a woken thread up, at least",
        of: |all| &mut all.machine.wake_latency,
        tells: |_| true,
    },
    Constant {
        name: "linux.wake_jitter",
        meaning: "mean of what comes on top",
        of: |all| &mut all.machine.wake_jitter,
        tells: |_| true,
    },
    Constant {
        name: "linux.cold_start",
        meaning: "what a thread pays at most on a core that was idle",
        of: |all| &mut all.machine.cold_start,
        tells: |_| true,
    },
    Constant {
        name: "linux.context_switch",
        meaning: "the switch from one thread to another",
        of: |all| &mut all.machine.context_switch,
        tells: |_| true,
    },
    Constant {
        name: "linux.timer_slack",
        meaning: "how late a timer fires, at least",
        of: |all| &mut all.machine.timer_slack,
        tells: |_| true,
    },
    Constant {
        name: "linux.lock_call",
        meaning: "taking or freeing a lock without a system call",
        of: |all| &mut all.machine.lock_call,
        tells: takes_a_lock,
    },
    Constant {
        name: "linux.wake_call",
        meaning: "waking a thread: with the next, the window from release to re-take",
        of: |all| &mut all.machine.wake_call,
        tells: takes_a_lock,
    },
    Constant {
        name: "linux.interrupt_call",
        meaning: "mean of what waking costs on top if it interrupts another core",
        of: |all| &mut all.machine.interrupt_call,
        tells: |cell| takes_a_lock(cell) && cell.setting().cores > 1,
    },
    Constant {
        name: "tick.tick",
        meaning: "length of an interpreter's tick: with its interval, the check spacing",
        of: |all| &mut all.tick.tick,
        tells: |cell| takes_a_lock(cell) && cell.setting().check_interval_ticks.is_some(),
    },
    Constant {
        name: "timed_wait.check_spacing",
        meaning: "time between two check points",
        of: |all| &mut all.timed_wait.check_spacing,
        tells: |cell| takes_a_lock(cell) && cell.setting().check_interval_ticks.is_none(),
    },
];

fn takes_a_lock(cell: &Cell) -> bool {
    cell.setting().lock == "on"
}

impl Constant {
    /// Its value.
    #[must_use]
    pub fn get(&self, mut constants: Constants) -> Span {
        *(self.of)(&mut constants)
    }

    /// Multiplies it, to three digits; it stays above nothing.
    pub fn scale(&self, constants: &mut Constants, factor: f64) {
        let value = (self.of)(constants);
        let exact = (value.ns() as f64 * factor).max(1.0);
        let unit = 10_f64.powf((exact.log10().floor() - 2.0).max(0.0));
        *value = Span::from_ns_f64((exact / unit).round() * unit);
    }

    /// Those of which the cells can tell something.
    #[must_use]
    pub fn told_by(cells: &[Cell]) -> Vec<Self> {
        let told = |constant: &Self| cells.iter().any(|cell| (constant.tells)(cell));
        CONSTANTS.into_iter().filter(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_constant_is_one_of_its_own() {
        for (at, constant) in CONSTANTS.iter().enumerate() {
            let mut constants = Constants::default();
            constant.scale(&mut constants, 2.0);
            for (other, looked_at) in CONSTANTS.iter().enumerate() {
                let before = looked_at.get(Constants::default());
                let factor = if at == other { 2 } else { 1 };
                assert_eq!(looked_at.get(constants), before * factor, "{}", looked_at.name);
            }
        }
    }
}
