//! Applies a run's changes to the old list of members. Pure, except for the streams.

use std::io::{self, Read, Write};

use super::sort::{Change, Sorted};
use crate::{
    contact::{Channel, ContactHash},
    run::{Kept, Member, Members, MembersWriter, Translation},
};

/// Merges `old` and `changes` into `new`, and returns the number of members in `new`. `translation` translates the tags
/// of `old`.
pub(super) fn merge<R: Read, W: Write>(
    mut old: Option<Members<R>>,
    translation: &Translation,
    changes: &mut Sorted,
    new: &mut MembersWriter<W>,
) -> io::Result<u64> {
    let mut members = 0;
    let mut next_old = || -> io::Result<Option<Member>> {
        let Some(old) = &mut old else { return Ok(None) };
        let mut member = Member::default();
        let there = old.next(&mut member)?.is_some();
        member.tags = translation.of(member.tags);
        Ok(there.then_some(member))
    };
    let mut write = |member: Member| -> io::Result<()> {
        if member.is_worth_keeping() {
            members += 1;
            new.push(&member)?;
        }
        Ok(())
    };
    let mut waiting = next_old()?;
    while let Some(key) = changes.key() {
        // Members without a change.
        while let Some(member) = waiting.take_if(|member| member.key().0 < key.0) {
            write(member)?;
            waiting = next_old()?;
        }
        let mut member = waiting.take_if(|member| member.key() == key);
        if member.is_some() {
            waiting = next_old()?;
        }
        while changes.key() == Some(key) {
            let Some((change, now)) = changes.next()? else { break };
            member = apply(member, change, now);
        }
        if let Some(member) = member {
            write(member)?;
        }
    }
    while let Some(member) = waiting {
        write(member)?;
        waiting = next_old()?;
    }
    Ok(members)
}

/// Returns a member after a change; `None` if there is no such member. `now` is the member that the change describes.
fn apply(before: Option<Member>, change: Change, now: Member) -> Option<Member> {
    match (change, before) {
        (Change::Sent, before) => {
            let before = before.unwrap_or_default();
            let mut member = Member { tags: now.tags.with(before.tags), ..now };
            for channel in Channel::ALL {
                // A channel that was not sent keeps its statement.
                let kept = member.consent.of_mut(channel);
                if *kept == Kept::NOTHING {
                    *kept = *before.consent.of(channel);
                }
            }
            Some(member)
        }
        (Change::Doubtful, before) => before.map(|before| Member { hash: ContactHash::NONE, ..before }),
        (Change::Untagged, before) => {
            before.map(|before| Member { tags: before.tags.without(now.tags), ..before })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{super::sort::Sorter, *};
    use crate::{
        contact::{Channels, EmailKey, Statement, Status, Tag},
        run::TagSet,
    };

    fn member(email: String, hash: u128, tags: u32, opted_out: bool) -> Member {
        let opt_out = Statement { status: Status::Unsubscribed, at: None };
        let email_consent = if opted_out { Kept::from(Some(opt_out)) } else { Kept::NOTHING };
        Member {
            email,
            hash: ContactHash(hash),
            tags: TagSet(tags),
            consent: Channels { email: email_consent, sms: Kept::NOTHING },
        }
    }

    fn members(max: usize) -> impl Strategy<Value = Vec<Member>> {
        let one = ("[a-h]", 1..4_u128, 0..8_u32, any::<bool>());
        prop::collection::vec(one.prop_map(|(email, hash, tags, out)| member(email, hash, tags, out)), 0..max)
    }

    proptest! {
        #[test]
        fn applies_every_change_to_the_old_list(
            old in members(12),
            changes in prop::collection::btree_map("[a-h]", (0..3_usize, 1..4_u128, 0..8_u32, any::<bool>()), 0..8),
        ) {
            let old: BTreeMap<u128, Member> =
                old.into_iter().map(|member| (member.key().0, member)).collect();
            let tags: Vec<Tag> = ["a", "b", "c"].map(|tag| Tag::try_from(tag.to_owned()).unwrap()).into();
            let mut sorter = Sorter::new();
            let mut expected = old.clone();
            for (email, (change, hash, set, out)) in changes {
                let changed = member(email, hash, set, out);
                let key = changed.key().0;
                let before = expected.remove(&key);
                let change = [Change::Sent, Change::Doubtful, Change::Untagged][change];
                let after = match (change, before) {
                    (Change::Sent, before) => {
                        let before = before.unwrap_or_default();
                        let out = out || before.consent.email.is_opt_out();
                        Some(member(changed.email.clone(), hash, set | before.tags.0, out))
                    }
                    (Change::Doubtful, before) => before.map(|m| Member { hash: ContactHash(0), ..m }),
                    (Change::Untagged, before) => before.map(|m| Member { tags: TagSet(m.tags.0 & !set), ..m }),
                };
                expected.extend(after.map(|after| (key, after)));
                sorter.push(change, changed).unwrap();
            }
            expected.retain(|_, member| member.is_worth_keeping());

            let old = MembersWriter::list(Vec::new(), old.values());
            let mut writer = MembersWriter::new(Vec::new()).unwrap();
            let count = merge(
                Some(Members::new(&*old).unwrap()),
                &Translation::new(&tags, &tags),
                &mut sorter.sorted().unwrap(),
                &mut writer,
            );
            prop_assert_eq!(count.unwrap(), expected.len() as u64);
            let new = writer.finish().unwrap();
            let mut found = BTreeMap::new();
            let (mut members, mut member) = (Members::new(&*new).unwrap(), Member::default());
            while let Some(EmailKey(key)) = members.next(&mut member).unwrap() {
                found.insert(key, member.clone());
            }
            prop_assert_eq!(found, expected);
        }
    }
}
