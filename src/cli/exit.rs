//! Exit codes, and how a failure is said.

use std::{fmt, process::ExitCode};

use super::output;
use crate::{
    config::{EnvironmentError, LoadError},
    run::{Report, State},
    source::SourceError,
    stage::{
        drop::DropDefect,
        plan::{PlanError, PrepareError},
    },
};

/// The run failed, was stopped or interrupted.
pub(super) const FAILED: u8 = 1;
/// The command or the configuration is wrong.
pub(super) const USAGE: u8 = 2;
/// The run ended with rejects or unknowns.
pub(super) const INCOMPLETE: u8 = 3;

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// The work failed.
    pub(super) fn failed(error: impl fmt::Display) -> Self {
        Self { message: error.to_string(), code: FAILED }
    }

    /// What was asked for is wrong.
    pub(super) fn usage(error: impl fmt::Display) -> Self {
        Self { message: error.to_string(), code: USAGE }
    }

    /// Says it, and gives the exit code.
    pub(super) fn report(&self) -> ExitCode {
        output::error(&self.message);
        ExitCode::from(self.code)
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        Self::usage(error)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Objects(error) => Self::failed(error),
            configuration => Self::usage(configuration),
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match &error {
            // Where the file is not where the export says, or has not its columns, the export may be wrong.
            PlanError::Drop(drop) if drop.as_defect().is_some_and(DropDefect::may_be_configuration) => {
                Self::usage(error)
            }
            PlanError::File { source, .. }
                if matches!(**source, PrepareError::Source(SourceError::Columns(_))) =>
            {
                Self::usage(error)
            }
            _ => Self::failed(error),
        }
    }
}

/// The exit code that a report's state stands for.
pub(super) fn of(report: &Report) -> ExitCode {
    match report.state {
        State::Succeeded | State::Skipped => ExitCode::SUCCESS,
        State::Partial => ExitCode::from(INCOMPLETE),
        State::Failed | State::Canceled | State::Stopped => ExitCode::from(FAILED),
    }
}
