//! A function: its environments, which start on demand and stay warm, and the outcome of each invocation.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use super::environment::{Environment, Outcome, Setup};

/// Attempts to handle an asynchronous event: one, and two retries (`MaximumRetryAttempts`).
const ATTEMPTS: usize = 3;

/// A function as Lambda runs it: each environment handles one event at a time.
#[derive(Debug)]
pub(crate) struct Function {
    setup: Setup,
    timeout: Duration,
    /// The timeouts of the next invocations.
    timeouts: Mutex<VecDeque<Duration>>,
    idle: Mutex<Vec<Environment>>,
    /// Variables of the next environment only.
    once: Mutex<Vec<(String, String)>>,
    invocations: Mutex<Vec<Invocation>>,
    moment: Arc<AtomicU64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) event: Value,
    pub(crate) outcome: Outcome,
    /// The lines on standard output and standard error.
    pub(crate) lines: Vec<String>,
    /// When it began and ended: increasing numbers that order the invocations of all functions.
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

impl Function {
    /// Returns a function. Its invocations are ordered with those of other functions that share `moment`.
    pub(crate) fn new(setup: Setup, timeout: Duration, moment: Arc<AtomicU64>) -> Self {
        let (timeouts, idle, once, invocations) = Default::default();
        Self { setup, timeout, timeouts, idle, once, invocations, moment }
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Handles an event and returns the outcome.
    pub(crate) async fn invoke(&self, event: &Value) -> Outcome {
        let began = self.moment.fetch_add(1, Ordering::SeqCst);
        let warm = self.idle.lock().unwrap().pop();
        let environment = match warm {
            Some(environment) => Ok(environment),
            None => Environment::start(&self.setup_once()).await,
        };
        let mut lines = Vec::new();
        let outcome = match environment {
            Err(outcome) => outcome,
            Ok(mut environment) => {
                let timeout = self.timeouts.lock().unwrap().pop_front().unwrap_or(self.timeout);
                let outcome = environment.invoke(event, timeout).await;
                lines = environment.lines();
                if matches!(outcome, Outcome::Answer(_) | Outcome::Error(_)) {
                    self.idle.lock().unwrap().push(environment);
                }
                outcome
            }
        };
        let ended = self.moment.fetch_add(1, Ordering::SeqCst);
        let invocation = Invocation { event: event.clone(), outcome: outcome.clone(), lines, began, ended };
        self.invocations.lock().unwrap().push(invocation);
        outcome
    }

    /// Delivers an asynchronous event, with retries. `Err` means that Lambda would move it to the dead-letter queue.
    pub(crate) async fn deliver(&self, event: &Value) -> Result<Value, Outcome> {
        let mut last = Outcome::TimedOut;
        for _ in 0..ATTEMPTS {
            match self.invoke(event).await {
                Outcome::Answer(answer) => return Ok(answer),
                failed => last = failed,
            }
        }
        Err(last)
    }

    /// Returns every invocation so far, in the order in which they ended.
    pub(crate) fn invocations(&self) -> Vec<Invocation> {
        self.invocations.lock().unwrap().clone()
    }

    /// Returns every line that was written so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.invocations().into_iter().flat_map(|invocation| invocation.lines).collect()
    }

    /// Sets the timeout of the next invocation that has none of its own.
    pub(crate) fn give_time(&self, timeout: Duration) {
        self.timeouts.lock().unwrap().push_back(timeout);
    }

    /// Makes the next event start a new environment with one more variable.
    pub(crate) fn start_with(&self, name: &str, value: &str) {
        self.once.lock().unwrap().push((name.to_owned(), value.to_owned()));
        self.idle.lock().unwrap().clear();
    }

    fn setup_once(&self) -> Setup {
        let mut setup = self.setup.clone();
        setup.variables.append(&mut self.once.lock().unwrap());
        setup
    }
}
