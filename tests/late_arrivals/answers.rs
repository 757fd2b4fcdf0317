//! What clients send, and what they are told.
use crate::scene::{GET, Scene, ends, hear, until};
use lameduck::late_arrivals::{Kind, RESPONSE, Served};
use rustix::net::sockopt::set_socket_linger;
use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

#[test]
fn http_1_1_and_http_1_0_are_answered() {
    Scene::new().answers(GET);
    Scene::new().answers(b"GET / HTTP/1.0\r\n\r\n");
}

#[test]
fn pipelined_requests_get_one_answer_and_a_clean_close() {
    Scene::new().answers(&GET.repeat(100));
}

#[test]
fn a_client_that_expects_100_continue_gets_the_final_answer() {
    Scene::new().answers(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
}

#[test]
fn a_head_that_is_too_long_or_never_ends_is_answered() {
    let long = [b"GET / HTTP/1.1\r\nA: ", &b"x".repeat(20 * 1024)[..], b"\r\n\r\n"].concat();
    Scene::new().answers(&long);
    Scene::new().answers(&long[..17 * 1024]);
}

#[test]
fn a_request_that_comes_byte_by_byte_is_answered_when_it_is_whole() {
    let scene = Scene::new();
    let mut client = scene.connect();
    for byte in GET {
        client.write_all(&[*byte]).unwrap();
    }
    assert_eq!(hear(client), RESPONSE);
}

#[test]
fn a_client_that_speaks_a_while_after_it_connected_is_answered() {
    let scene = Scene::new();
    let mut client = scene.connect();
    until(|| scene.desk.busy() == 1);
    thread::sleep(Duration::from_millis(50)); // what the client does, not what is waited for
    client.write_all(GET).unwrap();
    assert_eq!(hear(client), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

const BODY: usize = 1 << 20;

fn post(client: &TcpStream) {
    let mut client = client;
    write!(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n").unwrap();
    for _ in 0..64 {
        client.write_all(&[b'x'; BODY / 64]).unwrap();
    }
}

#[test]
fn a_long_body_is_read_away_for_a_client_that_reads_only_afterwards() {
    let scene = Scene::new();
    let client = scene.connect();
    post(&client);
    assert_eq!(hear(client), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_long_body_is_read_away_for_a_client_that_reads_meanwhile() {
    let scene = Scene::new();
    let client = scene.connect();
    let reading = client.try_clone().unwrap();
    let heard = thread::spawn(move || hear(reading));
    post(&client);
    assert_eq!(heard.join().unwrap(), RESPONSE);
    drop(client);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_client_that_closed_its_half_is_answered_whether_its_request_was_whole_or_not() {
    for request in [GET, &GET[..10]] {
        let scene = Scene::new();
        let mut client = scene.connect();
        client.write_all(request).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(hear(client), RESPONSE);
        ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
    }
}

#[test]
fn a_client_that_left_or_reset_is_gone() {
    let scene = Scene::new();
    drop(scene.connect());
    let client = scene.connect();
    set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
    drop(client);
    ends(&scene.desk, Kind::LateArrival, Served { gone: 2, ..Served::default() });
}

#[test]
fn what_is_of_another_protocol_is_read_and_closed_without_a_reset() {
    let noise: Vec<u8> =
        (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let scene = Scene::new();
    for what in [&b"PING\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSORRY\r\n", &noise] {
        let mut client = scene.connect();
        client.write_all(what).unwrap();
        assert_eq!(hear(client), "");
    }
    ends(&scene.desk, Kind::LateArrival, Served { closed: 3, ..Served::default() });
}

#[test]
fn a_connection_that_was_accepted_elsewhere_is_answered_and_counted_by_its_kind() {
    let scene = Scene::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    scene.desk.serve(server.accept().unwrap().0.into(), Kind::Rest); // one that blocks
    assert_eq!(scene.desk.busy(), 1);
    client.write_all(GET).unwrap();
    assert_eq!(hear(client), RESPONSE);
    ends(&scene.desk, Kind::Rest, Served { answered: 1, ..Served::default() });
    assert_eq!(scene.desk.served(Kind::LateArrival), Served::default());
    scene.desk.close();
}
