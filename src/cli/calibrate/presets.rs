//! What a fit found, as a file of presets.

use crate::calibration::Fit;
use crate::experiment::Error;
use crate::validation::Cell;

/// The constants as presets for experiments: a machine, and the interpreters that were measured on it.
pub(super) fn presets(
    name: &str,
    origin: &str,
    fit: &Fit,
    cells: &[Cell],
) -> Result<String, Error> {
    let parameters = |kind: &str| -> toml::Table {
        let mine = fit.fitted.iter().filter_map(|fitted| {
            let parameter = fitted.constant.name.strip_prefix(kind)?.strip_prefix('.')?;
            Some((parameter.to_owned(), fitted.value.to_string().into()))
        });
        mine.collect()
    };
    let preset = |kind: &str, parameters: toml::Table| {
        let mut preset = toml::Table::new();
        preset.insert("origin".to_owned(), origin.into());
        preset.insert(kind.to_owned(), parameters.into());
        toml::Value::Table(preset)
    };
    let mut linux = parameters("linux");
    if let Some(cores) = cells.iter().map(|cell| cell.setting().cores).max() {
        linux.insert("cores".to_owned(), i64::from(cores).into());
    }
    let mut interpreters = toml::Table::new();
    for cell in cells.iter().filter(|cell| cell.setting().lock == "on") {
        let ticks = cell.setting().check_interval_ticks.is_some();
        let kind = if ticks { "tick" } else { "timed_wait" };
        interpreters.insert(cell.setting().python.clone(), preset(kind, parameters(kind)));
    }
    let machines: toml::Table = [(name.to_owned(), preset("linux", linux))].into_iter().collect();
    let mut file = toml::Table::new();
    file.insert("machines".to_owned(), machines.into());
    if !interpreters.is_empty() {
        file.insert("interpreters".to_owned(), interpreters.into());
    }
    toml::to_string_pretty(&file).map_err(|error| Error::Text(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::calibration::fit;
    use crate::experiment::presets::Presets;
    use crate::machine::MachineSpec;
    use crate::trace::tables::ProbeRow;
    use crate::validation::Constants;
    use gilsim_policies::PolicySpec;

    #[test]
    fn what_is_written_is_a_file_of_presets() {
        let setting = |python: &str, ticks: Option<u64>| ProbeRow {
            python: python.into(),
            lock: "on".into(),
            cores: 3,
            task: "sleep".into(),
            sleep_ns: Some(100_000_000),
            check_interval_ticks: ticks,
            ..ProbeRow::default()
        };
        let cells = [setting("cpython-2.7", Some(100)), setting("cpython-3.13", None)];
        let cells = cells.map(|run| Cell { runs: vec![run] });
        let fit = fit(&cells, 1, 1, &AtomicBool::new(true), &mut |_| {});
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, presets("my machine", "a test", &fit, &cells).unwrap()).unwrap();
        let read = Presets::load(Some(&file)).unwrap();
        let MachineSpec::Linux(machine) = read.machines["my machine"].spec else {
            panic!("{read:?}")
        };
        let cores = machine.cores;
        let defaults = Constants::default();
        assert_eq!(machine, crate::machine::LinuxParameters { cores, ..defaults.machine });
        assert_eq!(cores.get(), 3);
        let interpreter = |name: &str| read.interpreters[name].spec;
        assert_eq!(interpreter("cpython-2.7"), PolicySpec::Tick(defaults.tick));
        assert_eq!(interpreter("cpython-3.13"), PolicySpec::TimedWait(defaults.timed_wait));
        assert_eq!(read.machines["my machine"].origin, "a test");
    }
}
