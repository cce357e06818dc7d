//! How much must be written otherwise to turn one word into another, in tenths of a letter.

use super::sound::is_vowel;

/// A letter exchanged, added or left out.
const LETTER: u16 = 10;
/// Two neighbours in each other's place.
const SWAP: u16 = 7;
/// A digit, which no one mistypes without consequence.
const DIGIT: u16 = 15;
/// Longest words that are compared by their letters.
pub(crate) const MAX_COMPARED: usize = 48;

/// A cost that no word reaches.
const FAR: u16 = u16::MAX / 2;

/// The cost of turning `a` into `b` in tenths of a letter; `None` above `limit`. Two neighbours that change places count
/// as less than two letters; vowels, letters that sound or look alike, doubled letters and `h` count less than one.
pub(crate) fn cost(a: &[u8], b: &[u8], limit: u16) -> Option<u16> {
    if a == b {
        return Some(0);
    }
    let (a, b) = without_common_ends(a, b);
    if a.len() > MAX_COMPARED || b.len() > MAX_COMPARED || a.len().abs_diff(b.len()) * 4 > usize::from(limit)
    {
        return None;
    }
    let mut rows = [[0_u16; MAX_COMPARED + 1]; 3];
    let [older, old, new] = &mut rows;
    let (mut older, mut old, mut new) = (older, old, new);
    let mut sum = 0;
    let mut last = b' ';
    for (cell, letter) in old.iter_mut().skip(1).zip(b) {
        sum += gap(*letter, last);
        *cell = sum;
        last = *letter;
    }
    let mut previous_a = b' ';
    for &in_a in a {
        let drop = gap(in_a, previous_a);
        let exchanged = EXCHANGES.get(code(in_a)).unwrap_or(&[0; CODES]);
        let mut left = old.first().copied().unwrap_or(FAR).saturating_add(drop);
        let mut diagonal = old.first().copied().unwrap_or(FAR);
        if let Some(first) = new.first_mut() {
            *first = left;
        }
        let mut least = left;
        let mut previous_b = b' ';
        let mut swapped = FAR; // older[j - 2]
        let mut next_swapped = older.first().copied().unwrap_or(FAR);
        let cells = new.iter_mut().skip(1).zip(old.iter().skip(1)).zip(older.iter().skip(1));
        for (&in_b, ((cell, &above), &older_above)) in b.iter().zip(cells) {
            let mut best =
                diagonal.saturating_add(exchanged.get(code(in_b)).copied().map_or(LETTER, u16::from));
            best = best.min(above.saturating_add(drop)).min(left.saturating_add(gap(in_b, previous_b)));
            if in_a == previous_b && in_b == previous_a && in_a != in_b {
                best = best.min(swapped.saturating_add(SWAP));
            }
            diagonal = above;
            left = best;
            *cell = best;
            least = least.min(best);
            previous_b = in_b;
            swapped = next_swapped;
            next_swapped = older_above;
        }
        if least > limit {
            return None;
        }
        previous_a = in_a;
        (older, old, new) = (old, new, older);
    }
    old.get(b.len()).copied().filter(|cost| *cost <= limit)
}

fn without_common_ends<'a>(a: &'a [u8], b: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    // One letter stays, so that a doubled letter is seen as one.
    let front = front.saturating_sub(1);
    let (a, b) = (a.get(front..).unwrap_or_default(), b.get(front..).unwrap_or_default());
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count().saturating_sub(1);
    (a.get(..a.len() - back).unwrap_or_default(), b.get(..b.len() - back).unwrap_or_default())
}

/// A letter that only one of the words has.
const fn gap(letter: u8, previous: u8) -> u16 {
    if letter.is_ascii_digit() {
        DIGIT
    } else if letter == previous {
        4
    } else if letter == b'h' || (letter == b'c' && previous == b's') {
        // h, and sch for sh.
        5
    } else if is_vowel(letter) {
        7
    } else {
        LETTER
    }
}

/// Letters and digits, and room between them.
const CODES: usize = 64;

/// A folded letter or digit as a small number.
const fn code(letter: u8) -> usize {
    ((letter & 0x1f) | ((!letter & 0x40) >> 1)) as usize
}

/// What an exchange costs, by the codes of both letters.
#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which checks it")]
static EXCHANGES: [[u8; CODES]; CODES] = {
    let mut costs = [[LETTER as u8; CODES]; CODES];
    let known = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut i = 0;
    while i < known.len() {
        let mut j = 0;
        while j < known.len() {
            costs[code(known[i])][code(known[j])] = exchange(known[i], known[j]) as u8;
            j += 1;
        }
        i += 1;
    }
    costs
};

const fn exchange(a: u8, b: u8) -> u16 {
    if a == b {
        return 0;
    }
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    match (low, high) {
        // Read by a machine, or typed to get past one.
        (b'0', b'o')
        | (b'1', b'i' | b'l')
        | (b'2', b'z')
        | (b'3', b'e')
        | (b'4', b'a')
        | (b'5', b's')
        | (b'6', b'b' | b'g')
        | (b'7', b't')
        | (b'8', b'b')
        | (b'9', b'g' | b'q') => 3,
        (b'0'..=b'9', _) => DIGIT,
        // Spelt by ear.
        (b'i', b'y' | b'j')
        | (b'j', b'y')
        | (b'v', b'w')
        | (b'c', b'k')
        | (b'k', b'q')
        | (b's', b'z')
        | (b'c', b'q')
        | (b'f', b'v') => 4,
        (b'e', b'i') | (b'o', b'u') | (b'a', b'e') => 5,
        (b'c' | b'z', b's')
        | (b'c', b'z')
        | (b'd', b't')
        | (b'b', b'p')
        | (b'g', b'k' | b'q')
        | (b'g', b'j')
        | (b'm', b'n')
        | (b'u', b'v' | b'w')
        | (b'k', b'x')
        | (b'i', b'l') => 6,
        _ if is_vowel(a) && is_vowel(b) => 6,
        _ => LETTER,
    }
}

/// Letters and digits in the order of their bits in masks.
const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// What it costs at least that a letter is missing on the other side, by what is there.
#[derive(Clone, Copy)]
struct Missing {
    /// Letters against which it is exchanged for so little.
    cheap: [(u64, u16); 3],
    /// Left out, or exchanged for any other.
    else_at: u16,
}

#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which checks it")]
static MISSING: [Missing; 36] = {
    let mut all = [Missing { cheap: [(0, 3), (0, 4), (0, 5)], else_at: LETTER }; 36];
    let mut i = 0;
    while i < 36 {
        let mut j = 0;
        while j < 36 {
            // After itself it is not the first of its kind.
            let own = gap(LETTERS[i], if j == i { b' ' } else { LETTERS[j] });
            if own < all[i].else_at {
                all[i].else_at = own;
            }
            match exchange(LETTERS[i], LETTERS[j]) {
                1..4 => all[i].cheap[0].0 |= 1 << j,
                4 => all[i].cheap[1].0 |= 1 << j,
                5..7 => all[i].cheap[2].0 |= 1 << j,
                _ => {}
            }
            j += 1;
        }
        i += 1;
    }
    all
};

/// What turning words with these letters into each other costs at least: every letter that only one of them has is left
/// out or exchanged.
pub(crate) fn least_cost(a: u64, b: u64) -> u16 {
    one_sided(a & !b, b).max(one_sided(b & !a, a))
}

fn one_sided(mut only: u64, there: u64) -> u16 {
    let mut sum = 0;
    while only != 0 {
        if let Some(missing) = MISSING.get(only.trailing_zeros() as usize) {
            let cheap = missing.cheap.iter().find(|(letters, _)| letters & there != 0);
            sum += cheap.map_or(missing.else_at, |(_, cost)| missing.else_at.min(*cost));
        }
        only &= only - 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::prepare::mask_of;
    use super::*;

    fn between(a: &str, b: &str) -> u16 {
        let there = cost(a.as_bytes(), b.as_bytes(), 100).unwrap();
        assert_eq!(Some(there), cost(b.as_bytes(), a.as_bytes(), 100), "{a} {b}");
        there
    }

    #[test]
    fn costs_follow_how_names_are_mistaken() {
        assert_eq!(between("putin", "putin"), 0);
        assert_eq!(between("lavrov", "lavrof"), 4);
        assert_eq!(between("hannibal", "hanniball"), 4);
        assert_eq!(between("vajiralongkorn", "vajiralongkron"), 7);
        assert_eq!(between("sech1n", "sechin"), 3);
        assert_eq!(between("jonson", "johnson"), 5);
        assert_eq!(between("walmart", "wallmart"), 4);
        assert_eq!(between("5", "6"), 15);
        assert_eq!(between("", "ab"), 17);
    }

    #[test]
    fn what_costs_more_than_the_limit_is_none() {
        assert_eq!(cost(b"dulaimi", b"tikriti", 30), None);
        assert_eq!(cost(&[b'x'; 99], &[b'y'; 99], 1000), None);
    }

    fn least_and_cost(a: &[u8], b: &[u8]) -> (u16, u16) {
        (least_cost(mask_of(a), mask_of(b)), cost(a, b, 1_000).unwrap())
    }

    #[test]
    fn no_short_word_costs_less_than_its_letters() {
        let words = || LETTERS.iter().flat_map(|a| LETTERS.iter().map(move |b| [*a, *b]));
        let others: [&[u8]; 6] = [b"", b"s", b"sh", b"sch", b"ck", b"1o"];
        for (word, other) in words().flat_map(|word| others.map(|other| (word, other))) {
            let (least, cost) = least_and_cost(&word, other);
            assert!(least <= cost, "{word:?} {other:?}: {least} {cost}");
        }
    }

    proptest! {
        #[test]
        fn nothing_costs_less_than_its_letters(a in "[a-z0-9]{0,9}", b in "[a-z0-9]{0,9}", c in "[aeihlkyq10osc]{0,9}") {
            for (a, b) in [(&a, &b), (&a, &c), (&c, &b)] {
                let (least, cost) = least_and_cost(a.as_bytes(), b.as_bytes());
                prop_assert!(least <= cost, "{} {}: {} {}", a, b, least, cost);
            }
        }
    }
}
