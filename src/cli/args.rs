//! Arguments that several commands share.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;
use jiff::SignedDuration;

use super::{
    exit::{self, Failure},
    local::Local,
    output, progress,
    time::time,
};
use crate::{
    environment::Environment,
    keys::Key,
    report::text,
    run::{Report, State},
    stage::Quiet,
};

/// Where the state is.
#[derive(Debug, Clone, Args)]
pub(super) struct StateArgs {
    /// The state directory
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub state: PathBuf,
}

/// The arguments of all commands that end with a report.
#[derive(Debug, Clone, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub state: StateArgs,
    /// Print the report as JSON, with the fields of report.json
    #[arg(long)]
    json: bool,
    /// How long to wait for Omnisend to process what was sent; after that, the outcome is unknown
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    give_up_after: SignedDuration,
}

impl ReportArgs {
    pub(super) fn open(&self) -> Result<Local, Failure> {
        let observer = if self.json { Arc::new(Quiet) } else { progress::observer() };
        Local::open(&self.state.state, &Environment::read()?, observer, self.give_up_after)
    }

    /// Prints a report and returns the exit code for it. `to_resume` is the command that resumes a failed run.
    pub(super) fn show(&self, report: &Report, to_resume: Option<&str>) -> Result<ExitCode, Failure> {
        if self.json {
            output::json(report)?;
            return Ok(exit::of(report));
        }
        output::result(&text(report));
        let path = |key: Key| self.state.state.join(key.to_string()).display().to_string();
        output::result(&format!("  report:  {}", path(Key::ReportHtml(report.run.clone()))));
        if !report.reasons.is_empty() {
            output::result(&format!("  rejects: {}", path(Key::RejectsCsv(report.run.clone()))));
        }
        if let (State::Failed, Some(command)) = (report.state, to_resume) {
            output::result(&format!("  to resume it: {command}"));
        }
        Ok(exit::of(report))
    }
}
