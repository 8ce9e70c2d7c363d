//! How an export's files are read: `[source]` and `[csv]`.

use segment_files::{Charset, Compression, Delimiter, Escape, Format, ReadOptions as Reading, Setting};

use super::{item::Item, section::Section, words};

/// `None` where something of it is refused: the problem is reported then.
pub(super) fn reading(root: &mut Section<'_>) -> Option<Reading> {
    let mut reading = Reading::default();
    let source = root.optional("source").is_none_or(|item| source(&item, &mut reading).is_some());
    let csv = root.optional("csv").is_none_or(|item| csv(&item, &mut reading).is_some());
    (source && csv).then_some(reading)
}

/// Returns the end of an error message that asks to set an option: the section of the export in which it belongs.
pub(crate) fn where_to_set(setting: Option<Setting>) -> &'static str {
    match setting {
        None => "",
        Some(Setting::Format) => " (`format` belongs under [source] in the export)",
        Some(Setting::Compression) => " (`compression` belongs under [source] in the export)",
        Some(Setting::Encoding) => " (`encoding` belongs under [source] in the export)",
        Some(Setting::Escape) => " (`escape` belongs under [csv] in the export)",
    }
}

fn source(item: &Item<'_>, reading: &mut Reading) -> Option<()> {
    let mut section = item.section()?;
    let format = section.optional("format").map(|item| {
        item.choice("a format that is read", &Format::ALL.map(|format| (format.as_str(), format)))
    });
    let compression = section.optional("compression").map(|item| {
        item.choice("a compression that is read", &Compression::ALL.map(|way| (way.as_str(), way)))
    });
    let encoding = section.optional("encoding").map(|item| encoding(&item));
    section.finish();
    reading.format = format.map_or(Some(None), |format| format.map(Some))?;
    reading.compression = compression.map_or(Some(None), |compression| compression.map(Some))?;
    reading.encoding = encoding.map_or(Some(None), |encoding| encoding.map(Some))?;
    Some(())
}

fn encoding(item: &Item<'_>) -> Option<Charset> {
    item.parse(|text| {
        Charset::named(text).map_err(|_| {
            let meant = match words::nearest(text, Charset::USUAL) {
                Some(meant) => format!("did you mean `{meant}`? Usual are "),
                None => "usual are ".to_owned(),
            };
            let text = words::shown(text);
            format!("`{text}` is not an encoding; {meant}{}", words::list(Charset::USUAL, "and"))
        })
    })
}

fn csv(item: &Item<'_>, reading: &mut Reading) -> Option<()> {
    let mut section = item.section()?;
    let delimiter =
        section.optional("delimiter").map(|item| item.parse(|text| Delimiter::try_from(text.to_owned())));
    let escape = section
        .optional("escape")
        .map(|item| item.choice("an escape that is read", &[("\\", Escape::Backslash)]));
    let columns = section.optional("columns").map(|item| columns(&item));
    let nulls = section.optional("null").map(|item| texts(&item));
    section.finish();
    reading.delimiter = delimiter.map_or(Some(None), |delimiter| delimiter.map(Some))?;
    reading.escape = escape.map_or(Some(None), |escape| escape.map(Some))?;
    reading.columns = columns.map_or(Some(None), |columns| columns.map(Some))?;
    if let Some(nulls) = nulls {
        reading.nulls = nulls?;
    }
    Some(())
}

fn columns(item: &Item<'_>) -> Option<Vec<String>> {
    let columns = texts(item)?;
    if columns.is_empty() {
        return item.refuse("name every column in order, or leave it out: the first row names them then");
    }
    Some(columns)
}

fn texts(item: &Item<'_>) -> Option<Vec<String>> {
    let texts: Vec<Option<String>> =
        item.elements()?.iter().map(|item| item.text().map(str::to_owned)).collect();
    texts.into_iter().collect()
}
