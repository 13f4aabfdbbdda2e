//! JSON with a place for everything: exports are read through it so that each rule can be pointed at and edited.

use std::borrow::Cow;

use diagnostics::{TextRange, printable};

/// A JSON text (RFC 8259) as a flat tree with the byte range of every value.
///
/// Repeated keys are all kept, in the order of the file. Comments (`//` and `/* */`, which ARM templates and other
/// hand-kept files have) are white space.
pub struct Json<'t> {
    text: &'t str,
    /// In the order of the file: a container stands before what it holds, a key before its value.
    nodes: Vec<Node>,
}

/// Containers in containers, deeper than this, are refused: no vendor's export comes near.
pub const DEPTH_LIMIT: usize = 128;

#[derive(Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The node after everything in this one.
    after: u32,
    kind: Kind,
    /// A string with escape sequences in it.
    escaped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The first character that cannot be; empty at the end of the text.
    pub place: TextRange,
    /// What was expected and what is there, in the message style.
    pub message: String,
}

impl<'t> Json<'t> {
    /// Reads a whole text. A byte order mark at its start is skipped.
    pub fn parse(text: &'t str) -> Result<Self, JsonError> {
        let mut parser = Parser::new(text)?;
        parser.document()?;
        Ok(Json { text, nodes: parser.nodes })
    }

    /// Reads a text that is one value after another, as `cat` makes of several answers; `root` is the list of them.
    pub fn parse_sequence(text: &'t str) -> Result<Self, JsonError> {
        let mut parser = Parser::new(text)?;
        parser.several = true;
        parser.push(parser.at, text.len(), Kind::Array, false);
        loop {
            parser.document()?;
            if parser.peek().is_none() {
                break;
            }
        }
        let after = offset(parser.nodes.len());
        if let Some(list) = parser.nodes.first_mut() {
            list.after = after;
        }
        Ok(Json { text, nodes: parser.nodes })
    }

    /// The one value that the text is.
    pub fn root(&self) -> Value<'_> {
        Value { json: self, at: 0 }
    }
}

/// A value in a JSON text.
#[derive(Clone, Copy)]
pub struct Value<'j> {
    json: &'j Json<'j>,
    at: u32,
}

/// One `"name": value` of an object.
pub struct Member<'j> {
    pub name: Cow<'j, str>,
    /// With its quotes.
    pub name_place: TextRange,
    pub value: Value<'j>,
}

impl<'j> Value<'j> {
    fn node(self) -> Node {
        self.json.nodes[self.at as usize]
    }

    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// All of it, with quotes or brackets.
    pub fn place(self) -> TextRange {
        let node = self.node();
        TextRange { start: node.start, end: node.end }
    }

    /// As it is written.
    pub fn raw(self) -> &'j str {
        let node = self.node();
        &self.json.text[node.start as usize..node.end as usize]
    }

    /// What a string says; `None` for all else.
    pub fn string(self) -> Option<Cow<'j, str>> {
        let node = self.node();
        (node.kind == Kind::String).then(|| {
            let inner = &self.json.text[node.start as usize + 1..node.end as usize - 1];
            if node.escaped { Cow::Owned(unescaped(inner)) } else { Cow::Borrowed(inner) }
        })
    }

    /// Whether it says nothing: `null`, `""`, `[]`, `{}`.
    pub fn is_empty(self) -> bool {
        let node = self.node();
        match node.kind {
            Kind::Null => true,
            Kind::String => node.end - node.start == 2,
            Kind::Array | Kind::Object => node.after == self.at + 1,
            Kind::Bool | Kind::Number => false,
        }
    }

    /// The values of an array, in order; none for all else.
    pub fn elements(self) -> impl Iterator<Item = Value<'j>> {
        let node = self.node();
        let end = if node.kind == Kind::Array { node.after } else { self.at };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let value = (at < end).then_some(Value { json: self.json, at })?;
            at = value.node().after;
            Some(value)
        })
    }

    /// The members of an object, in order; none for all else.
    pub fn members(self) -> impl Iterator<Item = Member<'j>> {
        let node = self.node();
        let end = if node.kind == Kind::Object { node.after } else { self.at };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let key = (at < end).then_some(Value { json: self.json, at })?;
            let value = Value { json: self.json, at: at + 1 };
            at = value.node().after;
            Some(Member { name: key.string()?, name_place: key.place(), value })
        })
    }

    /// The first member of an object with this name, in any case.
    pub fn get(self, name: &str) -> Option<Value<'j>> {
        self.members().find(|member| member.name.eq_ignore_ascii_case(name)).map(|member| member.value)
    }
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    /// The containers around `at`, as nodes: an explicit stack, so that no input recurses.
    open: Vec<u32>,
    /// Whether another value may follow the first.
    several: bool,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self, JsonError> {
        if u32::try_from(text.len()).is_err() {
            let message = "the text is larger than 4 GB".to_owned();
            return Err(JsonError { place: TextRange::new(0, 0), message });
        }
        // The usual export has a node in every twenty bytes or so.
        let nodes = Vec::with_capacity(text.len() / 24 + 1);
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Ok(Parser { text, bytes: text.as_bytes(), at, nodes, open: Vec::new(), several: false })
    }

    fn document(&mut self) -> Result<(), JsonError> {
        self.blank()?;
        'value: loop {
            match self.peek() {
                Some(b'{') => {
                    self.enter(Kind::Object)?;
                    self.blank()?;
                    if self.peek() == Some(b'}') {
                        self.close();
                    } else {
                        self.key("a key in quotes or `}`")?;
                        continue 'value;
                    }
                }
                Some(b'[') => {
                    self.enter(Kind::Array)?;
                    self.blank()?;
                    if self.peek() == Some(b']') {
                        self.close();
                    } else {
                        continue 'value;
                    }
                }
                Some(b'"') => self.string()?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word("true", Kind::Bool)?,
                Some(b'f') => self.word("false", Kind::Bool)?,
                Some(b'n') => self.word("null", Kind::Null)?,
                _ => return Err(self.expected("a value")),
            }
            loop {
                self.blank()?;
                let around = self.open.last().map(|node| self.nodes[*node as usize].kind);
                match (around, self.peek()) {
                    (None, None) => return Ok(()),
                    (None, Some(_)) if self.several => return Ok(()),
                    (None, Some(_)) => return Err(self.expected("nothing more")),
                    (Some(Kind::Array), Some(b',')) => {
                        self.at += 1;
                        self.blank()?;
                        continue 'value;
                    }
                    (Some(Kind::Object), Some(b',')) => {
                        self.at += 1;
                        self.blank()?;
                        self.key("a key in quotes")?;
                        continue 'value;
                    }
                    (Some(Kind::Array), Some(b']')) | (Some(Kind::Object), Some(b'}')) => self.close(),
                    (Some(Kind::Array), _) => return Err(self.expected("`,` or `]`")),
                    _ => return Err(self.expected("`,` or `}`")),
                }
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space and comments.
    fn blank(&mut self) -> Result<(), JsonError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') => {
                    let rest = &self.bytes[self.at..];
                    let length = match rest.get(1) {
                        Some(b'/') => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                        Some(b'*') => match memchr::memmem::find(&rest[2..], b"*/") {
                            Some(inner) => inner + 4,
                            None => {
                                self.at = self.bytes.len();
                                return Err(self.expected("`*/`"));
                            }
                        },
                        _ => return Ok(()),
                    };
                    self.at += length;
                }
                _ => return Ok(()),
            }
        }
    }

    fn enter(&mut self, kind: Kind) -> Result<(), JsonError> {
        if self.open.len() == DEPTH_LIMIT {
            let place = TextRange::new(self.at, self.at + 1);
            return Err(JsonError { place, message: format!("nested more than {DEPTH_LIMIT} levels deep") });
        }
        self.open.push(offset(self.nodes.len()));
        self.push(self.at, self.at, kind, false);
        self.at += 1;
        Ok(())
    }

    /// Ends the innermost container at the bracket that is next.
    fn close(&mut self) {
        self.at += 1;
        let after = offset(self.nodes.len());
        if let Some(node) = self.open.pop().and_then(|node| self.nodes.get_mut(node as usize)) {
            node.end = offset(self.at);
            node.after = after;
        }
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, escaped: bool) {
        let after = offset(self.nodes.len() + 1);
        self.nodes.push(Node { start: offset(start), end: offset(end), after, kind, escaped });
    }

    /// A key, its colon, and what is blank up to the value.
    fn key(&mut self, expected: &str) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.expected(expected));
        }
        self.string()?;
        self.blank()?;
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        self.blank()
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    let rest = &self.bytes[self.at + 1..];
                    let length = match rest.first() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') => {
                            let digits =
                                rest[1..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
                            if digits < 4 {
                                // Where the text ends first, that is what is wrong.
                                self.at += if rest.len() == 1 + digits { 1 + rest.len() } else { 0 };
                                return Err(self.expected("four hexadecimal digits after `\\u`"));
                            }
                            6
                        }
                        None => {
                            self.at += 1;
                            return Err(self.expected("`\"`"));
                        }
                        _ => return Err(self.expected("an escape sequence such as `\\n` or `\\u0041`")),
                    };
                    self.at += length;
                }
                Some(0x20..) => self.at += 1,
                Some(_) => return Err(self.expected("`\"` before the end of the line")),
                None => return Err(self.expected("`\"`")),
            }
        }
        self.at += 1;
        self.push(start, self.at, Kind::String, escaped);
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return Err(self.expected("the end of the number"));
        }
        self.push(start, self.at, Kind::Number, false);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), JsonError> {
        let rest = &self.bytes[self.at..];
        if rest.len() < word.len() && word.as_bytes().starts_with(rest) {
            self.at = self.bytes.len();
            return Err(self.expected(&format!("`{word}`")));
        }
        let more = rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !rest.starts_with(word.as_bytes()) || more {
            return Err(self.expected("a value"));
        }
        self.push(self.at, self.at + word.len(), kind, false);
        self.at += word.len();
        Ok(())
    }

    fn expected(&self, what: &str) -> JsonError {
        // Everything read so far ends between two characters, but a bad escape may not.
        let at = self.text.floor_char_boundary(self.at);
        let (found, length) = match self.text[at..].chars().next() {
            None => ("the end of the text".to_owned(), 0),
            Some(character) => {
                let mut one = [0; 4];
                (format!("`{}`", printable(character.encode_utf8(&mut one))), character.len_utf8())
            }
        };
        JsonError {
            place: TextRange::new(at, at + length),
            message: format!("expected {what}, found {found}"),
        }
    }
}

/// Offsets fit: the length of the text was checked, and there are no more nodes than bytes.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The inside of a string whose escape sequences are known to be well formed. Half a surrogate pair is no character
/// and becomes U+FFFD.
fn unescaped(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let code = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or_default();
        match code {
            b'u' => {
                let high = unit(rest);
                rest = rest.get(4..).unwrap_or_default();
                let low = rest.strip_prefix("\\u").map(unit).filter(|low| (0xDC00..0xE000).contains(low));
                let character = match (high, low) {
                    (0xD800..0xDC00, Some(low)) => {
                        rest = rest.get(6..).unwrap_or_default();
                        char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                    }
                    _ => char::from_u32(high),
                };
                out.push(character.unwrap_or('\u{fffd}'));
            }
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    out
}

/// The number that the first four hexadecimal digits say.
fn unit(digits: &str) -> u32 {
    digits.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xFFFD)
}

/// `text` as a JSON string, with its quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{0}'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
