//! What there is to know of a connection: whose brand it is, what its key may do, what was found out about the brand,
//! and whether the state can be trusted with its runs.

use jiff::tz::Offset;
use serde::Serialize;

use super::{App, AppError};
use crate::{
    keys::ConnectionName,
    omnisend::{Brand, CallError, CallOptions, Client, MAX_BATCH_ITEMS, RefusalKind},
    ports::objects::honours_conditions,
    retry,
    run::{TagFinding, TagSetting, TagWay},
    stage::{Records, canary::NOBODY_HAS},
};

/// An address of nobody: the domain is one that never is.
const NOBODY: &str = "nobody@omnisend-export.invalid";

/// A connection, tried.
#[derive(Debug, Clone, Serialize)]
pub struct Tested {
    /// Its name.
    pub connection: ConnectionName,
    /// The brand as people call it.
    pub display_name: String,
    /// The brand as Omnisend calls it, its id and its website. None where the key may not see it.
    #[serde(flatten)]
    pub brand: Option<TestedBrand>,
    /// Requests a minute that its exports may use.
    pub requests_per_minute: u32,
    /// What the key may do, as far as can be told without sending a contact.
    pub permissions: Vec<Permission>,
    /// How contacts get their tags.
    pub tags: TestedTags,
    pub batch_size: TestedBatch,
    /// Whether the state honours conditional writes, without which no run is safe.
    pub conditional_writes: bool,
}

/// A brand.
#[derive(Debug, Clone, Serialize)]
pub struct TestedBrand {
    /// Its name.
    pub brand: String,
    /// Its id.
    pub brand_id: String,
    /// Its website.
    pub website: String,
}

/// Something that a key may do, or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// What.
    pub to: &'static str,
    /// Whether it may; `None` where nobody can tell.
    pub allowed: Option<bool>,
    /// What was answered, where it was no plain yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// How contacts get their tags.
#[derive(Debug, Clone, Serialize)]
pub struct TestedTags {
    /// The way that is gone; `None` where the next upload finds it out.
    pub way: Option<TagWay>,
    /// Whether the connection decides it.
    pub forced: bool,
    /// What was found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<TagFinding>,
    /// Whether a canary was killed, so that the next upload has to tidy up.
    pub to_tidy_up: bool,
}

/// The most contacts in a request.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TestedBatch {
    pub contacts: u32,
}

impl Tested {
    /// Whether runs can work: nothing that they need is refused.
    pub fn is_fine(&self) -> bool {
        self.conditional_writes && self.permissions.iter().all(|permission| permission.allowed != Some(false))
    }
}

impl From<Brand> for TestedBrand {
    fn from(brand: Brand) -> Self {
        Self { brand: brand.name, brand_id: brand.brand_id, website: brand.website }
    }
}

impl App {
    /// Tries a connection, without changing anything of anybody.
    pub async fn test(&self, name: &ConnectionName) -> Result<Tested, AppError> {
        let (connection, client) = self.client(name).await?;
        let options = retry::CONNECTION_TEST.until(None);
        let conditional_writes = honours_conditions(&*self.ports().objects).await?;
        let brand = match client.brand(options).await {
            Ok(brand) => Some(brand),
            Err(error) if lacks_permission(&error) => None,
            Err(error) => return Err(AppError::Omnisend(error)),
        };
        let findings = Records::new(self.ports().objects.clone()).findings(name).await?;
        let setting = connection.tags();
        let tags = TestedTags {
            way: match setting {
                TagSetting::Forced(way) => Some(way),
                TagSetting::Auto => findings.tags.as_ref().map(|found| found.way),
            },
            forced: setting != TagSetting::Auto,
            to_tidy_up: findings.canary.is_some(),
            finding: findings.tags.clone(),
        };
        Ok(Tested {
            connection: name.clone(),
            display_name: connection.display_name().to_owned(),
            brand: brand.map(Into::into),
            requests_per_minute: connection.budget().get(),
            permissions: self.permissions(&client, options).await,
            tags,
            batch_size: TestedBatch { contacts: connection.batch_size() },
            conditional_writes,
        })
    }

    /// What the key may do. Each is asked for by a request that changes nothing.
    async fn permissions(&self, client: &Client, options: CallOptions) -> Vec<Permission> {
        let today = Offset::UTC.to_datetime(self.ports().clock.now()).date();
        let contacts = client.contact_by_email(NOBODY, options).await.map(drop);
        let batches = client.list_batches(today..=today, 0, options).await.map(drop);
        let tags = client.remove_tags(&[NOBODY_HAS], &[NOBODY], options).await;
        let segments = client.segments(None, options).await.map(drop);
        [
            ("read contacts", contacts),
            ("read batches", batches),
            ("change contacts' tags", tags),
            ("read segments", segments),
        ]
        .map(|(to, answer)| Permission::of(to, answer))
        .into()
    }
}

impl Permission {
    fn of(to: &'static str, answer: Result<(), CallError>) -> Self {
        match answer {
            Ok(()) => Self { to, allowed: Some(true), says: None },
            Err(error) if lacks_permission(&error) => {
                Self { to, allowed: Some(false), says: Some(error.to_string()) }
            }
            Err(error) => Self { to, allowed: None, says: Some(error.to_string()) },
        }
    }
}

/// Whether the key or the brand's subscription does not allow a request.
fn lacks_permission(error: &CallError) -> bool {
    let kind = error.refusal().map(|refusal| refusal.kind);
    matches!(kind, Some(RefusalKind::MissingPermission | RefusalKind::SubscriptionLimit))
}

impl TestedTags {
    /// In words.
    pub fn says(&self) -> String {
        let way = match self.way {
            Some(TagWay::Inline) => "in their batches",
            Some(TagWay::Endpoint) => "through /contacts/tags, after their batches",
            None => return "the first upload finds out how contacts get their tags".to_owned(),
        };
        let why = match &self.finding {
            _ if self.forced => "the connection says so".to_owned(),
            Some(found) => {
                let until = if found.certain { "" } else { "; tried again a day later" };
                format!("{}, found by run {} at {:.0}{until}", found.evidence.says, found.run, found.at)
            }
            None => String::new(),
        };
        format!("contacts get their tags {way}: {why}")
    }
}

impl TestedBatch {
    /// In words.
    pub fn says(&self) -> String {
        let why = if self.contacts == MAX_BATCH_ITEMS {
            ", Omnisend's documented limit"
        } else {
            ": the connection says so"
        };
        format!("{} contacts a request{why}", self.contacts)
    }
}
