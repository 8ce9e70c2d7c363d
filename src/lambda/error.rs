//! Why an event was not handled.

use lambda_runtime::Diagnostic;

use super::event::UnknownEvent;
use crate::app::AppError;

/// Why an event was not handled. Lambda retries an asynchronous event and then moves it to the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    #[error(transparent)]
    Event(#[from] UnknownEvent),
    #[error(transparent)]
    App(Box<AppError>),
    /// Some exports could not be started. The others were.
    #[error("{failed} of {exports} exports could not be started; the first: {first}")]
    Exports {
        failed: usize,
        exports: usize,
        #[source]
        first: Box<AppError>,
    },
    #[error("the function panicked; this is a bug in omnisend-export, and the function's log says where")]
    Panicked,
}

impl From<AppError> for LambdaError {
    fn from(error: AppError) -> Self {
        Self::App(Box::new(error))
    }
}

impl From<LambdaError> for Diagnostic {
    fn from(error: LambdaError) -> Self {
        let kind = match &error {
            LambdaError::Event(_) => "UnknownEvent",
            LambdaError::App(_) => "NotHandled",
            LambdaError::Exports { .. } => "ExportsNotStarted",
            LambdaError::Panicked => "Panicked",
        };
        Self { error_type: kind.to_owned(), error_message: error.to_string() }
    }
}
