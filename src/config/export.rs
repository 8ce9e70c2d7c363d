//! An export's file: `exports/<connection>/<export>.toml`.

use crate::{
    contact::{Mapping, Tag},
    keys::{ConnectionName, ExportName},
    run::{GuardLimits, Mode},
};
use segment_files::ReadOptions;

use super::{
    defaults::defaults,
    document::Document,
    guards::{guards, max_profiles},
    item::Item,
    mapping::mapping,
    problem::ConfigError,
    section::Section,
    segment::{Segment, segments},
    text::display_name,
};
use crate::config::read_options::reading;

/// A connection, one or more segments, a mapping and a mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    name: ExportName,
    connection: ConnectionName,
    display_name: String,
    mode: Mode,
    schedule: bool,
    create_segment: bool,
    segments: Vec<Segment>,
    reading: ReadOptions,
    guards: GuardLimits,
    mapping: Mapping,
}

impl Export {
    /// Returns the stem of the file's name. It is unique across connections.
    pub fn name(&self) -> &ExportName {
        &self.name
    }

    /// Returns the name of the file's folder.
    pub fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the schedule runs this export.
    pub fn schedule(&self) -> bool {
        self.schedule
    }

    /// Whether runs create a segment in Omnisend for each of the export's segments, based on its tag.
    pub fn create_segment(&self) -> bool {
        self.create_segment
    }

    /// Returns the segments, at least one. A contact in several of them is sent with the values of the first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the tags of the segments, in the same order.
    pub fn tags(&self) -> Vec<Tag> {
        self.segments().iter().map(|segment| segment.tag().clone()).collect()
    }

    pub fn reading(&self) -> &ReadOptions {
        &self.reading
    }

    pub fn guards(&self) -> &GuardLimits {
        &self.guards
    }

    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }
}

/// Reads an export's file. `file` is its key, for messages.
pub fn export(
    name: ExportName,
    connection: ConnectionName,
    file: &str,
    text: &[u8],
) -> Result<Export, ConfigError> {
    let document = Document::parse(file, text)?;
    let built = read(Section::root(&document), name, connection);
    document.finish(built)
}

fn read(mut root: Section<'_>, name: ExportName, connection: ConnectionName) -> Option<Export> {
    let advice = "give the export a name: display_name = \"VIP customers\"";
    let display_name = root.read_required("display_name", advice, |item| item.parse(display_name));
    let mode = root.read_or("mode", Mode::Changes, mode);
    let schedule = root.boolean("schedule");
    let create_segment = root.boolean("create_segment");
    let max_profiles = max_profiles(&mut root);
    // Before any table is read: see `defaults`.
    let defaults = defaults(&mut root);
    let guards = guards(&mut root);
    let reading = reading(&mut root);
    let segments = segments(&mut root);
    let mapping = mapping(&mut root, defaults);
    root.finish();

    Some(Export {
        name,
        connection,
        display_name: display_name?,
        mode: mode?,
        schedule: schedule?,
        create_segment: create_segment?,
        segments: segments?,
        reading: reading?,
        guards: GuardLimits { max_profiles: max_profiles?, ..guards? },
        mapping: mapping?,
    })
}

fn mode(item: &Item<'_>) -> Option<Mode> {
    item.choice("a mode", &[Mode::Full, Mode::Changes, Mode::Mirror].map(|mode| (mode.as_str(), mode)))
}
