//! Snapshot: stores what a settled run changed in Omnisend. Only accepted contacts count as sent: the next run sends
//! rejected and unknown ones again.

mod blocking;
mod changes;
mod list;
mod merge;
mod sort;

use std::collections::BTreeMap;

use self::{changes::changes, list::write_list};
use super::{RecordError, Records};
use crate::{
    contact::Tag,
    kill_point,
    ports::Ports,
    run::{ListName, Manifest, Snapshot, united},
};

/// Replaces the export's snapshot with one that contains the run's changes. Settling the run again gives the same
/// snapshot.
pub async fn remember(ports: &Ports, manifest: &Manifest) -> Result<(), RecordError> {
    if !manifest.sends() {
        return Ok(());
    }
    let records = Records::new(ports.objects.clone());
    let export = &manifest.run.export;
    let before = records.snapshot(export).await?;
    let new = new_list(ports, &records, manifest, before.as_ref()).await?;
    let superseded = before.as_ref().map(|before| before.list.clone()).filter(|old| *old != new.name);
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        run: manifest.run.run.clone(),
        settled_at: ports.clock.now(),
        mapping: before
            .as_ref()
            .filter(|_| manifest.is_follow_up())
            .map_or(&manifest.mapping, |before| &before.mapping)
            .clone(),
        tags: new.tags,
        contacts: contacts(manifest, before.as_ref()),
        list: new.name,
        members: new.members,
        previous: superseded.clone().or_else(|| before.as_ref().and_then(|before| before.previous.clone())),
    };
    // The list before the previous one is no longer read. It is deleted first, so that a process that is killed here
    // leaves no list that no snapshot names. The previous list stays, because a plan may be reading it.
    let oldest = before.and_then(|before| before.previous).filter(|_| superseded.is_some());
    if let Some(oldest) =
        oldest.filter(|oldest| *oldest != snapshot.list && Some(oldest) != snapshot.previous.as_ref())
    {
        ports.objects.delete(&(&oldest.key(export)).into()).await?;
    }
    records.write(export, &snapshot).await?;
    kill_point::reach("snapshot.current");
    Ok(())
}

/// The list of members that the new snapshot names.
struct NewList {
    name: ListName,
    members: u64,
    tags: Vec<Tag>,
}

/// Writes and returns the new list of members. If the run changed nothing, returns the old list.
async fn new_list(
    ports: &Ports,
    records: &Records,
    manifest: &Manifest,
    before: Option<&Snapshot>,
) -> Result<NewList, RecordError> {
    let changes = changes(records, manifest).await?;
    if let Some(before) = before.filter(|_| changes.is_empty()) {
        return Ok(NewList { name: before.list.clone(), members: before.members, tags: before.tags.clone() });
    }
    let all_tags = manifest.all_tags();
    let tags = match before {
        Some(before) => united(&all_tags, &before.tags),
        None => all_tags,
    };
    let name = unused_name(manifest, before);
    let members = write_list(ports, manifest, before, changes, &name, &tags).await?;
    kill_point::reach("snapshot.list");
    Ok(NewList { name, members, tags })
}

fn unused_name(manifest: &Manifest, before: Option<&Snapshot>) -> ListName {
    let run = manifest.run.run.clone();
    let used = before.into_iter().flat_map(|before| [Some(&before.list), before.previous.as_ref()]).flatten();
    let n = used.filter(|list| list.run == run).map(|list| list.n + 1).max().unwrap_or_default();
    ListName { run, n }
}

/// Returns how many contacts each segment has. A segment that is not in the run keeps its number.
fn contacts(manifest: &Manifest, before: Option<&Snapshot>) -> BTreeMap<Tag, u64> {
    let mut contacts = before.map(|before| before.contacts.clone()).unwrap_or_default();
    // A follow-up run does not show which segments the export still has.
    contacts.retain(|tag, _| manifest.is_follow_up() || manifest.tags.contains(tag));
    contacts.extend(manifest.segments.iter().map(|segment| (segment.tag.clone(), segment.contacts)));
    contacts
}
