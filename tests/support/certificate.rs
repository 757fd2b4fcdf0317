//! A certificate for localhost and its key, made once under `target/`.
use super::made::{made, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether it can be made here.
///
/// # Errors
/// With the program that is missing.
pub fn needs() -> Result<(), String> {
    let works = Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    if works { Ok(()) } else { Err("openssl is not on PATH: install it".to_owned()) }
}

/// The files of the certificate and of its key.
pub fn certificate() -> [PathBuf; 2] {
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
            "/CN=localhost",
        ]);
        run(openssl.arg("-out").arg(certificate).arg("-keyout").arg(key), "it needs openssl");
    };
    let home = made("tls", &[], |home| FILES.iter().all(|file| home.join(file).is_file()), make);
    FILES.map(|file| home.join(file))
}
