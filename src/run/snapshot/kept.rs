//! A statement of consent in 8 bytes.

use jiff::Timestamp;

use crate::contact::{Statement, Status};

/// The statement of consent that was last sent for a channel, if any, with a precision of 1 s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept(pub(super) i64);

/// Marks a statement without a date: it is later than any timestamp, in seconds.
const UNDATED: i64 = 1 << 60;

impl Kept {
    /// No statement has been sent.
    pub const NOTHING: Self = Self(0);

    pub fn statement(self) -> Option<Statement> {
        let status = match self.0 & 3 {
            1 => Status::Subscribed,
            2 => Status::NonSubscribed,
            3 => Status::Unsubscribed,
            _ => return None,
        };
        Some(Statement { status, at: Timestamp::from_second(self.0 >> 2).ok() })
    }

    pub fn is_opt_out(self) -> bool {
        self.0 & 3 == 3
    }
}

impl From<Option<Statement>> for Kept {
    fn from(statement: Option<Statement>) -> Self {
        let Some(Statement { status, at }) = statement else { return Self::NOTHING };
        let code = match status {
            Status::Subscribed => 1,
            Status::NonSubscribed => 2,
            Status::Unsubscribed => 3,
        };
        Self((at.map_or(UNDATED, Timestamp::as_second) << 2) | code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keeps_a_statement(status in 0_usize..3, at in prop::option::of(-377_705_023_201_i64..=253_402_207_200)) {
            let status = [Status::Subscribed, Status::NonSubscribed, Status::Unsubscribed][status];
            let statement = Statement { status, at: at.map(|at| Timestamp::from_second(at).unwrap()) };
            let kept = Kept::from(Some(statement));
            prop_assert_eq!(kept.statement(), Some(statement));
            prop_assert_eq!(kept.is_opt_out(), status == Status::Unsubscribed);
        }
    }

    #[test]
    fn keeps_the_absence_of_a_statement() {
        assert_eq!(Kept::from(None), Kept::NOTHING);
        assert_eq!(Kept::NOTHING.statement(), None);
    }
}
