//! Answers that are kept, given again, and renewed.

use super::*;

#[test]
fn the_second_answer_comes_from_the_cache_also_as_a_stream() {
    let bench = bench(CACHED, vec![plain("kept", "stop")]);
    bench.chat().unwrap();
    let again = bench.chat().unwrap();
    assert_eq!((again.served_from, again.cost_usd), (ServedFrom::Cache, Some(0.0)));
    assert_eq!((again.saved_usd, again.text()), (Some(2e-5), "kept"));
    let (streamed, text) = bench.stream();
    assert_eq!((text.as_str(), streamed.unwrap().served_from), ("kept", ServedFrom::Cache));
    assert_eq!(bench.sent(), 1);
    let figures = bench.client.metrics().to_json();
    assert_eq!((&figures["cache_hits"], &figures["input_tokens"]), (&json!(2), &json!(10)));
}

#[test]
fn a_kept_answer_tells_what_was_left_out_of_this_request_and_not_of_the_one_that_was_sent() {
    let bench = bench(&[CACHED[0], CACHED[1], ("unsupported", "drop")], vec![plain("a", "stop")]);
    let mut odd = request();
    odd.set("top_k", "5").unwrap();
    let told = |request: &Request| bench.client.chat(request, None).unwrap().adjusted;
    assert!(told(&odd)[0].starts_with("top_k: "));
    assert_eq!(told(&request()), [""; 0]);
    assert!(told(&odd)[0].starts_with("top_k: "));
    assert_eq!(bench.sent(), 1);
}

#[test]
fn each_mode_of_the_cache_does_what_it_says() {
    let steps = ["first", "second", "third"].map(|text| plain(text, "stop"));
    let bench = bench(CACHED, steps.into());
    let ask = |mode: &str| {
        let mut request = request();
        request.set("cache", mode).unwrap();
        bench.client.chat(&request, None).map(|response| response.text().to_string())
    };
    let missed = ask("only").map(|_| ()).map_err(|failed| failed.error.status());
    assert_eq!((missed, bench.sent()), (Err(Status::NotFound), 0));
    assert_eq!(ask("bypass").unwrap(), "first");
    assert_eq!(ask("only").unwrap_err().error.status(), Status::NotFound, "nothing was kept");
    assert_eq!(ask("default").unwrap(), "second");
    assert_eq!(ask("only").unwrap(), "second");
    assert_eq!(ask("refresh").unwrap(), "third");
    assert_eq!((ask("default").unwrap(), ask("only").unwrap()), ("third".into(), "third".into()));
    assert_eq!(bench.sent(), 3);
}

#[test]
fn what_is_not_a_complete_answer_is_not_kept() {
    for step in [plain("cut off", "length"), plain("", "content_filter")] {
        let bench = bench(CACHED, vec![step, plain("whole", "stop")]);
        bench.chat().unwrap();
        assert_eq!(bench.chat().unwrap().text(), "whole");
    }
}

#[test]
fn an_answer_past_its_time_is_given_while_it_is_renewed() {
    let options = [
        CACHED[0],
        CACHED[1],
        ("cache_ttl_ms", "1000"),
        ("cache_stale_while_revalidate_ms", "60000"),
    ];
    let bench = bench(&options, vec![plain("old", "stop"), plain("new", "stop")]);
    bench.chat().unwrap();
    bench.time.advance(Duration::from_secs(2));
    let stale = bench.chat().unwrap();
    assert_eq!((stale.served_from, stale.text()), (ServedFrom::Stale, "old"));
    while bench.sent() < 2 || bench.client.flights.count() > 0 {
        std::thread::yield_now();
    }
    let fresh = bench.chat().unwrap();
    assert_eq!((fresh.served_from, fresh.text()), (ServedFrom::Cache, "new"));
}

#[test]
fn a_renewal_that_fails_is_counted_and_told() {
    let lifetimes = [("cache_ttl_ms", "1000"), ("cache_stale_while_revalidate_ms", "60000")];
    let options = [CACHED, &lifetimes].concat();
    let bench = bench(&options, vec![plain("old", "stop"), failure(401)]);
    bench.chat().unwrap();
    bench.time.advance(Duration::from_secs(2));
    assert_eq!(bench.chat().unwrap().served_from, ServedFrom::Stale);
    while bench.sent() < 2 || bench.client.flights.count() > 0 {
        std::thread::yield_now();
    }
    let figures = bench.client.metrics_json();
    assert_eq!((&figures["by_status"], &figures["stale_hits"]), (&json!({"ok": 2}), &json!(1)));
    assert_eq!((&figures["renewals"], &figures["renewals_failed"]), (&json!(1), &json!(1)));
    let records = bench.records.lock();
    let told: Vec<_> =
        records.iter().filter(|record| record["event"] == "mynah.renewal_failed").collect();
    assert_eq!((told.len(), &told[0]["error.type"]), (1, &json!("authentication")));
    assert_eq!((&told[0]["level"], &told[0]["mynah.attempts"]), (&json!("warning"), &json!(1)));
}

#[test]
fn an_answer_is_renewed_only_where_the_limits_leave_room() {
    let options = [
        CACHED[0],
        CACHED[1],
        ("cache_ttl_ms", "1000"),
        ("cache_stale_while_revalidate_ms", "600000"),
        ("rate_limit_rpm", "1"),
    ];
    let bench = bench(&options, vec![plain("old", "stop"), plain("new", "stop")]);
    bench.chat().unwrap();
    bench.time.advance(Duration::from_secs(59));
    assert_eq!(bench.chat().unwrap().served_from, ServedFrom::Stale);
    assert_eq!((bench.client.flights.count(), bench.sent()), (0, 1));
    bench.time.advance(Duration::from_secs(1));
    assert_eq!(bench.chat().unwrap().served_from, ServedFrom::Stale);
    while bench.sent() < 2 || bench.client.flights.count() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(bench.chat().unwrap().text(), "new");
}

#[test]
fn a_wall_clock_that_is_set_back_makes_no_call_wait_and_no_answer_older() {
    const DAY: u64 = 86_400_000;
    let headers = &[
        ("date", "Tue, 22 Sep 2026 14:13:20 GMT"),
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1790086410000"),
    ];
    let limited = |_| match plain("ok", "stop") {
        Step::Answer(status, _, body) => Step::Answer(status, headers, body),
        other => other,
    };
    let bench = bench(CACHED, (0..3).map(limited).collect());
    bench.time.set_unix_offset_ms(1_790_086_400_000);
    let first = bench.chat().unwrap();
    bench.time.set_unix_offset_ms(1_790_086_400_000 - DAY);
    let again = bench.chat().unwrap();
    assert_eq!((again.served_from, again.age_ms), (ServedFrom::Cache, Some(0)));
    assert!(first.timings.total.unwrap() < Duration::from_secs(1));

    // The provider's reset is ten seconds after its own date, whatever ours is.
    let mut request = request();
    request.set("cache", "bypass").unwrap();
    let waited = bench.client.chat(&request, None).unwrap().timings.queue.unwrap();
    assert_eq!(waited.as_secs(), 10);
    // The time that answers are kept for is counted by another clock.
    bench.time.advance(Duration::from_secs(301));
    let waited = bench.chat().unwrap();
    assert_eq!(waited.served_from, ServedFrom::Provider);
}

#[test]
fn a_call_may_do_without_the_cache_and_none_is_promised_one_that_is_not_there() {
    let steps = (0..3).map(|n| plain(&n.to_string(), "stop")).collect();
    let bench = bench(CACHED, steps);
    let mut apart = request();
    apart.set("cache_enabled", "false").unwrap();
    for text in ["0", "1"] {
        assert_eq!(bench.client.chat(&apart, None).unwrap().text(), text);
    }
    assert_eq!((bench.chat().unwrap().text(), bench.chat().unwrap().text()), ("2", "2"));

    let without = super::bench(&[], vec![plain("no", "stop")]);
    let mut wanted = request();
    wanted.set("cache_enabled", "true").unwrap();
    let refused = without.client.chat(&wanted, None).unwrap_err().error;
    assert!(refused.to_string().contains("cache_enabled"), "{refused}");
}

#[test]
fn an_answer_that_was_kept_without_a_price_has_saved_what_it_costs_here() {
    let (clock, _) = Clock::manual();
    let kept = crate::cache::Cache::new(Layered::default().resolve().unwrap(), clock.clone());
    let kept = kept.unwrap();
    let saved = |price: &str, steps: Vec<Step>| {
        let script = Script { steps: Mutex::new(steps.into()), ..Script::default() };
        let (cache, transport) = (Some(kept.clone()), Some(Arc::new(script) as _));
        let parts = Parts { cache, transport, clock: clock.clone(), ..Parts::default() };
        let client = made(&[("coalesce", "false"), ("price", price)], parts);
        client.chat(&request(), None).unwrap().saved_usd
    };
    assert_eq!(saved("other=1,2", vec![plain("kept", "stop")]), None);
    assert_eq!(saved("other=1,2", vec![]), None);
    assert_eq!(saved("gpt=1,2", vec![]), Some(2e-5));
}

#[test]
fn a_client_that_was_given_a_cache_says_that_it_keeps_answers() {
    let mut layered = Layered::<ClientOptions>::default();
    layered.load_json(r#"{"api_key": "k", "model": "m"}"#).unwrap();
    let (clock, _) = Clock::manual();
    let cache = Some(
        crate::cache::Cache::new(Layered::default().resolve().unwrap(), clock.clone()).unwrap(),
    );
    let parts = Parts { cache, clock, ..Parts::default() };
    let client = Client::new(layered.resolve().unwrap(), parts).unwrap();
    let shown = &client.options_json()["cache_enabled"];
    assert_eq!((&shown["value"], &shown["origin"]), (&json!(true), &json!("set_cache")));
    for follows in ["coalesce", "batch_dedup"] {
        assert_eq!(client.options_json()[follows]["value"], true);
    }
}
