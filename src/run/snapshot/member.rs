//! A member, and its bytes in a list.

use std::io;

use super::kept::Kept;
use crate::{
    contact::{Channels, ContactHash, EmailKey},
    run::TagSet,
};

/// A contact that the export sent to Omnisend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// The address that the contact was sent with.
    pub email: String,
    /// The hash of the contact as it was last sent; [`ContactHash::NONE`] if it must be sent again.
    pub hash: ContactHash,
    /// The tags that the export gave it.
    pub tags: TagSet,
    /// The consent that was last sent.
    pub consent: Channels<Kept>,
}

/// The bytes of a member besides its address: a hash, a set of tags, two statements.
const FIXED: usize = 16 + 4 + 8 + 8;

impl Member {
    /// Returns the key that identifies the member. Lists are sorted by it.
    pub fn key(&self) -> EmailKey {
        EmailKey::of(&self.email)
    }

    /// Whether the list must keep the member: it has a tag, or an opt-out that an older opt-in must not override.
    pub fn is_worth_keeping(&self) -> bool {
        !self.tags.is_empty() || self.consent.email.is_opt_out() || self.consent.sms.is_opt_out()
    }

    pub(super) fn write(&self, into: &mut Vec<u8>) {
        into.extend(self.hash.0.to_le_bytes());
        into.extend(self.tags.0.to_le_bytes());
        into.extend(self.consent.email.0.to_le_bytes());
        into.extend(self.consent.sms.0.to_le_bytes());
        // The mapping rejects addresses of more than a few hundred bytes.
        let len = u16::try_from(self.email.len()).unwrap_or(u16::MAX);
        into.extend(len.to_le_bytes());
        into.extend(self.email.as_bytes().iter().take(len.into()));
    }

    /// Reads a member from its bytes. Skips what a later version added at the end.
    pub(super) fn read(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        self.hash = ContactHash(u128::from_le_bytes(take(&mut rest)?));
        self.tags = TagSet(u32::from_le_bytes(take(&mut rest)?));
        self.consent.email = Kept(i64::from_le_bytes(take(&mut rest)?));
        self.consent.sms = Kept(i64::from_le_bytes(take(&mut rest)?));
        let len = usize::from(u16::from_le_bytes(take(&mut rest)?));
        let email = rest.get(..len).ok_or_else(cut_short)?;
        self.email.clear();
        self.email
            .push_str(std::str::from_utf8(email).map_err(|_| io::Error::other("an address is not UTF-8"))?);
        Ok(())
    }

    /// Returns about how many bytes the member takes in a list.
    pub fn size(&self) -> usize {
        FIXED + self.email.len()
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> io::Result<[u8; N]> {
    let (taken, left) = rest.split_first_chunk().ok_or_else(cut_short)?;
    *rest = left;
    Ok(*taken)
}

fn cut_short() -> io::Error {
    io::Error::other("a member is cut short")
}
