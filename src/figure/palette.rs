//! Colours for numbers: one scale from light to dark.
//!
//! The colours are those of cividis, which people with and without normal colour vision see alike, and which get darker
//! all the way: in grey, the order stays (J. R. Nuñez, C. R. Anderton and R. S. Renslow, "Optimizing colormaps with
//! consideration for color vision deficiency", PLOS ONE 13(7), 2018).

use plotters::style::RGBColor;

use super::style::{INK, PAPER, grey, mix};

/// From the least to the greatest: on paper, more is darker.
const STOPS: [RGBColor; 10] = [
    RGBColor(0xFE, 0xE8, 0x38),
    RGBColor(0xE1, 0xCC, 0x55),
    RGBColor(0xC3, 0xB3, 0x69),
    RGBColor(0xA5, 0x9C, 0x74),
    RGBColor(0x8A, 0x86, 0x78),
    RGBColor(0x70, 0x71, 0x73),
    RGBColor(0x57, 0x5D, 0x6D),
    RGBColor(0x3B, 0x49, 0x6C),
    RGBColor(0x12, 0x35, 0x70),
    RGBColor(0x00, 0x22, 0x4E),
];

/// Where ink and paper have about the same contrast with a colour.
const MIDDLE_GREY: f64 = 127.0;

/// The colour at a place from 0 to 1.
pub(super) fn color(share: f64) -> RGBColor {
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    // Not below zero, and not beyond the last stop.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let index = (place as usize).min(STOPS.len() - 2);
    mix(STOPS[index], STOPS[index + 1], place - index as f64)
}

/// What can be read on a colour.
pub(super) fn text_on(color: RGBColor) -> RGBColor {
    if grey(color) > MIDDLE_GREY { INK } else { PAPER }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_darker() {
        let greys: Vec<_> = (0..=100).map(|share| grey(color(f64::from(share) / 100.0))).collect();
        assert!(greys.windows(2).all(|pair| pair[1] < pair[0]), "{greys:?}");
        assert!(greys[0] - greys[100] > 180.0);
        assert_eq!((color(-1.0), color(2.0)), (STOPS[0], STOPS[9]));
    }

    #[test]
    fn numbers_stand_out() {
        for share in 0..=100 {
            let below = color(f64::from(share) / 100.0);
            assert!((grey(text_on(below)) - grey(below)).abs() > 85.0, "{share}");
        }
    }
}
