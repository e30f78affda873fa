//! What is refused, at which place, and with which words.

use std::path::Path;

use super::super::Plan;
use super::{FILE, changed, labels, plan};

/// Checks the first line of the message, and the last.
#[track_caller]
fn refused(text: &str, overrides: &[&str], first: &str, last: &str) {
    let message = plan(text, overrides).unwrap_err();
    assert_eq!(message.lines().next(), Some(first), "\n{message}");
    assert!(
        message.lines().last().is_some_and(|line| line.trim_start().starts_with(last)),
        "\n{message}"
    );
}

#[test]
fn bad_files_are_refused_at_the_right_place() {
    let file = "dir/convoy.toml";
    for (from, to, place, message, last) in [
        (
            "threads = 4",
            "thread = 4",
            "11:1",
            "unknown key `thread`, did you mean `threads`?",
            "= allowed: `threads`, `iterations`",
        ),
        (
            "threads = 4",
            "threads = -4",
            "11:11",
            "integer `-4` is not a whole number from 0 on",
            "| ",
        ),
        (
            "threads = 4",
            "threads = '4'",
            "11:11",
            "expected a whole number from 0 on, found string \"4\"",
            "| ",
        ),
        (
            "{ cores = 2 }",
            "{ tick = '0ns' }",
            "5:26",
            "`machine.linux.tick` must be longer than 0ns",
            "| ",
        ),
        (
            "{ cores = 2 }",
            "{ base_slice = '73h' }",
            "5:32",
            "`machine.linux.base_slice` must not exceed 72h, the longest run",
            "| ",
        ),
        (
            "threads = 4",
            "threads = 70000",
            "11:11",
            "`groups.spinners.threads` takes the run above 60000 threads",
            "| ",
        ),
        ("[groups.spinners]", "[groups.io]", "10:9", "duplicate key", "| "),
        (
            "\"1s\"",
            "\"1sec\"",
            "3:12",
            "a duration needs a number and a unit (ns, us, ms, s, min, h), as in \"5ms\", not \"1sec\"",
            "| ",
        ),
        (
            "\"1s\"",
            "1000",
            "3:12",
            "expected a duration with its unit, as in \"5ms\", found integer `1000`",
            "| ",
        ),
        ("\"1s\"", "\"-1s\"", "3:12", "a duration can't be negative, as \"-1s\" is", "| "),
        ("\"1s\"", "\"0s\"", "3:12", "`duration` must be longer than 0ns", "| "),
        ("\"1s\"", "\"100h\"", "3:12", "`duration` must not exceed 72h, the longest run", "| "),
        (
            "duration = \"1s\"",
            "",
            "1:1",
            "the key `duration` is missing",
            "= as in `duration = \"10s\"`",
        ),
        (
            "barging = {}",
            "bargin = {}",
            "17:1",
            "unknown name `bargin`, did you mean `barging`?",
            "= allowed: `tick`, `timed_wait`, `priority`",
        ),
        (
            "timed_wait = {}",
            "timed_wait = { intervall = '1ms' }",
            "15:16",
            "unknown key `intervall`, did you mean `interval`?",
            "= allowed: `interval`",
        ),
        (
            "timed_wait = {}",
            "timed_wait = { interval = '0ms' }",
            "15:27",
            "`policies.\"CPython 3.13\".timed_wait.interval` must be longer than 0ns",
            "| ",
        ),
        (
            "timed_wait = {}",
            "timed_wait = {}\ntick = {}",
            "14:1",
            "exactly one name must stand here, more than 1 element",
            "| ",
        ),
        (
            "threads = 4",
            "polls = [{ compute = '1us' }]",
            "11:9",
            "expected a table, found an array",
            "= as in `polls = { steps = [",
        ),
        (
            "threads = 4",
            "polls = { steps = ['yield'], serves = 3 }",
            "11:39",
            "expected a name",
            "= as in `serves = \"one\"`, `\"waiting\"` or `\"until_empty\"`",
        ),
        (
            "threads = 4",
            "arrivals = { gap = '1ms', polls = { steps = ['yield'] } }",
            "11:12",
            "exactly one name must stand here, more than 1 element",
            "= as in `arrivals = { poisson =",
        ),
        ("schema = 1", "schema = 2", "1:10", "this program reads schema 1, not 2", "| "),
        ("schema = 1", "", "1:1", "an experiment file begins with `schema = 1`", "| "),
        (
            "replications = 2",
            "replications = 0",
            "4:16",
            "`replications` must lie between 1 and 100000",
            "| ",
        ),
        (
            "replications = 2",
            "focus = 'oi'",
            "4:9",
            "`focus` names no group, did you mean `io`? The groups are `io`, `spinners`",
            "| ",
        ),
        (
            "replications = 2",
            "name = 'a/b'",
            "4:8",
            "`name` names a directory: letters, digits, -, _ and . only",
            "| ",
        ),
        (
            "replications = 2",
            "metric = 'slowdon'",
            "4:10",
            "`metric` names no number of the table of runs, did you mean `slowdown`?",
            "| ",
        ),
        (
            "replications = 2",
            "analysis = { steady_state = { warm_up = '2s' } }",
            "4:12",
            "`analysis` has a warm-up of 2s, which must end before the run does, after 1s",
            "| ",
        ),
        (
            "replications = 2",
            "analysis = { batch_means = {} }",
            "4:12",
            "`analysis` by batch means is about one long run: write `replications = 1`",
            "| ",
        ),
        (
            "replications = 2",
            "precision = { metric = 'ops_per_z', relative = 0.1 }",
            "4:24",
            "`precision.metric` names no number of the table of runs, did you mean `ops_per_s`?",
            "| ",
        ),
        (
            "replications = 2",
            "precision = { metric = 'fairness', relative = 5 }",
            "4:47",
            "`precision.relative` must lie between 0 and 1, as 0.05 does",
            "| ",
        ),
        (
            "replications = 2",
            "baseline = 'CPython 3.14'",
            "4:12",
            "`baseline` names no series, did you mean `CPython 3.13`? The series are `CPython 3.13`, `mutex`",
            "| ",
        ),
        (
            "replications = 2",
            "level = 'op'",
            "4:9",
            "unknown name `op`, did you mean `ops`?",
            "= allowed: `runs`, `ops`",
        ),
        (
            "replications = 2",
            "trace_window = { from = '3s', to = '2s' }",
            "4:16",
            "`trace_window` must begin before it ends",
            "| ",
        ),
        (
            "machine.linux = { cores = 2 }",
            "machine.linus = {}",
            "5:9",
            "unknown name `linus`, did you mean `linux`?",
            "= allowed: `ideal`, `linux`",
        ),
        (
            "{ mean = \"5ms\" }",
            "{ mean = \"0ms\" }",
            "12:49",
            "`groups.spinners.program.0.compute.exponential.mean` must be longer than 0ns",
            "| ",
        ),
        ("\"10ms\" }]", "\"10ms\" }", "9:1", "", "| "),
    ] {
        if message.is_empty() {
            assert!(plan(&changed(from, to), &[]).unwrap_err().starts_with(&format!("{file}:")));
        } else {
            refused(&changed(from, to), &[], &format!("{file}:{place}: {message}"), last);
        }
    }
}

#[test]
fn bad_sweeps_are_refused_at_the_right_place() {
    for (sweep, place, message) in [
        (
            "[sweep.product]\n'groups.io.threads' = []",
            "19:23",
            "an empty sweep: `groups.io.threads` has no values",
        ),
        (
            "[sweep.product]\n'groups.io.threads' = 3",
            "19:23",
            "a sweep is an array of values, as in [1, 2, 4]",
        ),
        (
            "[sweep.product]\ngroups.io.threads = [3]",
            "19:1",
            "a swept path stands in quotes, as in \"groups.io.threads\" = [1, 2]",
        ),
        (
            "[sweep.product]\n'groups.oi.threads' = [3]",
            "19:1",
            "there is no `groups.oi`, did you mean `io`? `groups` has `io`, `spinners`",
        ),
        (
            "[sweep.product]\n'groups.io.thread' = [3]",
            "19:1",
            "unknown key `thread`, did you mean `threads`?",
        ),
        (
            "[sweep.product]\n'groups.io.threads' = [3, -1]",
            "19:27",
            "integer `-1` is not a whole number from 0 on",
        ),
        (
            "[sweep.product]\n'groups.io.iterations' = [3, 0]",
            "19:30",
            "`groups.io.iterations` must be at least 1",
        ),
        ("[sweep.product]\n'groups.io.threads' = [3, 3]", "19:27", "the same value twice"),
        (
            "[sweep.product]\n'policies.mutex.tick' = [{}]",
            "19:1",
            "`policies.mutex` is `barging`, not `tick`; to change that, set the whole of `policies.mutex`",
        ),
        ("[sweep.product]\n'seed' = [1]", "19:1", "`seed` can't be swept"),
        (
            "[sweep.together]\n'duration' = ['1s']\n'groups.io.threads' = [3, 4]",
            "20:1",
            "`together` needs equally many values: `duration` has 1, `groups.io.threads` has 2",
        ),
        (
            "[sweep.together]\n'duration' = ['1s']\n[sweep.product]\n'duration' = ['2s']",
            "19:1",
            "`duration` is swept twice",
        ),
        (
            "[sweep]\nwhere = ['groups.io.threads = 1']",
            "19:10",
            "a condition compares two sums with <=, <, >=, >, == or !=",
        ),
        (
            "[sweep]\nwhere = ['replications > 2']",
            "19:9",
            "an empty sweep: no point meets the conditions",
        ),
        ("[sweep]\nwhen = []", "19:1", "unknown key `when`, did you mean `where`?"),
        ("[sweeps.product]", "18:2", "unknown key `sweeps`, did you mean `sweep`?"),
        (
            "[cases.a]\ngroups.io.thread = 1",
            "19:11",
            "unknown key `thread`, did you mean `threads`?",
        ),
        ("[cases.a]\nname = 'b'", "19:8", "a case can't change `name`"),
    ] {
        let first = format!("dir/convoy.toml:{place}: {message}");
        refused(&format!("{FILE}{sweep}\n"), &[], &first, "");
    }
}

#[test]
fn bad_overrides_are_refused_at_the_right_place() {
    for (text, place, message) in [
        ("groups.io.thread=3", "1:1", "unknown key `thread`, did you mean `threads`?"),
        (
            "groups.oi.threads=3",
            "1:1",
            "there is no `groups.oi`, did you mean `io`? `groups` has `io`, `spinners`",
        ),
        ("durations=3s", "1:1", "unknown key `durations`, did you mean `duration`?"),
        (
            "duration=3 parsecs",
            "1:10",
            "a duration needs a number and a unit (ns, us, ms, s, min, h), as in \"5ms\", not \"3 parsecs\"",
        ),
        (
            "duration.x=1",
            "1:1",
            "`duration` is a single value (string), so there is nothing below it",
        ),
        (
            "machine.ideal.cores=1",
            "1:1",
            "`machine` is `linux`, not `ideal`; to change that, set the whole of `machine`",
        ),
        (
            "groups.io.program.2.compute=1ms",
            "1:1",
            "`groups.io.program` is an array whose entries are numbered from 0 to 1",
        ),
        ("schema=2", "1:8", "`schema` must be 1, which this program reads"),
        (
            "machine.linux.call_jitter=5000000h",
            "1:27",
            "`machine.linux.call_jitter` must not exceed 72h, the longest run",
        ),
        ("machine.linux.cores=65535", "1:21", "`machine.linux.cores` must not exceed 4096"),
        ("groups.io.iterations=0", "1:22", "`groups.io.iterations` must be at least 1"),
        (
            "cases.a.duration=1s",
            "1:1",
            "an override holds in every case: leave out `cases` and the case's name",
        ),
    ] {
        refused(FILE, &[text], &format!("--set:{place}: {message}"), "");
    }
    let swept = format!("{FILE}[sweep.product]\n'groups.io.threads' = [1]\n");
    let message = "--set:1:1: `groups.io.threads` is swept; set `sweep.product.\"groups.io.threads\"` instead";
    refused(&swept, &["groups.io.threads=3"], message, "");
    let set = plan(&swept, &["sweep.product.\"groups.io.threads\"=[7, 8]"]).unwrap();
    assert_eq!(labels(&set), ["threads=7", "threads=8"]);
}

#[test]
fn files_that_are_absent_are_named() {
    let error = Plan::load(Path::new("absent/x.toml"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "absent/x.toml: there is no such file");
    assert_eq!(error.exit_code(), 1);
}
