//! AWS on this machine: one moto server per test binary, on a free loopback port.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};

/// Starts the server, and stops it when this process ends for any reason: `cat` then reads the end of its pipe.
/// `MOTO_SERVER` can name another command.
const START: &str = r#"
    set -- ${MOTO_SERVER:-moto_server}
    command -v "$1" >/dev/null || { echo "$1: no such command" >&2; exit 127; }
    exec 3<&0
    "$@" -H 127.0.0.1 -p 0 </dev/null 3<&- &
    server=$!
    { cat <&3; kill $server; } >/dev/null 2>&1 &
    wait $server
"#;

const ADVICE: &str = "these tests need moto: run `pip install 'moto[server]'`, or set MOTO_SERVER to the command \
                      that starts it";

#[derive(Debug)]
pub(crate) struct Moto {
    address: SocketAddr,
    /// The server runs until this process's standard input is closed.
    _process: Child,
}

/// Returns the server of this test binary.
pub(crate) fn moto() -> &'static Moto {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    MOTO.get_or_init(Moto::start)
}

impl Moto {
    fn start() -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", START]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = shell.spawn().unwrap_or_else(|error| panic!("{error}; {ADVICE}"));
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut output = String::new();
        let address = lines.find_map(|line| {
            writeln!(output, "{line}").unwrap();
            line.split_once("Running on http://")?.1.trim().parse().ok()
        });
        let address = address.unwrap_or_else(|| panic!("{output}{ADVICE}"));
        // The server logs every request, and would block if the pipe were full.
        thread::spawn(move || lines.for_each(drop));
        Self { address, _process: process }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a configuration for clients of this server.
    pub(crate) fn config(&self) -> SdkConfig {
        config_for(self.address)
    }
}

/// Returns a configuration that sends every call to this address, with fake credentials.
pub(crate) fn config_for(address: SocketAddr) -> SdkConfig {
    let credentials = Credentials::new("testing", "testing", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://{address}"))
        .build()
}
