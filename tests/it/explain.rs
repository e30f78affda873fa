//! What `gilsim explain` says of workloads whose trouble is known.

use std::fs;
use std::process::Command;

use serde_json::Value;

/// The explanation of an experiment.
fn explained(experiment: &str) -> Value {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("case.toml");
    fs::write(&file, experiment).expect("there is room");
    let done = Command::new(env!("CARGO_BIN_EXE_gilsim"))
        .args(["explain", "--quiet", "--format", "json"])
        .arg(&file)
        .output()
        .expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let json: Value = serde_json::from_slice(&done.stdout).expect("it is JSON");
    json["explanation"].clone()
}

fn experiment(policy: &str, groups: &str) -> String {
    format!(
        "schema = 1\nduration = \"300ms\"\nreplications = 3\nmachine = {{ preset = \"linux-6.18-hz250-2core\" }}\n\
         [policies]\np = {{ preset = \"{policy}\" }}\n{groups}"
    )
}

fn effects(of: &Value) -> Vec<&str> {
    let effects = of["effects"].as_array().expect("effects are a list");
    effects.iter().filter_map(|effect| effect["name"].as_str()).collect()
}

fn best(of: &Value) -> &str {
    of["alternatives"][0]["name"].as_str().expect("it has a name")
}

#[test]
fn a_convoy_is_one() {
    let groups = "[groups.io]\nprogram = [{ block = \"1ms\" }]\n[groups.cpu]\nprogram = [{ compute = \"1ms\" }]\n";
    let of = explained(&experiment("cpython-3.12-3.14", groups));
    assert_eq!(effects(&of)[0], "convoy");
    assert!(!effects(&of).contains(&"priority inversion by C code"));
}

#[test]
fn ticks_on_two_cores_are_a_battle() {
    let groups = "[groups.cpu]\nthreads = 2\nprogram = [{ compute = \"1ms\" }]\n";
    let of = explained(&experiment("cpython-2.7", groups));
    assert!(effects(&of).contains(&"battle on several cores"), "{of:#}");
}

#[test]
fn c_code_that_keeps_the_lock_is_an_inversion() {
    let groups = "[groups.io]\nprogram = [{ block = \"1ms\" }]\n[groups.c]\n\
                  program = [{ c_hold = \"50ms\" }, { compute = \"100us\" }]\n";
    let of = explained(&experiment("cpython-3.12-3.14", groups));
    assert_eq!(effects(&of)[0], "priority inversion by C code");
    assert!(!effects(&of).contains(&"convoy"));
}

#[test]
fn computing_wants_no_lock() {
    let groups = "[groups.cpu]\nthreads = 2\niterations = 20\nprogram = [{ compute = \"1ms\" }]\n";
    let of = explained(&experiment("cpython-3.12-3.14", groups));
    assert_eq!(effects(&of)[0], "lock full of computing");
    assert_eq!((best(&of), &of["basis"]), ("free_threaded", &Value::from("elapsed")));
    let speed_up = of["alternatives"][0]["speed_up"]["low"].as_f64().expect("there is an interval");
    assert!(speed_up > 1.5, "{speed_up}");
}

#[test]
fn names_that_are_not_there_are_mistakes() {
    let done = Command::new(env!("CARGO_BIN_EXE_gilsim"))
        .args(["explain", "experiments/article.toml", "--case", "07 tick"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2));
    assert!(text.contains("no such case, did you mean `07 ticks`?"), "{text}");
}
