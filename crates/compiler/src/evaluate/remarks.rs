use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagnostics::TextRange;
use syntax::ast::{self, EntryValue, Expression, ExpressionKind, ItemKind, ParameterTypeKind};

use super::entry;
use super::module::{Argument, Instance, ModuleText, words};
use crate::StatementId;

/// Something a reader of an imported module should know that is no flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub kind: RemarkKind,
    /// What it is about: a flow, a role or a parameter of the module.
    pub subject: Arc<str>,
    pub text: Arc<str>,
    /// Where the module says it.
    pub statement: StatementId,
    pub range: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemarkKind {
    /// A note on the document: a name that looks mistyped, an entry that it repeats.
    Note,
    /// Something that the document only links to, or leaves open.
    Incomplete,
    /// A label that has no value, so that a wildcard stands for it.
    Unset,
    /// A role that is `none`, so that flows of the document are not asked for.
    Unbound,
}

/// One import, as far as it is evaluated.
pub(super) struct Imported<'a> {
    pub module: &'a ModuleText,
    pub import: &'a ast::Import,
    pub arguments: &'a BTreeMap<String, Argument>,
    /// The labels for which a wildcard stands in flows that are asked for.
    pub unset: BTreeSet<String>,
}

/// Collects the remarks of a module for the arguments of one import.
pub(super) fn remark(
    imported: &Imported<'_>,
    active: &[(&ast::Item, &StatementId, u32)],
    instance: &mut Instance,
) {
    let Imported { module, import, arguments, unset } = imported;
    let definitions = Definitions::of(active);
    let reached = definitions.reached(active, instance);
    let mut out = Vec::new();
    for (item, id, offset) in active {
        let place = |range: TextRange| range.shifted_by(*offset);
        match &item.kind {
            ItemKind::Module(header) => {
                for text in listed(&header.entries, "incomplete") {
                    let subject = module.path.as_str().into();
                    let (statement, range) = ((*id).clone(), place(header.path.range));
                    out.push(Remark { kind: RemarkKind::Incomplete, subject, text, statement, range });
                }
            }
            ItemKind::Role(role) => {
                let used = reached.contains(role.name.text.as_str());
                for text in listed(&role.entries, "note").into_iter().filter(|_| used) {
                    let subject = role.name.text.as_str().into();
                    let (statement, range) = ((*id).clone(), place(role.name.range));
                    out.push(Remark { kind: RemarkKind::Note, subject, text, statement, range });
                }
            }
            ItemKind::Service(service) => {
                let used = reached.contains(service.name.text.as_str());
                for text in listed(&service.entries, "note").into_iter().filter(|_| used) {
                    let subject = service.name.text.as_str().into();
                    let (statement, range) = ((*id).clone(), place(service.name.range));
                    out.push(Remark { kind: RemarkKind::Note, subject, text, statement, range });
                }
            }
            ItemKind::Flow(flow) => {
                let label = flow.label.as_ref().map_or("", |label| label.text.as_str());
                let asked = instance.flows.iter().any(|it| *it.id == *label && !it.alternatives.is_empty());
                for text in listed(&flow.entries, "note").into_iter().filter(|_| asked) {
                    let (statement, range) = ((*id).clone(), place(flow.range));
                    out.push(Remark {
                        kind: RemarkKind::Note,
                        subject: label.into(),
                        text,
                        statement,
                        range,
                    });
                }
            }
            ItemKind::Parameter(parameter)
                if arguments.get(&parameter.name.text) == Some(&Argument::None) =>
            {
                let name = &parameter.name.text;
                let (statement, range) = ((*id).clone(), place(parameter.name.range));
                let remark = |kind, text: String| Remark {
                    kind,
                    subject: name.as_str().into(),
                    text: text.into(),
                    statement: statement.clone(),
                    range,
                };
                match parameter.ty.kind {
                    ParameterTypeKind::Label if unset.contains(name) => {
                        out.push(remark(RemarkKind::Unset, String::new()));
                    }
                    // Whoever writes `none` knows.
                    ParameterTypeKind::Role if !import.arguments.iter().any(|it| it.key.text == *name) => {
                        let lost: Vec<&str> =
                            active.iter().filter_map(|(item, ..)| definitions.needs(item, name)).collect();
                        if !lost.is_empty() {
                            out.push(remark(RemarkKind::Unbound, lost.join(", ")));
                        }
                    }
                    // A document that gives no port leaves it to the reader, and the flow is not asked for until then.
                    ParameterTypeKind::Port if !import.arguments.iter().any(|it| it.key.text == *name) => {
                        let lost: Vec<&str> =
                            active.iter().filter_map(|(item, ..)| goes_to_port(item, name)).collect();
                        if !lost.is_empty() {
                            let text = format!(
                                "the port of `{}`: not asked for until `{name}` is given",
                                lost.join("`, `")
                            );
                            out.push(remark(RemarkKind::Incomplete, text));
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    instance.remarks.extend(out);
}

/// What the names of a module stand for, of the items that count.
struct Definitions<'i> {
    roles: BTreeMap<&'i str, &'i Expression>,
    services: BTreeMap<&'i str, &'i Expression>,
}

impl<'i> Definitions<'i> {
    fn of(active: &[(&'i ast::Item, &StatementId, u32)]) -> Self {
        let mut out = Definitions { roles: BTreeMap::new(), services: BTreeMap::new() };
        for (item, ..) in active {
            match &item.kind {
                ItemKind::Role(role) => drop(out.roles.insert(&role.name.text, &role.value)),
                ItemKind::Service(service) => drop(out.services.insert(&service.name.text, &service.value)),
                _ => {}
            }
        }
        out
    }

    /// The roles and services to which the flows that are asked for lead, through one another.
    fn reached(
        &self,
        active: &[(&'i ast::Item, &StatementId, u32)],
        instance: &Instance,
    ) -> BTreeSet<&'i str> {
        let asked: BTreeSet<&str> = instance
            .flows
            .iter()
            .filter(|flow| !flow.alternatives.is_empty())
            .map(|flow| &*flow.id)
            .collect();
        let mut left: Vec<&Expression> = Vec::new();
        for (item, ..) in active {
            if let ItemKind::Flow(flow) = &item.kind
                && flow.label.as_ref().is_some_and(|label| asked.contains(label.text.as_str()))
            {
                left.extend([&flow.from, &flow.to].into_iter().chain(&flow.service));
            }
        }
        let mut reached = BTreeSet::new();
        while let Some(expression) = left.pop() {
            match &expression.kind {
                ExpressionKind::Path(path) => {
                    let name = path.to_string();
                    for definitions in [&self.roles, &self.services] {
                        if let Some((name, value)) = definitions.get_key_value(name.as_str())
                            && reached.insert(*name)
                        {
                            left.push(value);
                        }
                    }
                }
                ExpressionKind::List(elements)
                | ExpressionKind::Alternatives(elements)
                | ExpressionKind::Either(elements) => left.extend(elements),
                ExpressionKind::Except(from, without) => left.extend([&**from, &**without]),
                _ => {}
            }
        }
        reached
    }

    /// The label of a flow that has this parameter at one of its ends, itself or under the name of a role.
    fn needs(&self, item: &'i ast::Item, parameter: &str) -> Option<&'i str> {
        let ItemKind::Flow(flow) = &item.kind else { return None };
        let is_it = |expression: &Expression| {
            let mut at = expression;
            // No chain of names is longer than there are names.
            for _ in 0..=self.roles.len() {
                let ExpressionKind::Path(path) = &at.kind else { return false };
                let name = path.to_string();
                match self.roles.get(name.as_str()) {
                    Some(value) => at = value,
                    None => return name == parameter,
                }
            }
            false
        };
        let label = flow.label.as_ref()?;
        (is_it(&flow.from) || is_it(&flow.to)).then_some(label.text.as_str())
    }
}

/// The label of a flow whose port is this parameter.
fn goes_to_port<'i>(item: &'i ast::Item, parameter: &str) -> Option<&'i str> {
    let ItemKind::Flow(flow) = &item.kind else { return None };
    let Some(ExpressionKind::Service(literal)) = flow.service.as_ref().map(|service| &service.kind) else {
        return None;
    };
    let is_it =
        |port: &ast::Port| matches!(&port.kind, ast::PortKind::Name(path) if path.to_string() == parameter);
    literal.ports.iter().any(is_it).then_some(flow.label.as_ref()?.text.as_str())
}

fn listed(entries: &[ast::Entry], key: &str) -> Vec<Arc<str>> {
    match entry(entries, key).map(|entry| &entry.value) {
        Some(EntryValue::Expression(expression)) => words(expression),
        _ => Vec::new(),
    }
}
