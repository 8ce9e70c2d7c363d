//! Handles queue messages. SQS redelivers the messages that the answer names as failed, and deletes the others.

use std::time::Duration;

use lambda_runtime::Context;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{event::Received, metrics};
use crate::{
    app::{App, AppError, Handled},
    ports::{
        clock::{Clock as _, SystemClock},
        queue::Handle,
    },
    retry_policies::messages::{LAST_RECEIVE, RESERVE, delay_after},
    run::{Report, Step, Work},
};

/// What SQS must do with a message that was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Delete,
    /// The message was released.
    Redeliver,
}

/// Handles messages in order, up to the first that must be delivered again: later messages of its group must not
/// overtake it, and an invocation gets messages of one group only. Returns the answer for SQS, which names the messages
/// to redeliver.
pub(super) async fn handle(app: &App, state_bucket: &str, messages: &[Received], context: &Context) -> Value {
    let deadline = deadline(context);
    let mut done = 0;
    for message in messages {
        match handle_message(app, state_bucket, message, deadline).await {
            Ok(Next::Delete) => done += 1,
            Ok(Next::Redeliver) => break,
            Err(error) => {
                // A message that can never be handled goes to the dead-letter queue without delay, so that its brand
                // does not wait.
                let is_hopeless = matches!(error, AppError::Message(_) | AppError::NoRun { .. });
                let after = if is_hopeless { Duration::ZERO } else { delay_after(receives(message)) };
                release(app, message, after).await;
                break;
            }
        }
    }
    let failures: Vec<Value> =
        messages.iter().skip(done).map(|message| json!({ "itemIdentifier": message.message_id })).collect();
    json!({ "batchItemFailures": failures })
}

async fn handle_message(
    app: &App,
    state_bucket: &str,
    message: &Received,
    deadline: Instant,
) -> Result<Next, AppError> {
    let work: Work = match serde_json::from_str(&message.body) {
        Ok(work) => work,
        Err(error) => {
            let error = AppError::Message((&error).into());
            tracing::error!(%error, message.id = message.message_id, "the message could not be handled");
            return Err(error);
        }
    };
    let (connection, run) = (&message.attributes.message_group_id, &work.run);
    let span = match work.step {
        Step::Upload { chunk } => {
            tracing::info_span!("upload", step = "upload", connection, export = %run.export, run = %run.run, chunk)
        }
        Step::Settle => {
            tracing::info_span!("settle", step = "settle", connection, export = %run.export, run = %run.run)
        }
    };
    do_work(app, state_bucket, message, &work, deadline).instrument(span).await
}

/// Works on a message, logs the result, and decides what happens to the message.
async fn do_work(
    app: &App,
    state_bucket: &str,
    message: &Received,
    work: &Work,
    deadline: Instant,
) -> Result<Next, AppError> {
    let receives = receives(message);
    let started = Instant::now();
    let handled = app.handle(work, &CancellationToken::new(), Some(deadline)).await;
    let took = metrics::milliseconds(started.elapsed());
    match handled {
        Ok(Handled::Done) => {
            tracing::info!(duration.ms = took, "done");
            Ok(Next::Delete)
        }
        Ok(Handled::Finished(report)) => {
            log_end(&report, took);
            metrics::put(state_bucket, &[metrics::failed_runs(report.state)]);
            Ok(Next::Delete)
        }
        // The sweep settles again, so that waiting does not use up the message's receives.
        Ok(Handled::Unfinished) if work.step == Step::Settle => {
            tracing::info!(
                duration.ms = took,
                "Omnisend is still processing batches; the sweep settles again"
            );
            Ok(Next::Delete)
        }
        // Changing many tags takes many invocations. The sweep sends a new message, with receives of its own.
        Ok(Handled::MoreToSettle) if receives >= LAST_RECEIVE => {
            tracing::info!(duration.ms = took, receives, "out of time; the sweep continues");
            Ok(Next::Delete)
        }
        Ok(Handled::Unfinished) if receives >= LAST_RECEIVE => {
            let reason = "many invocations could not send the chunk: Omnisend does not answer, or other integrations \
                          use up the brand's request limit; replay the run when that is resolved";
            park(app, work, reason.to_owned()).await
        }
        Ok(Handled::Unfinished | Handled::MoreToSettle) => {
            tracing::info!(duration.ms = took, receives, "out of time; releasing the message");
            release(app, message, Duration::ZERO).await;
            Ok(Next::Redeliver)
        }
        Err(error) if error.is_permanent() => park(app, work, error.to_string()).await,
        Err(error) if receives >= LAST_RECEIVE && !matches!(error, AppError::NoRun { .. }) => {
            let reason = format!("{error}; it was tried {receives} times: fix that, then replay the run");
            park(app, work, reason).await
        }
        Err(error) => {
            tracing::error!(%error, receives, "the message could not be handled");
            Err(error)
        }
    }
}

fn log_end(report: &Report, took_ms: u64) {
    let (planned, settled) = (report.counts.planned(), report.counts.settled());
    tracing::info!(
        duration.ms = took_ms,
        state = report.state.as_str(),
        read = planned.read,
        sent = planned.sent,
        accepted = settled.accepted,
        rejected = settled.rejected,
        unknown = settled.unknown,
        "the run is over"
    );
}

/// Parks the run of a message. The message is then no longer needed.
async fn park(app: &App, work: &Work, reason: String) -> Result<Next, AppError> {
    match app.park(&work.run, reason.clone()).await {
        Ok(()) => Ok(Next::Delete),
        Err(error) => {
            tracing::error!(reason, %error, "the run could not be parked");
            Err(error)
        }
    }
}

/// Returns how often a message was received, this time included.
fn receives(message: &Received) -> u32 {
    message.attributes.approximate_receive_count.parse().unwrap_or(1)
}

/// Releases the message. Otherwise it would stay hidden until its visibility timeout of 10 minutes, and block its
/// brand.
async fn release(app: &App, message: &Received, after: Duration) {
    let handle = Handle::from(message.receipt_handle.clone());
    if let Err(error) = app.ports().queue.release(&handle, after).await {
        tracing::warn!(%error, "the message could not be released; it is delivered again later");
    }
}

/// Returns when this invocation must stop its work.
fn deadline(context: &Context) -> Instant {
    let now_ms = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or_default();
    let left = Duration::from_millis(context.deadline.saturating_sub(now_ms));
    Instant::now() + left.saturating_sub(RESERVE)
}
