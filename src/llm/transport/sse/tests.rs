use super::*;

fn show(event: SseEvent<'_>) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match event {
        SseEvent::Message { name, data } => format!("{}|{}", text(name), text(data)),
        SseEvent::Unknown(line) => format!("?{}", text(line)),
    }
}

/// The events of a stream that comes in these pieces.
fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let (mut parser, mut events) = (SseParser::new(1 << 20), Vec::new());
    for piece in pieces {
        parser.feed(piece, &mut |event| events.push(show(event))).unwrap();
    }
    parser.finish(&mut |event| events.push(show(event))).unwrap();
    events
}

const STREAMS: &[(&[u8], &[&str])] = &[
    (b"data: {\"a\":1}\n\ndata: [DONE]\n\n", &["|{\"a\":1}", "|[DONE]"]),
    (b"data:{\"a\":1}\r\n\r\ndata:  two\r\n\r\n", &["|{\"a\":1}", "| two"]),
    (b"data: a\r\rdata: b\r\r", &["|a", "|b"]),
    (b"data: a\n\rdata: b\r\n\n", &["|a", "|b"]),
    (b"\xef\xbb\xbfdata: a\n\n", &["|a"]),
    (b"\xef\xbb: x\n\xef\xbb\xbfdata: a\n\n", &["?\u{fffd}: x", "?\u{feff}data: a"]),
    (b": ping\n\nevent: delta\nid: 7\nretry: 10\ndata: a\ndata: b\n\n", &["delta|a\nb"]),
    (b"event: ping\n\ndata\n\ndata:\ndata:\n\n", &["|", "|\n"]),
    (b"{\"error\":{\"code\":500}}\n\ndata: x\n\n", &["?{\"error\":{\"code\":500}}", "|x"]),
    (
        "data: {\"t\":\"h\u{e9}llo \u{1f99c}\"}\n\n".as_bytes(),
        &["|{\"t\":\"h\u{e9}llo \u{1f99c}\"}"],
    ),
    // The last newline or the last empty line is missing.
    (b"data: {\"a\":1}\r\n\r\ndata: {\"b\":2}", &["|{\"a\":1}", "|{\"b\":2}"]),
    (b"data: {\"b\":2}\n", &["|{\"b\":2}"]),
    (b"data: [DONE]", &["|[DONE]"]),
    (b"{\"error\":1}", &["?{\"error\":1}"]),
    // Half an event is none.
    (b"data: a\n\ndata: {\"b\":", &["|a"]),
    (b"data: a\n\ndat", &["|a"]),
    (b"data: {\ndata: \"b\":2}\ndata: {", &["|{\n\"b\":2}"]),
    (b"data: {\n\ndata: {", &["|{"]),
    // Each line is an event.
    (b"data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n", &["|{\"a\":1}", "|{\"b\":2}", "|[DONE]"]),
    (b"event: a\ndata: {}\r\nevent: b\r\ndata: {}\r\n", &["a|{}", "b|{}"]),
    (b"data: {}\nevent: a\n\n", &["a|{}"]),
    (b"data: [\ndata: {}\ndata: ]\n\n", &["|[\n{}\n]"]),
    (b"\xef\xbb", &[]),
    (b"", &[]),
];

#[test]
fn events_are_as_the_standard_says() {
    for (stream, wanted) in STREAMS {
        assert_eq!(parse([*stream]), *wanted, "{}", String::from_utf8_lossy(stream));
    }
}

#[test]
fn every_cut_gives_the_same_events() {
    for (stream, wanted) in STREAMS {
        for cut in 0..=stream.len() {
            let (a, b) = stream.split_at(cut);
            assert_eq!(parse([a, b]), *wanted, "cut at {cut}");
            for second in 0..=b.len() {
                let (b, c) = b.split_at(second);
                assert_eq!(parse([a, b, c]), *wanted, "cut at {cut} and {second} later");
            }
        }
        assert_eq!(parse(stream.chunks(1)), *wanted, "byte by byte");
    }
}

#[test]
fn random_cuts_of_random_lines_give_the_same_events() {
    let mut random = fastrand::Rng::with_seed(5);
    let alphabet = [&b"data:"[..], b"event:", b"x", b" ", b":", b"\n", b"\r", b"{}", b"\xef"];
    for _ in 0..5_000 {
        let stream: Vec<u8> =
            (0..random.usize(0..40)).flat_map(|_| alphabet[random.usize(0..9)]).copied().collect();
        let whole = parse([stream.as_slice()]);
        let (mut pieces, mut rest) = (Vec::new(), stream.as_slice());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.usize(1..=rest.len()));
            pieces.push(piece);
            rest = after;
        }
        assert_eq!(parse(pieces), whole, "{}", String::from_utf8_lossy(&stream));
    }
}

#[test]
fn comments_are_counted_and_are_no_events() {
    let mut parser = SseParser::new(100);
    parser.feed(b": keep-alive\n\n:\n", &mut |_| panic!("no event")).unwrap();
    assert_eq!(parser.comments(), 2);
}

#[test]
fn the_cap_holds_for_lines_and_for_joined_data_at_every_cut() {
    let fits: &[&[u8]] = &[b"data:123456\n\n", b"data:12\ndata:345\n\n"];
    let exceeds: &[&[u8]] = &[
        b"data:1234567\n\n",
        b"data:123456\ndata:12345\n\n",
        b"data: 1\ndata:23456\ndata:7890\n\n",
        b": 1234567890",
    ];
    let outcome = |stream: &[u8], cut: usize| {
        let mut parser = SseParser::new(11);
        let (a, b) = stream.split_at(cut);
        parser.feed(a, &mut |_| ()).and_then(|()| parser.feed(b, &mut |_| ()))
    };
    for stream in fits {
        (0..stream.len()).for_each(|cut| assert_eq!(outcome(stream, cut), Ok(())));
    }
    for stream in exceeds {
        (0..stream.len()).for_each(|cut| assert!(outcome(stream, cut).is_err(), "{cut}"));
    }
}
