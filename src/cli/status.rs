//! `status`: how an export's runs stand.

use std::{fmt::Write as _, process::ExitCode, sync::Arc};

use clap::Args;

use super::{StateArgs, exit::Failure, output, session};
use crate::{
    app::{AppError, RunStatus, Status, status as read},
    keys::{ExportName, RunId},
    run::Counts,
};

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The export
    export: ExportName,
    /// Only this run of it; else the last ten
    run: Option<RunId>,
    #[command(flatten)]
    state: StateArgs,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn status(args: StatusArgs) -> Result<ExitCode, Failure> {
    let objects = Arc::new(session::directory(&args.state.state)?);
    let status = read(objects, args.export, args.run).await.map_err(|error| match error {
        AppError::NoRun { .. } => Failure::usage(error),
        error => Failure::failed(error),
    })?;
    if args.json {
        output::result(&serde_json::to_string_pretty(&status).map_err(Failure::failed)?);
    } else {
        output::result(text(&status).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

fn text(status: &Status) -> String {
    let mut out = String::new();
    if status.runs.is_empty() {
        let _ = writeln!(out, "export `{}` has no run", status.export);
    }
    for run in &status.runs {
        let _ = writeln!(out, "{}  {}{}", run.run, run.state, how_far(run));
        if let Some(trigger) = &run.trigger {
            let _ = writeln!(out, "  by {}", plain(trigger));
        }
        if let Some(why) = &run.why {
            let _ = writeln!(out, "  {}", plain(why));
        }
    }
    if let Some(refused) = &status.refused_drop {
        let _ = writeln!(out, "no run of {}, tried at {}", plain(&refused.what), refused.at);
        let _ = writeln!(out, "  {}", plain(&refused.why));
    }
    out
}

fn how_far(run: &RunStatus) -> String {
    match (&run.counts, run.chunks) {
        (Some(counts), _) => format!("  {}", sums(counts)),
        (None, Some(chunks)) => format!("  {} of {chunks} chunks sent", run.chunks_sent),
        (None, None) => String::new(),
    }
}

fn sums(counts: &Counts) -> String {
    let (planned, settled) = (counts.planned(), counts.settled());
    format!(
        "{} read, {} to send: {} accepted, {} rejected, {} unknown",
        planned.read, planned.sent, settled.accepted, settled.rejected, settled.unknown
    )
}

/// Text that others worded, on one line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
