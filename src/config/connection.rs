//! A connection's file: `connections/<connection>.toml`.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use crate::{
    keys::ConnectionName,
    run::{TagSetting, TagWay},
    wording::quoted,
};
use omnisend::MAX_BATCH_ITEMS;

use super::{
    document::Document,
    item::Item,
    problem::ConfigError,
    section::Section,
    text::{display_name, short_text},
};

/// Omnisend's documented limit for a brand, in requests per minute.
const DOCUMENTED_LIMIT: u64 = 400;
/// How far in the future an agreement may be, because the clocks of two machines may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The longest name of a secret, in bytes: Secrets Manager's limit for an ARN.
const MAX_SECRET: usize = 2048;

/// One Omnisend brand: its secret, its request budget, its contributors, and the agreement to the transfer of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    name: ConnectionName,
    display_name: String,
    secret: String,
    requests_per_minute: u32,
    reserve_percent: u8,
    tags: TagSetting,
    batch_size: u32,
    contributors: Vec<String>,
    agreement: Agreement,
}

/// Who agreed that exports send personal data to Omnisend, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    by: String,
    at: Timestamp,
}

impl Connection {
    /// Returns the stem of the file's name.
    pub fn name(&self) -> &ConnectionName {
        &self.name
    }

    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// Returns the name of the secret with the API key: a Secrets Manager name or ARN, or a local secret's name.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Returns Omnisend's rate limit for the brand.
    pub fn requests_per_minute(&self) -> u32 {
        self.requests_per_minute
    }

    /// Returns the share of the limit that is left to the store's other integrations.
    pub fn reserve_percent(&self) -> u8 {
        self.reserve_percent
    }

    pub fn tags(&self) -> TagSetting {
        self.tags
    }

    /// The most contacts in a batch.
    pub fn batch_size(&self) -> u32 {
        self.batch_size
    }

    /// Returns the ARNs of the roles, users and groups that may write this connection's exports, besides
    /// administrators.
    pub fn contributors(&self) -> &[String] {
        &self.contributors
    }

    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// Returns the request budget per minute: the limit without the reserve, at least 1.
    pub fn budget(&self) -> NonZeroU32 {
        let left = u64::from(self.requests_per_minute) * u64::from(100 - self.reserve_percent.min(100)) / 100;
        u32::try_from(left).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
    }
}

impl Agreement {
    pub fn by(&self) -> &str {
        &self.by
    }

    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Reads a connection's file. `file` is its key, for messages. An agreement that is later than `now` is refused.
pub fn connection(
    name: ConnectionName,
    file: &str,
    text: &[u8],
    now: Timestamp,
) -> Result<Connection, ConfigError> {
    let document = Document::parse(file, text)?;
    let built = read(Section::root(&document), name, now);
    document.finish(built)
}

/// Returns the lines of a minimal connection file, as an example.
pub fn connection_lines(name: &ConnectionName, now: Timestamp) -> [String; 5] {
    [
        format!("display_name = \"{name}\""),
        format!(
            "secret = \"omnisend/{name}\"    # the secret with the API key: a file in secrets/, or Secrets Manager"
        ),
        "[data_privacy]    # who agreed that profiles are sent to Omnisend, and when".to_owned(),
        "agreed_by = \"you@example.com\"".to_owned(),
        format!("agreed_at = {now:.0}"),
    ]
}

fn read(mut root: Section<'_>, name: ConnectionName, now: Timestamp) -> Option<Connection> {
    let advice = "give the brand a name: display_name = \"Acme store\"";
    let display_name = root.read_required("display_name", advice, |item| item.parse(display_name));
    let advice = "name the secret with the API key: secret = \"omnisend/acme\"";
    let secret = root.read_required("secret", advice, |item| item.parse(secret));
    let requests_per_minute = root.integer(
        "requests_per_minute",
        1..=100_000,
        DOCUMENTED_LIMIT,
        "; Omnisend documents 400 per minute for a brand, which is the default",
    );
    let reserve_percent = root.integer(
        "reserve_percent",
        0..=90,
        0,
        "; it is the share of requests_per_minute that is left to the store's other integrations",
    );
    let tags = root.read_or("tags", TagSetting::Auto, tags);
    let batch_size = root.read_or("batch_size", MAX_BATCH_ITEMS, batch_size);
    let contributors = root.read_or("contributors", Vec::new(), |item| {
        let arns: Vec<_> = item.elements()?.iter().map(|item| item.parse(contributor)).collect();
        arns.into_iter().collect()
    });
    let advice = format!(
        "exports send personal data to Omnisend; whoever is responsible for that data records their agreement by \
         adding:\n    [data_privacy]\n    agreed_by = \"you@example.com\"\n    agreed_at = {now:.0}"
    );
    let agreement = root.read_required("data_privacy", &advice, |item| agreement(item, now));
    root.finish();

    Some(Connection {
        name,
        display_name: display_name?,
        secret: secret?,
        requests_per_minute: requests_per_minute.and_then(|n| u32::try_from(n).ok())?,
        reserve_percent: reserve_percent.and_then(|n| u8::try_from(n).ok())?,
        tags: tags?,
        batch_size: batch_size?,
        contributors: contributors?,
        agreement: agreement?,
    })
}

fn tags(item: &Item<'_>) -> Option<TagSetting> {
    let forced = [TagWay::Inline, TagWay::Endpoint].map(|way| (way.as_str(), TagSetting::Forced(way)));
    item.choice("a tag setting", &[[("auto", TagSetting::Auto)].as_slice(), &forced].concat())
}

fn batch_size(item: &Item<'_>) -> Option<u32> {
    let advice = format!(
        "; {MAX_BATCH_ITEMS} is the most contacts that Omnisend documents for a batch, and the default"
    );
    if item.as_text() == Some("auto") {
        return item.refuse(format_args!("`auto` is not supported; put a whole number{advice}"));
    }
    item.integer(1..=MAX_BATCH_ITEMS.into(), &advice).and_then(|contacts| u32::try_from(contacts).ok())
}

fn agreement(item: &Item<'_>, now: Timestamp) -> Option<Agreement> {
    let mut section = Section::of(item)?;
    let by = section.read_required("agreed_by", "name who agreed: agreed_by = \"you@example.com\"", |item| {
        item.parse(|by| short_text(by, usize::MAX, "put the name or email address of the person who agreed"))
    });
    let at = section.read_required("agreed_at", &format!("add the time: agreed_at = {now:.0}"), |item| {
        let at = item.instant()?;
        let limit = now.saturating_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX);
        if at <= limit {
            return Some(at);
        }
        item.refuse(format_args!(
            "{at} is in the future; put the time of the agreement with its offset (`Z` is UTC)"
        ))
    });
    section.finish();
    Some(Agreement { by: by?, at: at? })
}

/// The messages do not quote the text, because it may be the API key itself.
fn secret(text: &str) -> Result<String, &'static str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-:".contains(&b);
    if text.is_empty() {
        Err("it is empty; put the name or ARN of the secret with the API key")
    } else if text.bytes().any(|b| b.is_ascii_whitespace()) {
        Err(
            "the name of a secret cannot contain white space; put the name or ARN of the secret, not its value",
        )
    } else if text.contains("..") {
        Err("the name of a secret cannot contain `..`; put its full name or ARN")
    } else if text.len() > MAX_SECRET || !text.bytes().all(allowed) {
        Err("this is not the name or ARN of a secret; use only A-Z, a-z, 0-9 and /_+=.@-:")
    } else {
        Ok(text.to_owned())
    }
}

fn contributor(text: &str) -> Result<String, String> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let iam = next() == "arn" && next().starts_with("aws") && next() == "iam" && next().is_empty();
    let account = next();
    let account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let (kind, who) = next().split_once('/').unwrap_or_default();
    let who = matches!(kind, "role" | "user" | "group") && !who.is_empty();
    if iam && account && who && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    let is_session = text.contains(":assumed-role/");
    let advice = if is_session { "; this is a session, so put its role" } else { "" };
    Err(format!(
        "`{}` is not the ARN of a role, user or group; expected an ARN such as \
         arn:aws:iam::123456789012:role/marketing{advice}",
        quoted(text)
    ))
}
