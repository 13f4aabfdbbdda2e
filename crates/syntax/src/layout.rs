//! Where statements begin and end. A first pass pairs the brackets of the whole text, a second one cuts it into
//! statements; both are linear in the text, whatever is missing from it.

mod brackets;

use diagnostics::TextRange;

use crate::error::SyntaxError;
use crate::tokens::{Bracket, Token, TokenKind};
use brackets::Partners;

/// Cuts `tokens` of `source` into statements.
pub(crate) fn lay_out(source: &str, tokens: &[Token]) -> Layout {
    let mut cutter =
        Cutter { source, tokens, partners: Partners::of(tokens), position: 0, errors: Vec::new() };
    let statements = cutter.body(Context::File, None, 0);
    Layout { statements, errors: cutter.errors }
}

pub(crate) struct Layout {
    pub statements: Vec<Statement>,
    pub errors: Vec<SyntaxError>,
}

/// One statement, as positions in the list of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// The `##` lines before it, in order.
    pub doc: Vec<usize>,
    pub first: usize,
    /// The last token; at a `when` or `test`, the brace that closes it.
    pub last: usize,
    /// The statements between the braces of a `when` or `test`.
    pub body: Option<Body>,
    /// What an error has already been given for.
    pub damage: Damage,
}

#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub open: usize,
    pub close: Option<usize>,
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    None,
    /// Brackets that were never closed, innermost first: with these at its end the statement may still be read.
    Unclosed(Vec<Bracket>),
    /// Beyond use.
    Lost,
}

/// Brackets within brackets: more than this is refused before anything recursive sees it.
pub(crate) const DEEPEST_NESTING: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    File,
    When,
    Test,
}

/// Words that begin a statement, with what may follow them there.
pub(crate) const STATEMENT_KEYWORDS: [&str; 11] = [
    "module",
    "parameter",
    "import",
    "role",
    "service",
    "firewall",
    "waive",
    "test",
    "when",
    "optional",
    "never",
];

struct Cutter<'text> {
    source: &'text str,
    tokens: &'text [Token],
    partners: Partners,
    position: usize,
    errors: Vec<SyntaxError>,
}

impl Cutter<'_> {
    /// The statements up to the brace that closes `open`, or up to the end of the file.
    fn body(&mut self, context: Context, open: Option<usize>, depth: usize) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut doc = Vec::new();
        while let Some(token) = self.tokens.get(self.position) {
            match token.kind {
                TokenKind::DocComment if token.first_on_line => {
                    doc.push(self.position);
                    self.position += 1;
                }
                kind if kind.is_trivia() => self.position += 1,
                TokenKind::Close(Bracket::Curly) if open.is_some() => break,
                _ => {
                    let unclosed = open.is_some_and(|open| self.partners.of_token(open).is_none());
                    if unclosed && token.at_column_zero && self.begins_statement(self.position) {
                        break;
                    }
                    statements.push(self.statement(context, open.is_some(), std::mem::take(&mut doc), depth));
                }
            }
        }
        statements
    }

    /// One statement; `self.position` is at its first token and moves past it.
    fn statement(&mut self, context: Context, in_braces: bool, doc: Vec<usize>, depth: usize) -> Statement {
        let first = self.position;
        let mut statement = Statement { doc, first, last: first, body: None, damage: Damage::None };
        let holds_statements = holds_statements(self.source, self.tokens, first);
        let is_rules = context == Context::Test && self.is_rules(first);
        let mut open: Vec<usize> = Vec::new();
        while let Some(token) = self.tokens.get(self.position) {
            let position = self.position;
            match token.kind {
                TokenKind::Newline if open.is_empty() => {
                    if !self.goes_on(&statement, position) {
                        break;
                    }
                    self.goes_on_in_vain(&mut statement);
                }
                kind if kind.is_trivia() => {}
                _ if self.ends_unclosed(position, first, &open) => break,
                _ if open.is_empty() && position > first && self.begins_in_test(context, position) => break,
                TokenKind::Open(Bracket::Curly)
                    if holds_statements && open.is_empty() && !self.opens_ports(position) =>
                {
                    self.nested(&mut statement, position, depth);
                    return statement;
                }
                TokenKind::Open(_) => {
                    open.push(position);
                    statement.last = position;
                    if open.len() > DEEPEST_NESTING && statement.damage == Damage::None {
                        statement.damage = Damage::Lost;
                        self.errors.push(too_deep(token.range));
                    }
                }
                TokenKind::Close(bracket) => {
                    if bracket == Bracket::Curly && in_braces && !self.closes_one_of(position, &open) {
                        break;
                    }
                    self.close(&mut statement, &mut open, position, bracket);
                    statement.last = position;
                    if is_rules && open.is_empty() {
                        self.position += 1;
                        return statement;
                    }
                }
                _ => statement.last = position,
            }
            self.position += 1;
        }
        if let Some(&innermost) = open.last() {
            let missing = open.iter().rev().filter_map(|&open| self.bracket(open)).collect();
            self.unclosed(&mut statement, innermost, Damage::Unclosed(missing));
        }
        statement
    }

    /// The braces of a `when` or `test` and what they hold; `open` is the opening one.
    fn nested(&mut self, statement: &mut Statement, open: usize, depth: usize) {
        if depth >= DEEPEST_NESTING {
            self.errors.push(
                SyntaxError::new(
                    self.tokens[open].range,
                    format!("conditions are nested more than {DEEPEST_NESTING} deep"),
                    "too deep",
                )
                .with_help("join conditions with `and`"),
            );
            statement.damage = Damage::Lost;
            statement.last = self.partners.of_token(open).unwrap_or(self.tokens.len() - 1);
            self.position = statement.last + 1;
            return;
        }
        let context = if self.tokens[statement.first].is_word(self.source, "test") {
            Context::Test
        } else {
            Context::When
        };
        self.position = open + 1;
        let statements = self.body(context, Some(open), depth + 1);
        let last = self.tokens.get(self.position);
        let close =
            last.is_some_and(|token| token.kind == TokenKind::Close(Bracket::Curly)).then_some(self.position);
        statement.last = close.or(statements.last().map(|last: &Statement| last.last)).unwrap_or(open);
        match close {
            Some(_) => self.position += 1,
            None => self.unclosed(statement, open, Damage::None),
        }
        statement.body = Some(Body { open, close, statements });
    }

    /// A closing bracket within a statement: pops what it closes, or says what is wrong with it.
    fn close(&mut self, statement: &mut Statement, open: &mut Vec<usize>, position: usize, bracket: Bracket) {
        let range = self.tokens[position].range;
        if !self.closes_one_of(position, open) {
            if statement.damage == Damage::None {
                let found = format!("`{}`", bracket.closing());
                self.errors.push(match open.last().and_then(|&top| self.bracket(top)) {
                    Some(expected) => SyntaxError::new(
                        range,
                        format!("expected `{}`, found {found}", expected.closing()),
                        format!("does not close `{}`", expected.opening()),
                    )
                    .with_help(format!(
                        "close `{}` with `{}`",
                        expected.opening(),
                        expected.closing()
                    )),
                    None => {
                        SyntaxError::new(range, format!("{found} closes nothing"), "nothing is open here")
                            .with_help(format!("remove it, or open with `{}` before it", bracket.opening()))
                    }
                });
            }
            statement.damage = Damage::Lost;
            open.pop();
            return;
        }
        let partner = self.partners.of_token(position);
        while let Some(top) = open.pop() {
            if Some(top) == partner {
                return;
            }
            self.unclosed(statement, top, Damage::Lost);
        }
    }

    fn closes_one_of(&self, position: usize, open: &[usize]) -> bool {
        // Open brackets are in ascending order.
        self.partners.of_token(position).is_some_and(|partner| open.binary_search(&partner).is_ok())
    }

    fn unclosed(&mut self, statement: &mut Statement, open: usize, damage: Damage) {
        if statement.damage != Damage::None {
            return;
        }
        if let Some(bracket) = self.bracket(open) {
            let (opening, closing) = (bracket.opening(), bracket.closing());
            self.errors.push(
                SyntaxError::new(
                    self.tokens[open].range,
                    format!("`{opening}` is never closed"),
                    format!("`{closing}` is missing"),
                )
                .with_help(format!("write `{closing}` where the list or block ends")),
            );
        }
        statement.damage = damage;
    }

    /// Whether the line after the end of line at `position` was meant to belong to the statement before it: it is
    /// indented deeper, and a sign that joins two values stands on either side of the line's end.
    fn goes_on(&self, statement: &Statement, position: usize) -> bool {
        let joins = |token: &Token| match token.kind {
            TokenKind::Arrow | TokenKind::Equal | TokenKind::Bar | TokenKind::Slash | TokenKind::Comma => {
                true
            }
            TokenKind::Word => matches!(token.text(self.source), "or" | "except"),
            _ => false,
        };
        let Some(next) = self.tokens.get(position + 1).filter(|next| !next.kind.is_trivia()) else {
            return false;
        };
        (joins(&self.tokens[statement.last]) || joins(next))
            && self.column(next) > self.column(&self.tokens[statement.first])
            && !self.begins_statement(position + 1)
    }

    /// The error for a statement of several lines, once for all of them.
    fn goes_on_in_vain(&mut self, statement: &mut Statement) {
        if statement.damage == Damage::None {
            let range = self.tokens[statement.last].range;
            self.errors.push(
                SyntaxError::new(
                    range,
                    "a statement ends with its line, and this one does not",
                    "the line ends after this",
                )
                .with_help("write it on one line, or open a bracket, `(` or `[`, before the line ends"),
            );
            statement.damage = Damage::Lost;
        }
    }

    /// How many bytes are before `token` on its line.
    fn column(&self, token: &Token) -> usize {
        let before = self.source.as_bytes().get(..token.range.start as usize).unwrap_or_default();
        before.iter().rev().take_while(|&&byte| byte != b'\n' && byte != b'\r').count()
    }

    /// Whether, at the start of a line inside brackets, another statement begins: then the brackets were forgotten.
    fn ends_unclosed(&self, position: usize, first: usize, open: &[usize]) -> bool {
        let token = &self.tokens[position];
        let Some(&innermost) = open.last() else { return false };
        if position == first || !token.first_on_line {
            return false;
        }
        let never_closed = self.partners.of_token(innermost).is_none();
        (token.at_column_zero || never_closed) && self.begins_statement(position)
            || token.at_column_zero && never_closed && self.begins_flow(position)
    }

    /// Whether the line that starts at `position` is `path -> …`.
    fn begins_flow(&self, position: usize) -> bool {
        let after_path = self.tokens[position..]
            .iter()
            .find(|token| !matches!(token.kind, TokenKind::Word | TokenKind::Dot));
        self.tokens[position].kind == TokenKind::Word
            && after_path.is_some_and(|token| token.kind == TokenKind::Arrow)
    }

    /// Whether the word at `position` can only be the beginning of a statement: a keyword and what follows it
    /// there, or a label.
    fn begins_statement(&self, position: usize) -> bool {
        let [token, rest @ ..] = &self.tokens[position..] else { return false };
        let Some(next) = rest.first() else { return false };
        if token.kind != TokenKind::Word {
            return false;
        }
        if next.kind == TokenKind::Colon {
            return true;
        }
        let word = token.text(self.source);
        if !STATEMENT_KEYWORDS.contains(&word) {
            return false;
        }
        match next.kind {
            TokenKind::Word => !matches!(next.text(self.source), "or" | "except"),
            TokenKind::Text | TokenKind::OpenText => word == "test",
            TokenKind::Literal | TokenKind::Open(_) => matches!(word, "optional" | "never"),
            _ => false,
        }
    }

    fn is_rules(&self, first: usize) -> bool {
        self.tokens[first].is_word(self.source, "rules")
            && self.tokens.get(first + 1).is_some_and(|next| next.kind == TokenKind::Open(Bracket::Curly))
    }

    /// `rules {` and `expect verdict` begin a statement anywhere in a line of a test.
    fn begins_in_test(&self, context: Context, position: usize) -> bool {
        let begins_expectation = || {
            self.tokens[position].is_word(self.source, "expect")
                && self.tokens.get(position + 1).is_some_and(|next| {
                    next.kind == TokenKind::Word && !continues_flow(self.source, Some(next))
                })
        };
        context == Context::Test && (self.is_rules(position) || begins_expectation())
    }

    /// Whether the brace at `position` holds ports: `tcp/{…}`, `from {…}`.
    fn opens_ports(&self, position: usize) -> bool {
        opens_ports(self.source, self.tokens, position)
    }

    fn bracket(&self, position: usize) -> Option<Bracket> {
        match self.tokens.get(position)?.kind {
            TokenKind::Open(bracket) | TokenKind::Close(bracket) => Some(bracket),
            _ => None,
        }
    }
}

/// Whether the statement that starts at `first` is a `when` or a `test`.
pub(crate) fn holds_statements(source: &str, tokens: &[Token], first: usize) -> bool {
    let token = &tokens[first];
    (token.is_word(source, "when") || token.is_word(source, "test"))
        && !continues_flow(source, tokens.get(first + 1))
}

/// Whether `next`, after a word, makes that word the source or the label of a flow.
pub(crate) fn continues_flow(source: &str, next: Option<&Token>) -> bool {
    next.is_some_and(|next| match next.kind {
        TokenKind::Arrow | TokenKind::Bar | TokenKind::Colon | TokenKind::Dot => true,
        TokenKind::Word => matches!(next.text(source), "or" | "except"),
        _ => false,
    })
}

/// Whether the brace at `position` holds ports (`tcp/{…}`, `from {…}`) and not entries.
pub(crate) fn opens_ports(source: &str, tokens: &[Token], position: usize) -> bool {
    let before = tokens[..position].iter().rev().find(|token| !token.kind.is_trivia());
    before.is_some_and(|before| before.kind == TokenKind::Slash || before.is_word(source, "from"))
}

fn too_deep(range: TextRange) -> SyntaxError {
    SyntaxError::new(range, format!("brackets are nested more than {DEEPEST_NESTING} deep"), "too deep")
        .with_help("give the inner part a name with `role` or `service`, and use the name here")
}
