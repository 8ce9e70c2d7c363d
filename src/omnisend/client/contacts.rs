//! `/contacts` one by one, and `/contacts/tags`.

use bytes::Bytes;
use reqwest::Method;

use super::{Client, Limit, Patience, parse, unexpected};
use crate::omnisend::{
    CallError, Contact,
    wire::{ContactList, TagChange},
};

impl Client {
    /// The contact with an address, if there is one.
    pub async fn contact_by_email(
        &self,
        email: &str,
        patience: Patience,
    ) -> Result<Option<Contact>, CallError> {
        let mut url = self.url(&["contacts"]);
        url.query_pairs_mut().append_pair("email", email);
        let answer = self.call(Limit::Brand, None, Method::GET, url, None, patience).await?;
        let list: ContactList = parse(&answer)?;
        let is_empty = list.contacts.is_empty();
        match list.contacts.into_iter().find(|contact| contact.has_email(email)) {
            // A filter that was ignored would hand over somebody else's tags.
            None if !is_empty => Err(unexpected("it shows other contacts than the one that was asked for")),
            found => Ok(found),
        }
    }

    /// Creates or updates a contact, and waits until that is done. `body` is the contact as it was prepared.
    pub async fn upsert(&self, body: Bytes, patience: Patience) -> Result<(), CallError> {
        let url = self.url(&["contacts"]);
        self.call(Limit::Brand, None, Method::POST, url, Some(body), patience).await.map(drop)
    }

    /// Adds tags to contacts, at most [`MAX_TAGGED`](crate::omnisend::MAX_TAGGED) of them. Omnisend does it later,
    /// and ignores addresses that it does not know.
    pub async fn add_tags(
        &self,
        tags: &[&str],
        emails: &[&str],
        patience: Patience,
    ) -> Result<(), CallError> {
        self.change_tags(Method::POST, tags, emails, patience).await
    }

    /// Takes tags from contacts, likewise.
    pub async fn remove_tags(
        &self,
        tags: &[&str],
        emails: &[&str],
        patience: Patience,
    ) -> Result<(), CallError> {
        self.change_tags(Method::DELETE, tags, emails, patience).await
    }

    async fn change_tags(
        &self,
        method: Method,
        tags: &[&str],
        emails: &[&str],
        patience: Patience,
    ) -> Result<(), CallError> {
        let url = self.url(&["contacts", "tags"]);
        let body = TagChange { tags, emails }.body();
        self.call(Limit::Tags, None, method, url, Some(body), patience).await.map(drop)
    }
}
