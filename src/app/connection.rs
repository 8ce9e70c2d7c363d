//! Tests a connection: its brand, the permissions of its API key, the findings about the brand, and whether the state
//! supports conditional writes.

use jiff::tz::Offset;
use serde::Serialize;

use super::{application::App, error::AppError};
use crate::{
    keys::ConnectionName,
    ports::objects::honours_conditions,
    retry_policies,
    run::{TagFinding, TagSetting, TagWay},
    stage::canary::UNUSED_TAG,
};
use omnisend::{Brand, CallError, CallOptions, Client, MAX_BATCH_ITEMS, RefusalKind};

/// An address that no contact has: the domain `.invalid` is reserved.
const NOBODY: &str = "nobody@omnisend-export.invalid";

/// The result of a connection test.
#[derive(Debug, Clone, Serialize)]
pub struct Tested {
    pub connection: ConnectionName,
    pub display_name: String,
    /// `None` if the key may not read the brand.
    #[serde(flatten)]
    pub brand: Option<TestedBrand>,
    /// The connection's request budget, per minute.
    pub requests_per_minute: u32,
    /// What the key may do, as far as requests that change nothing can show.
    pub permissions: Vec<Permission>,
    pub tags: TestedTags,
    pub batch_size: TestedBatch,
    /// Whether the state supports conditional writes, which every run needs.
    pub conditional_writes: bool,
}

/// The brand, as Omnisend names it.
#[derive(Debug, Clone, Serialize)]
pub struct TestedBrand {
    pub brand: String,
    pub brand_id: String,
    pub website: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// The action, such as `read contacts`.
    pub to: &'static str,
    /// `None` if the test could not tell.
    pub allowed: Option<bool>,
    /// The answer, if it was not a success.
    #[serde(rename = "says", skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// How contacts get their tags.
#[derive(Debug, Clone, Serialize)]
pub struct TestedTags {
    /// `None` if the next upload finds out.
    pub way: Option<TagWay>,
    /// Whether the connection's configuration sets it.
    pub forced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<TagFinding>,
    /// Whether a canary was interrupted, so that the next upload must restore its contact.
    pub to_tidy_up: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct TestedBatch {
    /// The most contacts in a batch.
    pub contacts: u32,
}

impl Tested {
    /// Whether runs can work: the state and the API key allow everything that they need.
    pub fn is_usable(&self) -> bool {
        self.conditional_writes && self.permissions.iter().all(|permission| permission.allowed != Some(false))
    }
}

impl From<Brand> for TestedBrand {
    fn from(brand: Brand) -> Self {
        Self { brand: brand.name, brand_id: brand.brand_id, website: brand.website }
    }
}

impl App {
    /// Tests a connection with requests that change nothing.
    pub async fn test(&self, name: &ConnectionName) -> Result<Tested, AppError> {
        let (connection, client) = self.client(name).await?;
        let options = retry_policies::CONNECTION_TEST.until(None);
        let conditional_writes = honours_conditions(&*self.ports().objects).await?;
        let brand = match client.brand(options).await {
            Ok(brand) => Some(brand),
            Err(error) if lacks_permission(&error) => None,
            Err(error) => return Err(AppError::Omnisend(error)),
        };
        let findings = self.records().findings(name).await?;
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

    /// Tests each permission with a request that changes nothing.
    async fn permissions(&self, client: &Client, options: CallOptions) -> Vec<Permission> {
        let today = Offset::UTC.to_datetime(self.ports().clock.now()).date();
        let contacts = client.contact_by_email(NOBODY, options).await.map(drop);
        let batches = client.list_batches(today..=today, 0, options).await.map(drop);
        let tags = client.remove_tags(&[UNUSED_TAG], &[NOBODY], options).await;
        let segments = client.segments(None, options).await.map(drop);
        [
            ("read contacts", contacts),
            ("read batches", batches),
            ("change contacts' tags", tags),
            ("read segments", segments),
        ]
        .map(|(to, answer)| Permission::from_answer(to, answer))
        .into()
    }
}

impl Permission {
    fn from_answer(to: &'static str, answer: Result<(), CallError>) -> Self {
        match answer {
            Ok(()) => Self { to, allowed: Some(true), answer: None },
            Err(error) if lacks_permission(&error) => {
                Self { to, allowed: Some(false), answer: Some(error.to_string()) }
            }
            Err(error) => Self { to, allowed: None, answer: Some(error.to_string()) },
        }
    }
}

/// Whether the key or the brand's subscription does not allow a request.
fn lacks_permission(error: &CallError) -> bool {
    let kind = error.refusal().map(|refusal| refusal.kind);
    matches!(kind, Some(RefusalKind::MissingPermission | RefusalKind::SubscriptionLimit))
}

impl TestedTags {
    /// Returns a sentence for people.
    pub fn describe(&self) -> String {
        let way = match self.way {
            Some(TagWay::Inline) => "in their batches",
            Some(TagWay::Endpoint) => "through /contacts/tags, after their batches",
            None => return "the first upload finds out how contacts get their tags".to_owned(),
        };
        let why = match &self.finding {
            _ if self.forced => "set by the connection".to_owned(),
            Some(found) => {
                let until = if found.certain { "" } else { "; tried again a day later" };
                format!("{}, found by run {} at {:.0}{until}", found.evidence.conclusion, found.run, found.at)
            }
            None => String::new(),
        };
        format!("contacts get their tags {way}: {why}")
    }
}

impl TestedBatch {
    /// Returns a sentence for people.
    pub fn describe(&self) -> String {
        let why = if self.contacts == MAX_BATCH_ITEMS {
            ", Omnisend's documented limit"
        } else {
            ": set by the connection"
        };
        format!("{} contacts a request{why}", self.contacts)
    }
}
