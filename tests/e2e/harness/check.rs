//! Checks the invariants that hold after every call, whatever happened.

use std::collections::BTreeSet;

use omnisend_export::config;
use serde_json::Value;

use super::{
    CANARY, Ran, World,
    requests::{Allowed, check_request},
};

/// The request headers that the API documents.
const DOCUMENTED: [&str; 3] = ["authorization", "content-type", "omnisend-version"];
const OF_HTTP: [&str; 4] = ["accept", "content-length", "host", "user-agent"];

impl World {
    pub(super) async fn check(&self, ran: &Ran) {
        self.check_secrets(ran);
        self.check_temporary_files();
        for (run, report) in self.reports() {
            self.check_counts(&run, &report);
            self.check_chunks(&run, &report);
        }
        self.check_limit().await;
        let allowed = Allowed {
            consent: self.export_contains("[consent."),
            welcome: self.export_contains("send_welcome_message_acknowledged = true"),
            tags: self.own_tags(),
        };
        for request in self.requests().await {
            self.check_documented(&request, &allowed);
        }
    }

    /// Whether the file of an export contains this text.
    fn export_contains(&self, text: &str) -> bool {
        let exports = self.files().into_iter().filter(|file| file.starts_with("exports/"));
        exports.into_iter().any(|file| self.read(&file).contains(text))
    }

    /// Returns the tags of every present and former export.
    fn own_tags(&self) -> BTreeSet<String> {
        let exports = self.files().into_iter().filter(|file| file.starts_with("exports/"));
        let text = exports.map(|file| (self.read(&file), file));
        let read = text.filter_map(|(text, file)| {
            let (name, connection) = ("vip".parse().unwrap(), "acme".parse().unwrap());
            config::export(name, connection, &file, text.as_bytes()).ok()
        });
        let tags = read.flat_map(|export| export.tags()).map(String::from);
        self.tags.borrow_mut().extend(tags);
        self.tags.borrow().clone()
    }

    fn check_secrets(&self, ran: &Ran) {
        let keys = self.keys.borrow();
        let canaries = || keys.iter().map(String::as_str).chain([CANARY]);
        // A dry run shows values only if they are asked for.
        let shows_values = |report: &Value| report["dry_run"]["masked"] == false;
        let reports = self.reports().into_values().map(|mut report| {
            if shows_values(&report) {
                report["dry_run"].take();
            }
            report.to_string()
        });
        let shows_contacts = |file: &str| {
            let run = file.trim_end_matches("/report.html");
            self.reports().get(run).is_some_and(shows_values)
        };
        let pages = self
            .run_files()
            .into_iter()
            .filter(|file| file.ends_with("/report.html") && !shows_contacts(file));
        let is_asked_for =
            |line: &str| line.trim_start().starts_with('{') && self.reports().values().any(shows_values);
        let printed = if ran.stdout.starts_with('{') { String::new() } else { ran.stdout.clone() };
        let printed: Vec<&str> = printed.lines().filter(|line| !is_asked_for(line)).collect();
        let printed = printed.join("\n");
        let texts = [("standard output", printed), ("standard error", ran.stderr.clone())]
            .into_iter()
            .chain(reports.map(|report| ("report.json", report)))
            .chain(pages.map(|page| ("report.html", self.read(&page))))
            .chain([("the names of files", self.files().join("\n"))]);
        for (place, text) in texts {
            for canary in canaries() {
                let line = text.lines().find(|line| line.contains(canary));
                assert!(line.is_none(), "{place} contains {canary:?}: {}", line.unwrap_or_default());
            }
        }
    }

    fn check_temporary_files(&self) {
        let left: Vec<String> = self.files().into_iter().filter(|file| file.starts_with(".tmp")).collect();
        assert_eq!(left, Vec::<String>::new(), "temporary files are left");
    }

    fn check_counts(&self, run: &str, report: &Value) {
        let counts = &report["counts"];
        let of =
            |name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("{run}: no count {name}: {counts}"));
        assert_eq!(
            of("read"),
            of("invalid") + of("duplicate") + of("unchanged") + of("filtered") + of("sent"),
            "{run}: rows are lost: {counts}"
        );
        assert_eq!(
            of("sent"),
            of("accepted") + of("rejected") + of("unknown"),
            "{run}: contacts are lost: {counts}"
        );
        let segment = self.segment.borrow();
        let Some(segment) = segment.as_ref().filter(|_| self.is_of_this_segment(report)) else { return };
        assert_eq!(
            ["read", "invalid", "duplicate"].map(of),
            [segment.rows, segment.invalid, segment.duplicate],
            "{run}: read, invalid and duplicate differ from the generated file"
        );
    }

    /// Whether a report is about the current segment file and the whole file was read.
    fn is_of_this_segment(&self, report: &Value) -> bool {
        let size = self.segment.borrow().as_ref().map(|segment| segment.bytes.len() as u64);
        report["export"] == "vip"
            && report["state"] != "stopped"
            && report["replays"].is_null()
            && report["source"][0]["size"].as_u64() == size
    }

    fn check_chunks(&self, run: &str, report: &Value) {
        let is_over = ["succeeded", "partial"].iter().any(|state| report["state"] == *state);
        if !is_over || !report["dry_run"].is_null() {
            return;
        }
        let manifest: Value = serde_json::from_str(&self.read(&format!("{run}/manifest.json"))).unwrap();
        let files = self.run_files();
        // A halted run does not send its last chunks.
        if files.contains(&format!("{run}/halted.json")) {
            return;
        }
        for chunk in 0..manifest["chunks"].as_array().unwrap().len() {
            for kind in ["receipts", "outcomes"] {
                let file = format!("{run}/{kind}/{chunk:05}.json");
                assert!(files.contains(&file), "{file} is missing although the run is {}", report["state"]);
            }
        }
    }

    async fn check_limit(&self) {
        for brand in self.state().await["brands"].as_array().unwrap() {
            let peak = brand["peak_in_window"].as_u64().unwrap();
            assert!(peak <= self.limit.into(), "{peak} requests in a minute; the limit is {}", self.limit);
            if !self.export_contains("send_welcome_message_acknowledged = true") {
                assert_eq!(brand["welcome_mails"], 0, "welcome messages were sent");
            }
            if !self.throttling_ordered.get() {
                assert_eq!(brand["rate_limited"], 0, "429s that the test did not order");
            }
        }
    }

    fn check_documented(&self, request: &Value, allowed: &Allowed) {
        let headers = request["headers"].as_object().unwrap();
        let names: BTreeSet<&str> = headers.keys().map(String::as_str).collect();
        let other: Vec<_> =
            names.iter().filter(|n| !DOCUMENTED.contains(n) && !OF_HTTP.contains(n)).collect();
        assert!(other.is_empty(), "undocumented headers: {other:?}");
        let keys = self.keys.borrow();
        let authorization = headers["authorization"].as_str().unwrap();
        let key = authorization.strip_prefix("Omnisend-API-Key ").expect("the documented scheme");
        assert!(keys.iter().any(|known| known == key), "an unknown API key was sent");
        assert_eq!(headers["omnisend-version"], "2026-03-15");
        assert_eq!(headers["content-type"], "application/json");
        check_request(request, allowed);
    }
}
