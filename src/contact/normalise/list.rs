//! Reads lists that are written as text.

use std::borrow::Cow;

use serde_json::Value;

use crate::contact::{clean::clean, invalid_cell::InvalidCell};

/// Returns the items of a list: texts between separators, a JSON array, an array of PostgreSQL such as `{a,"b c"}`, or
/// a list of Python such as `['a', 'b']`. A text that begins like an array is one as a whole, or invalid.
pub(super) fn list<'a>(cell: &'a str, separator: &str) -> Result<Vec<Cow<'a, str>>, InvalidCell> {
    let found = match cell.as_bytes().first() {
        Some(b'[') => json(cell).or_else(|| python(cell)),
        Some(b'{') => postgres(cell),
        _ => {
            let items = cell.split(separator).map(|item| clean(item.trim()));
            return Ok(items.filter(|item| !item.is_empty()).collect());
        }
    };
    let items = found.ok_or(InvalidCell::ListNotation)?;
    let items = items.iter().map(|item| clean(item.trim()).into_owned()).filter(|item| !item.is_empty());
    Ok(items.map(Cow::Owned).collect())
}

fn json(text: &str) -> Option<Vec<String>> {
    let values: Vec<Value> = serde_json::from_str(text).ok()?;
    let mut items = Vec::new();
    for value in values {
        match value {
            Value::Null => {}
            Value::String(item) => items.push(item),
            // As it is written, unless it has more digits than a number keeps.
            Value::Number(number) if number.is_i64() || text.contains(&number.to_string()) => {
                items.push(number.to_string());
            }
            Value::Bool(is) => items.push(is.to_string()),
            Value::Number(_) | Value::Array(_) | Value::Object(_) => return None,
        }
    }
    Some(items)
}

/// Splits a text at the commas outside of quotes. Returns each part with whether it was quoted. `unescape` reads what
/// follows a backslash.
fn parts(
    text: &str,
    quotes: &[char],
    unescape: fn(&mut std::str::Chars<'_>) -> Option<char>,
) -> Option<Vec<(String, bool)>> {
    let mut parts = Vec::new();
    let mut chars = text.chars();
    loop {
        let rest = chars.as_str().trim_start();
        chars = rest.chars();
        let mut part = String::new();
        let quote = rest.chars().next().filter(|c| quotes.contains(c));
        if let Some(quote) = quote {
            chars.next();
            loop {
                match chars.next()? {
                    '\\' => part.push(unescape(&mut chars)?),
                    c if c == quote => break,
                    c => part.push(c),
                }
            }
            let rest = chars.as_str().trim_start();
            chars = rest.chars();
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (bare, after) = rest.split_at(end);
            if bare.contains(['{', '}', '[', ']', '"', '\'', '\\']) || bare.trim().is_empty() {
                return None;
            }
            bare.trim().clone_into(&mut part);
            chars = after.chars();
        }
        parts.push((part, quote.is_some()));
        match chars.next() {
            None => return Some(parts),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

fn postgres(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    let parts = parts(inner, &['"'], |chars| chars.next())?;
    let is_null = |part: &str, is_quoted: bool| !is_quoted && part.eq_ignore_ascii_case("null");
    Some(parts.into_iter().filter(|(part, quoted)| !is_null(part, *quoted)).map(|(part, _)| part).collect())
}

fn python(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let mut items = Vec::new();
    for (part, is_quoted) in parts(inner, &['\'', '"'], python_escape)? {
        match part.as_str() {
            _ if is_quoted => items.push(part),
            "None" => {}
            "True" => items.push("true".to_owned()),
            "False" => items.push("false".to_owned()),
            number if number.parse::<f64>().is_ok_and(f64::is_finite) => items.push(part),
            _ => return None,
        }
    }
    Some(items)
}

fn python_escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match chars.next()? {
        c @ ('\\' | '\'' | '"') => return Some(c),
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let code: String = chars.by_ref().take(digits).collect();
    let is_hex = code.len() == digits && code.bytes().all(|b| b.is_ascii_hexdigit());
    char::from_u32(u32::from_str_radix(&code, 16).ok().filter(|_| is_hex)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(cell: &str) -> Option<Vec<String>> {
        list(cell, ",").ok().map(|items| items.into_iter().map(Cow::into_owned).collect())
    }

    #[test]
    fn reads_lists_in_every_notation() {
        for (cell, expected) in [
            ("a, b,,c", &["a", "b", "c"][..]),
            (r#"["a", "b, c", "d\"e\u00e9"]"#, &["a", "b, c", "d\"eé"]),
            ("[1, 2.5, true, null]", &["1", "2.5", "true"]),
            ("[]", &[]),
            ("{a,b}", &["a", "b"]),
            (r#"{"a b","c\"d\\e",f,NULL,"NULL"}"#, &["a b", "c\"d\\e", "f", "NULL"]),
            ("{}", &[]),
            ("['a', 'b']", &["a", "b"]),
            (
                r#"['it\'s', "d'or", 'a\\b', '\xe9\u6771', None, True, 3]"#,
                &["it's", "d'or", "a\\b", "é東", "true", "3"],
            ),
            ("d'or, l'eau", &["d'or", "l'eau"]),
            ("size {M}, b [c]", &["size {M}", "b [c]"]),
        ] {
            assert_eq!(
                items(cell).as_deref(),
                Some(&expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..]),
                "{cell}"
            );
        }
    }

    #[test]
    fn leaves_out_lists_that_are_half_understood() {
        for cell in [
            r#"["a", "b"#,
            r#"["a", ["b"]]"#,
            r#"[{"a": 1}]"#,
            r#"{"a": 1}"#,
            "{a,{b}}",
            "{a,b",
            "{a,,b}",
            r#"{"a"b}"#,
            "[0:1]={a,b}",
            "['a', 'b'",
            "['a' 'b']",
            "['a', b]",
            r"['\q']",
            "[VIP]",
            "{'a', 'b'}",
        ] {
            assert_eq!(list(cell, ","), Err(InvalidCell::ListNotation), "{cell}");
        }
    }

    proptest! {
        #[test]
        fn a_written_list_is_read_as_itself(
            words in prop::collection::vec("[a-z\"'\\\\,{}\\[\\]é]{0,6}x", 1..5),
        ) {
            prop_assert_eq!(items(&serde_json::to_string(&words).unwrap()), Some(words.clone()));
            let quoted = |quote: char| words.iter().map(|word| {
                let escaped = word.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
                format!("{quote}{escaped}{quote}")
            }).collect::<Vec<_>>();
            prop_assert_eq!(items(&format!("{{{}}}", quoted('"').join(","))), Some(words.clone()));
            prop_assert_eq!(items(&format!("[{}]", quoted('\'').join(", "))), Some(words.clone()));
        }

        #[test]
        fn never_panics(cell in "[\\[{]\\PC{0,20}[\\]}]?|[\\[{'\"\\\\,a\\]}]{0,12}") {
            let _ = list(&cell, ",");
        }
    }
}
