//! Whom a client trusts that is told of nobody: whom its system trusts. A program of its
//! own, for the authorities are read once in a process, from where its environment says.

#![allow(clippy::unwrap_used)] // a test's helpers
#![allow(unsafe_code)] // to set a variable before anybody reads it

#[path = "faults/certificates.rs"]
mod certificates;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use mynah::error::Status;
use mynah::llm::client::{Client, Parts};
use mynah::llm::request::Request;
use mynah::options::Layered;
use mynah::options::client::ClientOptions;
use rustls::{ServerConnection, StreamOwned};

use certificates::{Issuer, issuer};

const ANSWER: &str = r#"{"choices":[{"message":{"content":"sealed"},"finish_reason":"stop"}]}"#;

/// A server that this authority vouches for; its port.
fn serve(issuer: &Issuer) -> u16 {
    let config = certificates::server(issuer, "localhost", |_| ());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(session, stream.unwrap());
            let _ = stream.read(&mut [0; 65_536]);
            let length = ANSWER.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            let _ = stream.write_all((head + ANSWER).as_bytes());
        }
    });
    port
}

fn asked(port: u16) -> Result<String, Status> {
    let mut options = Layered::<ClientOptions>::default();
    let url = format!("https://localhost:{port}/v1");
    let own = [("provider", "custom"), ("base_url", url.as_str()), ("model", "m")];
    own.iter().for_each(|(name, value)| options.set(name, value).unwrap());
    options.set("proxy", "none").unwrap();
    let client = Client::new(options.resolve().unwrap(), Parts::default()).unwrap();
    let mut request = Request::default();
    request.add_message("user", "hi").unwrap();
    let answer = Arc::new(client).chat(&request, None);
    answer.map(|answer| answer.text().to_string()).map_err(|failed| failed.error.status())
}

#[test]
fn a_client_trusts_whom_the_system_trusts_and_nobody_else() {
    let (known, unknown) = (issuer("known"), issuer("unknown"));
    let file = std::env::temp_dir().join(format!("mynah-roots-{}.pem", std::process::id()));
    std::fs::write(&file, known.pem()).unwrap();
    // SAFETY: no other thread of this program runs yet that reads the environment.
    unsafe { std::env::set_var("SSL_CERT_FILE", &file) };
    assert_eq!(asked(serve(&known)), Ok("sealed".to_string()));
    assert_eq!(asked(serve(&unknown)), Err(Status::Tls));
    std::fs::remove_file(file).unwrap();
}
