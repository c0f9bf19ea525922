//! All that is kept of a customer as one document: the message that ExportAccount answers with,
//! as JSON, in the names of the proto files.

use gestan_account_proto::{FILE_DESCRIPTOR_SET, support::v1::ExportAccountResponse};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

use super::convert::support::account_exported;
use crate::{
    accounts::support::export_account::AccountExported,
    domain::{account_id::AccountId, locale::Locale},
    storage::purge::Retention,
};

/// The message, as far as its pages were added.
pub struct ExportedDocument {
    account_id: AccountId,
    retention: Retention,
    locale: Locale,
    message: ExportAccountResponse,
}

impl ExportedDocument {
    /// The document of an account, in this language.
    #[must_use]
    pub fn new(account_id: AccountId, retention: Retention, locale: Locale) -> Self {
        Self { account_id, retention, locale, message: ExportAccountResponse::default() }
    }

    /// Adds a page, of which the first has everything but further entries and events.
    pub fn add(&mut self, page: AccountExported) {
        let page = account_exported(page, self.account_id, self.retention, self.locale);
        if page.account.is_some() {
            self.message = page;
        } else {
            self.message.time_entries.extend(page.time_entries);
            self.message.events.extend(page.events);
        }
        self.message.next_page_token.clear();
    }

    /// The document.
    ///
    /// # Errors
    /// None that any account brings about: the message is one of the files that are compiled in.
    pub fn to_json(&self) -> anyhow::Result<String> {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET)?;
        let name = "gestan.support.v1.ExportAccountResponse";
        let descriptor =
            pool.get_message_by_name(name).ok_or_else(|| anyhow::anyhow!("no message {name}"))?;
        let message = DynamicMessage::decode(descriptor, self.message.encode_to_vec().as_slice())?;
        let mut json = serde_json::Serializer::pretty(Vec::new());
        message.serialize_with_options(&mut json, &SerializeOptions::new())?;
        Ok(String::from_utf8(json.into_inner())?)
    }
}
