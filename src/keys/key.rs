//! Every object key of the state.

use std::fmt;

use super::{Bucket, ConnectionName, ExportName, Location, RunRef};

/// The folders of the state's own objects. A segment read from one of them would export the product's own records.
pub const RESERVED_FOLDERS: [&str; 7] =
    ["runs/", "connections/", "exports/", "schema/", "snapshots/", "findings/", "secrets/"];

impl Location {
    /// Whether this is one of the state's own objects, which are never part of a drop.
    pub fn is_reserved(&self) -> bool {
        self.bucket == Bucket::State && RESERVED_FOLDERS.iter().any(|reserved| self.key.starts_with(reserved))
    }
}

/// An object in the state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A connection's configuration. Administrators write it.
    Connection(ConnectionName),
    /// An export's configuration. Contributors of its connection write it.
    Export(ConnectionName, ExportName),
    /// The JSON Schema of export files, for editors.
    ExportSchema,
    /// The JSON Schema of connection files, for editors.
    ConnectionSchema,
    /// What a run sends, from which objects and how. A run exists once its manifest does.
    Manifest(RunRef),
    /// Marks a run whose messages were sent.
    Enqueued(RunRef),
    /// Prepared contacts, one per line: `chunks/<n>`.
    Chunk(RunRef, u32),
    /// The same chunk, rewritten with opt-outs from later rows: `chunks/<n>-revised`.
    Revised(RunRef, u32),
    /// Rows that the plan rejected, one per line: `refused/<n>`.
    Refused(RunRef, u32),
    /// What a chunk's upload had sent when it stopped early. Replaced as the upload continues.
    Progress(RunRef, u32),
    /// The chunk's batches and counts. A chunk is done once its receipt exists.
    Receipt(RunRef, u32),
    /// The batches that settling posted again because Omnisend had stopped the original ones.
    Resent(RunRef, u32),
    /// The outcome of each of a chunk's contacts. A chunk is settled once this exists.
    Outcome(RunRef, u32),
    /// The mark of a canceled run. A stage that finds it sends nothing more.
    Canceled(RunRef),
    /// Why the run was halted: Omnisend refused too many contacts in a row.
    Halted(RunRef),
    /// Why the run is parked. A parked run has no messages in the queue.
    Parked(RunRef),
    /// Progress of adding tags to a chunk's contacts.
    Tagged(RunRef, u32),
    /// Contacts that lose tags, one per line: `removals/<n>`.
    Removals(RunRef, u32),
    /// Progress of removing tags.
    Untagged(RunRef, u32),
    /// The state of the Omnisend segments that the run creates.
    Segments(RunRef),
    /// What was learned about a connection's brand.
    Findings(ConnectionName),
    /// The name of an export's current list of members.
    Snapshot(ExportName),
    /// A list of members with a hash of what was last sent for each: `snapshots/<export>/<run>-<n>`, where the run is
    /// the one that wrote it.
    Members(RunRef, u32),
    /// The last drop of an export that could not be planned, and why.
    RefusedDrop(ExportName),
    /// Every row or contact that did not arrive, for spreadsheets.
    RejectsCsv(RunRef),
    /// The same rows with exact values, for programs.
    RejectsNdjson(RunRef),
    /// A copy of a corrected rejects file that is replayed: `corrections/<hash of the file>.csv`.
    Corrections(RunRef, u64),
    /// The report for programs. A run is finished once this exists.
    ReportJson(RunRef),
    /// The report for people.
    ReportHtml(RunRef),
}

impl Key {
    /// Parses the key of a configuration file, as a listing returns it. Returns `None` for any other key.
    pub fn parse_config(key: &str) -> Option<Self> {
        let mut parts = key.strip_suffix(".toml")?.split('/');
        match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
            ("connections", connection, None, None) => Some(Self::Connection(connection.parse().ok()?)),
            ("exports", connection, Some(export), None) => {
                Some(Self::Export(connection.parse().ok()?, export.parse().ok()?))
            }
            _ => None,
        }
    }

    /// Returns the run that an object belongs to.
    pub fn run_of(location: &Location) -> Option<RunRef> {
        let mut parts = location.key.strip_prefix("runs/")?.split('/');
        let (export, run) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().map(|_| RunRef { export, run })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(connection) => write!(f, "connections/{connection}.toml"),
            Self::Export(connection, export) => write!(f, "exports/{connection}/{export}.toml"),
            Self::ExportSchema => f.write_str("schema/export.schema.json"),
            Self::ConnectionSchema => f.write_str("schema/connection.schema.json"),
            Self::Manifest(run) => write!(f, "runs/{run}/manifest.json"),
            Self::Enqueued(run) => write!(f, "runs/{run}/enqueued.json"),
            Self::Chunk(run, n) => write!(f, "runs/{run}/chunks/{n:05}.ndjson.zst"),
            Self::Revised(run, n) => write!(f, "runs/{run}/chunks/{n:05}-revised.ndjson.zst"),
            Self::Refused(run, n) => write!(f, "runs/{run}/refused/{n:05}.ndjson.zst"),
            Self::Progress(run, n) => write!(f, "runs/{run}/progress/{n:05}.json"),
            Self::Receipt(run, n) => write!(f, "runs/{run}/receipts/{n:05}.json"),
            Self::Resent(run, n) => write!(f, "runs/{run}/resent/{n:05}.json"),
            Self::Outcome(run, n) => write!(f, "runs/{run}/outcomes/{n:05}.json"),
            Self::Tagged(run, n) => write!(f, "runs/{run}/tagged/{n:05}.json"),
            Self::Removals(run, n) => write!(f, "runs/{run}/removals/{n:05}.ndjson.zst"),
            Self::Untagged(run, n) => write!(f, "runs/{run}/untagged/{n:05}.json"),
            Self::Segments(run) => write!(f, "runs/{run}/segments.json"),
            Self::Findings(connection) => write!(f, "findings/{connection}.json"),
            Self::Canceled(run) => write!(f, "runs/{run}/canceled"),
            Self::Halted(run) => write!(f, "runs/{run}/halted.json"),
            Self::Parked(run) => write!(f, "runs/{run}/parked.json"),
            Self::Snapshot(export) => write!(f, "snapshots/{export}/current.json"),
            Self::Members(run, n) => write!(f, "snapshots/{}/{}-{n:03}.zst", run.export, run.run),
            Self::RefusedDrop(export) => write!(f, "runs/{export}/refused-drop.json"),
            Self::RejectsCsv(run) => write!(f, "runs/{run}/rejects.csv"),
            Self::RejectsNdjson(run) => write!(f, "runs/{run}/rejects.ndjson"),
            Self::Corrections(run, hash) => write!(f, "runs/{run}/corrections/{hash:016x}.csv"),
            Self::ReportJson(run) => write!(f, "runs/{run}/report.json"),
            Self::ReportHtml(run) => write!(f, "runs/{run}/report.html"),
        }
    }
}

/// Objects whose keys share a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prefix {
    Connections,
    Exports,
    Runs(ExportName),
    Run(RunRef),
    Receipts(RunRef),
    /// A segment's folder or file, as the export names it.
    Source(Location),
}

impl Prefix {
    pub fn location(&self) -> Location {
        match self {
            Self::Connections => Location::state("connections/".to_owned()),
            Self::Exports => Location::state("exports/".to_owned()),
            Self::Runs(export) => Location::state(format!("runs/{export}/")),
            Self::Run(run) => Location::state(format!("runs/{run}/")),
            Self::Receipts(run) => Location::state(format!("runs/{run}/receipts/")),
            Self::Source(location) => location.clone(),
        }
    }
}

impl From<&Key> for Location {
    fn from(key: &Key) -> Self {
        Self::state(key.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_match_the_documented_layout() {
        let run =
            RunRef { export: "vip".parse().unwrap(), run: "20261123t100000z-1a2b3c4d".parse().unwrap() };
        let at = "runs/vip/20261123t100000z-1a2b3c4d";
        assert_eq!(Key::Connection("acme".parse().unwrap()).to_string(), "connections/acme.toml");
        assert_eq!(
            Key::Export("acme".parse().unwrap(), "vip".parse().unwrap()).to_string(),
            "exports/acme/vip.toml"
        );
        assert_eq!(Key::Manifest(run.clone()).to_string(), format!("{at}/manifest.json"));
        assert_eq!(Key::Chunk(run.clone(), 3).to_string(), format!("{at}/chunks/00003.ndjson.zst"));
        assert_eq!(Key::Revised(run.clone(), 3).to_string(), format!("{at}/chunks/00003-revised.ndjson.zst"));
        assert_eq!(Key::Receipt(run.clone(), 99_999).to_string(), format!("{at}/receipts/99999.json"));
        assert_eq!(Key::ReportJson(run).to_string(), format!("{at}/report.json"));
    }

    #[test]
    fn parses_the_key_of_a_configuration_file() {
        for key in [
            Key::Connection("acme".parse().unwrap()),
            Key::Export("acme".parse().unwrap(), "vip".parse().unwrap()),
        ] {
            assert_eq!(Key::parse_config(&key.to_string()), Some(key));
        }
        for stray in [
            "",
            "connections",
            "connections/",
            "connections/.toml",
            "connections/acme",
            "connections/acme.toml.bak",
            "connections/a/b.toml",
            "exports/vip.toml",
            "exports/acme/VIP.toml",
            "exports/acme/old/vip.toml",
            "runs/acme/vip.toml",
        ] {
            assert_eq!(Key::parse_config(stray), None, "{stray}");
        }
    }
}
