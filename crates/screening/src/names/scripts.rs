//! Any script to Latin letters: what must be invisible, what only looks like Latin, what is spelt out.

use unicode_normalization::UnicodeNormalization;

/// A name in Latin letters, and where in it words begin that were written in characters of their own meaning.
#[derive(Debug, Default)]
pub(crate) struct Latin {
    pub(crate) text: String,
    /// Byte position, digest of the original characters; in order.
    pub(crate) native: Vec<(usize, u32)>,
    /// Byte ranges written in a script that leaves vowels out or is spelt by ear.
    pub(crate) foreign: Vec<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Greek,
    Han,
    Hangul,
    Arabic,
    Other,
    None,
}

fn script_of(c: char) -> Script {
    match u32::from(c) {
        0x41..=0x5a | 0x61..=0x7a | 0xaa | 0xba | 0xc0..=0x24f | 0x1e00..=0x1eff => Script::Latin,
        0x370..=0x3ff | 0x1f00..=0x1fff => Script::Greek,
        0x400..=0x52f | 0x1c80..=0x1c8f | 0x2de0..=0x2dff | 0xa640..=0xa69f => Script::Cyrillic,
        0x600..=0x6ff | 0x750..=0x77f | 0x8a0..=0x8ff => Script::Arabic,
        0x2e80..=0x2fdf
        | 0x3005..=0x3007
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xf900..=0xfaff
        | 0x20000..=0x3ffff => Script::Han,
        0xac00..=0xd7a3 => Script::Hangul,
        _ if c.is_alphabetic() => Script::Other,
        _ => Script::None,
    }
}

/// What does not show, or only changes how its neighbour is drawn (Unicode Default_Ignorable_Code_Point and Cf).
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x640 | 0x6dd | 0x70f | 0x115f..=0x1160 | 0x17b4..=0x17b5
        | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
        | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

/// The Latin letter that a Cyrillic or Greek one looks like.
const fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'а' | 'А' | 'Α' | 'α' => 'a',
        'В' | 'Β' | 'в' => 'b',
        'с' | 'С' | 'ϲ' | 'Ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' | 'Ε' | 'ё' | 'Ё' => 'e',
        'Н' | 'Η' | 'һ' | 'Һ' | 'н' => 'h',
        'і' | 'І' | 'Ι' | 'ι' | 'ї' | 'Ї' => 'i',
        'ј' | 'Ј' => 'j',
        'К' | 'Κ' | 'к' | 'κ' => 'k',
        'М' | 'Μ' | 'м' => 'm',
        'Ν' => 'n',
        'о' | 'О' | 'Ο' | 'ο' => 'o',
        'р' | 'Р' | 'Ρ' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' | 'Ѕ' => 's',
        'Т' | 'Τ' | 'т' | 'τ' => 't',
        'υ' | 'ц' => 'u',
        'ѵ' | 'ν' => 'v',
        'ԝ' => 'w',
        'х' | 'Х' | 'Χ' | 'χ' => 'x',
        'у' | 'У' | 'Υ' | 'ү' | 'Ү' => 'y',
        'Ζ' => 'z',
        _ => return None,
    })
}

/// Writes a name that is not plain ASCII in Latin letters.
pub(crate) fn to_latin(name: &str) -> Latin {
    let visible: Vec<char> =
        name.chars().filter(|c| !is_invisible(*c)).nfkc().filter(|c| !is_invisible(*c)).collect();
    let latin_letters = visible.iter().filter(|c| script_of(**c) == Script::Latin).count();
    let other_letters =
        visible.iter().filter(|c| matches!(script_of(**c), Script::Cyrillic | Script::Greek)).count();
    let mut out = Latin::default();
    for word in visible.chunk_by(|a, b| is_word(*a) == is_word(*b)) {
        if !word.first().is_some_and(|c| is_word(*c)) {
            word.iter().for_each(|c| separator(*c, &mut out.text));
            continue;
        }
        write_word(word, latin_letters > other_letters, &mut out);
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// Combining marks (Mn, Mc), as far as names hold them: they belong to the word that they stand in.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5c7 | 0x610..=0x61a | 0x64b..=0x65f | 0x670 | 0x6d6..=0x6ed
        | 0x900..=0x903 | 0x93a..=0x94f | 0x981..=0x983 | 0x9bc..=0x9cd | 0xa01..=0xa03 | 0xa3c..=0xa4d
        | 0xb82..=0xbcd | 0xc00..=0xc4d | 0xd00..=0xd4d | 0xe31..=0xe3a | 0xe47..=0xe4e | 0x102b..=0x103e
        | 0x17b6..=0x17d3 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0x3099..=0x309a)
}

fn separator(c: char, out: &mut String) {
    match c {
        // Middle dots part the words of a foreign name in Chinese and Japanese.
        '・' | '·' | '•' | '‧' => out.push(' '),
        '“' | '”' | '«' | '»' | '„' | '"' => out.push('"'),
        '’' | '‘' | 'ʼ' | '′' | '´' | '`' | 'ʻ' | 'ʿ' | 'ʾ' => out.push('\''),
        '،' | '、' | '，' => out.push(','),
        c if c.is_whitespace() => out.push(' '),
        c => out.push_str(any_ascii::any_ascii_char(c)),
    }
}

fn write_word(word: &[char], mostly_latin: bool, out: &mut Latin) {
    let count = |script: Script| word.iter().filter(|c| script_of(**c) == script).count();
    let (latin, cyrillic, greek) = (count(Script::Latin), count(Script::Cyrillic), count(Script::Greek));
    let alien = cyrillic + greek;
    // A Latin word with a few strangers in it, or a whole word of look-alikes among Latin ones, was written to be
    // read as Latin; a Cyrillic word with a Latin letter was not.
    let drawn = alien > 0
        && ((latin > 0 && latin + look_alikes(word) >= alien)
            || (latin == 0 && mostly_latin && alien > 1 && look_alikes(word) == alien));
    let begin = out.text.len();
    if count(Script::Han) + count(Script::Hangul) == word.len() {
        write_characters(word, out);
        return;
    }
    let mut rest = word;
    while let Some((&c, after)) = rest.split_first() {
        rest = after;
        if drawn && let Some(letter) = look_alike(c) {
            out.text.push(letter);
            continue;
        }
        match script_of(c) {
            Script::Arabic => arabic(c, word, &mut out.text),
            Script::Greek => match greek_pair(c, rest.first().copied(), out.text.len() == begin) {
                Some(pair) => {
                    out.text.push_str(pair);
                    rest = rest.get(1..).unwrap_or_default();
                }
                None => plain(c, &mut out.text),
            },
            Script::Cyrillic => cyrillic_letter(c, &mut out.text),
            Script::Han | Script::Hangul => {
                out.text.push_str(&any_ascii::any_ascii_char(c).to_ascii_lowercase());
            }
            Script::Latin | Script::Other | Script::None => plain(c, &mut out.text),
        }
    }
    if !drawn && latin + cyrillic + greek == 0 && word.iter().any(|c| script_of(*c) != Script::None) {
        out.foreign.push((begin, out.text.len()));
    }
}

fn look_alikes(word: &[char]) -> usize {
    word.iter()
        .filter(|c| matches!(script_of(**c), Script::Cyrillic | Script::Greek) && look_alike(**c).is_some())
        .count()
}

/// Letters by `any_ascii`; what it does not know stays what it is, as its number, so that equal names stay equal.
fn plain(c: char, out: &mut String) {
    let ascii = any_ascii::any_ascii_char(c);
    if ascii.is_empty() && !is_mark(c) {
        out.push_str(&format!("u{:x}", u32::from(c)));
    } else {
        out.extend(ascii.chars().filter(char::is_ascii_alphanumeric));
    }
}

fn cyrillic_letter(c: char, out: &mut String) {
    match c {
        'ь' | 'Ь' | 'ъ' | 'Ъ' => {}
        'ё' | 'Ё' | 'э' | 'Э' => out.push('e'),
        'ћ' | 'Ћ' => out.push('c'),
        'ђ' | 'Ђ' => out.push_str("dj"),
        'ў' | 'Ў' | 'ұ' | 'Ұ' | 'ү' | 'Ү' => out.push('u'),
        'ө' | 'Ө' => out.push('o'),
        'є' | 'Є' => out.push_str("ye"),
        'ї' | 'Ї' | 'ы' | 'Ы' => out.push('y'),
        'қ' | 'Қ' => out.push('k'),
        'ғ' | 'Ғ' => out.push('g'),
        'ң' | 'Ң' => out.push_str("ng"),
        'ә' | 'Ә' => out.push('a'),
        'һ' | 'Һ' | 'ҳ' | 'Ҳ' => out.push('h'),
        _ => plain(c, out),
    }
}

/// Two letters that sound as one.
const fn greek_pair(c: char, next: Option<char>, first: bool) -> Option<&'static str> {
    let Some(next) = next else { return None };
    Some(match (c, next) {
        ('μ' | 'Μ', 'π' | 'Π') if first => "b",
        ('ν' | 'Ν', 'τ' | 'Τ') if first => "d",
        ('γ' | 'Γ', 'κ' | 'Κ') if first => "g",
        ('γ' | 'Γ', 'γ' | 'Γ') => "ng",
        ('ο' | 'Ο', 'υ' | 'Υ' | 'ύ' | 'Ύ') => "ou",
        ('α' | 'Α', 'υ' | 'Υ' | 'ύ' | 'Ύ') => "av",
        ('ε' | 'Ε', 'υ' | 'Υ' | 'ύ' | 'Ύ') => "ev",
        _ => return None,
    })
}

/// Arabic script writes consonants and long vowels.
fn arabic(c: char, word: &[char], out: &mut String) {
    out.push_str(match c {
        'ا' | 'أ' | 'إ' | 'آ' | 'ى' | 'ٱ' | 'ة' => "a",
        'ب' => "b",
        'پ' => "p",
        'ت' | 'ط' => "t",
        'ث' => "th",
        'ج' => "j",
        'چ' => "ch",
        'ح' | 'ه' | 'ھ' | 'ہ' => "h",
        'خ' => "kh",
        'د' | 'ض' => "d",
        'ذ' => "dh",
        'ر' => "r",
        'ز' | 'ظ' => "z",
        'ژ' => "zh",
        'س' | 'ص' => "s",
        'ش' => "sh",
        'غ' => "gh",
        'ف' => "f",
        'ق' => "q",
        'ك' | 'ک' => "k",
        'گ' => "g",
        'ل' => "l",
        'م' => "m",
        'ن' | 'ں' => "n",
        'و' | 'ؤ' if word.first() == Some(&c) => "w",
        'و' | 'ؤ' => "u",
        'ي' | 'ی' | 'ئ' | 'ے' if word.first() == Some(&c) => "y",
        'ي' | 'ی' | 'ئ' | 'ے' => "i",
        'ع' | 'ء' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}' => "",
        'ڤ' => "v",
        _ => {
            plain(c, out);
            return;
        }
    });
}

/// Chinese and Korean: the first character (or a known pair) is the family name, the rest the given name; Korean given
/// names are written in syllables, as lists do.
fn write_characters(word: &[char], out: &mut Latin) {
    const DOUBLE: [&str; 12] =
        ["欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛", "上官", "司徒", "皇甫", "남궁", "제갈", "선우"];
    let hangul = word.iter().any(|c| script_of(*c) == Script::Hangul);
    let first_two: String = word.iter().take(2).collect();
    let family = if word.len() > 2 && DOUBLE.contains(&first_two.as_str()) { 2 } else { 1 };
    if !(2..=4).contains(&word.len()) {
        // Not a person's name: one word, told from its homophones by its characters.
        write_native(word, out);
        return;
    }
    let (family, given) = word.split_at(family);
    write_native(family, out);
    if hangul {
        for syllable in given {
            out.text.push(' ');
            write_native(std::slice::from_ref(syllable), out);
        }
    } else {
        out.text.push(' ');
        write_native(given, out);
    }
}

fn write_native(characters: &[char], out: &mut Latin) {
    let digest =
        characters.iter().fold(0x811c_9dc5_u32, |hash, c| (hash ^ u32::from(*c)).wrapping_mul(0x0100_0193));
    out.native.push((out.text.len(), digest | 1));
    for c in characters {
        out.text.push_str(&any_ascii::any_ascii_char(*c).to_ascii_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use super::to_latin;

    fn latin(name: &str) -> String {
        to_latin(name).text
    }

    #[test]
    fn scripts_are_spelt_in_latin_letters() {
        assert_eq!(latin("Александар Вучић").to_lowercase(), "aleksandar vuchic");
        assert_eq!(latin("Κυριάκος Μπακογιάννης").to_lowercase(), "kyriakos bakogiannis");
        assert_eq!(latin("محمد بن سلمان"), "mhmd bn slman");
        assert_eq!(latin("习近平"), "xi jinping");
        assert_eq!(latin("김정은"), "gim jeong eun");
        assert_eq!(latin("バラク・オバマ"), "baraku obama");
        assert_eq!(latin("Łódź Şimşek straße"), "Lodz Simsek strasse");
    }

    #[test]
    fn what_only_looks_like_latin_is_read_as_latin() {
        assert_eq!(latin("Vlаdimir Рutin"), "Vladimir putin");
        assert_eq!(latin("G\u{200b}azp\u{ad}rom"), "Gazprom");
        assert_eq!(latin("Ｇａｚｐｒｏｍ"), "Gazprom");
        assert_eq!(latin("𝐆𝐚𝐳𝐩𝐫𝐨𝐦"), "Gazprom");
    }

    #[test]
    fn characters_without_a_reading_stay_apart() {
        assert_ne!(latin("\u{13000}\u{13001}"), latin("\u{13000}\u{13002}"));
    }
}
