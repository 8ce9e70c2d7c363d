//! Messages of the queue. SQS deletes what is not named as failed; what is, comes back.

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
    run::{Step, Work},
};

/// What is kept of an invocation's time, to wait for answers in flight and write down what was sent.
const RESERVE: Duration = Duration::from_secs(15);

/// The queue gives a message up for dead after ten receives. Before that, the run is parked: it says why, and goes
/// on when a person has looked.
const LAST_RECEIVES: u32 = 9;

/// How long a message stays away that failed and may work again: it doubles with each receive, so that what passes
/// in seconds costs seconds, and a brand waits for a quarter of an hour at most before its run is parked.
const FIRST_DELAY: Duration = Duration::from_secs(5);
const LONGEST_DELAY: Duration = Duration::from_mins(5);

/// Handles messages in order. After one that is to come back, none is handled: those of its group must not overtake
/// it, and the queue gives one group at a time anyway.
pub(super) async fn handle(app: &App, state_bucket: &str, messages: &[Received], context: &Context) -> Value {
    let deadline = deadline(context);
    let mut done = 0;
    for message in messages {
        match one(app, state_bucket, message, deadline).await {
            Ok(true) => done += 1,
            Ok(false) => break,
            Err(error) => {
                // One that no receive will ever make sense of goes to the dead letters at once, not after a time in
                // which its brand waits.
                let never = matches!(error, AppError::Message(_) | AppError::NoRun { .. });
                let after = if never { Duration::ZERO } else { delay(receives(message)) };
                release(app, message, after).await;
                break;
            }
        }
    }
    let failures: Vec<Value> =
        messages.iter().skip(done).map(|message| json!({ "itemIdentifier": message.message_id })).collect();
    json!({ "batchItemFailures": failures })
}

/// Handles one message. False where it is to come back.
async fn one(app: &App, state_bucket: &str, message: &Received, deadline: Instant) -> Result<bool, AppError> {
    let work: Work = match serde_json::from_str(&message.body) {
        Ok(work) => work,
        Err(error) => {
            let error = AppError::Message(error);
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
    let receives = receives(message);
    async {
        let started = Instant::now();
        let handled = app.handle(&work, &CancellationToken::new(), Some(deadline)).await;
        let took = metrics::milliseconds(started.elapsed());
        match handled {
            Ok(Handled::Done) => {
                tracing::info!(duration.ms = took, "done");
                Ok(true)
            }
            Ok(Handled::Finished(report)) => {
                let (planned, settled) = (report.counts.planned(), report.counts.settled());
                tracing::info!(
                    duration.ms = took,
                    state = report.state.as_str(),
                    read = planned.read,
                    sent = planned.sent,
                    accepted = settled.accepted,
                    rejected = settled.rejected,
                    unknown = settled.unknown,
                    "the run is over"
                );
                metrics::put(state_bucket, &[metrics::failed_runs(report.state)]);
                Ok(true)
            }
            // The sweep asks again, so that waiting does not use the message's receives up.
            Ok(Handled::HandedBack) if work.step == Step::Settle => {
                tracing::info!(duration.ms = took, "Omnisend still works on batches; the sweep asks again");
                Ok(true)
            }
            // Changing many tags takes many invocations. The sweep begins a new count of receives.
            Ok(Handled::More) if receives >= LAST_RECEIVES => {
                tracing::info!(duration.ms = took, receives, "out of time; the sweep goes on");
                Ok(true)
            }
            Ok(Handled::HandedBack) if receives >= LAST_RECEIVES => {
                let reason = "the chunk could not be sent in many invocations: Omnisend does not answer, or others \
                              use the brand's request limit up; replay the run when that is over";
                park(app, &work, reason.to_owned()).await
            }
            Ok(Handled::HandedBack | Handled::More) => {
                tracing::info!(duration.ms = took, receives, "out of time; handing the rest back");
                release(app, message, Duration::ZERO).await;
                Ok(false)
            }
            // What will be the same next time does not come back.
            Err(error) if error.is_permanent() => {
                park(app, &work, error.to_string()).await
            }
            Err(error) if receives >= LAST_RECEIVES && !matches!(error, AppError::NoRun { .. }) => {
                let reason = format!("{error}; it was tried {receives} times: mend that, then replay the run");
                park(app, &work, reason).await
            }
            Err(error) => {
                tracing::error!(%error, receives, "the message could not be handled");
                Err(error)
            }
        }
    }
    .instrument(span)
    .await
}

/// Has the run of a message wait for a person; the message is done with then.
async fn park(app: &App, work: &Work, reason: String) -> Result<bool, AppError> {
    match app.park(&work.run, reason.clone()).await {
        Ok(()) => Ok(true),
        Err(error) => {
            tracing::error!(reason, %error, "the run could not even be parked");
            Err(error)
        }
    }
}

/// How often a message was received, this time included.
fn receives(message: &Received) -> u32 {
    message.attributes.approximate_receive_count.parse().unwrap_or(1)
}

/// How long a message stays away that failed after so many receives.
fn delay(receives: u32) -> Duration {
    let doubled =
        2_u32.checked_pow(receives.saturating_sub(1)).and_then(|factor| FIRST_DELAY.checked_mul(factor));
    doubled.unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
}

/// Has the message come back after a while: it would stay hidden for the rest of its ten minutes, and its brand with
/// it.
async fn release(app: &App, message: &Received, after: Duration) {
    let handle = Handle::from(message.receipt_handle.clone());
    if let Err(error) = app.ports().queue.release(&handle, after).await {
        tracing::warn!(%error, "the message could not be released; it comes back later");
    }
}

/// When this invocation's work has to stop.
fn deadline(context: &Context) -> Instant {
    let now_ms = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or_default();
    let left = Duration::from_millis(context.deadline.saturating_sub(now_ms));
    Instant::now() + left.saturating_sub(RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_comes_back_soon_and_then_less_and_less_often() {
        let seconds = |receives| delay(receives).as_secs();
        let all: Vec<u64> = (1..=LAST_RECEIVES).map(seconds).collect();
        assert_eq!(all, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!((seconds(0), seconds(u32::MAX)), (5, 300));
    }
}
