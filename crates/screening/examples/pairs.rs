fn main() {
    let path = std::env::args().nth(1).unwrap();
    let verbose = std::env::args().nth(2).is_some();
    let mut reader = csv::Reader::from_path(path).unwrap();
    let (mut tp, mut fp, mut tn, mut fne) = (0, 0, 0, 0);
    let mut rows = vec![];
    for r in reader.records() {
        let r = r.unwrap();
        let kind = match &r[1] {
            "LegalEntity" => None,
            k => quaywatch_screening::names::NameKind::parse(k),
        };
        let (s, e) = quaywatch_screening::names::explain_pair(kind, &r[2], &r[3]);
        let want = &r[4] == "true";
        let got = s >= 0.7;
        match (want, got) {
            (true, true) => tp += 1,
            (false, true) => fp += 1,
            (false, false) => tn += 1,
            (true, false) => fne += 1,
        }
        rows.push((
            want,
            got,
            s,
            r[5].to_owned(),
            r[1].to_owned(),
            format!("{:.2} {} {} | {} || {} -- {}", s, &r[5], &r[2], &r[3], e.text, &r[8.min(r.len() - 1)]),
        ));
    }
    if verbose {
        for w in [true, false] {
            println!("---- {}", if w { "MISSED" } else { "FALSE" });
            for r in rows.iter().filter(|r| r.0 == w && r.1 != w) {
                println!("{}", r.5);
            }
        }
    }
    for q in ["STRONG", "MEDIUM", "WEAK"] {
        let c = |w: bool, g: bool| rows.iter().filter(|r| r.3 == q && r.0 == w && r.1 == g).count();
        println!(
            "{q} tp {} fp {} tn {} fn {}",
            c(true, true),
            c(false, true),
            c(false, false),
            c(true, false)
        );
    }
    for t in [0.6f32, 0.65, 0.7, 0.75, 0.8] {
        let tp = rows.iter().filter(|r| r.0 && r.2 >= t).count() as f64;
        let fp = rows.iter().filter(|r| !r.0 && r.2 >= t).count() as f64;
        let p = rows.iter().filter(|r| r.0).count() as f64;
        println!("t {t} P {:.3} R {:.3} F1 {:.3}", tp / (tp + fp), tp / p, 2.0 * tp / (tp + fp + p));
    }
    println!("tp {tp} fp {fp} tn {tn} fn {fne}");
}
