use super::*;

#[test]
fn key_value_and_header_come_back_as_they_went_in() {
    for key_len in [0, 1, 24, 65_534, 65_535, 65_536, 100_000] {
        for value_len in [0, 1, 3, 256, 70_000] {
            let (key, value) = (vec![7u8; key_len], vec![9u8; value_len]);
            let entry = Entry::new(&key, &value, 12_345, NEGATIVE).unwrap();
            assert_eq!((entry.key(), entry.value()), (&key[..], &value[..]));
            assert_eq!((entry.expiry_ms(), entry.flags()), (12_345, NEGATIVE));
            entry.set_expiry_ms(EXPIRY_MAX_MS);
            assert_eq!((entry.expiry_ms(), entry.flags()), (EXPIRY_MAX_MS, NEGATIVE));
            assert_eq!(entry.key().len(), key_len);
        }
    }
}

#[test]
fn keys_are_told_apart_by_any_byte() {
    for len in [0, 1, 7, 8, 9, 15, 16, 24, 31, 63, 64, 65, 200] {
        let key: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let entry = Entry::new(&key, b"v", 0, 0).unwrap();
        assert!(entry.has_key(&key));
        assert!(!entry.has_key(&[&key[..], b"x"].concat()));
        for at in 0..len {
            let mut other = key.clone();
            other[at] ^= 0x80;
            assert!(!entry.has_key(&other), "byte {at} of {len}");
        }
    }
}

#[test]
fn a_value_outlives_the_entry_it_came_from() {
    let entry = Entry::new(b"key", b"value", 0, 0).unwrap();
    let value = Value::of(entry.share().unwrap());
    let raw = value.clone().into_raw();
    drop((entry, value));
    // SAFETY: `raw` has just come from `into_raw`.
    assert_eq!(unsafe { Value::from_raw(raw) }.as_bytes(), b"value");
}

#[test]
fn a_failed_fill_leaves_nothing_behind() {
    let failed = Value::with(100, |_| Err(Error::Busy));
    assert!(matches!(failed, Err(Error::Busy)));
}
