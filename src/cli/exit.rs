//! Exit codes, and the errors that lead to them.

use std::{fmt, process::ExitCode};

use crate::{
    app::AppError,
    config::LoadError,
    environment::EnvironmentError,
    ports::objects::ObjectError,
    run::{Report, State},
};

/// The run failed, was stopped, canceled or interrupted.
pub(super) const FAILED: u8 = 1;
/// The command or the configuration is wrong.
pub(super) const USAGE: u8 = 2;
/// The run ended, with rejected or unknown contacts.
pub(super) const INCOMPLETE: u8 = 3;

/// Why a command failed: a message for the user, and the exit code.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Returns a failure of something that the command needs.
    pub(super) fn failed(error: impl fmt::Display) -> Self {
        Self { message: error.to_string(), code: FAILED }
    }

    /// Returns a failure for a wrong command or configuration.
    pub(super) fn usage(error: impl fmt::Display) -> Self {
        Self { message: error.to_string(), code: USAGE }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        Self::usage(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(error)
    }
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        Self::failed(error)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        AppError::from(error).into()
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        if error.is_usage() { Self::usage(error) } else { Self::failed(error) }
    }
}

/// Returns the exit code for a report.
pub(super) fn of(report: &Report) -> ExitCode {
    match report.state {
        State::Succeeded | State::Skipped => ExitCode::SUCCESS,
        State::Partial => ExitCode::from(INCOMPLETE),
        State::Failed | State::Canceled | State::Stopped => ExitCode::from(FAILED),
    }
}
