//! Writes the JSON Schemas of both configuration files to the state, so that an editor finds them offline.

use bytes::Bytes;

use super::exit::Failure;
use crate::{
    keys::Key,
    ports::objects::{ObjectError, Objects, Put},
};

const EXPORT: &str = include_str!("../../docs/schema/export.schema.json");
const CONNECTION: &str = include_str!("../../docs/schema/connection.schema.json");

/// The path of the schema, relative to an export's file.
pub(super) const OF_AN_EXPORT: &str = "../../schema/export.schema.json";

/// Writes the schemas of this version, unless they exist.
pub(super) async fn write(objects: &dyn Objects) -> Result<(), Failure> {
    for (key, schema) in [(Key::ExportSchema, EXPORT), (Key::ConnectionSchema, CONNECTION)] {
        let at = (&key).into();
        match objects.get(&at).await {
            Ok(there) if there == schema.as_bytes() => continue,
            Ok(_) | Err(ObjectError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        objects.put(&at, Bytes::from_static(schema.as_bytes()), Put::Replace).await?;
    }
    Ok(())
}
