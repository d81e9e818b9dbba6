//! Small files that options name.

use std::fs::File;
use std::io::Read;

use crate::error::{Error, Result};

/// Bytes of a file of certificates, or of prices: far more than any that makes sense.
const LIMIT: u64 = 64 << 20;

/// The bytes of the file that the option `name` says. What is no file, such as a pipe
/// that nobody writes to or a device without end, is not opened.
pub fn read(name: &str, path: &str) -> Result<Vec<u8>> {
    let failed = |why: String| Error::Io(format!("{name} {path}: {why}"));
    let told = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if !told.is_file() {
        return Err(failed("it is not a file".into()));
    }
    if told.len() > LIMIT {
        return Err(failed(format!("it is larger than {LIMIT} bytes")));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(LIMIT).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"here").unwrap();
        assert_eq!(read("ca_file", file.to_str().unwrap()).unwrap(), b"here");
        let gone = folder.path().join("gone");
        let mut others = vec![folder.path(), &gone];
        if cfg!(unix) {
            others.push(std::path::Path::new("/dev/zero"));
        }
        for path in others {
            let error = read("ca_file", path.to_str().unwrap()).unwrap_err().to_string();
            assert!(error.contains("ca_file"), "{error}");
        }
    }
}
