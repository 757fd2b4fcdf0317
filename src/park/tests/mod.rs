//! The state machine of one connection, look by look.
use super::*;
use crate::sockets::connections::Standing;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(10);

fn idle() -> Seen {
    Seen {
        at: LONG,
        received: 100,
        unread: 0,
        sent: 500,
        delivered: true,
        client_quiet: LONG,
        server_quiet: LONG,
        half_closed: false,
        standing: Some(Standing::Idle),
    }
}

#[test]
fn a_request_on_a_connection_long_at_rest_is_taken_at_once() {
    let mut connection = Connection::default();
    assert_eq!(connection.look(&idle()), Some(Act::Raise));
    connection.raised();
    let asked = Seen {
        received: 150,
        unread: 50,
        client_quiet: Duration::ZERO,
        standing: Some(Standing::Unread),
        ..idle()
    };
    assert_eq!(connection.look(&asked), Some(Act::Peek));
    assert_eq!(connection.peeked(FirstBytes::Request, &asked), Some(Act::Take));
    assert_eq!(connection.settled(), (100, 500));
    connection.took(true);
    assert_eq!(connection.stance(), Stance::Taken);
}
