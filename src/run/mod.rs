//! What every stage shares: names, object keys, and the objects that cross from one stage to the next.

mod consent;
mod counts;
mod flaw;
mod guard;
mod keys;
mod lines;
mod manifest;
mod name;
mod receipt;
mod report;
mod tags;
mod trigger;
mod work;

pub use consent::ConsentCounts;
pub use counts::{Counts, Planned, Settled, Unbalanced};
pub(crate) use flaw::flaw;
pub use guard::{Allowed, FEW, Guard, GuardLimits, GuardName, Numbers, UnknownGuard, decide, stopped};
pub use keys::{Bucket, Key, Location, Prefix};
pub use lines::{ContactLine, LinesWriter, Origin, Place, RefusedLine, StoredContact, lines, unpack};
pub use manifest::{ChunkInfo, DryRun, Manifest, Mode};
pub use name::{ConnectionName, ExportName, InvalidName, RunId, RunRef};
pub use receipt::{Batch, Contacts, Outcome, Parked, Receipt, RefusedDrop, Rejection, Unknown};
pub use report::{ByReason, Forecast, Reason, Report, Requests, SourceLine, State};
pub use tags::{InlineTags, TagSet};
pub use trigger::Trigger;
pub use work::{Step, Work};
