//! Names in messages: which was meant, and which there are.

/// The candidate that looks most like `name`, if any does.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            distance * 3 <= name.chars().count().max(candidate.chars().count()) + 1
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters differ, whatever their case.
fn distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(&one.to_lowercase(), &other.to_lowercase())
}

/// `, did you mean ...?` if there is something to mean.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    nearest(name, candidates).map_or_else(String::new, |near| format!(", did you mean `{near}`?"))
}

/// Names in a sentence: `a`, `b`.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_similar_names_are_proposed() {
        let names = ["threads", "program", "start"];
        assert_eq!(nearest("thread", names), Some("threads"));
        assert_eq!(nearest("strat", names), Some("start"));
        assert_eq!(nearest("policy", names), None);
        assert_eq!(nearest("fifo", ["FIFO", "fif"]), Some("FIFO"));
    }
}
