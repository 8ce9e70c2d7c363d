//! A clock that moves on request, and by one millisecond whenever it is read.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use omnisend_export::ports::clock::Clock;

#[derive(Debug)]
pub(crate) struct Stepped(Mutex<Timestamp>);

impl Stepped {
    pub(crate) fn starting(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Stepped {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap();
        *now += SignedDuration::from_millis(1);
        *now
    }
}
