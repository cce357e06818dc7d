//! Innocent things that look like the crimes: no alert may stand on them at the end.

mod boxes;
mod finds;
mod gate;
mod papers;

use crate::feeds::list::Row;
use crate::numbers::{Numbers, Sealer};
use crate::stories::{Scene, Story};
use crate::world::CARRIERS;

/// Entries on the list for containers and seals that never come.
const STRANGERS_ON_LIST: u64 = 40;

/// Look-alikes of a showcase: one of each of these.
pub(crate) const SHOWCASE: usize = gate::SHOWN.len();

/// All look-alikes.
const ALL: &[&[Story]] = &[gate::SHOWN, gate::MORE, boxes::MORE, papers::MORE, finds::MORE];

/// Tells the `n`-th look-alike: in a showcase in their order, else one by chance. `None` when the world is too small for it,
/// which the limits of the options exclude.
pub(crate) fn tell(scene: &mut Scene<'_, '_>, n: usize) -> Option<()> {
    if let Some(look_alike) = gate::SHOWN.get(n).filter(|_| scene.is_showcase()) {
        return look_alike(scene);
    }
    let count: usize = ALL.iter().map(|part| part.len()).sum();
    let place = scene.teller.chance.index(count);
    let look_alike = ALL.iter().copied().flatten().nth(place)?;
    look_alike(scene)
}

/// Rows for what never comes, by numbers from this unit on that nobody else has.
pub(crate) fn strangers_on_the_list(first: u64) -> Vec<Row> {
    (0..STRANGERS_ON_LIST)
        .map(|n| {
            let carrier = usize::try_from(n).unwrap_or(0) % CARRIERS.len();
            let mut numbers = Numbers::new(first + n, 1);
            if n % 4 == 0 {
                let seal = numbers.seal(Sealer::Carrier, carrier);
                Row::standing("SEAL", "SEAL", &seal.number, "Seal reported stolen")
            } else {
                let number = numbers.number(carrier);
                Row::standing("CONTAINER", "CONTAINER", &number, "Inquiry of a partner service")
            }
        })
        .collect()
}

/// The same number with its last digit changed.
pub(crate) fn one_digit_off(number: &str) -> String {
    let mut changed = number.to_owned();
    let last = changed.pop().and_then(|c| c.to_digit(10)).unwrap_or(0);
    format!("{changed}{}", (last + 3) % 10)
}

#[cfg(test)]
mod tests {
    use quaywatch_domain::identifiers::check_digit_ok;

    use super::one_digit_off;

    #[test]
    fn a_digit_off_breaks_the_check_digit() {
        assert_eq!(one_digit_off("CSQU3054383"), "CSQU3054386");
        assert!(!check_digit_ok(&one_digit_off("CSQU3054383")));
    }
}
