//! `model.json`: what lies in a Common Data Model folder, as Customer Insights writes it. The shape is the one of
//! Microsoft's "Common Data Model folder" and "model.json" references; newer documents say `tables` for `entities`.

use serde::{Deserialize, Deserializer};

use super::{Column, ColumnKind, Unreadable};
use crate::source::Delimiter;

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
    /// How it is written.
    pub written: Written,
}

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Whether its first row names the columns.
    pub header: bool,
    /// What stands between two cells.
    pub delimiter: Option<Delimiter>,
    /// Whether cells may stand in quotes.
    pub quotes: bool,
    /// The name of its encoding.
    pub encoding: Option<String>,
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
    /// Fails where a file of it is written in a way that no reader here has: read in another, cells would be cut
    /// elsewhere than they were meant.
    pub fn is_readable(&self) -> Result<(), Unreadable> {
        if self.partitions.iter().any(|partition| !partition.written.quotes) {
            return Err(Unreadable::because(format!(
                "the files of table `{}` are written without quotes (`quoteStyle` None), which is not read; have them \
                 written with `QuoteStyle.Csv`",
                self.name
            )));
        }
        Ok(())
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

#[derive(Default, Deserialize)]
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
        Ok(Partition { location, written: written(&name, part.file_format_settings.unwrap_or_default())? })
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

fn written(table: &str, format: Format) -> Result<Written, Unreadable> {
    let delimiter = format.delimiter.filter(|delimiter| !delimiter.is_empty());
    let delimiter = delimiter.map(Delimiter::try_from).transpose().map_err(|error| {
        Unreadable::because(format!("the `delimiter` of a partition of table `{table}`: {error}"))
    })?;
    Ok(Written {
        header: format.column_headers.unwrap_or(false),
        // A comma, where it is not said.
        delimiter: Some(delimiter.unwrap_or(Delimiter::COMMA)),
        quotes: !format.quote_style.is_some_and(|style| style.ends_with("None")),
        encoding: format.encoding.filter(|encoding| !encoding.is_empty()),
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
            partition.written,
            Written {
                header: false,
                delimiter: Some(Delimiter::COMMA),
                quotes: true,
                encoding: Some("UTF-8".to_owned())
            }
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
                    {"columnHeaders": true, "delimiter": ";", "quoteStyle": "QuoteStyle.None"}}]},
               {"$type": "ReferenceEntity", "name": "C", "source": "Other", "modelId": "x"}]"#,
        )
        .unwrap();
        let written = |table: &str| model.table(table).unwrap().partitions[0].written.clone();
        let csv = Written { header: false, delimiter: Some(Delimiter::COMMA), quotes: true, encoding: None };
        assert_eq!(written("A"), csv);
        let semicolon = Delimiter::try_from(";".to_owned()).unwrap();
        assert_eq!(written("B"), Written { header: true, delimiter: Some(semicolon), quotes: false, ..csv });
        assert!(model.table("C").unwrap().is_elsewhere);
        assert!(model.table("A").unwrap().is_readable().is_ok());
        let refused = model.table("B").unwrap().is_readable().unwrap_err().to_string();
        assert!(refused.contains("the files of table `B` are written without quotes"), "{refused}");
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
            (
                r#""entities": [{"name": "VIP", "partitions": [{"location": "a", "fileFormatSettings":
                    {"delimiter": "||"}}]}]"#,
                "the `delimiter` of a partition of table `VIP`",
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
