//! An export's `[[segments]]`: the name, the tag and the files of each.

use crate::{
    contact::{InvalidText, Tag},
    keys::{Bucket, Location, RESERVED_FOLDERS, is_bucket_name},
    wording::quoted,
};

use super::{
    complete_on::{CompleteOn, complete_on},
    item::Item,
    section::Section,
    text::{short_text, without_control_characters},
};

/// The longest name, in characters: Omnisend's limit for the name of a segment.
const MAX_NAME: usize = 256;

/// The most segments of an export. A member's tag set holds 32 tags, and former tags need room too.
const MAX_SEGMENTS: usize = 16;

/// A named set of profiles, stored as files under one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    name: String,
    tag: Tag,
    path: Location,
    complete_on: CompleteOn,
}

impl Segment {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the tag of its contacts in Omnisend: `segment: <name>`, unless the export sets another one.
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// Returns the segment's file, or the prefix of its files' keys.
    pub fn path(&self) -> &Location {
        &self.path
    }

    pub fn complete_on(&self) -> &CompleteOn {
        &self.complete_on
    }
}

/// Reads the segments of an export, at least one.
pub(super) fn segments(root: &mut Section<'_>) -> Option<Vec<Segment>> {
    let advice = "add what to send:\n    [[segments]]\n    name = \"VIP\"\n    path = \"segments/vip/\"";
    let list = root.required("segments", advice)?;
    let items = list.elements()?;
    let read: Vec<_> = items.iter().map(segment).collect();
    let mut segments: Vec<Segment> = Vec::new();
    for (item, segment) in items.iter().zip(read) {
        if let Some(segment) = segment {
            refuse_repeated(item, &segment, &segments);
            segments.push(segment);
        }
    }
    if items.is_empty() {
        return list.refuse("it is empty; add a segment with its name and path");
    }
    if items.len() > MAX_SEGMENTS {
        return list.refuse(format_args!(
            "it has {} segments; an export can have at most {MAX_SEGMENTS}, so make several exports",
            items.len()
        ));
    }
    (segments.len() == items.len()).then_some(segments)
}

fn refuse_repeated(item: &Item<'_>, segment: &Segment, before: &[Segment]) {
    if before.iter().any(|other| other.name == segment.name) {
        item.refuse::<()>(format_args!(
            "two segments are named `{}`; give each its own name",
            quoted(&segment.name)
        ));
    } else if before.iter().any(|other| other.tag == segment.tag) {
        item.refuse::<()>(format_args!(
            "two segments have the tag `{}`; give each its own tag",
            segment.tag.as_str()
        ));
    }
}

fn segment(item: &Item<'_>) -> Option<Segment> {
    let mut section = Section::of(item)?;
    let name_item = section.required("name", "name the segment: name = \"VIP\"");
    let name = name_item.as_ref().and_then(|item| item.parse(name));
    let tag = match section.optional("tag") {
        Some(item) => {
            item.parse(|text| Tag::try_from(text.to_owned()).map_err(|_| InvalidText::Tag(quoted(text))))
        }
        None => name_item.zip(name.as_ref()).and_then(|(item, name)| default_tag(&item, name)),
    };
    let advice = "name the folder of its files: path = \"segments/vip/\"";
    let path = section.read_required("path", advice, |item| item.parse(path));
    let complete_on = complete_on(&mut section);
    section.finish();
    Some(Segment { name: name?, tag: tag?, path: path?, complete_on: complete_on? })
}

fn default_tag(item: &Item<'_>, name: &str) -> Option<Tag> {
    Tag::try_from(format!("segment: {name}")).ok().or_else(|| {
        item.refuse(
            "the segment's tag would be `segment: ` and this name, but a tag can have only letters, digits, spaces, `_`, \
             `-` and `:`, 128 at most; change the name, or set tag = \"…\"",
        )
    })
}

fn name(text: &str) -> Result<String, String> {
    short_text(text, MAX_NAME, "put the segment's name")
}

/// Returns a folder or file of the state or of another bucket.
fn path(text: &str) -> Result<Location, String> {
    if text.trim().is_empty() {
        return Err("it is empty; put a folder, such as \"segments/vip/\", or a file".to_owned());
    }
    let location = Location::parse(without_control_characters(text)?);
    let key = location.key.as_str();
    if key.split('/').any(|part| part == ".." || part == ".") {
        return Err("a path cannot contain `.` or `..`; write the folder in full".to_owned());
    }
    if text.contains('*') {
        return Err(
            "wildcards (`*`) are not supported; put the folder, and every file in it is read".to_owned()
        );
    }
    match &location.bucket {
        Bucket::State => check_state_path(key)?,
        Bucket::Named(bucket) => check_bucket_path(bucket, key)?,
    }
    Ok(location)
}

fn check_state_path(key: &str) -> Result<(), String> {
    if let Some(bucket) = key.strip_prefix("s3://") {
        return check_bucket_path(bucket, "");
    }
    if key.contains("://") {
        return Err(format!(
            "`{}` is not a supported location; put s3://bucket/folder/ or a folder of the state",
            quoted(key)
        ));
    }
    if key.starts_with('/') || key.contains('\\') {
        return Err(
            "a path begins with a folder of the state and has `/` between folders, such as segments/vip/"
                .to_owned(),
        );
    }
    // In both directions: a path `r` includes the keys that begin with `runs/`.
    let overlaps = |reserved: &&str| key.starts_with(reserved) || reserved.starts_with(key);
    match RESERVED_FOLDERS.iter().copied().find(overlaps) {
        Some(reserved) => Err(format!(
            "`{}` includes {reserved}, which is reserved for the state's own files; put another folder, such as \
             segments/",
            quoted(key)
        )),
        None => Ok(()),
    }
}

fn check_bucket_path(bucket: &str, key: &str) -> Result<(), String> {
    if !is_bucket_name(bucket) {
        return Err(format!(
            "`{}` is not a bucket name; use 3 to 63 of a-z, 0-9, `.` and `-`",
            quoted(bucket)
        ));
    }
    if key.is_empty() {
        return Err(format!(
            "it names a whole bucket; put a folder of it, such as s3://{bucket}/segments/vip/"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_folders_and_files_of_the_state_or_a_bucket() {
        for good in [
            "segments/vip/",
            "segments/vip.csv",
            "drop/a..b.csv",
            "runs-2026/",
            "s3://lake/runs/",
            "s3://lake/out/vip b+é%.csv",
        ] {
            assert_eq!(path(good), Ok(Location::parse(good)), "{good}");
        }
    }

    #[test]
    fn rejects_reserved_folders_and_unsupported_locations() {
        for reserved in RESERVED_FOLDERS {
            for path_ in
                [reserved, reserved.trim_end_matches('/'), &reserved[..1], &format!("{reserved}a.csv")]
            {
                let message = path(path_).unwrap_err();
                assert!(message.contains("which is reserved"), "{path_}: {message}");
            }
        }
        for bad in [
            "",
            " ",
            "..",
            "segments/../runs/",
            "./segments/",
            "/segments/",
            "segments\\vip",
            "segments/*.csv",
            "s3://lake",
            "s3://lake/",
            "s3:///vip/",
            "s3://Lake/vip/",
            "s3://lake/../vip",
            "S3://lake/vip/",
            "https://example.com/vip.csv",
            "segments/\nvip",
        ] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
    }
}
