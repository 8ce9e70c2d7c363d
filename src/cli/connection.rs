//! `connection test`: shows a connection's brand, and whether the connection works.

use std::{process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use jiff::SignedDuration;

use super::{
    args::StateArgs,
    exit::{FAILED, Failure},
    local::Local,
    output,
};
use crate::{app::Tested, environment::Environment, keys::ConnectionName, stage::Quiet};

#[derive(Debug, Args)]
pub(super) struct ConnectionArgs {
    #[command(subcommand)]
    command: ConnectionCommand,
}

#[derive(Debug, Subcommand)]
enum ConnectionCommand {
    /// Test a connection: its API key, its brand, and the findings about the brand; sends no contact
    Test(TestArgs),
}

#[derive(Debug, Args)]
struct TestArgs {
    /// The connection: the name of connections/CONNECTION.toml
    connection: ConnectionName,
    #[command(flatten)]
    state: StateArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn connection(args: ConnectionArgs) -> Result<ExitCode, Failure> {
    let ConnectionCommand::Test(args) = args.command;
    let environment = Environment::read()?;
    let local = Local::open(&args.state.state, &environment, Arc::new(Quiet), SignedDuration::ZERO)?;
    let connection = local.app.connection(&args.connection).await?;
    // The test's requests count against the brand's limit too.
    let _lock = local.lock(connection.name())?;
    local.check_api_key(&connection).await?;
    let tested = local.app.test(&args.connection).await?;
    if args.json {
        output::json(&tested)?;
    } else {
        output::result(&text(&tested));
    }
    Ok(if tested.is_usable() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn text(tested: &Tested) -> String {
    let mut lines = vec![format!("{}: {}", tested.connection, tested.display_name)];
    lines.push(match &tested.brand {
        Some(brand) => format!("  brand: {}, {} (id {})", brand.brand, brand.website, brand.brand_id),
        None => "  brand: the API key may not read it".to_owned(),
    });
    lines.push(format!("  up to {} requests a minute", tested.requests_per_minute));
    for permission in &tested.permissions {
        let answer = permission.answer.as_deref().map(|answer| format!(": {answer}")).unwrap_or_default();
        let may = match permission.allowed {
            Some(true) => "the API key may",
            Some(false) => "the API key may NOT",
            None => "it could not be tested whether the API key may",
        };
        lines.push(format!("  {may} {}{answer}", permission.to));
    }
    lines.push(format!("  {}", tested.tags.describe()));
    if tested.tags.to_tidy_up {
        lines.push("  a canary was interrupted: the next upload restores its contact's tags".to_owned());
    }
    lines.push(format!("  {}", tested.batch_size.describe()));
    lines.push(if tested.conditional_writes {
        "  the state supports conditional writes".to_owned()
    } else {
        "  the state does NOT support conditional writes: two runs at once could overwrite each other; keep it in S3"
            .to_owned()
    });
    lines.join("\n")
}
