use super::*;

const LANE: Lane = Lane::new(3, PieceOf::Text);
const MAX: usize = 1 << 20;

/// How much of these bytes is taken, and the texts of it.
fn taken(alike: &mut Alike, bytes: &[u8]) -> (usize, Vec<String>) {
    let (len, mut texts) = (alike.take(bytes, MAX), Vec::new());
    if let Some((lane, pieces)) = alike.taken() {
        assert_eq!(lane, LANE);
        let mut rest = pieces.text;
        for len in pieces.lens {
            let (text, after) = rest.split_at(*len);
            texts.push(text.to_string());
            rest = after;
        }
    }
    alike.told();
    (len, texts)
}

/// What has been learnt from `before{"n":7,"t":"<text>"}after`.
fn learnt(before: &str, text: &str, after: &str) -> Alike {
    let data = format!(r#"{{"n":7,"t":"{text}"}}"#);
    let at = data.rfind(text).unwrap();
    let added = Added { lane: LANE, text: &data[at..at + text.len()], noise: &["n", "none"] };
    let mut alike = Alike::default();
    alike.propose(b"", data.as_bytes(), &added);
    alike.learn(format!("{before}{data}{after}").as_bytes());
    alike
}

#[test]
fn an_event_that_differs_in_its_text_and_in_noise_is_taken() {
    let mut alike = learnt("data: ", "old", "\n\n");
    let bytes = b"data: {\"n\":18,\"t\":\"new\"}\n\ndata: {\"n\"";
    assert_eq!(taken(&mut alike, bytes), (26, vec!["new".into()]));
    let bytes = b"data: {\"n\":0,\"t\":\"\"}\n\n";
    assert_eq!(taken(&mut alike, bytes), (22, vec!["".into()]));
    let bytes = br#"data: {"n":1,"t":"a\"\n\u00e4"}"#;
    assert_eq!(taken(&mut alike, bytes), (0, vec![]), "the event has not come whole");
    let whole = b"data: {\"n\":1,\"t\":\"a\\\"\\n\\u00e4\"}\n\n";
    assert_eq!(taken(&mut alike, whole), (whole.len(), vec!["a\"\n\u{e4}".into()]));
}

#[test]
fn events_that_came_together_are_taken_together() {
    let mut alike = learnt("", "old", "\n");
    let texts = ["a", "", "\u{e4}\u{1f600}", "\\n", "long enough to be no short one", "b"];
    let bytes: String = texts.iter().map(|t| format!("{{\"n\":5,\"t\":\"{t}\"}}\n")).collect();
    let wanted = texts.map(|text| text.replace("\\n", "\n")).to_vec();
    for cut in 0..bytes.len() {
        let (len, mut all) = taken(&mut alike, &bytes.as_bytes()[..cut]);
        let (rest, more) = taken(&mut alike, &bytes.as_bytes()[len..]);
        all.extend(more);
        assert_eq!((len + rest, &all), (bytes.len(), &wanted), "cut at {cut}");
    }
    assert_eq!(alike.take(bytes.as_bytes(), 16), 31, "the third is longer");
}

#[test]
fn a_text_with_escapes_says_what_other_readers_read() {
    let mut random = fastrand::Rng::with_seed(3);
    let pieces = ["\\n", "\\\"", "\\\\", "\\/", "\\t", "\\r", "\\b", "\\u00e4", "\\ud83e\\udd9c"];
    let others = ["a", "some words", "\u{e4}", "\\x", "\\ud83e", "\\", "\u{7}", "\\u12"];
    for _ in 0..5_000 {
        let which = |n| if n < 9 { pieces[n] } else { others[n % others.len()] };
        let text: String = (0..random.usize(0..6)).map(|_| which(random.usize(0..25))).collect();
        let mut alike = learnt("", "old", "\n");
        let data = format!("{{\"n\":1,\"t\":\"{text}\"}}\n");
        let wanted = serde_json::from_str::<serde_json::Value>(&data);
        let wanted: Vec<String> = wanted.iter().map(|v| v["t"].as_str().unwrap().into()).collect();
        assert_eq!(taken(&mut alike, data.as_bytes()).1, wanted, "{text}");
    }
}

#[test]
fn an_event_that_differs_otherwise_is_read_in_full() {
    let mut alike = learnt("data: ", "old", "\n\n");
    let others: &[&[u8]] = &[
        b"data:{\"n\":7,\"t\":\"new\"}\n\n",
        b"data: {\"n\":7,\"t\":\"new\"}\r\n",
        b"data: {\"n\":7,\"t\":\"new\",\"x\":1}\n\n",
        b"data: {\"n\":7,\"t\":null}\n\n",
        // What is no JSON.
        b"data: {\"n\":07,\"t\":\"new\"}\n\n",
        b"data: {\"n\":,\"t\":\"new\"}\n\n",
        b"data: {\"n\":7,\"t\":\"n\tw\"}\n\n",
        b"data: {\"n\":7,\"t\":\"n\\x\"}\n\n",
        b"data: {\"n\":7,\"t\":\"n\xff\"}\n\n",
        b"data: {\"n\":7,\"t\":\"\\",
        b"",
    ];
    for other in others {
        assert_eq!(alike.take(other, MAX), 0, "{}", String::from_utf8_lossy(other));
    }
}

#[test]
fn an_event_that_was_put_together_is_taken_by_its_name_and_json() {
    let mut alike = learnt("event: a\ndata: ", "old", "\n\n");
    let data = br#"{"n":18,"t":"n\u00e4w"}"#;
    assert!(alike.take_data(b"", data));
    assert_eq!(alike.taken(), Some((LANE, Pieces { text: "n\u{e4}w", lens: &[4] })));
    assert!(!alike.take_data(b"b", data), "another event");
    for other in [&b"{\"n\":18,\"t\":\"new\"}\n"[..], b"{\"n\":18,\"t\":\"new\"", b"{}", b""] {
        assert!(!alike.take_data(b"", other));
    }
}

#[test]
fn where_the_json_stands_twice_nothing_is_learnt() {
    let twin = r#"{"n":7,"t":"old"}"#;
    let mut alike = learnt(&format!(": {twin}\ndata: "), "old", "\n\n");
    assert_eq!(alike.take(format!(": {twin}\ndata: {twin}\n\n").as_bytes(), MAX), 0);
}

#[test]
fn a_stream_whose_events_differ_is_left_alone() {
    let mut alike = Alike::default();
    for _ in 0..UNUSED_MAX {
        assert!(alike.is_willing());
        let data = r#"{"t":"x"}"#;
        let added = Added { lane: LANE, text: &data[6..7], noise: &[] };
        alike.propose(b"", data.as_bytes(), &added);
        alike.learn(data.as_bytes());
    }
    assert!(!alike.is_willing());
}
