//! A connection's file: `connections/<connection>.toml`.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use crate::{
    keys::ConnectionName,
    omnisend::MAX_BATCH_ITEMS,
    run::{TagSetting, TagWay},
};

use super::{document::Document, item::Item, problem::ConfigError, section::Section, words::shown};

/// Omnisend's documented limit: requests a minute and brand.
const DOCUMENTED_LIMIT: u64 = 400;
/// How far two machines' clocks may be apart before an agreement counts as one from the future.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The longest display name, in characters.
const MAX_DISPLAY_NAME: usize = 100;
/// The longest name of a secret, in bytes: Secrets Manager's limit on an ARN.
const MAX_SECRET: usize = 2048;

/// One Omnisend brand: where its key is, who may use it, how fast, and who agreed to it.
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

/// Who agreed that the brand's exports hand personal data to Omnisend, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    by: String,
    at: Timestamp,
}

impl Connection {
    /// Its name: the file's stem.
    pub fn name(&self) -> &ConnectionName {
        &self.name
    }

    /// The brand as people call it.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// What the secrets port finds the API key by: a Secrets Manager name or ARN, or a local secret's name.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The brand's limit at Omnisend, in requests a minute.
    pub fn requests_per_minute(&self) -> u32 {
        self.requests_per_minute
    }

    /// The share of the limit that is left to the shop's other integrations, in percent.
    pub fn reserve_percent(&self) -> u8 {
        self.reserve_percent
    }

    /// How contacts get their tags.
    pub fn tags(&self) -> TagSetting {
        self.tags
    }

    /// The most contacts in a batch.
    pub fn batch_size(&self) -> u32 {
        self.batch_size
    }

    /// ARNs of those who may write this connection's exports, besides administrators.
    pub fn contributors(&self) -> &[String] {
        &self.contributors
    }

    /// Who agreed to it.
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// Requests a minute that the exports of this connection may use: the limit less the reserve.
    pub fn budget(&self) -> NonZeroU32 {
        let left = u64::from(self.requests_per_minute) * u64::from(100 - self.reserve_percent.min(100)) / 100;
        u32::try_from(left).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
    }
}

impl Agreement {
    /// Who agreed.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Reads a connection's file. `file` is its key, for messages; `now` is when it is read: an agreement of the
/// future is none.
pub fn connection(
    name: ConnectionName,
    file: &str,
    text: &[u8],
    now: Timestamp,
) -> Result<Connection, ConfigError> {
    let document = Document::parse(file, text)?;
    let built = read(document.root(), name, now);
    document.finish(built)
}

/// The lines of a connection's file that has to be there, for who writes one.
pub fn connection_lines(name: &ConnectionName, now: Timestamp) -> [String; 5] {
    [
        format!("display_name = \"{name}\""),
        format!(
            "secret = \"omnisend/{name}\"    # holds the API key: a file below secrets/, or Secrets Manager"
        ),
        "[data_privacy]    # who agreed that profiles are handed to Omnisend, and when".to_owned(),
        "agreed_by = \"you@example.com\"".to_owned(),
        format!("agreed_at = {now:.0}"),
    ]
}

fn read(mut root: Section<'_>, name: ConnectionName, now: Timestamp) -> Option<Connection> {
    let display_name = root
        .required("display_name", "say how people call the brand: display_name = \"Acme store\"")
        .and_then(|item| item.parse(display_name));
    let secret = root
        .required("secret", "name the secret that holds the API key: secret = \"omnisend/acme\"")
        .and_then(|item| item.parse(secret));
    let requests_per_minute = root.integer(
        "requests_per_minute",
        1..=100_000,
        DOCUMENTED_LIMIT,
        "; Omnisend documents 400 a minute for a brand, which is the default",
    );
    let reserve_percent = root.integer(
        "reserve_percent",
        0..=90,
        0,
        "; it is the share of requests_per_minute that stays free for the shop's other integrations",
    );
    let tags = root.optional("tags").map_or(Some(TagSetting::Auto), |item| tags(&item));
    let batch_size = root.optional("batch_size").map_or(Some(MAX_BATCH_ITEMS), |item| batch_size(&item));
    let contributors = root.optional("contributors").map_or(Some(Vec::new()), |item| {
        let arns: Vec<_> = item.elements()?.iter().map(|item| item.parse(contributor)).collect();
        arns.into_iter().collect()
    });
    let advice = format!(
        "nobody has agreed yet that exports hand personal data to Omnisend; whoever answers for that data \
         records it by adding:\n    [data_privacy]\n    agreed_by = \"you@example.com\"\n    agreed_at = {now:.0}"
    );
    let agreement = root.required("data_privacy", &advice).and_then(|item| agreement(&item, now));
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
    item.choice("a way of tags", &[[("auto", TagSetting::Auto)].as_slice(), &forced].concat())
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
    let mut section = item.section()?;
    let by =
        section.required("agreed_by", "say who agreed: agreed_by = \"you@example.com\"").and_then(|item| {
            item.parse(|by| match by.trim() {
                "" => Err("it is empty; say who agreed, by name or e-mail address"),
                by if by.chars().any(char::is_control) => Err("a line break or control character; remove it"),
                by => Ok(by.to_owned()),
            })
        });
    let at = section.required("agreed_at", &format!("say when: agreed_at = {now:.0}")).and_then(|item| {
        let at = item.instant()?;
        let limit = now.saturating_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX);
        if at <= limit {
            return Some(at);
        }
        item.refuse(format_args!(
            "{at} is in the future; put the moment of the agreement, with its offset (`Z` is UTC)"
        ))
    });
    section.finish();
    Some(Agreement { by: by?, at: at? })
}

/// A name for people. Of exports too.
pub(super) fn display_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let chars = text.chars().count();
    if text.is_empty() {
        Err("it is empty; put a name that people know".to_owned())
    } else if chars > MAX_DISPLAY_NAME {
        Err(format!("{chars} characters; shorten it to {MAX_DISPLAY_NAME}"))
    } else if text.chars().any(char::is_control) {
        Err("a line break or control character; remove it".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// Says nothing of the text: somebody may have put the key itself here.
fn secret(text: &str) -> Result<String, &'static str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-:".contains(&b);
    if text.is_empty() {
        Err("it is empty; put the name or ARN of the secret that holds the API key")
    } else if text.bytes().any(|b| b.is_ascii_whitespace()) {
        Err("a secret's name holds no white space; put the name or ARN of the secret, not its value")
    } else if text.contains("..") {
        Err("a secret's name holds no `..`; put its full name or ARN")
    } else if text.len() > MAX_SECRET || !text.bytes().all(allowed) {
        Err("not a secret's name or ARN: use A-Z, a-z, 0-9 and /_+=.@-: only")
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
    let session = if text.contains(":assumed-role/") { "; this is a session: put its role" } else { "" };
    Err(format!(
        "`{}` is not the ARN of a role, user or group; expected one like \
         arn:aws:iam::123456789012:role/marketing{session}",
        shown(text)
    ))
}
