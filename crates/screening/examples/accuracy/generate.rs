//! Names that nobody lists, and listed names as they come in: deterministic for a seed.

use quaywatch_domain::WatchlistEntry;
use quaywatch_domain::watchlist::{EntryKind, Name, NameQuality};
use quaywatch_screening::names::NameKind;

/// A small generator of pseudo-random numbers (SplitMix64): the same names everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Early ones more often than late ones.
    fn pick_skewed<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = self.below(of.len()).min(self.below(of.len()));
        of[at]
    }
}

const GIVEN: &str = "James Maria Wei Mohammed John Anna Li Ahmed Robert Elena Jun Ali David Laura Ming Hassan Michael \
    Sofia Yan Omar Thomas Julia Hui Fatima Peter Ivana Xin Karim Paul Marta Lei Yusuf Daniel Nina Tao Ibrahim Stefan \
    Petra Bo Khalid Marco Chiara Feng Samir Luca Giulia Gang Nadia Andrea Francesca Jian Layla Carlos Carmen Hong \
    Rashid Jose Ana Ling Tariq Luis Lucia Mei Bilal Juan Isabel Qing Imran Pedro Rosa Yu Faisal Miguel Elisa Rui \
    Hamza Jorge Beatriz Shan Kemal Andrej Katja Hao Mehmet Marko Tina Ying Emre Janez Mojca Kai Serkan Luka Maja Long \
    Raj Tomaz Barbara Hiroshi Priya Matej Vesna Kenji Anil Gregor Sasa Yuki Sunita Igor Olga Takeshi Deepak Sergei \
    Natalia Akira Ravi Dmitri Irina Min Sanjay Alexei Tatiana Jae Vijay Viktor Svetlana Soo Anita Nikolai Ludmila \
    Hyun Suresh Pavel Eva Dong Ramesh Jan Zuzana Tuan Arjun Tomas Lenka Minh Neha Lars Ingrid Anh Kavita Erik Astrid \
    Thanh Rahul Anders Karin Budi Amit Hans Ursula Siti Manoj Klaus Monika Agus Pooja Jurgen Sabine Dewi Vikram";
const FAMILY: &str = "Smith Wang Garcia Mueller Novak Rossi Silva Kim Singh Nguyen Johnson Zhang Lopez Schmidt Horvat \
    Russo Santos Park Kumar Tran Williams Chen Martinez Weber Kovac Ferrari Costa Choi Sharma Pham Brown Liu Sanchez \
    Fischer Krajnc Bianchi Pereira Jung Patel Hoang Jones Yang Perez Becker Zupan Romano Oliveira Kang Gupta Le Miller \
    Zhao Gomez Hoffmann Potocnik Colombo Almeida Yoon Khan Vu Davis Huang Ruiz Schulz Kos Ricci Carvalho Lim Verma Do \
    Wilson Zhou Diaz Koch Golob Marino Ribeiro Han Joshi Bui Taylor Wu Moreno Bauer Hribar Greco Martins Shin Mehta \
    Anderson Xu Alvarez Richter Bizjak Bruno Sousa Oh Nair Ozturk White Sun Romero Klein Vidmar Gallo Fernandes Seo \
    Reddy Yilmaz Harris Ma Navarro Wolf Kastelic Conti Gonzalez Kwon Iyer Demir Clark Zhu Torres Neumann Turk Costa \
    Tanaka Hwang Chopra Kaya Lewis Hu Ramirez Schwarz Petek Giordano Suzuki Ahn Malik Celik Walker Guo Gil Zimmermann \
    Kolar Mancini Watanabe Song Qureshi Sahin Hall Lin Serrano Braun Hocevar Rizzo Ito Jang Hussain Arslan Young He \
    Blanco Krueger Medved Lombardi Yamamoto Moon Ansari Dogan King Gao Molina Hartmann Rozman Moretti Nakamura Bae \
    Siddiqui Aydin Wright Luo Ortega Lange Zagar Barbieri Kobayashi Jo Mahmood Haddad Petrov Ivanov Sokolov Popov \
    Volkov Hansen Larsen Nielsen Jensen Andersson Johansson Eriksson Jansen DeVries Bakker Visser Dubois Laurent";
const BRAND: &str = "Adria Alpine Apex Aqua Argo Astra Atlas Aurora Avalon Azur Balkan Beacon Bella Borea Bright Capri \
    Cargo Castor Cedar Celtic Centra Clear Cobalt Compass Coral Crest Crown Crystal Cyan Delta Denali Dolphin Dyna Eagle \
    Echo Elite Emerald Enova Everest Falcon Fortuna Frontier Galaxy Gemini Glacier Global Granite Green Harbor Harmony \
    Helios Hermes Horizon Iris Istra Jade Jupiter Karst Kestrel Krono Lark Leaf Lotus Lumina Luna Lynx Magna Maple \
    Meridian Mistral Monarch Neptun Nexus Nimbus Nordic Nova Oasis Olymp Omega Onyx Opal Orbit Orion Osprey Pearl Pegasus \
    Phoenix Pioneer Polar Prime Prisma Quantum Quest Raven Regal Ridge River Saturn Sigma Silver Sirius Solar Sonic \
    Spectra Stella Summit Swift Tauern Tera Terra Titan Topaz Trident Triglav Tundra Unity Vega Velo Venta Vertex Vesta \
    Victoria Vista Vita Volt Zenith Zephyr Zeta Zora";
const BUSINESS: &str = "Trading Logistics Import Export Shipping Foods Textile Electronics Machinery Furniture Chemicals \
    Steel Plastics Packaging Automotive Garments Toys Ceramics Hardware Tools Medical Pharma Paper Glass Timber Coffee \
    Fruit Seafood Wine Cosmetics Sports Lighting Batteries Solar Bearings Valves Pumps Cables Tyres Footwear Leather \
    Kitchen Bathroom Flooring Optics Printing Seeds Fertilizers Minerals Metals Ingredients Packaging Components";
const SECOND: &str = "Industries International Technology Enterprises Products Services Solutions Manufacturing Supply \
    Group Systems Materials Equipment Distribution Development";
const TOWN: &str = "Shanghai Ningbo Shenzhen Guangzhou Qingdao Xiamen Tianjin Hangzhou Suzhou Dongguan Foshan Yiwu \
    Wuxi Jiangsu Zhejiang Mumbai Chennai Istanbul Izmir Hamburg Milano Trieste Koper Ljubljana Wien Budapest Valencia \
    Santos Guayaquil Callao Busan Osaka Hanoi Jakarta Bangkok Karachi Dhaka Colombo Alexandria Casablanca";
const FORM: &str = "Ltd|Co., Ltd.|Limited|GmbH|S.p.A.|S.r.l.|d.o.o.|Inc.|LLC|B.V.|S.A.|A.S.|Pvt Ltd|Corp.|AG|Kft.|Sp. z o.o.|JSC";
const VESSEL: &str = "Star Ocean Pacific Express Glory Spirit Bridge Pride Fortune Venture Trader Hope Horizon Dream \
    Wind Wave Pearl Queen Princess Carrier Leader Victory Pioneer Harmony Eagle Dragon Lotus Sky Dawn Light";

fn words(text: &'static str) -> Vec<&'static str> {
    text.split_whitespace().collect()
}

/// Names of parties and ships as an ordinary port sees them.
pub(crate) struct Ordinary {
    given: Vec<&'static str>,
    family: Vec<&'static str>,
    brand: Vec<&'static str>,
    business: Vec<&'static str>,
    second: Vec<&'static str>,
    town: Vec<&'static str>,
    form: Vec<&'static str>,
    vessel: Vec<&'static str>,
    /// How many coined words there are.
    coined: usize,
}

impl Ordinary {
    pub(crate) fn new(coined: usize) -> Self {
        Self {
            given: words(GIVEN),
            family: words(FAMILY),
            brand: words(BRAND),
            business: words(BUSINESS),
            second: words(SECOND),
            town: words(TOWN),
            form: FORM.split('|').collect(),
            vessel: words(VESSEL),
            coined,
        }
    }

    /// A word that means nothing, of two to four syllables, the same for the same number.
    fn coin(&self, dice: &mut Dice) -> String {
        const HEAD: [&str; 24] = [
            "b", "k", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "ch",
            "sh", "tr", "kr", "st", "zh",
        ];
        const BODY: [&str; 10] = ["a", "e", "i", "o", "u", "ai", "ia", "ou", "ei", "an"];
        const TAIL: [&str; 10] = ["", "n", "r", "l", "s", "x", "m", "ng", "k", "t"];
        let mut coin = Dice::new(dice.below(self.coined) as u64 ^ 0x0c01_4ed0);
        let mut word = String::new();
        for _ in 0..2 + coin.below(3) {
            word.push_str(coin.pick(&HEAD));
            word.push_str(coin.pick(&BODY));
        }
        word.push_str(coin.pick(&TAIL));
        word
    }

    pub(crate) fn person(&self, dice: &mut Dice) -> String {
        let given = if dice.one_in(3) { self.coin(dice) } else { dice.pick_skewed(&self.given).to_owned() };
        let family = if dice.one_in(3) { dice.pick_skewed(&self.family).to_owned() } else { self.coin(dice) };
        match dice.below(8) {
            0 => format!("{family}, {given}"),
            1 => format!("{given} {} {family}", dice.pick(&self.given)),
            2 => format!("{given} {}. {family}", (b'A' + dice.below(26) as u8) as char),
            _ => format!("{given} {family}"),
        }
    }

    pub(crate) fn company(&self, dice: &mut Dice) -> String {
        let own = match dice.below(10) {
            0..=4 => self.coin(dice),
            5 => dice.pick_skewed(&self.brand).to_owned(),
            6 => format!("{} {}", dice.pick(&self.brand), self.coin(dice)),
            7 => dice.pick_skewed(&self.family).to_owned(),
            8 => format!("{} & {}", dice.pick(&self.family), self.coin(dice)),
            _ => format!("{} {}", self.coin(dice), self.coin(dice)),
        };
        let business = dice.pick_skewed(&self.business);
        let form = dice.pick(&self.form);
        match dice.below(6) {
            0 => format!("{} {own} {business} {form}", dice.pick(&self.town)),
            1 => format!("{own} {business} {} {form}", dice.pick(&self.second)),
            2 => format!("{own} {} {form}", dice.pick(&self.second)),
            3 => format!("{own} ({}) {business} {form}", dice.pick(&self.town)),
            _ => format!("{own} {business} {form}"),
        }
    }

    pub(crate) fn vessel(&self, dice: &mut Dice) -> String {
        match dice.below(4) {
            0 => format!("MV {} {}", dice.pick(&self.brand), dice.pick(&self.vessel)),
            1 => format!("{} {} {}", dice.pick(&self.brand), dice.pick(&self.vessel), 1 + dice.below(20)),
            2 => format!("{} {}", self.coin(dice), dice.pick(&self.town)),
            _ => format!("{} {}", dice.pick(&self.brand), dice.pick(&self.town)),
        }
    }

    /// A party or ship in the mix of a manifest.
    pub(crate) fn any(&self, dice: &mut Dice) -> (NameKind, String) {
        let (kind, name) = match dice.below(20) {
            0..=3 => (NameKind::Person, self.person(dice)),
            4 => (NameKind::Vessel, self.vessel(dice)),
            _ => (NameKind::Company, self.company(dice)),
        };
        (kind, if dice.one_in(2) { name.to_uppercase() } else { name })
    }
}

/// How a listed name comes in.
pub(crate) const CLASSES: [&str; 17] = [
    "as listed",
    "lower case",
    "typing",
    "two typings",
    "ocr",
    "transliteration",
    "order",
    "initials",
    "particles",
    "joined",
    "truncation at 35",
    "legal forms",
    "abbreviations",
    "homoglyphs",
    "invisible",
    "title or prefix",
    "dropped or added word",
];

/// The name as it comes in; `None` when the class does not apply to it.
pub(crate) fn variant(class: &str, kind: NameKind, name: &str, dice: &mut Dice) -> Option<String> {
    let changed = match class {
        "as listed" => return Some(name.to_owned()),
        "lower case" => return Some(name.to_lowercase()),
        "typing" => typing(name, dice)?,
        "two typings" => typing(&typing(name, dice)?, dice).filter(|_| name.len() >= 14)?,
        "ocr" => replace_one(
            name,
            &[("O", "0"), ("I", "1"), ("L", "1"), ("S", "5"), ("B", "8"), ("RN", "M"), ("G", "6")],
            dice,
        )?,
        "transliteration" => replace_one(
            name,
            &[
                ("KH", "H"),
                ("Y", "I"),
                ("W", "V"),
                ("OU", "U"),
                ("U", "OU"),
                ("EE", "I"),
                ("Q", "K"),
                ("AA", "A"),
                ("DJ", "J"),
                ("SH", "CH"),
                ("TS", "C"),
                ("ZH", "J"),
                ("MM", "M"),
                ("SS", "S"),
                ("I", "Y"),
                ("K", "Q"),
                ("PH", "F"),
                ("EV", "YEV"),
            ],
            dice,
        )?,
        "order" => order(name, dice)?,
        "initials" => initials(kind, name)?,
        "particles" => particles(name)?,
        "joined" => {
            let spaces: Vec<usize> = name.match_indices(' ').map(|(at, _)| at).collect();
            let at = *spaces.get(dice.below(spaces.len()))?;
            format!("{}{}", &name[..at], &name[at + 1..])
        }
        "truncation at 35" => name.char_indices().nth(35).map(|(at, _)| name[..at].to_owned())?,
        "legal forms" => legal_form(kind, name)?,
        "abbreviations" => abbreviate(kind, name)?,
        "homoglyphs" => replace_one(
            name,
            &[("A", "А"), ("E", "Е"), ("O", "О"), ("P", "Р"), ("C", "С"), ("X", "Х"), ("T", "Т"), ("M", "М")],
            dice,
        )?,
        "invisible" => {
            let at = name.char_indices().nth(1 + dice.below(name.chars().count() - 1))?.0;
            format!(
                "{}{}{}",
                &name[..at],
                dice.pick(&["\u{200b}", "\u{ad}", "\u{200d}", "\u{feff}", "\u{2060}"]),
                &name[at..]
            )
        }
        "title or prefix" => match kind {
            NameKind::Person => format!("{} {name}", dice.pick(&["MR", "Dr.", "Mr.", "SHEIKH", "Capt."])),
            NameKind::Company => format!("{} {name}", dice.pick(&["M/S", "THE", "Messrs."])),
            NameKind::Vessel => format!("{} {name}", dice.pick(&["M/V", "MV", "M.V.", "MT", "MOTOR VESSEL"])),
        },
        "dropped or added word" => {
            let words: Vec<&str> = name.split(' ').collect();
            if kind != NameKind::Person || words.len() < 4 || words.iter().any(|word| word.len() < 4) {
                return None;
            }
            let skip = 1 + dice.below(words.len() - 2);
            words
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != skip)
                .map(|(_, word)| *word)
                .collect::<Vec<_>>()
                .join(" ")
        }
        _ => return None,
    };
    (changed != name).then_some(changed)
}

/// One slip of the fingers in a word of five letters or more.
fn typing(name: &str, dice: &mut Dice) -> Option<String> {
    let letters: Vec<char> = name.chars().collect();
    let word_at = |at: usize| {
        let edge = |c: &char| !c.is_alphabetic();
        let from = letters[..at].iter().rposition(edge).map_or(0, |p| p + 1);
        let to = letters[at..].iter().position(edge).map_or(letters.len(), |p| p + at);
        to.saturating_sub(from)
    };
    let places: Vec<usize> =
        (1..letters.len()).filter(|at| letters[*at].is_alphabetic() && word_at(*at) >= 5).collect();
    let at = *places.get(dice.below(places.len()))?;
    let mut letters = letters.clone();
    let random = (b'A' + dice.below(26) as u8) as char;
    match dice.below(4) {
        0 => letters[at] = random,
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, random),
        _ if at + 1 < letters.len() && letters[at + 1].is_alphabetic() => letters.swap(at, at + 1),
        _ => letters[at] = random,
    }
    Some(letters.into_iter().collect())
}

fn replace_one(name: &str, pairs: &[(&str, &str)], dice: &mut Dice) -> Option<String> {
    let upper = name.to_uppercase();
    let places: Vec<(usize, &str, &str)> = pairs
        .iter()
        .flat_map(|(from, to)| upper.match_indices(from).map(|(at, _)| (at, *from, *to)))
        .filter(|(at, _, _)| upper.is_ascii() && *at > 0)
        .collect();
    let (at, from, to) = *places.get(dice.below(places.len()))?;
    Some(format!("{}{to}{}", &upper[..at], &upper[at + from.len()..]))
}

fn order(name: &str, dice: &mut Dice) -> Option<String> {
    if let Some((last, first)) = name.split_once(", ") {
        return Some(format!("{first} {last}"));
    }
    let words: Vec<&str> = name.split(' ').collect();
    if words.len() < 2 {
        return None;
    }
    let by = 1 + dice.below(words.len() - 1);
    Some([&words[by..], &words[..by]].concat().join(" "))
}

fn initials(kind: NameKind, name: &str) -> Option<String> {
    let (last, first) = name.split_once(", ")?;
    let given: Vec<&str> = first.split(' ').collect();
    if kind != NameKind::Person || given.len() < 2 {
        return None;
    }
    let middle: String =
        given[1..].iter().filter_map(|word| word.chars().next()).map(|c| format!(" {c}.")).collect();
    Some(format!("{}{middle} {last}", given[0]))
}

fn particles(name: &str) -> Option<String> {
    let upper = name.to_uppercase();
    for (from, to) in [
        ("AL-", "AL "),
        ("AL-", "EL-"),
        ("BIN ", "BEN "),
        ("ABD AL-", "ABDUL "),
        ("ABD-AL-", "ABDEL "),
        ("-", " "),
    ] {
        if upper.contains(from) {
            return Some(upper.replacen(from, to, 1));
        }
    }
    None
}

fn legal_form(kind: NameKind, name: &str) -> Option<String> {
    if kind != NameKind::Company {
        return None;
    }
    const FORMS: [(&str, &str); 12] = [
        (" LIMITED", " LTD"),
        (" LTD.", " LIMITED"),
        (" LTD", " LIMITED"),
        (" COMPANY", " CO."),
        (" CO.", " COMPANY"),
        (" CORPORATION", " CORP"),
        (" INC.", " INCORPORATED"),
        (" LLC", " L.L.C."),
        (" L.L.C.", " LLC"),
        (" S.A.", " SA"),
        (" GMBH", " G.m.b.H."),
        (" CORP.", " CORPORATION"),
    ];
    let upper = name.to_uppercase();
    let found = FORMS.iter().find(|(from, _)| upper.ends_with(from));
    Some(match found {
        Some((from, to)) => format!("{}{to}", upper.strip_suffix(from)?),
        None => format!("{name} LTD"),
    })
}

fn abbreviate(kind: NameKind, name: &str) -> Option<String> {
    if kind != NameKind::Company {
        return None;
    }
    const SHORT: [(&str, &str); 14] = [
        ("INTERNATIONAL", "INTL"),
        ("MANUFACTURING", "MFG"),
        ("SERVICES", "SVCS"),
        ("TECHNOLOGY", "TECH"),
        ("GROUP", "GRP"),
        ("INDUSTRIES", "IND"),
        ("INDUSTRIAL", "IND"),
        ("ENGINEERING", "ENGG"),
        ("TRADING", "TRDG"),
        ("SHIPPING", "SHPG"),
        ("DEVELOPMENT", "DEV"),
        ("COMMUNICATIONS", "COMM"),
        ("MANAGEMENT", "MGMT"),
        ("GENERAL", "GEN"),
    ];
    let upper = name.to_uppercase();
    SHORT.iter().find(|(from, _)| upper.contains(from)).map(|(from, to)| upper.replacen(from, to, 1))
}

/// An entry of this version of a list, with one name.
pub(crate) fn entry(version: &str, at: usize, kind: NameKind, name: &str) -> WatchlistEntry {
    let kind = match kind {
        NameKind::Person => EntryKind::Person,
        NameKind::Company => EntryKind::Company,
        NameKind::Vessel => EntryKind::Vessel,
    };
    WatchlistEntry {
        names: vec![Name { name: name.to_owned(), script: None, quality: NameQuality::Primary }],
        ..WatchlistEntry::new("made-up", version, at.to_string(), kind)
    }
}
