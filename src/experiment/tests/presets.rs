//! Presets in experiments: what they stand for, and what is refused.

use std::path::Path;

use gilsim_policies::{PolicySpec, Span};

use super::super::presets::Presets;
use super::super::{Plan, Sources};
use super::{changed, labels, plan};
use crate::machine::{LinuxParameters, MachineSpec};

const MACHINE: &str = "machine.linux = { cores = 2 }";
const MINE: &str = r#"
[machines.laptop]
origin = "guessed"
linux = { cores = 8, tick = "1ms" }
[machines.perfect]
origin = "thought of"
ideal = {}
[interpreters."cpython-2.7"]
origin = "another 2.7"
tick = { interval = 1000 }
"#;

/// The file with presets of its own in it.
fn with_mine(machine: &str) -> String {
    let tables = MINE.replace("\n[", "\n[presets.");
    format!("{}{tables}", changed(MACHINE, machine))
}

fn linux(plan: &Plan, point: usize) -> LinuxParameters {
    match plan.points[point].experiment.machine {
        MachineSpec::Linux(linux) => linux,
        MachineSpec::Ideal(_) => panic!("not Linux"),
    }
}

fn policy(plan: &Plan, name: &str) -> PolicySpec {
    plan.points[0].experiment.policies[name]
}

#[test]
fn presets_stand_for_their_values() {
    let text = changed("timed_wait = {}", "preset = 'cpython-3.2-3.9'");
    let text = text.replace(MACHINE, "machine.preset = 'linux-6.18-hz250-2core'");
    let set = ["machine.linux.cores=4", "policies.mutex.preset=cpython-2.7-windows"];
    let refused = plan(&text, &set).unwrap_err();
    assert!(refused.contains("is `tick`, so `barging` can't be here"), "{refused}");
    let plan = plan(&text, &set[..1]).unwrap();
    assert_eq!(linux(&plan, 0).cores.get(), 4);
    assert_eq!(linux(&plan, 0).tick, LinuxParameters::default().tick);
    let PolicySpec::TimedWait(wait) = policy(&plan, "CPython 3.13") else { panic!() };
    assert_eq!((wait.check_spacing, wait.interval), (Span::from_ns(8), Span::from_ms(5)));
    assert!(!plan.resolved.contains("preset"), "{}", plan.resolved);
}

#[test]
fn a_preset_is_as_good_as_its_values() {
    let written =
        changed("timed_wait = {}", "timed_wait = { check_spacing = '8ns', interval = '1ms' }");
    let named = "preset = 'cpython-3.2-3.9'\ntimed_wait = { interval = '1ms' }";
    let named = changed("timed_wait = {}", named);
    let named = named.replace(MACHINE, "machine = { preset = 'linux-6.18-hz250-2core' }");
    let [written, named] = [written, named].map(|text| plan(&text, &[]).unwrap());
    assert_eq!(written.resolved, named.resolved);
    assert_eq!(written.hash, named.hash);
}

#[test]
fn presets_can_be_swept_together_with_their_values() {
    let sweep = r#"
        [sweep.product]
        "machine.linux.cores" = [1, 2]
        "machine.preset" = ["laptop", "linux-6.18-hz250-2core"]
        [sweep]
        where = ["machine.linux.cores < 3"]
    "#;
    let first = plan(&format!("{}{sweep}", with_mine("machine.linux = {}")), &[]).unwrap();
    let of = |plan: &Plan, point| (linux(plan, point).cores.get(), linux(plan, point).tick.ns());
    assert_eq!(labels(&first)[0], "cores=1 preset=laptop");
    assert_eq!(of(&first, 0), (1, 1_000_000));
    assert_eq!(of(&first, 3), (2, 4_000_000));
    // What the sweep names is in the resolved file, and nothing else.
    let again = plan(&first.resolved, &[]).unwrap();
    assert_eq!((&again.resolved, &again.hash), (&first.resolved, &first.hash));
    assert_eq!(of(&again, 0), (1, 1_000_000));
    assert!(first.resolved.contains("laptop") && !first.resolved.contains("perfect"));
    let other = first.resolved.replace("guessed", "measured");
    assert_eq!(plan(&other, &[]).unwrap().hash, first.hash, "prose does not count");
}

#[test]
fn cases_change_a_preset_or_its_values() {
    let cases = r#"
        [cases.small]
        machine.linux.cores = 1
        [cases.ideal]
        machine.ideal = {}
        [cases.large]
        machine.preset = "linux-6.18-hz250-2core"
        [cases.perfect]
        machine = { preset = "perfect" }
    "#;
    let text =
        format!("{}{cases}", with_mine("machine = { preset = 'laptop', linux = { cores = 3 } }"));
    let plan = plan(&text, &[]).unwrap();
    let of = |point| (linux(&plan, point).cores.get(), linux(&plan, point).tick);
    assert_eq!(of(0), (1, Span::from_ms(1)), "the preset's tick");
    assert_eq!(of(2), (3, Span::from_ms(4)), "what stands beside stays");
    for ideal in [1, 3] {
        assert!(matches!(plan.points[ideal].experiment.machine, MachineSpec::Ideal(_)));
    }
}

#[test]
fn a_file_of_presets_lies_beside_the_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let (experiment, mine) = (folder.path().join("x.toml"), folder.path().join("mine.toml"));
    std::fs::write(&mine, MINE).unwrap();
    let text = changed("timed_wait = {}", "preset = 'cpython-2.7'");
    let load = |text: &str, set: &[&str]| {
        let set: Vec<_> = set.iter().map(|&text| text.to_owned()).collect();
        Plan::from_sources(&Sources::new(&experiment, text.to_owned(), &set))
            .map_err(|error| error.to_string())
    };
    let interval = |plan: &Plan| match policy(plan, "CPython 3.13") {
        PolicySpec::Tick(tick) => tick.interval,
        _ => panic!("not tick"),
    };
    assert_eq!(interval(&load(&text, &[]).unwrap()), 100);
    // The own preset goes before the built-in one of the same name.
    let own = load(&text.replace(MACHINE, "machine.preset = 'laptop'\npresets = 'mine.toml'"), &[]);
    assert_eq!(
        (interval(own.as_ref().unwrap()), linux(own.as_ref().unwrap(), 0).cores.get()),
        (1000, 8)
    );
    assert_eq!(interval(&load(&text, &["presets=mine.toml"]).unwrap()), 1000);

    let no_file = load(&text, &["presets=none.toml"]).unwrap_err();
    assert!(no_file.starts_with("--set:1:9: can't read "), "{no_file}");
    for (from, to, place, message) in [
        ("origin = \"guessed\"", "", "2:1", "the key `origin` is missing"),
        ("linux = {", "linus = {", "4:1", "unknown name `linus`, did you mean `linux`?"),
        ("tick = \"1ms\"", "tik = 1", "4:22", "unknown key `tik`, did you mean `tick`?"),
        ("\"1ms\"", "\"0ms\"", "4:29", "`machines.laptop.linux.tick` must be longer than 0ns"),
        (
            "[interpreters",
            "[interpreter",
            "8:2",
            "unknown key `interpreter`, did you mean `interpreters`?",
        ),
        ("ideal = {}", "", "5:1", "exactly one name must stand here, found 0 elements"),
        ("ideal = {}", "ideal = {", "8:1", ""),
    ] {
        std::fs::write(&mine, MINE.replacen(from, to, 1)).unwrap();
        let error = load(&text, &["presets=mine.toml"]).unwrap_err();
        let expected = format!("{}:{place}: {message}", mine.display());
        assert!(error.starts_with(&expected), "{expected}\n{error}");
        if !message.is_empty() {
            assert!(Presets::load(Some(&mine)).unwrap_err().to_string().starts_with(&expected));
        }
    }
}

#[test]
fn wrong_presets_are_refused_at_the_right_place() {
    let text = changed("timed_wait = {}", "preset = 'cpython-2.7'");
    let file = "dir/convoy.toml";
    for (from, to, place, message, help) in [
        (
            "-2.7'",
            "2.7'",
            "15:10",
            "unknown preset `cpython2.7`, did you mean `cpython-2.7`?",
            "interpreters: `cpython-2.7`, ",
        ),
        (
            MACHINE,
            "machine.preset = 'cpython-2.7'",
            "5:18",
            "unknown preset `cpython-2.7`",
            "machines: `linux-6.18-hz250-2core`",
        ),
        (
            "-2.7'",
            "-2.7'\ntimed_wait = {}",
            "16:1",
            "the preset `cpython-2.7` is `tick`, so `timed_wait` can't be here",
            "beside a preset stand values that replace its own: `tick = { ... }`",
        ),
        (
            "-2.7'",
            "-2.7'\ntick = { tik = 1 }",
            "16:10",
            "unknown key `tik`, did you mean `tick`?",
            "allowed: `interval`",
        ),
        ("'cpython-2.7'", "3", "15:10", "expected a string, found integer `3`", "^"),
        (
            "-2.7'",
            "-2.7'\ntick = { tick = '0ns' }",
            "16:17",
            "`policies.\"CPython 3.13\".tick.tick` must be longer than 0ns",
            "^",
        ),
    ] {
        let error = plan(&text.replacen(from, to, 1), &[]).unwrap_err();
        assert!(error.starts_with(&format!("{file}:{place}: {message}")), "{error}");
        assert!(error.lines().last().unwrap().contains(help), "{error}");
    }
    let error = plan(&text, &["policies.\"CPython 3.13\".timed_wait.interval=1ms"]).unwrap_err();
    assert!(
        error.starts_with("--set:1:1: `policies.\"CPython 3.13\"` is `tick`, not `timed_wait`"),
        "{error}"
    );
}

#[test]
fn the_built_in_ones_are_complete() {
    let presets = Presets::load(None).unwrap();
    let machine = &presets.machines["linux-6.18-hz250-2core"];
    assert_eq!(machine.spec, MachineSpec::Linux(LinuxParameters::default()));
    for origin in presets.interpreters.values().map(|preset| &preset.origin) {
        assert!(origin.contains("Python/ceval") && !origin.contains('\n'), "{origin}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("written.toml");
    std::fs::write(&file, toml::to_string(&presets).unwrap()).unwrap();
    assert_eq!(Presets::load(Some(Path::new(&file))).unwrap(), presets);
}
