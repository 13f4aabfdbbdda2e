//! Text cut into tokens, comments and line ends included. Layout, error messages and the formatter work on these;
//! the grammar reads the text itself and agrees on where a token ends.

use diagnostics::TextRange;

/// All tokens of `text`, in order; only blanks (and a byte order mark at the start) lie between them.
pub(crate) fn tokenize(text: &str) -> Vec<Token> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lexer =
        Lexer { bytes: text.as_bytes(), text, position: start, tokens: Vec::new(), line_start: start };
    lexer.run();
    lexer.tokens
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub range: TextRange,
    /// Nothing but blanks before it on its line.
    pub first_on_line: bool,
    /// Not even a blank before it on its line.
    pub at_column_zero: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    /// A number, date, address, network or range, well formed or not.
    Literal,
    Text,
    /// A text that its line ends before its quote does.
    OpenText,
    Arrow,
    Equal,
    EqualEqual,
    NotEqual,
    Bar,
    Comma,
    Colon,
    Dot,
    Slash,
    Minus,
    Open(Bracket),
    Close(Bracket),
    Comment,
    DocComment,
    Newline,
    /// One character that the language does not use.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bracket {
    Round,
    Square,
    Curly,
}

impl TokenKind {
    /// A comment or the end of a line, which no statement is made of.
    pub fn is_trivia(self) -> bool {
        self.is_comment() || self == TokenKind::Newline
    }

    pub fn is_comment(self) -> bool {
        matches!(self, TokenKind::Comment | TokenKind::DocComment)
    }
}

impl Token {
    pub fn text<'text>(&self, source: &'text str) -> &'text str {
        source.get(self.range.start as usize..self.range.end as usize).unwrap_or_default()
    }

    pub fn is_word(&self, source: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(source) == word
    }
}

impl Bracket {
    pub fn opening(self) -> char {
        match self {
            Bracket::Round => '(',
            Bracket::Square => '[',
            Bracket::Curly => '{',
        }
    }

    pub fn closing(self) -> char {
        match self {
            Bracket::Round => ')',
            Bracket::Square => ']',
            Bracket::Curly => '}',
        }
    }
}

/// A character that may follow the first of a name.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

struct Lexer<'text> {
    text: &'text str,
    bytes: &'text [u8],
    position: usize,
    tokens: Vec<Token>,
    line_start: usize,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.byte(0) {
            if byte == b' ' || byte == b'\t' {
                self.position += 1;
                continue;
            }
            let start = self.position;
            let kind = self.token(byte);
            let previous = self.tokens.last();
            let first_on_line = previous.is_none_or(|token| token.kind == TokenKind::Newline);
            self.tokens.push(Token {
                kind,
                range: TextRange::new(start, self.position),
                first_on_line,
                at_column_zero: start == self.line_start,
            });
            if kind == TokenKind::Newline {
                self.line_start = self.position;
            }
        }
    }

    /// Reads one token that starts with `byte`, and moves past it.
    fn token(&mut self, byte: u8) -> TokenKind {
        match byte {
            b'\r' | b'\n' => {
                self.position += if byte == b'\r' && self.byte(1) == Some(b'\n') { 2 } else { 1 };
                TokenKind::Newline
            }
            b'#' => {
                let doc = self.byte(1) == Some(b'#') && self.byte(2) != Some(b'#');
                self.skip_while(|byte| byte != b'\r' && byte != b'\n');
                if doc { TokenKind::DocComment } else { TokenKind::Comment }
            }
            b'"' => self.quoted(),
            _ if byte.is_ascii_digit() || self.starts_address6() => {
                self.literal();
                TokenKind::Literal
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                self.skip_while(is_name_byte);
                TokenKind::Word
            }
            b'-' if self.byte(1) == Some(b'>') => self.take(2, TokenKind::Arrow),
            b'=' if self.byte(1) == Some(b'=') => self.take(2, TokenKind::EqualEqual),
            b'!' if self.byte(1) == Some(b'=') => self.take(2, TokenKind::NotEqual),
            b'=' => self.take(1, TokenKind::Equal),
            b'-' => self.take(1, TokenKind::Minus),
            b'|' => self.take(1, TokenKind::Bar),
            b',' => self.take(1, TokenKind::Comma),
            b':' => self.take(1, TokenKind::Colon),
            b'.' => self.take(1, TokenKind::Dot),
            b'/' => self.take(1, TokenKind::Slash),
            b'(' => self.take(1, TokenKind::Open(Bracket::Round)),
            b')' => self.take(1, TokenKind::Close(Bracket::Round)),
            b'[' => self.take(1, TokenKind::Open(Bracket::Square)),
            b']' => self.take(1, TokenKind::Close(Bracket::Square)),
            b'{' => self.take(1, TokenKind::Open(Bracket::Curly)),
            b'}' => self.take(1, TokenKind::Close(Bracket::Curly)),
            _ => {
                let rest = self.text.get(self.position..).unwrap_or_default();
                let length = rest.chars().next().map_or(1, char::len_utf8);
                self.take(length, TokenKind::Unknown)
            }
        }
    }

    fn quoted(&mut self) -> TokenKind {
        self.position += 1;
        loop {
            match self.byte(0) {
                Some(b'"') => return self.take(1, TokenKind::Text),
                None | Some(b'\r' | b'\n') => return TokenKind::OpenText,
                Some(b'\\') if !matches!(self.byte(1), None | Some(b'\r' | b'\n')) => self.position += 2,
                Some(_) => self.position += 1,
            }
        }
    }

    /// The characters that addresses, dates and ranges are made of; a `-` only if something of the kind follows it.
    fn literal(&mut self) {
        while let Some(byte) = self.byte(0) {
            let inside = match byte {
                b'.' | b':' | b'/' => true,
                b'-' => self.byte(1).is_some_and(|next| next.is_ascii_alphanumeric() || next == b':'),
                _ => is_name_byte(byte),
            };
            if !inside {
                break;
            }
            self.position += 1;
        }
    }

    /// `::`, or up to four hexadecimal digits, a colon, up to four more and another colon.
    fn starts_address6(&self) -> bool {
        let hexadecimal_from = |start: usize| {
            (0..4).take_while(|n| self.byte(start + n).is_some_and(|b| b.is_ascii_hexdigit())).count()
        };
        if self.byte(0) == Some(b':') {
            return self.byte(1) == Some(b':');
        }
        let first = hexadecimal_from(0);
        if first == 0 || self.byte(first) != Some(b':') {
            return false;
        }
        let second = hexadecimal_from(first + 1);
        self.byte(first + 1 + second) == Some(b':')
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.position + ahead).copied()
    }

    fn take(&mut self, length: usize, kind: TokenKind) -> TokenKind {
        self.position += length;
        kind
    }

    fn skip_while(&mut self, mut inside: impl FnMut(u8) -> bool) {
        while self.byte(0).is_some_and(&mut inside) {
            self.position += 1;
        }
    }
}
