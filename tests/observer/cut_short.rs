//! Answers of sock_diag that are lost, or cut short: nobody is taken to have gone, and the same look is had again.
use super::faults::answers::{Lost, lose, ours, with_own_descriptors};
use super::scene::*;
use lameduck::sockets::Look;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use std::net::TcpStream;

/// More than one: a part of them would be seen.
const CONNECTIONS: u32 = 3;
const ALL: Look = Look { in_flight: Some(CONNECTIONS), ..NOTHING };
/// Longer than a row of the kernel's with its attributes, bytes.
const LONGEST_ROW: u32 = 1024;

/// Who looks at so many connections with a request in flight, in a thread with descriptors of its own.
fn in_flight(story: impl FnOnce(&mut Scene) + Send) {
    with_own_descriptors(|| {
        let mut scene = Scene::new();
        let open: Vec<(TcpStream, TcpStream)> = (0..CONNECTIONS).map(|_| scene.accepted()).collect();
        for (client, server) in &open {
            say(client, b"request");
            hear(server, 7);
        }
        scene.comes_to_see(ALL);
        story(&mut scene);
        assert_eq!(scene.observer.source(), "sock_diag", "one answer is no reason to give it up");
    });
}

/// By whatever it asks.
fn lose_answers(lost: Lost) {
    let sockets = ours();
    assert!(!sockets.is_empty(), "it does not ask");
    for socket in sockets {
        lose(socket, lost);
    }
}

#[test]
fn a_look_whose_answer_never_comes_or_never_ends_is_had_again() {
    for lost in [Lost::All, Lost::TheEnd] {
        in_flight(|scene| {
            let queue = scene.observer.queue();
            lose_answers(lost);
            scene.sees(ALL);
            lose_answers(lost);
            assert_eq!(scene.observer.queue(), queue, "{lost:?}");
        });
    }
}

#[test]
fn a_look_is_had_again_whose_answer_is_cut_short_anywhere() {
    in_flight(|scene| {
        let mut believed = Vec::new();
        for length in 1..CONNECTIONS * LONGEST_ROW {
            lose_answers(Lost::Beyond(length));
            if scene.observer.look() != ALL {
                believed.push(length);
            }
        }
        // Between two rows nothing tells that there were more. The kernel ends a piece there, and cuts none.
        let row = believed[0];
        assert_eq!(believed, [row, 2 * row], "cut in the middle of a row");
    });
}

#[test]
fn a_look_through_the_smallest_receive_buffer_shows_everybody() {
    in_flight(|scene| {
        for socket in ours() {
            set_socket_recv_buffer_size(socket, 1).unwrap();
        }
        scene.sees(ALL);
    });
}
