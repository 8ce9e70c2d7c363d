//! How a message was handled.

use crate::run::Report;

#[derive(Debug)]
pub enum Handled {
    /// The message's work is done: delete it.
    Done,
    /// The message's work is done, and the run is over.
    Finished(Box<Report>),
    /// There is work left, and it has to wait: release the message.
    HandedBack,
    /// There is settlement work left that can continue at once: release the message.
    More,
}
