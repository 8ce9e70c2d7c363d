//! Shared by the benches: a state directory with an export, and the CPU time and peak memory of a process.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench panics if something fails")]

pub(crate) mod segment;

use std::{fs, path::Path, sync::Arc, time::Duration};

use omnisend_export::ports::{
    Ports,
    clock::SystemClock,
    objects::Directory,
    queue::{MemoryQueue, Settings},
    secrets::LocalSecrets,
};

const CONNECTION: &str = r#"
display_name = "Acme store"
secret = "omnisend/acme"
[data_privacy]
agreed_by = "ada@example.com"
agreed_at = 2026-01-01T00:00:00Z
"#;

const EXPORT: &str = r#"
display_name = "VIP customers"
max_profiles = 100_000_000
[[segments]]
name = "VIP"
path = "segments/vip/"
[fields]
email = "EMail"
first_name = "FirstName"
last_name = "LastName"
phone = "Telephone"
city = "City"
country_code = "Country"
birthdate = "BirthDate"
[custom_properties]
loyalty_tier = "LoyaltyTier"
"#;

/// Writes a state with one export of 8 mapped fields.
pub(crate) fn state(folder: &Path) {
    for (path, text) in [("connections/acme.toml", CONNECTION), ("exports/acme/vip.toml", EXPORT)] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(folder.join("segments/vip")).unwrap();
}

/// Returns the ports of the command line over a state directory.
pub(crate) fn ports(folder: &Path) -> Ports {
    Ports {
        objects: Arc::new(Directory::open(folder).unwrap()),
        queue: Arc::new(MemoryQueue::new(Settings::default())),
        secrets: Arc::new(LocalSecrets::new(folder.join("secrets"), None)),
        clock: Arc::new(SystemClock),
    }
}

/// Returns the CPU time of all threads since the process started.
pub(crate) fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // utime and stime, in clock ticks of 10 ms.
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Returns the peak memory of the process, in KiB.
pub(crate) fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
