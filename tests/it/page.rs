//! `gilsim report`: a page that is complete in itself.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Two policies, one with a name that HTML would misread.
const FILE: &str = "schema = 1\nquestion = \"Does a < b & c?\"\nduration = \"200ms\"\nreplications = 3\n\
    level = \"intervals\"\nmachine = { ideal = {} }\npolicies.\"a<b>\" = { fifo_handoff = {} }\n\
    policies.wait = { timed_wait = { interval = \"200us\" } }\n\
    [sweep.product]\n\"groups.t.threads\" = [1, 4]\n\
    [groups.t]\nthreads = 4\narrivals = { think = { exponential = { mean = \"2ms\" } } }\n\
    program = [{ compute = { exponential = { mean = \"1ms\" } } }]\n";

fn gilsim(folder: &Path, args: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_gilsim"));
    program.current_dir(folder).args(args).output().expect("the program runs")
}

#[test]
fn a_page_has_everything_and_needs_nothing() {
    let folder = tempfile::tempdir().expect("there is room");
    let at = folder.path();
    fs::write(at.join("x.toml"), FILE).expect("there is room");
    assert!(gilsim(at, &["run", "x.toml", "--quiet"]).status.success());
    let written = gilsim(at, &["report", "results/x"]);
    assert_eq!(String::from_utf8_lossy(&written.stdout), "results/x/report.html\n", "{written:?}");
    let page = fs::read_to_string(at.join("results/x/report.html")).expect("it was written");
    for part in [
        "<b>Question: </b>Does a &lt; b &amp; c?",
        "12 runs at 2 points, seed ",
        "gilsim plot results/x --figure timeline --width double",
        "gilsim plot results/x --figure throughput --width double",
        "a&lt;b&gt; (M/M/1//4)",
        "highest first:",
        "runs.parquet",
        "@software{gilsim",
        "level = &quot;intervals&quot;",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    let refers = ["src=", "href=\"http", "url(http", "@import", "<script", "<link"];
    assert!(refers.iter().all(|refers| !page.contains(refers)), "it needs something else");
    assert_eq!(page.matches("<figure>").count(), page.matches("<svg ").count());
    // The same again, in another place.
    let again = gilsim(at, &["report", "results/x", "--out", "other.html"]);
    assert!(again.status.success(), "{again:?}");
    assert!(fs::read_to_string(at.join("other.html")).expect("it was written") == page);

    let none = gilsim(at, &["report", "x.toml"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("x.toml is a file"), "{none:?}");
    let nowhere = gilsim(at, &["report", "results/x", "--out", "no/such/place.html"]);
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("no/such/place.html"), "{nowhere:?}");
}
