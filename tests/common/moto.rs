//! AWS on this machine: moto's server, once for each test binary, on a free port of the loopback interface.

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

/// Starts the server, and ends it when this process ends, however that happens: then the other end of `cat`'s pipe is
/// gone. `MOTO_SERVER` is another command to start it with.
const START: &str = r#"
    set -- ${MOTO_SERVER:-moto_server}
    command -v "$1" >/dev/null || { echo "$1: no such command" >&2; exit 127; }
    exec 3<&0
    "$@" -H 127.0.0.1 -p 0 </dev/null 3<&- &
    server=$!
    { cat <&3; kill $server; } >/dev/null 2>&1 &
    wait $server
"#;

/// What to do where it does not start.
const ADVICE: &str = "these tests need moto: run `pip install 'moto[server]'`, or set MOTO_SERVER to the command \
                      that starts it";

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Moto {
    address: SocketAddr,
    /// Its standard input is what keeps the server.
    _process: Child,
}

/// The server of this test binary.
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
        let mut said = String::new();
        let address = lines.find_map(|line| {
            writeln!(said, "{line}").unwrap();
            line.split_once("Running on http://")?.1.trim().parse().ok()
        });
        let address = address.unwrap_or_else(|| panic!("{said}{ADVICE}"));
        // It says every request, and would stop where nobody listens.
        thread::spawn(move || lines.for_each(drop));
        Self { address, _process: process }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A configuration that goes there.
    pub(crate) fn config(&self) -> SdkConfig {
        config_for(self.address)
    }
}

/// A configuration whose every call goes to an address, with credentials that no real account has.
pub(crate) fn config_for(address: SocketAddr) -> SdkConfig {
    let credentials = Credentials::new("testing", "testing", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://{address}"))
        .build()
}
