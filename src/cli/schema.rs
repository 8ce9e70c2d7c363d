//! The JSON Schemas of both configuration files, in the state: an editor finds them there without a network.

use bytes::Bytes;

use super::exit::Failure;
use crate::{
    keys::Key,
    ports::objects::{ObjectError, Objects, Put},
};

const EXPORT: &str = include_str!("../../docs/schema/export.schema.json");
const CONNECTION: &str = include_str!("../../docs/schema/connection.schema.json");

/// The first line of an export's file, by which an editor finds its schema.
pub(super) const OF_AN_EXPORT: &str = "../../schema/export.schema.json";

/// Puts this version's schemas in place of those of another one.
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
