//! The contract of each port, run against each of its adapters, and beside it what only one adapter promises.

mod clock;
