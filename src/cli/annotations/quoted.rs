//! A string of Go's, quoted by strconv.Quote, in which all that is not printable is escaped.
use std::str::Chars;

/// What it stands for; `None`: it is none, or not of UTF-8.
pub fn unquote(text: &str) -> Option<String> {
    let mut inner = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut bytes = Vec::new();
    while let Some(char) = inner.next() {
        match char {
            '"' => return None,
            '\\' => escaped(&mut inner, &mut bytes)?,
            plain => push(plain, &mut bytes),
        }
    }
    String::from_utf8(bytes).ok()
}

/// What follows a backslash (appendEscapedRune, strconv/quote.go).
fn escaped(rest: &mut Chars, to: &mut Vec<u8>) -> Option<()> {
    to.push(match rest.next()? {
        'a' => b'\x07',
        'b' => b'\x08',
        'f' => b'\x0c',
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => b'\x0b',
        '\\' => b'\\',
        '"' => b'"',
        // A byte that is of no character.
        'x' => u8::try_from(hexadecimal(rest, 2)?).ok()?,
        'u' => return character(rest, 4, to),
        'U' => return character(rest, 8, to),
        _ => return None,
    });
    Some(())
}

fn character(rest: &mut Chars, digits: usize, to: &mut Vec<u8>) -> Option<()> {
    push(char::from_u32(hexadecimal(rest, digits)?)?, to);
    Some(())
}

fn hexadecimal(rest: &mut Chars, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0_u32, |number, _| Some(number << 4 | rest.next()?.to_digit(16)?))
}

fn push(char: char, to: &mut Vec<u8>) {
    to.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Go 1.24 prints them.
    #[test]
    fn what_go_quotes_is_what_it_was() {
        for (quoted, plain) in [
            (r#""40s""#, "40s"),
            (r#""""#, ""),
            (r#""a=\"b\"\\""#, "a=\"b\"\\"),
            (r#""\a\b\f\n\r\t\v""#, "\u{7}\u{8}\u{c}\n\r\t\u{b}"),
            (r#""\x00\x7f""#, "\0\u{7f}"),
            (r#""ü日\u00ad\U000e0001""#, "ü日\u{ad}\u{e0001}"),
        ] {
            assert_eq!(unquote(quoted).as_deref(), Some(plain), "{quoted}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in
            ["", "\"", "40s", "\"40s", "40s\"", r#""a"b""#, r#""\""#, r#""\q""#, r#""\x4""#, r#""\xff""#]
        {
            assert_eq!(unquote(text), None, "{text}");
        }
        assert_eq!(unquote(r#""\ud800""#), None, "half a character");
        assert_eq!(unquote(r#""\x+1""#), None);
    }
}
