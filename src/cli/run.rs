//! `run`: runs one export, from its file to its report.

use std::process::ExitCode;

use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use tokio_util::sync::CancellationToken;

use super::{
    args::ReportArgs,
    exit::Failure,
    interrupt,
    local::{Local, request_id},
    output,
};
use crate::{
    app::{RunOptions, Unfinished},
    keys::ExportName,
    run::{GuardName, Manifest, Mode, Report},
};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The export: the name of exports/CONNECTION/EXPORT.toml
    export: ExportName,
    /// How much of the segment to send; by default, the export's own mode
    #[arg(long, value_enum)]
    mode: Option<ModeArg>,
    /// Send nothing: read and map everything, and report what would be sent and how long it would take
    #[arg(long)]
    dry_run: bool,
    /// Show the values of the dry run's first contacts; by default they are masked
    #[arg(long, requires = "dry_run")]
    show_values: bool,
    /// Let the run pass this guard; may be repeated
    #[arg(long, value_name = "GUARD", value_parser = guard())]
    allow: Vec<GuardName>,
    #[command(flatten)]
    report: ReportArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Every profile
    Full,
    /// Profiles that are new or changed since the last run
    Changes,
    /// The same as changes, and remove the export's tags from members who left the segment
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
    let options = RunOptions {
        mode: args.mode.map(Mode::from),
        dry_run: args.dry_run,
        show_values: args.show_values,
        allow: args.allow.iter().copied().collect(),
    };
    let to_resume = resuming_command(&args);
    let if_interrupted = format!("the state keeps what was sent. To resume it: {to_resume}");
    let local = args.report.open()?;
    let report = execute(&local, &args.export, options, &interrupt::watch(), &if_interrupted).await?;
    // Clears the progress bars.
    drop(local);
    args.report.show(&report, Some(&to_resume))
}

/// Runs an export, or resumes its unfinished run, and returns the report.
pub(super) async fn execute(
    local: &Local,
    export: &ExportName,
    options: RunOptions,
    stop: &CancellationToken,
    if_interrupted: &str,
) -> Result<Box<Report>, Failure> {
    let app = &local.app;
    let dry_run = options.dry_run;
    let mut request = app.request(export, request_id(), options).await?;
    // A dry run sends no request, so it needs neither the lock nor the API key.
    let _lock = if dry_run { None } else { Some(local.lock(request.connection.name())?) };
    if !dry_run {
        local.check_api_key(&request.connection).await?;
    }
    let unfinished = app.resume_or_cancel(&mut request).await?;
    note(&unfinished);
    let manifest = if let Some(resumed) = unfinished.resumed {
        resumed
    } else {
        // A dry run says it in its report.
        let cautions = if dry_run { Vec::new() } else { app.cautions(&request).await? };
        cautions.into_iter().for_each(output::note);
        let started = tokio::select! {
            started = app.start(request) => started?,
            () = stop.cancelled() => {
                return Err(Failure::failed("interrupted while reading the segment; nothing was sent"));
            }
        };
        if let Some(report) = started.report {
            return Ok(report);
        }
        started.manifest
    };
    app.announce(&manifest).await?;
    local.finish(&manifest.run, stop, if_interrupted).await
}

fn note(unfinished: &Unfinished) {
    for file in &unfinished.rejects {
        output::note(&format!(
            "{file} holds rejects and is not a segment file; `omnisend-export replay EXPORT RUN --file …` sends its \
             rows"
        ));
    }
    for manifest in &unfinished.follow_ups {
        output::note(&format!(
            "run {}, which {}, was interrupted: it is settled as canceled, and a new run starts",
            manifest.run,
            follows_up_on(manifest)
        ));
    }
    if let Some(manifest) = &unfinished.resumed {
        note_resumed(manifest);
    }
    if let Some(run) = &unfinished.outdated {
        output::note(&format!(
            "run {run} was interrupted, and the segment file or the export has changed since: it is settled as canceled, \
             and a new run starts"
        ));
    }
}

pub(super) fn note_resumed(manifest: &Manifest) {
    output::note(&format!("resuming run {}, which was interrupted", manifest.run));
}

fn follows_up_on(manifest: &Manifest) -> String {
    let runs =
        [("undoes", &manifest.undoes), ("replays", &manifest.replays), ("corrects", &manifest.corrects)];
    let followed = runs.into_iter().find_map(|(verb, run)| Some(format!("{verb} run {}", run.as_ref()?)));
    followed.unwrap_or_default()
}

/// Returns the command that resumes the run. Another mode would start another run.
fn resuming_command(args: &RunArgs) -> String {
    let mode = args.mode.map(|mode| format!(" --mode {}", Mode::from(mode).as_str())).unwrap_or_default();
    format!("omnisend-export run {}{mode} --state {}", args.export, args.report.state.state.display())
}
