//! From the grammar's nodes to the tree: literals are read and checked here, each error at its own place.

mod address;
mod date;
mod expression;
mod literal;
mod service;

pub(crate) use address::prefix_of_mask;
use diagnostics::TextRange;

use crate::ast::{
    Comparison, ComparisonOperator, Entry, EntryValue, Expectation, Firewall, Flow, FlowKind, Import,
    ItemKind, Module, Name, Parameter, ParameterType, ParameterTypeKind, Path, Role, ServiceDefinition, Text,
    Waiver,
};
use crate::ast::{Expression, TestRule};
use crate::error::SyntaxError;
use crate::grammar::{Node, Nodes, Rule};

/// Builds the tree of one statement.
pub(crate) struct Lowering {
    /// Their ranges count as all others do.
    pub errors: Vec<SyntaxError>,
    /// Where the text begins that the nodes are of, counted from the start of the item around it.
    origin: usize,
    /// Where that text ends: nothing is placed behind it.
    length: usize,
    /// How far down the expression being built is.
    depth: usize,
}

/// What one line of a test can be.
#[expect(clippy::large_enum_variant, reason = "each lives until it is put into its list")]
pub(crate) enum TestPart {
    Rules(Vec<TestRule>),
    Expectation(Expectation),
    Item(ItemKind),
}

impl Lowering {
    /// For a text of `length` bytes that begins `origin` bytes into its item.
    pub fn new(origin: usize, length: usize) -> Self {
        Lowering { errors: Vec::new(), origin, length, depth: 0 }
    }

    /// A `statement`; `None` after an error in it.
    pub fn statement(&mut self, nodes: Nodes<'_>) -> Option<ItemKind> {
        self.item(within(nodes)?)
    }

    /// A `test_statement`. Of the rules, those without an error.
    pub fn test_statement(&mut self, nodes: Nodes<'_>) -> Option<TestPart> {
        let node = within(nodes)?;
        match node.as_rule() {
            Rule::test_rules => {
                let rules = node.into_inner().filter(|child| child.as_rule() == Rule::test_rule);
                Some(TestPart::Rules(rules.filter_map(|child| self.test_rule(child)).collect()))
            }
            Rule::expectation => {
                let range = self.range(&node);
                let mut parts = Parts::of(node);
                let verdict = self.name(parts.take(Rule::verdict)?);
                Some(TestPart::Expectation(Expectation {
                    verdict,
                    target: self.path(parts.take(Rule::path)?),
                    range,
                }))
            }
            _ => self.item(node).map(TestPart::Item),
        }
    }

    /// A `when_head`: the comparisons, all of which must hold.
    pub fn when_head(&mut self, nodes: Nodes<'_>) -> Option<Vec<Comparison>> {
        let comparisons = nodes.flatten().filter(|node| node.as_rule() == Rule::comparison);
        comparisons.map(|node| self.comparison(node)).collect()
    }

    /// A `test_head`: the title.
    pub fn test_head(&mut self, nodes: Nodes<'_>) -> Option<Text> {
        let title = nodes.flatten().find(|node| node.as_rule() == Rule::text)?;
        self.text(&title)
    }

    fn item(&mut self, node: Node<'_>) -> Option<ItemKind> {
        let kind = node.as_rule();
        let range = self.range(&node);
        let mut parts = Parts::of(node);
        match kind {
            Rule::module => {
                let path = self.path(parts.take(Rule::module_path)?);
                Some(ItemKind::Module(Module { path, entries: self.block(parts) }))
            }
            Rule::parameter => self.parameter(parts).map(ItemKind::Parameter),
            Rule::import => {
                let path = self.path(parts.take(Rule::module_path)?);
                let alias = parts.take(Rule::name).map(|node| self.name(node));
                Some(ItemKind::Import(Import { path, alias, arguments: self.block(parts) }))
            }
            Rule::role => {
                let name = self.name(parts.take(Rule::name)?);
                let value = self.expression(parts.take(Rule::expression)?);
                let entries = self.block(parts);
                Some(ItemKind::Role(Role { name, value: value?, entries }))
            }
            Rule::service => {
                let name = self.name(parts.take(Rule::name)?);
                let value = self.expression(parts.take(Rule::expression)?);
                let entries = self.block(parts);
                Some(ItemKind::Service(ServiceDefinition { name, value: value?, entries }))
            }
            Rule::firewall => {
                let name = self.name(parts.take(Rule::name)?);
                Some(ItemKind::Firewall(Firewall { name, entries: self.block(parts) }))
            }
            Rule::waiver => {
                let check = self.name(parts.take(Rule::check_name)?);
                let firewall = parts.take(Rule::name).map(|node| self.name(node));
                let rule = match parts.take(Rule::text) {
                    Some(node) => Some(self.text(&node)?),
                    None => None,
                };
                Some(ItemKind::Waiver(Waiver { check, firewall, rule, entries: self.block(parts) }))
            }
            Rule::flow => self.flow(parts, range).map(ItemKind::Flow),
            _ => None,
        }
    }

    fn flow(&mut self, mut parts: Parts<'_>, whole: TextRange) -> Option<Flow> {
        let label = parts
            .take(Rule::label)
            .and_then(|node| Parts::of(node).take(Rule::name))
            .map(|node| self.name(node));
        let (kind, kind_range) = match parts.take(Rule::flow_kind) {
            None => (FlowKind::Required, None),
            Some(node) => {
                let range = self.range(&node);
                let never = node.into_inner().any(|word| word.as_rule() == Rule::kw_never);
                (if never { FlowKind::Never } else { FlowKind::Optional }, Some(range))
            }
        };
        let start = parts.peek().map_or(whole, |node| self.range(node));
        let (from, to, service, end) = self.flow_ends(&mut parts)?;
        let range = start.cover(end);
        let entries = self.block(parts);
        Some(Flow { label, kind, kind_range, from: from?, to: to?, service: service?, entries, range })
    }

    /// `EXPRESSION -> EXPRESSION EXPRESSION?`, each `None` after an error in it, and where the last of them ends.
    #[expect(
        clippy::type_complexity,
        reason = "three expressions that fail apart, so that each error is told"
    )]
    fn flow_ends(
        &mut self,
        parts: &mut Parts<'_>,
    ) -> Option<(Option<Expression>, Option<Expression>, Option<Option<Expression>>, TextRange)> {
        let from = self.expression(parts.take(Rule::expression)?);
        parts.take(Rule::arrow)?;
        let to = parts.take(Rule::expression)?;
        let mut end = self.range(&to);
        let to = self.expression(to);
        let service = match parts.take(Rule::expression) {
            Some(node) => {
                end = self.range(&node);
                self.expression(node).map(Some)
            }
            None => Some(None),
        };
        Some((from, to, service, end))
    }

    fn test_rule(&mut self, node: Node<'_>) -> Option<TestRule> {
        let range = self.range(&node);
        let mut parts = Parts::of(node);
        let allow = parts.take(Rule::kw_allow).is_some();
        parts.take(Rule::kw_deny);
        let (from, to, service, _) = self.flow_ends(&mut parts)?;
        Some(TestRule { allow, from: from?, to: to?, service: service?, range })
    }

    fn parameter(&mut self, mut parts: Parts<'_>) -> Option<Parameter> {
        let name = self.name(parts.take(Rule::name)?);
        let ty = self.parameter_type(Parts::of(parts.take(Rule::parameter_type)?).next()?);
        let default = match parts.take(Rule::expression) {
            Some(node) => self.expression(node).map(Some),
            None => Some(None),
        };
        let entries = self.block(parts);
        Some(Parameter { name, ty: ty?, default: default?, entries })
    }

    fn parameter_type(&mut self, node: Node<'_>) -> Option<ParameterType> {
        let range = self.range(&node);
        let kind = match node.as_rule() {
            Rule::one_of => {
                let choices: Vec<Name> = node
                    .into_inner()
                    .filter(|child| child.as_rule() == Rule::choice)
                    .map(|node| self.name(node))
                    .collect();
                if choices.is_empty() {
                    self.errors.push(
                        SyntaxError::new(
                            range,
                            "`one of` needs something to choose from",
                            "the list is empty",
                        )
                        .with_help("list what the parameter may be: `one of [worldwide, china]`"),
                    );
                    return None;
                }
                ParameterTypeKind::OneOf(choices)
            }
            Rule::list_of => {
                let element = node.into_inner().last()?;
                ParameterTypeKind::List(Box::new(self.parameter_type(element)?))
            }
            _ => match node.as_str() {
                "role" => ParameterTypeKind::Role,
                "label" => ParameterTypeKind::Label,
                "text" => ParameterTypeKind::Text,
                "port" => ParameterTypeKind::Port,
                _ => ParameterTypeKind::Boolean,
            },
        };
        Some(ParameterType { kind, range })
    }

    fn comparison(&mut self, node: Node<'_>) -> Option<Comparison> {
        let range = self.range(&node);
        let mut parts = Parts::of(node);
        let parameter = self.path(parts.take(Rule::path)?);
        let operator = match parts.take(Rule::comparator)?.into_inner().next()?.as_rule() {
            Rule::equal_equal => ComparisonOperator::Equal,
            Rule::not_equal => ComparisonOperator::NotEqual,
            _ => ComparisonOperator::In,
        };
        let value = self.primary(parts.take(Rule::primary)?)?;
        Some(Comparison { parameter, operator, value, range })
    }

    /// The entries of the block that comes next, if one does; those with an error are left out.
    fn block(&mut self, mut parts: Parts<'_>) -> Vec<Entry> {
        let Some(block) = parts.take(Rule::block) else { return Vec::new() };
        let entries = block.into_inner().filter(|child| child.as_rule() == Rule::entry);
        entries.filter_map(|entry| self.entry(entry)).collect()
    }

    fn entry(&mut self, node: Node<'_>) -> Option<Entry> {
        let range = self.range(&node);
        let mut parts = Parts::of(node);
        let key = self.name(parts.take(Rule::key)?);
        let first = self.expression(parts.take(Rule::expression)?);
        let value = match parts.take(Rule::arrow) {
            None => EntryValue::Expression(first?),
            Some(_) => {
                let to = self.expression(parts.take(Rule::expression)?);
                let service = match parts.take(Rule::entry_service) {
                    Some(node) => self.expression(Parts::of(node).take(Rule::expression)?).map(Some),
                    None => Some(None),
                };
                EntryValue::Flow { from: first?, to: to?, service: service? }
            }
        };
        Some(Entry { key, value, range })
    }

    fn name(&self, node: Node<'_>) -> Name {
        Name { text: node.as_str().to_owned(), range: self.range(&node) }
    }

    fn path(&self, node: Node<'_>) -> Path {
        let range = self.range(&node);
        Path { segments: node.into_inner().map(|node| self.name(node)).collect(), range }
    }

    /// From the first to the last character of a node. Its span may include blanks and comments after it.
    fn range(&self, node: &Node<'_>) -> TextRange {
        self.place(node.as_span().start(), end_of(node))
    }

    fn place(&self, start: usize, end: usize) -> TextRange {
        TextRange::new(self.origin + start.min(self.length), self.origin + end.min(self.length))
    }
}

/// The children of a node, taken in order.
struct Parts<'text> {
    nodes: std::iter::Peekable<Nodes<'text>>,
}

impl<'text> Parts<'text> {
    fn of(node: Node<'text>) -> Self {
        Parts { nodes: node.into_inner().peekable() }
    }

    fn peek(&mut self) -> Option<&Node<'text>> {
        self.nodes.peek()
    }

    fn next(&mut self) -> Option<Node<'text>> {
        self.nodes.next()
    }

    /// The next node if it is of `kind`, past words that carry nothing.
    fn take(&mut self, kind: Rule) -> Option<Node<'text>> {
        while let Some(node) = self.nodes.peek() {
            if node.as_rule() == kind {
                return self.nodes.next();
            }
            if !carries_nothing(node.as_rule()) {
                return None;
            }
            self.nodes.next();
        }
        None
    }
}

fn carries_nothing(kind: Rule) -> bool {
    matches!(
        kind,
        Rule::kw_module
            | Rule::kw_parameter
            | Rule::kw_import
            | Rule::kw_role
            | Rule::kw_service
            | Rule::kw_firewall
            | Rule::kw_waive
            | Rule::kw_expect
            | Rule::kw_rules
            | Rule::equal
            | Rule::colon
            | Rule::kw_as
            | Rule::kw_at
            | Rule::kw_rule
    )
}

/// The one node inside the node that a whole parse gives.
fn within(mut nodes: Nodes<'_>) -> Option<Node<'_>> {
    nodes.next()?.into_inner().next()
}

fn end_of(node: &Node<'_>) -> usize {
    let mut last = node.clone();
    while let Some(child) = last.clone().into_inner().next_back() {
        if child.as_rule() == Rule::EOI {
            break;
        }
        last = child;
    }
    last.as_span().end()
}
