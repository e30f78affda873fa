//! What the file of a figure says of itself, so that a figure that was sent around can be cited and drawn again.

/// Stored in every format: as title and description of an SVG, in the properties of a PDF, as texts of a PNG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The experiment's name and the figure's.
    pub title: String,
    /// What is shown, as a caption would say it.
    pub caption: String,
    /// The command that draws it.
    pub command: String,
}

impl Description {
    /// What made the file.
    pub(super) const CREATOR: &'static str = concat!("gilsim ", env!("CARGO_PKG_VERSION"));

    /// The drawing, an SVG, with the description in it.
    pub(super) fn within(&self, svg: &str) -> String {
        let (head, body) = svg.split_once('\n').unwrap_or((svg, ""));
        let [title, text] = [&self.title, &self.text()].map(|text| escaped(text));
        format!("{head}\n<title>{title}</title>\n<desc>{text}</desc>\n{body}")
    }

    /// Caption and command.
    pub(super) fn text(&self) -> String {
        format!("{}\nDrawn by: {}", self.caption, self.command)
    }
}

/// A text within an element.
fn escaped(text: &str) -> String {
    // XML has no way to write other control characters.
    let text = text.replace(|letter: char| letter.is_control() && letter != '\n', " ");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_text_whatever_it_says() {
        let description = Description {
            title: "a < b & \u{7}c".to_owned(),
            caption: "]]> </desc>".to_owned(),
            command: "gilsim plot 'x y'".to_owned(),
        };
        let svg = description.within("<svg xmlns=\"http://www.w3.org/2000/svg\">\n</svg>");
        let tree = usvg::roxmltree::Document::parse(&svg).unwrap();
        let text =
            |name: &str| tree.descendants().find(|node| node.has_tag_name(name)).unwrap().text();
        assert_eq!(text("title"), Some("a < b &  c"));
        assert_eq!(text("desc"), Some("]]> </desc>\nDrawn by: gilsim plot 'x y'"));
    }
}
