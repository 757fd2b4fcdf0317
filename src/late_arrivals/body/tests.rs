//! Bodies in every framing, cut anywhere.
use super::*;
use proptest::prelude::*;

fn told(headers: &[(&str, &str)]) -> Result<Option<Body>, Unclear> {
    let headers: Vec<Header> =
        headers.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
    Body::told_by(&headers)
}

fn chunked() -> Body {
    Body::Chunked(Chunks::Size(Vec::new()))
}

#[test]
fn a_body_is_as_long_as_its_headers_say() {
    assert_eq!(told(&[("Host", "a")]), Ok(None));
    assert_eq!(told(&[("content-length", " 12 ")]), Ok(Some(Body::Length(12))));
    assert_eq!(told(&[("Content-Length", "5"), ("CONTENT-LENGTH", "5")]), Ok(Some(Body::Length(5))));
    assert_eq!(told(&[("Transfer-Encoding", "Chunked")]), Ok(Some(chunked())));
}

#[test]
fn headers_that_contradict_each_other_or_mean_nothing_are_unclear() {
    for headers in [
        &[("Content-Length", "5"), ("Content-Length", "6")][..],
        &[("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
        &[("Transfer-Encoding", "gzip, chunked")],
        &[("Transfer-Encoding", "gzip"), ("Transfer-Encoding", "chunked")],
        &[("Content-Length", "+5")],
        &[("Content-Length", "")],
        &[("Content-Length", "99999999999999999999999")],
    ] {
        assert_eq!(told(headers), Err(Unclear), "{headers:?}");
    }
}

#[test]
fn what_should_be_chunks_and_is_not_is_unclear() {
    let long = format!("5;{}", "x".repeat(LONGEST_LINE));
    for bytes in ["g\r\n", "\r\n", "5\n", "fffffffffffffffff\r\n", "ffffffffffffffff\r\n", long.as_str()] {
        assert_eq!(chunked().take(bytes.as_bytes()), Err(Unclear), "{bytes:.20}");
    }
    let trailer = format!("0\r\nA: {}", "x".repeat(LONGEST_LINE));
    assert_eq!(chunked().take(trailer.as_bytes()), Err(Unclear));
}

/// A chunked body with these chunks and trailers.
fn encode(chunks: &[Vec<u8>], trailers: &[String]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for chunk in chunks {
        encoded.extend(format!("{:x};ext=1\r\n", chunk.len()).into_bytes());
        encoded.extend([chunk, &b"\r\n"[..]].concat());
    }
    encoded.extend(b"0\r\n");
    for trailer in trailers {
        encoded.extend(format!("{trailer}\r\n").into_bytes());
    }
    encoded.extend(b"\r\n");
    encoded
}

proptest! {
    #[test]
    fn a_body_ends_at_the_same_byte_however_it_is_cut(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..5),
        trailers in proptest::collection::vec("[A-Z][a-z]{0,9}: [ -~]{0,20}", 0..3),
        behind in proptest::collection::vec(any::<u8>(), 0..30),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..9),
    ) {
        let encoded = encode(&chunks, &trailers);
        let whole = [&encoded[..], &behind].concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len())).collect();
        cuts.extend([0, whole.len()]);
        cuts.sort_unstable();
        for mut body in [chunked(), Body::Length(encoded.len() as u64)] {
            let mut taken = 0;
            for piece in cuts.windows(2) {
                prop_assert_eq!(body.is_over(), taken == encoded.len());
                taken += body.take(&whole[piece[0]..piece[1]]).unwrap();
            }
            prop_assert!(body.is_over());
            prop_assert_eq!(taken, encoded.len());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(taken) = chunked().take(&bytes) {
            prop_assert!(taken <= bytes.len());
        }
    }
}
