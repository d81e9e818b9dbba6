//! TLS, with certificates that are good and certificates that are not.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::error::Status;
use crate::llm::cancel::Reason;

/// A file of certificates, gone when the test is over.
pub(super) struct TrustFile(PathBuf);

impl TrustFile {
    pub fn new(name: &str, pem: &str) -> TrustFile {
        let file = std::env::temp_dir().join(format!("mynah-{}-{name}.pem", std::process::id()));
        std::fs::write(&file, pem).unwrap();
        TrustFile(file)
    }

    /// A client that trusts those in it.
    pub fn client_with(&self, change: impl Fn(&mut ClientOptions)) -> UreqTransport {
        let ca_file = Some(self.0.to_str().unwrap().to_string());
        let mut options = ClientOptions { ca_file, ..options() };
        change(&mut options);
        UreqTransport::new(&options, Clock::System).unwrap()
    }
}

impl Drop for TrustFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// An authority, and a file of it.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: TrustFile,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = TrustFile::new(name, &issuer.pem());
        Authority { issuer, file }
    }

    /// A certificate on this name, and its key.
    pub fn certificate(
        &self,
        name: &str,
        change: impl Fn(&mut CertificateParams),
    ) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_string()]).unwrap();
        change(&mut params);
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A server's settings, for such a certificate.
    pub fn server(&self, name: &str, change: impl Fn(&mut CertificateParams)) -> Arc<ServerConfig> {
        let (certificate, key) = self.certificate(name, change);
        settings(&certificate, &key)
    }

    pub fn client(&self) -> UreqTransport {
        self.client_with(|_| ())
    }

    pub fn client_with(&self, change: impl Fn(&mut ClientOptions)) -> UreqTransport {
        self.file.client_with(change)
    }
}

/// The settings of a server with this certificate.
pub(super) fn settings(certificate: &Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private(key))
        .unwrap();
    Arc::new(config)
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

pub(super) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// A TLS server; the script has each connection.
pub(super) fn serve_tls(
    config: Arc<ServerConfig>,
    script: impl Fn(&mut Stream) + Send + Sync + 'static,
) -> SocketAddr {
    serve(move |stream, _| {
        let session = ServerConnection::new(config.clone()).unwrap();
        script(&mut StreamOwned::new(session, stream));
    })
}

/// Reads up to the end of a request whose body is `{}`.
pub(super) fn read_tls_request(stream: &mut Stream) -> bool {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n{}") {
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            _ => return false,
        }
    }
    true
}

pub(super) fn answer_all(stream: &mut Stream) {
    while read_tls_request(stream) {
        stream.write_all(ok("secret").as_bytes()).unwrap();
    }
}

pub(super) fn secure(address: SocketAddr) -> HttpRequest {
    HttpRequest { url: format!("https://{address}/"), ..request(address) }
}

#[test]
fn a_trusted_server_answers_and_its_connection_is_kept() {
    let authority = Authority::new("trusted");
    let address = serve_tls(authority.server("127.0.0.1", |_| ()), answer_all);
    let transport = authority.client();
    for round in 0..3 {
        let mut exchange = transport.send(&secure(address), &attempt()).unwrap();
        assert_eq!(exchange.reused, round > 0);
        assert_eq!(read_all(&mut *exchange.body).unwrap(), b"secret");
    }
}

#[test]
fn a_large_answer_comes_whole_over_tls() {
    let authority = Authority::new("large");
    let body = "0123456789".repeat(100_000);
    let answer = ok(&body);
    let address = serve_tls(authority.server("127.0.0.1", |_| ()), move |stream| {
        read_tls_request(stream);
        stream.write_all(answer.as_bytes()).unwrap();
        stream.flush().unwrap();
    });
    let mut exchange = authority.client().send(&secure(address), &attempt()).unwrap();
    assert!(read_all(&mut *exchange.body).unwrap() == body.as_bytes());
}

#[track_caller]
fn refused(transport: &UreqTransport, address: SocketAddr, reason: &str) {
    let error = transport.send(&secure(address), &attempt()).err().unwrap();
    assert_eq!(error.failure, Failure::Tls, "{error:?}");
    assert!(error.message.contains(reason), "{error:?}");
    assert!(!error.written && !error.answered);
}

#[test]
fn each_bad_certificate_is_named() {
    let authority = Authority::new("bad");
    let server = |name: &str, change: fn(&mut CertificateParams)| {
        serve_tls(authority.server(name, change), answer_all)
    };
    let trusting = authority.client();
    refused(&trusting, server("other.test", |_| ()), "not valid for this name");
    refused(
        &trusting,
        server("127.0.0.1", |p| p.not_after = date_time_ymd(2020, 1, 1)),
        "has expired",
    );
    refused(
        &trusting,
        server("127.0.0.1", |p| p.not_before = date_time_ymd(2100, 1, 1)),
        "not valid yet",
    );
    refused(
        &transport(),
        server("127.0.0.1", |_| ()),
        "not signed by an authority that is trusted",
    );
}

#[test]
fn without_verification_any_certificate_will_do() {
    let authority = Authority::new("any");
    let address = serve_tls(authority.server("other.test", |_| ()), answer_all);
    let options = ClientOptions { tls_verify: false, ..options() };
    let transport = UreqTransport::new(&options, Clock::System).unwrap();
    let mut exchange = transport.send(&secure(address), &attempt()).unwrap();
    assert_eq!(read_all(&mut *exchange.body).unwrap(), b"secret");
}

#[test]
fn a_server_without_tls_is_told_from_one_that_hangs_up() {
    let plain = serve(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    refused(&transport(), plain, "does not speak TLS");
    // That one may be reached another time.
    let error = transport().send(&secure(serve(|_, _| ())), &attempt()).err().unwrap();
    assert_eq!((&error.failure, error.written), (&Failure::Handshake, false), "{error:?}");
    assert!(error.message.starts_with("during the TLS handshake "), "{error:?}");
}

#[test]
fn an_end_that_tls_does_not_confirm_is_a_cut() {
    let authority = Authority::new("cut");
    for (confirmed, headers) in [(true, ""), (false, ""), (false, "content-length: 10\r\n")] {
        let address = serve_tls(authority.server("127.0.0.1", |_| ()), move |stream| {
            read_tls_request(stream);
            let answer = format!("HTTP/1.1 200 OK\r\n{headers}\r\nhalf");
            stream.write_all(answer.as_bytes()).unwrap();
            if confirmed {
                stream.conn.send_close_notify();
            }
            stream.flush().unwrap();
        });
        let mut exchange = authority.client().send(&secure(address), &attempt()).unwrap();
        match read_all(&mut *exchange.body) {
            Ok(body) => assert!(confirmed && body == b"half"),
            Err(error) => assert!(!confirmed && error.failure == Failure::Cut, "{error:?}"),
        }
    }
}

#[test]
fn a_call_is_interrupted_within_a_tls_body() {
    let authority = Authority::new("cancel");
    let address = serve_tls(authority.server("127.0.0.1", |_| ()), |stream| {
        read_tls_request(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
        stream.flush().unwrap();
        let _ = stream.read(&mut [0]);
    });
    let attempt = attempt();
    let mut exchange = authority.client().send(&secure(address), &attempt).unwrap();
    let interrupt = attempt.interrupt.clone();
    let tripper = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        interrupt.trip(Reason::Cancelled);
    });
    assert_eq!(read_all(&mut *exchange.body).unwrap_err().failure, Failure::Interrupted);
    tripper.join().unwrap();
}

#[test]
fn a_ca_file_that_holds_no_certificate_is_refused_at_once() {
    let file = std::env::temp_dir().join(format!("mynah-{}-empty.pem", std::process::id()));
    std::fs::write(&file, "nothing").unwrap();
    for (path, status) in
        [(file.to_str().unwrap(), Status::InvalidArgument), ("/no/such/file.pem", Status::Io)]
    {
        let options = ClientOptions { ca_file: Some(path.into()), ..options() };
        let error = UreqTransport::new(&options, Clock::System).err().unwrap();
        assert_eq!(error.status(), status);
        assert!(error.to_string().starts_with("ca_file"), "{error}");
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn bytes_after_the_answer_spoil_a_connection_over_tls_too() {
    let authority = Authority::new("spoilt");
    // As much as is read at once, so that what follows stays within the session.
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\nx: ";
    let fill = "x".repeat(4096 - 4000 - head.len() - 4);
    let answer = format!(
        "{head}{fill}\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "a".repeat(4000)
    );
    let address = serve_tls(authority.server("127.0.0.1", |_| ()), move |stream| {
        while read_tls_request(stream) {
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let transport = authority.client();
    for _ in 0..3 {
        let mut exchange = transport.send(&secure(address), &attempt()).unwrap();
        assert!(!exchange.reused);
        assert_eq!(read_all(&mut *exchange.body).unwrap().len(), 4000);
    }
}

/// Has the session take what is no TLS, and sends the alert that comes of it.
fn alert(stream: &mut Stream) {
    stream.conn.read_tls(&mut &b"HTTP/1.1 400\r\n\r\n"[..]).unwrap();
    assert!(stream.conn.process_new_packets().is_err());
    while stream.conn.wants_write() {
        stream.conn.write_tls(&mut stream.sock).unwrap();
    }
}

#[test]
fn tls_that_breaks_within_an_answer_is_a_connection_that_does() {
    let authority = Authority::new("broken");
    let garbage: fn(&mut Stream) = |stream| drop(stream.sock.write_all(b"HTTP/1.1 502\r\n\r\n"));
    for end in [garbage, alert] {
        let address = serve_tls(authority.server("127.0.0.1", |_| ()), move |stream| {
            read_tls_request(stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
            end(stream);
            let _ = stream.sock.read(&mut [0]);
        });
        let mut exchange = authority.client().send(&secure(address), &attempt()).unwrap();
        let error = read_all(&mut *exchange.body).unwrap_err();
        assert_eq!((&error.failure, error.answered), (&Failure::Reset, true), "{error:?}");
        assert!(error.message.starts_with("the TLS with 127.0.0.1"), "{error:?}");
    }
}

#[test]
fn a_kept_connection_has_had_its_handshake_and_may_be_replaced_when_its_tls_breaks() {
    let authority = Authority::new("broken-kept");
    let address = serve_tls(authority.server("127.0.0.1", |_| ()), |stream| {
        read_tls_request(stream);
        stream.write_all(ok("secret").as_bytes()).unwrap();
        read_tls_request(stream);
        alert(stream);
        let _ = stream.sock.read(&mut [0]);
    });
    let transport = authority.client();
    let mut exchange = transport.send(&secure(address), &attempt()).unwrap();
    assert_eq!(read_all(&mut *exchange.body).unwrap(), b"secret");
    let error = transport.send(&secure(address), &attempt()).err().unwrap();
    assert_eq!((error.failure, error.reused, error.answered), (Failure::Reset, true, false));
}

#[test]
fn a_server_that_wants_a_certificate_says_so() {
    let authority = Authority::new("wants-one");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        provider.clone(),
    );
    let (certificate, key) = authority.certificate("127.0.0.1", |_| ());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate.der().clone()], private(&key))
        .unwrap();
    let address = serve_tls(Arc::new(config), answer_all);
    let error = authority.client().send(&secure(address), &attempt()).err().unwrap();
    assert_eq!(error.failure, Failure::Tls, "{error:?}");
    assert!(error.message.contains("refused the TLS handshake: CertificateRequired"), "{error:?}");
}
