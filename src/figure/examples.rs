//! Example data for every figure, and the tests that hold for all of them.

mod data;
mod golden;

use data::*;

use super::*;

fn all(width: Width) -> Vec<(&'static str, String)> {
    vec![
        ("timeline", timeline::draw(&timeline_data(), width).unwrap()),
        ("latency", latency::draw(&latency_data(), width).unwrap()),
        ("throughput", throughput::draw(&throughput_data(), width).unwrap()),
        ("breakdown", breakdown::draw(&breakdown_data(), width).unwrap()),
        ("slices", latency::draw(&slices_data(), width).unwrap()),
        ("convoy", convoy::draw(&convoy_data(), width).unwrap()),
        ("shares", shares::draw(&shares_data(), width).unwrap()),
        ("heatmap", heatmap::draw(&heatmap_data(), width).unwrap()),
        ("pareto", pareto::draw(&pareto_data(), width).unwrap()),
        ("differences", differences::draw(&differences_data(), width).unwrap()),
        ("agreement", agreement::draw(&agreement_data(), width).unwrap()),
        ("distribution", distribution::draw(&distribution_data(), width).unwrap()),
        ("latency-cdf", latency::draw(&latency_cdf_data(), width).unwrap()),
    ]
}

/// `cargo test --lib figure::examples::look -- --ignored` writes the pictures for people to look at.
#[test]
#[ignore = "writes pictures to look at into the folder for temporary files"]
fn look() {
    let folder = std::env::temp_dir().join("gilsim-figures");
    std::fs::create_dir_all(&folder).unwrap();
    for (width, size) in [(Width::Column, "column"), (Width::Double, "double")] {
        for (name, svg) in all(width) {
            let stem = format!("{name}-{size}");
            let about = Description {
                title: stem.clone(),
                caption: "Made-up data.".to_owned(),
                command: "cargo test --lib figure::examples::look -- --ignored".to_owned(),
            };
            write(&svg, &about, &folder.join(stem), 300).unwrap();
        }
    }
    println!("see {}", folder.display());
}

#[test]
fn the_registry_names_every_figure() {
    let drawn: Vec<_> = all(Width::Column).into_iter().map(|(name, _)| name).collect();
    assert!(drawn.starts_with(&FIGURES.map(|(name, _)| name)), "{drawn:?}");
}

/// Every `x,y` of a drawing, in millimetres.
pub(super) fn coordinates(svg: &str) -> Vec<(f64, f64)> {
    let number = |line: &str, name: &str| -> Option<f64> {
        let (_, rest) = line.split_once(&format!(" {name}=\""))?;
        Some(rest.split_once('"')?.0.parse::<f64>().unwrap() / 100.0)
    };
    let mut places = Vec::new();
    for line in svg.lines().skip(1) {
        for (x, y) in [("x", "y"), ("cx", "cy")] {
            places.extend(number(line, x).zip(number(line, y)));
        }
        if let Some((_, rest)) = line.split_once(" points=\"") {
            let pairs = rest.split_once('"').unwrap().0.split_whitespace();
            places.extend(pairs.map(|pair| {
                let (x, y) = pair.split_once(',').unwrap();
                (x.parse::<f64>().unwrap() / 100.0, y.parse::<f64>().unwrap() / 100.0)
            }));
        }
    }
    places
}

#[test]
fn sizes_are_exact_and_nothing_leaves_the_page() {
    for width in [Width::Column, Width::Double] {
        for (name, svg) in all(width) {
            let header = format!("<svg width=\"{}mm\" height=\"", width.mm());
            let rest = svg.strip_prefix(&header).unwrap_or_else(|| panic!("{name}: {svg:.200}"));
            let height: f64 = rest.split_once("mm\"").unwrap().0.parse().unwrap();
            assert!(height < 240.0, "{name} is {height} mm high");
            for (x, y) in coordinates(&svg) {
                let inside = (0.0..=width.mm()).contains(&x) && (0.0..=height).contains(&y);
                assert!(inside, "{name}: ({x}, {y}) of {} × {height}", width.mm());
            }
        }
    }
}

/// Where texts stand \[mm\].
fn text_areas(group: &usvg::Group) -> Vec<usvg::Rect> {
    let area = |node: &usvg::Node| match node {
        usvg::Node::Group(group) => text_areas(group),
        usvg::Node::Text(text) => vec![text.abs_bounding_box()],
        _ => Vec::new(),
    };
    group.children().iter().flat_map(area).collect()
}

#[test]
fn no_text_is_below_six_points_or_outside_the_page() {
    for (name, svg) in all(Width::Column) {
        let options =
            usvg::Options { fontdb: font::database().into(), dpi: 25.4, ..Default::default() };
        let tree = usvg::Tree::from_str(&svg, &options).unwrap();
        let page = tree.size();
        let areas = text_areas(tree.root());
        for area in &areas {
            let fits = area.left() >= 0.0
                && area.right() <= page.width()
                && area.top() >= 0.0
                && area.bottom() <= page.height();
            assert!(fits, "{name}: a text runs to {area:?} on {page:?}");
        }
        assert!(areas.len() > 10, "{name} has {} texts", areas.len());
        for size in svg.split(" font-size=\"").skip(1) {
            let units: f64 = size.split_once('"').unwrap().0.parse().unwrap();
            assert!(units / 100.0 / font::MM_PER_PT >= 5.99, "{name}");
        }
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    assert!(all(Width::Column) == all(Width::Column));
}
