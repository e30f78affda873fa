//! A page measured in millimetres, drawn by plotters.
//!
//! plotters' coordinates are integers, so the page is drawn at 100 units a millimetre, and the header
//! of the SVG then says how large it is in print.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, WHITE,
};

use super::FigureError;
use super::clip::{Point, Rect, clip_segment};
use super::font;
use super::marker::Marker;
use super::style::Width;

/// Units of the SVG in a millimetre.
const UNITS_PER_MM: f64 = 100.0;

/// plotters divides a font's size by this before it writes it.
const SIZE_PER_EM: f64 = 1.24;

/// How much of its colour a veil has.
const VEIL: f64 = 0.25;

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub color: RGBColor,
    pub width_mm: f64,
    /// Lengths of dash, gap, dash, gap and so on \[mm\]; empty for a solid line.
    pub dash: &'static [f64],
}

impl Stroke {
    pub const fn solid(color: RGBColor, width_mm: f64) -> Self {
        Self { color, width_mm, dash: &[] }
    }
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Type {
    pub pt: f64,
    pub bold: bool,
    pub color: RGBColor,
}

/// Which point of a text stands at the given place: always on its base line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// A page to draw on.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    /// Width and height \[mm\].
    size_mm: (f64, f64),
}

/// Draws a page of the given size and returns it as SVG, in the size in which it is shown.
pub(super) fn page(
    width: Width,
    height_mm: f64,
    paint: impl FnOnce(&Canvas<'_>) -> Result<(), FigureError>,
) -> Result<String, FigureError> {
    font::register()?;
    let size = (units(width.mm()).unsigned_abs(), units(height_mm).unsigned_abs());
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let canvas = Canvas { area, size_mm: (width.mm(), height_mm) };
        canvas.area.fill(&WHITE).map_err(drawing)?;
        paint(&canvas)?;
        canvas.area.present().map_err(drawing)?;
    }
    let body = svg.split_once('\n').map_or("", |(_, body)| body);
    let mm = |units: u32| width.magnification() * f64::from(units) / UNITS_PER_MM;
    Ok(format!(
        "<svg width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {} {}\" stroke-linejoin=\"round\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n{}",
        mm(size.0),
        mm(size.1),
        size.0,
        size.1,
        body.replace("\n</text>", "</text>")
    ))
}

fn drawing(error: impl std::fmt::Display) -> FigureError {
    FigureError::Draw(error.to_string())
}

fn units(mm: f64) -> i32 {
    // A page is far smaller than what an i32 holds, and `as` saturates.
    #[allow(clippy::cast_possible_truncation)]
    {
        (mm * UNITS_PER_MM).round() as i32
    }
}

fn place((x, y): Point) -> (i32, i32) {
    (units(x), units(y))
}

impl Canvas<'_> {
    /// A line through `points`.
    pub fn line(&self, points: &[Point], stroke: &Stroke) -> Result<(), FigureError> {
        if points.len() < 2 {
            return Ok(());
        }
        let style = outline(stroke.color, stroke.width_mm);
        let draw = |part: &[Point]| {
            let mut places: Vec<_> = part.iter().map(|&point| place(point)).collect();
            places.dedup();
            self.area.draw(&PathElement::new(places, style)).map_err(drawing)
        };
        if stroke.dash.is_empty() {
            return draw(points);
        }
        dashes(points, stroke.dash).iter().try_for_each(|part| draw(part))
    }

    /// A filled rectangle.
    pub fn fill(&self, rect: &Rect, color: RGBColor) -> Result<(), FigureError> {
        let corners = [place((rect.left, rect.top)), place((rect.right(), rect.bottom()))];
        self.area.draw(&Rectangle::new(corners, color.filled())).map_err(drawing)
    }

    /// A filled area with the given corners.
    pub fn area(&self, corners: &[Point], color: RGBColor) -> Result<(), FigureError> {
        self.polygon(corners, color.filled())
    }

    /// The same, through which one sees what is below.
    pub fn veil(&self, corners: &[Point], color: RGBColor) -> Result<(), FigureError> {
        self.polygon(corners, color.mix(VEIL).filled())
    }

    fn polygon(&self, corners: &[Point], style: ShapeStyle) -> Result<(), FigureError> {
        let places: Vec<_> = corners.iter().map(|&corner| place(corner)).collect();
        self.area.draw(&Polygon::new(places, style)).map_err(drawing)
    }

    /// Slanted lines across a rectangle, `gap_mm` apart; they fall to the right if `falling`.
    pub fn hatch(
        &self,
        rect: &Rect,
        gap_mm: f64,
        falling: bool,
        stroke: &Stroke,
    ) -> Result<(), FigureError> {
        // The lines hang on the page, not on the rectangle, so that neighbours fit together.
        let sign = if falling { 1.0 } else { -1.0 };
        let offset = |x: f64, y: f64| x - sign * y;
        let corners = [
            offset(rect.left, rect.top),
            offset(rect.right(), rect.top),
            offset(rect.left, rect.bottom()),
            offset(rect.right(), rect.bottom()),
        ];
        let low = corners.into_iter().fold(f64::INFINITY, f64::min);
        let high = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let mut step = (low / gap_mm).ceil();
        while step * gap_mm < high {
            let at = |y: f64| (step * gap_mm + sign * y, y);
            if let Some((from, to)) = clip_segment(at(rect.top), at(rect.bottom()), rect) {
                self.line(&[from, to], stroke)?;
            }
            step += 1.0;
        }
        Ok(())
    }

    /// A marker around a place; a hollow one shows what is below it.
    pub fn marker(
        &self,
        center: Point,
        marker: Marker,
        size_mm: f64,
        color: RGBColor,
        hollow: bool,
    ) -> Result<(), FigureError> {
        let ring = outline(color, 0.2);
        let Some(corners) = marker.corners() else {
            let style = if hollow { ring } else { color.filled() };
            let circle = Circle::new(place(center), units(size_mm / 2.0), style);
            return self.area.draw(&circle).map_err(drawing);
        };
        let at =
            |&(x, y): &Point| place((center.0 + x * size_mm / 2.0, center.1 + y * size_mm / 2.0));
        let mut places: Vec<_> = corners.iter().map(at).collect();
        if hollow {
            // Ends on its second corner, so that the first one is joined like the others.
            places.extend_from_within(..2);
            self.area.draw(&PathElement::new(places, ring)).map_err(drawing)
        } else {
            self.area.draw(&Polygon::new(places, color.filled())).map_err(drawing)
        }
    }

    /// A text, as far as the page has room for it.
    pub fn text(
        &self,
        text: &str,
        (x, base): Point,
        set: &Type,
        align: Align,
    ) -> Result<(), FigureError> {
        // plotters can only hang a text 0.76 em above its base line.
        let top = base - 0.76 * set.pt * font::MM_PER_PT;
        let text = fitting(text, (x, self.size_mm.0), set, align);
        self.set(&text, (x, top), set, align, FontTransform::None)
    }

    /// A text that runs upwards, with its base line to its right.
    pub fn text_upwards(
        &self,
        text: &str,
        (base, y): Point,
        set: &Type,
        align: Align,
    ) -> Result<(), FigureError> {
        let top = base - 0.76 * set.pt * font::MM_PER_PT;
        let text = fitting(text, (self.size_mm.1 - y, self.size_mm.1), set, align);
        self.set(&text, (top, y), set, align, FontTransform::Rotate270)
    }

    fn set(
        &self,
        text: &str,
        at: Point,
        set: &Type,
        align: Align,
        turn: FontTransform,
    ) -> Result<(), FigureError> {
        // Ticks without a label and panels without a title are common.
        if text.is_empty() {
            return Ok(());
        }
        let size = set.pt * font::MM_PER_PT * UNITS_PER_MM * SIZE_PER_EM;
        let weight = if set.bold { FontStyle::Bold } else { FontStyle::Normal };
        let side = match align {
            Align::Left => HPos::Left,
            Align::Center => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style = FontDesc::new(FontFamily::Name(font::FAMILY), size, weight)
            .transform(turn)
            .color(&set.color)
            .pos(Pos::new(side, VPos::Top));
        self.area.draw(&Text::new(text, place(at), style)).map_err(drawing)
    }
}

/// As much of a text as there is room for between its place and the ends of a page that is so long.
fn fitting(text: &str, (at, end): (f64, f64), set: &Type, align: Align) -> String {
    let room = match align {
        Align::Left => end - at,
        Align::Center => 2.0 * at.min(end - at),
        Align::Right => at,
    };
    font::shorten(&font::legible(text), room, set)
}

fn outline(color: RGBColor, width_mm: f64) -> ShapeStyle {
    color.stroke_width(units(width_mm).unsigned_abs())
}

/// Cuts a line into dashes, which run on around corners. `lengths` are dash, gap, dash, gap \[mm\].
fn dashes(points: &[Point], lengths: &[f64]) -> Vec<Vec<Point>> {
    let mut parts = Vec::new();
    let (mut index, mut left) = (0, lengths[0]);
    let mut part = vec![points[0]];
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let distance = (to.0 - from.0).hypot(to.1 - from.1);
            let drawn = index % 2 == 0;
            if distance < left {
                left -= distance;
                if drawn {
                    part.push(to);
                }
                break;
            }
            let share = left / distance;
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            if drawn {
                part.push(from);
                parts.push(std::mem::take(&mut part));
            } else {
                part = vec![from];
            }
            index = (index + 1) % lengths.len();
            left = lengths[index];
        }
    }
    if part.len() > 1 {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_in_millimetres() {
        let svg = page(Width::Column, 60.5, |_| Ok(())).unwrap();
        assert!(
            svg.starts_with("<svg width=\"85mm\" height=\"60.5mm\" viewBox=\"0 0 8500 6050\""),
            "{svg}"
        );
        let slide = page(Width::Slide, 60.5, |_| Ok(())).unwrap();
        let head = "<svg width=\"254mm\" height=\"121mm\" viewBox=\"0 0 12700 6050\"";
        assert!(slide.starts_with(head), "{slide}");
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn dashes_run_on_around_corners() {
        let parts = dashes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 3.0)], &[2.0, 0.5]);
        assert_eq!(
            parts,
            [
                vec![(0.0, 0.0), (2.0, 0.0)],
                vec![(2.5, 0.0), (3.0, 0.0), (3.0, 1.5)],
                vec![(3.0, 2.0), (3.0, 3.0)]
            ]
        );
    }

    #[test]
    fn markup_in_a_text_is_escaped() {
        let set = Type { pt: 7.0, bold: false, color: WHITE };
        let svg = page(Width::Column, 10.0, |canvas| {
            canvas.text("a < b & c", (1.0, 5.0), &set, Align::Left)
        })
        .unwrap();
        assert!(svg.contains(">\na &lt; b &amp; c</text>"), "{svg}");
    }
}
