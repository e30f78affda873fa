//! Two plans that differ in one setting part where it first matters.

use std::path::Path;

use super::super::tests::FILE;
use super::super::{Plan, Sources};
use super::*;

fn plan(set: &[&str]) -> Plan {
    let set: Vec<_> = set.iter().map(|set| (*set).to_owned()).collect();
    Plan::from_sources(&Sources::new(Path::new("x.toml"), FILE.to_owned(), &set)).unwrap()
}

#[test]
fn the_same_run_never_parts() {
    let plan = plan(&["duration=50ms"]);
    let Difference { fingerprints, same_events, at_ns, events, settings, .. } =
        difference(&plan.runs[0], &plan.runs[0]);
    assert_eq!(fingerprints.0, fingerprints.1);
    assert!(same_events > 100, "{same_events}");
    assert_eq!((at_ns, events), (None, (None, None)));
    assert!(settings.is_empty());
}

#[test]
fn runs_part_where_the_setting_first_matters() {
    let five = plan(&["duration=200ms"]);
    let six = plan(&["duration=200ms", "policies.\"CPython 3.13\".timed_wait.interval=6ms"]);
    let found = difference(&five.runs[0], &six.runs[0]);
    assert_ne!(found.fingerprints.0, found.fingerprints.1);
    let quoted = |text: &str| Some(format!("\"{text}\""));
    let expected = [("policy.timed_wait.interval".to_owned(), (quoted("5ms"), quoted("6ms")))];
    assert_eq!(found.settings, IndexMap::from(expected));
    // Nobody can see the interval before it is over.
    let at = found.at_ns.unwrap();
    assert!((5_000_000..6_000_000).contains(&at), "{at}");
    assert_eq!(found.before.len(), 5);
    let first = found.events.0.unwrap();
    assert!(first.contains("wakes at the lock because its time is up"), "{first}");
}

#[test]
fn another_replication_is_a_setting() {
    let plan = plan(&["duration=50ms"]);
    let found = difference(&plan.runs[0], &plan.runs[1]);
    let expected = (Some("0".to_owned()), Some("1".to_owned()));
    assert_eq!(found.settings, IndexMap::from([("replication".to_owned(), expected)]));
    assert!(found.at_ns.is_some());
}

#[test]
fn a_run_that_ends_earlier_parts_at_its_end() {
    let (short, long) = (plan(&["duration=30ms"]), plan(&["duration=50ms"]));
    let found = difference(&short.runs[0], &long.runs[0]);
    assert!(found.at_ns.unwrap() >= 30_000_000, "{found:?}");
    assert!(found.events.1.is_some());
}
