//! `status`: the status of an export's runs.

use std::{fmt::Write as _, process::ExitCode, sync::Arc};

use clap::Args;

use super::{args::StateArgs, exit::Failure, local, output};
use crate::{
    app::{self, RunStatus, Status},
    keys::{ExportName, RunId},
    run::Counts,
};

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The export
    export: ExportName,
    /// The run; by default the last ten
    run: Option<RunId>,
    #[command(flatten)]
    state: StateArgs,
    /// Print the status as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn status(args: StatusArgs) -> Result<ExitCode, Failure> {
    let objects = Arc::new(local::directory(&args.state.state)?);
    let status = app::status(objects, args.export, args.run).await?;
    if args.json {
        output::json(&status)?;
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
        let _ = writeln!(out, "{}  {}{}", run.run, run.state, progress(run));
        if let Some(trigger) = &run.trigger {
            let _ = writeln!(out, "  by {}", one_line(trigger));
        }
        if let Some(why) = &run.why {
            let _ = writeln!(out, "  {}", one_line(why));
        }
    }
    if let Some(refused) = &status.refused_drop {
        let _ = writeln!(out, "could not run {}, last tried at {}", one_line(&refused.what), refused.at);
        let _ = writeln!(out, "  {}", one_line(&refused.why));
    }
    out
}

fn progress(run: &RunStatus) -> String {
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

/// Returns the text without control characters, which could move the cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
