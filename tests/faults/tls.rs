//! Certificates that are not to be trusted: the call ends with `TLS`, and the
//! same client speaks with the same address once the certificate is right.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use rcgen::date_time_ymd;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::certificates::{self, Issuer, issuer};
use super::*;

fn server(issuer: &Issuer, name: &str, expired: bool) -> Arc<ServerConfig> {
    certificates::server(issuer, name, |params| {
        if expired {
            params.not_after = date_time_ymd(2020, 1, 1);
        }
    })
}

/// A provider whose first connection has one certificate, and all later ones
/// another; its address.
fn provider(first: Arc<ServerConfig>, later: Arc<ServerConfig>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let configs = std::iter::once(first).chain(std::iter::repeat(later));
        for (stream, config) in listener.incoming().flatten().zip(configs) {
            let session = ServerConnection::new(config).unwrap();
            answer(StreamOwned::new(session, stream));
        }
    });
    format!("https://localhost:{}/v1", address.port())
}

fn answer(mut stream: StreamOwned<ServerConnection, std::net::TcpStream>) {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"}]}") {
        match stream.read(&mut byte) {
            Result::Ok(1) => bytes.push(byte[0]),
            _ => return,
        }
    }
    let body = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all((head + body).as_bytes());
}

#[test]
fn a_certificate_that_is_bad_or_of_another_name_ends_the_call_and_the_next_one_works() {
    let (trusted, stranger) = (issuer("trusted"), issuer("stranger"));
    let file = std::env::temp_dir().join(format!("mynah-faults-{}.pem", std::process::id()));
    std::fs::write(&file, trusted.pem()).unwrap();
    for (what, config, words) in [
        ("bad", server(&stranger, "localhost", false), "not signed by an authority"),
        ("of another name", server(&trusted, "elsewhere", false), "not valid for this name"),
        ("expired", server(&trusted, "localhost", true), "has expired"),
    ] {
        let url = provider(config, server(&trusted, "localhost", false));
        let client = client(&url, &[("ca_file", file.to_str().unwrap())]);
        let failed = ask(&client, false).unwrap_err();
        assert_eq!(failed.error.status(), Tls, "{what}: {}", failed.error);
        assert_eq!(attempts(&failed.error), 1, "{what}");
        assert!(failed.error.to_string().contains(words), "{what}: {}", failed.error);
        assert_eq!(ask(&client, false).unwrap().text(), "hi", "{what}");
    }
    let _ = std::fs::remove_file(file);
}
