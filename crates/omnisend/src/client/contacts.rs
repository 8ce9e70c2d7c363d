//! `/contacts` for one contact, and `/contacts/tags`.

use bytes::Bytes;
use reqwest::Method;

use super::call::{Client, Request, parse};
use crate::{
    error::{CallError, UnexpectedAnswer},
    limits::Limit,
    retry::CallOptions,
    wire::{Contact, ContactList, TagChange},
};

impl Client {
    /// Returns the contact with an email address, if it exists.
    pub async fn contact_by_email(
        &self,
        email: &str,
        options: CallOptions,
    ) -> Result<Option<Contact>, CallError> {
        let mut url = self.url(&["contacts"]);
        url.query_pairs_mut().append_pair("email", email);
        let body = self.call(Request::get(Limit::Brand, url), None, options).await?;
        let list: ContactList = parse(&body)?;
        let is_empty = list.contacts.is_empty();
        match list.contacts.into_iter().find(|contact| contact.has_email(email)) {
            // If the API ignored the filter, these are other people's contacts.
            None if !is_empty => Err(UnexpectedAnswer::OtherContacts.into()),
            found => Ok(found),
        }
    }

    /// Creates the contact in `body`, a JSON object, or updates the one with its email address. Omnisend does this
    /// before it answers, but may show the change a little later.
    ///
    /// Each identifier should have `"sendWelcomeMessage": false`: the API's default is `true`.
    pub async fn upsert(&self, body: Bytes, options: CallOptions) -> Result<(), CallError> {
        let request = Request::post(Limit::Brand, self.url(&["contacts"]), body);
        self.call(request, None, options).await.map(drop)
    }

    /// Adds tags to at most [`MAX_TAGGED`](crate::MAX_TAGGED) contacts. Omnisend does this some time after it answers,
    /// and ignores addresses that it does not know.
    pub async fn add_tags(
        &self,
        tags: &[&str],
        emails: &[&str],
        options: CallOptions,
    ) -> Result<(), CallError> {
        self.change_tags(Method::POST, tags, emails, options).await
    }

    /// Removes tags from at most [`MAX_TAGGED`](crate::MAX_TAGGED) contacts. Omnisend does this some time after it
    /// answers, and ignores addresses that it does not know.
    pub async fn remove_tags(
        &self,
        tags: &[&str],
        emails: &[&str],
        options: CallOptions,
    ) -> Result<(), CallError> {
        self.change_tags(Method::DELETE, tags, emails, options).await
    }

    async fn change_tags(
        &self,
        method: Method,
        tags: &[&str],
        emails: &[&str],
        options: CallOptions,
    ) -> Result<(), CallError> {
        let url = self.url(&["contacts", "tags"]);
        let body = Some(TagChange { tags, emails }.body());
        self.call(Request { limit: Limit::Tags, method, url, body }, None, options).await.map(drop)
    }
}
