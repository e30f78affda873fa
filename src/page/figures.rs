//! The figures of a page, and what there is to say of those that are not there.

use indexmap::IndexMap;
use maud::{Markup, PreEscaped, html};

use crate::plot::{Drawing, Drawings};

/// Figures, numbered, case by case.
pub(super) fn figures(Drawings { drawings, lacking }: &Drawings, place: &str) -> Markup {
    let links = cases(drawings);
    let figure = |(number, Drawing { svg, about, .. }): &(usize, &Drawing)| {
        let caption = format!("caption-{number}");
        let svg =
            svg.replacen("<svg ", &format!("<svg role=\"img\" aria-labelledby=\"{caption}\" "), 1);
        html! {
            figure {
                div.wide id={ "figure-" (number) } { (PreEscaped(svg)) }
                figcaption {
                    span id=(caption) {
                        a href={ "#figure-" (number) } { "Figure " (number) } ". " (about.caption)
                    }
                    code { (command(&about.command, place)) }
                }
            }
        }
    };
    let numbered: Vec<_> = (1..).zip(drawings).collect();
    html! {
        @for of_case in numbered.chunk_by(|one, next| one.1.case == next.1.case) {
            @let case = &of_case[0].1.case;
            @if let Some((id, case)) = links.iter().find(|(_, name)| name == case) {
                h3 id=(id) { (case) }
            }
            @for drawing in of_case { (figure(drawing)) }
        }
        @if !lacking.is_empty() {
            details {
                summary { "Figures without data" }
                ul { @for why in reasons(lacking) { li { (why) } } }
            }
        }
    }
}

/// The cases, each with a name for links; none if there is only one.
pub(super) fn cases(drawings: &[Drawing]) -> Vec<(String, &str)> {
    let mut cases: Vec<_> = drawings.iter().map(|drawing| drawing.case.as_str()).collect();
    cases.dedup();
    if cases.len() < 2 {
        return Vec::new();
    }
    (1..).zip(cases).map(|(number, case): (usize, _)| (format!("case-{number}"), case)).collect()
}

/// The command of a figure for results in this place.
fn command(command: &str, place: &str) -> String {
    let (_, options) = command.split_once(" --figure ").unwrap_or_default();
    format!("gilsim plot {place} --figure {options}")
}

/// Each reason once, with the figures that it holds for. Where a file is missing, it is any of many: what would make it matters.
fn reasons(lacking: &[String]) -> Vec<String> {
    let mut of: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for text in lacking {
        let (figure, why) = text.split_once(" has no data: ").unwrap_or(("", text));
        let why = why.split_once(" is missing; ").map_or(why, |(_, help)| help);
        let figure = figure.trim_start_matches("the figure ").trim_matches('`');
        let figures = of.entry(why).or_default();
        if !figures.contains(&figure) {
            figures.push(figure);
        }
    }
    of.into_iter().map(|(why, figures)| format!("{}: {why}", figures.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_once() {
        let lacking = [
            "the figure `convoy` has no data: x/intervals/000012.parquet is missing; run it with the level \"intervals\"",
            "the figure `shares` has no data: x/intervals/000012.parquet is missing; run it with the level \"intervals\"",
            "the figure `convoy` has no data: x/intervals/000040.parquet is missing; run it with the level \"intervals\"",
            "the figure `heatmap` has no data: it needs two swept parameters",
        ];
        assert_eq!(
            reasons(&lacking.map(str::to_owned)),
            [
                "convoy, shares: run it with the level \"intervals\"",
                "heatmap: it needs two swept parameters",
            ]
        );
    }

    #[test]
    fn a_command_names_the_place() {
        let text =
            command("gilsim plot results/x --figure latency --width double", "'results/a b'");
        assert_eq!(text, "gilsim plot 'results/a b' --figure latency --width double");
    }
}
