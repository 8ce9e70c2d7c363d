//! `connection`: whose brand a connection is, and whether it works.

use crate::keys::ConnectionName;
use std::{process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;

use super::{
    StateArgs,
    exit::{FAILED, Failure},
    lock::Lock,
    output,
    session::{directory, unusable_key},
};
use crate::{
    app::{App, Tested},
    config::{Environment, load_connection},
    omnisend::Freshness,
    ports::{
        Ports,
        clock::{Clock as _, SystemClock},
        queue::{MemoryQueue, Settings},
        secrets::LocalSecrets,
    },
    stage::{Quiet, settle::Limits},
};

#[derive(Debug, Args)]
pub(super) struct ConnectionArgs {
    #[command(subcommand)]
    command: ConnectionCommand,
}

#[derive(Debug, Subcommand)]
enum ConnectionCommand {
    /// Try a connection: its key, its brand, what was found out about it; sends no contact
    Test(TestArgs),
}

#[derive(Debug, Args)]
struct TestArgs {
    /// The connection: the name of connections/CONNECTION.toml
    connection: ConnectionName,
    #[command(flatten)]
    state: StateArgs,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn connection(args: ConnectionArgs) -> Result<ExitCode, Failure> {
    let ConnectionCommand::Test(args) = args.command;
    let state = &args.state.state;
    let (objects, environment) = (directory(state)?, Environment::read()?);
    let connection = load_connection(&objects, &args.connection, SystemClock.now()).await?;
    // Its requests count against the brand's limit too.
    let _lock = Lock::take(state, connection.name())?;
    let key = environment.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    let ports = Ports {
        objects: Arc::new(objects),
        queue: Arc::new(MemoryQueue::new(Settings::default())),
        secrets: Arc::new(LocalSecrets::new(state.join("secrets"), key)),
        clock: Arc::new(SystemClock),
    };
    ports.secrets.api_key(connection.secret(), Freshness::Cached).await.map_err(unusable_key)?;
    let limits = Limits { give_up_after: SignedDuration::ZERO, poll_for: None };
    let app = App::new(ports, environment.api_url, Arc::new(Quiet), limits);
    let tested = app.test(&args.connection).await.map_err(Failure::failed)?;
    if args.json {
        output::result(&serde_json::to_string_pretty(&tested).map_err(Failure::failed)?);
    } else {
        output::result(&text(&tested));
    }
    Ok(if tested.is_fine() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// What a person reads.
fn text(tested: &Tested) -> String {
    let mut lines = vec![format!("{}: {}", tested.connection, tested.display_name)];
    lines.push(match &tested.brand {
        Some(brand) => format!("  brand: {}, {} (id {})", brand.brand, brand.website, brand.brand_id),
        None => "  brand: the API key may not see it".to_owned(),
    });
    lines.push(format!("  up to {} requests a minute", tested.requests_per_minute));
    for permission in &tested.permissions {
        let may = match permission.allowed {
            Some(true) => "may",
            Some(false) => "may NOT",
            None => "perhaps may",
        };
        let says = permission.says.as_deref().map(|says| format!(": {says}")).unwrap_or_default();
        lines.push(format!("  the API key {may} {}{says}", permission.to));
    }
    lines.push(format!("  {}", tested.tags.says()));
    if tested.tags.to_tidy_up {
        lines.push("  a canary was interrupted: the next upload puts its contact's tags back".to_owned());
    }
    lines.push(format!("  {}", tested.batch_size.says()));
    lines.push(if tested.conditional_writes {
        "  the state honours conditional writes".to_owned()
    } else {
        "  the state does NOT honour conditional writes: two runs at once could overwrite each other; keep it in S3"
            .to_owned()
    });
    lines.join("\n")
}
