//! Requests that Omnisend refuses permanently: the kind of the refusal, and what to do about it.

use std::fmt;

use crate::problem::Problem;

/// A request that Omnisend refuses however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of refusal it is.
    pub kind: RefusalKind,
    /// Omnisend's explanation.
    pub problem: Problem,
    status: u16,
}

/// The kind of a refusal. The HTTP status decides it; for [`SubscriptionLimit`](Self::SubscriptionLimit), the text does
/// too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// 400 and 422: the request breaks a rule. [`Problem::errors`] names each field.
    Invalid,
    /// 401: the API key is missing or not valid.
    InvalidKey,
    /// 402, or a 403 whose text mentions the plan: the brand's subscription allows no more contacts. Which status
    /// Omnisend uses is not documented.
    SubscriptionLimit,
    /// 403: the API key lacks a permission.
    MissingPermission,
    /// 404: the resource or the address does not exist.
    NotFound,
    /// 409: the request conflicts with another contact or with a segment that is being built.
    Conflict,
    /// 410: the API's version is retired.
    RetiredVersion,
    /// 413: the request's body is too large.
    TooLarge,
    /// Any other status that is not retried.
    Other,
}

impl RefusalKind {
    fn of(status: u16, problem: &Problem) -> Self {
        match status {
            400 | 422 => Self::Invalid,
            401 => Self::InvalidKey,
            402 => Self::SubscriptionLimit,
            403 if problem.summary().is_some_and(|text| mentions_plan(&text)) => Self::SubscriptionLimit,
            403 => Self::MissingPermission,
            404 => Self::NotFound,
            409 => Self::Conflict,
            410 => Self::RetiredVersion,
            413 => Self::TooLarge,
            _ => Self::Other,
        }
    }

    /// Returns what a person can do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::InvalidKey => {
                "the API key is not valid: make a new one in Omnisend (Store settings, API keys) and store it in place \
                 of the old one"
            }
            Self::MissingPermission => {
                "the API key lacks a permission: it needs the scopes contacts.read, contacts.write and brands.read, and \
                 for segments also segments.read and segments.write"
            }
            Self::SubscriptionLimit => {
                "make room in the brand's Omnisend subscription, or choose a larger one"
            }
            Self::NotFound => "the API's address may be wrong: check the base URL",
            Self::RetiredVersion => "this version of the API is retired: update this program",
            Self::TooLarge => "the request is too large: send fewer contacts in one request",
            Self::Invalid | Self::Conflict | Self::Other => "quote the trace id to Omnisend's support",
        }
    }
}

impl Refusal {
    /// Makes a refusal from an answer's HTTP status and body.
    pub fn from_answer(status: u16, body: &[u8]) -> Self {
        let problem = Problem::parse(body);
        Self { kind: RefusalKind::of(status, &problem), problem, status }
    }

    /// Returns the HTTP status in digits, as a label for reports. Base decisions on [`kind`](Self::kind) instead.
    pub fn code(&self) -> String {
        self.status.to_string()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explanation = self.problem.summary();
        let explanation = explanation.as_deref().unwrap_or("no explanation");
        write!(f, "Omnisend answered {}: {explanation}", self.status)?;
        if let Some(id) = &self.problem.instance {
            write!(f, " (trace id {id})")?;
        }
        write!(f, "; {}", self.kind.advice())
    }
}

impl std::error::Error for Refusal {}

/// Returns whether a refusal that was recorded as a code and a text is about the brand's subscription. The code is
/// Omnisend's own or the HTTP status in digits.
pub fn is_subscription_limit(code: &str, text: &str) -> bool {
    code == "402" || mentions_plan(text) || mentions_plan(code)
}

/// Returns whether a text contains the word `plan`, which is Omnisend's name for a subscription.
fn mentions_plan(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("plan"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_the_explanation_and_the_advice() {
        let body = r#"{"type": "https://problems.omnisend.com/validation", "title": "Validation failed",
            "detail": "the request is not valid", "instance": "urn:omnisend:request:1b2c",
            "errors": [{"field": "items", "code": "max", "message": "must have at most 100"}]}"#;
        assert_eq!(
            Refusal::from_answer(400, body.as_bytes()).to_string(),
            "Omnisend answered 400: the request is not valid; items: must have at most 100 (trace id \
             urn:omnisend:request:1b2c); quote the trace id to Omnisend's support"
        );
        assert_eq!(
            Refusal::from_answer(410, b"<html>").to_string(),
            "Omnisend answered 410: no explanation; this version of the API is retired: update this program"
        );
    }

    #[test]
    fn tells_a_full_subscription_from_a_missing_permission() {
        let kind = |status, detail: &str| {
            Refusal::from_answer(status, format!(r#"{{"detail": "{detail}"}}"#).as_bytes()).kind
        };
        assert_eq!(kind(402, "Payment required."), RefusalKind::SubscriptionLimit);
        assert_eq!(kind(403, "Your plan holds no more contacts."), RefusalKind::SubscriptionLimit);
        assert_eq!(kind(403, "The API key has no access to this endpoint."), RefusalKind::MissingPermission);
        assert_eq!(kind(400, "The plan is full."), RefusalKind::Invalid);
    }

    #[test]
    fn finds_plan_only_as_a_whole_word() {
        assert!(mentions_plan("Your plan's limit is reached."));
        assert!(mentions_plan("plan_limit"));
        assert!(!mentions_plan("planned, explanation, plane"));
    }
}
