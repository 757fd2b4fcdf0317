//! Thousands at once.
use crate::scene::{GET, Scene, crowd, ends, hear, total, until};
use lameduck::late_arrivals::{Kind, RESPONSE, Served};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::net::TcpStream;
use std::thread;

#[test]
fn thousands_at_once_are_all_answered() {
    let _alone = crowd();
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    // Both ends are in this process, beside the other tests.
    let clients = maximum.map_or(3000, |limit| (limit.saturating_sub(200) / 2).min(3000));
    let scene = Scene::new();
    let waiting: Vec<TcpStream> = (0..clients).map(|_| scene.connect()).collect();
    until(|| scene.desk.busy() == clients);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            until(|| {
                let seen = scene.desk.served(Kind::LateArrival);
                assert!(total(seen) >= clients, "somebody is counted nowhere: {seen:?}");
                seen.open == 0
            });
        });
        for mut client in &waiting {
            client.write_all(GET).unwrap();
        }
        for client in waiting {
            assert_eq!(hear(client), RESPONSE);
        }
        watching.join().unwrap();
    });
    ends(&scene.desk, Kind::LateArrival, Served { answered: clients, ..Served::default() });
}
