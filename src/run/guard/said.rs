//! What stopped a run, for the person who decides whether it was right to.

use std::fmt;

use super::{Guard, GuardName};
use crate::keys::ExportName;

/// Numbers as people read them: `1,234`.
struct Count(u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty { read: 0 } => f.write_str("the source has no profile"),
            Self::Empty { read } => write!(f, "none of the source's {} rows is a contact", Count(read)),
            Self::MaxProfiles { limit } => {
                write!(f, "the source has more than the {} contacts that the export allows", Count(limit))
            }
            Self::Rejects { invalid, rows, limit_percent } => write!(
                f,
                "{} of the {} rows are no contact (limit: {limit_percent} %)",
                Count(invalid),
                Count(rows)
            ),
            Self::Shrink { members, last, limit_percent } => write!(
                f,
                "the source shrank from {} contacts to {} (limit: {limit_percent} %)",
                Count(last),
                Count(members)
            ),
            Self::Growth { members, last, limit_factor } => write!(
                f,
                "the source grew from {} contacts to {} (limit: {limit_factor} times as many)",
                Count(last),
                Count(members)
            ),
            Self::Removals { removals, last, limit_percent } => write!(
                f,
                "{} of the last {} contacts would lose their tag (limit: {limit_percent} %)",
                Count(removals),
                Count(last)
            ),
        }
    }
}

/// What stopped a run of an export, and how to let it through: once, or from now on.
pub fn stopped(guards: &[Guard], export: &ExportName) -> String {
    let reasons: Vec<String> = guards.iter().map(Guard::to_string).collect();
    let names: Vec<GuardName> = guards.iter().map(Guard::name).collect();
    let each = |shown: &dyn Fn(&GuardName) -> String, between: &str| {
        names.iter().map(shown).collect::<Vec<_>>().join(between)
    };
    let flags = each(&|name| format!("--allow {name}"), " ");
    let list = each(&|name| format!("\"{name}\""), ", ");
    let keys: Vec<String> = names
        .iter()
        .filter_map(|name| name.key())
        .map(|key| if key == "max_profiles" { format!("`{key}`") } else { format!("`guards.{key}`") })
        .collect();
    let look = match names.as_slice() {
        [GuardName::Rejects] => "look at the rejects",
        [GuardName::Empty, ..] => "look at what writes the source",
        _ => "look at the source",
    };
    let for_good = if keys.is_empty() {
        String::new()
    } else {
        format!("; for good, set {} in the export", keys.join(", "))
    };
    format!(
        "{}; {look}. If it is right, let it through once with `omnisend-export run {export} {flags}`, or with \
         `\"allow\": [{list}]` in the event that asks for a run{for_good}",
        reasons.join("; ")
    )
}
