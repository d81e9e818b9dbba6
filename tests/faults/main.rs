//! The fault table: what goes wrong at a provider, and how a call ends.
//!
//! Each row is a fault of the mock, the status that the call must end with,
//! the attempts that may be made, and the time that it may take. After each
//! row the same client makes a call that must succeed. A row that took too long,
//! and by more than the machine was late at the same time, has its turn again; a
//! wrong status, a wrong number of attempts or an early end is final. Run with
//! `--nocapture` it prints the table.

#![allow(clippy::unwrap_used)] // helpers of tests

mod cancels;
mod certificates;
mod load;
mod machine;
mod phases;
mod sockets;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mynah::error::{Error, Status};
use mynah::llm::client::Client;
use mynah::llm::failed::Failed;
use mynah::llm::request::Request;
use mynah::llm::response::Response;
use mynah::mock::MockServer;

use phases::{client, mock};

fn ask(client: &Arc<Client>, stream: bool) -> Result<Response, Failed> {
    send(client, &phases::request("hello"), stream)
}

fn send(client: &Arc<Client>, request: &Request, stream: bool) -> Result<Response, Failed> {
    match stream {
        true => client.chat_stream(request, None, &mut |_| true),
        false => client.chat(request, None),
    }
}

/// A call with all the time in the world: what the handle is still good for.
fn ask_patiently(client: &Arc<Client>, stream: bool) -> Result<Response, Failed> {
    let mut request = phases::request("hello");
    for limit in ["first_byte", "first_token", "silence", "idle", "connect"] {
        request.set(&format!("{limit}_timeout_ms"), "60000").unwrap();
    }
    request.set("timeout_ms", "60000").unwrap();
    send(client, &request, stream)
}

fn attempts(error: &Error) -> u32 {
    match error {
        Error::Call(call) => call.attempts,
        _ => 0,
    }
}

/// One row of the table.
struct Row {
    name: &'static str,
    stream: bool,
    mock: &'static [(&'static str, &'static str)],
    client: &'static [(&'static str, &'static str)],
    status: Status,
    attempts: u32,
    /// At least and at most, in ms.
    ms: (u64, u64),
}

const SOON: (u64, u64) = (0, 2_000);

const fn row(
    name: &'static str,
    mock: &'static [(&'static str, &'static str)],
    status: Status,
    attempts: u32,
) -> Row {
    Row { name, stream: false, mock, client: &[], status, attempts, ms: SOON }
}

const fn streamed(row: Row) -> Row {
    Row { stream: true, ..row }
}

const fn with(row: Row, client: &'static [(&'static str, &'static str)], ms: (u64, u64)) -> Row {
    Row { client, ms, ..row }
}

use Status::*;

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("no fault", &[], Ok, 1),
    row("reset before the head", &[("fault", "reset"), ("fault_times", "1")], Connection, 1),
    row("reset within the head", &[("fault", "reset"), ("fault_after_bytes", "40"), ("fault_times", "1")], Truncated, 1),
    row("reset within the body", &[("fault", "reset"), ("fault_after_bytes", "300"), ("fault_times", "1")], Truncated, 1),
    streamed(row("reset within a stream", &[("fault", "reset"), ("fault_after_bytes", "900"), ("fault_times", "1")], Truncated, 1)),
    row("closed before the head", &[("fault", "cut"), ("fault_times", "1")], Connection, 1),
    row("closed within the body", &[("fault", "cut"), ("fault_after_bytes", "300"), ("fault_times", "1")], Truncated, 1),
    streamed(row("closed within a stream", &[("fault", "cut"), ("fault_after_bytes", "900"), ("fault_times", "1")], Truncated, 1)),
    with(row("stall before the head", &[("fault", "stall"), ("fault_times", "1")], Timeout, 1), &[("silence_timeout_ms", "100")], (100, 250)),
    with(row("stall without a first byte", &[("fault", "stall"), ("fault_times", "1")], Timeout, 1), &[("first_byte_timeout_ms", "100")], (100, 250)),
    with(row("stall within the body", &[("fault", "stall"), ("fault_after_bytes", "300"), ("fault_times", "1")], Timeout, 1), &[("silence_timeout_ms", "100")], (100, 250)),
    with(streamed(row("stall within a stream", &[("fault", "stall"), ("fault_after_bytes", "900"), ("fault_times", "1")], Timeout, 1)), &[("idle_timeout_ms", "100")], (100, 250)),
    with(streamed(row("no first token", &[("delay_first_event_ms", "1000")], Timeout, 1)), &[("first_token_timeout_ms", "100")], (100, 250)),
    with(row("drip", &[("content", "drip"), ("delay_event_ms", "10"), ("content_times", "1")], Timeout, 1), &[("timeout_ms", "200")], (200, 350)),
    with(streamed(row("stream without end", &[("content", "endless"), ("delay_event_ms", "1"), ("content_times", "1")], Timeout, 1)), &[("timeout_ms", "200")], (200, 350)),
    with(row("30 MB body", &[("content", "huge_body"), ("content_bytes", "30000000"), ("content_times", "1")], Ok, 1), &[], (0, 20_000)),
    with(row("body beyond its cap", &[("content", "huge_body"), ("content_bytes", "30000000"), ("content_times", "1")], TooLarge, 1), &[("max_response_bytes", "1000000")], SOON),
    with(streamed(row("event beyond its cap", &[("answer_words", "2000"), ("chunk_words", "2000")], TooLarge, 1)), &[("max_event_bytes", "4096")], SOON),
    row("huge header", &[("content", "huge_header"), ("content_times", "1")], TooLarge, 1),
    row("bad chunk size", &[("content", "bad_chunk"), ("content_times", "1")], Protocol, 1),
    row("wrong length", &[("content", "wrong_length"), ("content_times", "1")], Truncated, 1),
    row("not HTTP", &[("content", "not_http"), ("content_times", "1")], Protocol, 1),
    row("cut gzip", &[("content", "cut_gzip"), ("content_times", "1")], Protocol, 1),
    row("empty body", &[("content", "empty"), ("content_times", "1")], Protocol, 1),
    row("garbage", &[("content", "garbage"), ("content_times", "1")], Protocol, 1),
    row("half a JSON", &[("content", "bad_json"), ("content_times", "1")], Protocol, 1),
    row("JSON bomb", &[("content", "json_bomb"), ("content_times", "1")], Protocol, 1),
    row("bad UTF-8", &[("content", "bad_utf8"), ("content_times", "1")], Protocol, 1),
    streamed(row("half a JSON in a stream", &[("content", "bad_json"), ("content_times", "1")], Protocol, 1)),
    streamed(row("bad UTF-8 in a stream", &[("content", "bad_utf8"), ("content_times", "1")], Protocol, 1)),
    streamed(row("stream without its end", &[("content", "no_end"), ("content_times", "1")], Truncated, 1)),
    streamed(row("error inside a stream", &[("content", "stream_error"), ("content_times", "1")], Server, 1)),
    row("400", &[("status", "400"), ("status_times", "1")], BadRequest, 1),
    row("401", &[("status", "401"), ("status_times", "1")], Authentication, 1),
    row("403", &[("status", "403"), ("status_times", "1")], Permission, 1),
    row("404", &[("status", "404"), ("status_times", "1")], ModelNotFound, 1),
    row("429 without Retry-After, then success", &[("status", "429"), ("status_times", "2")], Ok, 3),
    with(row("429 with Retry-After, then success", &[("status", "429"), ("status_times", "1"), ("status_header", "retry-after: 1")], Ok, 2), &[], (1_000, 1_500)),
    row("429 with an absurd Retry-After", &[("status", "429"), ("status_times", "1"), ("status_header", "retry-after: 86400")], RateLimited, 1),
    row("429 for longer than the retries", &[("status", "429"), ("status_times", "3")], RateLimited, 3),
    with(row("429 with retry-after-ms, then success", &[("status", "429"), ("status_times", "1"), ("status_header", "retry-after-ms: 300")], Ok, 2), &[], (300, 800)),
    with(row("429 with a date to wait for, then success", &[("status", "429"), ("status_times", "1"), ("status_header", "date: Sun, 06 Nov 1994 08:49:37 GMT"), ("status_header", "retry-after: Sun, 06 Nov 1994 08:49:38 GMT")], Ok, 2), &[], (1_000, 1_500)),
    row("429 because the quota is spent", &[("status", "429"), ("status_times", "1"), ("status_body", r#"{"error":{"message":"no","code":"insufficient_quota","type":"insufficient_quota"}}"#)], QuotaExhausted, 1),
    row("a Retry-After beside a 200 means nothing", &[("header", "retry-after: 60")], Ok, 1),
    row("408, then success", &[("status", "408"), ("status_times", "1")], Ok, 2),
    row("409, then success", &[("status", "409"), ("status_times", "1")], Ok, 2),
    row("502, then success", &[("status", "502"), ("status_times", "1")], Ok, 2),
    row("529, then success", &[("status", "529"), ("status_times", "1")], Ok, 2),
    with(row("504 is repeated where that is asked for", &[("status", "504"), ("status_times", "1")], Ok, 2), &[("retry_after_send", "true")], SOON),
    row("x-should-retry: true", &[("status", "400"), ("status_times", "1"), ("status_header", "x-should-retry: true")], Ok, 2),
    row("422 is not repeated", &[("status", "422"), ("status_times", "1")], BadRequest, 1),
    row("500 twice, then success", &[("status", "500"), ("status_times", "2")], Ok, 3),
    row("503 for longer than the retries", &[("status", "503"), ("status_times", "3")], Overloaded, 3),
    row("504 is not repeated", &[("status", "504"), ("status_times", "1")], Server, 1),
    row("529", &[("status", "529"), ("status_times", "3")], Overloaded, 3),
    streamed(row("500 twice before a stream", &[("status", "500"), ("status_times", "2")], Ok, 3)),
    row("x-should-retry: false", &[("status", "500"), ("status_times", "1"), ("status_header", "x-should-retry: false")], Server, 1),
];

/// How a row went wrong.
enum Wrong {
    /// It took too long, which may be the machine's fault.
    Late(Duration),
    Else(String),
}

/// Makes the calls of a row; how long the first one took.
fn run(row: &Row) -> Result<Duration, Wrong> {
    let mock = mock(row.mock);
    let client = client(mock.url(), row.client);
    let ((result, took), late) = machine::lateness_during(|| {
        let began = Instant::now();
        (ask(&client, row.stream), began.elapsed())
    });
    let (status, made) = match &result {
        Result::Ok(response) => (Ok, response.attempts),
        Err(failed) => (failed.error.status(), attempts(&failed.error)),
    };
    let error = result.err().map(|failed| failed.error.to_string());
    if (status, made) != (row.status, row.attempts) {
        let name = status.name();
        return Err(Wrong::Else(format!("{name} after {made} attempts: {error:?}")));
    }
    if error.is_some_and(|text| text.contains("sk-test") || text.contains("hello")) {
        return Err(Wrong::Else("the message shows key or prompt".into()));
    }
    let (least, most) = row.ms;
    if took < Duration::from_millis(least) {
        return Err(Wrong::Else(format!("it took only {took:?}")));
    }
    // The cap on events stays, and a plain answer has none.
    let stream = row.stream && row.status != TooLarge;
    if let Err(failed) = ask_patiently(&client, stream) {
        return Err(Wrong::Else(format!("and then: {}", failed.error)));
    }
    if took > Duration::from_millis(most) + 4 * late {
        Err(Wrong::Late(took))
    } else {
        Result::Ok(took)
    }
}

/// Times that a row may have its turn.
const TURNS: usize = 8;

#[test]
fn every_fault_ends_with_its_status_in_time_and_leaves_the_client_usable() {
    let mut wrong = Vec::new();
    for row in TABLE {
        let mut turns = (0..TURNS).map(|_| run(row));
        let settled = turns.find(|turn| !matches!(turn, Err(Wrong::Late(_))));
        let status = row.status.name();
        match settled.unwrap_or(Err(Wrong::Else(format!("too late {TURNS} times")))) {
            Result::Ok(took) => {
                println!("{:<44}{status:<16}{:>3} sent {took:>10.1?}", row.name, row.attempts);
            }
            Err(Wrong::Late(took)) => wrong.push(format!("{}: {took:?}", row.name)),
            Err(Wrong::Else(how)) => wrong.push(format!("{}: not {status}, but {how}", row.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), TABLE.len(), wrong.join("\n"));
}

#[test]
fn the_key_does_not_follow_a_redirect() {
    let other = mock(&[]);
    let to = other.url().to_string();
    let mock = mock(&[("content", "redirect"), ("redirect_to", &to), ("content_times", "1")]);
    let client = client(mock.url(), &[]);
    let failed = ask(&client, false).unwrap_err();
    assert_eq!(
        (failed.error.status(), attempts(&failed.error)),
        (BadRequest, 1),
        "{}",
        failed.error
    );
    let host = to.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let message = failed.error.to_string();
    assert!(message.contains(&format!("a redirect to {host}, which")), "{message}");
    assert_eq!(ask(&client, false).unwrap().attempts, 1);
    assert_eq!(other.stats()["requests"], 0);
    assert_eq!(mock.stats()["requests"], 2);
}

#[test]
fn every_cut_of_a_stream_gives_the_same_answer() {
    let answer = |cut: &str| {
        let mock = mock(&[("cut_at", cut), ("reasoning_words", "3")]);
        ask(&client(mock.url(), &[]), true).unwrap()
    };
    let whole = answer("1000000");
    for cut in ["every 1", "every 2", "every 7", "every 64", "3,4,5,200,201"] {
        let cut = answer(cut);
        assert_eq!(cut.text(), whole.text());
        assert_eq!(cut.usage, whole.usage);
    }
}
