//! The active faults: which of them fire on a request, and how often each has fired.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::contract::{Draft, FieldError, Problem, Route};
use crate::faults::fault::{Fault, FaultKind};

/// A fault and its counts.
#[derive(Debug)]
pub(crate) struct ActiveFault {
    pub(crate) fault: Fault,
    /// Requests that matched.
    seen: u32,
    /// Requests for which the fault was selected.
    selected: u32,
    /// Requests on which the fault has fired: fewer than `selected` while one of them is being carried out.
    pub(crate) fired: u32,
}

/// Every fault, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct ActiveFaults(Vec<ActiveFault>);

/// A fault that fires on one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SelectedFault {
    pub(crate) index: usize,
    pub(crate) kind: FaultKind,
}

impl ActiveFaults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        let mut active = Self::default();
        active.add(faults);
        active
    }

    /// Adds faults after the existing ones, and returns the index of the first new one.
    pub(crate) fn add(&mut self, faults: Vec<Fault>) -> usize {
        let first = self.0.len();
        self.0.extend(faults.into_iter().map(|fault| ActiveFault { fault, seen: 0, selected: 0, fired: 0 }));
        first
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Selects the faults that fire on a request, in order. A fault that ends the request is the last; the faults after
    /// it do not count the request.
    pub(crate) fn select(&mut self, method: &Method, path: &str, route: Route<'_>) -> Vec<SelectedFault> {
        let mut selected = Vec::new();
        for (index, active) in self.0.iter_mut().enumerate() {
            if active.fault.matches(method, path, route) && active.count() {
                let kind = active.fault.kind.clone();
                let is_last = kind.ends_request().is_some();
                selected.push(SelectedFault { index, kind });
                if is_last {
                    break;
                }
            }
        }
        selected
    }

    /// Returns the refusal of a contact, if a fault refuses it.
    pub(crate) fn refuse(&mut self, draft: &Draft) -> Option<Problem> {
        let address = &draft.email.as_ref()?.id;
        let matches =
            |kind: &FaultKind| matches!(kind, FaultKind::RefuseItem { email, .. } if email == address);
        let mut matching = self.0.iter_mut().filter(|active| matches(&active.fault.kind));
        let active = matching.find_map(|active| active.count().then_some(active))?;
        active.fired += 1;
        let FaultKind::RefuseItem { code, message, response_code, .. } = &active.fault.kind else {
            return None;
        };
        let error = FieldError {
            field: "identifiers[0].id".to_owned(),
            code: code.clone().into(),
            message: message.clone(),
        };
        let status = StatusCode::from_u16(*response_code).unwrap_or(StatusCode::BAD_REQUEST);
        Some(Problem::new(status, message.clone()).with_errors(vec![error]))
    }

    /// Counts that a selected fault has fired.
    pub(crate) fn count_fired(&mut self, index: usize) {
        if let Some(active) = self.0.get_mut(index) {
            active.fired += 1;
        }
    }

    /// Returns how often a fault has fired; `None` if it does not exist.
    pub(crate) fn fired(&self, index: usize) -> Option<u32> {
        self.0.get(index).map(|active| active.fired)
    }

    /// Returns every fault in its JSON form, with its counts.
    pub(crate) fn view(&self) -> Vec<Map<String, Value>> {
        let with_counts = |(index, active): (usize, &ActiveFault)| {
            let mut map = Map::from(active.fault.clone());
            let counts =
                [("index", index.into()), ("seen", active.seen.into()), ("fired", active.fired.into())];
            map.extend(counts.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
            map
        };
        self.0.iter().enumerate().map(with_counts).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ActiveFault> {
        self.0.iter()
    }
}

impl ActiveFault {
    /// Counts a match, and returns whether the fault fires on it.
    fn count(&mut self) -> bool {
        self.seen = self.seen.saturating_add(1);
        let fires = self.seen > self.fault.skip && !self.is_spent();
        self.selected += u32::from(fires);
        fires
    }

    /// Whether the fault has been selected as often as `count` allows.
    pub(crate) fn is_spent(&self) -> bool {
        self.fault.count.is_some_and(|count| self.selected >= count)
    }
}

impl Fault {
    fn matches(&self, method: &Method, path: &str, route: Route<'_>) -> bool {
        let kind_matches = match self.kind {
            FaultKind::StuckBatch {}
            | FaultKind::StoppedBatch { .. }
            | FaultKind::ErrorsWithoutItems { .. }
            | FaultKind::ItemsWithoutErrors {} => route == Route::Batches && *method == Method::POST,
            FaultKind::ShiftListing { .. } => route == Route::Batches && *method == Method::GET,
            FaultKind::RefuseItem { .. } => false,
            _ => true,
        };
        kind_matches
            && self.method.as_deref().is_none_or(|wanted| wanted == method.as_str())
            && self.path.as_deref().is_none_or(|pattern| matches_pattern(pattern, path))
    }
}

/// Whether the text matches the pattern, in which `*` matches any text.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| rest.get(at..).is_some_and(|rest| matches_pattern(tail, rest)))
        }),
    }
}

pub(crate) fn total_delay(faults: &[SelectedFault]) -> Duration {
    let ms = faults.iter().map(|fault| if let FaultKind::Delay { ms } = fault.kind { ms } else { 0 });
    Duration::from_millis(ms.fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::read_contact;

    fn active(faults: &[&str]) -> ActiveFaults {
        ActiveFaults::new(faults.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn select(active: &mut ActiveFaults, method: &Method, path: &str) -> Vec<usize> {
        active.select(method, path, Route::of(path)).iter().map(|fault| fault.index).collect()
    }

    fn draft(email: &str) -> Draft {
        let body = json!({ "identifiers": [{ "type": "email", "id": email }] });
        read_contact(&body).unwrap()
    }

    #[test]
    fn skips_and_counts_matching_requests() {
        let mut faults = active(&["status=503,method=POST,path=/batches,skip=1,count=2"]);
        let hits: Vec<_> =
            (0..5).map(|_| select(&mut faults, &Method::POST, "/batches")).map(|hits| hits.len()).collect();
        assert_eq!(hits, [0, 1, 1, 0, 0]);
        assert_eq!(select(&mut faults, &Method::GET, "/batches"), Vec::<usize>::new());
        assert_eq!(faults.fired(0), Some(0));
        faults.count_fired(0);
        assert_eq!((faults.fired(0), faults.fired(1)), (Some(1), None));
    }

    #[test]
    fn selects_faults_up_to_the_first_that_ends_the_request() {
        let mut faults = active(&["delay=5", "stuck_batch", "reset,count=1", "hang", "delay=7"]);
        assert_eq!(select(&mut faults, &Method::POST, "/batches"), [0, 1, 2]);
        assert_eq!(select(&mut faults, &Method::POST, "/batches"), [0, 1, 3]);
        assert_eq!(select(&mut faults, &Method::GET, "/contacts"), [0, 3]);
        let both = faults.select(&Method::GET, "/contacts", Route::Contacts);
        assert_eq!(total_delay(&both), Duration::from_millis(5));
    }

    #[test]
    fn matches_any_text_with_a_star() {
        for (pattern, text, matches) in [
            ("/batches", "/batches", true),
            ("/batches", "/batches/1", false),
            ("/batches*", "/batches/1/items", true),
            ("/batches/*/items", "/batches/1/items", true),
            ("/batches/*/items", "/batches/1", false),
            ("*", "", true),
            ("*/é*", "/é/x", true),
        ] {
            assert_eq!(matches_pattern(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn refuses_a_contact_by_its_address_as_often_as_the_count_says() {
        let mut faults = active(&["refuse_item=a@x.io,code=blocked,message=no,response_code=422,count=1"]);
        assert!(faults.refuse(&draft("b@x.io")).is_none());
        assert_eq!(faults.refuse(&draft("a@x.io")).map(|problem| problem.status()), Some(422));
        assert!(faults.refuse(&draft("a@x.io")).is_none());
        assert_eq!(faults.fired(0), Some(1));
    }
}
