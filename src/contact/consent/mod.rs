//! Consent: what a row states about it, and what may be sent. Consent is never invented.

mod channel;
mod date;
mod invalid;
mod mapping;
mod reader;
mod row;
mod status;

pub(super) use self::reader::ConsentReader;
pub use self::{
    channel::{Channel, Channels},
    date::DateFormat,
    invalid::InvalidConsent,
    mapping::{ChannelConsent, ConsentMapping},
    row::{Consent, ConsentStatus, Proof},
    status::{Statement, Status, latest_opt_out, status_to_send},
};
