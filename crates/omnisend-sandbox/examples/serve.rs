//! Serves a sandbox until Ctrl-C. The arguments are faults:
//! `cargo run -p omnisend-sandbox --example serve -- status=503,count=3,path=/batches`.
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::error::Error;

use omnisend_sandbox::{Fault, Options, start};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let faults = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<Vec<Fault>, _>>()?;
    let sandbox = start(Options { faults, ..Options::default() }).await?;
    println!("API:  {}\npage: {}", sandbox.url(), sandbox.page());
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
