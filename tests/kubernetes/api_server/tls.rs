//! The certificate of the API server, for its address, made once under `target/`.
use crate::support::made::{made, run};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// The files of the certificate, which is its own authority, and of its key.
pub fn certificate() -> [PathBuf; 2] {
    made_in("api-server-tls")
}

/// The certificate of an authority that has nothing to do with it.
pub fn another_authority() -> PathBuf {
    let [certificate, _] = made_in("another-tls");
    certificate
}

fn made_in(name: &str) -> [PathBuf; 2] {
    const FILES: [&str; 2] = ["certificate.pem", "key.pem"];
    let make = |home: &Path| {
        let [certificate, key] = FILES.map(|file| home.join(file));
        let mut openssl = Command::new("openssl");
        openssl.args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "3650",
            "-subj",
            "/CN=kube-apiserver",
        ]);
        openssl.args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ]);
        run(openssl.arg("-out").arg(certificate).arg("-keyout").arg(key), "it needs openssl");
    };
    let home = made(name, &[], |home| FILES.iter().all(|file| home.join(file).is_file()), make);
    FILES.map(|file| home.join(file))
}

/// What a server of TLS needs.
pub fn settings() -> Arc<ServerConfig> {
    let [certificate, key] = certificate();
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let settings = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    Arc::new(settings.expect("a certificate and its key"))
}
