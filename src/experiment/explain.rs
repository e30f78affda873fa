//! The messages of the TOML reader in words for the author of an experiment.

use crate::names::{did_you_mean, list};

/// What keys that must be given, or that have more than one form, look like.
const EXAMPLES: [(&str, &str); 13] = [
    ("schema", "`schema = 1`"),
    ("duration", "`duration = \"10s\"`"),
    ("machine", "`machine = { linux = { cores = 2 } }`"),
    ("policies", "`policies.cpython = { timed_wait = {} }`"),
    ("groups", "`[groups.io]`, and below it `program = [{ compute = \"1ms\" }]`"),
    ("program", "`program = [{ compute = \"1ms\" }, { block = \"5ms\" }]`"),
    ("objects", "`object = \"cache\"`, or `objects = [\"cache\", \"log\"]`"),
    ("steps", "`steps = [{ compute = \"1ms\" }]`"),
    (
        "arrivals",
        "`arrivals = { poisson = { mean_gap = \"10ms\" } }`, `{ gap = \"5ms\" }` or `{ think = \"1ms\" }`; \
         `polls` stands beside it",
    ),
    ("poisson", "`{ poisson = { mean_gap = \"10ms\" } }`"),
    ("exponential", "`{ exponential = { mean = \"1ms\" } }`"),
    ("polls", "`polls = { steps = [\"yield\", { compute = \"2us\" }], serves = \"one\" }`"),
    ("serves", "`serves = \"one\"`, `\"waiting\"` or `\"until_empty\"`"),
];

/// What a key looks like, if it needs an example.
fn example(key: &str) -> Option<String> {
    let (_, example) = EXAMPLES.iter().find(|(known, _)| *known == key)?;
    Some(format!("as in {example}"))
}

/// What would be right in place of a value of another form than its key wants.
pub(super) fn other_form(message: &str, key: &str) -> Option<String> {
    let is_form = ["expected ", "exactly one name", "unknown name"]
        .iter()
        .any(|start| message.starts_with(start));
    (is_form && !message.contains("as in")).then(|| example(key)).flatten()
}

/// What is wrong, and what would be right.
pub(super) fn explain(message: &str) -> (String, Option<String>) {
    let message = message.lines().collect::<Vec<_>>().join(", ");
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let allowed = |names: &[&str]| match names {
        [] => "no keys are allowed here".to_owned(),
        names => format!("allowed: {}", list(names.iter().copied())),
    };
    let unknown = [("unknown field", "key"), ("unknown variant", "name")];
    let unknown = unknown.into_iter().find(|(start, _)| message.starts_with(start));
    if let (Some((_, what)), [name, names @ ..]) = (unknown, &quoted[..]) {
        let near = did_you_mean(name, names.iter().copied());
        return (format!("unknown {what} `{name}`{near}"), Some(allowed(names)));
    }
    if let Some((name, names)) = message
        .strip_prefix("unexpected keys in table: ")
        .and_then(|rest| rest.split_once(", available keys: "))
    {
        let name = name.split(", ").next().unwrap_or(name);
        let names: Vec<_> = names.split(", ").collect();
        let near = did_you_mean(name, names.iter().copied());
        let mut help = allowed(&names);
        if names == ["from", "to", "scale"] {
            help += "; a path of several parts needs quotes, as in \"groups.io.threads\" = { from = 1, to = 8 }";
        }
        return (format!("unknown key `{name}`{near}"), Some(help));
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        return (format!("the key {name} is missing"), example(name.trim_matches('`')));
    }
    if let Some(name) = message.strip_prefix("duplicate field ") {
        let help = (name == "`objects`").then(|| "`object` is the same key: keep one".to_owned());
        return (format!("the key {name} is given twice"), help);
    }
    if let Some((found, wanted)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        if found == "unit variant" {
            let help = "its parameters follow the name, as in `{ zipf = { exponent = 1.1 } }`";
            return (
                format!("expected {}, found a name alone", plain(wanted)),
                Some(help.to_owned()),
            );
        }
        return (format!("expected {}, found {}", plain(wanted), plain(found)), None);
    }
    if let Some((found, wanted)) =
        message.strip_prefix("invalid value: ").and_then(|rest| rest.split_once(", expected "))
    {
        return (format!("{} is not {}", plain(found), plain(wanted)), None);
    }
    if message == "expected newtype variant, found unit variant" {
        let help =
            "its parameters follow the name, as in `{ timed_wait = {} }` or `{ linux = {} }`";
        return ("expected a table, found a name alone".to_owned(), Some(help.to_owned()));
    }
    if message == "wanted string or table" {
        return ("expected a name".to_owned(), None);
    }
    if message.starts_with("wanted exactly 1 element") {
        let found = message.rsplit(", ").next().unwrap_or_default();
        return (format!("exactly one name must stand here, {found}"), None);
    }
    (message, None)
}

/// The types of a program as the types of a file.
fn plain(text: &str) -> String {
    let known = match text {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i64" | "i32" => "a whole number",
        "f64" => "a number",
        "a sequence" => "an array",
        "a map" | "map" => "a table",
        "sequence" => "an array",
        "a boolean" => "true or false",
        _ if text.starts_with("struct ") || text.starts_with("internally tagged enum") => "a table",
        "a nonzero u16" => "a whole number from 1 to 65535",
        _ if text.starts_with("a nonzero") => "a whole number from 1 on",
        _ if text.starts_with("enum ") => "one of several names",
        _ => return text.to_owned(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_plain() {
        for (message, plain, help) in [
            (
                "unknown field `thread`, expected one of `threads`, `start`",
                "unknown key `thread`, did you mean `threads`?",
                Some("allowed: `threads`, `start`"),
            ),
            (
                "unknown field `x`, there are no fields",
                "unknown key `x`",
                Some("no keys are allowed here"),
            ),
            (
                "unexpected keys in table: groups, available keys: from, to, scale",
                "unknown key `groups`",
                Some(
                    "allowed: `from`, `to`, `scale`; a path of several parts needs quotes, as in \
                     \"groups.io.threads\" = { from = 1, to = 8 }",
                ),
            ),
            (
                "unexpected keys in table: tims, available keys: times, steps",
                "unknown key `tims`, did you mean `times`?",
                Some("allowed: `times`, `steps`"),
            ),
            (
                "invalid type: string \"2\", expected u32",
                "expected a whole number from 0 on, found string \"2\"",
                None,
            ),
            (
                "invalid value: integer `-1`, expected u32",
                "integer `-1` is not a whole number from 0 on",
                None,
            ),
            (
                "invalid type: unit variant, expected struct variant PickSpec::Zipf",
                "expected a table, found a name alone",
                Some("its parameters follow the name, as in `{ zipf = { exponent = 1.1 } }`"),
            ),
            (
                "missing field `duration`",
                "the key `duration` is missing",
                Some("as in `duration = \"10s\"`"),
            ),
            ("missing field `mean`", "the key `mean` is missing", None),
            (
                "duplicate field `objects`",
                "the key `objects` is given twice",
                Some("`object` is the same key: keep one"),
            ),
            ("duplicate key", "duplicate key", None),
            ("wanted string or table", "expected a name", None),
        ] {
            assert_eq!(explain(message), (plain.to_owned(), help.map(str::to_owned)));
        }
    }
}
