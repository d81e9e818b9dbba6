//! A file that is replaced whole, or not at all.
//!
//! The new one is written beside the old one, under a name that nobody can
//! foresee and that was not there before, and takes its place in one step: a
//! reader sees either, and a writer that fails leaves the old one.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::io_error;
use crate::error::{Error, Result};
use crate::forks::Process;

/// How the name of a file begins that is being written; short, for the place's own
/// may be as long as a name can be.
const PREFIX: &str = ".mynah-";

/// The file that is being written. A child of the process shares its place in it,
/// and so writes nothing, not even what a buffer still holds.
pub struct New<'a> {
    file: &'a File,
    process: Process,
}

impl Write for New<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.process.is_this() {
            true => self.file.write(bytes),
            false => Err(io::Error::other("it is another process's")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has `write` write the file that `path` is to name; what it answers. A link is
/// followed, an old file's permissions stay, and what is no file is left alone.
pub fn replace<T>(path: &Path, write: impl FnOnce(New<'_>) -> Result<T>) -> Result<T> {
    let (place, permissions) = place_of(path)?;
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let beside = new_file(permissions.as_ref()).tempfile_in(folder);
    let mut beside = beside.map_err(io_error("creating a file beside", path))?;
    let process = Process::this();
    let answer = write(New { file: beside.as_file(), process });
    // In a child the file goes on to be its parent's.
    beside.disable_cleanup(!process.is_this());
    let answer = answer?;
    let failed = io_error("writing", path);
    if let Some(permissions) = permissions.filter(|_| cfg!(unix)) {
        beside.as_file().set_permissions(permissions).map_err(&failed)?;
    }
    beside.as_file().sync_all().map_err(&failed)?;
    beside.persist(&place).map_err(|error| io_error("renaming to", path)(error.error))?;
    sync_folder(folder);
    Ok(answer)
}

/// Where the file itself is, and the permissions of one that is there.
fn place_of(path: &Path) -> Result<(PathBuf, Option<Permissions>)> {
    let failed = io_error("saving to", path);
    let there = match fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((path.into(), None)),
        Err(error) => return Err(failed(error)),
    };
    if there.is_symlink() {
        // Also one to a file that is not there yet; of a circle the system tells.
        let target = fs::read_link(path).map_err(&failed)?;
        let target = path.parent().unwrap_or(Path::new("")).join(target);
        return match fs::metadata(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => place_of(&target),
        };
    }
    match there.is_file() {
        true => Ok((path.into(), Some(there.permissions()))),
        false => Err(Error::Io(format!("saving to {}: it is not a file", path.display()))),
    }
}

/// How the new file is created: as any program would, unless an old one says
/// otherwise.
#[cfg(unix)]
fn new_file(old: Option<&Permissions>) -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    let permissions = old.cloned().unwrap_or_else(|| Permissions::from_mode(0o666));
    builder.prefix(PREFIX).permissions(permissions);
    builder
}

#[cfg(not(unix))]
fn new_file(_old: Option<&Permissions>) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    builder
}

/// Waits until the folder on the disk knows the file's new name, where the
/// system can tell.
fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}
