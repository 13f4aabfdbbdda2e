use std::borrow::Cow;

use diagnostics::TextRange;

/// One word of a command, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub text: Cow<'t, str>,
    /// With its quotes.
    pub place: TextRange,
}

/// One command: a line, or several where a quoted string runs over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// From its first word to the end of its last.
    pub place: TextRange,
    /// A quote in it is never closed.
    pub unclosed: bool,
}

/// Cuts a text into commands. Blank lines and lines that begin with `#` are none.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Lexer { text, at }
    }

    /// The next command; its words go behind those that are in `words` already.
    pub fn command(&mut self, words: &mut Vec<Word<'t>>) -> Option<Command> {
        self.skip_blank()?;
        let (start, mut end, mut unclosed) = (self.at, self.at, false);
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\n' => break,
                b' ' | b'\t' | b'\r' => self.at += 1,
                _ => {
                    let (word, closed) = self.word();
                    end = self.at;
                    unclosed |= !closed;
                    words.push(word);
                }
            }
        }
        Some(Command { place: TextRange::new(start, end), unclosed })
    }

    /// The first word of the next command, as it is written, with the command; the rest of it is passed by.
    pub fn skim(&mut self) -> Option<(&'t str, Command)> {
        self.skip_blank()?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let head = bytes.get(start..).unwrap_or_default();
        let length = head.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(head.len());
        let first = self.text.get(start..start + length).unwrap_or_default();
        let mut unclosed = false;
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            // Most lines have no quote: the end of the line comes first.
            let Some(step) = rest.iter().position(|byte| matches!(byte, b'\n' | b'"' | b'\'' | b'\\')) else {
                self.at = bytes.len();
                break;
            };
            self.at += step;
            match bytes.get(self.at) {
                Some(b'\\') => self.at = (self.at + 2).min(bytes.len()),
                Some(&quote @ (b'"' | b'\'')) => {
                    self.at += 1;
                    unclosed |= !self.past(quote);
                }
                _ => break,
            }
        }
        let end = self.text.get(start..self.at).map_or(start, |line| start + line.trim_ascii_end().len());
        Some((first, Command { place: TextRange::new(start, end), unclosed }))
    }

    /// Goes to where the next command starts.
    fn skip_blank(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                byte if byte.is_ascii_whitespace() => self.at += 1,
                b'#' => {
                    let rest = bytes.get(self.at..).unwrap_or_default();
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                _ => return Some(()),
            }
        }
    }

    /// The word that starts here, and whether its quotes are closed. Quoted parts and bare ones may touch each other.
    fn word(&mut self) -> (Word<'t>, bool) {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut out: Option<String> = None;
        let mut closed = true;
        // The part that is taken as it stands.
        let mut from = start;
        let mut plain_end = start;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\n' | b' ' | b'\t' | b'\r' => break,
                b'"' | b'\'' => {
                    let open = self.at;
                    self.at += 1;
                    let inner = self.at;
                    closed &= self.past(byte);
                    let inner_end = if closed { self.at - 1 } else { self.at };
                    let written = self.text.get(inner..inner_end).unwrap_or_default();
                    let value = if byte == b'"' { unescaped(written) } else { Cow::Borrowed(written) };
                    let ends = bytes.get(self.at).is_none_or(u8::is_ascii_whitespace);
                    if open == start && ends && out.is_none() {
                        let place = TextRange::new(start, self.at);
                        return (Word { text: value, place }, closed);
                    }
                    let text = out.get_or_insert_default();
                    text.push_str(self.text.get(from..open).unwrap_or_default());
                    text.push_str(&value);
                    from = self.at;
                }
                b'\\' => {
                    let text = out.get_or_insert_default();
                    text.push_str(self.text.get(from..self.at).unwrap_or_default());
                    let escaped = self.text.get(self.at + 1..).and_then(|rest| rest.chars().next());
                    text.extend(escaped.filter(|character| !matches!(character, '\n' | '\r')));
                    self.at += 1 + escaped.map_or(0, char::len_utf8);
                    from = self.at;
                }
                _ => self.at += 1,
            }
            plain_end = self.at;
        }
        let rest = self.text.get(from..plain_end).unwrap_or_default();
        let text = match out {
            Some(mut text) => {
                text.push_str(rest);
                Cow::Owned(text)
            }
            None => Cow::Borrowed(rest),
        };
        (Word { text, place: TextRange::new(start, self.at) }, closed)
    }

    /// Goes behind the closing `quote`; `false` where there is none, at the end of the text. A backslash takes the
    /// meaning from a double quote, not from a single one.
    fn past(&mut self, quote: u8) -> bool {
        let bytes = self.text.as_bytes();
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let stop = match quote {
                b'"' => memchr::memchr2(b'"', b'\\', rest),
                _ => memchr::memchr(quote, rest),
            };
            let Some(stop) = stop else {
                self.at = bytes.len();
                return false;
            };
            self.at += stop + 1;
            if bytes.get(self.at - 1) == Some(&quote) {
                return true;
            }
            // Whatever character follows the backslash; no byte within a character is a quote.
            self.at = (self.at + 1).min(bytes.len());
        }
    }
}

/// A quoted text without the backslashes that protect characters in it.
fn unescaped(written: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', written.as_bytes()).is_none() {
        return Cow::Borrowed(written);
    }
    let mut out = String::with_capacity(written.len());
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        out.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Cow::Owned(out)
}

/// A value between double quotes, as FortiOS writes it.
pub(super) fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}
