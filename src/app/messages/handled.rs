//! How a message was handled.

use crate::run::Report;

#[derive(Debug)]
pub enum Handled {
    /// The message's work is done: delete it.
    Done,
    /// The message's work is done, and the run is over.
    Finished(Box<Report>),
    /// There is work left, because time ran out, the process has to stop, or Omnisend is not done: release the message.
    Unfinished,
    /// Omnisend is done, and there are tags or segments left to change: release the message.
    MoreToSettle,
}
