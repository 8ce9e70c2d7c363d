//! An example of a value that gives nobody away.

/// What stands for what is not shown.
const HIDDEN: &str = "•••";

/// A value with its shape left: the first letter of a word and its separators, and of digits none, or the last four
/// of a long number.
pub(crate) fn masked(value: &str) -> String {
    if let Some((user, domain)) = value.split_once('@') {
        let end = domain.rsplit_once('.').map_or("", |(_, end)| end);
        let end = if end.is_empty() { String::new() } else { format!(".{end}") };
        return format!("{}@{}{end}", word(user), word(domain));
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    if letters == 0 && digits >= 7 && !value.contains([':', '.', '/']) && super::dates::any(value).is_none() {
        let last: Vec<_> = value.chars().filter(char::is_ascii_digit).rev().take(4).collect();
        return format!("{HIDDEN}-{}", last.into_iter().rev().collect::<String>());
    }
    if letters == 0 && digits > 0 {
        return shape(value);
    }
    word(value)
}

/// The first letter of a word that has more.
fn word(text: &str) -> String {
    let first = text.chars().next().filter(|c| c.is_alphabetic() && text.chars().count() > 2);
    first.map_or_else(|| HIDDEN.to_owned(), |first| format!("{first}{HIDDEN}"))
}

/// `••/••/••••`: runs of digits as they are long, and what stands between them.
fn shape(value: &str) -> String {
    value
        .chars()
        .take(24)
        .map(|c| if c.is_ascii_digit() { '•' } else { c })
        .filter(|c| !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_left_and_the_value_is_not() {
        for (value, shown) in [
            ("ada@example.com", "a•••@e•••.com"),
            ("+44 20 7946 4567", "•••-4567"),
            ("1990-02-28", "••••-••-••"),
            ("28.02.1990", "••.••.••••"),
            ("1234.50", "••••.••"),
            ("42", "••"),
            ("gold", "g•••"),
            ("M", "•••"),
            ("JP", "•••"),
            ("New York, NY", "N•••"),
            ("東京都", "東•••"),
            ("C-0001234", "C•••"),
            ("-", "•••"),
            ("", "•••"),
        ] {
            assert_eq!(masked(value), shown, "{value}");
        }
    }
}
