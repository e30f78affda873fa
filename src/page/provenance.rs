//! What a page says of where its results came from, and how to have them again.

use maud::{Markup, html};

use super::{count, folded};
use crate::experiment::methods::bibtex;
use crate::experiment::reproduce::Recorded;

pub(super) fn configuration(recorded: &Recorded) -> Markup {
    html! {
        p { "An experiment file that gives these results, with all settings:" }
        pre { (recorded.manifest.config.trim_end()) }
    }
}

pub(super) fn provenance(recorded: &Recorded, place: &str) -> Markup {
    let manifest = &recorded.manifest;
    let commit = manifest.commit.as_deref().unwrap_or("not recorded");
    let took = manifest.ended_unix_s.saturating_sub(manifest.started_unix_s);
    let facts = [
        ("program", format!("gilsim {}", manifest.identity.version)),
        ("commit", commit.to_owned()),
        ("built for", manifest.target.clone()),
        ("configuration", format!("SHA-256 {}", manifest.identity.hash)),
        ("seed", manifest.seed.to_string()),
        ("random numbers", manifest.streams.clone()),
        ("at one instant", manifest.ties.clone()),
        ("fingerprints", manifest.fingerprint.clone()),
        ("took", count(took as usize, "second")),
    ];
    let number = manifest.sha256.len() + manifest.inputs.len();
    let files = manifest.sha256.iter().map(|(file, sum)| (file.display().to_string(), sum));
    let inputs =
        manifest.inputs.iter().map(|input| (input.file.display().to_string(), &input.sha256));
    let files = html! {
        div.wide {
            table {
                thead { tr { th { "file" } th.text { "SHA-256" } } }
                tbody {
                    @for (file, sum) in files.chain(inputs) {
                        tr { td { (file) } td.text { code { (sum) } } }
                    }
                }
            }
        }
    };
    html! {
        dl {
            @for (what, text) in facts.iter().filter(|(_, text)| !text.is_empty()) {
                dt { (what) } dd { (text) }
            }
        }
        h3 { "Files" }
        (folded(number, &count(number, "file"), files))
        h3 { "To have it again" }
        pre {
            "gilsim reproduce " (place) "    # does all runs again, and compares their fingerprints\n"
            "gilsim plot " (place) "         # draws the figures as SVG, PDF and PNG\n"
            "gilsim methods " (place) "      # writes a methods appendix"
        }
        h3 { "To cite the program" }
        pre { (bibtex().trim_end()) }
    }
}
