//! What a profile's expression may speak of: variables, their fields and types.

use super::codes::Codes;

/// Most items of a list within one event that an expression sees.
pub(crate) const MAX_ITEMS: usize = 64;
/// Most events of a visit that an expression sees, latest first to go.
pub(crate) const MAX_EVENTS: usize = 256;

/// A type of the expression language, as far as profiles use it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Bool,
    Int,
    Double,
    String,
    /// A text that is one of a list of words.
    Code(Codes),
    /// A moment; milliseconds since 1970 underneath.
    Time,
    /// A length of time; milliseconds underneath.
    Span,
    /// Items of one type, at most so many.
    List(Box<Self>, usize),
    /// Named fields.
    Section(&'static str, &'static [Field]),
    /// Not known: the item of an empty list.
    Any,
}

impl Type {
    /// The type without its list of words.
    pub(crate) fn plain(self) -> Self {
        match self {
            Self::Code(_) => Self::String,
            Self::List(item, most) => Self::List(Box::new(item.plain()), most),
            other => other,
        }
    }
}

/// A field of a section.
#[derive(Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    shape: Shape,
}

/// A type as the tables below write it.
#[derive(Debug, PartialEq)]
enum Shape {
    Bool,
    Int,
    Double,
    Text,
    Code(Codes),
    Time,
    Texts,
    Section(&'static [Field]),
    Sections(&'static [Field]),
}

impl Field {
    pub(crate) fn of(&self) -> Type {
        match &self.shape {
            Shape::Bool => Type::Bool,
            Shape::Int => Type::Int,
            Shape::Double => Type::Double,
            Shape::Text => Type::String,
            Shape::Code(codes) => Type::Code(*codes),
            Shape::Time => Type::Time,
            Shape::Texts => Type::List(Box::new(Type::String), MAX_ITEMS),
            Shape::Section(fields) => Type::Section(self.name, fields),
            Shape::Sections(fields) => Type::List(Box::new(Type::Section(self.name, fields)), MAX_ITEMS),
        }
    }
}

/// The type of a variable.
pub(crate) fn variable(name: &str) -> Option<Type> {
    match name {
        "event" => Some(Type::Section("event", EVENT)),
        "timeline" => Some(Type::List(Box::new(Type::Section("event", EVENT)), MAX_EVENTS)),
        "visit" => Some(Type::Section("visit", VISIT)),
        _ => None,
    }
}

/// The variables, for suggestions.
pub(crate) const VARIABLES: [&str; 3] = ["event", "timeline", "visit"];

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape }
}

const fn text(name: &'static str) -> Field {
    field(name, Shape::Text)
}

const fn code(name: &'static str, codes: Codes) -> Field {
    field(name, Shape::Code(codes))
}

const VISIT: &[Field] = &[
    text("container"),
    field("number", Shape::Int),
    text("terminal"),
    field("started_at", Shape::Time),
    text("call"),
];

const EVENT: &[Field] = &[
    code("kind", Codes::Kind),
    code("classifier", Codes::Classifier),
    field("occurred_at", Shape::Time),
    field("created_at", Shape::Time),
    field("received_at", Shape::Time),
    field("place", Shape::Section(PLACE)),
    field("equipment", Shape::Section(EQUIPMENT)),
    field("transport", Shape::Section(TRANSPORT)),
    field("route", Shape::Section(ROUTE)),
    field("documents", Shape::Section(DOCUMENTS)),
    field("parties", Shape::Sections(PARTY)),
    field("seals", Shape::Sections(SEAL)),
    field("weights", Shape::Sections(WEIGHT)),
    field("customs", Shape::Section(CUSTOMS)),
    field("pin", Shape::Section(PIN)),
    field("reefer", Shape::Section(REEFER)),
    field("cargo", Shape::Sections(CARGO)),
    field("source", Shape::Section(SOURCE)),
    field("notes", Shape::Texts),
];

const PLACE: &[Field] = &[
    text("un_locode"),
    text("terminal"),
    text("facility"),
    field("yard", Shape::Section(YARD)),
    field("latitude", Shape::Double),
    field("longitude", Shape::Double),
];

const YARD: &[Field] = &[text("block"), text("bay"), text("row"), text("tier")];

const EQUIPMENT: &[Field] = &[
    text("number"),
    text("iso_type"),
    field("check_digit_ok", Shape::Bool),
    code("laden", Codes::Laden),
    code("status", Codes::Status),
    field("out_of_service", Shape::Bool),
    field("tare_kg", Shape::Double),
];

const TRANSPORT: &[Field] = &[
    code("mode", Codes::Mode),
    text("vessel_imo"),
    text("vessel_name"),
    text("call_sign"),
    text("voyage"),
    text("carrier"),
    text("service"),
    text("call_id"),
    text("stow_cell"),
    text("truck"),
    text("trailer"),
];

const ROUTE: &[Field] = &[
    text("port_of_loading"),
    field("transshipment_ports", Shape::Texts),
    text("port_of_discharge"),
    text("place_of_delivery"),
    text("origin_country"),
];

const DOCUMENTS: &[Field] = &[
    text("booking"),
    text("bill_of_lading"),
    text("transport_document"),
    text("customs_declaration"),
    text("release"),
    text("order"),
    text("appointment"),
];

const PARTY: &[Field] = &[
    code("role", Codes::Role),
    text("id"),
    text("id_scheme"),
    text("name"),
    text("address"),
    text("country"),
    text("contact"),
];

const SEAL: &[Field] = &[
    text("number"),
    text("normalised"),
    code("source", Codes::SealSource),
    code("condition", Codes::Condition),
    text("type"),
];

const WEIGHT: &[Field] = &[code("kind", Codes::WeightKind), field("kg", Shape::Double), text("method")];

const CUSTOMS: &[Field] = &[text("office"), text("decision"), text("procedure"), text("reference")];

const PIN: &[Field] = &[code("outcome", Codes::PinOutcome)];

const REEFER: &[Field] = &[
    field("setpoint_c", Shape::Double),
    field("supply_c", Shape::Double),
    field("return_c", Shape::Double),
    field("powered", Shape::Bool),
    field("defrosting", Shape::Bool),
];

const CARGO: &[Field] = &[
    text("hs_code"),
    text("description"),
    field("packages", Shape::Int),
    text("origin_country"),
    text("dangerous_goods"),
];

const SOURCE: &[Field] = &[text("feed"), text("format"), text("sender")];

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool => f.write_str("a truth value"),
            Self::Int => f.write_str("a whole number"),
            Self::Double => f.write_str("a number"),
            Self::String | Self::Code(_) => f.write_str("a text"),
            Self::Time => f.write_str("a time"),
            Self::Span => f.write_str("a duration"),
            Self::List(item, _) => write!(f, "a list of {item}"),
            Self::Section(name, _) => write!(f, "'{name}'"),
            Self::Any => f.write_str("anything"),
        }
    }
}
