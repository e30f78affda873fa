//! How much a run leaves behind.

use serde::{Deserialize, Serialize};

/// Which tables a run writes. Each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// `runs` and `threads`: one row for each run, and for each thread of a run.
    Runs,
    /// Also `ops`: one row for each completed operation.
    Ops,
    /// Also `intervals`: one row for each stretch of time that a thread spent in one state.
    Intervals,
    /// Also `events`: one row for everything that happened.
    Events,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_have_names() {
        assert!(Level::Runs < Level::Ops && Level::Intervals < Level::Events);
        assert_eq!(serde_json::to_string(&Level::Intervals).unwrap(), "\"intervals\"");
    }
}
