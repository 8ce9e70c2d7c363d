//! Reads email addresses.

use std::borrow::Cow;

use email_address::{EmailAddress, Options};
use idna::AsciiDenyList;
use percent_encoding::percent_decode_str;

use super::plain::{is_invisible, plain};
use crate::contact::invalid_cell::InvalidCell;

/// The longest valid address, in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
const MAX_BYTES: usize = 254;

/// Returns the address in lower case, or as it is if `keep_case`. A domain in another script becomes ASCII.
///
/// Stricter than RFC 5322, as mail services are: the domain needs a dot and consists of letters, digits and `-`, and
/// display names and quoted local parts are rejected. Removes what a copy from a web page or a Japanese keyboard adds:
/// `mailto:` with its query, angle brackets, full-width characters.
pub(in crate::contact) fn email(cell: &str, keep_case: bool) -> Result<Cow<'_, str>, InvalidCell> {
    if let Some(address) = address(cell, keep_case) {
        return Ok(address);
    }
    let plain = plain(cell);
    let bare = plain.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(&plain);
    let bare = match bare.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => {
            let (address, _) = rest.split_once('?').unwrap_or((rest, ""));
            percent_decode_str(address).decode_utf8().map_err(|_| InvalidCell::Email)?
        }
        _ => Cow::Borrowed(bare),
    };
    let found = if *bare == *cell { None } else { address(&bare, keep_case) };
    found.map(|address| Cow::Owned(address.into_owned())).ok_or(InvalidCell::Email)
}

fn address(cell: &str, keep_case: bool) -> Option<Cow<'_, str>> {
    let cell = if is_usual(cell) { Cow::Borrowed(cell) } else { unusual(cell)? };
    if cell.len() > MAX_BYTES {
        return None;
    }
    let is_lower = cell.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    Some(if keep_case || is_lower { cell } else { Cow::Owned(lower(&cell)) })
}

/// Checks an address against the full grammar. Returns it with its domain in ASCII.
fn unusual(cell: &str) -> Option<Cow<'_, str>> {
    if cell.starts_with('"') || has_odd_width(cell) {
        return None;
    }
    let (local, domain) = cell.rsplit_once('@')?;
    let address = if domain.is_ascii() {
        Cow::Borrowed(cell)
    } else {
        let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::STD3).ok()?;
        Cow::Owned(format!("{local}@{ascii}"))
    };
    let (_, domain) = address.rsplit_once('@')?;
    let is_valid = is_domain(domain) && is_address(&address);
    is_valid.then_some(address)
}

fn is_address(cell: &str) -> bool {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(cell, options).is_ok()
}

/// Whether it is two or more labels of ASCII letters, digits and `-`.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &[u8]| {
        label.len() <= 63
            && label.first().is_some_and(u8::is_ascii_alphanumeric)
            && label.last().is_some_and(u8::is_ascii_alphanumeric)
            && label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    domain.contains('.') && domain.as_bytes().split(|b| *b == b'.').all(is_label)
}

/// Whether a cell is an address of letters, digits and the few signs that mail services allow. Nearly every address is,
/// and checking it against the full grammar takes several times as long. Such an address is valid in the full grammar
/// too.
fn is_usual(cell: &str) -> bool {
    let Some((local, domain)) = cell.split_once('@') else { return false };
    let is_word = |word: &[u8]| {
        !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    local.len() <= 64 && local.as_bytes().split(|b| *b == b'.').all(is_word) && is_domain(domain)
}

/// Lower-cases an address. Most are ASCII, which is fast.
fn lower(address: &str) -> String {
    if address.is_ascii() { address.to_ascii_lowercase() } else { address.to_lowercase() }
}

/// Whether the cell has full-width or invisible characters, which no address has on purpose.
fn has_odd_width(cell: &str) -> bool {
    !cell.is_ascii() && cell.chars().any(|c| matches!(c, '\u{ff00}'..='\u{ff60}') || is_invisible(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_usual_address_is_valid_in_the_full_grammar(
            cell in "[a-cA-C0-9._+-]{0,9}@[a-cA-C0-9.-]{0,9}",
            usual in "[a-z0-9]{1,64}@[a-z0-9]{2,63}(\\.[a-z0-9]{2,63}){1,3}",
        ) {
            prop_assert!(is_usual(&usual));
            for cell in [cell, usual].iter().filter(|cell| cell.len() <= MAX_BYTES && is_usual(cell)) {
                prop_assert!(is_address(cell), "{cell}");
            }
        }
    }

    #[test]
    fn lower_cases_addresses_unless_their_case_is_kept() {
        for (cell, keep, address) in [
            ("Ada.L+news@Example.COM", false, "ada.l+news@example.com"),
            ("Ada.L+news@Example.COM", true, "Ada.L+news@Example.COM"),
            ("jörg@müller.example", false, "jörg@xn--mller-kva.example"),
            ("ada@MÜLLER.example", false, "ada@xn--mller-kva.example"),
            ("ada@xn--mller-kva.example", false, "ada@xn--mller-kva.example"),
            ("太郎@例え.テスト", false, "太郎@xn--r8jz45g.xn--zckzah"),
            ("ada@x.example", false, "ada@x.example"),
            ("o'hara@example.com", false, "o'hara@example.com"),
            ("ada/it!2$x~y@example.com", false, "ada/it!2$x~y@example.com"),
            ("mailto:Ada@example.com", false, "ada@example.com"),
            ("mailto:mt@example.com?subject=hi", false, "mt@example.com"),
            ("mailto:ada%2Bnews@example.com", false, "ada+news@example.com"),
            ("<MAILTO:mt@example.com?cc=x@example.com>", false, "mt@example.com"),
            ("<ada@example.com>", false, "ada@example.com"),
            ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", false, "ada@example.com"),
            ("\u{feff}ada@example.com\u{200b}", false, "ada@example.com"),
        ] {
            assert_eq!(email(cell, keep).as_deref(), Ok(address), "{cell}");
        }
    }

    #[test]
    fn rejects_invalid_addresses() {
        let long = format!("{}@example.com", "x".repeat(65));
        for cell in [
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a b@c.co",
            "a@b..co",
            "a@.co",
            "a@b.co.",
            "a@@b.co",
            "Ada <a@b.co>",
            "\"a b\"@c.co",
            "a@[127.0.0.1]",
            "a@b.co,c@d.co",
            "a.@b.co",
            ".a@b.co",
            "a..b@c.co",
            "a@b_c.co\u{0}",
            "a3@example.com/path",
            "a33@exam+ple.com",
            "a34@exam$ple.com",
            "a2@exa!mple.com",
            "a@b_c.co",
            "a@-b.co",
            "a@b-.co",
            "a@b.co?subject=hi",
            "p0@example.com~Ann~Bell",
            "p0@example.com^Ann",
            "p0@example.com!Ann",
            "a@mül_ler.example",
            "a@müller.example/path",
            "mailto:a@b.co,c@d.co",
            "mailto:",
            "<>",
            &long,
        ] {
            assert_eq!(email(cell, false), Err(InvalidCell::Email), "{cell}");
        }
    }
}
