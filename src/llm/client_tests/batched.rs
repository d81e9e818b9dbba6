//! Batches.

use super::*;
use crate::llm::batch;
use crate::llm::cancel::Cancel;

fn ask(text: &str) -> Arc<Request> {
    let mut request = Request::new();
    request.add_message("user", text).unwrap();
    Arc::new(request)
}

/// Answers with the user's last words.
struct Echo(Mutex<Vec<String>>);

impl Transport for Echo {
    fn send(&self, sent: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        let text = body["messages"].as_array().unwrap().last().unwrap()["content"].clone();
        let text = text.as_str().unwrap().to_string();
        self.0.lock().push(text.clone());
        let script = Script::default();
        let fails = text == "fail";
        script.steps.lock().push_back(if fails { failure(400) } else { plain(&text, "stop") });
        script.send(sent, attempt)
    }
}

/// Takes its time for the first answer, and sees that nothing else is sent until
/// then.
struct First(Echo);

impl Transport for First {
    fn send(&self, sent: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let is_first = self.0.0.lock().is_empty();
        let exchange = self.0.send(sent, attempt);
        if is_first {
            (0..1_000).for_each(|_| std::thread::yield_now());
            assert_eq!(self.0.0.lock().len(), 1);
        }
        exchange
    }
}

fn echo(dedup: &str) -> (Arc<Client>, Arc<Echo>) {
    let echo = Arc::new(Echo(Mutex::default()));
    (client_over(echo.clone(), dedup), echo)
}

fn client_over(transport: Arc<dyn Transport>, dedup: &str) -> Arc<Client> {
    let mut layered = Layered::<ClientOptions>::default();
    for (name, value) in [("api_key", "sk"), ("model", "m"), ("batch_dedup", dedup)] {
        layered.set(name, value).unwrap();
    }
    let parts = Parts { transport: Some(transport), ..Parts::default() };
    Arc::new(Client::new(layered.resolve().unwrap(), parts).unwrap())
}

#[test]
fn results_keep_the_order_and_each_its_own_outcome() {
    let (client, _) = echo("true");
    let requests: Vec<_> = (0..40).map(|n| ask(&format!("number {n}"))).collect();
    let mut requests = requests;
    requests[7] = ask("fail");
    let mut told = Vec::new();
    let outcomes = batch::run(&client, &requests, 8, None, &mut |done, of| told.push((done, of)));
    for (n, outcome) in outcomes.iter().enumerate() {
        match n {
            7 => assert_eq!(outcome.as_ref().unwrap_err().error.status(), Status::BadRequest),
            _ => assert_eq!(outcome.as_ref().unwrap().text(), format!("number {n}")),
        }
    }
    assert_eq!(told.last(), Some(&(40, 40)));
    assert!(told.is_sorted());
}

#[test]
fn the_same_request_is_sent_once_if_asked_for() {
    for (dedup, sent) in [("true", 2), ("false", 5)] {
        let (client, echo) = echo(dedup);
        let requests: Vec<_> = ["a", "b", "a", "a", "b"].map(ask).into();
        let outcomes = batch::run(&client, &requests, 1, None, &mut |_, _| {});
        let texts: Vec<_> = outcomes.iter().map(|o| o.as_ref().unwrap().text()).collect();
        assert_eq!(texts, ["a", "b", "a", "a", "b"]);
        assert_eq!(echo.0.lock().len(), sent);
    }
}

#[test]
fn each_of_those_that_are_sent_once_counts_and_is_told_as_a_call_of_its_own() {
    let records = Records::default();
    let echo = Arc::new(Echo(Mutex::default()));
    let log = Some((Level::Info, tell(&records)));
    let listeners = Listeners { log, ..Listeners::default() };
    let parts = Parts { transport: Some(echo), listeners, ..Parts::default() };
    let client = made(&[("batch_dedup", "true"), ("price", "gpt=1,2")], parts);
    let requests: Vec<_> = ["a", "a", "fail", "a", "fail"].map(ask).into();
    batch::run(&client, &requests, 1, None, &mut |_, _| {});
    let figures = client.metrics_json();
    assert_eq!(figures["by_status"], json!({"ok": 3, "bad_request": 2}));
    assert_eq!((&figures["coalesced"], &figures["attempts"]), (&json!(2), &json!(2)));
    assert_eq!(figures["saved_usd"], 4e-5);
    assert_eq!((&figures["latency_ms"]["count"], records.lock().len()), (&json!(5), 5));
    let coalesced = records.lock().iter().filter(|r| r["mynah.served_from"] == "coalesced").count();
    assert_eq!(coalesced, 2);
    assert!(client.prometheus().contains("mynah_llm_coalesced_total 2\n"));
}

#[test]
fn those_that_ask_the_same_of_the_cache_are_all_answered_from_it() {
    let echo = Arc::new(Echo(Mutex::default()));
    let parts = Parts { transport: Some(echo), ..Parts::default() };
    let all = [("cache_enabled", "true"), ("batch_dedup", "true"), ("price", "gpt=1,2")];
    let client = made(&all, parts);
    client.chat(&ask("a"), None).unwrap();
    let requests: Vec<_> = ["a", "a"].map(ask).into();
    for outcome in batch::run(&client, &requests, 1, None, &mut |_, _| {}) {
        let response = outcome.unwrap();
        assert_eq!((response.served_from, response.saved_usd), (ServedFrom::Cache, Some(2e-5)));
    }
    let figures = client.metrics_json();
    assert_eq!((&figures["cache_hits"], &figures["coalesced"]), (&json!(2), &json!(0)));
    assert_eq!(figures["saved_usd"], 4e-5);
}

#[test]
fn the_first_of_a_group_is_answered_before_the_others_are_sent() {
    let first = Arc::new(First(Echo(Mutex::default())));
    let client = client_over(first.clone(), "false");
    let long = "the same manual ".repeat(300);
    let requests: Vec<_> = (0..6).map(|n| ask(&format!("{long}{n}"))).collect();
    let outcomes = batch::run(&client, &requests, 6, None, &mut |_, _| {});
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(first.0.0.lock().len(), 6);
}

#[test]
fn a_cancelled_batch_ends_with_an_outcome_for_each() {
    let (client, _) = echo("false");
    let cancel = Cancel::default();
    let requests: Vec<_> = (0..10).map(|n| ask(&format!("{n}"))).collect();
    let mut stop = |done, _| {
        if done == 3 {
            cancel.trigger();
        }
    };
    let outcomes = batch::run(&client, &requests, 1, Some(&cancel), &mut stop);
    let statuses = outcomes.iter().filter_map(|o| o.as_ref().err());
    assert_eq!(statuses.filter(|f| f.error.status() == Status::Cancelled).count(), 7);
}

#[test]
fn a_panic_while_a_batch_runs_reaches_its_caller() {
    let (client, _) = echo("true");
    let requests: Vec<_> = (0..4).map(|n| ask(&format!("number {n}"))).collect();
    let (ended, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let run = || batch::run(&client, &requests, 2, None, &mut |_, _| panic!("the caller's"));
        ended.send(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()).unwrap();
    });
    assert!(told.recv_timeout(Duration::from_secs(20)).unwrap());
}

#[test]
fn who_is_told_of_the_progress_keeps_nobody_from_sending() {
    let (client, echo) = echo("true");
    let requests: Vec<_> = (0..6).map(|n| ask(&format!("number {n}"))).collect();
    let mut told = Vec::new();
    let mut slow = |done, _: usize| {
        told.push(done);
        while echo.0.lock().len() < 6 {
            std::thread::yield_now();
        }
    };
    batch::run(&client, &requests, 2, None, &mut slow);
    assert_eq!(told, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn who_frees_the_client_of_a_batch_waits_for_those_it_tells_and_is_not_waited_for_inside() {
    let (client, _) = echo("true");
    let requests: Vec<_> = (0..6).map(|n| ask(&format!("number {n}"))).collect();
    waited_for(
        &client.batches,
        |inside| _ = batch::run(&client, &requests, 2, None, &mut |_, _| inside()),
        || client.close(),
    );
    let late = batch::run(&client, &requests, 2, None, &mut |_, _| panic!("it is freed"));
    assert!(late.iter().all(|o| o.as_ref().unwrap_err().error.status() == Status::Closed));
    for parallel in [1, 6] {
        let (client, _) = echo("true");
        batch::run(&client, &requests, parallel, None, &mut |_, _| client.close());
    }
}

#[test]
fn requests_with_other_times_are_not_the_same() {
    let (client, echo) = echo("true");
    let hurried = |ms: &str| {
        let mut request = Request::clone(&ask("hi"));
        request.set("timeout_ms", ms).unwrap();
        Arc::new(request)
    };
    let requests = [hurried("20000"), hurried("30000"), hurried("20000")];
    batch::run(&client, &requests, 1, None, &mut |_, _| {});
    assert_eq!(echo.0.lock().len(), 2);
}

#[test]
fn one_that_wants_a_new_answer_is_not_given_that_of_another() {
    let (client, echo) = echo("true");
    let fresh = || {
        let mut request = (*ask("same")).clone();
        request.set("cache", "refresh").unwrap();
        Arc::new(request)
    };
    let requests = [ask("same"), fresh(), ask("same"), fresh()];
    let outcomes = batch::run(&client, &requests, 2, None, &mut |_, _| {});
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap().text() == "same"));
    assert_eq!(echo.0.lock().len(), 2, "one of each kind");
}

#[test]
fn a_warming_whose_client_is_closed_meanwhile_says_so() {
    let options = [("cache_enabled", "true")];
    let bench = bench(&options, vec![plain("one", "stop"), plain("two", "stop")]);
    let client = bench.client.clone();
    let mut closing = |_, _| client.close();
    let ended = batch::warm(&bench.client, r#"["a", "b"]"#, 1, None, &mut closing);
    assert_eq!(ended, Err(Error::Closed("mynah_client")));
}

#[test]
fn a_batch_whose_client_is_freed_is_cancelled_also_where_it_had_not_begun() {
    let (client, _) = echo("true");
    let requests: Vec<_> = (0..3).map(|n| ask(&format!("number {n}"))).collect();
    let outcomes = batch::run(&client, &requests, 1, None, &mut |_, _| client.close());
    let statuses = outcomes.iter().map(|outcome| match outcome {
        Ok(_) => Status::Ok,
        Err(failed) => failed.error.status(),
    });
    let statuses: Vec<_> = statuses.collect();
    assert_eq!(statuses, [Status::Ok, Status::Cancelled, Status::Cancelled]);
}
