use super::*;
use crate::cache::tests::{audit, cache};
use std::fs;
use std::time::Duration;

fn place(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("mynah-snapshot-{}-{name}", std::process::id()))
}

fn always(_: u64, _: u64) -> bool {
    true
}

#[test]
fn what_was_saved_comes_back_with_the_rest_of_its_life() {
    let options = r#"{"compression": true, "compression_threshold": 64}"#;
    let ((from, clock), path) = (cache(options), place("whole"));
    let value = |n: u32| format!("value {n} ").repeat(20).into_bytes();
    for n in 0..3_000u32 {
        let ttl = if n % 3 == 0 { Ttl::Never } else { Ttl::Millis(10_000) };
        from.set(&n.to_le_bytes(), &value(n), ttl).unwrap();
    }
    from.train_next();
    clock.advance(Duration::from_secs(4));
    let mut reports = Vec::new();
    let saved = from.save(&path, &mut |n, all| {
        reports.push((n, all));
        true
    });
    assert_eq!(saved, Ok(3_000));
    assert_eq!(reports.last(), Some(&(3_000, 3_000)));
    let (to, clock) = cache(options);
    clock.advance(Duration::from_secs(4));
    assert_eq!(to.load(&path, &mut always), Ok(3_000));
    audit(&to);
    for n in 0..3_000u32 {
        assert_eq!(to.get(&n.to_le_bytes()).unwrap().as_bytes(), value(n));
    }
    clock.advance(Duration::from_millis(6_001));
    assert!(to.get(&1u32.to_le_bytes()).is_none() && to.get(&3u32.to_le_bytes()).is_some());
    fs::remove_file(path).unwrap();
}

#[test]
fn a_life_goes_on_while_a_save_and_a_load_take_their_time() {
    let ((from, clock), path) = (cache("{}"), place("slow"));
    for n in 0..3_000u32 {
        from.set(&n.to_le_bytes(), b"v", Ttl::Exactly(10_000)).unwrap();
    }
    from.set(b"short", b"v", Ttl::Exactly(20)).unwrap();
    let slowly = |time: &crate::clock::ManualClock| {
        time.advance(Duration::from_secs(2));
        true
    };
    let saved = from.save(&path, &mut |_, _| slowly(&clock));
    assert!(saved.is_ok_and(|saved| saved >= 3_000));
    // Two seconds on: what the save has taken is not counted twice.
    let (to, late) = cache("{}");
    late.advance(Duration::from_secs(2));
    let loaded = to.load(&path, &mut |_, _| slowly(&late));
    assert!(loaded.is_ok_and(|loaded| loaded >= 3_000));
    let ends = |n: u32| {
        let shard = to.directory.read(to.shared.hash(&n.to_le_bytes())).unwrap().1;
        let hash = to.shared.hash(&n.to_le_bytes());
        shard.table.get(hash, &n.to_le_bytes()).map(|entry| entry.expiry_ms())
    };
    let first = ends(0).unwrap();
    assert!((0..3_000).all(|n| ends(n) == Some(first)), "whenever each was stored");
    fs::remove_file(path).unwrap();
}

#[test]
fn a_cut_torn_flipped_or_foreign_file_leaves_the_cache_as_it_was() {
    let ((from, _), path) = (cache("{}"), place("broken"));
    (0..200u32).for_each(|n| from.set(&n.to_le_bytes(), &[7; 50], Ttl::Never).unwrap());
    from.save(&path, &mut always).unwrap();
    let whole = fs::read(&path).unwrap();
    let (to, _) = cache("{}");
    to.set(b"mine", b"1", Ttl::Never).unwrap();
    let refuse = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(to.load(&path, &mut always), Err(Error::Protocol(_))));
        assert_eq!(to.len(), 1);
    };
    (0..whole.len()).for_each(|cut| refuse(&whole[..cut]));
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        refuse(&flipped);
    }
    refuse(b"something else that is long enough to be one, perhaps");
    fs::remove_file(&path).unwrap();
    assert!(matches!(to.load(&path, &mut always), Err(Error::Io(_))));
}

/// A cache of so many entries.
fn of(count: u32) -> Arc<Cache> {
    let (cache, _) = cache("{}");
    (0..count).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Never).unwrap());
    cache
}

/// How many files lie beside this one.
fn beside(path: &Path) -> usize {
    fs::read_dir(path.parent().unwrap()).unwrap().count() - 1
}

/// A file in a folder of its own.
fn apart(name: &str) -> std::path::PathBuf {
    let folder = place(name);
    fs::create_dir(&folder).unwrap();
    folder.join("file")
}

#[test]
fn a_save_that_is_stopped_leaves_the_old_file() {
    let (from, path) = (of(5_000), apart("stopped"));
    fs::write(&path, b"old").unwrap();
    for stop_at in [0, 2_048, 5_000] {
        let error = from.save(&path, &mut |done, _| done < stop_at).unwrap_err();
        assert_eq!(error.status(), Status::Stopped, "{stop_at}");
        assert_eq!((fs::read(&path).unwrap(), beside(&path)), (b"old".to_vec(), 0));
    }
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_save_whose_cache_is_freed_meanwhile_leaves_the_old_file() {
    let (from, path) = (of(5_000), apart("freed"));
    fs::write(&path, b"old").unwrap();
    let close = &mut |done, _| {
        if done == 2_048 {
            from.close();
        }
        true
    };
    assert_eq!(from.save(&path, close), Err(Error::Closed("cache")));
    assert_eq!((fs::read(&path).unwrap(), beside(&path)), (b"old".to_vec(), 0));
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_load_can_be_stopped_at_any_report() {
    let (from, path) = (of(3_000), place("half"));
    from.save(&path, &mut always).unwrap();
    for (stop_at, there) in [(0, 0), (1_024, 1_024), (3_000, 3_000)] {
        let (to, _) = cache("{}");
        let error = to.load(&path, &mut |done, _| done < stop_at).unwrap_err();
        assert_eq!((error.status(), to.len()), (Status::Stopped, there));
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn what_a_load_leaves_out_is_not_counted() {
    let ((from, _), path) = (cache("{}"), place("large"));
    (0..9u8).for_each(|n| from.set(&[n], &vec![0; n.into()], Ttl::Never).unwrap());
    from.save(&path, &mut always).unwrap();
    let (to, _) = cache(r#"{"max_entry_bytes": 5}"#);
    assert_eq!((to.load(&path, &mut always), to.len()), (Ok(5), 5));
    fs::remove_file(path).unwrap();
}

#[test]
fn a_load_takes_what_a_set_took_long_values_that_pack_among_it() {
    let (long, noise) =
        (vec![7; 3 << 20], (0..900_000).map(|_| fastrand::u8(..)).collect::<Vec<_>>());
    let path = place("packs");
    for options in [
        r#"{"compression": true, "max_entry_bytes": 1000}"#,
        r#"{"compression": true, "max_memory_mb": 4}"#,
        r#"{"max_entry_bytes": 1000}"#,
    ] {
        let ((all, _), (from, _), (to, _)) = (cache("{}"), cache(options), cache(options));
        for (key, value) in [(b"a", &long[..100]), (b"b", &long), (b"c", &noise)] {
            all.set(key, value, Ttl::Never).unwrap();
            let _ = from.set(key, value, Ttl::Never);
        }
        all.save(&path, &mut always).unwrap();
        assert_eq!(to.load(&path, &mut always), Ok(from.len()), "{options}");
        let kept = |cache: &Cache| [b"a", b"b", b"c"].map(|key| cache.contains(key).unwrap());
        assert_eq!(kept(&to), kept(&from), "{options}");
        audit(&to);
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn a_path_that_names_nothing_is_refused_at_once() {
    let (cache, path) = (of(1), Path::new(""));
    for refused in [cache.save(path, &mut always), cache.load(path, &mut always)] {
        assert_eq!(refused.unwrap_err().to_string(), "path: must not be empty");
    }
}

/// Writes a file of these records as a save would, digest and all.
fn forge(path: &Path, records: &[&[u8]]) {
    let stream = [&0u64.to_le_bytes()[..], &records.concat(), &[LAST]].concat();
    let mut file = [NAME, &zstd::encode_all(&stream[..], LEVEL).unwrap()[..]].concat();
    file.extend(*blake3::hash(&file).as_bytes());
    fs::write(path, file).unwrap();
}

fn entry(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    write_entry(&mut record, key, value, u64::MAX).unwrap();
    record
}

#[test]
fn a_dictionary_that_no_save_would_have_written_is_refused() {
    let path = place("dictionary");
    let options = r#"{"compression": true, "max_memory_mb": 32}"#;
    for (bytes, loaded) in [(32 << 10, Ok(1)), ((32 << 10) + 1, Err(Status::Protocol))] {
        let length = (bytes as u32).to_le_bytes();
        let dictionary = [&[DICTIONARY], &length[..], &vec![1; bytes]].concat();
        forge(&path, &[&entry(b"k", b"v"), &dictionary]);
        let (to, _) = cache(options);
        assert_eq!(to.load(&path, &mut always).map_err(|error| error.status()), loaded);
        assert_eq!(to.len(), loaded.unwrap_or(0));
        audit(&to);
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn what_is_too_large_for_the_cache_is_passed_over_without_being_held() {
    let path = place("huge");
    let (long, small) = (entry(b"long", &[0; 2_000]), entry(b"k", b"v"));
    forge(&path, &[&long, &small]);
    let (to, _) = cache(r#"{"max_entry_bytes": 1000}"#);
    assert_eq!(to.load(&path, &mut always), Ok(1));
    assert!(to.get(b"k").is_some());
    let (mut passed, mut stream) = (Vec::new(), &long[17..]);
    pass_over(&mut stream, 2_004).unwrap();
    stream.read_to_end(&mut passed).unwrap();
    assert!(passed.is_empty() && pass_over(&mut &long[17..], 2_005).is_err());
    forge(&path, &[&small, &long[..1_000]]);
    let cut = to.load(&path, &mut always);
    assert!(cut.unwrap_err().to_string().contains("a record is cut"));
    fs::remove_file(path).unwrap();
}

/// A file on a disk that errs from some place on, or a process whose memory ends.
struct Failing<'a>(io::Cursor<&'a [u8]>, u64, fn() -> io::Error);

impl Read for Failing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.position() >= self.1 {
            true => Err(self.2()),
            false => self.0.by_ref().take(1).read(into),
        }
    }
}

impl Seek for Failing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_good_file_is_not_refused_because_the_disk_errs_or_memory_lacks() {
    let ((from, _), (to, _), path) = (cache("{}"), cache("{}"), place("errs"));
    let noise: Vec<u8> = (0..2_000).map(|_| fastrand::u8(..)).collect();
    from.set(b"k", &noise, Ttl::Never).unwrap();
    from.save(&path, &mut always).unwrap();
    let whole = fs::read(&path).unwrap();
    let length = whole.len() as u64 - NAME.len() as u64 - DIGEST;
    let errors: [fn() -> io::Error; 2] =
        [|| io::Error::from_raw_os_error(5), || io::ErrorKind::OutOfMemory.into()];
    for at in (NAME.len() as u64..length).step_by(50) {
        for error in errors {
            let mut file = Failing(io::Cursor::new(&whole), at, error);
            let read = to.read_records(&mut file, length, &path, &mut |_| Ok(()));
            assert_eq!(read.unwrap_err().status(), Status::Io, "{at}: {}", error());
        }
        let mut cut = io::Cursor::new(&whole[..at as usize]);
        let read = to.read_records(&mut cut, length, &path, &mut |_| Ok(()));
        assert_eq!(read.unwrap_err().status(), Status::Protocol, "{at}");
    }
    fs::remove_file(path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_a_link_its_place_and_what_is_no_file_stays() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    let (from, path, link) = (of(10), place("mode"), place("link"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::write(&path, b"old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&path, &link).unwrap();
    from.save(&link, &mut always).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!((cache("{}").0.load(&path, &mut always), mode(&path)), (Ok(10), 0o600));
    fs::remove_file(&path).unwrap();
    from.save(&link, &mut always).unwrap();
    assert!(path.is_file(), "a link may lead to where nothing is yet");
    for path in [path, link] {
        fs::remove_file(path).unwrap();
    }
    let long = std::env::temp_dir().join("n".repeat(255));
    from.save(&long, &mut always).unwrap();
    fs::remove_file(long).unwrap();
    let fifo = place("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
    for no_file in [&fifo, &std::env::temp_dir()] {
        for end in [from.save(no_file, &mut always), from.load(no_file, &mut always)] {
            assert!(end.unwrap_err().to_string().contains("it is not a file"));
        }
    }
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    fs::remove_file(fifo).unwrap();
}

#[test]
fn a_shard_that_is_not_free_in_time_makes_no_half_snapshot() {
    // A set or a get would answer busy after two milliseconds.
    let options = r#"{"shard_count": 2, "max_retries": 1, "retry_delay_ms": 2}"#;
    let ((from, _), (to, _), path) = (cache(options), cache(options), place("busy"));
    (0..200u32).for_each(|n| from.set(&n.to_le_bytes(), b"v", Ttl::Never).unwrap());
    let while_held = |held: &Arc<Cache>, act: &(dyn Fn() -> Result<u64> + Sync)| {
        let shard = held.directory.cell(1).write();
        std::thread::scope(|scope| {
            let acting = scope.spawn(act);
            std::thread::sleep(Duration::from_millis(20));
            drop(shard);
            assert_eq!(acting.join().unwrap(), Ok(200));
        });
    };
    while_held(&from, &|| from.save(&path, &mut always));
    while_held(&to, &|| to.load(&path, &mut always));
    fs::remove_file(path).unwrap();
}

#[test]
fn a_thread_with_a_small_stack_saves_and_loads() {
    let ((cache, _), path) = (cache("{}"), place("small"));
    cache.set(b"k", b"v", Ttl::Never).unwrap();
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(64 << 10);
        let both = || {
            assert_eq!(cache.save(&path, &mut always), Ok(1));
            assert_eq!(cache.load(&path, &mut always), Ok(1));
        };
        small.spawn_scoped(scope, both).unwrap().join().unwrap();
    });
    fs::remove_file(path).unwrap();
}
