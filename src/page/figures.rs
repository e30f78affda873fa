//! The figures of a page, and what there is to say of those that are not there.

use maud::{Markup, PreEscaped, html};

use crate::plot::{Drawing, Drawings};

/// Figures, numbered, case by case.
pub(super) fn figures(Drawings { drawings, lacking }: &Drawings) -> Markup {
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
                    code { (about.command) }
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
                ul { @for (why, figures) in lacking { li { (figures.join(", ")) " (needs " (why) ")" } } }
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
