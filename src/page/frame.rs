//! What surrounds the content of a page: head, style, fonts, and the list of its sections.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure::font;

const STYLE: &str = include_str!("style.css");

/// The whole page: a title, what it is about, and sections, each with a name for links and a title.
pub(super) fn page(title: &str, about: &Markup, sections: &[(&str, &str, Markup)]) -> String {
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
                    nav {
                        @for (id, title, _) in sections {
                            a href={ "#" (id) } { (title) }
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
