//! Which word of one name belongs to which of the other.

use super::dictionary::{Kinship, Role, dictionary};
use super::distance::{MAX_COMPARED, cost, least_cost};
use super::explain::Step;
use super::prepare::{MAX_WORDS, NameKind, Place, Word, Words};
use super::sound::coarse_sound;

/// Words less alike than this are two words.
const MIN_LIKENESS: f32 = 0.2;
/// Words known to be different names must be at least so alike to count as one with a typing error.
const MIN_STRANGERS: f32 = 0.5;
/// How fast likeness falls with the share of letters that differ.
pub(crate) const SLOPE: f32 = 2.0;
/// Words joined or parted must be at least so alike.
pub(crate) const MIN_JOINED: f32 = 0.7;
/// What it usually costs at least that two letters differ, in tenths of a letter.
pub(crate) const USUAL_EXCHANGE: u32 = 9;
/// Three letters are the initials of many: what they stand for when a trading company has these.
const SHORT_ACRONYM: f32 = 0.66;
/// Links less sure than this give way to words that fit together better.
pub(crate) const WEAK_LINK: f32 = 0.7;
/// Most neighbouring words that are read as one.
pub(crate) const MAX_JOINED: usize = 4;

/// A word and what became of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) word: Word<'a>,
    pub(crate) weight: f32,
    /// Link that it belongs to.
    pub(crate) link: Option<u8>,
}

/// Words that belong together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) likeness: f32,
    pub(crate) step: Step,
    pub(crate) live: bool,
}

/// Two names, word by word.
#[derive(Debug)]
pub(crate) struct Alignment<'a> {
    pub(crate) kind: NameKind,
    pub(crate) query: Vec<Slot<'a>>,
    pub(crate) listed: Vec<Slot<'a>>,
    pub(crate) links: Vec<Link>,
}

/// How much a word says about who is meant.
fn weight_of(kind: NameKind, word: &Word<'_>) -> f32 {
    weigh(kind, word.traits.role, word.text.len(), word.place)
}

/// How much a word of so many letters says about who is meant.
pub(crate) const fn weigh(kind: NameKind, role: Role, len: usize, place: Place) -> f32 {
    let short = match len {
        0 | 1 => 0.6,
        2 => 0.8,
        _ => 1.0,
    };
    match (kind, role) {
        (NameKind::Person, Role::Name) if place.is_family() => 1.1,
        (_, Role::Name) => short,
        (NameKind::Company, Role::Generic) => 0.6,
        (NameKind::Company, Role::Place) if place.is_aside() => 0.45,
        (NameKind::Company, Role::Place) => 0.75,
        (NameKind::Vessel, Role::Number) => 0.0,
        (_, Role::Number) => 0.5,
        (_, Role::Generic | Role::Place) => 1.0,
        (_, Role::Initial) => 0.5,
        (NameKind::Person, Role::Particle) => 0.1,
        (_, Role::Suffix) => 0.1,
        _ => 0.0,
    }
}

/// How alike two words are, and by which step.
pub(crate) fn likeness(kind: NameKind, a: &Word<'_>, b: &Word<'_>) -> Option<(f32, Step)> {
    use Role::{Generic, Initial, Name, Number, Particle, Place, Suffix, Title};
    match (a.traits.role, b.traits.role) {
        (Name | Generic | Place, Name | Generic | Place) => alike(kind, a, b),
        (Number, Number) | (Suffix, Suffix) | (Title, Title) | (Initial, Initial) => {
            (a.text == b.text).then_some((1.0, Step::Exact))
        }
        (Particle, Particle) if a.text == b.text => Some((1.0, Step::Exact)),
        (Particle, Particle) => same_particle(a.text, b.text).then_some((1.0, Step::Spelling)),
        (Initial, Name) | (Name, Initial) if kind == NameKind::Person => {
            (a.text.first() == b.text.first()).then_some((0.9, Step::Initial))
        }
        _ => None,
    }
}

fn same_particle(a: &[u8], b: &[u8]) -> bool {
    const SAME: [&[&[u8]]; 3] = [
        &[b"al", b"el", b"ul", b"il", b"ad", b"an", b"ar", b"as", b"ud", b"ur", b"us", b"uz"],
        &[b"bin", b"ben", b"ibn", b"ibnu", b"b", b"ould"],
        &[b"de", b"da", b"do", b"di", b"del", b"della", b"dos", b"das", b"du"],
    ];
    SAME.iter().any(|same| same.contains(&a) && same.contains(&b))
}

fn alike(kind: NameKind, a: &Word<'_>, b: &Word<'_>) -> Option<(f32, Step)> {
    let homophones = a.traits.native != 0 && b.traits.native != 0 && a.traits.native != b.traits.native;
    if a.text == b.text {
        return Some(if homophones { (0.8, Step::Sound) } else { (1.0, Step::Exact) });
    }
    if homophones {
        return None;
    }
    let dictionary = dictionary();
    let known = a.traits.groups.first() != Some(&0) && b.traits.groups.first() != Some(&0);
    let kinship = if known { dictionary.kinship(a.traits.groups, b.traits.groups) } else { None };
    match kinship {
        Some(Kinship::Spelling) if kind != NameKind::Vessel => return Some((0.97, Step::Spelling)),
        Some(Kinship::Abbreviation) if kind == NameKind::Company => return Some((0.92, Step::Abbreviation)),
        Some(Kinship::Cousin) if kind == NameKind::Person => return Some((0.8, Step::ShortForm)),
        _ => {}
    }
    if kind == NameKind::Person
        && (is_servant_of_initial(a.text, b.text) || is_servant_of_initial(b.text, a.text))
    {
        return Some((0.9, Step::Initial));
    }
    if is_cut(a, b) || is_cut(b, a) {
        return Some((0.95, Step::Cut));
    }
    let mut best = by_letters(kind, a.text, b.text, (a.mask, b.mask));
    let longest = a.text.len().max(b.text.len());
    if a.traits.foreign != b.traits.foreign
        && let Some(value) = across_scripts(a.text, b.text).filter(|value| *value > best.0)
    {
        best = (value, Step::Script);
    } else if kind == NameKind::Person
        && longest >= 4
        && a.text.len().abs_diff(b.text.len()) <= 2
        && a.sound == b.sound
        && a.sound.count_ones() > 2
        && best.0 < 0.65
        && best.0 > 0.3
    {
        best = (0.65, Step::Sound);
    }
    if kind == NameKind::Person
        && best.0 < MIN_STRANGERS
        && dictionary.are_strangers(a.traits.groups, b.traits.groups)
    {
        return None;
    }
    (best.0 >= MIN_LIKENESS).then_some(best)
}

/// `Abdul R.` for `Abdul Rahman`.
fn is_servant_of_initial(short: &[u8], long: &[u8]) -> bool {
    short.len() == 6 && short.starts_with(b"abdul") && long.starts_with(short)
}

/// The last word of a full line is the beginning of the other.
fn is_cut(a: &Word<'_>, b: &Word<'_>) -> bool {
    a.place.is_cut() && a.text.len() < b.text.len() && b.text.starts_with(a.text)
}

fn by_letters(kind: NameKind, a: &[u8], b: &[u8], masks: (u64, u64)) -> (f32, Step) {
    let longest = a.len().max(b.len());
    // A ship's name is painted on it: one letter in five may be wrong, no more.
    let limit = match kind {
        NameKind::Vessel => 10 * (longest / 5).min(3),
        _ => (longest * 4).min(32),
    };
    let limit = u16::try_from(limit).unwrap_or(u16::MAX);
    // Two letters that differ are an exchange, most of which cost more than this.
    let different = (masks.0 ^ masks.1).count_ones();
    if u32::from(limit) < different / 2 * USUAL_EXCHANGE || limit < least_cost(masks.0, masks.1) {
        return (0.0, Step::Typo);
    }
    match cost(a, b, limit) {
        Some(cost) => (1.0 - SLOPE * f32::from(cost) / 10.0 / longest as f32, Step::Typo),
        None => (0.0, Step::Typo),
    }
}

/// Consonants against consonants.
fn across_scripts(a: &[u8], b: &[u8]) -> Option<f32> {
    let (x, y) = (coarse_sound(a), coarse_sound(b));
    let consonants = (x & !(1 << 31)).checked_ilog2().map_or(0, |bits| bits / 4 + 1);
    let alike = x & !(1 << 31) == y & !(1 << 31);
    match consonants {
        _ if !alike => None,
        0 | 1 => None,
        2 => Some(0.8),
        _ => Some(0.9),
    }
}

/// Aligns two names.
pub(crate) fn align<'a>(kind: NameKind, query: &'a impl Words, listed: &'a impl Words) -> Alignment<'a> {
    let mut alignment = Alignment {
        kind,
        query: slots(kind, query),
        listed: slots(kind, listed),
        links: Vec::with_capacity(8),
    };
    alignment.link_best();
    alignment.link_joined(false);
    alignment.link_joined(true);
    if kind == NameKind::Company {
        alignment.link_acronym(false);
        alignment.link_acronym(true);
    }
    alignment
}

fn slots<'a>(kind: NameKind, name: &'a impl Words) -> Vec<Slot<'a>> {
    let count = name.len().min(MAX_WORDS);
    let mut slots = Vec::with_capacity(count);
    let words = (0..count).filter_map(|at| name.word(at));
    slots.extend(words.map(|word| Slot { weight: weight_of(kind, &word), word, link: None }));
    slots
}

impl<'a> Alignment<'a> {
    /// The best pairs first; of equally good ones those that stand at the same place. Equal words are the best: only
    /// what they leave is compared.
    fn link_best(&mut self) {
        let mut pairs: Vec<(f32, usize, usize, Step)> = Vec::with_capacity(16);
        self.pairs(&mut pairs, |_, a, b| {
            let equal = a.mask == b.mask && a.sound == b.sound && a.text == b.text;
            if equal { likeness(self.kind, a, b).filter(|(value, _)| *value >= 1.0) } else { None }
        });
        self.link_in_order(&mut pairs);
        self.pairs(&mut pairs, likeness);
        self.link_in_order(&mut pairs);
    }

    /// What `like` says of each two words without a link.
    fn pairs(
        &self,
        pairs: &mut Vec<(f32, usize, usize, Step)>,
        like: impl Fn(NameKind, &Word<'_>, &Word<'_>) -> Option<(f32, Step)>,
    ) {
        pairs.clear();
        for (i, q) in self.query.iter().enumerate().filter(|(_, slot)| slot.link.is_none()) {
            for (j, l) in self.listed.iter().enumerate().filter(|(_, slot)| slot.link.is_none()) {
                if let Some((value, step)) = like(self.kind, &q.word, &l.word) {
                    pairs.push((value, i, j, step));
                }
            }
        }
    }

    fn link_in_order(&mut self, pairs: &mut [(f32, usize, usize, Step)]) {
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.abs_diff(a.2).cmp(&b.1.abs_diff(b.2))));
        for &mut (value, i, j, step) in pairs {
            let free = |slots: &[Slot<'a>], at: usize| slots.get(at).is_some_and(|slot| slot.link.is_none());
            if free(&self.query, i) && free(&self.listed, j) {
                self.link(false, (i, i + 1), (j, j + 1), value, step);
            }
        }
    }

    /// Words `one` of a side and `other` of the other side belong together.
    fn link(&mut self, swapped: bool, one: (usize, usize), other: (usize, usize), likeness: f32, step: Step) {
        let Ok(at) = u8::try_from(self.links.len()) else { return };
        let (query, listed) = if swapped { (other, one) } else { (one, other) };
        for (slots, (from, to)) in [(&mut self.query, query), (&mut self.listed, listed)] {
            for slot in slots.iter_mut().take(to).skip(from) {
                if let Some(old) = slot.link.and_then(|old| self.links.get_mut(usize::from(old))) {
                    old.live = false;
                }
                slot.link = Some(at);
            }
        }
        self.links.push(Link { likeness, step, live: true });
        // Words whose link was taken over are free again.
        for slot in self.query.iter_mut().chain(self.listed.iter_mut()) {
            if slot.link.and_then(|link| self.links.get(usize::from(link))).is_some_and(|link| !link.live) {
                slot.link = None;
            }
        }
    }

    fn is_weak(&self, slot: &Slot<'_>) -> bool {
        slot.link
            .and_then(|link| self.links.get(usize::from(link)))
            .is_none_or(|link| link.likeness < WEAK_LINK)
    }

    /// Neighbouring words of one side that the other side writes as one.
    fn link_joined(&mut self, swapped: bool) {
        let (parted, whole) = if swapped { (&self.listed, &self.query) } else { (&self.query, &self.listed) };
        if parted.len() < 2 || !whole.iter().any(|slot| self.is_weak(slot)) {
            return;
        }
        let mut found: Option<((usize, usize), usize, f32)> = None;
        let mut joined = [0_u8; MAX_COMPARED];
        for (j, slot) in whole.iter().enumerate() {
            let word = &slot.word;
            if !self.is_weak(slot)
                || word.text.len() < 4
                || !matches!(word.traits.role, Role::Name | Role::Generic | Role::Place)
            {
                continue;
            }
            for from in 0..parted.len() {
                let (mut length, mut letters) = (0, 0);
                for (count, part) in parted.iter().skip(from).take(MAX_JOINED).enumerate() {
                    // Sure words stay where they are, except the little ones.
                    if (!self.is_weak(part) && part.weight > 0.1) || part.word.traits.role == Role::Number {
                        break;
                    }
                    let Some(room) = joined.get_mut(length..length + part.word.text.len()) else { break };
                    room.copy_from_slice(part.word.text);
                    length += part.word.text.len();
                    letters |= part.word.mask;
                    if count == 0 || length + 2 < word.text.len() {
                        continue;
                    }
                    if length > word.text.len() + 2 {
                        break;
                    }
                    // Words that are one have the same letters but for a slip.
                    let different = (letters ^ word.mask).count_ones();
                    if different > 3 {
                        continue;
                    }
                    let text = joined.get(..length).unwrap_or_default();
                    let value = 0.98 * by_letters(self.kind, text, word.text, (0, 0)).0;
                    if value >= MIN_JOINED && found.is_none_or(|(_, _, best)| value > best) {
                        found = Some(((from, from + count + 1), j, value));
                    }
                }
            }
        }
        if let Some((parts, at, value)) = found {
            self.link(swapped, parts, (at, at + 1), value, Step::Joined);
        }
    }

    /// A word of one side that is the first letters of three words or more of the other.
    fn link_acronym(&mut self, swapped: bool) {
        let (short, long) = if swapped { (&self.listed, &self.query) } else { (&self.query, &self.listed) };
        let spelt =
            |slot: &Slot<'_>| matches!(slot.word.traits.role, Role::Name | Role::Generic | Role::Place);
        let mut found = None;
        for (i, slot) in short.iter().enumerate() {
            let acronym = slot.word.text;
            if slot.link.is_some() || slot.word.traits.role != Role::Name || !(3..=6).contains(&acronym.len())
            {
                continue;
            }
            let at = (0..long.len()).find(|from| {
                let window = long.iter().skip(*from).take(acronym.len());
                window.clone().count() == acronym.len()
                    && window.zip(acronym).all(|(slot, letter)| {
                        slot.link.is_none() && spelt(slot) && slot.word.text.first() == Some(letter)
                    })
            });
            if let Some(from) = at {
                found = Some(((i, i + 1), (from, from + acronym.len())));
            }
        }
        // Bodies are known by three letters, trading companies are not.
        let trades = long.iter().any(|slot| slot.word.traits.family != 0);
        if let Some((one, other)) = found {
            let short = other.1 - other.0 == 3 && trades;
            self.link(swapped, one, other, if short { SHORT_ACRONYM } else { 0.85 }, Step::Acronym);
        }
    }
}
