//! Tokens as nested groups, and how they look on one line.

use crate::layout::opens_ports;
use crate::tokens::{Bracket, Token, TokenKind};

/// Line ends are not among the nodes, comments are.
pub(super) enum Node {
    Token(usize),
    Group(Group),
}

/// Brackets and what is between them.
pub(super) struct Group {
    pub open: usize,
    pub close: usize,
    pub kind: GroupKind,
    pub content: Vec<Node>,
    /// All of it on one line; `None` if it must not be.
    pub flat: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupKind {
    List,
    Parentheses,
    Ports,
    Entries,
    Rules,
}

/// What stands on a line of its own (or at the end of another) in a group of several lines.
pub(super) enum Piece<'group> {
    Comment(usize),
    Element(&'group [Node]),
}

/// Makes nodes of tokens.
#[derive(Clone, Copy)]
pub(super) struct Trees<'text> {
    pub source: &'text str,
    pub tokens: &'text [Token],
}

impl Trees<'_> {
    /// The tokens `start..end`, whose brackets are in order and not too deep.
    pub fn nodes(&self, start: usize, end: usize) -> Vec<Node> {
        let mut position = start;
        let rules = self.tokens[start].is_word(self.source, "rules");
        self.nodes_to_closing(&mut position, end, rules)
    }

    fn nodes_to_closing(&self, position: &mut usize, end: usize, rules: bool) -> Vec<Node> {
        let mut nodes = Vec::new();
        while *position < end {
            let token = &self.tokens[*position];
            match token.kind {
                TokenKind::Newline => {}
                TokenKind::Close(_) => break,
                TokenKind::Open(bracket) => {
                    let open = *position;
                    *position += 1;
                    let content = self.nodes_to_closing(position, end, rules);
                    nodes.push(Node::Group(self.group(open, *position, bracket, content, rules)));
                }
                _ => nodes.push(Node::Token(*position)),
            }
            *position += 1;
        }
        nodes
    }

    fn group(&self, open: usize, close: usize, bracket: Bracket, content: Vec<Node>, rules: bool) -> Group {
        let kind = match bracket {
            Bracket::Square => GroupKind::List,
            Bracket::Round => GroupKind::Parentheses,
            Bracket::Curly if opens_ports(self.source, self.tokens, open) => GroupKind::Ports,
            Bracket::Curly if rules => GroupKind::Rules,
            Bracket::Curly => GroupKind::Entries,
        };
        let mut group = Group { open, close, kind, content, flat: None };
        group.flat = self.flat_group(&group);
        group
    }

    /// `nodes` on one line; `None` if they must not be.
    pub fn flat(&self, nodes: &[Node]) -> Option<String> {
        let mut line = String::new();
        let mut before: Option<&Node> = None;
        for node in nodes {
            if before.is_some_and(|before| self.spaced(before, node)) {
                line.push(' ');
            }
            match node {
                Node::Token(position) if self.tokens[*position].kind.is_comment() => return None,
                Node::Token(position) => line.push_str(self.tokens[*position].text(self.source)),
                Node::Group(group) => line.push_str(group.flat.as_ref()?),
            }
            before = Some(node);
        }
        Some(line)
    }

    fn flat_group(&self, group: &Group) -> Option<String> {
        let (open, close) =
            (self.tokens[group.open].text(self.source), self.tokens[group.close].text(self.source));
        if group.content.is_empty() {
            return Some(format!("{open}{close}"));
        }
        let several_lines =
            || self.tokens[group.open..group.close].iter().any(|token| token.kind == TokenKind::Newline);
        let is_block = matches!(group.kind, GroupKind::Entries | GroupKind::Rules);
        if is_block && several_lines() {
            return None;
        }
        let mut elements = Vec::new();
        for (start, end) in self.elements(group) {
            elements.push(self.flat(group.content.get(start..end).unwrap_or_default())?);
        }
        if group.kind == GroupKind::Rules && elements.len() > 1 {
            return None;
        }
        let inner = elements.join(", ");
        Some(if is_block { format!("{open} {inner} {close}") } else { format!("{open}{inner}{close}") })
    }

    /// Where the elements of a group begin and end among its nodes, without the commas between them.
    fn elements(&self, group: &Group) -> Vec<(usize, usize)> {
        let mut elements = Vec::new();
        let mut start = 0;
        for index in 0..group.content.len() {
            let separates =
                group.kind != GroupKind::Parentheses && self.is(&group.content, index, TokenKind::Comma);
            if separates || self.begins_element(group, index) {
                elements.push((start, index));
                start = index + usize::from(separates);
            }
        }
        elements.push((start, group.content.len()));
        elements.retain(|(start, end)| start < end);
        elements
    }

    fn begins_element(&self, group: &Group, index: usize) -> bool {
        if !self.is(&group.content, index, TokenKind::Word) {
            return false;
        }
        let kind = |node: &Node| match node {
            Node::Token(position) => Some(self.tokens[*position].kind),
            Node::Group(_) => None,
        };
        let (before, after) = (group.content.iter().take(index), group.content.iter().skip(index + 1));
        match group.kind {
            GroupKind::Entries => {
                after.into_iter().find(|node| !self.is_comment(node)).and_then(kind) == Some(TokenKind::Equal)
            }
            GroupKind::Rules => {
                let follows_dot =
                    before.rev().find(|node| !self.is_comment(node)).and_then(kind) == Some(TokenKind::Dot);
                ["allow", "deny"].iter().any(|word| self.is_word(&group.content[index], word)) && !follows_dot
            }
            _ => false,
        }
    }

    /// The elements and comments of a group in order. A comment in the middle of an element stays in it.
    pub fn pieces<'group>(&self, group: &'group Group) -> Vec<Piece<'group>> {
        let mut pieces = Vec::new();
        for (start, end) in self.elements(group) {
            let nodes = group.content.get(start..end).unwrap_or_default();
            let first = nodes.iter().position(|node| !self.is_comment(node)).unwrap_or(nodes.len());
            let last = nodes.iter().rposition(|node| !self.is_comment(node)).map_or(first, |last| last + 1);
            pieces.extend(self.comments_of(&nodes[..first]));
            if first < last {
                pieces.push(Piece::Element(&nodes[first..last]));
            }
            pieces.extend(self.comments_of(&nodes[last..]));
        }
        pieces
    }

    fn comments_of<'group>(&self, nodes: &'group [Node]) -> impl Iterator<Item = Piece<'group>> {
        nodes.iter().filter_map(|node| match node {
            Node::Token(position) => Some(Piece::Comment(*position)),
            Node::Group(_) => None,
        })
    }

    /// How many columns follow before a group may go on in another line, or the line ends.
    pub fn width_to_next_break(&self, nodes: &[Node], suffix: usize) -> usize {
        let mut width = 0;
        let mut before: Option<&Node> = None;
        for node in nodes {
            width += usize::from(before.is_none_or(|before| self.spaced(before, node)));
            match node {
                Node::Token(position) if self.tokens[*position].kind.is_comment() => return width,
                Node::Token(position) => width += self.tokens[*position].text(self.source).chars().count(),
                Node::Group(_) => return width + 1,
            }
            before = Some(node);
        }
        width + suffix
    }

    /// Whether a blank stands between two neighbours on a line.
    pub fn spaced(&self, before: &Node, after: &Node) -> bool {
        let tight = |kind| matches!(kind, TokenKind::Dot | TokenKind::Slash | TokenKind::Minus);
        let kind_of = |node: &Node| match node {
            Node::Token(position) => self.tokens[*position].kind,
            Node::Group(group) => self.tokens[group.open].kind,
        };
        let (before, after) = (kind_of(before), kind_of(after));
        !tight(before) && !tight(after) && !matches!(after, TokenKind::Comma | TokenKind::Colon)
    }

    pub fn first_token(&self, nodes: &[Node]) -> usize {
        match nodes.first() {
            Some(Node::Token(position)) => *position,
            Some(Node::Group(group)) => group.open,
            None => 0,
        }
    }

    fn is(&self, nodes: &[Node], index: usize, kind: TokenKind) -> bool {
        matches!(nodes.get(index), Some(Node::Token(position)) if self.tokens[*position].kind == kind)
    }

    fn is_word(&self, node: &Node, word: &str) -> bool {
        matches!(node, Node::Token(position) if self.tokens[*position].is_word(self.source, word))
    }

    fn is_comment(&self, node: &Node) -> bool {
        matches!(node, Node::Token(position) if self.tokens[*position].kind.is_comment())
    }
}
