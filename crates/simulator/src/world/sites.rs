//! Where things happen: two sea terminals, an empties depot, an inland terminal.

use std::sync::OnceLock;

use jiff::tz::TimeZone;

/// A place with a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Site {
    /// The port itself.
    Koper,
    /// The neighbour, 20 km away by road.
    Trieste,
    /// The depot for empties outside the fence.
    Depot,
    /// The inland terminal, 110 km away by rail or road.
    Inland,
}

impl Site {
    pub(crate) const fn un_locode(self) -> &'static str {
        match self {
            Self::Koper | Self::Depot => "SIKOP",
            Self::Trieste => "ITTRS",
            Self::Inland => "SILJU",
        }
    }

    /// Degrees north and east.
    pub(crate) const fn degrees(self) -> (f64, f64) {
        match self {
            Self::Koper => (45.554, 13.734),
            Self::Depot => (45.561, 13.762),
            Self::Trieste => (45.631, 13.752),
            Self::Inland => (46.061, 14.541),
        }
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Koper => "LUKKP",
            Self::Trieste => "TMT",
            Self::Depot => "KPDEP",
            Self::Inland => "LJINL",
        }
    }

    pub(crate) const fn zone(self) -> &'static str {
        match self {
            Self::Trieste => "Europe/Rome",
            Self::Koper | Self::Depot | Self::Inland => "Europe/Ljubljana",
        }
    }

    /// The zone with its rules, looked up once.
    pub(crate) fn time_zone(self) -> &'static TimeZone {
        static ZONES: [OnceLock<TimeZone>; 2] = [const { OnceLock::new() }; 2];
        let [home, next_door] = &ZONES;
        let cell = if self == Self::Trieste { next_door } else { home };
        cell.get_or_init(|| TimeZone::get(self.zone()).unwrap_or(TimeZone::UTC))
    }

    pub(crate) const fn facility(self) -> &'static str {
        match self {
            Self::Koper | Self::Trieste => "TERMINAL",
            Self::Depot => "DEPOT",
            Self::Inland => "INLAND",
        }
    }

    pub(crate) const fn gate_feed(self) -> &'static str {
        match self {
            Self::Koper => "koper-gate",
            Self::Trieste => "trieste-gate",
            Self::Depot => "depot-gate",
            Self::Inland => "inland-gate",
        }
    }

    /// Discharge and load lists.
    pub(crate) const fn quay_feed(self) -> &'static str {
        if matches!(self, Self::Trieste) { "trieste-quay" } else { "koper-quay" }
    }

    /// Bay plans, discharge and load orders.
    pub(crate) const fn orders_feed(self) -> &'static str {
        if matches!(self, Self::Trieste) { "trieste-plans" } else { "koper-plans" }
    }

    pub(crate) const fn yard_feed(self) -> &'static str {
        match self {
            Self::Trieste => "trieste-yard",
            Self::Depot => "depot-yard",
            Self::Koper | Self::Inland => "koper-yard",
        }
    }

    pub(crate) const fn scale_feed(self) -> &'static str {
        match self {
            Self::Trieste => "trieste-scale",
            Self::Depot => "depot-scale",
            Self::Koper | Self::Inland => "koper-scale",
        }
    }

    /// Customs office in charge.
    pub(crate) const fn customs_office(self) -> &'static str {
        if matches!(self, Self::Trieste) { "IT312100" } else { "SI006032" }
    }

    /// Feed of the office's decisions.
    pub(crate) const fn customs_feed(self) -> &'static str {
        if matches!(self, Self::Trieste) { "dogana" } else { "customs" }
    }
}
