//! Values of MEA and TMP in the units of the canonical event.

/// A number with a decimal point or comma; where both stand in it, the last is the decimal mark.
pub(super) fn number(text: &str) -> Option<f64> {
    let read = match (text.rfind(','), text.rfind('.')) {
        (None, _) => text.parse::<f64>(),
        (Some(comma), Some(point)) if comma < point => text.replace(',', "").parse(),
        (Some(_), _) => text.replace('.', "").replace(',', ".").parse(),
    };
    read.ok().filter(|value| value.is_finite())
}

/// Kilograms of a value under a unit (UN/ECE Recommendation 20), and whether the unit is one of that list; `None` for
/// other measures and for what no container weighs.
pub(super) fn kilograms(value: f64, unit: &str) -> Option<(f64, bool)> {
    let (kg, usual) = match unit {
        "KGM" => (value, true),
        "TNE" => (value * 1_000.0, true),
        "LBR" => (rounded(value * 0.453_592_37), true),
        "STN" => (rounded(value * 907.184_74), true),
        "LTN" => (rounded(value * 1_016.046_908_8), true),
        // Written for KGM.
        "AAM" | "KGS" | "KG" | "" => (value, false),
        "LB" | "LBS" => (rounded(value * 0.453_592_37), false),
        "MT" | "TON" => (value * 1_000.0, false),
        _ => return None,
    };
    (0.0..1e7).contains(&kg).then_some((kg, usual))
}

/// To a thousandth: a converted value is no more exact.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_kilograms_and_other_measures_nothing() {
        assert_eq!(kilograms(24.5, "TNE"), Some((24_500.0, true)));
        assert_eq!(kilograms(44_092.0, "LBR"), Some((19_999.795, true)));
        assert_eq!(kilograms(24_500.0, "KGS"), Some((24_500.0, false)));
        assert_eq!(kilograms(12.0, "CMT"), None);
        assert_eq!(kilograms(-1.0, "KGM"), None);
        assert_eq!(
            (number("24,5"), number("8.914,5"), number("8,914.5")),
            (Some(24.5), Some(8914.5), Some(8914.5))
        );
        assert_eq!(number("inf"), None);
    }
}
