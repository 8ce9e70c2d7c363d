//! Works off the queue in this process, for the command line: no Lambda function receives its messages.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::handle::Handled;
use crate::{
    app::{application::App, error::AppError},
    keys::RunRef,
    run::{Report, Work},
};

/// How working the queue off ended.
#[derive(Debug)]
pub enum Ended {
    Finished(Box<Report>),
    /// It was asked to stop. The state holds what was sent; the run can be resumed.
    Interrupted,
}

impl App {
    /// Handles messages until the queue is empty, and returns the report of `run`.
    pub async fn work_off(&self, run: &RunRef, stop: &CancellationToken) -> Result<Ended, AppError> {
        let queue = &self.ports().queue;
        let mut finished = None;
        while let Some(delivery) = queue.receive(1).await?.pop() {
            let work: Work =
                serde_json::from_str(&delivery.body).map_err(|error| AppError::Message((&error).into()))?;
            match self.handle(&work, stop, None).await? {
                Handled::Unfinished | Handled::MoreToSettle => {
                    queue.release(&delivery.handle, Duration::ZERO).await?;
                    if stop.is_cancelled() {
                        return Ok(Ended::Interrupted);
                    }
                    continue;
                }
                Handled::Finished(report) if report.run == *run => finished = Some(report),
                Handled::Finished(_) | Handled::Done => {}
            }
            queue.delete(&delivery.handle).await?;
            if stop.is_cancelled() && finished.is_none() {
                return Ok(Ended::Interrupted);
            }
        }
        finished.map(Ended::Finished).ok_or_else(|| AppError::NoReport { run: run.clone() })
    }
}
