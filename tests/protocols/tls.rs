//! OpenSSL: an alert and a clean close, or a fellow's answer.
use crate::scene::Stopping;
use crate::support::certificate;
use crate::support::ports::free_port;
use crate::support::process::Mark;
use crate::support::trial::trial;
use crate::support::{finish, python, wait_for};
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "a_client_of_tls_behind_one_of_http_is_told_by_an_alert_and_sees_a_clean_close",
            &Ok(()),
            alerted,
        ),
        trial("a_client_of_tls_has_a_fellow_s_answer", &certificate::needs(), relayed),
    ]
}

fn alerted() {
    let client = python::program("python");
    let stopping = Stopping::new(&[]);
    // From here on it is known that this listener does not speak TLS.
    let mut plain = TcpStream::connect(("127.0.0.1", stopping.port())).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let script = format!("{}/tls_client.py", python::SERVERS);
    let said = finish(Command::new(client).args([script, stopping.port().to_string()]));
    assert_eq!(String::from_utf8(said.stdout).unwrap(), "TLSV1_ALERT_INTERNAL_ERROR\nclosed\n");
    let late_arrivals = stopping.late_arrivals();
    assert_eq!((&late_arrivals["answered"], &late_arrivals["alerted"]), (&1.into(), &1.into()));
}

fn relayed() {
    let [certificate, key] = certificate::certificate();
    let mark = Mark::new();
    let fellow = format!("127.0.0.1:{}", free_port());
    let mut process = Command::new("openssl")
        .args(["s_server", "-www", "-quiet", "-accept", &fellow, "-key"])
        .arg(&key)
        .arg("-cert")
        .arg(&certificate)
        .env(Mark::NAME, mark.value())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("the fellow", || TcpStream::connect(&fellow).ok());

    let stopping = Stopping::new(&["--late-arrivals", "relay", "--relay-to", &fellow]);
    let get = "import ssl, sys, urllib.request as r\n\
        context = ssl._create_unverified_context()\n\
        print(r.urlopen(f'https://127.0.0.1:{sys.argv[1]}/', context=context, timeout=60).status)";
    let said =
        finish(Command::new(python::program("python")).args(["-c", get, &stopping.port().to_string()]));
    assert_eq!(String::from_utf8(said.stdout).unwrap(), "200\n", "{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(stopping.late_arrivals()["relayed"], 1);
    process.kill().unwrap();
    process.wait().unwrap();
}
