//! `sandbox`: the Omnisend stand-in, until Ctrl-C.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use jiff::SignedDuration;

use super::{exit::Failure, output, time::time};
use crate::sandbox::{Fault, Options, TagMode, start};

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The port to listen on, of 127.0.0.1 only; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Accept this API key only; otherwise every key is a brand of its own
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// The brand's limit
    #[arg(long, value_name = "N", default_value_t = 400)]
    requests_per_minute: u32,
    /// Let a contact's tags replace those that it has, instead of adding to them
    #[arg(long)]
    replace_tags: bool,
    /// How long a batch takes
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "500ms")]
    batch_delay: SignedDuration,
    /// How much later than at once every request is answered
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "0s")]
    latency: SignedDuration,
    /// The most contacts that the brand's plan holds
    #[arg(long, value_name = "N")]
    plan_limit: Option<usize>,
    /// Refuse a batch whole for one invalid item, instead of the item
    #[arg(long)]
    validate_batches: bool,
    /// A fault to order, such as `status=503,count=3,path=/batches`; may be given several times
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
}

pub(super) async fn sandbox(args: SandboxArgs) -> Result<ExitCode, Failure> {
    let duration = |given: SignedDuration| Duration::try_from(given).map_err(Failure::usage);
    let options = Options {
        port: args.port,
        api_key: args.api_key,
        requests_per_minute: args.requests_per_minute,
        tag_mode: if args.replace_tags { TagMode::Replace } else { TagMode::Add },
        batch_delay: duration(args.batch_delay)?,
        latency: duration(args.latency)?,
        plan_limit: args.plan_limit,
        validate_batches_synchronously: args.validate_batches,
        faults: args.faults,
        ..Options::default()
    };
    let port = options.port;
    let sandbox = start(options).await.map_err(|error| {
        Failure::failed(format!("could not listen on port {port}: {error}; --port 0 takes a free one"))
    })?;
    output::result(&format!("sandbox: {}\nwhat arrives: {}\nCtrl-C stops it", sandbox.url(), sandbox.page()));
    tokio::signal::ctrl_c().await.map_err(Failure::failed)?;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}
