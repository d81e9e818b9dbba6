//! Ways through proxies.

use rustls::{ServerConnection, StreamOwned};

use super::secure::{Authority, answer_all, secure};
use super::*;

/// Copies both ways until both sides are done.
fn join(near: TcpStream, far: TcpStream) {
    let (mut near_in, mut far_out) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let forth = thread::spawn(move || {
        let _ = std::io::copy(&mut near_in, &mut far_out);
        let _ = far_out.shutdown(std::net::Shutdown::Write);
    });
    let (mut far, mut near) = (far, near);
    let _ = std::io::copy(&mut far, &mut near);
    let _ = near.shutdown(std::net::Shutdown::Both);
    let _ = forth.join();
}

fn through(proxy: &str) -> UreqTransport {
    let options = ClientOptions { proxy: Some(proxy.into()), ..options() };
    UreqTransport::new(&options, Clock::System).unwrap()
}

fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn an_http_proxy_is_asked_for_a_tunnel_with_its_password() {
    let target = answers(ok("through"));
    let (told, heard) = channel();
    let proxy = serve(move |mut stream, _| {
        told.send(read_request(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        join(stream, TcpStream::connect(target).unwrap());
    });
    let transport = through(&format!("http://user:pass@{proxy}"));
    let mut exchange = transport.send(&request(target), &attempt()).unwrap();
    assert_eq!(read_all(&mut *exchange.body).unwrap(), b"through");
    let heard = heard.recv().unwrap();
    assert!(heard.starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")), "{heard}");
    assert!(heard.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), "{heard}");
}

#[test]
fn a_socks_proxy_is_asked_for_a_tunnel_with_its_password() {
    let target = answers(ok("through"));
    let proxy = serve(move |mut stream, _| {
        assert_eq!(read::<4>(&mut stream), [5, 2, 0, 2]);
        stream.write_all(&[5, 2]).unwrap();
        assert_eq!(&read::<11>(&mut stream), b"\x01\x04user\x04pass");
        stream.write_all(&[1, 0]).unwrap();
        let wanted = read::<10>(&mut stream);
        assert_eq!(wanted[..8], [5, 1, 0, 1, 127, 0, 0, 1]);
        assert_eq!(wanted[8..], target.port().to_be_bytes());
        stream.write_all(&[5, 0, 0, 3, 1, b'x', 0, 0]).unwrap();
        join(stream, TcpStream::connect(target).unwrap());
    });
    let transport = through(&format!("socks5://user:pass@{proxy}"));
    let mut exchange = transport.send(&request(target), &attempt()).unwrap();
    assert_eq!(read_all(&mut *exchange.body).unwrap(), b"through");
}

#[test]
fn an_http_proxy_that_gives_no_tunnel_hands_plain_requests_on() {
    for status in [400, 403, 405, 501] {
        let (told, heard) = channel();
        let proxy = serve(move |mut stream, _| {
            loop {
                let request = read_request(&mut stream);
                if request.is_empty() {
                    return;
                }
                let is_tunnel = request.starts_with("CONNECT");
                told.send(request).unwrap();
                if is_tunnel {
                    let no = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n");
                    return stream.write_all(no.as_bytes()).unwrap();
                }
                stream.write_all(ok("handed on").as_bytes()).unwrap();
            }
        });
        let transport = through(&format!("http://user:pass@{proxy}"));
        let target = "127.0.0.1:9".parse().unwrap();
        for (fresh, reused) in [(false, false), (false, true), (true, false)] {
            let attempt = Attempt { fresh, ..attempt() };
            let mut exchange = transport.send(&request(target), &attempt).unwrap();
            assert_eq!(read_all(&mut *exchange.body).unwrap(), b"handed on");
            assert_eq!(exchange.reused, reused);
        }
        let heard: Vec<_> = heard.try_iter().collect();
        let lines: Vec<_> = heard.iter().map(|head| head.lines().next().unwrap()).collect();
        let post = "POST http://127.0.0.1:9/v1/chat HTTP/1.1";
        assert_eq!(lines, ["CONNECT 127.0.0.1:9 HTTP/1.1", post, post, post]);
        for head in heard {
            assert!(head.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), "{head}");
            assert!(head.starts_with("CONNECT") || head.ends_with("\r\n\r\n{}"), "{head}");
        }
    }
}

#[test]
fn a_proxy_that_gives_no_tunnel_for_tls_is_named() {
    let proxy = answers("HTTP/1.1 403 No\r\n\r\n");
    let transport = through(&format!("http://{proxy}"));
    let target = "127.0.0.1:9".parse().unwrap();
    for _ in 0..2 {
        let error = transport.send(&secure(target), &attempt()).err().unwrap();
        assert_eq!(error.failure, Failure::Connect);
        assert!(error.message.contains("it answered 403"), "{error:?}");
    }
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let target = answers(ok("never"));
    let http = answers("HTTP/1.1 407 Who are you\r\n\r\n");
    let socks = serve(|mut stream, _| {
        read::<3>(&mut stream);
        stream.write_all(&[5, 0]).unwrap();
        read::<10>(&mut stream);
        stream.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    });
    let other = serve(|mut stream, _| {
        read::<3>(&mut stream);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    for (proxy, sign) in [
        (format!("http://{http}"), "407"),
        (format!("socks5://{socks}"), "error 5"),
        (format!("socks5://{other}"), "does not speak SOCKS 5"),
    ] {
        let error = through(&proxy).send(&request(target), &attempt()).err().unwrap();
        assert_eq!(error.failure, Failure::Connect, "{error:?}");
        assert!(error.message.contains(sign) && !error.written, "{error:?}");
    }
}

#[test]
fn a_proxy_may_end_its_lines_as_it_likes_and_say_more_than_one_word() {
    for reply in [
        &b"HTTP/1.0 200 OK\n\n"[..],
        b"HTTP/1.1 200 OK\nvia: x\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
    ] {
        let target = answers(ok("through"));
        let proxy = serve(move |mut stream, _| {
            read_request(&mut stream);
            stream.write_all(reply).unwrap();
            join(stream, TcpStream::connect(target).unwrap());
        });
        let transport = through(&format!("http://{proxy}"));
        let attempt = Attempt { connect: in_ms(10_000, Phase::Connect), ..attempt() };
        let mut exchange = transport.send(&request(target), &attempt).unwrap();
        assert_eq!(read_all(&mut *exchange.body).unwrap(), b"through");
    }
}

#[test]
fn a_proxy_that_is_away_is_named_with_its_option_and_without_its_user() {
    let away = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https", "socks5"] {
        let transport = through(&format!("{scheme}://user:pass@{away}"));
        let error = transport.send(&request(answers(ok("never"))), &attempt()).err().unwrap();
        assert_eq!(error.failure, Failure::Connect, "{error:?}");
        let expected = format!("cannot connect to the proxy {away} (of option proxy): ");
        assert!(error.message.starts_with(&expected), "{error:?}");
        assert!(!error.message.contains("pass"), "{error:?}");
    }
}

#[test]
fn a_proxy_whose_name_is_unknown_is_named_as_the_proxy() {
    let target = "127.0.0.1:9".parse().unwrap();
    let transport = through("http://user:pass@no-such-name.invalid:1");
    let error = transport.send(&request(target), &attempt()).err().unwrap();
    assert_eq!(error.failure, Failure::Dns, "{error:?}");
    let expected = "the name no-such-name.invalid of the proxy no-such-name.invalid:1 (of option";
    assert!(error.message.starts_with(expected), "{error:?}");
}

#[test]
fn what_fails_behind_a_proxy_is_not_laid_to_it() {
    let proxy = serve(|mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        read_request(&mut stream);
    });
    let target: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let error = through(&format!("http://{proxy}")).send(&request(target), &attempt()).err();
    let message = error.unwrap().message;
    assert!(message.contains("127.0.0.1:9") && !message.contains("proxy"), "{message}");
}

#[test]
fn a_proxy_that_is_no_url_is_refused_at_once() {
    let options = ClientOptions { proxy: Some("://".into()), ..options() };
    let error = UreqTransport::new(&options, Clock::System).err().unwrap();
    assert!(error.to_string().starts_with("proxy"), "{error}");
}

#[test]
fn an_address_of_ipv6_is_reached_by_tls_and_through_proxies() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let target = listener.local_addr().unwrap();
    let authority = Authority::new("ipv6");
    let config = authority.server("::1", |_| ());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(session, stream.unwrap());
            thread::spawn(move || answer_all(&mut stream));
        }
    });
    let proxy = serve(move |mut stream, _| {
        let heard = read_request(&mut stream);
        assert!(
            heard.starts_with(&format!("CONNECT [::1]:{} HTTP/1.1\r\n", target.port())),
            "{heard}"
        );
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        join(stream, TcpStream::connect(target).unwrap());
    });
    for proxy in ["none".to_string(), format!("http://{proxy}")] {
        let transport = authority.client_with(|options| options.proxy = Some(proxy.clone()));
        let mut exchange = transport.send(&secure(target), &attempt()).unwrap();
        assert_eq!(read_all(&mut *exchange.body).unwrap(), b"secret");
    }
}
