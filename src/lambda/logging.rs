//! Logs JSON, one line per event. The rules are in `docs/LOGGING.md`.

use std::{
    fmt,
    io::{self, Write as _},
    panic,
};

use serde::Serializer as _;
use serde_json::Value;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    filter::Targets,
    layer::{Context, Layer, SubscriberExt as _},
    registry::{LookupSpan, Scope},
    util::SubscriberInitExt as _,
};

use crate::ports::clock::{Clock as _, SystemClock};

/// Sets up logging. `level` is the level of the function's logging configuration; the default is `INFO`.
pub fn log(level: Option<&str>) {
    let level = match level {
        // Lambda has this level above `ERROR`.
        Some("FATAL") => LevelFilter::ERROR,
        level => level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO),
    };
    // Only events of this package and of its client: at finer levels, the SDK and the HTTP client log bodies and headers.
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level).with_target("omnisend", level);
    tracing_subscriber::registry().with(own).with(Lines).init();
    // Logs the place but not the message: a panic's message may quote personal data.
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, "panicked; this is a bug in omnisend-export");
    }));
}

/// Writes every event as a line, with its own fields and those of its spans.
#[derive(Debug)]
struct Lines;

/// Fields by name, in the order in which they were first set. A later value replaces an earlier one.
#[derive(Debug, Clone, Default)]
struct Fields(Vec<(&'static str, Value)>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        fields.put("timestamp", SystemClock.now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().into());
        fields.put("level", event.metadata().level().as_str().into());
        fields.put("message", Value::Null);
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(Fields(of_span)) = span.extensions().get() {
                for (name, value) in of_span {
                    fields.put(name, value.clone());
                }
            }
        }
        event.record(&mut fields);
        let mut line = Vec::new();
        let lines = fields.0.iter().map(|(name, value)| (name, value));
        if serde_json::Serializer::new(&mut line).collect_map(lines).is_ok() {
            line.push(b'\n');
            // If standard output is gone, nothing is left to report it to.
            let _ = io::stdout().lock().write_all(&line);
        }
    }
}

impl Fields {
    fn put(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }
}
