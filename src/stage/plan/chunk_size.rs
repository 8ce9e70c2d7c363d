//! How many contacts a chunk has.

use crate::{config::Connection, test_scale};

/// The most contacts in a chunk: an upload holds one chunk in memory.
const MAX_CONTACTS: u32 = 100_000;

/// Returns the number of contacts in a chunk: those of one minute of the connection's budget. A handover between
/// invocations then costs little, and little is sent twice after a crash.
pub(super) fn chunk_contacts(connection: &Connection) -> u32 {
    test_scale::chunk(connection.budget().get().saturating_mul(connection.batch_size()).min(MAX_CONTACTS))
}
