//! Plans a fixture without a process, a server or a queue. The plan's chunks contain what a run would send.

use std::{fs, path::Path, sync::Arc};

use omnisend_export::{
    config,
    keys::RunRef,
    ports::{
        Ports,
        clock::{Clock as _, SystemClock},
        objects::Directory,
        queue::{MemoryQueue, Settings},
        secrets::LocalSecrets,
    },
    run::{self, InlineTags, Mode, StoredContact, Trigger},
    stage::{Quiet, plan},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Expected, Fixture, expected::plain};

const CONNECTION: &str = "display_name = \"Acme\"\nsecret = \"acme\"\n[data_privacy]\nagreed_by = \"ada\"\n\
                          agreed_at = 2026-01-01T00:00:00Z\n";

/// Plans a fixture and returns the result.
pub(crate) async fn plan(fixture: &Fixture) -> Expected {
    let state = TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = state.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("connections/acme.toml", CONNECTION);
    write("exports/acme/corpus.toml", &fixture.export());
    fixture.put(state.path());
    let ports = Ports {
        objects: Arc::new(Directory::open(state.path()).unwrap()),
        queue: Arc::new(MemoryQueue::new(Settings::default())),
        secrets: Arc::new(LocalSecrets::new(state.path().join("secrets"), None)),
        clock: Arc::new(SystemClock),
    };
    let name = "corpus".parse().unwrap();
    let (connection, export) = match config::load_export(&*ports.objects, &name, SystemClock.now()).await {
        Ok(both) => both,
        Err(error) => return Expected::Refused(error.to_string()),
    };
    let trigger = Trigger::Call { at: SystemClock.now(), request: "corpus".to_owned() };
    let run = RunRef { run: trigger.run_id(&name), export: name };
    let folder = state.path().join(format!("runs/{}/{}", run.export, run.run));
    let request = plan::Request {
        connection: Arc::new(connection),
        export: Arc::new(export),
        run,
        trigger,
        mode: Mode::Full,
        dry_run: false,
        show_values: false,
        allowed: run::Allowed::new(),
        sources: None,
    };
    let manifest = match plan::plan(&ports, &request, &Quiet).await {
        Ok(manifest) => serde_json::to_value(manifest).unwrap(),
        Err(error) => {
            assert!(files(&folder).is_empty(), "{}: a refused plan left objects behind", fixture.name());
            let message = error.to_string();
            return Expected::Refused(
                message.strip_prefix("export `corpus`: ").unwrap_or(&message).to_owned(),
            );
        }
    };
    if let Some(guard) = manifest["stopped"][0]["guard"].as_str() {
        return Expected::Stopped(guard.to_owned());
    }
    let tags = InlineTags::of(&serde_json::from_value::<Vec<_>>(manifest["tags"].clone()).unwrap());
    let mut contacts = Vec::new();
    for object in files(&folder.join("chunks")) {
        for line in run::lines(&run::unpack(&object).unwrap()) {
            let stored: StoredContact<'_> = serde_json::from_slice(line).unwrap();
            let contact = tags.contact(stored.contact, stored.origin.tags);
            contacts.push(plain(serde_json::from_str(contact.get()).unwrap()));
        }
    }
    let mut bad = Vec::new();
    for object in files(&folder.join("refused")) {
        for line in run::lines(&run::unpack(&object).unwrap()) {
            let line: Value = serde_json::from_slice(line).unwrap();
            bad.push(json!({ "line": line["at"]["l"], "code": line["code"] }));
        }
    }
    Expected::Contacts { contacts, bad }
}

/// Returns the contents of the files in a folder, sorted by name.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}
