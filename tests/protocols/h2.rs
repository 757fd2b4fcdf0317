//! Go's net/http: a request that met GOAWAY is sent again.
use crate::scene::Stopping;
use crate::support::finish;
use crate::support::servers::Kind;
use crate::support::servers::compiled::h2_client;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::process::Command;

/// Of GET, and of POST.
const REQUESTS: u32 = 20;

pub fn trials() -> Vec<Trial> {
    vec![trial(
        "go_sends_get_and_post_again_to_a_fellow_and_nobody_sees_a_late_server",
        &Kind::Go.needs(),
        go,
    )]
}

fn go() {
    let client = h2_client();
    let stopping = Stopping::new(&[]);
    let said =
        finish(Command::new(client).args([format!("127.0.0.1:{}", stopping.port()), REQUESTS.to_string()]));
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said, format!("answered {}\n", 2 * REQUESTS));
    assert_eq!(stopping.late_arrivals()["goaway"], 2 * REQUESTS);
}
