//! What is traded, and from where.

/// A port and its country.
pub(crate) type Origin = (&'static str, &'static str);

/// Goods of a trade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ware {
    pub(crate) hs: &'static str,
    pub(crate) text: &'static str,
    /// Temperature to be kept, °C, when it travels in reefers.
    pub(crate) setpoint_c: Option<f64>,
    pub(crate) origins: &'static [Origin],
    /// Goods in one container, kg.
    pub(crate) kg: (i64, i64),
}

const fn dry(hs: &'static str, text: &'static str, origins: &'static [Origin], kg: (i64, i64)) -> Ware {
    Ware { hs, text, setpoint_c: None, origins, kg }
}

/// Goods of the northern Adriatic's import trades; half from the Far East.
pub(crate) const WARES: [Ware; 14] = [
    dry("940360", "WOODEN FURNITURE", &[("CNSHA", "CN"), ("CNNGB", "CN")], (7_000, 14_000)),
    dry("850440", "STATIC CONVERTERS", &[("CNSHA", "CN"), ("SGSIN", "SG")], (9_000, 18_000)),
    dry("870899", "PARTS OF MOTOR VEHICLES", &[("KRPUS", "KR"), ("CNSHA", "CN")], (11_000, 21_000)),
    dry("392690", "ARTICLES OF PLASTICS", &[("CNNGB", "CN"), ("TRIST", "TR")], (8_000, 17_000)),
    dry("630260", "TOILET LINEN OF COTTON", &[("TRIST", "TR"), ("INNSA", "IN")], (9_000, 16_000)),
    dry("732690", "ARTICLES OF STEEL", &[("INNSA", "IN"), ("CNSHA", "CN")], (17_000, 25_000)),
    dry("690721", "CERAMIC TILES", &[("INNSA", "IN"), ("EGPSD", "EG")], (20_000, 25_500)),
    dry("310210", "UREA IN BAGS", &[("EGPSD", "EG")], (20_000, 25_500)),
    dry("090111", "COFFEE, NOT ROASTED", &[("BRSSZ", "BR"), ("COCTG", "CO")], (18_500, 21_500)),
    dry("180100", "COCOA BEANS", &[("ECGYE", "EC")], (18_500, 24_500)),
    dry("440799", "SAWN WOOD", &[("BRSSZ", "BR")], (18_000, 24_500)),
    Ware {
        hs: "080390",
        text: "FRESH BANANAS",
        setpoint_c: Some(13.2),
        origins: &[("ECGYE", "EC"), ("COCTG", "CO")],
        kg: (19_500, 21_500),
    },
    Ware {
        hs: "030617",
        text: "FROZEN SHRIMPS",
        setpoint_c: Some(-20.0),
        origins: &[("ECGYE", "EC"), ("INNSA", "IN")],
        kg: (18_000, 24_000),
    },
    Ware {
        hs: "020714",
        text: "FROZEN CHICKEN CUTS",
        setpoint_c: Some(-18.0),
        origins: &[("BRSSZ", "BR")],
        kg: (20_000, 24_500),
    },
];

/// Ports that exports go to.
pub(crate) const DESTINATIONS: [Origin; 7] = [
    ("CNSHA", "CN"),
    ("KRPUS", "KR"),
    ("INNSA", "IN"),
    ("SGSIN", "SG"),
    ("TRIST", "TR"),
    ("EGPSD", "EG"),
    ("ILHFA", "IL"),
];

/// The port in which boxes of a far origin change ships, in the carriers' regular services.
pub(crate) fn usual_hub(country: &str) -> Option<&'static str> {
    match country {
        "EC" | "CO" => Some("ESALG"),
        "BR" => Some("MAPTM"),
        _ => None,
    }
}

/// Tare of a container, kg.
pub(crate) fn tare_kg(iso_type: &str) -> i64 {
    match iso_type {
        "22G1" => 2_230,
        "42G1" => 3_740,
        "45R1" => 4_640,
        _ => 3_890,
    }
}
