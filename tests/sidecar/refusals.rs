//! Whatever keeps a sidecar from its work is told at the start, with status 125.
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use std::net::TcpListener;

pub fn trials() -> Vec<Trial> {
    vec![trial("options_that_cannot_be_meant_are_refused", &Ok(()), || {
        let refused = |options: &[&str]| {
            let output = finish(lameduck().arg("sidecar").args(options));
            assert_eq!(output.status.code(), Some(125));
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        assert_eq!(
            refused(&[]),
            "lameduck: --port is needed: a sidecar knows by nothing else which listeners are the server's\n"
        );
        assert!(refused(&["--port", "9180"]).contains("are one port"));
        assert!(refused(&["--port", "1", "--token", ""]).contains("--token is empty: leave it out"));
        assert!(
            refused(&["--port", "1", "--listen", "127.0.0.1:1"])
                .contains("--listen needs a server that lameduck")
        );
        assert!(refused(&["--port", "1", "--allow", "kubelet"]).contains("kubelet is no IP address"));
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = taken.local_addr().expect("an address").to_string();
        assert!(refused(&["--port", "1", "--http", &at]).contains(&format!("cannot listen at {at}: ")));
    })]
}
