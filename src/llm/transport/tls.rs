//! TLS: which certificates are trusted, and errors that say what is wrong.

use std::sync::Arc;

use once_cell::race::OnceBox;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use crate::error::{Error, Result};
use crate::files;
use crate::options::client::ClientOptions;

/// The TLS settings of a client.
pub(super) fn config(options: &ClientOptions) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Internal(format!("TLS: {e}")))?;
    let whom = match (&options.ca_file, options.tls_verify) {
        (_, false) => Whom::Anyone,
        (Some(path), true) => Whom::named_in(path, &provider)?,
        (None, true) => {
            return Ok(Arc::new(builder.with_root_certificates(system()).with_no_client_auth()));
        }
    };
    let verifier = Arc::new(Verifier { whom, provider });
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// The authorities that this system trusts, `SSL_CERT_FILE` and `SSL_CERT_DIR` before
/// others; where it has none, those that Mozilla trusts. Read once: there are hundreds.
fn system() -> Arc<RootCertStore> {
    // Two threads may both read them; neither waits, so that none can be waited for in a
    // child of the process.
    static READ: OnceBox<Arc<RootCertStore>> = OnceBox::new();
    let read = || {
        let mut store = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs().certs;
        let (usable, _) = store.add_parsable_certificates(found);
        if usable == 0 {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Box::new(Arc::new(store))
    };
    READ.get_or_init(read).clone()
}

/// What a TLS error means, in a sentence.
pub(super) fn explain(error: &rustls::Error, host: &str) -> String {
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            format!("the certificate of {host} {}", certificate(problem))
        }
        rustls::Error::AlertReceived(alert) => {
            format!("{host} refused the TLS handshake: {alert:?}")
        }
        rustls::Error::InvalidMessage(_) => format!("{host} does not speak TLS"),
        other => format!("no TLS with {host}: {other}"),
    }
}

/// So many names of a certificate tell whose it is.
const NAMES: usize = 3;

fn certificate(problem: &CertificateError) -> String {
    use CertificateError as C;
    match problem {
        C::Expired | C::ExpiredContext { .. } => "has expired".into(),
        C::NotValidYet | C::NotValidYetContext { .. } => "is not valid yet".into(),
        C::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "is not valid for this name: it has no subjectAltName, which alone counts".into()
        }
        C::NotValidForNameContext { presented, .. } => {
            let others = if presented.len() > NAMES { " and others" } else { "" };
            let name = |name: &String| {
                let name = name.strip_prefix("DnsName(\"").unwrap_or(name);
                name.strip_suffix("\")").unwrap_or(name).to_string()
            };
            let some: Vec<_> = presented.iter().take(NAMES).map(name).collect();
            format!("is not valid for this name, but for {}{others}", some.join(", "))
        }
        C::NotValidForName => "is not valid for this name".into(),
        C::UnknownIssuer => {
            "is not signed by an authority that is trusted; ca_file names others".into()
        }
        C::Revoked => "has been revoked".into(),
        C::BadEncoding => "cannot be read".into(),
        C::BadSignature => "has a bad signature".into(),
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => "is not meant for servers".into(),
        C::Other(other) if other.to_string() == OWN_AUTHORITY => {
            "is its own authority, which is not trusted; ca_file can name it".into()
        }
        C::Other(other) => format!("is not acceptable: {other}"),
        other => format!("is not acceptable: {other}"),
    }
}

/// Who is trusted.
#[derive(Debug)]
enum Whom {
    Anyone,
    /// Whom these authorities vouch for, and the holders of these certificates.
    Named {
        authorities: Arc<WebPkiServerVerifier>,
        own: Vec<CertificateDer<'static>>,
    },
}

impl Whom {
    /// The authorities of a file. A server's own certificate may be among them, as
    /// curl and OpenSSL have it: one that it has made itself, usually.
    fn named_in(path: &str, provider: &Arc<CryptoProvider>) -> Result<Whom> {
        let unusable = |reason: String| Error::invalid("ca_file", format!("{path}: {reason}"));
        let read = |error: pem::Error| match error {
            pem::Error::Io(error) => Error::Io(format!("ca_file {path}: {error}")),
            error => unusable(error.to_string()),
        };
        let text = files::read("ca_file", path)?;
        let own = CertificateDer::pem_slice_iter(&text);
        let own = own.collect::<std::result::Result<Vec<_>, _>>().map_err(read)?;
        if own.is_empty() {
            return Err(unusable("there is no certificate in it".into()));
        }
        let mut store = RootCertStore::empty();
        for certificate in &own {
            store.add(certificate.clone()).map_err(|e| unusable(e.to_string()))?;
        }
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone());
        let authorities = builder.build().map_err(|e| unusable(e.to_string()))?;
        Ok(Whom::Named { authorities, own })
    }
}

/// Whether a certificate fails only in who vouches for it. That is asked after its
/// time, and before its name.
fn is_about_the_issuer(problem: &CertificateError) -> bool {
    use CertificateError as C;
    match problem {
        C::UnknownIssuer | C::BadSignature => true,
        C::Other(other) => other.to_string() == OWN_AUTHORITY,
        _ => false,
    }
}

/// As webpki calls a certificate of an authority that a server uses as its own.
const OWN_AUTHORITY: &str = "CaUsedAsEndEntity";

/// Looks at a server's certificate, and asks for proof of its key in any case.
#[derive(Debug)]
struct Verifier {
    whom: Whom,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Whom::Named { authorities, own } = &self.whom else {
            return Ok(ServerCertVerified::assertion());
        };
        match authorities.verify_server_cert(certificate, others, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(problem))
                if is_about_the_issuer(&problem) && own.contains(certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
