//! The bundled font: the only one that any figure, in any format, is set in.

use std::sync::OnceLock;

use ab_glyph::{Font as _, FontRef};
use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::FigureError;
use super::canvas::Type;

/// Its name.
pub const NAME: &str = "DejaVu Sans Condensed";

/// Its files, and the weight of each.
pub const FACES: [(&[u8], &str); 2] = [(REGULAR, "normal"), (BOLD, "bold")];

/// The family as SVG files name it; a viewer that lacks the font takes one of nearly equal width.
pub(super) const FAMILY: &str = "DejaVu Sans Condensed, Arial, sans-serif";

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/DejaVuSansCondensed.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/DejaVuSansCondensed-Bold.ttf");

/// Millimetres in a point.
pub(super) const MM_PER_PT: f64 = 25.4 / 72.0;

/// plotters takes a size for the height from the lowest to the highest glyph: 1.164 em here.
const LINE_PER_EM: f64 = 1.164;

/// Makes the font known to plotters. Only the first call does anything.
pub(super) fn register() -> Result<(), FigureError> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    if *done { Ok(()) } else { Err(FigureError::Font) }
}

/// The fonts that the PDF and the PNG are set in.
pub(super) fn database() -> usvg::fontdb::Database {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts
}

/// How wide a text is when set at `pt` points \[mm\].
pub(super) fn width_mm(text: &str, pt: f64, bold: bool) -> f64 {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    // plotters looks a font up when it is named, so it has to be registered by then.
    let is_known = register().is_ok();
    // Measured in thousandths of an em, because plotters returns whole numbers.
    let font = FontDesc::new(FontFamily::Name(FAMILY), 1000.0 * LINE_PER_EM, style);
    let em = match font.box_size(text) {
        Ok((width, _)) if is_known => f64::from(width) / 1000.0,
        _ => 0.6 * text.chars().count() as f64,
    };
    em * pt * MM_PER_PT
}

/// As much of a text as fits.
pub(super) fn shorten(text: &str, room_mm: f64, set: &Type) -> String {
    let fits = |text: &str| width_mm(text, set.pt, set.bold) <= room_mm + 0.01;
    if fits(text) {
        return text.to_owned();
    }
    let mut letters: Vec<_> = text.chars().collect();
    loop {
        letters.pop();
        let short = letters.iter().collect::<String>() + "…";
        if letters.is_empty() || fits(&short) {
            return short;
        }
    }
}

/// A text with a question mark for each letter that the font lacks: it would leave nothing in a PDF and a PNG.
pub(super) fn legible(text: &str) -> String {
    static FONT: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    if text.is_ascii() {
        return text.to_owned();
    }
    let font = FONT.get_or_init(|| FontRef::try_from_slice(REGULAR).ok());
    let is_known = |letter| font.as_ref().is_none_or(|font| font.glyph_id(letter).0 != 0);
    text.chars().map(|letter| if is_known(letter) { letter } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_what_the_renderer_sets() {
        let text = "CPython 3.13 (timed wait), 10 µs";
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='200mm' height='10mm' viewBox='0 0 200 10'>\
             <text x='1' y='8' font-family='{FAMILY}' font-size='{}'>{text}</text></svg>",
            8.0 * MM_PER_PT
        );
        let options = usvg::Options { fontdb: database().into(), dpi: 25.4, ..Default::default() };
        let tree = usvg::Tree::from_str(&svg, &options).unwrap();
        let set = f64::from(tree.root().abs_bounding_box().width());
        let measured = width_mm(text, 8.0, false);
        assert!((set - measured).abs() < 0.02 * set, "set {set} mm, measured {measured} mm");
    }

    #[test]
    fn what_the_font_lacks_is_seen() {
        assert_eq!(legible("группа 9 µs – Ω"), "?????? 9 µs – Ω");
    }

    #[test]
    fn bold_is_wider() {
        assert!(width_mm("barging", 7.0, true) > width_mm("barging", 7.0, false));
    }
}
