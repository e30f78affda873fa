//! Every figure of a little made-up data against a picture that was looked at, byte by byte.

use std::fs;
use std::path::Path;

use super::*;

/// The variable that makes the tests take the pictures as they are drawn now.
const ACCEPT: &str = "GILSIM_ACCEPT";
const FOLDER: &str = "tests/golden/figures";
/// Larger ones would be a burden to every clone.
const MOST_BYTES: usize = 40_000;

/// The examples, cut down to what shows every kind of mark.
fn pictures() -> Vec<(&'static str, String)> {
    let mut timeline = timeline_data();
    timeline.to_ns = 12_000_000;
    timeline.panels.drain(..2);
    let mut cdf = few_steps(latency_cdf_data());
    cdf.panels.truncate(1);
    let mut throughput = throughput_data();
    throughput.panels.iter_mut().for_each(|panel| panel.series.truncate(3));
    let mut breakdown = breakdown_data();
    breakdown.groups.iter_mut().for_each(|group| group.bars.truncate(2));
    let mut convoy = convoy_data();
    convoy.panels.truncate(2);
    let mut shares = shares_data();
    shares.panels.drain(..2);
    shares.panels.iter_mut().for_each(|panel| panel.windows.truncate(25));
    let mut heatmap = heatmap_data();
    heatmap.panels.truncate(2);
    let mut pareto = pareto_data();
    pareto.panels.iter_mut().for_each(|panel| panel.series.truncate(3));
    let mut agreement = agreement_data();
    agreement.panels.truncate(2);
    agreement.panels.iter_mut().for_each(|panel| panel.points.truncate(9));
    let mut distribution = distribution_data();
    distribution.groups.iter_mut().for_each(|group| group.rows.truncate(4));
    let width = Width::Column;
    vec![
        ("timeline", timeline::draw(&timeline, width).unwrap()),
        ("latency", latency::draw(&few_steps(latency_data()), width).unwrap()),
        ("latency-cdf", latency::draw(&cdf, width).unwrap()),
        ("throughput", throughput::draw(&throughput, width).unwrap()),
        ("breakdown", breakdown::draw(&breakdown, width).unwrap()),
        ("slices", latency::draw(&few_steps(slices_data()), width).unwrap()),
        ("convoy", convoy::draw(&convoy, width).unwrap()),
        ("shares", shares::draw(&shares, width).unwrap()),
        ("heatmap", heatmap::draw(&heatmap, width).unwrap()),
        ("pareto", pareto::draw(&pareto, width).unwrap()),
        ("differences", differences::draw(&differences_data(), width).unwrap()),
        ("agreement", agreement::draw(&agreement, width).unwrap()),
        ("distribution", distribution::draw(&distribution, width).unwrap()),
    ]
}

fn few_steps(mut data: latency::Data) -> latency::Data {
    data.panels.truncate(2);
    for panel in &mut data.panels {
        panel.curves.truncate(3);
        for curve in &mut panel.curves {
            curve.steps = curve.steps.iter().copied().step_by(60).collect();
            curve.band = curve.band.iter().copied().step_by(60).collect();
        }
    }
    data
}

/// Where a drawing first differs from its golden picture.
fn difference(name: &str, golden: &str, drawn: &str) -> Option<String> {
    if golden == drawn {
        return None;
    }
    let mut lines = golden.lines().zip(drawn.lines());
    let same = lines.by_ref().take_while(|(golden, drawn)| golden == drawn).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(nothing)").to_owned();
    Some(format!(
        "{FOLDER}/{name}.svg, line {}:\n  golden: {}\n  drawn:  {}\n",
        same + 1,
        line(golden),
        line(drawn)
    ))
}

#[test]
fn figures_look_as_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let pictures = pictures();
    if std::env::var_os(ACCEPT).is_some() {
        for (name, svg) in &pictures {
            fs::write(folder.join(name).with_extension("svg"), svg).unwrap();
        }
    }
    let differences: String = pictures
        .iter()
        .filter_map(|(name, svg)| {
            let golden = fs::read_to_string(folder.join(name).with_extension("svg"));
            difference(name, &golden.unwrap_or_default(), svg)
        })
        .collect();
    assert!(
        differences.is_empty(),
        "figures look different:\n{differences}If they should, run `{ACCEPT}=1 cargo test --lib golden`, look at the pictures, and commit them."
    );
}

#[test]
fn golden_pictures_are_small_and_of_figures_that_there_are() {
    let pictures = pictures();
    for (name, svg) in &pictures {
        assert!(svg.len() <= MOST_BYTES, "{name} has {} bytes", svg.len());
    }
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let is_known = pictures.iter().any(|(known, _)| format!("{known}.svg") == name);
        assert!(is_known, "{name} is of no figure");
    }
}

#[test]
fn a_difference_names_file_and_line() {
    assert_eq!(difference("pareto", "<svg>\n</svg>\n", "<svg>\n</svg>\n"), None);
    let told = difference("pareto", "<svg>\na\nb\n", "<svg>\na\n").unwrap();
    assert_eq!(
        told,
        "tests/golden/figures/pareto.svg, line 3:\n  golden: b\n  drawn:  (nothing)\n"
    );
}
