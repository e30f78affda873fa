//! Groups and steps as experiment files write them.

/// A group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSpec;
/// A step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepSpec;
