//! What every stage shares: names, object keys, and the objects that cross from one stage to the next.

mod chunk_ref;
mod consent;
mod counts;
mod findings;
mod flaw;
mod forecast;
mod guard;
mod halted;
mod lines;
mod manifest;
mod parked;
mod receipt;
mod record;
mod report;
mod row_outcome;
mod segments;
mod snapshot;
mod tag_receipt;
mod tags;
mod trigger;
mod work;

// Until every room takes them from `keys`.
pub use crate::keys::{
    Bucket, ConnectionName, ExportName, InvalidName, Key, Location, Prefix, RunId, RunRef,
};
pub use chunk_ref::ChunkRef;
pub use consent::ConsentCounts;
pub use counts::{Counts, Planned, Settled, Unbalanced};
pub use findings::{
    CanaryIntent, Findings, SeenTags, SegmentFinding, TagEvidence, TagFinding, TagSetting, TagWay,
};
pub use flaw::JsonFlaw;
pub(crate) use flaw::flaw;
pub use forecast::{Asked, Forecast, Prospect};
pub use guard::{Allowed, FEW, Guard, GuardLimits, GuardName, Numbers, UnknownGuard, decide, stopped};
pub use halted::Halted;
pub use lines::{
    ContactLine, LinesWriter, Origin, Place, REJECT_OUTCOME, REJECT_RUN, REJECT_TAGS, RefusedLine,
    RemovalLine, StoredContact, TAGS_BETWEEN, lines, unpack,
};
pub use manifest::{ChunkInfo, DryRun, Manifest, Mode, SegmentDrop, SendsAll};
pub use parked::{Parked, RefusedDrop};
pub use receipt::{Batch, Contacts, Outcome, Progress, Receipt, Rejection, Resent, Unknown};
pub use record::{Canceled, Enqueued, Record};
pub use report::{Reason, Report, Requests, SourceLine, State, TagCounts};
pub use row_outcome::RowOutcome;
pub use segments::{EnsuredSegment, EnsuredSegments, SegmentState, WantedSegment};
pub use snapshot::{Kept, ListName, Member, Members, MembersWriter, Snapshot, Translation, united};
pub use tag_receipt::{TagPart, TagReceipt};
pub use tags::{InlineTags, TagSet};
pub use trigger::Trigger;
pub use work::{Step, Work};
