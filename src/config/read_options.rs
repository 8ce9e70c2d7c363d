//! How an export's files are read: `[source]` and `[csv]`.

use segment_files::{Charset, Compression, Delimiter, Escape, Format, ReadOptions as Reading, Setting};

use crate::wording::{list, nearest, quoted};

use super::{item::Item, section::Section};

/// Reads both tables.
pub(super) fn reading(root: &mut Section<'_>) -> Option<Reading> {
    let mut reading = Reading::default();
    let source = root.optional("source").is_none_or(|item| source(&item, &mut reading).is_some());
    let csv = root.optional("csv").is_none_or(|item| csv(&item, &mut reading).is_some());
    (source && csv).then_some(reading)
}

/// Returns the end of an error message that asks for a setting: the section of the export where the setting belongs.
pub(crate) fn where_to_set(setting: Option<Setting>) -> &'static str {
    match setting {
        None => "",
        Some(Setting::Format) => " (`format` belongs under [source] in the export)",
        Some(Setting::Compression) => " (`compression` belongs under [source] in the export)",
        Some(Setting::Encoding) => " (`encoding` belongs under [source] in the export)",
        Some(Setting::Escape) => " (`escape` belongs under [csv] in the export)",
        Some(Setting::Columns) => " (`columns` belongs under [csv] in the export)",
    }
}

fn source(item: &Item<'_>, reading: &mut Reading) -> Option<()> {
    let mut section = Section::of(item)?;
    let formats = Format::ALL.map(|format| (format.as_str(), format));
    let format = section.read_optional("format", |item| item.choice("a supported format", &formats));
    let compressions = Compression::ALL.map(|compression| (compression.as_str(), compression));
    let compression =
        section.read_optional("compression", |item| item.choice("a supported compression", &compressions));
    let encoding = section.read_optional("encoding", encoding);
    section.finish();
    reading.format = format?;
    reading.compression = compression?;
    reading.encoding = encoding?;
    Some(())
}

fn encoding(item: &Item<'_>) -> Option<Charset> {
    item.parse(|text| {
        Charset::named(text).map_err(|_| {
            let meant = match nearest(text, Charset::USUAL) {
                Some(meant) => format!("did you mean `{meant}`? Common ones: "),
                None => "common ones: ".to_owned(),
            };
            let text = quoted(text);
            format!("`{text}` is not a supported encoding; {meant}{}", list(Charset::USUAL, "and"))
        })
    })
}

fn csv(item: &Item<'_>, reading: &mut Reading) -> Option<()> {
    let mut section = Section::of(item)?;
    let delimiter =
        section.read_optional("delimiter", |item| item.parse(|text| Delimiter::try_from(text.to_owned())));
    let escapes = [("\\", Escape::Backslash)];
    let escape = section.read_optional("escape", |item| item.choice("a supported escape", &escapes));
    let columns = section.read_optional("columns", columns);
    let nulls = section.read_or("null", reading.nulls.clone(), texts);
    section.finish();
    reading.delimiter = delimiter?;
    reading.escape = escape?;
    reading.columns = columns?;
    reading.nulls = nulls?;
    Some(())
}

fn columns(item: &Item<'_>) -> Option<Vec<String>> {
    let columns = texts(item)?;
    if columns.is_empty() {
        return item
            .refuse("name every column in order, or remove this line if the first row names the columns");
    }
    Some(columns)
}

fn texts(item: &Item<'_>) -> Option<Vec<String>> {
    let texts: Vec<Option<String>> =
        item.elements()?.iter().map(|item| item.text().map(str::to_owned)).collect();
    texts.into_iter().collect()
}
