//! Comments and literals out of the way.

/// The same text, of the same length and with the same lines, where every comment and every string
/// and character literal is blanks.
pub fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let (next, is_code) = token(bytes, at);
        let next = next.clamp(at + 1, bytes.len());
        if !is_code {
            for byte in &mut code[at..next] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        at = next;
    }
    // Comments and literals begin and end at whole characters, so this never fails.
    String::from_utf8(code).unwrap_or_default()
}

/// Where the token at a place ends, and whether it is code.
fn token(bytes: &[u8], at: usize) -> (usize, bool) {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => (at + find(rest, b"\n").unwrap_or(rest.len()), false),
        [b'/', b'*', ..] => (at + block_comment(rest), false),
        [b'"', ..] => (at + string(rest), false),
        [b'\'', ..] => character(rest).map_or((at + 1, true), |length| (at + length, false)),
        [first, ..] if in_word(*first) => word(bytes, at),
        _ => (at + 1, true),
    }
}

/// An identifier, or a literal that begins with a prefix such as `br#`.
fn word(bytes: &[u8], at: usize) -> (usize, bool) {
    let length = bytes[at..].iter().take_while(|byte| in_word(**byte)).count();
    let (word, rest) = bytes[at..].split_at(length);
    let literal = match (word, rest) {
        (b"r" | b"br" | b"cr", [b'"' | b'#', ..]) => raw_string(rest),
        (b"b" | b"c", [b'"', ..]) => Some(string(rest)),
        (b"b", [b'\'', ..]) => character(rest),
        _ => None,
    };
    literal.map_or((at + length, true), |literal| (at + length + literal, false))
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The length of a block comment, with those inside it.
fn block_comment(bytes: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth = depth.saturating_sub(1);
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The length of a string literal, from its opening quote.
fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The length of a raw string from its first `#` or quote; none for a raw identifier.
fn raw_string(bytes: &[u8]) -> Option<usize> {
    let hashes = bytes.iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(hashes) != Some(&b'"') {
        return None;
    }
    let end: Vec<u8> = [b"\"".as_slice(), &bytes[..hashes]].concat();
    let body = hashes + 1;
    Some(find(&bytes[body..], &end).map_or(bytes.len(), |at| body + at + end.len()))
}

/// The length of a character literal from its opening quote; none for a lifetime.
fn character(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'\\' => bytes.get(3..).and_then(|rest| find(rest, b"'")).map(|at| at + 4),
        first => {
            let length = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            (bytes.get(1 + length) == Some(&b'\'')).then_some(length + 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let code = code_only(text);
        assert_eq!(code.len(), text.len());
        assert_eq!(code.matches('\n').count(), text.matches('\n').count());
        code.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn comments_go() {
        assert_eq!(words("a // b\nc /* d /* e */ f\n */ g //"), ["a", "c", "g"]);
        assert_eq!(words("a /* b"), ["a"]);
    }

    #[test]
    fn strings_go() {
        assert_eq!(words(r#"a "b \" c" d"#), ["a", "d"]);
        assert_eq!(words("a r#\"b \" c\"# d br\"e\\\" f c\"g\" h"), ["a", "d", "f", "h"]);
        assert_eq!(words("a \"å\n// b\" c"), ["a", "c"]);
        assert_eq!(words("a \"b"), ["a"]);
    }

    #[test]
    fn characters_go_and_lifetimes_stay() {
        assert_eq!(words(r#"a '"' b '\'' c '\u{1F}' 'é' b'x' d"#), ["a", "b", "c", "d"]);
        assert_eq!(words("fn a<'b>(c: &'b str) '"), ["fn", "a<'b>(c:", "&'b", "str)", "'"]);
    }

    #[test]
    fn identifiers_stay() {
        assert_eq!(words("r#type bær r br"), ["r#type", "bær", "r", "br"]);
    }
}
