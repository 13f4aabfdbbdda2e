//! The words and signs of a ruleset's text, one after the other.

use diagnostics::TextRange;

/// Walks over a text. Copying it is how a reader looks ahead.
#[derive(Clone, Copy)]
pub(super) struct Lexer<'a> {
    pub text: &'a str,
    pub at: usize,
    /// Inside of a set line feeds are blanks.
    pub across_lines: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    /// A word, number or address.
    Word(&'a str),
    /// What stands between quotes.
    Quoted(&'a str),
    /// `$name`
    Variable(&'a str),
    /// `{{ name }}` or `${name}`: a template fills it in.
    Gap(&'a str),
    /// `{`, `==`, `,` and the like.
    Sign(&'static str),
    /// The end of a line, and the handle that a comment on it tells.
    Line(Option<u64>),
    /// A character that nothing begins with, or a quote that nothing closes.
    Bad,
    End,
}

/// The sign at the beginning.
fn sign(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [b'=', b'=', ..] => "==",
        [b'!', b'=', ..] => "!=",
        [b'<', b'=', ..] => "<=",
        [b'>', b'=', ..] => ">=",
        [b'<', b'<', ..] => "<<",
        [b'>', b'>', ..] => ">>",
        [byte, ..] => match byte {
            b'{' => "{",
            b'}' => "}",
            b'(' => "(",
            b')' => ")",
            b'[' => "[",
            b']' => "]",
            b',' => ",",
            b';' => ";",
            b'=' => "=",
            b'<' => "<",
            b'>' => ">",
            b'&' => "&",
            b'|' => "|",
            b'^' => "^",
            b'!' => "!",
            b'@' => "@",
            b'.' => ".",
            b':' => ":",
            b'-' => "-",
            b'+' => "+",
            b'/' => "/",
            b'*' => "*",
            b'~' => "~",
            b'%' => "%",
            _ => return None,
        },
        [] => return None,
    })
}

impl Token<'_> {
    pub fn place(&self) -> TextRange {
        TextRange::new(self.start, self.end)
    }
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Lexer { text, at, across_lines: false }
    }

    /// Whether the next token of both is the same.
    pub fn is_at(self, other: Lexer<'_>) -> bool {
        self.at == other.at && self.across_lines == other.across_lines
    }

    pub fn next(&mut self) -> Token<'a> {
        let bytes = self.text.as_bytes();
        loop {
            let start = self.at;
            let Some(&byte) = bytes.get(start) else {
                return Token { kind: Kind::End, start, end: start };
            };
            match byte {
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'\n' if self.across_lines => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    return Token { kind: Kind::Line(None), start, end: self.at };
                }
                b'\\' => match bytes.get(start + 1..) {
                    Some([b'\n', ..]) => self.at += 2,
                    Some([b'\r', b'\n', ..]) => self.at += 3,
                    Some([b'"', ..]) => self.at += 1,
                    _ => return self.bad(start),
                },
                b'#' => {
                    let end =
                        memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
                    self.at = end;
                    if !self.across_lines && end < bytes.len() {
                        self.at += 1;
                        let handle = handle(&self.text[start..end]);
                        return Token { kind: Kind::Line(handle), start: end, end: self.at };
                    }
                }
                b'"' => return self.quoted(start),
                b'$' => return self.variable(start),
                b'{' if bytes.get(start + 1) == Some(&b'{') => return self.gap(start),
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => return self.word(start),
                b':' if bytes.get(start + 1) == Some(&b':') => return self.word(start),
                _ => {
                    let Some(sign) = sign(&bytes[start..]) else { return self.bad(start) };
                    self.at += sign.len();
                    return Token { kind: Kind::Sign(sign), start, end: self.at };
                }
            }
        }
    }

    fn bad(&mut self, start: usize) -> Token<'a> {
        let length = self.text[start..].chars().next().map_or(1, char::len_utf8);
        self.at = start + length;
        Token { kind: Kind::Bad, start, end: self.at }
    }

    fn quoted(&mut self, start: usize) -> Token<'a> {
        let rest = &self.text.as_bytes()[start + 1..];
        let end = memchr::memchr2(b'"', b'\n', rest).map(|length| start + 1 + length);
        match end.filter(|end| self.text.as_bytes().get(*end) == Some(&b'"')) {
            Some(end) => {
                self.at = end + 1;
                let inner = &self.text[start + 1..end];
                Token { kind: Kind::Quoted(inner.strip_suffix('\\').unwrap_or(inner)), start, end: self.at }
            }
            None => self.bad(start),
        }
    }

    fn variable(&mut self, start: usize) -> Token<'a> {
        let rest = &self.text[start + 1..];
        if let Some(inner) = rest.strip_prefix('{')
            && let Some(length) = inner.find(['}', '\n']).filter(|at| inner[*at..].starts_with('}'))
        {
            self.at = start + 3 + length;
            return Token { kind: Kind::Gap(&inner[..length]), start, end: self.at };
        }
        let length = rest
            .bytes()
            .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'-' | b'.')))
            .unwrap_or(rest.len());
        if length == 0 {
            return self.bad(start);
        }
        self.at = start + 1 + length;
        Token { kind: Kind::Variable(&rest[..length]), start, end: self.at }
    }

    fn gap(&mut self, start: usize) -> Token<'a> {
        let line = &self.text[start..];
        let line = &line[..memchr::memchr(b'\n', line.as_bytes()).unwrap_or(line.len())];
        match line.find("}}") {
            Some(length) => {
                self.at = start + length + 2;
                Token { kind: Kind::Gap(line[2..length].trim()), start, end: self.at }
            }
            None => {
                self.at = start + 1;
                Token { kind: Kind::Sign("{"), start, end: self.at }
            }
        }
    }

    fn word(&mut self, start: usize) -> Token<'a> {
        let rest = &self.text.as_bytes()[start..];
        let length = address(rest).unwrap_or_else(|| {
            let digit = rest.first().is_some_and(u8::is_ascii_digit);
            let mut length = 0;
            while let Some(byte) = rest.get(length) {
                match byte {
                    b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => length += 1,
                    // A dot between blanks joins two keys.
                    b'.' if rest.get(length + 1).is_some_and(|next| is_letter(*next)) => length += 1,
                    b'/' | b'-' if !digit => length += 1,
                    b'*' if !digit => {
                        length += 1;
                        break;
                    }
                    b'\\' if !digit && rest.get(length + 1) == Some(&b'*') => length += 2,
                    _ => break,
                }
            }
            length
        });
        if length == 0 {
            // Two colons that begin no address.
            return self.bad(start);
        }
        self.at = start + length;
        Token { kind: Kind::Word(&self.text[start..self.at]), start, end: self.at }
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of an IPv6 or hardware address at the beginning.
fn address(bytes: &[u8]) -> Option<usize> {
    // The longest of them is `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`; an InfiniBand address has 59 characters.
    let run = bytes.iter().take(64);
    let mut length = run.take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')).count();
    let colons = |length: usize| bytes[..length].iter().filter(|byte| **byte == b':').count();
    if colons(length) < 2 || bytes.get(length).is_some_and(|next| is_letter(*next)) {
        return None;
    }
    while length > 0 && bytes[length - 1] == b'.' {
        length -= 1;
    }
    // `2001:db8::1: accept`
    if length > 1 && bytes[length - 1] == b':' && bytes[length - 2] != b':' {
        length -= 1;
    }
    (colons(length) >= 2).then_some(length)
}

/// What `# handle 12` says.
fn handle(comment: &str) -> Option<u64> {
    comment.trim_start_matches('#').trim().strip_prefix("handle ")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut lexer = Lexer::new(text);
        let mut out = Vec::new();
        loop {
            out.push(match lexer.next().kind {
                Kind::End => return out,
                Kind::Word(word) => word.to_owned(),
                Kind::Quoted(text) => format!("{text:?}"),
                Kind::Variable(name) => format!("${name}"),
                Kind::Gap(name) => format!("<{name}>"),
                Kind::Sign(sign) => sign.to_owned(),
                Kind::Line(handle) => handle.map_or("\n".to_owned(), |handle| format!("#{handle}")),
                Kind::Bad => "?".to_owned(),
            });
        }
    }

    #[test]
    fn addresses_and_maps_are_kept_apart() {
        assert_eq!(words("22:accept"), ["22", ":", "accept"]);
        assert_eq!(words("fe80::1-fe80::5"), ["fe80::1", "-", "fe80::5"]);
        assert_eq!(words("2001:db8::/32 : drop"), ["2001:db8::", "/", "32", ":", "drop"]);
        assert_eq!(words("::/0"), ["::", "/", "0"]);
        assert_eq!(words("::ffff:192.0.2.1: drop"), ["::ffff:192.0.2.1", ":", "drop"]);
        assert_eq!(words("aa:bb:cc:dd:ee:ff"), ["aa:bb:cc:dd:ee:ff"]);
        assert_eq!(words("10.0.0.0/8 . 80-90"), ["10.0.0.0", "/", "8", ".", "80", "-", "90"]);
        assert_eq!(words("ce:drop"), ["ce", ":", "drop"]);
        assert_eq!(words("5/second"), ["5", "/", "second"]);
    }

    #[test]
    fn names_have_dashes_dots_and_stars() {
        assert_eq!(words("br-lan eth0.10 eth* lo"), ["br-lan", "eth0.10", "eth*", "lo"]);
        assert_eq!(words("tcp . 22"), ["tcp", ".", "22"]);
        assert_eq!(words("$ssh,${PORT} {{ port }}"), ["$ssh", ",", "<PORT>", "<port>"]);
        assert_eq!(words("{{1}"), ["{", "{", "1", "}"]);
    }

    #[test]
    fn lines_comments_and_handles() {
        assert_eq!(words("drop # handle 7\naccept # x\n"), ["drop", "#7", "accept", "\n"]);
        assert_eq!(words("a \\\n b"), ["a", "b"]);
        assert_eq!(words("\"a b"), ["?", "a", "b"]);
        assert_eq!(words(r#"\"lo\""#), ["\"lo\""]);
        assert_eq!(words("\u{7} ::g"), ["?", "?", ":", "g"]);
    }
}
