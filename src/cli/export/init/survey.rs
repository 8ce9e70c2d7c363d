//! Reads the first rows of `--file`: a file, or a folder that a producer writes.

use std::{fmt, path::Path, sync::Arc};

use tokio::{runtime::Handle, sync::mpsc};

use super::{args::InitArgs, destination::Destination, local_file::LocalFile};
use crate::{
    app,
    cli::{exit::Failure, local},
    config,
    ports::objects::Directory,
    propose::{FileSettings, Survey, quoted},
    stage::ObjectFile,
};
use segment_files::{self, Escape, File, ReadError, ReadOptions, Setting, UnreadableRow, layout::Model};

const MODEL: &str = "model.json";

/// Returns a survey of the first rows, and the settings that the export needs to read them.
pub(super) async fn survey(args: &InitArgs, to: &Destination) -> Result<(Survey, FileSettings), Failure> {
    let reads = FileSettings {
        encoding: args.encoding.as_ref().map(ToString::to_string),
        delimiter: args.delimiter.map(String::from),
        columns: args.columns.clone(),
        ..FileSettings::default()
    };
    let reading = ReadOptions {
        encoding: args.encoding,
        delimiter: args.delimiter,
        columns: Some(args.columns.clone()).filter(|columns| !columns.is_empty()),
        ..ReadOptions::default()
    };
    let shown = args.file.display().to_string();
    if args.file.is_dir() {
        let (file, reading, reads) = folder(args, to, reads).await?;
        return survey_file(shown, file, reading, reads).await;
    }
    if args.table.is_some() {
        return Err(Failure::usage(
            "only a folder with a model.json has tables; name the folder, or omit --table",
        ));
    }
    let file = LocalFile::open(&args.file).map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    survey_file(shown, file, reading, reads).await
}

async fn survey_file(
    shown: String,
    file: impl File + 'static,
    mut reading: ReadOptions,
    mut reads: FileSettings,
) -> Result<(Survey, FileSettings), Failure> {
    let read = move || {
        let mut found = read(&file, &reading);
        if is_escaped(&found) {
            reading.escape = Some(Escape::Backslash);
            let escaped = read(&file, &reading);
            // In a file without escapes, a cell may end with a backslash, such as `C:\`.
            reads.escape = rows(&escaped) >= rows(&found);
            if reads.escape {
                found = escaped;
            }
        }
        Ok((found.map_err(|error| Failure::usage(format!("{shown}: {error}")))?, reads))
    };
    tokio::task::spawn_blocking(read).await.map_err(Failure::failed)?
}

/// Whether the file shows that backslashes escape quotes or delimiters in its cells.
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

fn read(file: &dyn File, reading: &ReadOptions) -> Result<Survey, Unfit> {
    let mut rows = segment_files::open(file, reading, &[])?;
    if Survey::header_is_data(rows.header()) {
        return Err(Unfit::NoHeader);
    }
    let survey = Survey::read(&mut *rows)?;
    if let Some(line) = survey.later_header {
        return Err(ReadError::LinesAboveHeader { line }.into());
    }
    match survey.first_bad {
        _ if survey.rows > 0 => Ok(survey),
        Some((line, why)) => Err(Unfit::NoGoodRows { line, why }),
        None => Err(Unfit::NoRows),
    }
}

/// Why no export can be proposed for a file.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(
        "its first row seems to be data, not column names; write the file with a header (in Redshift: UNLOAD … \
         HEADER), or name the columns: --columns customer_id,email,…"
    )]
    NoHeader,
    #[error("it has no rows; choose a file with rows")]
    NoRows,
    #[error("all of its rows are invalid; the first is line {line}: {why}")]
    NoGoodRows { line: u64, why: UnreadableRow },
    #[error("{source}{}", hint(.source.setting()))]
    Source {
        #[from]
        source: ReadError,
    },
}

/// Returns the argument for a setting that a message asks for, because the export does not exist yet.
fn hint(setting: Option<Setting>) -> &'static str {
    if setting == Some(Setting::Encoding) { "\n  here: --encoding ENCODING" } else { "" }
}

/// Reads a folder the way a run will read it: by its `model.json`, by its marker, or as its newest file.
async fn folder(
    args: &InitArgs,
    to: &Destination,
    mut reads: FileSettings,
) -> Result<(ObjectFile, ReadOptions, FileSettings), Failure> {
    let usage = |error: &dyn fmt::Display| Failure::usage(format!("{}: {error}", args.file.display()));
    let folder = args.file.canonicalize().map_err(|error| usage(&error))?;
    let has = |name: &str| folder.join(name).is_file();
    (reads.complete_on, reads.table) = match &args.table {
        _ if has(MODEL) => (Some(MODEL), Some(table(&folder, args)?)),
        Some(_) => return Err(usage(&"it has no model.json, so it has no tables; omit --table")),
        None if has("_SUCCESS") => (Some("_SUCCESS"), None),
        None => (None, None),
    };
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str()))
    else {
        return Err(usage(&"name a folder that is inside another folder and whose name is UTF-8"));
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
        csv(reads.delimiter.as_deref(), &columns),
    );
    let export = config::export(to.export.clone(), to.connection.clone(), "the folder", text.as_bytes());
    let export = export.map_err(|error| usage(&error))?;
    let objects = Directory::open(parent).map_err(|error| usage(&error))?;
    let ports = local::ports(objects, parent, None);
    let part = app::largest_file(&ports, &export).await.map_err(|error| match hint(error.setting()) {
        "" => Failure::from(error),
        hint => Failure::usage(format!("{error}{hint}")),
    })?;
    let part = part.ok_or_else(|| usage(&"it has no file"))?;
    let (read, _) = mpsc::unbounded_channel();
    let file = ObjectFile::new(Arc::clone(&ports.objects), part.object, Handle::current(), read);
    Ok((file, part.reading, reads))
}

fn csv(delimiter: Option<&str>, columns: &[String]) -> String {
    let delimiter = delimiter.map(|delimiter| format!("delimiter = {}\n", quoted(delimiter)));
    let columns = (!columns.is_empty()).then(|| format!("columns = [{}]\n", columns.join(", ")));
    format!("[csv]\n{}{}", delimiter.unwrap_or_default(), columns.unwrap_or_default())
}

/// Returns the table to export: the one that `--table` names, or the only one.
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
            Err(usage(&format!("it has no table `{asked}`; its tables: {}", names.join(", "))))
        }
        (None, names) => Err(usage(&format!("which table? Add --table, one of: {}", names.join(", ")))),
    }
}
