//! Words for messages: the nearest known word, lists, and texts of a file shown safely.

/// Longer words are no typing mistakes, and comparing them costs.
const MAX_COMPARED: usize = 64;
/// As much of a file's text as a message repeats.
const MAX_SHOWN: usize = 60;

/// The fewest characters that say what was meant when the rest is left out or added.
const MIN_BEGINNING: usize = 4;

/// The candidate that was probably meant, if one is near: at most one mistake for every three characters, or the
/// one begins with the other. Case and punctuation do not count, so `firstName` finds `first_name`.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word)?;
    let near = candidates.into_iter().filter_map(|candidate| {
        let plain = plain(candidate)?;
        let mistakes = strsim::osa_distance(&word, &plain);
        let (shorter, longer) = if word.len() < plain.len() { (&word, &plain) } else { (&plain, &word) };
        let begins = shorter.len() >= MIN_BEGINNING && longer.starts_with(shorter.as_str());
        (mistakes * 3 <= longer.chars().count() || begins).then_some((mistakes, candidate))
    });
    near.min_by_key(|(mistakes, _)| *mistakes).map(|(_, candidate)| candidate)
}

/// Letters and digits in lower case; `None` where nothing is left to compare, or too much.
fn plain(text: &str) -> Option<String> {
    let plain =
        || text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    (text.len() <= MAX_COMPARED).then(plain).filter(|plain| !plain.is_empty())
}

/// `a, b and c`.
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>, and: &str) -> String {
    let words: Vec<_> = words.into_iter().collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} {and} {last}", before.join(", ")),
    }
}

/// A file's text as a message may repeat it: on one line, and not all of a long one.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == MAX_SHOWN {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// A key as a dotted path writes it: quoted where TOML wants it quoted.
pub(super) fn key(key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !key.is_empty() && key.bytes().all(bare) { shown(key) } else { format!("\"{}\"", shown(key)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_one_that_a_typing_mistake_explains() {
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
    fn a_text_is_shown_on_one_line() {
        assert_eq!(shown("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(shown(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
        assert_eq!(key("first_name"), "first_name");
        assert_eq!(key("loyalty tier"), "\"loyalty tier\"");
        assert_eq!(key(""), "\"\"");
    }

    #[test]
    fn a_list_reads_as_one() {
        assert_eq!(list([], "or"), "");
        assert_eq!(list(["a"], "or"), "a");
        assert_eq!(list(["a", "b", "c"], "or"), "a, b or c");
    }
}
