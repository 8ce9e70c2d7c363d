//! The keys above an export's tables, which apply to every field that does not override them.

use crate::{
    contact::{OnEmpty, OnInvalid, check_expression, is_region},
    wording::quoted,
};

use super::section::Section;

#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub(super) region: Option<String>,
    pub(super) on_invalid: OnInvalid,
    pub(super) on_empty: OnEmpty,
    pub(super) filter: Option<String>,
    pub(super) keep_email_case: bool,
    pub(super) send_welcome_message: bool,
}

pub(super) const ON_INVALID: [(&str, OnInvalid); 2] =
    [("drop-field", OnInvalid::DropField), ("reject-row", OnInvalid::RejectRow)];
pub(super) const ON_EMPTY: [(&str, OnEmpty); 2] = [("skip", OnEmpty::Skip), ("clear", OnEmpty::Clear)];

/// Reads the keys above the tables. Must be called before any table is read, so that a table knows which of its unknown
/// keys belong above it.
pub(super) fn defaults(root: &mut Section<'_>) -> Option<Defaults> {
    let region = root.read_optional("default_region", |item| item.parse(region));
    let on_invalid =
        root.read_or("on_invalid", OnInvalid::default(), |item| item.choice("a setting", &ON_INVALID));
    let on_empty = root.read_or("on_empty", OnEmpty::default(), |item| item.choice("a setting", &ON_EMPTY));
    let filter = root
        .read_optional("where", |item| item.parse(|text| check_expression(text).map(|_| text.to_owned())));
    let keep_email_case = root.boolean("keep_email_case");
    let send_welcome_message = send_welcome_message(root);
    Some(Defaults {
        region: region?,
        on_invalid: on_invalid?,
        on_empty: on_empty?,
        filter: filter?,
        keep_email_case: keep_email_case?,
        send_welcome_message: send_welcome_message?,
    })
}

/// Returns the code of the country whose national format phone numbers may have.
pub(super) fn region(text: &str) -> Result<String, String> {
    if is_region(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{}` is not a country code; use two capital letters, such as \"JP\"", quoted(text)))
    }
}

/// Whether Omnisend may send its welcome message, which needs a second key as acknowledgement.
fn send_welcome_message(root: &mut Section<'_>) -> Option<bool> {
    let item = root.optional("send_welcome_message");
    let acknowledged = root.boolean("send_welcome_message_acknowledged")?;
    let Some(item) = item else { return Some(false) };
    let send = item.boolean()?;
    if send && !acknowledged {
        return item.refuse(
            "Omnisend would send its welcome message to every contact that is new to it, which in a first run is the \
             whole segment; to confirm, add send_welcome_message_acknowledged = true, otherwise remove this line",
        );
    }
    Some(send)
}
