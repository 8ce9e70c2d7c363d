//! What a run needs of the world, as four small traits. Each adapter lies beside its trait, and each trait has
//! one contract suite that every adapter passes.

pub mod clock;
pub mod objects;
pub mod queue;
mod relative;
pub mod secrets;
