//! Saving a cache to a file, and taking it back.
//!
//! The file is eight bytes of name and version, a zstd stream of records, and a
//! BLAKE3 digest of all that. It is written beside its place and renamed (see
//! [`replacing`]), so a reader sees the old one or the new one. Loading checks the
//! digest and walks through every record before the first one is stored: a file
//! that is cut, torn, changed or foreign leaves the cache as it was. Lifetimes are
//! stored as what remained when the save began, and shortened by the time until each
//! entry is stored again.

mod replacing;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;

use self::replacing::New;
use super::compress::DICTIONARY_BYTES;
use super::{Cache, Ttl, patiently};
use crate::error::{Error, Result, Status};

const NAME: &[u8; 8] = b"mynahc01";
const DIGEST: u64 = 32;
/// Bytes that are digested at a time.
const DIGEST_BUFFER: usize = 64 << 10;
/// Entries between two reports of progress.
const REPORT_EVERY: u64 = 1_024;
/// zstd's level for the stream: the disk is slower than the compressor.
const LEVEL: i32 = 3;
/// What a record begins with.
const ENTRY: u8 = 1;
const DICTIONARY: u8 = 2;
const LAST: u8 = 0;

/// Told how many of how many entries are done; false stops.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

fn io_error(what: &str, path: &Path) -> impl Fn(io::Error) -> Error {
    let text = format!("{what} {}", path.display());
    move |error| Error::Io(format!("{text}: {error}"))
}

fn refused(why: &str) -> Error {
    Error::Protocol(format!("not a snapshot that can be loaded: {why}"))
}

/// What the callback's answer means.
fn go_on(answer: bool) -> Result<()> {
    let stopped = || Error::call(Status::Stopped, "the progress callback stopped it");
    answer.then_some(()).ok_or_else(stopped)
}

/// A writer that digests what passes.
struct Digesting<W> {
    inner: W,
    digest: blake3::Hasher,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Cache {
    /// Writes all live entries to a file, replacing it whole; how many. Gets
    /// and sets go on.
    ///
    /// Errors: `Io`; `InvalidArgument` for an empty path; `Stopped` by the callback,
    /// and `Closed` if the cache is freed meanwhile: the old file stays then.
    pub fn save(self: &Arc<Self>, path: &Path, progress: Progress) -> Result<u64> {
        check_path(path)?;
        replacing::replace(path, |file| self.write_to(file, path, progress))
    }

    fn write_to(self: &Arc<Self>, file: New<'_>, path: &Path, progress: Progress) -> Result<u64> {
        let failed = io_error("writing", path);
        let digest = blake3::Hasher::new();
        let mut out = Digesting { inner: BufWriter::new(file), digest };
        out.write_all(NAME).map_err(&failed)?;
        let mut stream = zstd::Encoder::new(out, LEVEL).map_err(&failed)?;
        let (began_unix_ms, began_ms) = (self.clock.unix_ms(), self.now_ms());
        stream.write_all(&began_unix_ms.to_le_bytes()).map_err(&failed)?;
        if let Some(dictionary) = self.shared.codec.as_ref().and_then(|codec| codec.newest()) {
            let length = (dictionary.len() as u32).to_le_bytes();
            let record = [&[DICTIONARY], &length[..], &dictionary].concat();
            stream.write_all(&record).map_err(&failed)?;
        }
        let (mut count, total) = (0, self.len());
        go_on(progress(0, total))?;
        for pair in self.walk() {
            let pair = match pair {
                // The walk goes on where it was.
                Err(Error::Busy) => continue,
                pair => pair?,
            };
            let remaining = match pair.expiry_ms() {
                0 => u64::MAX,
                // From when the file was begun, as its time says.
                expiry if expiry > self.now_ms() => expiry - began_ms,
                _ => 0,
            };
            if remaining > 0 {
                write_entry(&mut stream, pair.key(), pair.value().as_bytes(), remaining)
                    .map_err(&failed)?;
                count += 1;
                if count % REPORT_EVERY == 0 {
                    go_on(progress(count, total.max(count)))?;
                }
            }
        }
        stream.write_all(&[LAST]).map_err(&failed)?;
        let out = stream.finish().map_err(&failed)?;
        let digest = out.digest.finalize();
        let mut file = out.inner;
        file.write_all(digest.as_bytes()).map_err(&failed)?;
        file.flush().map_err(&failed)?;
        go_on(progress(count, count))?;
        Ok(count)
    }

    /// Stores what a file holds, within this cache's bounds, over what is there;
    /// how many entries it stored. One that is larger than this cache allows is
    /// left out.
    pub fn load(&self, path: &Path, progress: Progress) -> Result<u64> {
        check_path(path)?;
        let mut file = open(path)?;
        let length = verify(&mut file, path)?;
        let total = self.read_records(&mut file, length, path, &mut |_| Ok(()))?;
        go_on(progress(0, total))?;
        let (mut done, mut stored) = (0, 0);
        self.read_records(&mut file, length, path, &mut |record| {
            match record {
                Record::Dictionary(bytes) => self.take_dictionary(bytes),
                Record::Entry { key, value, ttl } => {
                    match patiently(|| self.set(key, value, ttl)) {
                        Ok(()) => stored += 1,
                        Err(Error::TooLarge { .. }) => {}
                        Err(error) => return Err(error),
                    }
                    done += 1;
                    if done % REPORT_EVERY == 0 {
                        go_on(progress(done, total))?;
                    }
                }
            }
            Ok(())
        })?;
        go_on(progress(total, total))?;
        Ok(stored)
    }

    fn take_dictionary(&self, bytes: &[u8]) {
        let roomy = self.has_room_for_dictionary();
        if let Some(codec) = self.shared.codec.as_ref().filter(|_| roomy) {
            codec.import(bytes.to_vec(), &|bytes| self.pay(bytes));
        }
    }

    /// Calls `each` with every record; how many entries there are.
    fn read_records(
        &self,
        file: &mut (impl Read + Seek),
        length: u64,
        path: &Path,
        each: &mut dyn FnMut(Record) -> Result<()>,
    ) -> Result<u64> {
        let failed = io_error("reading", path);
        let (cut, torn) =
            (unreadable(path, "the records end too early"), unreadable(path, "a record is cut"));
        file.seek(SeekFrom::Start(NAME.len() as u64)).map_err(&failed)?;
        let stream = zstd::Decoder::new(file.take(length)).map_err(&failed)?;
        let mut stream = BufReader::new(stream);
        let saved_ms = read_u64(&mut stream).map_err(&cut)?;
        let (lain_ms, began_ms) = (self.clock.unix_ms().saturating_sub(saved_ms), self.now_ms());
        let (mut key, mut value, mut count) = (Vec::new(), Vec::new(), 0);
        loop {
            let mut kind = [0];
            stream.read_exact(&mut kind).map_err(&cut)?;
            match kind[0] {
                LAST => return Ok(count),
                DICTIONARY => {
                    let length = read_u32(&mut stream).map_err(&cut)?;
                    if length as usize > DICTIONARY_BYTES {
                        return Err(refused("its dictionary is larger than any that is saved"));
                    }
                    read_bytes(&mut stream, length, &mut value).map_err(&torn)?;
                    each(Record::Dictionary(&value))?;
                }
                ENTRY => {
                    let remaining = read_u64(&mut stream).map_err(&cut)?;
                    let key_length = read_u32(&mut stream).map_err(&cut)?;
                    let value_length = read_u32(&mut stream).map_err(&cut)?;
                    count += 1;
                    if self.never_fits(key_length as usize, value_length as usize) {
                        pass_over(&mut stream, key_length as u64 + value_length as u64)
                            .map_err(&torn)?;
                        continue;
                    }
                    read_bytes(&mut stream, key_length, &mut key).map_err(&torn)?;
                    read_bytes(&mut stream, value_length, &mut value).map_err(&torn)?;
                    // Loading takes its time too.
                    let since_ms = lain_ms.saturating_add(self.now_ms() - began_ms);
                    let ttl = match remaining {
                        u64::MAX => Ttl::Never,
                        ms if ms <= since_ms => continue,
                        ms => Ttl::Exactly(ms - since_ms),
                    };
                    each(Record::Entry { key: &key, value: &value, ttl })?;
                }
                _ => return Err(refused("an unknown kind of record")),
            }
        }
    }
}

enum Record<'a> {
    Entry { key: &'a [u8], value: &'a [u8], ttl: Ttl },
    Dictionary(&'a [u8]),
}

fn write_entry(out: &mut impl Write, key: &[u8], value: &[u8], remaining: u64) -> io::Result<()> {
    out.write_all(&[ENTRY])?;
    out.write_all(&remaining.to_le_bytes())?;
    out.write_all(&(key.len() as u32).to_le_bytes())?;
    out.write_all(&(value.len() as u32).to_le_bytes())?;
    out.write_all(key)?;
    out.write_all(value)
}

fn read_u64(from: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes).map(|()| u64::from_le_bytes(bytes))
}

fn read_u32(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes).map(|()| u32::from_le_bytes(bytes))
}

/// Reads so many bytes, taking memory only as they come: a length that lies
/// costs nothing.
fn read_bytes(from: &mut impl Read, length: u32, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    let read = from.take(length.into()).read_to_end(into)?;
    is_whole(read == length as usize)
}

/// Reads so many bytes, and keeps none: this cache would not take them.
fn pass_over(from: &mut impl Read, length: u64) -> io::Result<()> {
    let read = io::copy(&mut from.take(length), &mut io::sink())?;
    is_whole(read == length)
}

fn is_whole(record: bool) -> io::Result<()> {
    record.then_some(()).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// What an error says of a file's records: that they are broken so, unless the disk
/// errs or memory lacks.
fn unreadable(path: &Path, broken: &'static str) -> impl Fn(io::Error) -> Error {
    let failed = io_error("reading", path);
    move |error| match error.get_ref().and_then(|inner| inner.downcast_ref::<zstd::Error>()) {
        Some(inner) if !inner.is(ZSTD_ErrorCode::ZSTD_error_memory_allocation) => refused(broken),
        None if error.kind() == io::ErrorKind::UnexpectedEof => refused(broken),
        _ => failed(error),
    }
}

/// Whether a path names anything.
fn check_path(path: &Path) -> Result<()> {
    match path.as_os_str().is_empty() {
        true => Err(Error::invalid("path", "must not be empty")),
        false => Ok(()),
    }
}

/// A file to read; what is none, such as a pipe, might keep one waiting for ever.
fn open(path: &Path) -> Result<File> {
    let failed = io_error("opening", path);
    match std::fs::metadata(path).map_err(&failed)?.is_file() {
        true => File::open(path).map_err(failed),
        false => Err(Error::Io(format!("opening {}: it is not a file", path.display()))),
    }
}

/// Checks name and digest of a file; the length of the stream between them.
fn verify(file: &mut File, path: &Path) -> Result<u64> {
    let failed = io_error("reading", path);
    let all = file.metadata().map_err(&failed)?.len();
    let length = all.checked_sub(NAME.len() as u64 + DIGEST);
    let length = length.ok_or_else(|| refused("it is too short"))?;
    let mut name = [0; NAME.len()];
    file.read_exact(&mut name).map_err(&failed)?;
    if &name != NAME {
        return Err(refused("it begins like something else"));
    }
    let mut digest = blake3::Hasher::new();
    digest.update(&name);
    // Not by blake3's own reader: its buffer takes 64 KiB of the stack.
    let mut all = BufReader::with_capacity(DIGEST_BUFFER, Read::by_ref(file).take(length));
    io::copy(&mut all, &mut digest).map_err(&failed)?;
    let mut expected = [0; DIGEST as usize];
    file.read_exact(&mut expected).map_err(&failed)?;
    match digest.finalize() == expected {
        true => Ok(length),
        false => Err(refused("its digest does not match")),
    }
}
