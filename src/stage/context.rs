//! The context of a stage that sends requests.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Observer, Records};
use crate::ports::Ports;
use omnisend::Client;

/// What a stage that sends requests needs, apart from its run.
#[derive(Debug)]
pub struct StageContext<'a> {
    pub ports: &'a Ports,
    /// The connection's client.
    pub client: &'a Client,
    pub observer: &'a dyn Observer,
    /// When it is canceled, the stage finishes the requests in flight, writes its records and returns.
    pub stop: &'a CancellationToken,
    /// The stage returns before this time, if there is one.
    pub deadline: Option<Instant>,
}

impl StageContext<'_> {
    pub fn records(&self) -> Records {
        Records::new(self.ports.objects.clone())
    }
}
