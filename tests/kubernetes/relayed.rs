//! Late arrivals go to the other ready endpoints of the Services, which nobody had to name.
use crate::api_server::ApiServer;
use crate::scene::{Pod, endpoint, read, slice};
use crate::support::load::{plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    vec![trial("late_arrivals_are_relayed_to_the_other_endpoints_of_the_service", openssl, relayed)]
}

fn relayed() {
    let api = ApiServer::start();
    let fellow = Server::gunicorn("gthread", &["--threads", "64"]).start();
    let options = ["--late-arrivals", "relay", "--gate", "divert", "--lame-duck", "0"];
    let pod = Pod::new(Server::gunicorn("sync", &["--workers", "2"]), &api, &options);
    let (mut server, report) = pod.start();
    // Two slices of one Service, because the numbers of their ports differ.
    api.put(slice("web-a", server.address().port(), &[endpoint(0, "127.0.0.1", false, true)]));
    api.put(slice("web-b", fellow.address().port(), &[endpoint(1, "127.0.0.1", true, false)]));
    let plan = plan(&server, 90.0);
    let tally = until_gone(&mut server, plan, 60, |server| server.signal(libc::SIGTERM)).tally;
    let report = read(&report);
    assert_eq!(
        (&report["endpoints"], tally.lost, tally.answered_late),
        (&"withdrawn".into(), 0, 0),
        "{tally:?} {report}"
    );
    assert!(
        report["late_arrivals"]["relayed"].as_u64().unwrap() > 0,
        "the stop was not under load: {report}"
    );
}
