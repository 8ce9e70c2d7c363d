//! Detects the encoding of text. If the guess is not certain, the file is refused: a wrong one would garble names.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_JP, ISO_2022_JP, SHIFT_JIS, WINDOWS_1252};

use crate::{
    charset::Charset,
    error::{Defect, ReadError},
};

/// Detects the encoding of a file by its first bytes. `whole` tells whether `sample` is the whole file.
pub(crate) fn detect(sample: &[u8], whole: bool) -> Result<Charset, ReadError> {
    let sample = if whole { sample } else { whole_lines(sample) };
    let escape = |at: &[u8]| memchr::memmem::find(sample, at);
    if let Some(at) = [&b"\x1b$B"[..], b"\x1b$@", b"\x1b(J"].into_iter().find_map(escape) {
        return Err(unknown(sample, at, Some(Charset::of(ISO_2022_JP))));
    }
    let zeros = memchr::memchr_iter(0, sample).count();
    if zeros * 4 > sample.len() {
        let even = sample.iter().step_by(2).filter(|byte| **byte == 0).count();
        let likely = if even * 2 > zeros { "utf-16be" } else { "utf-16le" };
        return Err(unknown(sample, 0, Charset::named(likely).ok()));
    }
    match std::str::from_utf8(sample) {
        Ok(_) => return Ok(Charset::UTF_8),
        // The sample ends within a character.
        Err(error) if !whole && error.error_len().is_none() => return Ok(Charset::UTF_8),
        Err(_) => {}
    }

    let mut lines = Lines::default();
    for (line, text) in (1..).zip(sample.split(|byte| *byte == b'\n')) {
        lines.add(line, text);
    }
    let likely = lines.likely();
    let first_other = lines.first_other.unwrap_or(1);
    match lines.utf8.iter().find(|(_, weight)| *weight >= clear_weight(likely)) {
        Some((line, _)) if *line > first_other => {
            return Err(Defect::Utf8Within(likely).at(*line));
        }
        Some(_) => return Err(Defect::NotUtf8(likely).at(first_other)),
        None => {}
    }
    if is_certain(likely, sample) {
        Ok(likely)
    } else {
        // The detector returns Windows-1252 if it knows nothing.
        let likely = (likely.encoding() != WINDOWS_1252).then_some(likely);
        Err(Defect::UnknownEncoding(likely).at(first_other))
    }
}

/// Returns the most likely encoding of bytes that are not UTF-8.
pub(crate) fn likely(bytes: &[u8]) -> Charset {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    Charset::of(detector.guess(None, Utf8Detection::Deny))
}

fn unknown(sample: &[u8], at: usize, likely: Option<Charset>) -> ReadError {
    let before = sample.get(..at).unwrap_or_default();
    Defect::UnknownEncoding(likely).at(1 + memchr::memchr_iter(b'\n', before).count() as u64)
}

/// Returns the complete lines of a sample, so that it does not end within a character.
fn whole_lines(sample: &[u8]) -> &[u8] {
    let end = memchr::memrchr(b'\n', sample).map_or(sample.len(), |at| at + 1);
    sample.get(..end).unwrap_or(sample)
}

/// The lines of a sample that are not ASCII.
#[derive(Default)]
struct Lines {
    /// The lines that are UTF-8, each with its [`utf8_weight`].
    utf8: Vec<(u64, usize)>,
    first_other: Option<u64>,
    /// The text of the other lines.
    others: Vec<u8>,
}

impl Lines {
    fn add(&mut self, line: u64, text: &[u8]) {
        match utf8_weight(text) {
            Some(0) => {}
            Some(weight) => self.utf8.push((line, weight)),
            None => {
                self.first_other.get_or_insert(line);
                self.others.extend(text);
                self.others.push(b'\n');
            }
        }
    }

    fn likely(&self) -> Charset {
        likely(&self.others)
    }
}

/// Returns how clearly a line is UTF-8: the number of its continuation bytes. Returns `None` if it is not UTF-8.
pub(crate) fn utf8_weight(line: &[u8]) -> Option<usize> {
    if line.is_ascii() {
        return Some(0);
    }
    std::str::from_utf8(line).ok().map(|text| text.len() - text.chars().count())
}

/// Returns the weight at which a line must be UTF-8, and cannot be text in `charset` that looks like it by chance. In
/// Western encodings, an accented capital before a sign is rare; in others, two characters of two bytes each can look
/// like UTF-8.
pub(crate) fn clear_weight(charset: Charset) -> usize {
    match charset.encoding() {
        encoding if encoding.is_single_byte() => 1,
        encoding if encoding == SHIFT_JIS => 4,
        _ => 8,
    }
}

/// Whether a guess is certain. Only the encodings that desktops write today can be certain, and only if the text is
/// evidence for them.
fn is_certain(charset: Charset, sample: &[u8]) -> bool {
    let encoding = charset.encoding();
    if encoding == WINDOWS_1252 {
        let (letters, rare, implausible) = western(sample);
        return implausible == 0 && letters > 0 && letters >= rare;
    }
    if encoding != SHIFT_JIS && encoding != EUC_JP {
        return false;
    }
    let (text, malformed) = encoding.decode_without_bom_handling(sample);
    if malformed {
        return false;
    }
    let (mut kana, mut kanji, mut odd) = (0, 0, 0);
    for character in text.chars().filter(|c| !c.is_ascii()) {
        match character {
            '\u{3040}'..='\u{30ff}' => kana += 1,
            '\u{4e00}'..='\u{9fff}' => kanji += 1,
            // Half-width kana show nothing: they take one byte, like the letters of Western encodings.
            '\u{ff61}'..='\u{ff9f}'
            | '\u{3000}'..='\u{303f}'
            | '\u{ff01}'..='\u{ff60}'
            | '\u{2000}'..='\u{26ff}' => {}
            _ => odd += 1,
        }
    }
    // Without kana, EUC-JP cannot be told from Chinese and Korean encodings.
    let enough = if encoding == EUC_JP { kana >= 2 } else { kana + kanji >= 2 };
    enough && odd * 10 <= kana + kanji
}

/// € … ‘ “ ” • – — ™ ¡ £ § © « ® ° · » ¿ in Windows-1252: signs that do not occur between two letters.
const RARE_SIGNS: &[u8] = b"\x80\x85\x91\x93\x94\x95\x96\x97\x99\xa1\xa3\xa7\xa9\xab\xae\xb0\xb7\xbb\xbf";

/// Counts the bytes that are common letters of Western languages in Windows-1252, those that are rare letters or signs,
/// and those that are implausible. Other encodings have their letters among the last two.
fn western(sample: &[u8]) -> (usize, usize, usize) {
    let (mut letters, mut rare, mut implausible) = (0, 0, 0);
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0xc0;
    for (at, byte) in sample.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()) {
        let beside = |at: Option<usize>| at.and_then(|at| sample.get(at)).is_some_and(|byte| letter(*byte));
        let (before, after) = (beside(at.checked_sub(1)), beside(at.checked_add(1)));
        match byte {
            // × and ÷, and Icelandic letters, whose bytes are letters in the Turkish encoding.
            0xd0 | 0xd7 | 0xdd | 0xde | 0xf0 | 0xf7 | 0xfd | 0xfe => implausible += 1,
            0xc0..=0xff if before || after => letters += 1,
            // Words of one letter: "À Montréal", "5 à 7".
            0xc0 | 0xe0 | 0xd6 | 0xdc | 0xc5 | 0xe5 => letters += 1,
            // The apostrophe, the no-break space, ordinal signs and Š Œ Ž š œ ž Ÿ may be beside letters.
            0x92 | 0xa0 | 0xaa | 0xba | 0x8a | 0x8c | 0x8e | 0x9a | 0x9c | 0x9e | 0x9f => rare += 1,
            byte if RARE_SIGNS.contains(byte) && !(before && after) => rare += 1,
            _ => implausible += 1,
        }
    }
    (letters, rare, implausible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(sample: &[u8]) -> String {
        match detect(sample, true) {
            Ok(charset) => charset.to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn encoded(label: &str, text: &str) -> Vec<u8> {
        let (bytes, _, lossy) = Charset::named(label).unwrap().encoding().encode(text);
        assert!(!lossy, "{text} in {label}");
        bytes.into_owned()
    }

    const WESTERN: &str =
        "EMail,Name,City\na@b.co,José García,São Paulo\nb@b.co,Zoë Brontë,Köln\nc@b.co,Søren,Malmö\n";
    const JAPANESE: &str =
        "メール,氏名,市\na@b.co,田中 太郎,東京都\nb@b.co,ｻﾄｳ ﾊﾅｺ,おおさか\nc@b.co,髙橋,横浜\n";

    #[test]
    fn detects_the_encodings_that_desktops_write() {
        for (text, labels) in [
            (WESTERN, &["utf-8", "windows-1252"][..]),
            (JAPANESE, &["utf-8", "shift_jis"]),
            ("EMail,Name\na@b.co,たなか\nb@b.co,田中 タロウ\n", &["shift_jis", "euc-jp"]),
            ("EMail,Name\na@b.co,Müller\n", &["windows-1252"]),
            (
                "EMail,Name\na@b.co,Saša Müller\nb@b.co,\"500 €\"\nc@b.co,Renée Cœur\nd@b.co,Grün\n",
                &["windows-1252"],
            ),
            ("EMail,Name\na@b.co,O’Brien\nb@b.co,Renée\n", &["windows-1252"]),
            ("EMail,Name\na@b.co,Ada\n", &["utf-8"]),
            ("", &["utf-8"]),
        ] {
            for label in labels {
                let named = Charset::named(label).unwrap().to_string();
                assert_eq!(result(&encoded(label, text)), named, "{text}");
            }
        }
    }

    #[test]
    fn refuses_an_uncertain_encoding_and_names_the_likely_one() {
        let polish = "EMail,Name,City\na@b.co,Łukasz Wałęsa,Kraków\nb@b.co,Świętosława,Łódź\n";
        assert_eq!(
            result(&encoded("windows-1250", polish)),
            "line 2: these bytes are not UTF-8 and may be windows-1250; save the file as UTF-8, or set \
             `encoding = \"windows-1250\"` if that is right"
        );
        for (label, text) in [
            ("iso-8859-2", polish),
            ("windows-1251", "EMail,Name\na@b.co,Анна Каренина\nb@b.co,Иван\n"),
            ("koi8-r", "EMail,Name\na@b.co,Анна Каренина\nb@b.co,Иван\n"),
            ("windows-1254", "EMail,Name\na@b.co,Müge Şahin\nb@b.co,Işıl Yıldız\n"),
            ("windows-1253", "EMail,Name\na@b.co,Ελένη\nb@b.co,Γιώργος\n"),
            ("gbk", "EMail,Name\na@b.co,王小明\nb@b.co,李四 北京\n"),
            ("big5", "EMail,Name\na@b.co,王小明\nb@b.co,李四 臺北\n"),
            ("euc-kr", "EMail,Name\na@b.co,김철수\nb@b.co,이영희 서울\n"),
            ("macintosh", WESTERN),
            ("macintosh", "EMail,Name\na@b.co,Müller\n"),
            ("macintosh", "EMail,Name\na@b.co,José\n"),
            ("ibm866", "EMail,Name\na@b.co,Анна Каренина\nb@b.co,Иван\n"),
            ("windows-1257", "EMail,Name\na@b.co,Jānis Bērziņš\nb@b.co,Žydrūnas\n"),
            ("iso-2022-jp", JAPANESE.split_at(JAPANESE.find('b').unwrap_or(0)).0),
            ("windows-1258", "EMail,Name\na@b.co,Đặng\n".split_at(11).0),
        ] {
            let Ok(named) = Charset::named(label) else { continue };
            let (bytes, _, _) = named.encoding().encode(text);
            if bytes.is_ascii() && label != "iso-2022-jp" {
                continue;
            }
            let result = result(&bytes);
            assert!(result.contains("are not UTF-8"), "{label} {text}: {result}");
        }
    }

    #[test]
    fn recognises_utf16_without_a_byte_order_mark() {
        let le: Vec<u8> = "EMail,Name\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(result(&le).contains("UTF-16LE"), "{}", result(&le));
        let be: Vec<u8> = "EMail,Name\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(result(&be).contains("UTF-16BE"), "{}", result(&be));
    }

    #[test]
    fn reports_the_line_at_which_the_encoding_changes() {
        let mixed = [WESTERN.as_bytes(), &encoded("windows-1252", "d@b.co,René,Lyon\n")].concat();
        assert!(
            result(&mixed).starts_with("line 5: not UTF-8, unlike the lines before it"),
            "{}",
            result(&mixed)
        );
        let mixed = [&encoded("windows-1252", WESTERN), "d@b.co,René,Lyon\n".as_bytes()].concat();
        assert!(
            result(&mixed).starts_with("line 5: UTF-8, but the lines before it are windows-1252"),
            "{}",
            result(&mixed)
        );
        let mixed = [&encoded("shift_jis", JAPANESE), "d@b.co,田中,東京\n".as_bytes()].concat();
        assert!(
            result(&mixed).starts_with("line 5: UTF-8, but the lines before it are Shift_JIS"),
            "{}",
            result(&mixed)
        );
    }
}
