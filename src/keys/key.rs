//! Every object key there is. Nothing else builds a path.

use std::fmt;

use super::{Bucket, ConnectionName, ExportName, Location, RunRef};

/// An object of the state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A connection's configuration; administrators write it.
    Connection(ConnectionName),
    /// An export's configuration; contributors of its connection write it.
    Export(ConnectionName, ExportName),
    /// The JSON Schema of exports' files, for editors.
    ExportSchema,
    /// The JSON Schema of connections' files, for editors.
    ConnectionSchema,
    /// What a run sends, where from and how; the run exists from here on.
    Manifest(RunRef),
    /// The run's messages are sent.
    Enqueued(RunRef),
    /// Prepared contacts, one a line: `chunks/<n>`.
    Chunk(RunRef, u32),
    /// The same chunk, with the opt-outs of later rows in it: `chunks/<n>-revised`.
    Revised(RunRef, u32),
    /// Rows that the plan did not turn into contacts, one a line: `refused/<n>`.
    Refused(RunRef, u32),
    /// What a chunk's upload had sent when it had to stop early; replaced as it goes on.
    Progress(RunRef, u32),
    /// What a chunk's upload wrote down; the chunk is done from here on.
    Receipt(RunRef, u32),
    /// What settling posted again of a chunk, because Omnisend had stopped its batch.
    Resent(RunRef, u32),
    /// What became of a chunk's contacts; the chunk is settled from here on.
    Outcome(RunRef, u32),
    /// Its presence stops the run at the next batch.
    Canceled(RunRef),
    /// Why nothing more is sent of the run: Omnisend refuses it all.
    Halted(RunRef),
    /// Why the run waits for a person; its messages are taken off the queue meanwhile.
    Parked(RunRef),
    /// What settling added of a chunk's tags, or how far it got.
    Tagged(RunRef, u32),
    /// Whose tags are to be taken away, one a line: `removals/<n>`.
    Removals(RunRef, u32),
    /// What settling took away of them, or how far it got.
    Untagged(RunRef, u32),
    /// What became of the segments that the run was to see to in Omnisend.
    Segments(RunRef),
    /// What was found out about a connection's brand.
    Findings(ConnectionName),
    /// What names an export's list of members: who was sent as what.
    Snapshot(ExportName),
    /// A list of members, by the run that settled it and how often it did: `snapshots/<export>/<run>-<n>`.
    Members(RunRef, u32),
    /// The last drop of an export that no run could be made of, and why.
    RefusedDrop(ExportName),
    /// Every row or contact that did not arrive, for a spreadsheet.
    RejectsCsv(RunRef),
    /// The same, exact, for a program.
    RejectsNdjson(RunRef),
    /// Its rejects, corrected by somebody who has them replayed: `corrections/<hash of the file>.csv`.
    Corrections(RunRef, u64),
    /// The report for programs; the run is finished from here on.
    ReportJson(RunRef),
    /// The report for people.
    ReportHtml(RunRef),
}

impl Key {
    /// The configuration file that lies at a key of the state, if one does: a listing read back to names.
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
}

impl Location {
    /// Whether it is one of the state's own objects, which no drop is.
    pub fn is_own(&self) -> bool {
        const OWN: [&str; 7] =
            ["runs/", "connections/", "exports/", "schema/", "snapshots/", "findings/", "secrets/"];
        self.bucket == Bucket::State && OWN.iter().any(|own| self.key.starts_with(own))
    }
}

impl Key {
    /// The run that an object of the state belongs to.
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

/// A set of objects that share the beginning of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prefix {
    /// Every connection's configuration.
    Connections,
    /// Every export's configuration.
    Exports,
    /// Every run of an export.
    Runs(ExportName),
    /// Everything of one run.
    Run(RunRef),
    /// A run's receipts.
    Receipts(RunRef),
    /// A segment's folder or file, as the export names it.
    Source(Location),
}

impl Prefix {
    /// Where the prefix lies.
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
    fn keys_are_those_of_the_design() {
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
    fn a_configuration_files_key_reads_back() {
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
