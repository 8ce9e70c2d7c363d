//! An export's file: `exports/<connection>/<export>.toml`.

use crate::{
    contact::{Mapping, Tag},
    keys::{ConnectionName, ExportName},
    run::{GuardLimits, Mode},
    source::Reading,
};

use super::{
    connection::display_name,
    document::Document,
    guards::{guards, max_profiles},
    item::Item,
    mapping::{defaults, mapping},
    problem::ConfigError,
    reading::reading,
    section::Section,
    segment::{Segment, segments},
};

/// What goes where: a connection, a segment, how its rows become contacts, and the mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    name: ExportName,
    connection: ConnectionName,
    display_name: String,
    mode: Mode,
    schedule: bool,
    create_segment: bool,
    segments: Vec<Segment>,
    reading: Reading,
    guards: GuardLimits,
    mapping: Mapping,
}

impl Export {
    /// Its name: the file's stem, unique over all connections.
    pub fn name(&self) -> &ExportName {
        &self.name
    }

    /// The connection that it sends through: the file's folder.
    pub fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    /// The export as people call it.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// Which profiles a run sends.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether it is part of every scheduled run.
    pub fn schedule(&self) -> bool {
        self.schedule
    }

    /// Whether Omnisend is to have a segment for each of its own, on its tag.
    pub fn create_segment(&self) -> bool {
        self.create_segment
    }

    /// The segments that it sends, at least one. Where a contact is in several, what the first says is sent.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Its segments' tags, in their order.
    pub fn tags(&self) -> Vec<Tag> {
        self.segments().iter().map(|segment| segment.tag().clone()).collect()
    }

    /// How its files are read.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// What stops a run of it before its first request.
    pub fn guards(&self) -> &GuardLimits {
        &self.guards
    }

    /// How a row becomes a contact.
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
    let built = read(document.root(), name, connection);
    document.finish(built)
}

fn read(mut root: Section<'_>, name: ExportName, connection: ConnectionName) -> Option<Export> {
    let display_name = root
        .required("display_name", "say how people call the export: display_name = \"VIP customers\"")
        .and_then(|item| item.parse(display_name));
    let mode = root.optional("mode").map_or(Some(Mode::Changes), |item| mode(&item));
    let schedule = root.boolean("schedule");
    let create_segment = root.boolean("create_segment");
    let max_profiles = max_profiles(&mut root);
    // Before any table: a table then knows which of its keys belong above it.
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
