//! What must hold after every call, whatever it met.

use std::collections::BTreeSet;

use omnisend_export::config;
use serde_json::Value;

use super::{
    CANARY, Ran, World,
    asked::{May, is_asked_for},
};

/// Headers of a request, beside those that HTTP itself needs.
const DOCUMENTED: [&str; 3] = ["authorization", "content-type", "omnisend-version"];
const OF_HTTP: [&str; 4] = ["accept", "content-length", "host", "user-agent"];

impl World {
    pub(super) async fn check(&self, ran: &Ran) {
        self.no_secret_is_out(ran);
        self.nothing_is_half_written();
        for (run, report) in self.reports() {
            self.counts_add_up(&run, &report);
            self.chunks_are_settled(&run, &report);
        }
        self.the_limit_held().await;
        let may = May {
            consent: self.says("[consent."),
            welcome: self.says("send_welcome_message_acknowledged = true"),
            tags: self.own_tags(),
        };
        for request in self.requests().await {
            self.is_as_documented(&request, &may);
        }
    }

    /// Whether an export of this world says this in its file.
    fn says(&self, text: &str) -> bool {
        let exports = self.files().into_iter().filter(|file| file.starts_with("exports/"));
        exports.into_iter().any(|file| self.read(&file).contains(text))
    }

    /// The tags of every export that there is or was.
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

    fn no_secret_is_out(&self, ran: &Ran) {
        let keys = self.keys.borrow();
        let canaries = || keys.iter().map(String::as_str).chain([CANARY]);
        // Contacts are what a dry run shows, where somebody asks for their values.
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
        let said = [("standard output", printed), ("standard error", ran.stderr.clone())]
            .into_iter()
            .chain(reports.map(|report| ("report.json", report)))
            .chain(pages.map(|page| ("report.html", self.read(&page))))
            .chain([("the files' names", self.files().join("\n"))]);
        for (place, text) in said {
            for canary in canaries() {
                let line = text.lines().find(|line| line.contains(canary));
                assert!(line.is_none(), "{place} shows {canary:?}: {}", line.unwrap_or_default());
            }
        }
    }

    fn nothing_is_half_written(&self) {
        let left: Vec<String> = self.files().into_iter().filter(|file| file.starts_with(".tmp")).collect();
        assert_eq!(left, Vec::<String>::new(), "temporary files were left behind");
    }

    fn counts_add_up(&self, run: &str, report: &Value) {
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
            "{run}: read, invalid and duplicate differ from what the file was made of"
        );
    }

    /// Whether a report is about the segment file as it is now, and all of it was read.
    fn is_of_this_segment(&self, report: &Value) -> bool {
        let size = self.segment.borrow().as_ref().map(|segment| segment.bytes.len() as u64);
        report["export"] == "vip"
            && report["state"] != "stopped"
            && report["replays"].is_null()
            && report["source"][0]["size"].as_u64() == size
    }

    fn chunks_are_settled(&self, run: &str, report: &Value) {
        let is_over = ["succeeded", "partial"].iter().any(|state| report["state"] == *state);
        if !is_over || !report["dry_run"].is_null() {
            return;
        }
        let manifest: Value = serde_json::from_str(&self.read(&format!("{run}/manifest.json"))).unwrap();
        let files = self.run_files();
        // Nothing more was sent where Omnisend refused it all.
        if files.contains(&format!("{run}/halted.json")) {
            return;
        }
        for chunk in 0..manifest["chunks"].as_array().unwrap().len() {
            for kind in ["receipts", "outcomes"] {
                let file = format!("{run}/{kind}/{chunk:05}.json");
                assert!(files.contains(&file), "{file} is missing, though the run is {}", report["state"]);
            }
        }
    }

    async fn the_limit_held(&self) {
        for brand in self.state().await["brands"].as_array().unwrap() {
            let peak = brand["peak_in_window"].as_u64().unwrap();
            assert!(peak <= self.limit.into(), "{peak} requests in a minute, {} are allowed", self.limit);
            if !self.says("send_welcome_message_acknowledged = true") {
                assert_eq!(brand["welcome_mails"], 0, "welcome mails were sent");
            }
            if !self.throttling_ordered.get() {
                assert_eq!(brand["rate_limited"], 0, "429s that nobody ordered");
            }
        }
    }

    fn is_as_documented(&self, request: &Value, may: &May) {
        let headers = request["headers"].as_object().unwrap();
        let names: BTreeSet<&str> = headers.keys().map(String::as_str).collect();
        let other: Vec<_> =
            names.iter().filter(|n| !DOCUMENTED.contains(n) && !OF_HTTP.contains(n)).collect();
        assert!(other.is_empty(), "headers that nobody asked for: {other:?}");
        let keys = self.keys.borrow();
        let authorization = headers["authorization"].as_str().unwrap();
        let key = authorization.strip_prefix("Omnisend-API-Key ").expect("the documented scheme");
        assert!(keys.iter().any(|known| known == key), "an unknown key was sent");
        assert_eq!(headers["omnisend-version"], "2026-03-15");
        assert_eq!(headers["content-type"], "application/json");
        is_asked_for(request, may);
    }
}
