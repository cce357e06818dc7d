//! The crimes, each written from published cases (Europol's report on criminal networks in EU ports, court reports from
//! Antwerp and Rotterdam, WCO's TIN CAN operation, the GDV container handbook on seals): who does what to the
//! container, and what of it the ordinary messages betray. Nothing here knows how anybody looks for it.

pub(crate) mod badges;
mod clones;
mod combined;
mod customs;
mod depot;
mod doors;
mod dwell;
pub(crate) mod finds;
mod ghosts;
mod importers;
mod listed;
mod loads;
mod look_ups;
mod out_and_back;
mod reefers;
mod release_right;
mod restow;
mod routes;
mod scan_gap;
mod scene;
mod seals;
mod spoofing;
mod trojan;
mod weights;
mod yard;

pub(crate) use scene::{Scene, answer};

/// A story: tells itself into the scene; `None` when the world is too small for it, which the limits of the options exclude.
pub(crate) type Story = fn(&mut Scene<'_, '_>) -> Option<()>;

/// What a showcase shows, one of each.
const SHOWN: &[Story] = &[
    listed::listed_container,
    listed::listed_seal,
    listed::listed_truck,
    listed::listed_in_port,
    release_right::collected_by_a_stranger,
    release_right::handed_to_a_newcomer,
    release_right::announced_twice,
    release_right::collected_after_revocation,
    seals::seal_gone,
    seals::seal_tampered,
    seals::twin_seals,
    clones::cloned_at_the_neighbour,
    clones::left_twice,
    customs::left_before_the_scan,
];

/// Stories of a showcase.
pub(crate) const SHOWCASE: usize = SHOWN.len();

/// All stories, by what they are about.
const ALL: &[&[Story]] = &[
    listed::ALL,
    release_right::ALL,
    out_and_back::ALL,
    seals::ALL,
    doors::ALL,
    clones::ALL,
    trojan::ALL,
    yard::ALL,
    weights::ALL,
    routes::ALL,
    dwell::ALL,
    scan_gap::ALL,
    look_ups::ALL,
    importers::ALL,
    reefers::ALL,
    depot::ALL,
    ghosts::ALL,
    restow::ALL,
    spoofing::ALL,
    badges::ALL,
    customs::ALL,
    combined::ALL,
    finds::ALL,
];

/// Tells the `n`-th story: in a showcase in their order, else in turn, beginning at another one for each seed.
pub(crate) fn tell(scene: &mut Scene<'_, '_>, n: usize) -> Option<()> {
    if let Some(story) = SHOWN.get(n).filter(|_| scene.is_showcase()) {
        return story(scene);
    }
    let count: usize = ALL.iter().map(|family| family.len()).sum();
    let seed = usize::try_from(scene.options.seed % 10_007).unwrap_or(0);
    let place = (n + seed * 37) % count.max(1);
    let story = ALL.iter().copied().flatten().nth(place)?;
    story(scene)
}
