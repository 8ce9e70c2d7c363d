//! Runs the stories of many seeds on every core, and prints the shrunk story of a seed that fails.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::{
    brand::Brand,
    operations::{Story, story},
    tally::Tally,
    world::{CHUNK, run_story},
};

/// The default number of seeds.
const SEEDS: u64 = 1_000;

/// The variable that scales runs down: see `src/scale.rs`. A process reads it once, so the test starts itself again
/// with the variable set.
const SCALE: &str = "OMNISEND_EXPORT_SCALE";

#[test]
#[expect(clippy::print_stdout, reason = "prints what happened, for a reader")]
fn omnisend_has_the_contacts_of_the_model_after_every_run() {
    if given(SCALE).is_none() {
        return run_scaled();
    }
    let (first, last) = match (given("MODEL_SEED"), given("MODEL_SEEDS")) {
        (Some(seed), _) => (seed.parse().unwrap(), seed.parse().unwrap()),
        (None, seeds) => (1, seeds.map_or(SEEDS, |seeds| seeds.parse().unwrap())),
    };
    let next = AtomicU64::new(first);
    let is_over = AtomicBool::new(false);
    let (failed, tally): (Mutex<Vec<String>>, Tally) = Default::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let http = reqwest::Client::builder().no_proxy().build().unwrap();
                while !is_over.load(Ordering::SeqCst) {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > last {
                        break;
                    }
                    if let Err(failure) = run_seed(seed, &http, &tally) {
                        is_over.store(true, Ordering::SeqCst);
                        failed.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    println!("seeds {first} to {last}:\n{tally}");
    let missing = if last - first + 1 >= SEEDS { tally.missing() } else { Vec::new() };
    assert!(missing.is_empty(), "never happened: {missing:?}");
}

/// The only root certificate of the stories' clients, which use no encryption: loading a machine's hundred certificates
/// took a third of the time.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/root.pem");

/// Runs this test in a process whose runs are scaled down, and without the machine's environment, such as a proxy.
fn run_scaled() {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "seeds::omnisend_has_the_contacts_of_the_model_after_every_run", "--nocapture"]);
    command.env_clear().env(SCALE, format!("chunk:{CHUNK},pace:1000,wait:100"));
    command.env("SSL_CERT_FILE", ROOT).env("SSL_CERT_DIR", env!("CARGO_TARGET_TMPDIR"));
    for name in ["MODEL_SEED", "MODEL_SEEDS", "RUST_BACKTRACE"] {
        command.envs(given(name).map(|value| (name, value)));
    }
    assert!(command.status().unwrap().success(), "see above");
}

#[expect(clippy::disallowed_methods, reason = "a test's own switches")]
fn given(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Runs the story of a seed. The error contains the shrunk story.
fn run_seed(seed: u64, http: &reqwest::Client, tally: &Tally) -> Result<(), String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let result = TestRunner::new_with_rng(config, rng).run(&story(), |story| {
        catch_unwind(AssertUnwindSafe(|| drop(in_a_runtime(&story, http, tally))))
            .map_err(|panic| TestCaseError::fail(message(&*panic)))
    });
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, story)) => {
            Err(format!("seed {seed}, shrunk (MODEL_SEED={seed} repeats it): {reason}\n{story}"))
        }
        Err(TestError::Abort(reason)) => Err(format!("seed {seed}: {reason}")),
    }
}

pub(crate) fn in_a_runtime(story: &Story, http: &reqwest::Client, tally: &Tally) -> Brand {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run_story(story, http, tally))));
    // Does not wait for the remains of killed processes.
    runtime.shutdown_background();
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
