//! How many contacts a chunk has.

use crate::{config::Connection, test_scale};

/// The most contacts in a chunk: an upload holds one chunk in memory.
const MAX_CONTACTS: u32 = 100_000;

/// Returns the number of contacts in a chunk: as many as the connection's budget can send in one minute. Then handovers
/// between invocations cost little, and little is sent twice after a crash.
pub(super) fn chunk_contacts(connection: &Connection) -> u32 {
    test_scale::chunk(connection.budget().get().saturating_mul(connection.batch_size()).min(MAX_CONTACTS))
}
