//! What the client's own work for a call costs, in CPU time of the calling
//! thread: a call that the response cache answers, and one that a provider
//! without a network answers. Beside them, in the same rounds, the least that
//! any cached call must do: digest the bytes that tell requests apart, look them
//! up, and read the answer's JSON.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;

use mynah::cache::{Cache, Ttl};
use mynah::clock::Clock;
use mynah::llm::client::{Client, Parts};
use mynah::llm::request::Request;
use mynah::llm::transport::{
    Attempt, Body, Deadline, Exchange, Head, Headers, HttpRequest, Transport, TransportError,
};
use mynah::options::Layered;
use mynah::options::cache::CacheOptions;
use mynah::options::client::ClientOptions;
use mynah_benches::thread_cpu_ns;

/// A provider that has the answer at hand.
struct AtHand(Vec<u8>);

struct Bytes(Vec<u8>, bool);

impl Body for Bytes {
    fn piece(&mut self, _: Deadline, _: u64) -> Result<&[u8], TransportError> {
        let given = std::mem::replace(&mut self.1, true);
        Ok(if given { &[] } else { &self.0 })
    }
}

impl Transport for AtHand {
    fn send(&self, _: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let now = attempt.connect.at_ns.saturating_sub(1);
        Ok(Exchange {
            head: Head { status: 200, headers: Headers::default() },
            body: Box::new(Bytes(self.0.clone(), false)),
            reused: true,
            connect_ns: 0,
            sent_at_ns: now,
            first_byte_at_ns: now,
            last_byte_at_ns: now,
        })
    }
}

fn client(cached: bool, answer: &[u8]) -> Arc<Client> {
    let mut options = Layered::<ClientOptions>::default();
    let cached = if cached { "true" } else { "false" };
    for (name, value) in [("api_key", "k"), ("model", "gpt-4o-mini"), ("cache_enabled", cached)] {
        options.set(name, value).unwrap();
    }
    let parts = Parts { transport: Some(Arc::new(AtHand(answer.to_vec()))), ..Parts::default() };
    Arc::new(Client::new(options.resolve().unwrap(), parts).unwrap())
}

struct Row<'a> {
    name: &'a str,
    run: Box<dyn FnMut() + 'a>,
    ns: Vec<f64>,
}

fn main() {
    let rounds = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(30usize);
    const CALLS: usize = 500;
    let text =
        "It depends on the weather, the time of the day and the mood of the bird. ".repeat(8);
    let answer = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o-mini","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":120,"completion_tokens":130,"total_tokens":250}}}}"#
    );
    let mut request = Request::new();
    request.add_message("system", "You know birds, and answer in short sentences.").unwrap();
    request.add_message("user", &"Why do mynahs talk, and when do they not? ".repeat(10)).unwrap();

    let (cached, plain) = (client(true, answer.as_bytes()), client(false, answer.as_bytes()));
    cached.chat(&request, None).unwrap();
    let own = Layered::<CacheOptions>::default().resolve().unwrap();
    let cache = Cache::new(own, Clock::System).unwrap();
    let question = serde_json::to_vec(&serde_json::json!({
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Why do mynahs talk? ".repeat(24)}],
    }))
    .unwrap();
    let digest = |bytes: &[u8]| *blake3::hash(bytes).as_bytes();
    cache.set(&digest(&question), answer.as_bytes(), Ttl::Default).unwrap();

    let row = |name, run: Box<dyn FnMut()>| Row { name, run, ns: Vec::new() };
    let mut rows = [
        row("a call that the cache answers", {
            let (client, request) = (cached.clone(), request.clone());
            Box::new(move || _ = black_box(client.chat(&request, None).unwrap()))
        }),
        row("the same, as a stream", {
            let (client, request) = (cached.clone(), request.clone());
            let mut sink = |event: &_| black_box(event) as *const _ as usize != 0;
            Box::new(move || _ = black_box(client.chat_stream(&request, None, &mut sink).unwrap()))
        }),
        row("a call that a provider at hand answers", {
            let (client, request) = (plain.clone(), request.clone());
            Box::new(move || _ = black_box(client.chat(&request, None).unwrap()))
        }),
        row("digest, look-up, read the JSON", {
            Box::new(move || {
                let value = cache.get(&digest(black_box(&question))).unwrap();
                let json: serde_json::Value = serde_json::from_slice(value.as_bytes()).unwrap();
                black_box(json);
            })
        }),
    ];
    for _ in 0..rounds {
        for row in &mut rows {
            let began = thread_cpu_ns();
            (0..CALLS).for_each(|_| (row.run)());
            row.ns.push((thread_cpu_ns() - began) as f64 / CALLS as f64);
        }
    }
    println!("{:<44}{:>10}{:>10}", "", "median us", "least us");
    for row in &mut rows {
        row.ns.sort_by(f64::total_cmp);
        let (median, least) = (row.ns[row.ns.len() / 2] / 1e3, row.ns[0] / 1e3);
        println!("{:<44}{median:>10.2}{least:>10.2}", row.name);
    }
    let _ = std::io::stdout().flush();
}
