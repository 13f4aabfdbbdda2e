use std::borrow::Cow;

use diagnostics::TextRange;

/// The words of a PowerShell script, as far as commands with literal arguments need them.
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Whether the text ends inside quotes.
    pub is_cut: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Token<'t> {
    pub kind: Kind<'t>,
    pub place: TextRange,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind<'t> {
    /// A bare word.
    Word(&'t str),
    /// A quoted string without expressions in it.
    Text(Cow<'t, str>),
    /// `-Name`, without the dash.
    Parameter(&'t str),
    /// A variable, a string with variables in it, `$(...)`: known only when the script runs.
    Expression,
    Comma,
    /// The end of a statement.
    End,
    Pipe,
    Open,
    Close,
    /// `@(`
    Array,
    BlockOpen,
    BlockClose,
}

/// What PowerShell takes for a single quote ("about_Quoting_Rules": typographic quotes are quotes).
pub fn is_single_quote(character: char) -> bool {
    matches!(character, '\'' | '\u{2018}'..='\u{201b}')
}

fn is_double_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201c}'..='\u{201e}')
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Lexer {
            text,
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            is_cut: false,
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips blanks, comments and continued lines.
    fn blank(&mut self) {
        loop {
            let rest = self.rest();
            let skipped = rest.len() - rest.trim_start_matches([' ', '\t', '\u{a0}']).len();
            self.at += skipped;
            let rest = self.rest();
            if let Some(inner) = rest.strip_prefix("<#") {
                self.at += inner.find("#>").map_or(rest.len(), |end| end + 4);
            } else if rest.starts_with('#') {
                self.at += memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            } else if rest.starts_with("`\r\n") {
                self.at += 3;
            } else if rest.starts_with("`\n") {
                self.at += 2;
            } else if skipped == 0 {
                return;
            }
        }
    }

    fn single_quoted(&mut self, open: char) -> Cow<'t, str> {
        let start = self.at + open.len_utf8();
        let mut out: Option<String> = None;
        let mut from = start;
        let mut at = start;
        loop {
            let Some((offset, quote)) =
                self.text[at..].char_indices().find(|(_, character)| is_single_quote(*character))
            else {
                self.at = self.text.len();
                at = self.text.len();
                self.is_cut = true;
                break;
            };
            at += offset;
            let after = at + quote.len_utf8();
            match self.text[after..].chars().next().filter(|next| is_single_quote(*next)) {
                Some(next) => {
                    let out = out.get_or_insert_default();
                    out.push_str(&self.text[from..at]);
                    out.push(next);
                    at = after + next.len_utf8();
                    from = at;
                }
                None => {
                    self.at = after;
                    break;
                }
            }
        }
        match out {
            Some(mut out) => {
                out.push_str(&self.text[from..at]);
                Cow::Owned(out)
            }
            None => Cow::Borrowed(&self.text[start..at]),
        }
    }

    fn double_quoted(&mut self) -> Kind<'t> {
        let mut out = String::new();
        let mut is_expression = false;
        let mut characters = self.rest().char_indices().skip(1).peekable();
        let mut end = None;
        while let Some((offset, character)) = characters.next() {
            match character {
                '`' => match characters.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, '0' | 'a' | 'b' | 'e' | 'f' | 'u' | 'v')) => is_expression = true,
                    Some((_, other)) => out.push(other),
                    None => {}
                },
                '$' if characters.peek().is_some_and(|(_, next)| {
                    next.is_alphanumeric() || matches!(next, '(' | '{' | '_' | '?' | '$' | '^' | ':')
                }) =>
                {
                    is_expression = true;
                }
                _ if is_double_quote(character) => {
                    match characters.next_if(|(_, next)| is_double_quote(*next)) {
                        Some((_, quote)) => out.push(quote),
                        None => {
                            end = Some(offset + character.len_utf8());
                            break;
                        }
                    }
                }
                _ => out.push(character),
            }
        }
        self.is_cut |= end.is_none();
        self.at += end.unwrap_or(self.rest().len());
        if is_expression { Kind::Expression } else { Kind::Text(Cow::Owned(out)) }
    }

    /// `@'` or `@"` up to a line that begins with the same and `@`.
    fn here_string(&mut self) -> Kind<'t> {
        let rest = self.rest();
        let single = rest.starts_with("@'");
        let close = if single { "\n'@" } else { "\n\"@" };
        let start = rest.find('\n').map_or(rest.len(), |line| line + 1);
        let end = rest.get(start.saturating_sub(1)..).and_then(|inner| inner.find(close));
        let (inner, length) = match end {
            Some(end) => {
                let end = start.saturating_sub(1) + end;
                (rest.get(start..end).unwrap_or_default(), end + close.len())
            }
            None => {
                self.is_cut = true;
                (rest.get(start..).unwrap_or_default(), rest.len())
            }
        };
        self.at += length;
        if single || !inner.contains('$') {
            Kind::Text(Cow::Borrowed(inner.trim_end()))
        } else {
            Kind::Expression
        }
    }

    /// A variable or `$(...)` with what clings to it.
    fn expression(&mut self) -> Kind<'t> {
        let mut depth = 0_usize;
        let mut end = self.rest().len();
        for (offset, character) in self.rest().char_indices() {
            match character {
                '(' | '{' | '[' if offset > 0 || character == '[' => depth += 1,
                ')' | '}' | ']' if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                ' ' | '\t' | '\r' | '\n' | ',' | ';' | '|' | ')' | '}' => {
                    end = offset;
                    break;
                }
                _ => {}
            }
        }
        let end = end.max(1);
        let word = self.rest().get(..end).unwrap_or_default();
        self.at += end;
        // These two are constants.
        let is_constant = ["$true", "$false"].iter().any(|constant| word.eq_ignore_ascii_case(constant));
        if is_constant { Kind::Word(word) } else { Kind::Expression }
    }

    fn word(&mut self) -> Kind<'t> {
        let rest = self.rest();
        let ends = |character: char| {
            character.is_whitespace() || matches!(character, ',' | ';' | '|' | '(' | ')' | '{' | '}')
        };
        let length = rest.find(ends).unwrap_or(rest.len()).max(rest.chars().next().map_or(1, char::len_utf8));
        let word = &rest[..length];
        if let Some(name) = word.strip_prefix(['-', '\u{2013}', '\u{2014}']) {
            let letters = name.starts_with(|first: char| first.is_ascii_alphabetic());
            if letters {
                // `-Name:value` is a parameter and its value.
                if let Some(colon) = name.find(':') {
                    self.at += word.len() - name.len() + colon + 1;
                    return Kind::Parameter(&name[..colon]);
                }
                self.at += length;
                return Kind::Parameter(name);
            }
        }
        self.at += length;
        if word.contains('$') || word.contains('`') { Kind::Expression } else { Kind::Word(word) }
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.blank();
        let start = self.at;
        let first = self.peek()?;
        let mut one = |kind: Kind<'t>, length: usize| {
            self.at += length;
            kind
        };
        let kind = match first {
            '\n' | ';' => one(Kind::End, 1),
            '\r' => one(Kind::End, if self.text[start..].starts_with("\r\n") { 2 } else { 1 }),
            ',' => one(Kind::Comma, 1),
            '|' => one(Kind::Pipe, 1),
            '(' => one(Kind::Open, 1),
            ')' => one(Kind::Close, 1),
            '{' => one(Kind::BlockOpen, 1),
            '}' => one(Kind::BlockClose, 1),
            '@' => {
                let rest = self.rest();
                if rest.starts_with("@(") {
                    self.at += 2;
                    Kind::Array
                } else if rest.starts_with("@'") || rest.starts_with("@\"") {
                    self.here_string()
                } else if rest.starts_with("@{") {
                    self.at += 1;
                    self.expression()
                } else {
                    // Splatted: `@parameters`.
                    self.expression()
                }
            }
            '$' | '[' => self.expression(),
            _ if is_single_quote(first) => Kind::Text(self.single_quoted(first)),
            _ if is_double_quote(first) => self.double_quoted(),
            _ => self.word(),
        };
        Some(Token { kind, place: TextRange::new(start, self.at) })
    }
}
