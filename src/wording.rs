//! Numbers, lists and quoted text for messages to people.

/// Longer words are not typos, and comparing them is slow.
const MAX_COMPARED_BYTES: usize = 64;

/// How much of a text a message quotes, in characters.
const MAX_QUOTED_CHARS: usize = 60;

/// The shortest abbreviation that counts as the beginning of a longer word, in bytes.
const MIN_PREFIX_BYTES: usize = 4;

/// Formats a number with commas between thousands: `1,234`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns the singular or the plural form that goes with a number.
pub fn plural<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// Formats a number and what it counts: `1 batch`, `2,000 batches`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), plural(n, one, many))
}

/// Joins words as people do: `a, b and c`.
pub fn list<T: AsRef<str>>(words: impl IntoIterator<Item = T>, conjunction: &str) -> String {
    let words: Vec<_> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [before @ .., last] => format!("{} {conjunction} {last}", before.join(", ")),
    }
}

/// Returns the message for an unknown word, with the known words and the one that was probably meant: `` `ful` is not a
/// mode; did you mean `full`? Known: full, changes and mirror``.
pub fn unknown(word: &str, what: &str, known: &[&str]) -> String {
    let meant = match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? Known: "),
        None => "known: ".to_owned(),
    };
    format!("`{}` is not {what}; {meant}{}", quoted(word), list(known, "and"))
}

/// Returns the candidate that was probably meant: it has at most one mistake for every three characters, or one of the
/// two words begins with the other. Case and punctuation do not count, so `firstName` finds `first_name`.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = letters_and_digits(word)?;
    let near = candidates.into_iter().filter_map(|candidate| {
        let plain = letters_and_digits(candidate)?;
        let mistakes = strsim::osa_distance(&word, &plain);
        let (shorter, longer) = if word.len() < plain.len() { (&word, &plain) } else { (&plain, &word) };
        let is_prefix = shorter.len() >= MIN_PREFIX_BYTES && longer.starts_with(shorter.as_str());
        (mistakes * 3 <= longer.chars().count() || is_prefix).then_some((mistakes, candidate))
    });
    near.min_by_key(|(mistakes, _)| *mistakes).map(|(_, candidate)| candidate)
}

/// Returns the letters and digits in lower case, or `None` if nothing is left or the text is too long to compare.
fn letters_and_digits(text: &str) -> Option<String> {
    let plain =
        || text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    (text.len() <= MAX_COMPARED_BYTES).then(plain).filter(|plain| !plain.is_empty())
}

/// Returns a text as a message may quote it: control characters are escaped, and a long text is cut off.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == MAX_QUOTED_CHARS {
            quoted.push('…');
            break;
        }
        if c.is_control() { quoted.extend(c.escape_default()) } else { quoted.push(c) }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_numbers_with_commas_and_the_right_plural() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 1, 2000].map(|n| counted(n, "batch", "batches")),
            ["0 batches", "1 batch", "2,000 batches"]
        );
    }

    #[test]
    fn joins_words_with_commas_and_a_conjunction() {
        let words = ["a", "b", "c"];
        assert_eq!([0, 1, 2, 3].map(|n| list(&words[..n], "or")), ["", "a", "a or b", "a, b or c"]);
    }

    #[test]
    fn finds_the_word_that_was_probably_meant() {
        let fields = ["email", "phone", "first_name", "postal_code", "country", "country_code"];
        assert_eq!(nearest("emial", fields), Some("email"));
        assert_eq!(nearest("e-mail", fields), Some("email"));
        assert_eq!(nearest("firstName", fields), Some("first_name"));
        assert_eq!(nearest("countrycode", fields), Some("country_code"));
        assert_eq!(nearest("phoneNumber", fields), Some("phone"));
        assert_eq!(nearest("postal", fields), Some("postal_code"));
        assert_eq!(nearest("count", fields), Some("country"));
        assert_eq!(nearest("zip", fields), None);
        assert_eq!(nearest("", fields), None);
        assert_eq!(nearest("--", fields), None);
        assert_eq!(nearest(&"email".repeat(1000), fields), None);
    }

    #[test]
    fn quotes_a_text_on_one_line() {
        assert_eq!(quoted("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(quoted(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
