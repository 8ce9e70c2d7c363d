//! Local stand-ins for AWS and Omnisend around the real `bootstrap`: an account on moto, the sandbox, the template's
//! three functions as processes behind Lambda's runtime API, and the event source mapping from the queue to the
//! uploader.

pub(crate) mod account;
pub(crate) mod environment;
pub(crate) mod events;
pub(crate) mod function;
pub(crate) mod omnisend;
pub(crate) mod prepared;
pub(crate) mod pump;
pub(crate) mod runtime_api;
pub(crate) mod template;

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use aws_config::SdkConfig;
use serde_json::Value;

use self::{
    account::Account,
    environment::{Outcome, Setup},
    function::Function,
    omnisend::Omnisend,
    pump::Pump,
    template::number,
};

/// The memory of the settler, in MB. For the other functions it is a parameter of the template.
const SETTLER_MEMORY: u64 = 256;

/// Everything that the template sets up, and Omnisend.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) account: Account,
    pub(crate) omnisend: Omnisend,
    pub(crate) planner: Function,
    pub(crate) uploader: Function,
    pub(crate) settler: Function,
    pub(crate) pump: Pump,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Options<'a> {
    /// The bucket's name. By default it is unique.
    pub(crate) bucket: Option<&'a str>,
    /// Omnisend's limit for each brand, in requests per minute.
    pub(crate) requests_per_minute: u32,
    /// Whether the tags of an upsert replace the contact's tags.
    pub(crate) replaces_tags: bool,
    /// Environment variables of every function.
    pub(crate) variables: Vec<(&'a str, String)>,
}

impl Cloud {
    /// Sets up everything in the account of `config`. All functions run `program`.
    pub(crate) async fn set_up(config: SdkConfig, program: &Path, options: Options<'_>) -> Self {
        let endpoint = config.endpoint_url().unwrap().to_owned();
        let account = Account::set_up(config, options.bucket).await;
        let omnisend = Omnisend::start(options.requests_per_minute, options.replaces_tags).await;
        let moment = Arc::new(AtomicU64::new(0));
        let function = |name, resource, memory| {
            let variables = [
                ("AWS_ENDPOINT_URL", endpoint.clone()),
                ("STATE_BUCKET", account.bucket.clone()),
                ("UPLOAD_QUEUE_URL", account.queue.clone()),
                ("OMNISEND_API_URL", omnisend.url()),
            ];
            let variables = variables.into_iter().chain(options.variables.clone());
            let setup = Setup {
                program: program.to_owned(),
                name,
                memory,
                variables: variables.map(|(name, value)| (name.to_owned(), value)).collect(),
            };
            Function::new(setup, Duration::from_secs(number(resource, "Timeout")), Arc::clone(&moment))
        };
        let memory = |parameter| number(parameter, "Default");
        let planner = function("omnisend-export-planner", "Planner", memory("PlannerMemory"));
        let uploader = function("omnisend-export-uploader", "Uploader", memory("UploaderMemory"));
        let settler = function("omnisend-export-settler", "Settler", SETTLER_MEMORY);
        Self { account, omnisend, planner, uploader, settler, pump: Pump::default() }
    }

    /// Returns the function to which the template sends an event.
    pub(crate) fn function_of(&self, event: &Value) -> &Function {
        match (event["action"].as_str(), event["part"].as_str()) {
            (Some("connect"), _) => &self.uploader,
            (Some("status" | "cancel"), _) | (_, Some("runs")) => &self.settler,
            _ if event["Records"][0]["eventSource"] == "aws:sqs" => &self.uploader,
            _ => &self.planner,
        }
    }

    /// Invokes the function that the event is for.
    pub(crate) async fn invoke(&self, event: &Value) -> Outcome {
        self.function_of(event).invoke(event).await
    }

    /// Handles messages until the queue is empty.
    pub(crate) async fn drain(&self) {
        self.pump.drain(&self.account, &self.uploader).await;
    }

    /// Writes a connection's file and its secret. The connection sends tags in batches, without a canary.
    pub(crate) async fn connection(&self, name: &str, requests_per_minute: u32, key: &str) {
        let text = format!(
            "display_name = \"{name}\"\nsecret = \"{}\"\nrequests_per_minute = {requests_per_minute}\n\
             tags = \"inline\"\n[data_privacy]\nagreed_by = \"ada@example.com\"\nagreed_at = 2026-01-01T00:00:00Z\n",
            self.secret_of(name)
        );
        self.account.put(&format!("connections/{name}.toml"), text).await;
        self.account.secret(&self.secret_of(name), key).await;
    }

    /// Returns the name of a connection's secret. It contains the bucket's name, because all clouds share one account.
    pub(crate) fn secret_of(&self, connection: &str) -> String {
        format!("omnisend/{}/{connection}", self.account.bucket)
    }

    /// Writes an export's file for the segment `segments/<export>/`. `more` is put before its tables.
    pub(crate) async fn export(&self, connection: &str, name: &str, more: &str) {
        let text = format!(
            "display_name = \"{name} customers\"\nmode = \"full\"\n{more}\n[[segments]]\nname = \"{name}\"\n\
             path = \"segments/{name}/\"\n[fields]\nemail = \"EMail\"\nfirst_name = \"FirstName\"\n"
        );
        self.account.put(&format!("exports/{connection}/{name}.toml"), text).await;
    }
}

/// Returns a segment of `count` people with the addresses `person.<n>@example.com`, starting with `from`.
pub(crate) fn people(from: u64, count: u64) -> String {
    let lines = (from..from + count).map(|n| format!("person.{n}@example.com,Ada {n}\n"));
    std::iter::once("EMail,FirstName\n".to_owned()).chain(lines).collect()
}
