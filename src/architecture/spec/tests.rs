//! What architectures read and refuse.

use super::*;

#[test]
fn every_architecture_reads_what_it_writes() {
    for spec in ArchitectureSpec::all() {
        let text = toml::to_string(&spec).unwrap();
        assert!(text.contains(spec.name()), "{text}");
        assert_eq!(toml::from_str::<ArchitectureSpec>(&text), Ok(spec));
        assert_eq!(
            toml::from_str::<ArchitectureSpec>(&format!("{} = {{}}", spec.name())),
            Ok(spec)
        );
        assert_eq!(spec.validate(), Ok(()));
    }
}

#[test]
fn nonsense_is_named() {
    for (text, parameter) in [
        ("processes = { workers = 0 }", "workers"),
        ("free_threaded = { slowdown = 0 }", "slowdown"),
        ("gilectomy = { collector = { threshold = 0 } }", "collector"),
        ("interpreters = { check_spacing = '0ns' }", "check_spacing"),
        ("interpreters = { check_spacing = '1us' }", "check_spacing"),
    ] {
        let spec: ArchitectureSpec = toml::from_str(text).unwrap();
        assert_eq!(spec.validate().map_err(|(parameter, _)| parameter), Err(parameter));
    }
    assert!(toml::from_str::<ArchitectureSpec>("thread = {}").is_err());
}
