//! Why a run stopped early though nobody stopped it: Omnisend refuses whatever it would still send.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why nothing more is sent of a run. It is settled and reported; its next run sends what was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// Omnisend's code, or the HTTP status where it gave none.
    pub code: String,
    /// What Omnisend said.
    pub reason: String,
    /// How many contacts in a row it said it of; none where it said it of a whole request.
    pub refused: u64,
    /// Requests that it took to find out.
    pub requests: u64,
    /// When.
    pub at: Timestamp,
}

impl Halted {
    /// Whether Omnisend's code or words are about the brand's plan.
    pub fn is_of_the_plan(&self) -> bool {
        self.code == "402" || speaks_of_a_plan(&self.reason) || speaks_of_a_plan(&self.code)
    }
}

/// Whether a text has the word `plan` in it.
pub fn speaks_of_a_plan(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("plan"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_told_from_planes() {
        assert!(speaks_of_a_plan("Your plan's limit is reached."));
        assert!(speaks_of_a_plan("plan_limit"));
        assert!(!speaks_of_a_plan("planned, explanation, plane"));
    }
}
