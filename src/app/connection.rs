//! Tests a connection: its brand, the permissions of its API key, the findings about the brand, and whether the state
//! can be used safely.

use jiff::tz::Offset;
use serde::Serialize;

use super::{application::App, error::AppError};
use crate::{
    keys::ConnectionName,
    omnisend::{Brand, CallError, Client, Patience},
    ports::objects::honours_conditions,
    run::{BatchFinding, BatchSetting, PUBLISHED_BATCH, TagFinding, TagSetting, TagWay},
    stage::canary::NOBODY_HAS,
};

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
    /// Requests a minute that its exports may use.
    pub requests_per_minute: u32,
    /// What the key may do, as far as a test without a contact can tell.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// How contacts get their tags.
#[derive(Debug, Clone, Serialize)]
pub struct TestedTags {
    /// `None` if the next upload finds it out.
    pub way: Option<TagWay>,
    /// Whether the connection's configuration decides it.
    pub forced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<TagFinding>,
    /// Whether a canary was interrupted, so that the next upload has to restore its contact.
    pub to_tidy_up: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct TestedBatch {
    /// Contacts in a request, at most.
    pub contacts: u32,
    /// Whether the next upload tries more.
    pub to_be_tried: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<BatchFinding>,
}

impl Tested {
    /// Whether runs can work: nothing that they need is refused.
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
        let patience = Patience { retries: 2, ..Patience::default() };
        let conditional_writes = honours_conditions(&*self.ports().objects).await?;
        let brand = match client.brand(patience).await {
            Ok(brand) => Some(brand),
            Err(CallError::Permanent(refusal)) if refusal.status == 403 => None,
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
        let plan = findings.batch(connection.batch_size());
        let batch_size = TestedBatch {
            contacts: plan.contacts,
            to_be_tried: plan.attempt.is_some(),
            finding: findings.batch.filter(|_| connection.batch_size() == BatchSetting::Auto),
        };
        Ok(Tested {
            connection: name.clone(),
            display_name: connection.display_name().to_owned(),
            brand: brand.map(Into::into),
            requests_per_minute: connection.budget().get(),
            permissions: self.permissions(&client, patience).await,
            tags,
            batch_size,
            conditional_writes,
        })
    }

    /// Tests each permission with a request that changes nothing.
    async fn permissions(&self, client: &Client, patience: Patience) -> Vec<Permission> {
        let today = Offset::UTC.to_datetime(self.ports().clock.now()).date();
        let contacts = client.contact_by_email(NOBODY, patience).await.map(drop);
        let batches = client.list_batches(today..=today, 0, patience).await.map(drop);
        let tags = client.remove_tags(&[NOBODY_HAS], &[NOBODY], patience).await;
        let segments = client.segments(None, patience).await.map(drop);
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
            Ok(()) => Self { to, allowed: Some(true), says: None },
            Err(CallError::Permanent(refusal)) if refusal.status == 403 => {
                Self { to, allowed: Some(false), says: Some(refusal.to_string()) }
            }
            Err(error) => Self { to, allowed: None, says: Some(error.to_string()) },
        }
    }
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
                format!("{}, found by run {} at {:.0}{until}", found.evidence.says, found.run, found.at)
            }
            None => String::new(),
        };
        format!("contacts get their tags {way}: {why}")
    }
}

impl TestedBatch {
    /// Returns a sentence for people.
    pub fn describe(&self) -> String {
        let why = match &self.finding {
            _ if self.to_be_tried => "; the first larger upload tries more".to_owned(),
            Some(found) => format!(": {}, found by run {} at {:.0}", found.says, found.run, found.at),
            None if self.contacts == PUBLISHED_BATCH => ", Omnisend's documented limit".to_owned(),
            None => ": set by the connection".to_owned(),
        };
        format!("{} contacts a request{why}", self.contacts)
    }
}
