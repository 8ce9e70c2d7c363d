//! Who is to lose tags: members that the source has no more, or not in all of their segments.

use std::io::Read;

use super::{
    prepare::{Finished, PrepareError, Sink},
    roster::Roster,
};
use crate::run::{LinesWriter, Member, Members, RemovalLine, TagSet};

/// Addresses in one object: a minute of the requests that Omnisend allows, at 250 each.
pub(super) const A_PART: u32 = 15_000;

/// How many are to lose any of these tags.
pub(super) fn count(roster: &Roster, removable: TagSet) -> u64 {
    roster.surplus().filter(|surplus| !surplus.common(removable).is_empty()).count() as u64
}

/// Writes down who they are: the snapshot's list is read a second time, for their addresses. Answers with how many
/// each object holds.
pub(super) fn write(
    list: impl Read,
    roster: &Roster,
    removable: TagSet,
    sink: &mut impl Sink,
) -> Result<Vec<u32>, PrepareError> {
    let mut members = Members::new(list).map_err(PrepareError::Snapshot)?;
    let (mut member, mut writer, mut parts) = (Member::default(), LinesWriter::new()?, Vec::new());
    let mut finish = |writer: &mut LinesWriter| {
        let n = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        parts.push(writer.lines());
        sink.take(Finished::Removals(n, writer.finish()?))
    };
    for surplus in roster.surplus() {
        if members.next(&mut member).map_err(PrepareError::Snapshot)?.is_none() {
            return Err(PrepareError::Snapshot(std::io::Error::other("it changed while it was read")));
        }
        let tags = surplus.common(removable);
        if tags.is_empty() {
            continue;
        }
        writer.push(&RemovalLine { email: (&*member.email).into(), tags }, usize::MAX)?;
        if writer.lines() >= A_PART {
            finish(&mut writer)?;
        }
    }
    if writer.lines() > 0 {
        finish(&mut writer)?;
    }
    Ok(parts)
}
