//! The canonical layout of a file. It is made from the tokens, so that nothing is lost on the way, and keeps them
//! all but for commas and line ends.

mod lines;
mod tree;

use crate::error::SyntaxError;
use crate::layout::{Body, Statement, lay_out};
use crate::parse::parse;
use crate::tokens::{Token, TokenKind, tokenize};
use lines::{Aligned, Lines};
use tree::{Group, GroupKind, Node, Piece, Trees};

/// The canonical layout of `text`: two blanks a level, at most one blank line, `=` and comments in columns, and
/// what is longer than 100 columns one element a line. Comments stay where they are, and so does the meaning.
/// Formatting what was formatted changes nothing.
///
/// # Errors
/// Those of [`parse`]: a text with an error in it is left as it is.
pub fn format(text: &str) -> Result<String, Vec<SyntaxError>> {
    let parsed = parse(text);
    if !parsed.errors.is_empty() {
        return Err(parsed.errors);
    }
    let tokens = tokenize(text);
    let layout = lay_out(text, &tokens);
    let trees = Trees { source: text, tokens: &tokens };
    let mut printer = Printer { source: text, tokens: &tokens, trees, lines: Lines::default() };
    printer.body(&layout.statements, 0, tokens.len(), 0);
    Ok(printer.lines.finish())
}

/// Columns that a line should not exceed.
const WIDTH: usize = 100;

struct Printer<'text> {
    source: &'text str,
    tokens: &'text [Token],
    trees: Trees<'text>,
    lines: Lines,
}

impl Printer<'_> {
    /// The statements among the tokens `start..end`, and the comments between them.
    fn body(&mut self, statements: &[Statement], start: usize, end: usize, indent: usize) {
        let mut position = start;
        let mut nothing_yet = true;
        for statement in statements {
            self.comments(position, statement.first, indent, &mut nothing_yet);
            self.blank_line(statement.first, nothing_yet);
            self.statement(statement, indent);
            position = statement.last + 1;
            nothing_yet = false;
        }
        self.comments(position, end, indent, &mut nothing_yet);
    }

    fn comments(&mut self, start: usize, end: usize, indent: usize, nothing_yet: &mut bool) {
        for position in start..end {
            if self.tokens[position].kind.is_comment() {
                self.comment(position, indent, *nothing_yet);
                // One that stays on the line of the opening brace is not yet in the body.
                *nothing_yet &= !self.tokens[position].first_on_line;
            }
        }
    }

    /// A comment between statements or elements: on the line it ends, or on its own.
    fn comment(&mut self, position: usize, indent: usize, nothing_yet: bool) {
        let text = self.tokens[position].text(self.source).trim_end();
        if self.tokens[position].first_on_line || !self.lines.append_comment(text) {
            self.blank_line(position, nothing_yet);
            self.lines.own_line_comment(indent, text);
        }
    }

    /// Keeps one of the blank lines before the token at `position`, unless nothing is above it.
    fn blank_line(&mut self, position: usize, nothing_above: bool) {
        let newline = |back: usize| {
            let before = position.checked_sub(back).and_then(|before| self.tokens.get(before));
            before.is_some_and(|token| token.kind == TokenKind::Newline)
        };
        if !nothing_above && newline(1) && newline(2) {
            self.lines.blank();
        }
    }

    fn statement(&mut self, statement: &Statement, indent: usize) {
        let first_line = self.lines.count();
        self.lines.start(indent);
        match &statement.body {
            Some(body) => self.with_body(statement, body, indent),
            None => {
                let nodes = self.trees.nodes(statement.first, statement.last + 1);
                self.nodes(&nodes, 0);
            }
        }
        self.lines.end();
        let class = match self.tokens[statement.first].text(self.source) {
            "role" => Aligned::Role,
            "service" => Aligned::Service,
            _ => return,
        };
        self.align(first_line, class, Some(statement.first + 2));
    }

    fn with_body(&mut self, statement: &Statement, body: &Body, indent: usize) {
        let head = self.trees.nodes(statement.first, body.open);
        self.nodes(&head, 2);
        let end = body.close.unwrap_or(statement.last + 1);
        if let Some(flat) = self.one_line_body(body, end) {
            self.lines.write(&flat);
            return;
        }
        self.lines.write(" {");
        self.lines.end();
        self.body(&body.statements, body.open + 1, end, indent + 1);
        self.lines.start(indent);
        self.lines.write("}");
    }

    /// ` { statement }` for a body that is one plain statement on one line, if it fits.
    fn one_line_body(&self, body: &Body, end: usize) -> Option<String> {
        let [only] = body.statements.as_slice() else { return None };
        if only.body.is_some() || self.tokens[body.open..end].iter().any(|token| token.kind.is_trivia()) {
            return None;
        }
        let nodes = self.trees.nodes(only.first, only.last + 1);
        let flat = format!(" {{ {} }}", self.trees.flat(&nodes)?);
        (self.lines.width() + flat.chars().count() <= WIDTH).then_some(flat)
    }

    /// Marks the line of what was printed since `first_line` for alignment, if it is one line and has its `=` at
    /// the token `equal`.
    fn align(&mut self, first_line: usize, class: Aligned, equal: Option<usize>) {
        let token = equal.and_then(|equal| self.tokens.get(equal));
        let has_equal = token.is_some_and(|token| token.kind == TokenKind::Equal);
        if has_equal && self.lines.count() == first_line + 1 {
            self.lines.align_last(class);
        }
    }

    /// Tokens and groups one after the other, with `suffix` columns more to come on the same line.
    fn nodes(&mut self, nodes: &[Node], suffix: usize) {
        let continued = self.lines.indent() + 1;
        for (index, node) in nodes.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| nodes.get(before));
            if before.is_some_and(|before| self.trees.spaced(before, node)) && !self.lines.at_start() {
                self.lines.write(" ");
            }
            match node {
                Node::Token(position) if self.tokens[*position].kind.is_comment() => {
                    // In the middle of an element: the rest of it goes on in the next line.
                    self.lines.end();
                    self.comment(*position, continued, true);
                    self.lines.start(continued);
                }
                Node::Token(position) => self.lines.write(self.tokens[*position].text(self.source)),
                Node::Group(group) => {
                    let rest = nodes.get(index + 1..).unwrap_or_default();
                    self.group(group, rest, suffix);
                }
            }
        }
    }

    fn group(&mut self, group: &Group, rest: &[Node], suffix: usize) {
        if let Some(flat) = &group.flat {
            let width =
                self.lines.width() + flat.chars().count() + self.trees.width_to_next_break(rest, suffix);
            if width <= WIDTH || group.content.is_empty() {
                self.lines.write(flat);
                return;
            }
        }
        let indent = self.lines.indent();
        let comma = matches!(group.kind, GroupKind::List | GroupKind::Ports);
        self.lines.write(self.tokens[group.open].text(self.source));
        self.lines.end();
        let mut nothing_yet = true;
        for piece in self.trees.pieces(group) {
            match piece {
                Piece::Comment(position) => {
                    self.comment(position, indent + 1, nothing_yet);
                    nothing_yet &= !self.tokens[position].first_on_line;
                }
                Piece::Element(nodes) => {
                    let first = self.trees.first_token(nodes);
                    let second = nodes.get(1..).map(|nodes| self.trees.first_token(nodes));
                    self.blank_line(first, nothing_yet);
                    let first_line = self.lines.count();
                    self.lines.start(indent + 1);
                    self.nodes(nodes, usize::from(comma));
                    if comma {
                        self.lines.write(",");
                    }
                    self.lines.end();
                    if group.kind == GroupKind::Entries {
                        self.align(first_line, Aligned::Entry, second);
                    }
                    nothing_yet = false;
                }
            }
        }
        self.lines.start(indent);
        self.lines.write(self.tokens[group.close].text(self.source));
    }
}
