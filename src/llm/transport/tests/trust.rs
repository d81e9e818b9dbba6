//! Servers whose own certificate is the one that is trusted.

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair, date_time_ymd};

use super::secure::{Authority, TrustFile, answer_all, secure, serve_tls, settings};
use super::*;

/// A certificate on this machine that vouches for itself, and its key.
fn made_alone(is_ca: IsCa, change: impl Fn(&mut CertificateParams)) -> (Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    params.is_ca = is_ca;
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap(), key)
}

/// As `openssl req -x509` makes it.
fn authority() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}

/// What comes of a call to who has this certificate, where that one is trusted.
fn call(server: &(Certificate, KeyPair), trusted: &Certificate, name: &str) -> Result<(), String> {
    let address = serve_tls(settings(&server.0, &server.1), answer_all);
    let file = TrustFile::new(name, &trusted.pem());
    let result = file.client_with(|_| ()).send(&secure(address), &attempt());
    result.map(drop).map_err(|error| {
        assert_eq!(error.failure, Failure::Tls, "{error:?}");
        error.message
    })
}

#[test]
fn a_server_is_trusted_whose_own_certificate_is_named() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa, authority()] {
        let server = made_alone(is_ca, |_| ());
        assert_eq!(call(&server, &server.0, "own"), Ok(()));
    }
    let server = Authority::new("own-issuer").certificate("127.0.0.1", |_| ());
    assert_eq!(call(&server, &server.0, "own-issued"), Ok(()));
}

#[track_caller]
fn refused(server: &(Certificate, KeyPair), trusted: &Certificate, reason: &str) {
    let message = call(server, trusted, "own-refused").unwrap_err();
    assert!(message.contains(reason), "{message}");
}

#[test]
fn its_name_and_its_time_count_all_the_same() {
    for is_ca in [IsCa::NoCa, authority()] {
        let refused = |change: fn(&mut CertificateParams), reason: &str| {
            let server = made_alone(is_ca, change);
            refused(&server, &server.0, reason);
        };
        let other = |p: &mut CertificateParams| {
            let elsewhere = CertificateParams::new(vec!["a.test".into()]).unwrap();
            p.subject_alt_names = elsewhere.subject_alt_names;
        };
        refused(other, "is not valid for this name, but for a.test");
        refused(|p| p.subject_alt_names.clear(), "has no subjectAltName");
        refused(|p| p.not_after = date_time_ymd(2020, 1, 1), "has expired");
        refused(|p| p.not_before = date_time_ymd(2100, 1, 1), "is not valid yet");
    }
}

#[test]
fn another_that_looks_the_same_is_not_trusted() {
    let (named, other) = (made_alone(authority(), |_| ()), made_alone(authority(), |_| ()));
    refused(&other, &named.0, "is its own authority, which is not trusted; ca_file can name it");
    let (named, other) = (made_alone(IsCa::NoCa, |_| ()), made_alone(IsCa::NoCa, |_| ()));
    refused(&other, &named.0, "");
}
