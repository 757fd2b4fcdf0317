//! What must hold of whatever a client or a fellow says ([`crate::readers`]).
use super::body::{Body, Chunks};
use super::fastcgi::{Records, response as fastcgi_response};
use super::http2::frames::{Frames, PREFACE};
use super::http2::goaway::Said;
use super::http2::{HIGHEST_STREAM, Streams, goaway};
use super::opening::{LONGEST_HEAD, MOST_HEADERS, Opening, Protocol, understand, understand_no_more};
use super::relay::response::Response;
use super::relay::rewrite::asking_for_the_close;
use super::request::Head;
use crate::readers::{choice, pieces};

/// The head of the request of HTTP/1 that these bytes begin with.
pub(crate) fn request(bytes: &[u8]) -> Option<Head> {
    match understand(bytes) {
        Opening::Request(head) => Some(head),
        _ => None,
    }
}

/// What was clear from the first bytes stays so when more come; a head and a header of the PROXY protocol end within what came.
///
/// # Panics
/// When it does not hold.
pub fn opening(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let bytes = &bytes[..bytes.len().min(LONGEST_HEAD - 1)];
    let (part, whole) = (understand(&bytes[..bytes.len() * usize::from(choice) / 256]), understand(bytes));
    match &part {
        Opening::Partial => {}
        // A version of HTTP/1 in what follows makes it a request that is not understood.
        Opening::NotHttp1(Protocol::Other) if whole == Opening::Garbled => {}
        decided => assert_eq!(*decided, whole, "more bytes change what the first ones were"),
    }
    match &whole {
        Opening::ProxyHeader(length) => {
            assert!((1..=bytes.len()).contains(length));
            assert_eq!(understand(&bytes[..*length]), whole);
        }
        Opening::Request(head) => {
            assert!((1..=bytes.len()).contains(&head.length) && bytes[..head.length].ends_with(b"\n"));
            assert_eq!(understand(&bytes[..head.length]), whole, "what is behind a head is no part of it");
        }
        Opening::Partial => {
            let is_clear = matches!(understand_no_more(bytes), Opening::Garbled | Opening::NotHttp1(_));
            assert!(is_clear, "what has ended is clear");
        }
        Opening::Garbled | Opening::NotHttp1(_) => {}
    }
}

/// A body ends at the same byte however it comes, and no more of it is kept than a line; one that was made by the rules ends where
/// it ends.
///
/// # Panics
/// When it does not hold.
pub fn body(bytes: &[u8]) {
    let (size, bytes) = choice(bytes);
    let (framing, bytes) = choice(bytes);
    let framed =
        if framing == 0 { Body::Chunked(Chunks::Size(Vec::new())) } else { Body::Length(framing.into()) };
    let (mut at_once, mut by_pieces) = (framed.clone(), framed);
    let result = at_once.take(bytes);
    let mut taken = 0;
    for piece in pieces(size, bytes) {
        match by_pieces.take(piece) {
            Ok(of_piece) => taken += of_piece,
            Err(unclear) => return assert_eq!(result, Err(unclear), "it is clear when it comes at once"),
        }
        if let Body::Chunked(Chunks::Size(line)) = &by_pieces {
            assert!(line.len() <= 8 * 1024, "a line of any length is kept");
        }
    }
    assert_eq!(result, Ok(taken));
    assert!(taken <= bytes.len());
    assert_eq!(at_once, by_pieces);

    // Chunks of what there is, and half of it behind them.
    let (of_body, behind) = bytes.split_at(bytes.len() / 2);
    let mut message = Vec::new();
    for chunk in pieces(size, of_body) {
        message.extend_from_slice(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
        message.extend_from_slice(chunk);
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(b"0\r\nA: b\r\n\r\n");
    let length = message.len();
    message.extend_from_slice(behind);
    let mut body = Body::Chunked(Chunks::Size(Vec::new()));
    assert_eq!(body.take(&message), Ok(length), "chunks by the rules end elsewhere");
    assert!(body.is_over());
}

/// An answer ends at the same byte however it comes.
///
/// # Panics
/// When it does not hold.
pub fn response(bytes: &[u8]) {
    let (size, bytes) = choice(bytes);
    let bytes = &bytes[..bytes.len().min(LONGEST_HEAD)];
    let method = if size & 0x40 == 0 { "GET" } else { "HEAD" };
    let (mut at_once, mut by_pieces) = (Response::to(method), Response::to(method));
    let taken = at_once.take(bytes);
    let in_pieces: usize = pieces(size, bytes).map(|piece| by_pieces.take(piece)).sum();
    assert!(taken <= bytes.len());
    assert_eq!((taken, &at_once), (in_pieces, &by_pieces));
    assert_eq!(
        taken < bytes.len(),
        at_once.is_over() && taken < bytes.len(),
        "bytes are left of an answer that goes on"
    );
    assert!(!at_once.is_over() || at_once.is_whole_at_close());
    assert_eq!(at_once.has_begun(), !bytes.is_empty());
}

/// A request that asks for the close is the same request, with one `Connection` field.
///
/// # Panics
/// When it does not hold.
pub fn rewrite(bytes: &[u8]) {
    let Some(head) = request(bytes) else { return };
    let rewritten = asking_for_the_close(bytes, &head);
    if head.upgrades && rewritten == bytes[..head.length] {
        return; // WebSocket's
    }
    let (before, after) = (fields(&bytes[..head.length]), fields(&rewritten));
    let is_of_the_connection = |field: &(String, Vec<u8>)| {
        ["connection", "keep-alive", "proxy-connection"].contains(&field.0.as_str())
    };
    let others = |fields: &[(String, Vec<u8>)]| -> Vec<(String, Vec<u8>)> {
        fields.iter().filter(|field| !is_of_the_connection(field)).cloned().collect()
    };
    assert_eq!(others(&before), others(&after), "another field is not as it was");
    let of_the_connection: Vec<_> = after.iter().filter(|field| is_of_the_connection(field)).collect();
    assert_eq!(of_the_connection, [&("connection".to_owned(), b"close".to_vec())]);
    if after.len() <= MOST_HEADERS {
        let again = request(&rewritten).expect("a request still");
        assert_eq!(again, Head { length: rewritten.len(), ..head });
    }
}

/// The request line, as a field without a name, and the fields.
fn fields(head: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS + 1];
    let mut request = httparse::Request::new(&mut headers);
    let whole = request.parse(head).expect("a head");
    assert_eq!(whole, httparse::Status::Complete(head.len()), "a head that ends elsewhere");
    let line = format!("{:?} {:?} {:?}", request.method, request.path, request.version);
    let fields = request.headers.iter().map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec()));
    [(String::new(), line.into_bytes())].into_iter().chain(fields).collect()
}

/// Frames end at the same byte however they come, and so the streams of both sides; of each no more is kept than what came has
/// room for.
///
/// # Panics
/// When it does not hold.
pub fn http2(bytes: &[u8]) {
    let (size, bytes) = choice(bytes);
    let (mut at_once, mut by_pieces) = (Said::default(), Said::default());
    at_once.take(bytes);
    pieces(size, bytes).for_each(|piece| by_pieces.take(piece));
    assert_eq!(at_once, by_pieces);

    let (mut at_once, mut by_pieces) = (Streams::default(), Streams::default());
    // Each side says its own share, in turns.
    for (turn, share) in bytes.chunks(64).enumerate() {
        let say = if turn % 2 == 0 { Streams::asked } else { Streams::answered };
        say(&mut at_once, share);
        pieces(size & 0x7f, share).for_each(|piece| say(&mut by_pieces, piece));
    }
    assert_eq!(at_once, by_pieces);
    assert!(at_once.last() <= HIGHEST_STREAM);
    assert!(!at_once.are_all_answered() || at_once.are_over());

    let (length, frame) = Frames::default().take(&goaway(at_once.last()));
    assert!(length == 17 && frame.is_some_and(|frame| frame.is_goaway() && frame.stream == 0));
    assert_eq!(matches!(understand(bytes), Opening::NotHttp1(Protocol::Http2)), bytes.starts_with(PREFACE));
}

/// A request ends at the same record however it comes; the answer to it is records, of which the last ends it.
///
/// # Panics
/// When it does not hold.
pub fn fastcgi(bytes: &[u8]) {
    let (size, bytes) = choice(bytes);
    let (mut at_once, mut by_pieces) = (Records::default(), Records::default());
    let is_over = at_once.take(bytes);
    let mut was_over = false;
    for piece in pieces(size, bytes) {
        let now = by_pieces.take(piece);
        assert!(now || !was_over, "it was over and goes on");
        was_over = now;
    }
    assert_eq!((is_over, at_once), (was_over, by_pieces));

    let request = [bytes.first(), bytes.get(1)].map(|byte| byte.copied().unwrap_or_default());
    let answer = fastcgi_response(request);
    let (mut rest, mut kinds) = (&answer[..], Vec::new());
    while let [1, kind, high, low, long, short, 0, 0, content @ ..] = rest {
        assert_eq!([*high, *low], request);
        kinds.push(*kind);
        rest = &content[usize::from(u16::from_be_bytes([*long, *short]))..];
    }
    assert_eq!((kinds, rest), (vec![6, 6, 3], &[][..]));
}
