//! The text form of a fault, as the command line takes it.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::faults::fault::{Fault, InvalidFault};

/// Every fault by its name, with the field that takes its main value in the text form (empty if it has none).
const NAMES: [(&str, &str); 10] = [
    ("status", "status"),
    ("reset", ""),
    ("hang", ""),
    ("delay", "ms"),
    ("stuck_batch", ""),
    ("stopped_batch", "after"),
    ("errors_without_items", "errors"),
    ("items_without_errors", ""),
    ("shift_listing", "by"),
    ("refuse_item", "email"),
];

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        let mut parts = text.split(',').map(|part| match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (part.trim(), None),
        });
        let (name, main) = parts.next().unwrap_or_default();
        let Some((_, field)) = NAMES.into_iter().find(|(known, _)| *known == name) else {
            let known = NAMES.map(|(name, _)| name).join(", ");
            return Err(InvalidFault::UnknownName { name: name.to_owned(), known });
        };
        let mut map = Map::from_iter([("fault".to_owned(), name.into())]);
        match main {
            Some(value) if !field.is_empty() => _ = map.insert(field.to_owned(), scalar(field, value)),
            Some(_) => return Err(InvalidFault::UnexpectedValue(name.to_owned())),
            None => {}
        }
        for (name, value) in parts {
            // A name without a value is a switch, such as `html`.
            let value = value.map_or(Value::Bool(true), |value| scalar(name, value));
            if map.insert(name.to_owned(), value).is_some() {
                return Err(InvalidFault::Repeated(name.to_owned()));
            }
        }
        map.try_into()
    }
}

/// A value of the text form: a number or a boolean if it can be read as one, except in fields that hold text.
fn scalar(field: &str, text: &str) -> Value {
    match field {
        "email" | "code" | "message" | "path" | "method" | "when" => text.into(),
        _ => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = Map::from(self.clone());
        let name = map.remove("fault").unwrap_or_default();
        let name = name.as_str().unwrap_or_default();
        f.write_str(name)?;
        let main =
            NAMES.into_iter().find(|(known, _)| *known == name).and_then(|(_, field)| map.remove(field));
        if let Some(value) = main {
            write!(f, "={}", plain(&value))?;
        }
        map.iter().try_for_each(|(name, value)| write!(f, ",{name}={}", plain(value)))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn converts_between_text_json_and_value() {
        for (text, json) in [
            (
                "status=503,count=3,path=/batches",
                json!({"fault": "status", "status": 503, "count": 3, "path": "/batches"}),
            ),
            (
                "status=429,html=true,retry_after_header=7",
                json!({"fault": "status", "status": 429, "html": true, "retry_after_header": 7}),
            ),
            ("status=502,when=after", json!({"fault": "status", "status": 502, "when": "after"})),
            ("reset,method=POST,skip=2", json!({"fault": "reset", "method": "POST", "skip": 2})),
            ("hang,when=after", json!({"fault": "hang", "when": "after"})),
            ("delay=250", json!({"fault": "delay", "ms": 250})),
            ("stuck_batch,count=1", json!({"fault": "stuck_batch", "count": 1})),
            ("stopped_batch=3", json!({"fault": "stopped_batch", "after": 3})),
            ("errors_without_items=2", json!({"fault": "errors_without_items", "errors": 2})),
            ("items_without_errors", json!({"fault": "items_without_errors"})),
            ("shift_listing=5", json!({"fault": "shift_listing", "by": 5})),
            (
                "refuse_item=a@x.io,code=1,message=no,response_code=422",
                json!({"fault": "refuse_item", "email": "a@x.io", "code": "1", "message": "no", "response_code": 422}),
            ),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(serde_json::to_value(&fault).unwrap(), json, "{text}");
            assert_eq!(serde_json::from_value::<Fault>(json).unwrap(), fault, "{text}");
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault, "{fault}");
        }
        let parse = |text: &str| text.parse::<Fault>().unwrap();
        assert_eq!(parse("status=429,html"), parse("status=429,html=true"));
        assert_eq!("status=503,method=post".parse::<Fault>().unwrap().method.as_deref(), Some("POST"));
    }

    #[test]
    fn says_why_a_text_is_not_a_fault() {
        for (text, part) in [
            ("", "`` is not one of status"),
            ("sttus=503", "`sttus` is not one of status"),
            ("status", "missing field `status`"),
            ("status=200", "status 200 is not a failure"),
            ("status=abc", "invalid type"),
            ("status=503,after=2", "unknown field `after`"),
            ("status=503,count=-1", "`count`"),
            ("reset=1", "`reset` takes no value"),
            ("stuck_batch,ms=5", "unknown field `ms`"),
            ("reset,skip=1,skip=2", "`skip` is given twice"),
            ("refuse_item=a@x.io,response_code=200", "status 200 is not a failure"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
