//! A function: environments that are started when they are needed and kept warm, and what came of each invocation.

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

/// How often an event that nobody waits for is tried: once, and twice again (`MaximumRetryAttempts`).
const ATTEMPTS: usize = 3;

/// A function as Lambda runs it: one event at a time in each environment, and as many environments as it takes.
#[derive(Debug)]
pub(crate) struct Function {
    setup: Setup,
    timeout: Duration,
    /// What the next invocations have instead.
    timeouts: Mutex<VecDeque<Duration>>,
    idle: Mutex<Vec<Environment>>,
    /// Variables of the next environment alone.
    once: Mutex<Vec<(String, String)>>,
    invocations: Mutex<Vec<Invocation>>,
    moment: Arc<AtomicU64>,
}

/// One invocation.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) event: Value,
    pub(crate) outcome: Outcome,
    /// What was written to standard output and error.
    pub(crate) lines: Vec<String>,
    /// Moments of the world's, each greater than those before: when it began, and when it ended.
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

impl Function {
    /// A function whose invocations are ordered with those of others that have the same `moment`.
    pub(crate) fn new(setup: Setup, timeout: Duration, moment: Arc<AtomicU64>) -> Self {
        let (timeouts, idle, once, invocations) = Default::default();
        Self { setup, timeout, timeouts, idle, once, invocations, moment }
    }

    /// What its environments are started with.
    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Waits for the answer to an event.
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

    /// Delivers an event that nobody waits for: again where it fails, and then to the failed events, which is `Err`.
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

    /// Every invocation so far, by its end.
    pub(crate) fn invocations(&self) -> Vec<Invocation> {
        self.invocations.lock().unwrap().clone()
    }

    /// Every line that was written so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.invocations().into_iter().flat_map(|invocation| invocation.lines).collect()
    }

    /// Gives the next invocation this much time.
    pub(crate) fn give_time(&self, timeout: Duration) {
        self.timeouts.lock().unwrap().push_back(timeout);
    }

    /// Starts the next environment with one more variable, and starts one for the next event.
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
