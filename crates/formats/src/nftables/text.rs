//! Rulesets in text: tables, chains and commands. Rules are in `text_rule.rs`, sets in `text_set.rs`.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use diagnostics::{TextRange, printable};

use super::builder::Builder;
use super::lexer::{Kind, Lexer, Token};
use super::model::{Family, Value, Variable};
use super::text_rule::first_line;
use crate::ImportError;

pub(super) struct Reader<'a> {
    pub lexer: Lexer<'a>,
    pub build: Builder<'a>,
    /// Where the token that was read last ends.
    pub end: usize,
    /// Sets, brackets and blocks around the next token.
    pub depth: usize,
    /// Whether a `/` after a value begins the length of a prefix.
    pub prefixes: bool,
    /// The token that was looked at last, and where the walk stood before and after it.
    seen: Cell<Option<(Lexer<'a>, Token<'a>, Lexer<'a>)>>,
}

/// Why a statement cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub place: TextRange,
    pub message: String,
}

/// A place to come back to.
#[derive(Clone, Copy)]
pub(super) struct Position<'a> {
    lexer: Lexer<'a>,
    end: usize,
}

pub(super) fn read(text: &str) -> Result<Builder<'_>, ImportError> {
    let mut reader = Reader::new(Lexer::new(text), Builder::default());
    reader.file()?;
    Ok(reader.build)
}

impl<'a> Reader<'a> {
    pub fn new(lexer: Lexer<'a>, build: Builder<'a>) -> Self {
        Reader { lexer, build, end: 0, depth: 0, prefixes: true, seen: Cell::new(None) }
    }

    pub fn peek(&self) -> Token<'a> {
        if let Some((before, token, _)) = self.seen.get()
            && before.is_at(self.lexer)
        {
            return token;
        }
        let mut after = self.lexer;
        let token = after.next();
        self.seen.set(Some((self.lexer, token, after)));
        token
    }

    pub fn next(&mut self) -> Token<'a> {
        let token = match self.seen.get() {
            Some((before, token, after)) if before.is_at(self.lexer) => {
                self.lexer = after;
                token
            }
            _ => self.lexer.next(),
        };
        if !matches!(token.kind, Kind::Line(_) | Kind::End) {
            self.end = token.end;
        }
        token
    }

    pub fn clone_position(&self) -> Position<'a> {
        Position { lexer: self.lexer, end: self.end }
    }

    pub fn rewind(&mut self, to: Position<'a>) {
        (self.lexer, self.end) = (to.lexer, to.end);
    }

    /// What was read since then, as it is written.
    pub fn since(&self, from: Position<'a>) -> &'a str {
        let text = self.lexer.text;
        text.get(from.lexer.at..self.end.max(from.lexer.at)).unwrap_or_default().trim()
    }

    pub fn wrong(&self, message: &str) -> Wrong {
        let token = self.peek();
        let found = match token.kind {
            Kind::End => "the end of the text".to_owned(),
            Kind::Line(_) => "the end of the line".to_owned(),
            _ => format!("`{}`", printable(&self.lexer.text[token.start..token.end])),
        };
        Wrong { place: token.place(), message: format!("{message}, found {found}") }
    }

    /// The next token is at fault.
    pub fn wrong_at(&self, message: &str) -> Wrong {
        Wrong { place: self.peek().place(), message: message.to_owned() }
    }

    /// The word that was just read is at fault.
    pub fn wrong_before(&self, word: &str, expected: &str) -> Wrong {
        let place = TextRange::new(self.end.saturating_sub(word.len()), self.end);
        Wrong { place, message: format!("expected {expected}, found `{}`", printable(word)) }
    }

    pub fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek().kind, Kind::Sign(next) if next == sign);
        if found {
            self.next();
        }
        found
    }

    pub fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek().kind, Kind::Word(next) if next == word);
        if found {
            self.next();
        }
        found
    }

    pub fn expect_sign(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.wrong(&format!("expected `{sign}`"))) }
    }

    pub fn word(&mut self, expected: &str) -> Result<&'a str, Wrong> {
        match self.peek().kind {
            Kind::Word(word) | Kind::Quoted(word) => {
                self.next();
                Ok(word)
            }
            _ => Err(self.wrong(&format!("expected {expected}"))),
        }
    }

    /// A name, which may be in quotes.
    pub fn name(&mut self, expected: &str) -> Result<Cow<'a, str>, Wrong> {
        if let Kind::Variable(name) = self.peek().kind {
            let token = self.next();
            return match self.build.variable(name, token.place()) {
                Value::Word(word) => Ok(word),
                _ => Err(self.wrong_before(name, expected)),
            };
        }
        self.word(expected).map(Cow::Borrowed)
    }

    pub fn number(&mut self, expected: &str) -> Result<u32, Wrong> {
        let word = self.word(expected)?;
        word.parse().map_err(|_| self.wrong_before(word, expected))
    }

    /// The handle in a comment at the end of this line.
    pub fn handle_ahead(&self) -> Option<u64> {
        let mut ahead = self.lexer;
        loop {
            match ahead.next().kind {
                Kind::Sign(";") => {}
                Kind::Line(handle) => return handle,
                _ => return None,
            }
        }
    }

    /// Skips to the end of the statement, over braces.
    pub fn skip_statement(&mut self) {
        let mut depth = 0_usize;
        let before = self.lexer.across_lines;
        loop {
            let token = self.peek();
            match token.kind {
                Kind::End => break,
                Kind::Line(_) | Kind::Sign(";" | "}") if depth == 0 => break,
                Kind::Sign("{") => depth += 1,
                Kind::Sign("}") => depth -= 1,
                _ => {}
            }
            self.next();
            // Only now: the next token was looked for by the rule that held before it.
            self.lexer.across_lines = depth > 0 || before;
        }
        self.lexer.across_lines = before;
    }

    /// Skips what stands in braces, the next token being the first of them.
    pub fn skip_braces(&mut self) -> Result<(), Wrong> {
        let before = std::mem::replace(&mut self.lexer.across_lines, true);
        let mut depth = 0_usize;
        loop {
            match self.next().kind {
                Kind::Sign("{") => depth += 1,
                Kind::Sign("}") => depth -= 1,
                Kind::End => {
                    self.lexer.across_lines = before;
                    return Err(self.wrong("expected `}`"));
                }
                _ => {}
            }
            if depth == 0 {
                self.lexer.across_lines = before;
                return Ok(());
            }
        }
    }

    fn file(&mut self) -> Result<(), ImportError> {
        loop {
            let token = self.peek();
            match token.kind {
                Kind::End => return Ok(()),
                Kind::Line(_) | Kind::Sign(";") => _ = self.next(),
                Kind::Word("nft") => {
                    return Err(ImportError::new(
                        token.place(),
                        "this is a script that calls nft, not a ruleset",
                        "run it, and export the outcome with `nft list ruleset`",
                    ));
                }
                Kind::Word("table") => {
                    self.next();
                    self.table(token.start)?;
                }
                Kind::Word("define" | "redefine" | "undefine" | "include") => self.common(token),
                Kind::Word(_) => {
                    if let Err(wrong) = self.command(token.start) {
                        self.not_understood(token.start, &wrong.message);
                    }
                }
                _ => {
                    self.next();
                    self.not_understood(token.start, "no statement begins so");
                }
            }
        }
    }

    /// The statement that began at `start` may do anything.
    pub fn not_understood(&mut self, start: usize, why: &str) {
        self.skip_statement();
        if self.end <= start {
            self.next();
        }
        let place = TextRange::new(start, self.end);
        let shown = first_line(self.lexer.text, place);
        let name = self.lexer.text[shown.start as usize..shown.end as usize].chars().take(80).collect();
        let help = "load the file, and export the outcome with `nft list ruleset`";
        self.build.problem(place, format!("the statement cannot be read: {}", printable(why)), help);
        self.build.obscure(place, name, "it is not known what it does", help);
    }

    /// Statements that stand anywhere.
    pub fn common(&mut self, token: Token<'a>) {
        let start = token.start;
        let word = self.next();
        let Kind::Word(word) = word.kind else { return };
        let done = match word {
            "include" => self.include(start),
            "undefine" => self.word("a name").map(|name| self.build.undefine(name)),
            _ => self.define(start),
        };
        match done {
            Ok(()) if word == "include" => {}
            Ok(()) => self.build.understood(TextRange::new(start, self.end)),
            Err(wrong) => self.not_understood(start, &wrong.message),
        }
    }

    fn include(&mut self, start: usize) -> Result<(), Wrong> {
        let name = self.name("the name of a file")?;
        let place = TextRange::new(start, self.end);
        let help = "load the file, and export the outcome with `nft list ruleset`";
        let name = format!("include \"{name}\"");
        self.build.obscure(place, name, "what it includes is not in the export", help);
        Ok(())
    }

    fn define(&mut self, start: usize) -> Result<(), Wrong> {
        let name_at = self.peek().start;
        let name = self.name("a name")?;
        let head = TextRange::new(name_at, self.end);
        self.expect_sign("=")?;
        let value = match self.nested(Self::value)? {
            Value::Shared(value) => value,
            value => Rc::new(value),
        };
        if !matches!(self.peek().kind, Kind::Line(_) | Kind::Sign(";" | "}") | Kind::End) {
            return Err(self.wrong("expected the end of the line"));
        }
        let place = TextRange::new(start, self.end);
        self.build.define(Variable { name, place, head, value, uses: 0 });
        Ok(())
    }

    /// After the word `table`.
    fn table(&mut self, start: usize) -> Result<(), ImportError> {
        let (family, name) = match self.table_name() {
            Ok(named) => named,
            Err(wrong) => {
                self.not_understood(start, &wrong.message);
                return Ok(());
            }
        };
        let place = TextRange::new(start, self.end);
        let table = self.build.table(family, name, place);
        if family == Family::Arp {
            self.build.irrelevant(place, "ARP is no traffic of IP");
        } else {
            self.build.understood(place);
        }
        if self.take_sign("{") {
            self.table_body(table, start)?;
        }
        Ok(())
    }

    /// `inet filter`, or `filter` in the family ip.
    pub fn table_name(&mut self) -> Result<(Family, Cow<'a, str>), Wrong> {
        let name = self.name("a table")?;
        match Family::find(&name) {
            Some(family)
                if matches!(self.peek().kind, Kind::Word(_) | Kind::Quoted(_) | Kind::Variable(_)) =>
            {
                Ok((family, self.name("the name of a table")?))
            }
            _ => Ok((Family::Ip, name)),
        }
    }

    pub fn truncated(&self, start: usize, what: &str) -> ImportError {
        ImportError::new(
            TextRange::new(start, self.end),
            format!("the file ends inside of a {what}"),
            "it is truncated: export it again",
        )
    }

    fn table_body(&mut self, table: usize, start: usize) -> Result<(), ImportError> {
        loop {
            let token = self.peek();
            match token.kind {
                Kind::End => return Err(self.truncated(start, "table")),
                Kind::Line(_) | Kind::Sign(";") => _ = self.next(),
                Kind::Sign("}") => {
                    self.next();
                    return Ok(());
                }
                Kind::Word("chain") => {
                    self.next();
                    match self.name("the name of a chain") {
                        Ok(name) => {
                            let place = TextRange::new(token.start, self.end);
                            let chain = self.build.chain(table, name, place, true);
                            self.build.understood(place);
                            if self.take_sign("{") {
                                self.chain_body(table, chain)?;
                            }
                        }
                        Err(wrong) => self.not_understood(token.start, &wrong.message),
                    }
                }
                Kind::Word("set" | "map") => {
                    self.next();
                    self.set(table, token.start);
                }
                Kind::Word("flags") => {
                    self.next();
                    while let Kind::Word(flag) = self.peek().kind {
                        self.next();
                        if flag == "dormant"
                            && let Some(table) = self.build.model.tables.get_mut(table)
                        {
                            table.dormant = true;
                        }
                        self.take_sign(",");
                    }
                    self.build.understood(TextRange::new(token.start, self.end));
                }
                Kind::Word(
                    "comment" | "counter" | "quota" | "limit" | "secmark" | "synproxy" | "ct" | "flowtable"
                    | "tunnel",
                ) => {
                    self.skip_statement();
                    let why = "an object that decides nothing by itself";
                    self.build.irrelevant(TextRange::new(token.start, self.end), why);
                }
                Kind::Word("define" | "redefine" | "undefine" | "include") => self.common(token),
                _ => {
                    self.next();
                    self.not_understood(token.start, "a table has no such statement");
                }
            }
        }
    }
}
