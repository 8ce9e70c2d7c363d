//! `model.json`: the tables of a Common Data Model folder, as Customer Insights writes them. Sources: Microsoft's
//! references "Common Data Model folder" and "model.json". Newer documents say `tables` instead of `entities`.

use serde::{Deserialize, Deserializer};

use super::{
    column::{Column, ColumnKind},
    error::ListError,
};
use crate::{charset::Charset, delimiter::Delimiter, options::ReadOptions};

/// A parsed `model.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The tables, in the order of the document.
    pub tables: Vec<Table>,
}

/// A table of a `model.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name of the table.
    pub name: String,
    /// The columns, in the order of the files.
    pub columns: Vec<Column>,
    /// The files of the table.
    pub partitions: Vec<Partition>,
    /// Whether the table is in another folder, and this document only refers to it.
    pub is_elsewhere: bool,
}

/// A file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The URL at which the producer wrote the file, or its path.
    pub location: String,
    format: Settings,
}

/// How a CSV file of a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvFormat {
    /// Whether the first row has the names of the columns.
    pub has_header: bool,
    /// The delimiter between two cells.
    pub delimiter: Delimiter,
    /// The encoding, if the document has it.
    pub encoding: Option<Charset>,
}

impl Model {
    /// Parses a `model.json`.
    pub fn parse(text: &[u8]) -> Result<Self, ListError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let document: Document = serde_json::from_slice(text).map_err(ListError::NotModel)?;
        let tables = match (document.entities, document.tables) {
            (None, None) => return Err(ListError::NoTables),
            (entities, tables) => entities.into_iter().chain(tables).flatten(),
        };
        Ok(Self { tables: tables.map(table).collect::<Result<_, _>>()? })
    }

    /// Returns the table with this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// Returns how a file of the table is written. What `options` declare takes precedence over the document.
    ///
    /// # Errors
    /// If the format of the file is not supported: reading it anyway could split its cells in the wrong places or
    /// garble their letters.
    pub fn csv_format(&self, partition: &Partition, options: &ReadOptions) -> Result<CsvFormat, ListError> {
        let Settings { column_headers, delimiter, quote_style, encoding } = &partition.format;
        let declared = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let table = || self.name.clone();
        match declared(quote_style) {
            Some(style) if style.ends_with("None") => return Err(ListError::NoQuotes { table: table() }),
            Some(style) if !style.ends_with("Csv") => {
                return Err(ListError::UnknownQuoteStyle { table: table(), style });
            }
            _ => {}
        }
        let delimiter = match (options.delimiter, declared(delimiter)) {
            (Some(delimiter), _) => delimiter,
            (None, Some(declared)) => Delimiter::try_from(declared)
                .map_err(|source| ListError::Delimiter { table: table(), source })?,
            (None, None) => Delimiter::COMMA,
        };
        let encoding = match (options.encoding, declared(encoding)) {
            (None, Some(encoding)) => match Charset::named(&encoding) {
                Ok(charset) => Some(charset),
                Err(_) => return Err(ListError::Encoding { table: table(), encoding }),
            },
            (encoding, _) => encoding,
        };
        Ok(CsvFormat { has_header: column_headers.unwrap_or(false), delimiter, encoding })
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
    file_format_settings: Option<Settings>,
}

/// The `fileFormatSettings` of a file. They are not checked here, since a table that is not read may have any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    column_headers: Option<bool>,
    delimiter: Option<String>,
    quote_style: Option<String>,
    encoding: Option<String>,
}

/// Deserializes a list that may be `null`.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn table(entity: Entity) -> Result<Table, ListError> {
    let name = entity.name;
    let partitions = entity.partitions.into_iter().map(|part| {
        let location = part.location.filter(|location| !location.is_empty());
        let location = location.ok_or_else(|| ListError::NoLocation { table: name.clone() })?;
        Ok(Partition { location, format: part.file_format_settings.unwrap_or_default() })
    });
    let partitions = partitions.collect::<Result<_, _>>()?;
    let columns = entity.attributes.into_iter().map(|attribute| Column {
        kind: attribute.data_type.as_deref().map_or(ColumnKind::Text, ColumnKind::of_type),
        name: attribute.name,
    });
    Ok(Table {
        columns: columns.collect(),
        partitions,
        is_elsewhere: entity.kind.ends_with("ReferenceEntity"),
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(entities: &str) -> Result<Model, ListError> {
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
            table.csv_format(partition, &ReadOptions::default()).unwrap(),
            CsvFormat { has_header: false, delimiter: Delimiter::COMMA, encoding: Some(Charset::UTF_8) }
        );
        assert!(model.table("vip").is_none());
    }

    #[test]
    fn tables_is_another_name_for_entities() {
        let [tables, entities] =
            ["tables", "entities"].map(|key| model(&format!("\"{key}\": {VIP}")).unwrap());
        assert_eq!(tables, entities);
    }

    #[test]
    fn uses_the_defaults_of_the_format() {
        let model = model(
            r#""entities": [{"name": "A", "attributes": null, "partitions": [{"location": "A/0.csv"}]},
               {"name": "B", "partitions": [{"location": "B/0.csv", "fileFormatSettings":
                    {"columnHeaders": true, "delimiter": ";", "quoteStyle": "", "encoding": ""}}]},
               {"$type": "ReferenceEntity", "name": "C", "source": "Other", "modelId": "x"}]"#,
        )
        .unwrap();
        let format = |table: &str| {
            let table = model.table(table).unwrap();
            table.csv_format(&table.partitions[0], &ReadOptions::default()).unwrap()
        };
        let default = CsvFormat { has_header: false, delimiter: Delimiter::COMMA, encoding: None };
        assert_eq!(format("A"), default);
        let delimiter = Delimiter::try_from(";".to_owned()).unwrap();
        assert_eq!(format("B"), CsvFormat { has_header: true, delimiter, ..default });
        assert!(model.table("C").unwrap().is_elsewhere);
    }

    fn csv_format(settings: &str, options: &ReadOptions) -> Result<CsvFormat, String> {
        let partition = format!(r#"{{"location": "VIP/0.csv", "fileFormatSettings": {settings}}}"#);
        let model =
            model(&format!(r#""entities": [{{"name": "VIP", "partitions": [{partition}]}}]"#)).unwrap();
        let table = model.table("VIP").unwrap();
        table.csv_format(&table.partitions[0], options).map_err(|error| error.to_string())
    }

    #[test]
    fn rejects_formats_that_are_not_supported() {
        let error = |settings| csv_format(settings, &ReadOptions::default()).unwrap_err();
        insta::assert_snapshot!(
            [
                error(r#"{"encoding": "ebcdic-cp-us"}"#),
                error(r#"{"quoteStyle": "QuoteStyle.None"}"#),
                error(r#"{"quoteStyle": "QuoteStyle.Single"}"#),
                error(r#"{"delimiter": "||"}"#),
            ]
            .join("\n")
        );
    }

    #[test]
    fn declared_options_take_precedence() {
        let delimiter = Delimiter::try_from("|".to_owned()).unwrap();
        let encoding = Charset::named("shift_jis").unwrap();
        let options =
            ReadOptions { delimiter: Some(delimiter), encoding: Some(encoding), ..ReadOptions::default() };
        assert_eq!(
            csv_format(r#"{"encoding": "ebcdic-cp-us", "delimiter": "||"}"#, &options),
            Ok(CsvFormat { has_header: false, delimiter, encoding: Some(encoding) })
        );
    }

    #[test]
    fn rejects_other_documents() {
        for (entities, reason) in [
            (r#""x": 1"#, "neither `entities` nor `tables`"),
            (r#""entities": [{}]"#, "missing field `name`"),
            (
                r#""entities": [{"name": "VIP", "partitions": [{}]}]"#,
                "a partition of table `VIP` has no `location`",
            ),
        ] {
            let error = model(entities).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert!(Model::parse(b"{\"entities\": [").unwrap_err().to_string().contains("not a model.json"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Model::parse(&text);
        }
    }
}
