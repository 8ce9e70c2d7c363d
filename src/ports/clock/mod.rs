//! The clock: wall time. Waits use tokio's time, which a test can pause.

mod port;
mod simulated;
mod system;

pub use self::{port::Clock, simulated::SimulatedClock, system::SystemClock};
