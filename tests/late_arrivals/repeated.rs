//! A request that a fellow leaves without an answer: the next one is asked, where that does no harm.
use crate::fellow::{echo, echoed, fellow, head};
use crate::relay_failures::{ANSWERED, ASKED, CUT, ask, hear_the_reset, mute};
use crate::scene::{GET, Scene, ends, hear};
use lameduck::late_arrivals::{Kind, RESPONSE, Served};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::channel;

#[test]
fn what_a_fellow_leaves_without_an_answer_is_the_next_ones_where_it_may_be_repeated() {
    let scene = Scene::relaying(&[fellow(mute), fellow(echo), fellow(mute)]);
    for (request, asked) in [
        (GET, ASKED),
        (
            b"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            "PUT / HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        ),
    ] {
        for _ in 0..3 {
            assert_eq!(hear(ask(&scene, request)), echoed(asked));
        }
    }
    ends(&scene.desk, Kind::LateArrival, Served { relayed: 6, ..Served::default() });
}

#[test]
fn each_fellow_is_asked_once_and_no_more_than_three_of_them() {
    for (fellows, asked) in [(2, 2), (3, 3), (5, 3)] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = || {
            let count = Arc::clone(&count);
            fellow(move |connection| {
                count.fetch_add(1, Relaxed);
                mute(connection);
            })
        };
        let at: Vec<_> = (0..fellows).map(|_| counted()).collect();
        let scene = Scene::relaying(&at);
        assert_eq!(hear(ask(&scene, GET)), RESPONSE);
        ends(&scene.desk, Kind::LateArrival, ANSWERED);
        assert_eq!(count.load(Relaxed), asked, "of {fellows}");
    }
}

/// The fellow has read a part of the body, and nobody has it any more.
#[test]
fn what_is_not_in_hand_any_more_is_not_passed_on_twice() {
    let reads = |mut connection: TcpStream| {
        let (_, mut reader) = head(&connection);
        connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        reader.read_exact(&mut [0]).unwrap();
    };
    // An interim answer is none, and has been passed on.
    let scene = Scene::relaying(&[fellow(reads), fellow(echo)]);
    let client = ask(&scene, b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    let mut interim = [0; 25];
    (&client).read_exact(&mut interim).unwrap();
    (&client).write_all(b"hello").unwrap();
    assert_eq!(hear_the_reset(&client), b"");
    ends(&scene.desk, Kind::LateArrival, CUT);
    let (came, has_come) = channel();
    let reads = move |connection: TcpStream| {
        let (_, mut reader) = head(&connection);
        came.send(()).unwrap();
        reader.read_exact(&mut [0]).unwrap();
    };
    let scene = Scene::relaying(&[fellow(reads), fellow(echo)]);
    let client = ask(&scene, b"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    has_come.recv().unwrap();
    (&client).write_all(b"hello").unwrap();
    assert_eq!(hear(client), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, ANSWERED);
}
