use super::*;

struct Apple(u32);
impl Handle for Apple {
    const KIND: Kind = Kind::Fruit;
    const NAME: &'static str = "apple";
}
struct Pear;
impl Handle for Pear {
    const KIND: Kind = Kind::OtherFruit;
    const NAME: &'static str = "pear";
}

#[test]
fn a_handle_lives_until_it_is_removed_once() {
    let handle: *mut u8 = insert(Arc::new(Apple(7))).unwrap();
    assert_eq!(resolve::<Apple, _>(handle).unwrap().0, 7);
    assert_eq!(remove::<Apple, _>(handle).unwrap().0, 7);
    assert!(matches!(remove::<Apple, _>(handle), Err(Error::InvalidHandle(_))));
    assert!(matches!(resolve::<Apple, _>(handle), Err(Error::InvalidHandle(_))));
}

#[test]
fn null_foreign_and_invented_handles_are_told_apart() {
    let pear: *mut u8 = insert(Arc::new(Pear)).unwrap();
    assert!(matches!(resolve::<Apple, _>(pear), Err(Error::InvalidHandle(_))));
    assert!(matches!(resolve::<Apple, u8>(ptr::null()), Err(Error::NullArgument(_))));
    for invented in [1usize, 0x10, usize::MAX, usize::MAX - 1, pear as usize ^ (1 << 40)] {
        let handle = invented as *const u8;
        assert!(resolve::<Pear, _>(handle).is_err(), "{invented:x}");
        assert!(with::<Pear, _, _>(handle, |_| ()).is_none(), "{invented:x}");
    }
    remove::<Pear, _>(pear).unwrap();
}

#[test]
fn a_hot_handle_answers_until_it_is_removed() {
    let handle: *mut u8 = insert_hot(Arc::new(Apple(9))).unwrap();
    assert_eq!(with::<Apple, _, _>(handle, |a| a.0), Some(9));
    let apple = remove::<Apple, _>(handle).unwrap();
    assert!(with::<Apple, _, _>(handle, |a| a.0).is_none());
    assert_eq!(apple.0, 9);
}

#[test]
fn slots_are_used_again_under_another_generation() {
    let first: *mut u8 = insert(Arc::new(Apple(1))).unwrap();
    let mut indexes = std::collections::HashSet::from([index_of(first as usize)]);
    remove::<Apple, _>(first).unwrap();
    for n in 0..10_000 {
        let handle: *mut u8 = insert(Arc::new(Apple(n))).unwrap();
        assert_ne!(handle, first);
        indexes.insert(index_of(handle as usize));
        remove::<Apple, _>(handle).unwrap();
    }
    assert!(indexes.len() < 100, "{}", indexes.len());
}

#[test]
fn a_free_that_races_with_calls_is_seen_whole_or_not_at_all() {
    for round in 0..200 {
        let handle = insert_hot::<_, u8>(Arc::new(Apple(round))).unwrap() as usize;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(move || {
                    for _ in 0..200 {
                        match with::<Apple, u8, _>(handle as *const u8, |a| a.0) {
                            Some(value) => assert_eq!(value, round),
                            None => assert_eq!(
                                refused::<Apple, u8>(handle as *const u8),
                                Error::InvalidHandle("apple")
                            ),
                        }
                    }
                });
            }
            scope.spawn(move || remove::<Apple, u8>(handle as *const u8).map(|_| ()));
        });
    }
}
