//! `run`: one export, from its file to its report.

use std::{path::Path, process::ExitCode, sync::Arc};

use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use jiff::SignedDuration;

use super::{
    StateArgs,
    exit::{self, Failure},
    interrupt, output,
    progress::{Bars, Lines},
    session::{End, Session, What},
    time::time,
};
use crate::{
    config::Environment,
    keys::{ExportName, Key},
    report::text,
    run::{GuardName, Mode, Report, State},
    stage::{Observer, Quiet},
};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The export: the name of exports/CONNECTION/EXPORT.toml
    export: ExportName,
    #[command(flatten)]
    state: StateArgs,
    /// How much of the segment to send, instead of what the export says
    #[arg(long, value_enum)]
    mode: Option<ModeArg>,
    /// Read and map everything, say what would be sent and how long it would take, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Show the values of the contacts that a dry run shows; without it, only their shape
    #[arg(long, requires = "dry_run")]
    show_values: bool,
    /// Let this run through a guard that would stop it; may be given several times
    #[arg(long, value_name = "GUARD", value_parser = guard())]
    allow: Vec<GuardName>,
    /// Print the report as JSON, with the fields of report.json
    #[arg(long)]
    json: bool,
    /// How long Omnisend may take to finish what was sent, before it counts as unknown
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    give_up_after: SignedDuration,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Every profile
    Full,
    /// What is new or different since the last run
    Changes,
    /// The same, and take the tag from those who left
    Mirror,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Full => Self::Full,
            ModeArg::Changes => Self::Changes,
            ModeArg::Mirror => Self::Mirror,
        }
    }
}

fn guard() -> impl TypedValueParser<Value = GuardName> {
    PossibleValuesParser::new(GuardName::ALL.map(GuardName::as_str)).try_map(|name| name.parse())
}

pub(super) async fn run(args: RunArgs) -> Result<ExitCode, Failure> {
    let environment = Environment::read()?;
    let what = What {
        export: args.export.clone(),
        mode: args.mode.map(Mode::from),
        dry_run: args.dry_run,
        show_values: args.show_values,
        allow: args.allow.iter().copied().collect(),
        give_up_after: args.give_up_after,
    };
    let stop = interrupt::watch();
    let session = Session::open(&args.state.state, &what, &environment, observer(args.json), stop).await?;
    match session.run(&what).await? {
        End::Finished(report) => {
            drop(session);
            show(&report, &args.state.state, args.json)?;
            if report.state == State::Failed && !args.json {
                output::result(&format!("  to go on where it stopped: {}", again(&args)));
            }
            Ok(exit::of(&report))
        }
        End::Interrupted(run) => {
            drop(session);
            Err(Failure::failed(format!(
                "run {run} was interrupted; what was sent is kept. To go on: {}",
                again(&args)
            )))
        }
    }
}

/// The command that goes on with this run. Another mode would be another run.
fn again(args: &RunArgs) -> String {
    let mode = args.mode.map(|mode| format!(" --mode {}", Mode::from(mode).as_str())).unwrap_or_default();
    format!("omnisend-export run {}{mode} --state {}", args.export, args.state.state.display())
}

/// Bars for a person, lines for a log, nothing for a script.
pub(super) fn observer(json: bool) -> Arc<dyn Observer> {
    match (json, output::is_terminal()) {
        (true, _) => Arc::new(Quiet),
        (false, true) => Arc::new(Bars::default()),
        (false, false) => Arc::new(Lines::default()),
    }
}

/// Prints a report, and where its files are.
pub(super) fn show(report: &Report, state: &Path, json: bool) -> Result<(), Failure> {
    if json {
        output::result(&serde_json::to_string_pretty(report).map_err(Failure::failed)?);
        return Ok(());
    }
    output::result(&text(report));
    let file = |key: Key| state.join(key.to_string()).display().to_string();
    output::result(&format!("  report:  {}", file(Key::ReportHtml(report.run.clone()))));
    if !report.reasons.is_empty() {
        output::result(&format!("  rejects: {}", file(Key::RejectsCsv(report.run.clone()))));
    }
    Ok(())
}
