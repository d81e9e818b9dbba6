use super::*;

fn texts(seed: u64) -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let words = ["river", "stone", "light", "paper", "north", "seven", "glass", "quiet"];
    let mut text = || (0..40).map(|_| words[random.usize(..8)]).collect::<Vec<_>>().join(" ");
    (0..200).map(|_| text().into_bytes()).collect()
}

fn codec() -> Codec {
    let codec = Codec::new(3, 1, None);
    texts(1).iter().for_each(|text| _ = codec.sample(text));
    codec
}

fn pay(_: i64) {}

#[test]
fn a_frame_that_would_make_more_than_was_noted_makes_nothing() {
    let codec = codec();
    let (packed, _) = codec.pack(&[7; 100_000]).unwrap();
    assert_eq!(codec.unpack(&packed).unwrap().as_bytes(), [7; 100_000]);
    for noted in [0u32, 10, 99_999, 100_001] {
        let mut lies = packed.clone();
        lies[1..HEAD].copy_from_slice(&noted.to_le_bytes());
        assert!(codec.unpack(&lies).is_err(), "{noted}");
    }
    assert!(codec.unpack(&packed[..3]).is_err());
    assert!(codec.unpack(&packed[..packed.len() - 1]).is_err());
}

#[test]
fn a_dictionary_waits_for_what_is_on_its_way_into_the_cache() {
    let codec = codec();
    codec.train(&pay);
    let text = &texts(2)[0];
    let (packed, coming) = codec.pack(text).unwrap();
    let old = packed[0];
    assert_ne!(old, 0, "with a dictionary");
    let replace = || {
        for seed in 0..3u8 {
            let other = |n: u8| (0..300u16).map(move |i| (i as u8).wrapping_mul(n | 1));
            let others = (0..100u8).map(|n| other(n ^ seed).collect::<Vec<u8>>());
            others.for_each(|text| _ = codec.sample(&text));
        }
        codec.train(&pay);
    };
    replace();
    assert_eq!(codec.trained.load(Relaxed), 2, "another one was better");
    assert_eq!(codec.unpack(&packed).unwrap().as_bytes(), &text[..]);
    drop(coming);
    codec.train(&pay);
    assert_eq!(codec.unpack(&packed).unwrap_err(), Error::NotFound, "nobody needs it");
    // Nor does another one take its version.
    assert!((0..250).all(|_| codec.next_version() != Some(old)));
}

#[test]
fn long_values_leave_no_context_and_short_ones_no_more_than_was_paid_for() {
    let codec = Codec::new(12, 1, Some(64 << 20));
    let text: Vec<u8> = texts(1).concat().repeat(20);
    assert!(is_long(text.len()));
    let room = context_room(Some(64 << 20));
    let kept = || codec.packers.kept() + codec.unpackers.kept();
    for len in [text.len(), 1 << 10] {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let (packed, _) = codec.pack(&text[..len]).unwrap();
                    assert_eq!(codec.unpack(&packed).unwrap().as_bytes(), &text[..len]);
                });
            }
        });
        assert!(codec.packers.kept() <= 4 * context_bytes(12, 1 << 10), "{}", kept());
        assert!(kept() <= room, "{} of {room}", kept());
    }
}
