//! The contract, against the in-memory store of the model test.

use std::sync::Arc;

use omnisend_export::{
    keys::Location,
    ports::{clock::SystemClock, objects::Objects},
};

use crate::{memory::Memory, objects::Harness};

struct Fresh(Memory);

impl Fresh {
    fn new() -> Self {
        Self(Memory::new(Arc::new(SystemClock)))
    }
}

impl Harness for Fresh {
    fn objects(&self) -> &dyn Objects {
        &self.0
    }

    fn at(&self, key: &str) -> Location {
        Location::state(format!("own/{key}"))
    }

    fn keeps_versions(&self) -> bool {
        false
    }
}

mod contract {
    crate::objects::contract!(super::Fresh::new());
}
