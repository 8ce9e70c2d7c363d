//! A file on this machine, inside or outside the state directory.

use std::{
    fs::File as Handle,
    io::{self, Read, Seek as _, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use segment_files::File;

#[derive(Debug, Clone)]
pub(super) struct LocalFile {
    path: PathBuf,
    size: u64,
}

impl LocalFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::Error::other("this is a folder; name a file in it"));
        }
        Ok(Self { path: path.to_owned(), size: metadata.len() })
    }
}

impl File for LocalFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Handle::open(&self.path)?))
    }

    fn handle(&self) -> Arc<dyn File> {
        Arc::new(self.clone())
    }

    fn range(&self, range: Range<u64>) -> io::Result<Bytes> {
        let mut file = Handle::open(&self.path)?;
        file.seek(SeekFrom::Start(range.start))?;
        let length = range.end.saturating_sub(range.start);
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length { Ok(bytes.into()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}
