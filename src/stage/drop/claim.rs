//! How a written object relates to an export, by its location alone.

use crate::stage::drop::object_names::{below, completes, is_file};
use crate::{
    config::{CompleteOn, Export, Segment},
    keys::Location,
};

/// How a written object relates to an export or a segment, from the weakest claim to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// It is outside of the segment's path, or hidden.
    None,
    /// It is a file of a drop that a marker completes.
    Part,
    /// It may be a file in a list. If the files arrive after their list, the last file completes the drop.
    Listed,
    /// It completes a drop.
    Completes,
}

/// Returns the strongest claim that a segment of the export has on an object.
pub fn claims(export: &Export, object: &Location) -> Claim {
    export.segments().iter().map(|segment| claim(segment, object)).max().unwrap_or(Claim::None)
}

/// Returns the segment's claim on an object.
pub fn claim(segment: &Segment, object: &Location) -> Claim {
    let (path, on) = (segment.path(), segment.complete_on());
    if path.bucket != object.bucket {
        return Claim::None;
    }
    match on {
        on if completes(&object.key, &path.key, on) => Claim::Completes,
        CompleteOn::Marker(_) if is_file(&object.key, &path.key) => Claim::Part,
        CompleteOn::Manifest | CompleteOn::Model { .. } if below(&object.key, &path.key).is_some() => {
            Claim::Listed
        }
        _ => Claim::None,
    }
}
