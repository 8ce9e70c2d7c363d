//! The members that lose tags: leavers, and members of fewer segments than before.

use std::io::{self, Read};

use super::{
    error::PrepareError,
    output::{Finished, Sink},
};
use crate::{
    run::{Member, Members, RemovalLine, TagSet},
    stage::{
        people::Roster,
        plan::removal_parts::{RemovalPart, RemovalParts},
    },
};

/// Writes the members that lose any of `removable`, and returns the number of members in each object. Reads the
/// snapshot's list a second time, because the roster has no addresses.
pub(super) fn write(
    list: impl Read,
    roster: &Roster,
    removable: TagSet,
    sink: &mut impl Sink,
) -> Result<Vec<u32>, PrepareError> {
    let mut members = Members::new(list).map_err(PrepareError::Snapshot)?;
    let (mut member, mut parts) = (Member::default(), RemovalParts::new()?);
    let mut take = |part: Option<RemovalPart>| match part {
        Some(RemovalPart { n, body }) => sink.take(Finished::Removals(n, body)),
        None => Ok(()),
    };
    for surplus in roster.surplus() {
        if members.next(&mut member).map_err(PrepareError::Snapshot)?.is_none() {
            return Err(PrepareError::Snapshot(io::Error::other("it changed while it was read")));
        }
        let tags = surplus.common(removable);
        if !tags.is_empty() {
            take(parts.push(&RemovalLine { email: (&*member.email).into(), tags })?)?;
        }
    }
    take(parts.take()?)?;
    Ok(parts.into_sizes())
}
