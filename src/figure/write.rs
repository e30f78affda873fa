//! One drawing in three formats.

use std::io::Write;
use std::path::{Path, PathBuf};

use krilla::Document;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::tiny_skia::{Pixmap, Transform};

use super::{Description, FigureError, font};

/// Points in an inch, the unit of a PDF.
const PT_PER_INCH: f32 = 72.0;

/// Writes `stem.svg`, `stem.pdf` and `stem.png` from one drawing, each with its description inside, and returns the three
/// paths.
///
/// The PNG has `dpi` pixels an inch; print wants 300. Text stays text in the SVG and the PDF, and the
/// PDF carries the font. The same drawing gives the same bytes. Each file appears whole or not at all.
///
/// # Errors
/// Names the file that could not be made, or written.
pub fn write(
    svg: &str,
    description: &Description,
    stem: &Path,
    dpi: u16,
) -> Result<[PathBuf; 3], FigureError> {
    let tree = parse(svg)?;
    let files = [
        ("svg", description.within(svg).into_bytes()),
        ("pdf", pdf(&tree, description)?),
        ("png", png(&tree, description, dpi)?),
    ];
    let mut paths = Vec::new();
    for (extension, bytes) in files {
        // Not `with_extension`, which would cut a stem such as "interval-0.5ms".
        let mut name = stem.as_os_str().to_owned();
        name.push(".");
        name.push(extension);
        let path = PathBuf::from(name);
        write_whole(&path, &bytes)
            .map_err(|source| FigureError::Write { path: path.clone(), source })?;
        paths.push(path);
    }
    paths.try_into().map_err(|_| FigureError::Draw("three files were due".to_owned()))
}

/// Writes beside the target and renames, so that nobody ever sees half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    // A temporary file is private; what it becomes should be as readable as any other file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The drawing, measured in points, set in the bundled font and no other.
fn parse(svg: &str) -> Result<usvg::Tree, FigureError> {
    let options =
        usvg::Options { fontdb: font::database().into(), dpi: PT_PER_INCH, ..Default::default() };
    usvg::Tree::from_str(svg, &options).map_err(|error| FigureError::Draw(error.to_string()))
}

fn pdf(tree: &usvg::Tree, description: &Description) -> Result<Vec<u8>, FigureError> {
    let failed = || FigureError::Draw("the drawing can't be turned into a PDF".to_owned());
    let size = Size::from_wh(tree.size().width(), tree.size().height()).ok_or_else(failed)?;
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(description.title.clone())
            .description(description.text())
            .creator(Description::CREATOR.to_owned()),
    );
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    surface.draw_svg(tree, size, SvgSettings::default()).ok_or_else(failed)?;
    surface.finish();
    page.finish();
    document.finish().map_err(|error| FigureError::Draw(format!("PDF: {error:?}")))
}

fn png(tree: &usvg::Tree, description: &Description, dpi: u16) -> Result<Vec<u8>, FigureError> {
    let scale = f32::from(dpi) / PT_PER_INCH;
    // A page is some thousand pixels wide.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let pixels = |points: f32| (points * scale).round() as u32;
    let (width, height) = (pixels(tree.size().width()), pixels(tree.size().height()));
    let mut pixmap = Pixmap::new(width, height)
        .ok_or_else(|| FigureError::Draw(format!("{width} × {height} pixels are no picture")))?;
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    encode(&pixmap, description, dpi).map_err(|error| FigureError::Draw(format!("PNG: {error}")))
}

/// The pixels, how large they are, and what they show.
fn encode(
    pixmap: &Pixmap,
    description: &Description,
    dpi: u16,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    // The page is opaque.
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let per_metre = (f64::from(dpi) / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    for (keyword, text) in [
        ("Title", description.title.clone()),
        ("Description", description.text()),
        ("Software", Description::CREATOR.to_owned()),
    ] {
        encoder.add_itxt_chunk(keyword.to_owned(), text)?;
    }
    let pixels: Vec<u8> = pixmap.data().chunks(4).flat_map(|pixel| &pixel[..3]).copied().collect();
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{self, Align};
    use super::super::style::{LABEL, Width};
    use super::*;

    fn drawing() -> String {
        canvas::page(Width::Column, 60.0, |canvas| {
            canvas.text("10 µs ≤ wait", (10.0, 10.0), &LABEL, Align::Left)
        })
        .unwrap()
    }

    fn about() -> Description {
        Description {
            title: "waits".to_owned(),
            caption: "Most wait ≤ 10 µs.".to_owned(),
            command: "gilsim plot results/waits".to_owned(),
        }
    }

    #[test]
    fn every_file_says_what_it_shows_and_how_it_was_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let [svg, pdf, png] = write(&drawing(), &about(), &folder.path().join("a"), 300).unwrap();
        let svg = std::fs::read_to_string(svg).unwrap();
        assert!(
            svg.contains("<desc>Most wait ≤ 10 µs.\nDrawn by: gilsim plot results/waits</desc>")
        );
        // PDF has letters beyond ASCII in UTF-16.
        let pdf = std::fs::read(pdf).unwrap();
        let holds = |text: &str| {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let found = |part: &[u8]| pdf.windows(part.len()).any(|window| window == part);
            found(text.as_bytes()) || found(&wide)
        };
        assert!(holds("(waits)") && holds("gilsim plot results/waits"));
        let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(png).unwrap()));
        let reader = decoder.read_info().unwrap();
        let info = reader.info();
        let texts: Vec<_> = info.utf8_text.iter().map(|text| text.get_text().unwrap()).collect();
        assert_eq!(texts[1], "Most wait ≤ 10 µs.\nDrawn by: gilsim plot results/waits");
        // 300 dots an inch.
        assert_eq!(info.pixel_dims.unwrap().xppu, 11_811);
    }

    #[test]
    fn three_files_and_the_same_bytes_twice() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(&drawing(), &about(), &folder.path().join("a-0.5ms"), 300).unwrap();
        let second = write(&drawing(), &about(), &folder.path().join("b"), 300).unwrap();
        assert!(first[1].ends_with("a-0.5ms.pdf"));
        for (a, b) in first.iter().zip(&second) {
            assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap(), "{}", a.display());
        }
        assert!(std::fs::read(&first[1]).unwrap().starts_with(b"%PDF"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6);
    }

    #[test]
    fn sizes_are_those_of_print() {
        let tree = parse(&drawing()).unwrap();
        assert!((tree.size().width() - 240.945).abs() < 1e-3);
        let bytes = png(&tree, &about(), 300).unwrap();
        let pixmap = Pixmap::decode_png(&bytes).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (1004, 709));
        assert!(pixmap.pixels().iter().any(|pixel| pixel.red() < 100), "the text is missing");
    }

    #[test]
    fn an_error_names_the_file() {
        let error = write(&drawing(), &about(), Path::new("no/such/folder/x"), 300).unwrap_err();
        assert!(error.to_string().contains("no/such/folder/x.svg"), "{error}");
    }
}
