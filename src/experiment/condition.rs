//! Conditions on the points of a sweep: `groups.io.threads + 1 <= groups.spinners.threads`.

use gilsim_policies::Span;
use toml::de::DeValue;

use super::document::Document;
use super::path::parse_path;

/// The comparisons; those of two letters first, since they begin like the others.
const COMPARISONS: [(&str, fn(f64, f64) -> bool); 6] = [
    ("<=", |left, right| left <= right),
    (">=", |left, right| left >= right),
    ("==", |left, right| (left - right).abs() < f64::EPSILON),
    ("!=", |left, right| (left - right).abs() >= f64::EPSILON),
    ("<", |left, right| left < right),
    (">", |left, right| left > right),
];

/// A number or a length of time \[ns\].
#[derive(Debug, Clone, Copy)]
struct Quantity {
    value: f64,
    is_time: bool,
}

/// Whether a condition holds; or what is wrong with it.
pub(super) fn holds(condition: &str, document: &Document<'_>) -> Result<bool, String> {
    let compare = COMPARISONS
        .iter()
        .find_map(|(sign, compare)| split(condition, sign).map(|parts| (parts, compare)));
    let Some(((left, right), compare)) = compare else {
        return Err("a condition compares two sums with <=, <, >=, >, == or !=".to_owned());
    };
    let (left, right) = (sum(left, document)?, sum(right, document)?);
    if left.is_time != right.is_time {
        return Err("a condition can't compare a duration with a number".to_owned());
    }
    Ok(compare(left.value, right.value))
}

fn sum(text: &str, document: &Document<'_>) -> Result<Quantity, String> {
    let (first, rest) = split(text, "+").map_or((text, None), |(first, rest)| (first, Some(rest)));
    let first = term(first.trim(), document)?;
    let Some(rest) = rest else { return Ok(first) };
    let rest = sum(rest, document)?;
    if first.is_time != rest.is_time {
        return Err("a condition can't add a duration to a number".to_owned());
    }
    Ok(Quantity { value: first.value + rest.value, is_time: first.is_time })
}

fn term(text: &str, document: &Document<'_>) -> Result<Quantity, String> {
    if let Some(quantity) = quantity(text) {
        return Ok(quantity);
    }
    let path = parse_path(text)
        .ok_or_else(|| format!("`{text}` is neither a number, nor a duration, nor a path"))?;
    let value = document
        .get(&path)
        .ok_or_else(|| format!("`{path}` has no value in the file to compare"))?;
    let written = match value.get_ref() {
        DeValue::String(text) => text.as_ref(),
        DeValue::Integer(number) => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        other => return Err(format!("`{path}` is a {}, which has no size", other.type_str())),
    };
    quantity(written).ok_or_else(|| format!("`{path}` is \"{written}\", which has no size"))
}

fn quantity(text: &str) -> Option<Quantity> {
    let number = text.parse().ok().map(|value| Quantity { value, is_time: false });
    let time = || text.parse::<Span>().ok();
    number.or_else(|| Some(Quantity { value: time()?.ns() as f64, is_time: true }))
}

/// The parts of a text before and after the first `sign` that is not in quotes.
fn split<'t>(text: &'t str, sign: &str) -> Option<(&'t str, &'t str)> {
    let mut in_quotes = false;
    let (at, _) = text.char_indices().find(|(at, letter)| {
        in_quotes ^= *letter == '"';
        !in_quotes && text[*at..].starts_with(sign)
    })?;
    Some((&text[..at], &text[at + sign.len()..]))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::source::Sources;
    use super::*;

    fn check(condition: &str) -> Result<bool, String> {
        let text = "a = 2\nb = '3ms'\nc.\"d<e\" = 1.5\nl = 'x'\nt = []".to_owned();
        let sources = Sources::new(Path::new("x"), text, &[]);
        holds(condition, &Document::parse(&sources).unwrap())
    }

    #[test]
    fn sums_are_compared() {
        for (condition, result) in [
            ("a <= 2", true),
            ("a < 2", false),
            ("a + a == 4", true),
            ("1 + a + c.\"d<e\" > 4.4", true),
            ("b >= 3ms", true),
            ("b + 1us != 3001us", false),
        ] {
            assert_eq!(check(condition), Ok(result), "{condition}");
        }
    }

    #[test]
    fn nonsense_is_told() {
        for (condition, message) in [
            ("a", "a condition compares two sums with <=, <, >=, >, == or !="),
            ("a = 2", "a condition compares two sums with <=, <, >=, >, == or !="),
            ("a < b", "a condition can't compare a duration with a number"),
            ("a + 1ms < b", "a condition can't add a duration to a number"),
            ("a < 3 parsecs", "`3 parsecs` is neither a number, nor a duration, nor a path"),
            ("a < x.y", "`x.y` has no value in the file to compare"),
            ("l < 1", "`l` is \"x\", which has no size"),
            ("t < 1", "`t` is a array, which has no size"),
        ] {
            assert_eq!(check(condition), Err(message.to_owned()));
        }
    }
}
