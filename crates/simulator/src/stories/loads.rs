//! How much is smuggled at once, as seizures tell.

use crate::chance::Chance;

/// Seizures of cocaine in one port by size: how many in a thousand weigh at most so many kilograms. After the figures of the
/// HARC team of Rotterdam for 2018 to 2021: 109, 141, 151 and 194 consignments of 174, 239, 269 and 364 kg on average,
/// twelve (2020) and 22 (2021) of them over a tonne, the greatest of 4,180 kg; the small ones after single cases (28 to
/// 67 kg behind the walls and in the engines of reefers).
const SEIZURES: [(i64, i64); 7] =
    [(0, 20), (250, 45), (500, 110), (750, 300), (890, 1_000), (980, 2_500), (1_000, 4_200)];

/// The size of a seizure, kg, of those from `least` to `most`.
pub(super) fn seized_kg(least: i64, most: i64, chance: &mut Chance) -> i64 {
    let drawn = chance.between(share_up_to(least), share_up_to(most));
    // A step of the table is a straight line.
    let step = SEIZURES.windows(2).find(|step| matches!(step, [_, (share, _)] if *share >= drawn));
    let kg = match step {
        Some([(low, from), (high, to)]) => from + (drawn - low) * (to - from) / (high - low).max(1),
        _ => most,
    };
    (kg + chance.between(-5, 5)).clamp(least, most)
}

/// How many seizures in a thousand weigh at most so much.
fn share_up_to(kg: i64) -> i64 {
    let step = SEIZURES.windows(2).find(|step| matches!(step, [_, (_, to)] if *to >= kg));
    match step {
        Some([(low, from), (high, to)]) => low + (kg - from).max(0) * (high - low) / (to - from).max(1),
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::seized_kg;
    use crate::chance::Chance;

    #[test]
    fn seizures_are_as_great_as_they_were() {
        let mut chance = Chance::new(7, 7);
        let all: Vec<i64> = (0..5_000).map(|_| seized_kg(0, 5_000, &mut chance)).collect();
        let mean = all.iter().sum::<i64>() / 5_000;
        let great = all.iter().filter(|kg| **kg > 1_000).count();
        assert!((330..=420).contains(&mean), "{mean}");
        assert!((450..=650).contains(&great), "{great}");
        let some: Vec<i64> = (0..500).map(|_| seized_kg(240, 2_500, &mut chance)).collect();
        assert!(some.iter().all(|kg| (240..=2_500).contains(kg)));
        let light = some.iter().filter(|kg| **kg < 500).count();
        assert!((150..=300).contains(&light), "{light}");
    }
}
