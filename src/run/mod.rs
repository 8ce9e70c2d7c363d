//! The records of a run, which pass its state from one stage to the next, and the types that they contain.

mod cautions;
mod chunk_ref;
mod consent;
mod counts;
mod findings;
mod forecast;
mod guard;
mod halted;
mod json_defect;
mod lines;
mod manifest;
mod mode;
mod parked;
mod queue_message;
mod receipt;
mod record;
mod report;
mod row_outcome;
mod segments;
mod snapshot;
mod tag_receipt;
mod tags;
mod trigger;

pub use cautions::cautions;
pub use chunk_ref::ChunkRef;
pub use consent::ConsentCounts;
pub use counts::{Counts, Planned, Settled, Unbalanced};
pub use findings::{
    CanaryIntent, Findings, SeenTags, SegmentFinding, TagEvidence, TagFinding, TagSetting, TagWay,
};
pub use forecast::{Forecast, ForecastRequests, Workload};
pub use guard::{Allowed, Guard, GuardLimits, GuardName, GuardNumbers, UnknownGuard, decide, stop_message};
pub use halted::Halted;
pub use json_defect::JsonDefect;
pub use lines::{
    ContactLine, LinesWriter, Origin, Place, REJECT_OUTCOME, REJECT_RUN, REJECT_TAGS, RejectedLine,
    RemovalLine, StoredContact, TAG_SEPARATOR, lines, unpack,
};
pub use manifest::{ChunkInfo, DryRun, Manifest, SegmentDrop};
pub use mode::{FullSendReason, Mode};
pub use parked::{Parked, RefusedDrop};
pub use queue_message::{Step, Work};
pub use receipt::{Batch, Contacts, Outcome, Progress, Receipt, Rejection, Resent, Unknown};
pub use record::{Canceled, Enqueued, Record};
pub use report::{Reason, Report, Requests, SourceObject, State, TagCounts};
pub use row_outcome::{DUPLICATE_REASON, RowOutcome};
pub use segments::{EnsuredSegment, EnsuredSegments, SegmentState, WantedSegment};
pub use snapshot::{Kept, ListName, Member, Members, MembersWriter, Snapshot, Translation, united};
pub use tag_receipt::{TagPart, TagReceipt};
pub use tags::{InlineTags, TagSet};
pub use trigger::Trigger;
