//! `model.json`: what lies in a Common Data Model folder, as Customer Insights writes it. The shape is the one of
//! Microsoft's "Common Data Model folder" and "model.json" references; newer documents say `tables` for `entities`.

use serde::{Deserialize, Deserializer};

use super::{
    column::{Column, ColumnKind},
    error::Unreadable,
};
use crate::{charset::Charset, delimiter::Delimiter, reading::Reading};

/// What a `model.json` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The tables, in its order.
    pub tables: Vec<Table>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order in which its files have them.
    pub columns: Vec<Column>,
    /// Its files.
    pub partitions: Vec<Partition>,
    /// That the table itself is in another folder, and only named here.
    pub is_elsewhere: bool,
}

/// One file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its URL where the producer wrote it, or its path.
    pub location: String,
    format: Format,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Whether its first row names the columns.
    pub header: bool,
    /// What stands between two cells.
    pub delimiter: Delimiter,
    /// Its encoding, where that is said.
    pub encoding: Option<Charset>,
}

impl Model {
    /// Reads one.
    pub fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let document: Document = serde_json::from_slice(text)
            .map_err(|error| Unreadable::because(format!("it is not a model.json: {error}")))?;
        let tables = match (document.entities, document.tables) {
            (None, None) => return Err(Unreadable::because("it has neither `entities` nor `tables`")),
            (entities, tables) => entities.into_iter().chain(tables).flatten(),
        };
        Ok(Self { tables: tables.map(table).collect::<Result<_, _>>()? })
    }

    /// A table by its name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// How a file of it is written. What the export says itself is not asked. Fails where that is a way that no reader
    /// here has: read in another, cells would be cut elsewhere than they were meant, or have other letters.
    pub fn written(&self, partition: &Partition, export: &Reading) -> Result<Written, Unreadable> {
        let Format { column_headers, delimiter, quote_style, encoding } = &partition.format;
        let (said, name) = (|text: &Option<String>| text.clone().filter(|text| !text.is_empty()), &self.name);
        match said(quote_style) {
            None => {}
            Some(style) if style.ends_with("Csv") => {}
            Some(style) if style.ends_with("None") => {
                return Err(Unreadable::because(format!(
                    "the files of table `{name}` are written without quotes (`QuoteStyle.None`), which is not read; \
                     have them written with `QuoteStyle.Csv`"
                )));
            }
            Some(other) => {
                return Err(Unreadable::because(format!(
                    "the `quoteStyle` of table `{name}` is `{}`, which is not known; have its files written with \
                     `QuoteStyle.Csv`",
                    other.escape_debug()
                )));
            }
        }
        let delimiter = match (export.delimiter, said(delimiter)) {
            (Some(delimiter), _) => delimiter,
            (None, Some(said)) => Delimiter::try_from(said).map_err(|error| {
                Unreadable::because(format!("the `delimiter` of table `{name}` is not read: {error}"))
            })?,
            (None, None) => Delimiter::COMMA,
        };
        let encoding = match (export.encoding, said(encoding)) {
            (None, Some(said)) => Some(Charset::named(&said).map_err(|_| {
                Unreadable::because(format!(
                    "the `encoding` of table `{name}` is `{}`, which is not known; say under [source] in the export \
                     what its files are, such as encoding = \"utf-8\", or have them written so",
                    said.escape_debug()
                ))
            })?),
            (encoding, _) => encoding,
        };
        Ok(Written { header: column_headers.unwrap_or(false), delimiter, encoding })
    }
}

#[derive(Deserialize)]
struct Document {
    entities: Option<Vec<Entity>>,
    tables: Option<Vec<Entity>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    #[serde(default, rename = "$type")]
    kind: String,
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    attributes: Vec<Attribute>,
    #[serde(default, deserialize_with = "nullable")]
    partitions: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    name: String,
    #[serde(default)]
    data_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    location: Option<String>,
    file_format_settings: Option<Format>,
}

/// What is said of a file, as it is said: a table that no export reads may be written in any way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Format {
    column_headers: Option<bool>,
    delimiter: Option<String>,
    quote_style: Option<String>,
    encoding: Option<String>,
}

/// A list that some writers leave out and others write as `null`.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn table(entity: Entity) -> Result<Table, Unreadable> {
    let name = entity.name;
    let partitions = entity.partitions.into_iter().map(|part| {
        let location = part.location.filter(|location| !location.is_empty());
        let location = location
            .ok_or_else(|| Unreadable::because(format!("a partition of table `{name}` has no `location`")))?;
        Ok(Partition { location, format: part.file_format_settings.unwrap_or_default() })
    });
    let partitions = partitions.collect::<Result<_, _>>()?;
    let columns = entity.attributes.into_iter().map(|attribute| Column {
        kind: attribute.data_type.as_deref().map_or(ColumnKind::Text, kind),
        name: attribute.name,
    });
    Ok(Table {
        columns: columns.collect(),
        partitions,
        is_elsewhere: entity.kind.ends_with("ReferenceEntity"),
        name,
    })
}

fn kind(data_type: &str) -> ColumnKind {
    match data_type.to_ascii_lowercase().as_str() {
        "int16" | "int32" | "int64" | "integer" | "double" | "decimal" | "float" => ColumnKind::Number,
        "boolean" => ColumnKind::Boolean,
        "date" => ColumnKind::Date,
        "datetime" | "datetimeoffset" => ColumnKind::Instant,
        _ => ColumnKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(entities: &str) -> Result<Model, Unreadable> {
        Model::parse(format!(r#"{{"name": "CI", "version": "1.0", {entities}}}"#).as_bytes())
    }

    const VIP: &str = r#"[{"$type": "LocalEntity", "name": "VIP", "description": "",
        "attributes": [
            {"name": "CustomerId", "dataType": "string"}, {"name": "EMail", "dataType": "string"},
            {"name": "Orders", "dataType": "int64"}, {"name": "Consent", "dataType": "boolean"},
            {"name": "Since", "dataType": "dateTime"}, {"name": "Born", "dataType": "date"},
            {"name": "Id", "dataType": "guid"}, {"name": "Note"}],
        "partitions": [{"name": "0", "refreshTime": "2026-11-23T10:15:00+00:00",
            "location": "https://acme.dfs.core.windows.net/ci/out/VIP/2026/11/23/1015/VIP_0.csv",
            "fileFormatSettings": {"$type": "CsvFormatSettings", "columnHeaders": false, "delimiter": ",",
                "quoteStyle": "QuoteStyle.Csv", "csvStyle": "CsvStyle.QuoteAlways", "encoding": "UTF-8"}}]}]"#;

    #[test]
    fn a_table_has_columns_with_types_and_files() {
        let model = model(&format!("\"entities\": {VIP}")).unwrap();
        let table = model.table("VIP").unwrap();
        let columns: Vec<_> =
            table.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect();
        assert_eq!(
            columns,
            [
                ("CustomerId", ColumnKind::Text),
                ("EMail", ColumnKind::Text),
                ("Orders", ColumnKind::Number),
                ("Consent", ColumnKind::Boolean),
                ("Since", ColumnKind::Instant),
                ("Born", ColumnKind::Date),
                ("Id", ColumnKind::Text),
                ("Note", ColumnKind::Text),
            ]
        );
        let [partition] = table.partitions.as_slice() else { panic!("one partition") };
        assert!(partition.location.ends_with("/VIP_0.csv"));
        assert_eq!(
            table.written(partition, &Reading::default()),
            Ok(Written { header: false, delimiter: Delimiter::COMMA, encoding: Some(Charset::UTF_8) })
        );
        assert!(model.table("vip").is_none());
    }

    #[test]
    fn newer_documents_say_tables() {
        assert_eq!(model(&format!("\"tables\": {VIP}")), model(&format!("\"entities\": {VIP}")));
    }

    #[test]
    fn what_a_file_does_not_say_of_itself_is_the_formats_default() {
        let model = model(
            r#""entities": [{"name": "A", "attributes": null, "partitions": [{"location": "A/0.csv"}]},
               {"name": "B", "partitions": [{"location": "B/0.csv", "fileFormatSettings":
                    {"columnHeaders": true, "delimiter": ";", "quoteStyle": "", "encoding": ""}}]},
               {"$type": "ReferenceEntity", "name": "C", "source": "Other", "modelId": "x"}]"#,
        )
        .unwrap();
        let written = |table: &str| {
            let table = model.table(table).unwrap();
            table.written(&table.partitions[0], &Reading::default())
        };
        let csv = Written { header: false, delimiter: Delimiter::COMMA, encoding: None };
        assert_eq!(written("A"), Ok(csv));
        let delimiter = Delimiter::try_from(";".to_owned()).unwrap();
        assert_eq!(written("B"), Ok(Written { header: true, delimiter, ..csv }));
        assert!(model.table("C").unwrap().is_elsewhere);
    }

    fn of_settings(settings: &str, export: &Reading) -> Result<Written, String> {
        let partition = format!(r#"{{"location": "VIP/0.csv", "fileFormatSettings": {settings}}}"#);
        let model =
            model(&format!(r#""entities": [{{"name": "VIP", "partitions": [{partition}]}}]"#)).unwrap();
        let table = model.table("VIP").unwrap();
        table.written(&table.partitions[0], export).map_err(|error| error.to_string())
    }

    #[test]
    fn what_no_reader_has_is_refused_and_not_guessed() {
        let refused = |settings| of_settings(settings, &Reading::default()).unwrap_err();
        insta::assert_snapshot!(
            [
                refused(r#"{"encoding": "ebcdic-cp-us"}"#),
                refused(r#"{"quoteStyle": "QuoteStyle.None"}"#),
                refused(r#"{"quoteStyle": "QuoteStyle.Single"}"#),
                refused(r#"{"delimiter": "||"}"#),
            ]
            .join("\n")
        );
    }

    #[test]
    fn what_the_export_says_of_its_files_is_not_asked_of_the_model() {
        let delimiter = Delimiter::try_from("|".to_owned()).unwrap();
        let encoding = Charset::named("shift_jis").unwrap();
        let export = Reading { delimiter: Some(delimiter), encoding: Some(encoding), ..Reading::default() };
        assert_eq!(
            of_settings(r#"{"encoding": "ebcdic-cp-us", "delimiter": "||"}"#, &export),
            Ok(Written { header: false, delimiter, encoding: Some(encoding) })
        );
    }

    #[test]
    fn what_is_no_model_says_so() {
        for (entities, said) in [
            (r#""x": 1"#, "neither `entities` nor `tables`"),
            (r#""entities": [{}]"#, "missing field `name`"),
            (
                r#""entities": [{"name": "VIP", "partitions": [{}]}]"#,
                "a partition of table `VIP` has no `location`",
            ),
        ] {
            let error = model(entities).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(Model::parse(b"{\"entities\": [").unwrap_err().to_string().contains("not a model.json"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Model::parse(&text);
        }
    }
}
