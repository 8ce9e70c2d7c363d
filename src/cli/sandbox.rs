//! `sandbox`: runs the Omnisend stand-in until Ctrl-C.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use jiff::SignedDuration;

use super::{exit::Failure, output, time::time};
use omnisend_sandbox::{Fault, Options, StatusMode, TagMode, start};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Accept only this API key; by default, any key is accepted and has a brand of its own
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// The rate limit of a brand, in requests per 60 s
    #[arg(long, value_name = "N", default_value_t = 400)]
    requests_per_minute: u32,
    /// Let an upsert replace a contact's tags instead of adding to them
    #[arg(long)]
    replace_tags: bool,
    /// Apply every status, instead of ignoring one that is older than the contact's
    #[arg(long)]
    last_status: bool,
    /// Write empty lists and objects in answers as `null`
    #[arg(long)]
    empty_as_null: bool,
    /// Give errors the shape of version 3: `{"error": "…", "fields": {"0": ["…"]}}`
    #[arg(long)]
    older_errors: bool,
    /// How long a batch takes from its creation to its end
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "500ms")]
    batch_delay: SignedDuration,
    /// Delay every response by this time
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "0s")]
    latency: SignedDuration,
    /// The most contacts that a brand may have; new ones beyond it are refused with 402
    #[arg(long, value_name = "N")]
    plan_limit: Option<usize>,
    /// Refuse a whole batch if one of its items is invalid, instead of only that item
    #[arg(long)]
    validate_batches: bool,
    /// A fault that is active from the start, such as status=503,count=3,path=/batches; may be repeated
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
}

pub(super) async fn sandbox(args: SandboxArgs) -> Result<ExitCode, Failure> {
    let duration = |time: SignedDuration| Duration::try_from(time).map_err(Failure::usage);
    let options = Options {
        port: args.port,
        api_key: args.api_key,
        requests_per_minute: args.requests_per_minute,
        tag_mode: if args.replace_tags { TagMode::Replace } else { TagMode::Add },
        status_mode: if args.last_status { StatusMode::Last } else { StatusMode::Newest },
        empty_as_null: args.empty_as_null,
        older_errors: args.older_errors,
        batch_delay: duration(args.batch_delay)?,
        latency: duration(args.latency)?,
        plan_limit: args.plan_limit,
        validate_batches_synchronously: args.validate_batches,
        faults: args.faults,
        ..Options::default()
    };
    let port = options.port;
    let sandbox = start(options).await.map_err(|error| {
        Failure::failed(format!("could not listen on port {port}: {error}; `--port 0` picks a free one"))
    })?;
    output::result(&format!("sandbox: {}\npage:    {}\nCtrl-C stops it", sandbox.url(), sandbox.page()));
    tokio::signal::ctrl_c().await.map_err(Failure::failed)?;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}
