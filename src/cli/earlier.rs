//! What the commands on an earlier run share: how they find it, and how they go on to a report.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use jiff::SignedDuration;

use super::{
    StateArgs,
    exit::{self, Failure},
    interrupt, output,
    run::{observer, show},
    session::{self, End},
    time::time,
};
use crate::{
    app::{App, runs},
    config::Environment,
    keys::{ExportName, RunId, RunRef},
    ports::queue::MemoryQueue,
    run::{Manifest, Report},
    stage::{Records, enqueue, enqueue_settlement},
};

#[derive(Debug, Args)]
pub(super) struct EarlierArgs {
    #[command(flatten)]
    pub state: StateArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// How long Omnisend may take to finish what was sent, before it counts as unknown
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    give_up_after: SignedDuration,
}

/// The runs of a state directory, and what handles their messages.
pub(super) struct Earlier<'a> {
    pub app: App,
    pub records: Records,
    queue: Arc<MemoryQueue>,
    args: &'a EarlierArgs,
}

impl<'a> Earlier<'a> {
    pub(super) fn open(args: &'a EarlierArgs) -> Result<Self, Failure> {
        let environment = Environment::read()?;
        let state = &args.state.state;
        let objects = Arc::new(session::directory(state)?);
        let records = Records::new(objects.clone());
        let observer = observer(args.json);
        let (app, queue) = session::app(state, objects, &environment, observer, args.give_up_after);
        Ok(Self { app, records, queue, args })
    }

    /// A run's manifest; the run must be there.
    pub(super) async fn manifest(&self, run: &RunRef) -> Result<Manifest, Failure> {
        self.records.manifest(run).await?.ok_or_else(|| no_run(&run.export, &run.run))
    }

    /// The newest run of an export that was begun by a process that is gone, and that is the one.
    pub(super) async fn begun(
        &self,
        export: &ExportName,
        is_it: impl Fn(&Manifest) -> bool,
    ) -> Result<Option<Manifest>, Failure> {
        for standing in runs(&**self.records.objects(), export).await?.into_iter().rev() {
            if standing.is_over() || standing.is_canceled() || standing.is_parked() {
                continue;
            }
            if let Some(manifest) = self.records.manifest(&standing.run).await?.filter(&is_it) {
                return Ok(Some(manifest));
            }
        }
        Ok(None)
    }

    /// Goes on with a run that was interrupted.
    pub(super) async fn go_on(&self, begun: &Manifest) -> Result<(), Failure> {
        output::note(&format!("going on with run {}, which was interrupted", begun.run));
        Ok(enqueue(self.app.ports(), begun, &session::attempt(&self.app)).await?)
    }

    /// Has a run settled, wherever it stands.
    pub(super) async fn settle(&self, manifest: &Manifest) -> Result<(), Failure> {
        Ok(enqueue_settlement(self.app.ports(), manifest, &session::attempt(&self.app)).await?)
    }

    /// Works until the run is over, and prints its report. `to_go_on` says what to do where this is interrupted.
    pub(super) async fn finish(&self, run: RunRef, to_go_on: &str) -> Result<Box<Report>, Failure> {
        match session::pump(&self.app, &self.queue, &interrupt::watch(), run).await? {
            End::Finished(report) => {
                self.show(&report)?;
                Ok(report)
            }
            End::Interrupted(run) => Err(Failure::failed(format!("run {run} was interrupted; {to_go_on}"))),
        }
    }

    /// Prints a report.
    pub(super) fn show(&self, report: &Report) -> Result<ExitCode, Failure> {
        show(report, &self.args.state.state, self.args.json)?;
        Ok(exit::of(report))
    }
}

/// What to answer where an export has no such run.
pub(super) fn no_run(export: &ExportName, run: &RunId) -> Failure {
    Failure::usage(format!("export `{export}` has no run {run}; `status` lists those that there are"))
}
