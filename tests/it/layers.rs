//! Who may import whom. ARCHITECTURE.md says why.

use std::fs;
use std::path::{Path, PathBuf};

/// A layer, and the layers that it may name in `use crate::...`.
const LAYERS: [(&str, &[&str]); 17] = [
    ("workload", &[]),
    ("machine", &[]),
    ("trace", &[]),
    ("architecture", &["workload"]),
    ("sim", &["workload", "machine", "trace", "architecture"]),
    ("statistics", &[]),
    ("theory", &[]),
    ("reference", &["workload", "machine", "architecture", "theory"]),
    ("metrics", &["sim", "trace", "statistics"]),
    ("analysis", &["trace", "statistics"]),
    (
        "explain",
        &[
            "sim",
            "workload",
            "machine",
            "architecture",
            "analysis",
            "statistics",
            "trace",
            "metrics",
        ],
    ),
    ("figure", &["analysis", "trace"]),
    ("export", &["analysis", "trace"]),
    ("measurement", &["analysis", "trace"]),
    ("validation", &["workload", "machine", "trace", "sim", "architecture"]),
    ("calibration", &["validation", "trace"]),
    (
        "experiment",
        &[
            "workload",
            "machine",
            "trace",
            "sim",
            "metrics",
            "analysis",
            "statistics",
            "architecture",
            "reference",
        ],
    ),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn layer_of(path: &Path, root: &Path) -> Option<String> {
    let inside = path.strip_prefix(root).ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

#[test]
fn layers_import_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for path in sources(&root) {
        let layer = layer_of(&path, &root).expect("a source file is in a layer");
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            continue;
        };
        let text = fs::read_to_string(&path).expect("a source file is text");
        // Tests may reach further than the code that they test.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            for named in line.split("crate::").skip(1) {
                let named: String =
                    named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = LAYERS.iter().any(|(name, _)| *name == named);
                seen += usize::from(known);
                assert!(
                    !known || named == layer || allowed.contains(&named.as_str()),
                    "{}:{}: `{layer}` must not import `{named}`",
                    path.display(),
                    number + 1
                );
            }
        }
    }
    assert!(seen > 10, "the test found no imports at all");
}

#[test]
fn policies_depend_on_nothing_of_ours() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest is there");
    assert!(!manifest.contains("path ="), "policies must stay a leaf crate");
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src", "policies/src", "tests", "benches"] {
        for path in sources(&root.join(folder)) {
            let text = fs::read_to_string(&path).expect("a source file is text");
            let lines = text.lines().count();
            assert!(lines <= 400, "{} has {lines} lines: split it", path.display());
            assert!(text.starts_with("//!"), "{} does not say what it is", path.display());
        }
    }
}
