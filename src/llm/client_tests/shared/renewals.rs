//! Answers that are renewed while the old one is given.

use super::*;

/// A scene in which an old answer is kept that may still be given.
fn stale() -> Scene {
    stale_with(("timeout_ms", "600000"))
}

/// The same with an option of the client's.
fn stale_with(option: (&str, &str)) -> Scene {
    let options = [
        ("cache_enabled", "true"),
        ("cache_ttl_ms", "1"),
        ("cache_stale_while_revalidate_ms", "600000"),
        option,
    ];
    let scene = scene(&options, vec![plain("old", "stop"), plain("new", "stop")]);
    scene.let_go();
    assert_eq!(scene.ask(PATIENT, None).unwrap().text(), "old");
    scene.held.let_go.store(false, SeqCst);
    thread::sleep(Duration::from_millis(5));
    scene
}

#[test]
fn freeing_the_client_ends_the_renewal_of_an_answer_and_waits_for_it() {
    let scene = stale();
    assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    until(|| scene.begun() == 2);
    scene.client.close();
    assert_eq!(scene.held.broken_off.load(SeqCst), 1);
    assert_eq!(scene.client.flying.in_flight(), 0);
}

#[test]
fn a_renewal_is_made_once_and_whoever_wants_it_anew_joins_it() {
    let scene = stale();
    for _ in 0..3 {
        assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    }
    thread::scope(|scope| {
        let anew = scope.spawn(|| scene.ask(("cache", "refresh"), None));
        // The renewal itself counts as one that stays.
        scene.joined(2);
        scene.let_go();
        assert_eq!(anew.join().unwrap().unwrap().text(), "new");
    });
    assert_eq!(scene.begun(), 2);
}

#[test]
fn a_renewal_of_which_nothing_comes_ends_by_its_own_limit() {
    let scene = stale_with(("first_byte_timeout_ms", "20"));
    assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    until(|| scene.begun() == 2 && scene.client.flights.count() == 0);
    assert_eq!(scene.held.broken_off.load(SeqCst), 0);
    scene.let_go();
    assert_eq!(scene.ask(("cache", "refresh"), None).unwrap().text(), "new");
}

#[test]
fn who_has_joined_a_renewal_that_ends_by_its_own_limit_asks_for_itself() {
    let scene = stale_with(("first_byte_timeout_ms", "50"));
    assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    until(|| scene.begun() == 2);
    let mut patient = request();
    patient.set("cache", "refresh").unwrap();
    patient.set("first_byte_timeout_ms", "0").unwrap();
    thread::scope(|scope| {
        let anew = scope.spawn(|| scene.client.chat(&patient, None));
        until(|| scene.begun() == 3);
        scene.let_go();
        assert_eq!(anew.join().unwrap().unwrap().text(), "new");
    });
}

#[test]
fn a_call_that_wants_the_cache_alone_sends_nothing_for_a_stale_answer_either() {
    let scene = stale();
    let answer = scene.ask(("cache", "only"), None).unwrap();
    assert_eq!((answer.served_from, answer.text()), (ServedFrom::Stale, "old"));
    assert_eq!((scene.client.flights.count(), scene.begun()), (0, 1));
}

#[test]
fn an_answer_is_not_given_for_longer_than_the_clients_own_options_say() {
    let scene = stale();
    scene.let_go();
    // Stored by a client that keeps answers for longer than this call takes them.
    let mut strict = request();
    strict.set("cache_stale_while_revalidate_ms", "0").unwrap();
    assert_eq!(scene.client.chat(&strict, None).unwrap().text(), "new");
}
