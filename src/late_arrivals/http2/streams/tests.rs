use super::super::frames::{SETTINGS, SETTINGS_ACK, goaway};
use super::*;
use proptest::prelude::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32) -> Vec<u8> {
    [&[0, 0, 4, kind, flags][..], &stream.to_be_bytes(), &[7; 4]].concat()
}

/// Both have begun, and the client has asked on stream 1, all at once.
fn asked() -> Streams {
    let mut streams = Streams::default();
    streams.asked(&[SETTINGS, &frame(HEADERS, END_HEADERS | END_STREAM, 1)].concat());
    streams.answered(&[SETTINGS, SETTINGS_ACK].concat());
    streams
}

#[test]
fn a_stream_is_over_when_both_have_ended_it() {
    let mut streams = asked();
    streams.asked(&frame(HEADERS, END_HEADERS, 3));
    streams.answered(&frame(HEADERS, END_HEADERS, 1));
    assert!(!streams.has_answered());
    streams.answered(&frame(DATA, END_STREAM, 1));
    assert!(streams.has_answered() && !streams.are_over());
    streams.answered(&frame(HEADERS, END_HEADERS | END_STREAM, 3));
    assert!(!streams.are_over(), "the client's body is still to come");
    streams.asked(&frame(DATA, END_STREAM, 3));
    assert!(streams.are_over());
    assert_eq!(streams.last(), 3);
}

#[test]
fn a_reset_by_either_ends_a_stream_and_what_was_on_its_way_does_not_open_it_again() {
    let reset: [fn(&mut Streams, &[u8]); 2] = [Streams::asked, Streams::answered];
    for reset in reset {
        let mut streams = asked();
        reset(&mut streams, &frame(RST_STREAM, 0, 1));
        assert!(streams.are_over());
        streams.answered(&frame(HEADERS, END_HEADERS, 1));
        streams.asked(&frame(HEADERS, END_HEADERS, 1));
        assert!(streams.are_over());
    }
}

#[test]
fn an_answer_whose_head_is_in_two_frames_ends_with_the_second() {
    let mut streams = asked();
    streams.answered(&frame(HEADERS, END_STREAM, 1));
    assert!(!streams.are_over() && !streams.may_interject());
    streams.answered(&frame(CONTINUATION, END_HEADERS, 1));
    assert!(streams.are_over() && streams.may_interject());
}

#[test]
fn nothing_may_come_between_before_both_have_begun_nor_in_the_middle_of_a_frame() {
    let mut streams = Streams::default();
    assert!(!streams.may_interject());
    streams.asked(SETTINGS);
    assert!(!streams.may_interject(), "the fellow's SETTINGS come first");
    streams.answered(SETTINGS);
    assert!(streams.may_interject());
    let data = frame(DATA, 0, 1);
    streams.answered(&data[..10]);
    assert!(!streams.may_interject());
    streams.answered(&data[10..]);
    streams.asked(&data[..1]);
    assert!(!streams.may_interject());
}

#[test]
fn where_a_side_is_not_understood_or_the_fellow_says_goaway_nothing_may_come_between() {
    for said in [&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], &goaway(0)] {
        let mut streams = Streams::default();
        streams.asked(SETTINGS);
        streams.answered(said);
        streams.answered(SETTINGS);
        assert!(!streams.may_interject());
    }
    let mut streams = asked();
    streams.answered(&goaway(1));
    assert!(!streams.may_interject());
}

proptest! {
    #[test]
    fn it_does_not_matter_in_which_pieces_it_comes(
        said in proptest::collection::vec(
            (any::<bool>(), prop_oneof![0_u8..4, Just(CONTINUATION)], 0_u8..6, 1_u32..6), 0..30),
        piece in 1_usize..9,
    ) {
        let (mut whole, mut pieces) = (asked(), asked());
        for (is_client_s, kind, flags, stream) in said {
            let said = frame(kind, flags, stream);
            let say = if is_client_s { Streams::asked } else { Streams::answered };
            say(&mut whole, &said);
            said.chunks(piece).for_each(|piece| say(&mut pieces, piece));
        }
        let facts =
            |streams: &Streams| (streams.are_over(), streams.may_interject(), streams.last(), streams.has_answered());
        prop_assert_eq!(facts(&whole), facts(&pieces));
    }
}
