//! The faults in force: which fall on a request, and how often each did.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::faults::{Fault, FaultKind};
use crate::problem::{FieldError, Problem};
use crate::route::Route;

/// A fault and what it has met.
#[derive(Debug)]
struct Entry {
    fault: Fault,
    /// Requests that matched.
    seen: u32,
    /// Requests that it was chosen for.
    taken: u32,
    /// Requests that it has fallen on by now. Less than `taken` while one is still being carried out.
    fired: u32,
}

/// Every fault, by the order it was set in.
#[derive(Debug, Default)]
pub(crate) struct Book(Vec<Entry>);

/// A fault that falls on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) index: usize,
    pub(crate) kind: FaultKind,
}

impl Book {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        let mut book = Self::default();
        book.add(faults);
        book
    }

    /// Adds faults behind those there are; answers the index of the first.
    pub(crate) fn add(&mut self, faults: Vec<Fault>) -> usize {
        let first = self.0.len();
        self.0.extend(faults.into_iter().map(|fault| Entry { fault, seen: 0, taken: 0, fired: 0 }));
        first
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults that fall on a request, in order. One that answers it, or never does, ends the list, and those
    /// behind it have not seen the request.
    pub(crate) fn choose(&mut self, method: &Method, path: &str, route: Route<'_>) -> Vec<Chosen> {
        let mut chosen = Vec::new();
        for (index, entry) in self.0.iter_mut().enumerate() {
            if entry.fault.concerns(method, path, route) && entry.take() {
                let kind = entry.fault.kind.clone();
                let last = kind.is_last();
                chosen.push(Chosen { index, kind });
                if last {
                    break;
                }
            }
        }
        chosen
    }

    /// The refusal of a contact with this address, where a fault demands one.
    pub(crate) fn refusal(&mut self, address: &str) -> Option<Problem> {
        let is_meant =
            |kind: &FaultKind| matches!(kind, FaultKind::RefuseItem { email, .. } if email == address);
        let mut meant = self.0.iter_mut().filter(|entry| is_meant(&entry.fault.kind));
        let entry = meant.find_map(|entry| entry.take().then_some(entry))?;
        entry.fired += 1;
        let FaultKind::RefuseItem { code, message, response_code, .. } = &entry.fault.kind else {
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

    /// Notes that a chosen fault has now fallen.
    pub(crate) fn fire(&mut self, index: usize) {
        if let Some(entry) = self.0.get_mut(index) {
            entry.fired += 1;
        }
    }

    /// How often a fault has fallen; `None` where there is none.
    pub(crate) fn fired(&self, index: usize) -> Option<u32> {
        self.0.get(index).map(|entry| entry.fired)
    }

    /// Every fault with what it has met.
    pub(crate) fn view(&self) -> Vec<Map<String, Value>> {
        let with_counts = |(index, entry): (usize, &Entry)| {
            let mut map = Map::from(entry.fault.clone());
            let counts =
                [("index", index.into()), ("seen", entry.seen.into()), ("fired", entry.fired.into())];
            map.extend(counts.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
            map
        };
        self.0.iter().enumerate().map(with_counts).collect()
    }

    /// Every fault as text, with how often it has fallen and whether it still can.
    pub(crate) fn lines(&self) -> Vec<(String, u32, bool)> {
        self.0.iter().map(|entry| (entry.fault.to_string(), entry.fired, entry.is_in_force())).collect()
    }
}

impl Entry {
    /// Counts a match; true where the fault falls on it.
    fn take(&mut self) -> bool {
        self.seen = self.seen.saturating_add(1);
        let falls = self.seen > self.fault.skip && self.is_in_force();
        self.taken += u32::from(falls);
        falls
    }

    fn is_in_force(&self) -> bool {
        self.fault.count.is_none_or(|count| self.taken < count)
    }
}

impl Fault {
    fn concerns(&self, method: &Method, path: &str, route: Route<'_>) -> bool {
        let kind_fits = match self.kind {
            FaultKind::StuckBatch {}
            | FaultKind::StoppedBatch { .. }
            | FaultKind::ErrorsWithoutItems { .. }
            | FaultKind::ItemsWithoutErrors {} => route == Route::Batches && *method == Method::POST,
            FaultKind::ShiftListing { .. } => route == Route::Batches && *method == Method::GET,
            FaultKind::RefuseItem { .. } => false,
            _ => true,
        };
        kind_fits
            && self.method.as_deref().is_none_or(|wanted| wanted == method.as_str())
            && self.path.as_deref().is_none_or(|pattern| matches_pattern(pattern, path))
    }
}

/// Whether a text is the pattern, in which `*` stands for any text.
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

/// How long all delays among these are together.
pub(crate) fn delay(chosen: &[Chosen]) -> Duration {
    let ms = chosen.iter().map(|chosen| if let FaultKind::Delay { ms } = chosen.kind { ms } else { 0 });
    Duration::from_millis(ms.fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(faults: &[&str]) -> Book {
        Book::new(faults.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn chosen(book: &mut Book, method: &Method, path: &str) -> Vec<usize> {
        book.choose(method, path, Route::of(path)).iter().map(|chosen| chosen.index).collect()
    }

    #[test]
    fn skip_and_count_pick_the_matching_requests() {
        let mut book = book(&["status=503,method=POST,path=/batches,skip=1,count=2"]);
        let hits: Vec<_> =
            (0..5).map(|_| chosen(&mut book, &Method::POST, "/batches")).map(|hits| hits.len()).collect();
        assert_eq!(hits, [0, 1, 1, 0, 0]);
        assert_eq!(chosen(&mut book, &Method::GET, "/batches"), Vec::<usize>::new());
        assert_eq!(book.fired(0), Some(0));
        book.fire(0);
        assert_eq!((book.fired(0), book.fired(1)), (Some(1), None));
    }

    #[test]
    fn what_answers_ends_the_list_and_what_does_not_goes_with_it() {
        let mut book = book(&["delay=5", "stuck_batch", "reset,count=1", "hang", "delay=7"]);
        assert_eq!(chosen(&mut book, &Method::POST, "/batches"), [0, 1, 2]);
        assert_eq!(chosen(&mut book, &Method::POST, "/batches"), [0, 1, 3]);
        assert_eq!(chosen(&mut book, &Method::GET, "/contacts"), [0, 3]);
        let both = book.choose(&Method::GET, "/contacts", Route::Contacts);
        assert_eq!(delay(&both), Duration::from_millis(5));
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, fits) in [
            ("/batches", "/batches", true),
            ("/batches", "/batches/1", false),
            ("/batches*", "/batches/1/items", true),
            ("/batches/*/items", "/batches/1/items", true),
            ("/batches/*/items", "/batches/1", false),
            ("*", "", true),
            ("*/é*", "/é/x", true),
        ] {
            assert_eq!(matches_pattern(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn an_item_is_refused_by_its_address_as_often_as_asked() {
        let mut book = book(&["refuse_item=a@x.io,code=blocked,message=no,response_code=422,count=1"]);
        assert!(book.refusal("b@x.io").is_none());
        assert_eq!(book.refusal("a@x.io").map(|problem| problem.status()), Some(422));
        assert!(book.refusal("a@x.io").is_none());
        assert_eq!(book.fired(0), Some(1));
    }
}
