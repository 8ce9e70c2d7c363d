//! An export's `[[segments]]`: what each is called and where its files lie.

use crate::{
    contact::{InvalidText, Tag},
    keys::{Bucket, Location, is_bucket},
};

use super::{
    complete_on::{CompleteOn, complete_on},
    item::Item,
    section::Section,
    words::shown,
};

/// The longest name, in characters: Omnisend's limit on a segment's name.
const MAX_NAME: usize = 256;
/// The state's own folders. A segment read from one would export the product's own records.
const RESERVED: [&str; 7] =
    ["runs/", "connections/", "exports/", "schema/", "snapshots/", "findings/", "secrets/"];

/// A named set of profiles, as files under one prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    name: String,
    tag: Tag,
    path: Location,
    complete_on: CompleteOn,
}

impl Segment {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tag by which it shows in Omnisend: `segment: <name>` unless the export says otherwise.
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// The file, or what the keys of its files begin with.
    pub fn path(&self) -> &Location {
        &self.path
    }

    /// What says that a drop of it is complete.
    pub fn complete_on(&self) -> &CompleteOn {
        &self.complete_on
    }
}

/// The most segments of an export: its members' tags are kept as a set of 32, former ones included.
const MAX_SEGMENTS: usize = 16;

/// Reads the segments of an export, at least one.
pub(super) fn segments(root: &mut Section<'_>) -> Option<Vec<Segment>> {
    let list = root.required(
        "segments",
        "say what to send:\n    [[segments]]\n    name = \"VIP\"\n    path = \"segments/vip/\"",
    )?;
    let items = list.elements()?;
    let read: Vec<_> = items.iter().map(element).collect();
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
            "{} segments; an export takes {MAX_SEGMENTS} at most: make several exports",
            items.len()
        ));
    }
    (segments.len() == items.len()).then_some(segments)
}

fn refuse_repeated(item: &Item<'_>, segment: &Segment, before: &[Segment]) {
    if before.iter().any(|other| other.name == segment.name) {
        item.refuse::<()>(format_args!(
            "two segments are named `{}`; give each its own name",
            shown(&segment.name)
        ));
    } else if before.iter().any(|other| other.tag == segment.tag) {
        item.refuse::<()>(format_args!(
            "two segments have the tag `{}`; give each its own tag",
            segment.tag.as_str()
        ));
    }
}

fn element(item: &Item<'_>) -> Option<Segment> {
    let mut section = item.section()?;
    let name_item = section.required("name", "name the segment: name = \"VIP\"");
    let name = name_item.as_ref().and_then(|item| item.parse(name));
    let tag = match section.optional("tag") {
        Some(item) => item.parse(|text| Tag::try_from(text.to_owned()).map_err(|_| InvalidText::Tag(shown(text)))),
        None => name_item.zip(name.as_ref()).and_then(|(item, name)| {
            Tag::try_from(format!("segment: {name}")).ok().or_else(|| {
                item.refuse(
                    "the segment's tag would be `segment: ` and this name, and a tag takes at most 128 letters, \
                     digits, spaces, `_`, `-` and `:`; change the name, or add a tag = \"…\" of your own",
                )
            })
        }),
    };
    let path = section
        .required("path", "say where its files lie: path = \"segments/vip/\"")
        .and_then(|item| item.parse(path));
    let complete_on = complete_on(&mut section);
    section.finish();
    Some(Segment { name: name?, tag: tag?, path: path?, complete_on: complete_on? })
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let chars = text.chars().count();
    if text.is_empty() {
        Err("it is empty; put the segment's name".to_owned())
    } else if chars > MAX_NAME {
        Err(format!("{chars} characters; Omnisend takes {MAX_NAME} at most"))
    } else if text.chars().any(char::is_control) {
        Err("a line break or control character; remove it".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A folder or file of the state or of another bucket.
fn path(text: &str) -> Result<Location, String> {
    let location = Location::parse(text);
    let key = location.key.as_str();
    if text.trim().is_empty() {
        return Err("it is empty; put a folder such as \"segments/vip/\", or a file".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("a line break or control character; remove it".to_owned());
    }
    if key.split('/').any(|part| part == ".." || part == ".") {
        return Err("a path holds no `.` or `..`; write the folder in full".to_owned());
    }
    if text.contains('*') {
        return Err(
            "`*` does not stand for other characters here; put the folder, and every file in it is read"
                .to_owned(),
        );
    }
    match &location.bucket {
        Bucket::State => state_path(key)?,
        Bucket::Named(bucket) => bucket_path(bucket, key)?,
    }
    Ok(location)
}

fn state_path(key: &str) -> Result<(), String> {
    if let Some(bucket) = key.strip_prefix("s3://") {
        return bucket_path(bucket, "");
    }
    if key.contains("://") {
        return Err(format!(
            "`{}` is not a place that can be read; put s3://bucket/folder/, or a folder of the state",
            shown(key)
        ));
    }
    if key.starts_with('/') || key.contains('\\') {
        return Err(
            "a path starts with a folder of the state and has `/` between folders: segments/vip/".to_owned()
        );
    }
    // Both ways: what starts with `r` would take in what starts with `runs/`.
    match RESERVED.iter().find(|reserved| key.starts_with(**reserved) || reserved.starts_with(key)) {
        Some(reserved) => Err(format!(
            "`{}` takes in {reserved}, where the state keeps its own files; put the segment in another folder, \
             such as segments/",
            shown(key)
        )),
        None => Ok(()),
    }
}

fn bucket_path(bucket: &str, key: &str) -> Result<(), String> {
    if !is_bucket(bucket) {
        return Err(format!(
            "`{}` is not a bucket's name: it has 3 to 63 of a-z, 0-9, `.` and `-`",
            shown(bucket)
        ));
    }
    if key.is_empty() {
        return Err(format!("it names a whole bucket; put a folder of it: s3://{bucket}/segments/vip/"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_folder_or_file_of_the_state_or_of_a_bucket() {
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
    fn a_path_never_reaches_the_states_own_files() {
        for reserved in RESERVED {
            for path_ in
                [reserved, reserved.trim_end_matches('/'), &reserved[..1], &format!("{reserved}a.csv")]
            {
                let message = path(path_).unwrap_err();
                assert!(message.contains("takes in"), "{path_}: {message}");
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
