//! What surrounds the content of a page: head, style, fonts, and the list of its sections.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure::font;

const STYLE: &str = include_str!("style.css");

/// The whole page: a title, what it is about, sections, each with a name for links and a title, and what else is linked.
pub(super) fn page(
    title: &str,
    about: &Markup,
    sections: &[(&str, &str, Markup)],
    cases: &[(String, &str)],
) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("gilsim ", env!("CARGO_PKG_VERSION")));
                title { (title) " - gilsim" }
                style { (PreEscaped(fonts())) (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    (about)
                    nav aria-label="sections" {
                        @for (id, title, _) in sections {
                            a href={ "#" (id) } { (title) }
                        }
                    }
                    @if !cases.is_empty() {
                        nav aria-label="cases" {
                            @for (id, case) in cases {
                                a href={ "#" (id) } { (case) }
                            }
                        }
                    }
                }
                main {
                    @for (id, title, body) in sections {
                        section id=(id) {
                            h2 { (title) }
                            (body)
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// The fonts that figures are set in.
fn fonts() -> String {
    let face = |(bytes, weight): (&[u8], &str)| {
        format!(
            "@font-face {{ font-family: \"{}\"; font-weight: {weight}; src: url(data:font/ttf;base64,{}) format(\"truetype\"); }}\n",
            font::NAME,
            BASE64_STANDARD.encode(bytes)
        )
    };
    font::FACES.map(face).concat()
}
