//! What is one name and what is another, pinned by pairs of our own; and what must hold for any bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proptest::prelude::*;
use quaywatch_domain::watchlist::{EntryKind, Name, NameQuality};
use quaywatch_domain::{Severity, WatchlistEntry};
use quaywatch_screening::names::{
    Bands, Book, DEFAULT_THRESHOLD, ListBands, ListedName, NameIndex, NameKind, Party, Prepared, Scratch,
    Searcher, Step, explain_pair, score_pair,
};

const PERSON: Option<NameKind> = Some(NameKind::Person);
const COMPANY: Option<NameKind> = Some(NameKind::Company);
const VESSEL: Option<NameKind> = Some(NameKind::Vessel);

#[track_caller]
fn same(kind: Option<NameKind>, pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        for (query, listed) in [(a, b), (b, a)] {
            let (score, why) = explain_pair(kind, query, listed);
            assert!(f64::from(score) >= DEFAULT_THRESHOLD, "{query} | {listed}: {score} {}", why.text);
        }
    }
}

#[track_caller]
fn different(kind: Option<NameKind>, pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        for (query, listed) in [(a, b), (b, a)] {
            let (score, why) = explain_pair(kind, query, listed);
            assert!(f64::from(score) < DEFAULT_THRESHOLD, "{query} | {listed}: {score} {}", why.text);
        }
    }
}

#[test]
fn persons_are_found_however_they_are_spelt() {
    same(
        PERSON,
        &[
            ("DARKO NOVAKOVIC", "Novakovic, Darko"),
            ("Mohamed Hasan Elmasri", "Muhammad Hassan AL-MASRI"),
            ("Abdel Aziz Rahmani", "'Abd al-'Aziz RAHMANI"),
            ("Abdelaziz Rahmani", "ABDUL-AZIZ RAHMANI"),
            ("Saif al-Din Haddad", "Sayfuddin Haddad"),
            ("Sergej Volkovs", "Sergey Andreevich VOLKOV"),
            ("Сергей Волков", "Sergei Volkov"),
            ("محمد حسن", "Mohammed Hassan"),
            ("DarkoNovakovic", "Darko Novakovic"),
            ("Darko Novak ovic", "Darko Novakovic"),
            ("Dark0 N0vakovic", "Darko Novakovic"),
            ("D\u{200b}arko Nov\u{ad}akovic", "Darko Novakovic"),
            ("Dаrkо Nоvаkоvic", "Darko Novakovic"),
            ("Capt. Darko Novakovic Jr.", "Darko Novakovic"),
            ("Darko P. Novakovic", "Darko Petar Novakovic"),
            ("D. Novakovic", "Darko Novakovic"),
            ("Bill Harrington", "William Harrington"),
            ("Kim Jong-hyok", "KIM, Jong Hyuk"),
        ],
    );
}

#[test]
fn persons_who_share_a_name_are_not_one() {
    different(
        PERSON,
        &[
            ("EMMA LLC", "emma daniels"),
            ("George Bush", "George Habbash"),
            ("Darko Novakovic", "Darko Petrovic"),
            ("Hassan Dahir Farah", "Hassan Dahir Aweys"),
            ("Mohamed Ali Karimi", "Ahmed Ali Karimi"),
            ("B. Novakovic", "Darko Novakovic"),
            ("Omar bin Yusuf al-Harbi", "Yusuf bin Omar al-Harbi"),
            ("Novakovic", "Darko Novakovic"),
            ("习近朋", "习近平"),
        ],
    );
}

#[test]
fn companies_are_found_however_they_are_abbreviated() {
    same(
        COMPANY,
        &[
            ("GUANGZHOU HAIGE COMM GRP", "Guangzhou Haige Communications Group Incorporated Company"),
            ("CNOOC ENERGY TECH & SRVCES", "CNOOC Energy Technology & Services Limited"),
            ("VOLTANA INTL MFG CO LTD", "Voltana International Manufacturing Company Limited"),
            ("Voltana Aktiengeselschaft", "Voltana AG"),
            ("OOO Voltana Servis", "Voltana Servis L.L.C."),
            ("OAO VOLTANA", "Voltana JSC"),
            ("Voltana Spółka z o.o.", "VOLTANA SP. Z O.O."),
            ("A.B.K. Company", "ABK Co."),
            ("Goodwind Lines", "Good Wind Lines"),
            ("VoltanaAG", "Voltana AG"),
            ("H&K Voltana", "H and K Voltana"),
            ("Brigade Forty-Four", "Brigade 44"),
            ("PLF", "Peoples Liberation Front"),
            ("V0LTANA SHIPP1NG", "VOLTANA SHIPPING"),
            ("ООО ВОЛТАНА", "OOO Voltana"),
            // Cut where a line of a trade document ends.
            ("VOLTANA HEAVY INDUSTRIES MACHINES I", "VOLTANA HEAVY INDUSTRIES MACHINES IMPORT AND EXPORT"),
        ],
    );
}

#[test]
fn companies_that_share_words_are_not_one() {
    different(
        COMPANY,
        &[
            ("11420 CORP.", "CORP"),
            ("11420 CORP.", "11430 CORP"),
            ("Deutsche Bank AG", "Deutsche Bank GmbH"),
            ("Voltana Chile S.A.", "Voltana Mexico S.A."),
            ("Voltana Trading Ltd", "Veridia Trading Ltd"),
            ("Emma Shipping LLC", "Daniels Shipping LLC"),
            ("Voltana Fund 12", "Voltana Fund 57"),
            ("CBA Lines", "ABC Lines"),
            ("International Trading Company", "General Trading Company"),
        ],
    );
}

#[test]
fn vessels_are_found_with_and_without_their_prefix_but_not_under_another_number() {
    same(
        VESSEL,
        &[
            ("M/V OCEAN TRAVELLER", "Ocean Traveller"),
            ("MT OCEAN TRAVELLER", "OCEAN TRAVELER"),
            ("MOTOR VESSEL OCEAN TRAVELLER", "M.V. Ocean Traveller"),
            ("OCEAN TRAVELLER II", "OCEAN TRAVELLER 2"),
            ("OCEANTRAVELLER", "OCEAN TRAVELLER"),
        ],
    );
    different(
        VESSEL,
        &[
            ("OCEAN TRAVELLER 12", "OCEAN TRAVELLER 47"),
            ("OCEAN TRAVELLER", "OCEAN VOYAGER"),
            ("OCEAN", "OCEAN TRAVELLER"),
            ("VICTORIA", "VIKTOR KONEV"),
        ],
    );
}

#[test]
fn a_number_one_digit_off_is_the_weakest_hit_and_says_so() {
    let (score, why) = explain_pair(VESSEL, "OCEAN TRAVELLER 5", "OCEAN TRAVELLER 6");
    assert!((0.7..0.75).contains(&score), "{score}");
    assert_eq!(why.qualified, ["numbers differ by a digit"]);
}

#[test]
fn the_explanation_is_one_line_that_names_words_and_steps() {
    let (_, why) = explain_pair(PERSON, "Mohamed A. Novakovicc", "MUHAMMAD Amir NOVAKOVIC");
    assert_eq!(
        why.text,
        "mohamed ~ muhammad (spelling 0.97), a ~ amir (initial 0.90), novakovicc ~ novakovic (typo 0.92)"
    );
    let (_, why) = explain_pair(COMPANY, "The Voltana Group Ltd", "Voltana Shipping GmbH");
    assert_eq!(why.left_over_listed, ["shipping"]);
    assert_eq!(why.set_aside_query, ["the", "group", "ltd"]);
}

fn entry(list: &str, id: &str, kind: EntryKind, names: &[(&str, NameQuality)]) -> WatchlistEntry {
    WatchlistEntry {
        names: names
            .iter()
            .map(|(name, quality)| Name { name: (*name).to_owned(), script: None, quality: *quality })
            .collect(),
        severity: Severity::High,
        ..WatchlistEntry::new(list, "1", id, kind)
    }
}

fn found(book: &Book, kind: NameKind, name: &str, party: &Party) -> Vec<String> {
    let hits = book.search(&[kind], name, party, &Bands::default(), &mut Searcher::default());
    hits.into_iter().map(|hit| hit.entry.entry_id.clone()).collect()
}

#[test]
fn a_weak_alias_never_matches_alone() {
    let mut listed = entry(
        "l",
        "1",
        EntryKind::Person,
        &[("Darko Novakovic", NameQuality::Primary), ("Mali Vuk", NameQuality::Weak)],
    );
    listed.birth_dates = vec!["1970-03-01".to_owned()];
    let book = Book::of([Arc::new(listed)]);
    let party = |born: Option<&str>| Party { country: None, birth_date: born.map(str::to_owned) };
    assert!(found(&book, NameKind::Person, "Mali Vuk", &party(None)).is_empty());
    assert!(found(&book, NameKind::Person, "Mali Vuk", &party(Some("1981-03-01"))).is_empty());
    assert_eq!(found(&book, NameKind::Person, "Mali Vuk", &party(Some("1970-03-01"))), ["1"]);
    assert_eq!(found(&book, NameKind::Person, "Darko Novakovic", &party(None)), ["1"]);
}

#[test]
fn country_and_date_of_birth_qualify() {
    let mut listed = entry("l", "1", EntryKind::Person, &[("Darko Novakovic", NameQuality::Primary)]);
    listed.countries = vec!["RS".to_owned()];
    listed.birth_dates = vec!["1970".to_owned()];
    let book = Book::of([Arc::new(listed)]);
    let score = |country: &str, born: &str| {
        let party = Party { country: Some(country.to_owned()), birth_date: Some(born.to_owned()) };
        let hits = book.search(
            &[NameKind::Person],
            "Darko Novakovich",
            &party,
            &Bands::all(0.0),
            &mut Searcher::default(),
        );
        (hits[0].score, hits[0].explain("Darko Novakovich", &party).qualified.len())
    };
    let (right, wrong) = (score("RS", "1970-05-05"), score("SI", "1991-05-05"));
    assert!(right.0 > wrong.0 + 0.2, "{right:?} {wrong:?}");
    assert_eq!((right.1, wrong.1), (2, 2));
}

#[test]
fn lists_and_owners_have_bands_of_their_own() {
    let mut own = entry("strict", "1", EntryKind::Person, &[("Darko Novakovic", NameQuality::Primary)]);
    own.owner = Some("police".to_owned());
    let book = Book::of([
        Arc::new(own),
        Arc::new(entry("open", "2", EntryKind::Person, &[("Darko Novakovic", NameQuality::Primary)])),
    ]);
    let ask = |list: &str| {
        let lists = vec![ListBands { list: list.to_owned(), person: 0.99, ..ListBands::default() }];
        let bands = Bands { lists, ..Bands::default() };
        let hits = book.search(
            &[NameKind::Person],
            "Darko Novakovich",
            &Party::default(),
            &bands,
            &mut Searcher::default(),
        );
        hits.into_iter().map(|hit| hit.entry.entry_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ask("strict"), ["2"]);
    assert_eq!(ask("police"), ["2"]);
    assert_eq!(ask("other"), ["2", "1"]);
}

#[test]
fn changes_are_found_after_settling_whatever_was_known_before() {
    let mut book = Book::of((0..50).map(|n| {
        Arc::new(entry(
            "l",
            &n.to_string(),
            EntryKind::Company,
            &[(&format!("Voltana{n} Lines Ltd"), NameQuality::Primary)],
        ))
    }));
    let mut searcher = Searcher::default();
    let mut ask = |book: &Book, name: &str| {
        let hits =
            book.search(&[NameKind::Company], name, &Party::default(), &Bands::default(), &mut searcher);
        hits.into_iter().map(|hit| hit.entry.entry_id.clone()).collect::<Vec<_>>()
    };
    assert!(ask(&book, "Kestrelia Foods").is_empty());
    let new =
        Arc::new(entry("l", "new", EntryKind::Company, &[("Kestrelia Foods GmbH", NameQuality::Primary)]));
    book.upsert(&new.key(), &new);
    assert!(ask(&book, "Kestrelia Foods").is_empty());
    book.settle();
    assert_eq!(ask(&book, "Kestrelia Foods"), ["new"]);
    let renamed =
        Arc::new(entry("l", "new", EntryKind::Company, &[("Osprenia Foods GmbH", NameQuality::Primary)]));
    book.upsert(&renamed.key(), &renamed);
    book.settle();
    assert!(ask(&book, "Kestrelia Foods").is_empty());
    assert_eq!(ask(&book, "Osprenia Foods"), ["new"]);
    book.remove(&renamed.key());
    book.settle();
    assert!(ask(&book, "Osprenia Foods").is_empty());
}

/// A word of its own for each number.
fn coined(n: usize) -> String {
    const HEAD: [&str; 10] = ["ba", "ke", "di", "fo", "gu", "la", "me", "ri", "to", "zu"];
    [n / 100 % 10, n / 10 % 10, n % 10].map(|digit| HEAD.get(digit).copied().unwrap_or_default()).concat()
}

#[test]
fn a_list_is_swapped_under_load_and_no_query_fails() {
    // Two versions of one list: every answer is that of one of them, whole.
    const NAMES: usize = 500;
    let version = |word: &str| {
        let entries = (0..NAMES).map(|n| {
            Arc::new(entry(
                word,
                &n.to_string(),
                EntryKind::Company,
                &[(&format!("{} Voltana Lines", coined(n)), NameQuality::Primary)],
            ))
        });
        Arc::new(Book::of(entries))
    };
    let books = [version("one"), version("two")];
    let current = std::sync::RwLock::new(Arc::clone(&books[0]));
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut searcher = Searcher::with_memo(100);
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    n = (n + 7) % NAMES;
                    let book = Arc::clone(&current.read().unwrap());
                    let name = format!("{} VOLTANA LINES", coined(n).to_uppercase());
                    let hits = book.search(
                        &[NameKind::Company],
                        &name,
                        &Party::default(),
                        &Bands::default(),
                        &mut searcher,
                    );
                    let list = hits[0].entry.list_id.clone();
                    assert!(hits.iter().all(|hit| hit.entry.list_id == list));
                    assert!(hits.iter().any(|hit| hit.entry.entry_id == n.to_string()));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for swap in 1..=10 {
            let seen = answered.load(Ordering::Relaxed);
            while answered.load(Ordering::Relaxed) < seen + 20 {
                std::thread::yield_now();
            }
            *current.write().unwrap() = Arc::clone(&books[swap % 2]);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(answered.load(Ordering::Relaxed) >= 200);
}

#[test]
fn the_gate_finds_what_the_scorer_agrees_with() {
    let names = ["Darko Novakovic", "Muhammad Hassan AL-MASRI", "Olena Shevchuk", "Wei Zhang Li", "Hannibal"];
    let index = NameIndex::of((0..).zip(names).map(|(entry, name)| ListedName {
        entry,
        kind: NameKind::Person,
        name,
        weak: false,
    }));
    for (asked, entry) in [
        ("DARKO NOVAKOVICH", 0),
        ("DarkoNovakovic", 0),
        ("Drako Novakovic", 0),
        ("Mohamed Hasan Elmasri", 1),
        ("Елена Шевчук", 2),
        ("Hanniball", 4),
    ] {
        let found = index.search(&Prepared::new(NameKind::Person, asked), 0.7, &mut Scratch::default());
        assert_eq!(found.first().map(|found| found.entry), Some(entry), "{asked}");
    }
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-z0-9 .,'&/()-]{0,60}",
        "[а-яёА-Яα-ωء-ي가-힣一-龥\u{200b} ]{0,20}",
        proptest::collection::vec(
            proptest::sample::select(vec![
                "al",
                "bin",
                "abd",
                "Novak",
                "LTD",
                "GmbH",
                "Co.",
                "&",
                "12",
                "XII",
                "sp. z o.o.",
                "M/V",
                "Mohamed",
                "(Koper)",
                "limited",
                "liability",
                "din",
                "the",
                "AIRL1NES",
                ",",
            ]),
            0..12
        )
        .prop_map(|words| words.join(" ")),
    ]
}

proptest! {
    #[test]
    fn any_text_is_normalised_once_and_for_all(name in any_name()) {
        for kind in NameKind::ALL {
            let prepared = Prepared::new(kind, &name);
            prop_assert!(prepared.words().iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())));
        }
    }

    #[test]
    fn a_name_agrees_with_itself(name in any_name()) {
        for kind in NameKind::ALL {
            let score = score_pair(Some(kind), &name, &name);
            prop_assert!(Prepared::new(kind, &name).is_empty() || score > 0.99, "{kind:?} {name} {score}");
        }
    }

    #[test]
    fn every_word_stands_in_the_explanation_once(query in any_name(), listed in any_name()) {
        for kind in NameKind::ALL {
            let (score, why) = explain_pair(Some(kind), &query, &listed);
            prop_assert!((0.0..=1.0).contains(&score));
            let count = |met: fn(&quaywatch_screening::names::WordMatch) -> &str, rest: [&Vec<String>; 2]| {
                why.matched.iter().map(|word| met(word).split(' ').count()).sum::<usize>() + rest[0].len() + rest[1].len()
            };
            let query_words = count(|word| &word.query, [&why.left_over_query, &why.set_aside_query]);
            let listed_words = count(|word| &word.listed, [&why.left_over_listed, &why.set_aside_listed]);
            prop_assert_eq!(query_words, Prepared::new(kind, &query).words().len());
            prop_assert_eq!(listed_words, Prepared::new(kind, &listed).words().len());
            prop_assert!(why.matched.iter().all(|word| word.step != Step::Identifier));
        }
    }

    #[test]
    fn letter_case_and_invisible_characters_change_nothing(name in "[a-z]{3,9} [a-z]{3,9}( [a-z]{2,9})?") {
        for kind in NameKind::ALL {
            let plain = Prepared::new(kind, &name).words();
            let hidden: String = name.chars().flat_map(|c| [c, '\u{200b}']).collect();
            prop_assert_eq!(&Prepared::new(kind, &name.to_uppercase()).words(), &plain);
            prop_assert_eq!(&Prepared::new(kind, &hidden).words(), &plain);
        }
    }

    #[test]
    fn listed_names_are_found_as_they_are(names in proptest::collection::vec("[A-Z]{4,9} [A-Z]{4,9}( [A-Z]{4,9})?", 1..20)) {
        for kind in NameKind::ALL {
            let index = NameIndex::of((0..).zip(&names).map(|(entry, name)| ListedName { entry, kind, name, weak: false }));
            for name in &names {
                let found = index.search(&Prepared::new(kind, name), 0.99, &mut Scratch::default());
                prop_assert!(!found.is_empty() || Prepared::new(kind, name).is_empty(), "{kind:?} {name}");
            }
        }
    }
}

#[test]
fn what_scores_high_passes_the_gate() {
    use NameKind::{Company, Person, Vessel};
    for (kind, query, listed) in [
        (Company, "VITAL HOLDING SA", "Vitol Holding S.A."),
        (Company, "CYMEX S.A.", "CIMEX"),
        (Company, "ALHARAMAYN FOUNDATION", "ALHARAMAIN FOUNDATION"),
        (Company, "HASSAN DTO", "HASSAN DRUG TRAFFICKING ORGANIZATION"),
        (Company, "PRO SPORT AND HEALTH", "PROSPORT & HEALTH, S.A. DE C.V."),
        (Company, "PROSPORT AND HEALTH", "PRO SPORT & HEALTH"),
        (Company, "PLA", "People's Liberation Army"),
        (Company, "Kuwait Joint Relief Committee Bosnia", "KJRC-BOSNIA"),
        (Person, "bylal vahbe", "WAHBE, Bilal"),
        (Person, "M. Salman Obeid", "OBEID, Mohammed Salman"),
        (Vessel, "MV OCEAN STAR", "OCEAN STAR"),
    ] {
        let (score, _) = explain_pair(Some(kind), query, listed);
        assert!(score >= 0.65, "{query} {score}");
        let index = NameIndex::of([ListedName { entry: 1, kind, name: listed, weak: false }]);
        let found = index.search(&Prepared::new(kind, query), 0.65, &mut Scratch::default());
        assert_eq!(found.first().map(|found| found.score), Some(score), "{query}");
    }
    let (short, _) = explain_pair(Some(Company), "SDS", "Shenzhen Dandehi Sports S.A.");
    assert!(short < 0.7, "{short}");
}
