//! Whole responses, cut ones and broken ones.
use super::*;
use proptest::prelude::*;

const LENGTH: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
const CHUNKED: &[u8] =
    b"HTTP/1.1 201 Made\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nEnd: yes\r\n\r\n";
const INTERIM: &[u8] =
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 Late\r\nContent-Length: 0\r\n\r\n";
const EMPTY: &[u8] = b"HTTP/1.1 204 Nothing\r\n\r\n";

proptest! {
    #[test]
    fn a_response_is_whole_at_its_last_byte_and_not_before(
        (text, status) in prop::sample::select(vec![(LENGTH, 200), (CHUNKED, 201), (INTERIM, 503), (EMPTY, 204)]),
        cuts in prop::collection::vec(1usize..9, 0..60),
    ) {
        let mut response = Response::default();
        let mut rest = text;
        for cut in cuts.into_iter().chain([text.len()]) {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            rest = later;
            let whole = response.feed(now);
            prop_assert_eq!(whole, Ok(rest.is_empty().then_some(status)));
            if rest.is_empty() { break }
            prop_assert_eq!(response.close(), None);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
        let mut response = Response::default();
        let _ = response.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in pieces {
            if response.feed(&piece).is_err() { break }
        }
    }
}

#[test]
fn without_a_length_the_close_ends_the_body() {
    let mut response = Response::default();
    assert_eq!(response.feed(b"HTTP/1.0 404 No\r\n\r\nsome"), Ok(None));
    assert_eq!(response.close(), Some(404));
}

#[test]
fn what_is_no_response_is_malformed() {
    for text in [
        &b"SSH-2.0-OpenSSH\r\n"[..],
        b"HTTP/1.1 101 Switch\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
    ] {
        assert_eq!(Response::default().feed(text), Err(Malformed), "{:?}", String::from_utf8_lossy(text));
    }
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; LONGEST_HEAD + 1]].concat();
    assert_eq!(Response::default().feed(&endless), Err(Malformed));
}

/// Feeds the whole text: whether the connection may go on, and what came behind the response.
fn end(text: &[u8]) -> (bool, Vec<u8>) {
    let mut response = Response::default();
    assert!(response.feed(text).unwrap().is_some(), "{:?}", String::from_utf8_lossy(text));
    (response.persists(), response.into_rest())
}

#[test]
fn what_comes_behind_a_response_is_left_for_the_next() {
    for text in [LENGTH, CHUNKED, INTERIM, EMPTY] {
        assert_eq!(end(&[text, LENGTH].concat()), (true, LENGTH.to_vec()));
    }
}

#[test]
fn the_connection_goes_on_unless_the_response_ends_it() {
    for (head, expected) in [
        ("HTTP/1.1 200 OK\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: upgrade, Close\r\n", false),
        ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\n", false),
        ("HTTP/1.0 200 OK\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", true),
    ] {
        assert_eq!(end(format!("{head}Content-Length: 0\r\n\r\n").as_bytes()).0, expected, "{head}");
    }
    let mut until_close = Response::default();
    assert_eq!(until_close.feed(b"HTTP/1.1 200 OK\r\n\r\nall"), Ok(None));
    assert!(!until_close.persists());
}

#[test]
fn an_interim_response_is_no_beginning() {
    let mut response = Response::default();
    assert!(!response.has_begun() && !response.told_to_continue());
    assert_eq!(response.feed(b"HTTP/1.1 100 Continue\r\n\r\n"), Ok(None));
    assert!(!response.has_begun() && response.told_to_continue());
    assert_eq!(response.feed(b"H"), Ok(None));
    assert!(response.has_begun());
}
