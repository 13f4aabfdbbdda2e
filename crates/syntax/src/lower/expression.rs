use diagnostics::TextRange;

use super::{Lowering, Parts, address, date, end_of, literal};
use crate::ast::{Expression, ExpressionKind, Text};
use crate::error::{SyntaxError, quoted};
use crate::grammar::{Node, Rule};

/// Levels of an expression's tree. Fewer than a stack can bear, and more than brackets alone can make.
const DEEPEST_EXPRESSION: usize = 256;

impl Lowering {
    /// An `expression`; `None` after an error anywhere in it.
    pub(super) fn expression(&mut self, node: Node<'_>) -> Option<Expression> {
        self.joined(node, Rule::exception, Self::exception, ExpressionKind::Either)
    }

    fn alternatives(&mut self, node: Node<'_>) -> Option<Expression> {
        self.joined(node, Rule::primary, Self::primary, ExpressionKind::Alternatives)
    }

    /// One operand as it is, or several in an expression of their own.
    fn joined(
        &mut self,
        node: Node<'_>,
        operand: Rule,
        lower: fn(&mut Self, Node<'_>) -> Option<Expression>,
        join: fn(Vec<Expression>) -> ExpressionKind,
    ) -> Option<Expression> {
        let range = self.range(&node);
        let operands: Vec<Node<'_>> = node.into_inner().filter(|child| child.as_rule() == operand).collect();
        let several = operands.len() > 1;
        let mut expressions = self.all_of(operands, usize::from(several), range, lower)?;
        if several { Some(Expression { kind: join(expressions), range }) } else { expressions.pop() }
    }

    fn exception(&mut self, node: Node<'_>) -> Option<Expression> {
        let (start, range) = (node.as_span().start(), self.range(&node));
        let operands: Vec<Node<'_>> =
            node.into_inner().filter(|child| child.as_rule() == Rule::alternatives).collect();
        let ends: Vec<usize> = operands.iter().map(end_of).collect();
        let levels = operands.len().saturating_sub(1);
        let expressions = self.all_of(operands, levels, range, Self::alternatives)?;
        let mut operands = expressions.into_iter().zip(ends);
        let (mut whole, _) = operands.next()?;
        for (without, end) in operands {
            let kind = ExpressionKind::Except(Box::new(whole), Box::new(without));
            whole = Expression { kind, range: self.place(start, end) };
        }
        Some(whole)
    }

    /// Lowers each of `nodes`, `levels` further down, and all of them even after an error in one.
    fn all_of(
        &mut self,
        nodes: Vec<Node<'_>>,
        levels: usize,
        range: TextRange,
        lower: fn(&mut Self, Node<'_>) -> Option<Expression>,
    ) -> Option<Vec<Expression>> {
        if self.depth + levels > DEEPEST_EXPRESSION {
            self.errors.push(
                SyntaxError::new(range, "this expression is nested too deep", "too deep").with_help(
                    "list what is left out, `a except [b, c]`, or give parts of it a name with `role`",
                ),
            );
            return None;
        }
        self.depth += levels;
        let mut expressions = Vec::with_capacity(nodes.len());
        let mut complete = true;
        for node in nodes {
            match lower(self, node) {
                Some(expression) => expressions.push(expression),
                None => complete = false,
            }
        }
        self.depth -= levels;
        complete.then_some(expressions)
    }

    pub(super) fn primary(&mut self, node: Node<'_>) -> Option<Expression> {
        let node = Parts::of(node).next()?;
        let range = self.range(&node);
        let kind = match node.as_rule() {
            Rule::parenthesised => return self.expression(Parts::of(node).take(Rule::expression)?),
            Rule::list => {
                let elements =
                    node.into_inner().filter(|child| child.as_rule() == Rule::expression).collect();
                ExpressionKind::List(self.all_of(elements, 1, range, Self::expression)?)
            }
            Rule::text => ExpressionKind::Text(self.text(&node)?.value),
            Rule::literal => self.literal(Parts::of(node).next()?)?,
            Rule::any => ExpressionKind::Any,
            Rule::none => ExpressionKind::None,
            Rule::service_literal => ExpressionKind::Service(self.service(node)?),
            _ => ExpressionKind::Path(self.path(node)),
        };
        Some(Expression { kind, range })
    }

    fn literal(&mut self, node: Node<'_>) -> Option<ExpressionKind> {
        let text = node.as_str();
        let read = match node.as_rule() {
            Rule::date => date::date(text),
            Rule::address_range => address::range(text).map(ExpressionKind::Address),
            Rule::network => address::network(text).map(ExpressionKind::Address),
            Rule::address => address::host(text).map(ExpressionKind::Address),
            Rule::number => literal::number(text).map(ExpressionKind::Number),
            _ => Err(literal::misread(text)),
        };
        match read {
            Ok(kind) => Some(kind),
            Err(problem) => {
                self.errors.push(problem.at(self.range(&node)));
                None
            }
        }
    }

    pub(super) fn text(&mut self, node: &Node<'_>) -> Option<Text> {
        let range = self.range(node);
        let inner = node.as_str().get(1..node.as_str().len().saturating_sub(1)).unwrap_or_default();
        let mut value = String::with_capacity(inner.len());
        let mut characters = inner.char_indices();
        let mut complete = true;
        while let Some((offset, character)) = characters.next() {
            if character != '\\' {
                value.push(character);
                continue;
            }
            match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                other => {
                    let length = 1 + other.map_or(0, |(_, character)| character.len_utf8());
                    let escape = inner.get(offset..offset + length).unwrap_or("\\");
                    let start = range.start as usize + 1 + offset;
                    self.errors.push(
                        SyntaxError::new(
                            TextRange::new(start, start + length),
                            format!("{} means nothing in a text", quoted(escape)),
                            "unknown escape",
                        )
                        .with_help("write `\\\\` for a backslash; the others are `\\\"`, `\\n` and `\\t`"),
                    );
                    complete = false;
                }
            }
        }
        complete.then_some(Text { value, range })
    }
}
