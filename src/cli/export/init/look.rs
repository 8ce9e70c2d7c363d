//! What lies where `--file` points: a file, or a folder that a producer fills.

use std::{fmt, path::Path, sync::Arc};

use tokio::{runtime::Handle, sync::mpsc};

use super::{Destination, InitArgs, local::LocalFile};
use crate::{
    cli::{exit::Failure, export::ports},
    config,
    ports::objects::Directory,
    propose::{FileSettings, Survey, quoted},
    source::{self, BadRow, Escape, File, ObjectFile, Reading, Setting, SourceError, layout::Model},
    stage::drop::{DropDefect, DropError, find_sources},
};

const MODEL: &str = "model.json";

/// Looks at the first rows, and finds out what the export has to say about reading them.
pub(super) async fn look(args: &InitArgs, to: &Destination) -> Result<(Survey, FileSettings), Failure> {
    let reads = FileSettings {
        encoding: args.encoding.as_ref().map(ToString::to_string),
        columns: args.columns.clone(),
        ..FileSettings::default()
    };
    let reading = Reading {
        encoding: args.encoding,
        columns: Some(args.columns.clone()).filter(|columns| !columns.is_empty()),
        ..Reading::default()
    };
    let shown = args.file.display().to_string();
    if args.file.is_dir() {
        let (file, reading, reads) = folder(args, to, reads).await?;
        return survey(shown, file, reading, reads).await;
    }
    if args.table.is_some() {
        return Err(Failure::usage(
            "only a folder with a model.json has tables; name the folder, or leave --table out",
        ));
    }
    let file = LocalFile::open(&args.file).map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    survey(shown, file, reading, reads).await
}

async fn survey(
    shown: String,
    file: impl File + 'static,
    mut reading: Reading,
    mut reads: FileSettings,
) -> Result<(Survey, FileSettings), Failure> {
    let read = move || {
        let mut found = read(&file, &reading);
        if is_escaped(&found) {
            reading.escape = Some(Escape::Backslash);
            let escaped = read(&file, &reading);
            // A folder such as `C:\` may stand at the end of a cell, in a file that has no escapes.
            reads.escape = rows(&escaped) >= rows(&found);
            if reads.escape {
                found = escaped;
            }
        }
        Ok((found.map_err(|error| Failure::usage(format!("{shown}: {error}")))?, reads))
    };
    tokio::task::spawn_blocking(read).await.map_err(Failure::failed)?
}

/// Whether a file shows that backslashes keep quotes or delimiters in its cells.
fn is_escaped(found: &Result<Survey, Unfit>) -> bool {
    match found {
        Err(Unfit::Source { source }) => source.setting() == Some(Setting::Escape),
        Err(Unfit::NoGoodRows { why, .. }) => why.setting() == Some(Setting::Escape),
        Ok(survey) => survey.first_bad.is_some_and(|(_, why)| why.setting() == Some(Setting::Escape)),
        Err(_) => false,
    }
}

fn rows(found: &Result<Survey, Unfit>) -> usize {
    found.as_ref().map_or(0, |survey| survey.rows)
}

fn read(file: &dyn File, reading: &Reading) -> Result<Survey, Unfit> {
    let mut rows = source::open(file, reading, &[])?;
    if Survey::header_is_data(rows.header()) {
        return Err(Unfit::NoHeader);
    }
    let survey = Survey::read(&mut *rows)?;
    match survey.first_bad {
        _ if survey.rows > 0 => Ok(survey),
        Some((line, why)) => Err(Unfit::NoGoodRows { line, why }),
        None => Err(Unfit::NoRows),
    }
}

/// Why nothing can be proposed for a file.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(
        "its first row seems to be data, and not the names of the columns; write the file with a header (in \
         Redshift: UNLOAD … HEADER), or say the names: --columns customer_id,email,…"
    )]
    NoHeader,
    #[error("it has no rows to look at; take a file with some")]
    NoRows,
    #[error("none of its rows can be read; the first is line {line}: {why}")]
    NoGoodRows { line: u64, why: BadRow },
    #[error("{source}{}", hint(.source.setting()))]
    Source {
        #[from]
        source: SourceError,
    },
}

/// Names the argument for an option that a message asks to set: the export is not written yet.
fn hint(setting: Option<Setting>) -> &'static str {
    if setting == Some(Setting::Encoding) { "\n  here: --encoding ENCODING" } else { "" }
}

/// Returns the option that a list of files asks to set.
fn setting(error: &DropError) -> Option<Setting> {
    match error {
        DropError::Defect { defect, .. } => match &**defect {
            DropDefect::Unreadable { source, .. } => source.setting(),
            _ => None,
        },
        DropError::Object(_) => None,
    }
}

/// A folder is read as the export's run will read it: by its `model.json` or its marker, else the newest file.
async fn folder(
    args: &InitArgs,
    to: &Destination,
    mut reads: FileSettings,
) -> Result<(ObjectFile, Reading, FileSettings), Failure> {
    let usage = |error: &dyn fmt::Display| Failure::usage(format!("{}: {error}", args.file.display()));
    let folder = args.file.canonicalize().map_err(|error| usage(&error))?;
    let has = |name: &str| folder.join(name).is_file();
    (reads.complete_on, reads.table) = match &args.table {
        _ if has(MODEL) => (Some(MODEL), Some(table(&folder, args)?)),
        Some(_) => return Err(usage(&"it has no model.json, so that it has no tables; leave --table out")),
        None if has("_SUCCESS") => (Some("_SUCCESS"), None),
        None => (None, None),
    };
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str()))
    else {
        return Err(usage(&"name a folder inside another one, in letters that can be read"));
    };
    let columns: Vec<_> = reads.columns.iter().map(|column| quoted(column)).collect();
    let text = format!(
        "display_name = \"x\"\n[fields]\nemail = \"x\"\n[[segments]]\nname = \"x\"\npath = {}\n{}{}{}{}",
        quoted(&format!("{name}/")),
        reads.complete_on.map(|word| format!("complete_on = {}\n", quoted(word))).unwrap_or_default(),
        reads.table.as_ref().map(|table| format!("table = {}\n", quoted(table))).unwrap_or_default(),
        reads
            .encoding
            .as_ref()
            .map(|name| format!("[source]\nencoding = {}\n", quoted(name)))
            .unwrap_or_default(),
        match columns.as_slice() {
            [] => String::new(),
            columns => format!("[csv]\ncolumns = [{}]\n", columns.join(", ")),
        },
    );
    let export = config::export(to.export.clone(), to.connection.clone(), "the folder", text.as_bytes());
    let export = export.map_err(|error| usage(&error))?;
    let objects = Directory::open(parent).map_err(|error| usage(&error))?;
    let ports = ports(objects, parent);
    let sources = find_sources(&ports, &export).await.map_err(|error| match hint(setting(&error)) {
        "" => Failure::from(error),
        hint => Failure::usage(format!("{error}{hint}")),
    })?;
    let part = sources.into_iter().flat_map(|source| source.parts).max_by_key(|part| part.object.size);
    let part = part.ok_or_else(|| usage(&"it holds no file"))?;
    let (read, _) = mpsc::unbounded_channel();
    let file = ObjectFile::new(Arc::clone(&ports.objects), part.object, Handle::current(), read);
    Ok((file, part.reading, reads))
}

/// The table that is meant: the only one, or the one that was named.
fn table(folder: &Path, args: &InitArgs) -> Result<String, Failure> {
    let path = folder.join(MODEL);
    let usage = |error: &dyn fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let text = std::fs::read(&path).map_err(|error| usage(&error))?;
    let model = Model::parse(&text).map_err(|error| usage(&error))?;
    let names: Vec<&str> = model.tables.iter().map(|table| table.name.as_str()).collect();
    match (&args.table, names.as_slice()) {
        (Some(asked), names) if names.contains(&asked.as_str()) => Ok(asked.clone()),
        (None, [only]) => Ok((*only).to_owned()),
        (Some(asked), names) => {
            Err(usage(&format!("it has no table `{asked}`; there are: {}", names.join(", "))))
        }
        (None, names) => Err(usage(&format!("which table? Add --table, one of: {}", names.join(", ")))),
    }
}
