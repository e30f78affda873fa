//! What the simulated probe takes from the machine and the interpreters, beside the cell's own settings.

use gilsim_policies::tick::TickParameters;
use gilsim_policies::timed_wait::TimedWaitParameters;

use crate::machine::LinuxParameters;

/// A machine, and the interpreters on it. A cell's settings (cores, intervals) replace theirs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Constants {
    /// Where the threads run.
    pub machine: LinuxParameters,
    /// CPython up to 3.1.
    pub tick: TickParameters,
    /// CPython 3.2 and later.
    pub timed_wait: TimedWaitParameters,
}
