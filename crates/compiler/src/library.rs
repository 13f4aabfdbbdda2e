//! The library as its readers see it: pages of modules, and rows of documents.

mod conditions;
mod context;
mod variants;

use serde::Serialize;
use syntax::ast::{self, EntryValue, Expression, ExpressionKind, FlowKind, ItemKind};

use crate::evaluate::entry;
use crate::policy::library_index;
use crate::{Db, Project, statements};
use context::Contexts;
use variants::{State, Variants};

/// The modules that come with the program: a path to show, and the text.
pub const STANDARD_LIBRARY: &[(&str, &str)] = &[
    ("std/microsoft/intune.flow", include_str!("../../../stdlib/microsoft/intune.flow")),
    ("std/microsoft/microsoft_365.flow", include_str!("../../../stdlib/microsoft/microsoft_365.flow")),
    ("std/netwrix/auditor.flow", include_str!("../../../stdlib/netwrix/auditor.flow")),
    ("std/veeam/vb365.flow", include_str!("../../../stdlib/veeam/vb365.flow")),
];

/// One row of a document, as the library demands it: `flowright library --format json`.
///
/// A row whose hosts, ports or facts differ by parameter has a record for each of its variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LibraryRecord {
    /// The module whose text says it.
    pub module: String,
    pub label: Option<String>,
    pub document: Option<String>,
    pub version: Option<String>,
    /// The day of the document.
    pub date: Option<String>,
    /// By its id, or by its place: what stands in the columns that tell it from others, or the heading it is under.
    pub row: Option<String>,
    /// The role or addresses it comes from and goes to, as the module writes them.
    pub from: String,
    pub to: String,
    /// As the document writes them, without scheme, placeholders kept.
    pub hosts: Vec<String>,
    pub addresses: Vec<String>,
    /// Where one of several destinations is enough, each of them; otherwise empty.
    pub alternatives: Vec<LibraryDestination>,
    /// Empty for a row that demands no packets, or whose port the document leaves open.
    pub services: Vec<LibraryService>,
    /// Whether one of the services, or of the destinations, is enough.
    pub any_of: bool,
    pub optional: bool,
    /// When it is needed, in words.
    pub condition: Option<String>,
    /// The parameters' values under which it is demanded.
    pub when: serde_json::Map<String, serde_json::Value>,
    pub category: Option<String>,
    /// Demands that are no packets: `no_tls_inspection`.
    pub constraints: Vec<String>,
    /// The parameter that overrides the port.
    pub default_of: Option<String>,
    pub purpose: Option<String>,
    /// What is odd about the row: a name that looks mistyped, an entry that is repeated, something left open.
    pub note: Option<String>,
    /// The last day on which the hosts are there, by the document.
    pub deprecated: Option<String>,
    /// What the row only links to.
    pub incomplete: Vec<String>,
    /// Names of storage accounts that the document gives beside hosts; they are no host names.
    pub storage_names: Vec<String>,
    /// Whether the document says that the endpoints are reached over Azure ExpressRoute; `None` where it says nothing.
    pub express_route: Option<bool>,
}

/// One of several destinations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LibraryDestination {
    pub hosts: Vec<String>,
    pub addresses: Vec<String>,
}

/// A protocol with its ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LibraryService {
    pub protocol: String,
    pub ports: Vec<String>,
    pub source_ports: Option<String>,
}

/// A module, for its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModulePage {
    pub path: String,
    pub about: Option<String>,
    pub product: Option<String>,
    pub document: Option<String>,
    pub version: Option<String>,
    pub date: Option<String>,
    /// The document's address.
    pub source: Option<String>,
    /// What the document only links to, and the module therefore lacks.
    pub incomplete: Vec<String>,
    pub parameters: Vec<ParameterPage>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParameterPage {
    pub name: String,
    pub kind: String,
    /// As written; `None` where a value must be given.
    pub default: Option<String>,
    pub about: Option<String>,
}

/// The modules of the library, by path.
pub fn modules(db: &dyn Db, project: Project) -> Vec<ModulePage> {
    let mut out = Vec::new();
    for (path, file) in library_index(db, project) {
        let text = file.text(db);
        let mut page = ModulePage {
            path: path.clone(),
            about: None,
            product: None,
            document: None,
            version: None,
            date: None,
            source: None,
            incomplete: Vec::new(),
            parameters: Vec::new(),
        };
        for statement in statements(db, *file) {
            let item = statement.item(db);
            let written = |range: diagnostics::TextRange| {
                let range: std::ops::Range<usize> = range.shifted_by(statement.start(db)).into();
                text.get(range).unwrap_or_default().to_owned()
            };
            match &item.kind {
                ItemKind::Module(module) => {
                    page.about.clone_from(&item.doc);
                    page.product = word(&module.entries, "product");
                    page.document = word(&module.entries, "document");
                    page.version = word(&module.entries, "version");
                    page.date = word(&module.entries, "date");
                    page.source = word(&module.entries, "source");
                    page.incomplete = words(&module.entries, "incomplete");
                }
                ItemKind::Parameter(parameter) => page.parameters.push(ParameterPage {
                    name: parameter.name.text.clone(),
                    kind: written(parameter.ty.range),
                    default: parameter.default.as_ref().map(|default| written(default.range)),
                    about: item.doc.clone(),
                }),
                _ => {}
            }
        }
        out.push(page);
    }
    out
}

/// What the modules demand, row by row; of one module, if `only` names it.
///
/// A flow that a module has from a module it imports is a record of the latter.
pub fn library_records(db: &dyn Db, project: Project, only: Option<&str>) -> Vec<LibraryRecord> {
    let mut out = Vec::new();
    for path in library_index(db, project).keys() {
        if only.is_some_and(|only| only != path) {
            continue;
        }
        let contexts = Contexts::of(db, project, path);
        for (item, conditions) in contexts.items() {
            if let ItemKind::Flow(flow) = &item.kind {
                out.extend(records_of(path, flow, conditions, &contexts));
            }
        }
    }
    out
}

fn records_of(
    module: &str,
    flow: &ast::Flow,
    conditions: &[&ast::Comparison],
    contexts: &Contexts<'_>,
) -> Vec<LibraryRecord> {
    let header: &[ast::Entry] = contexts.header().map_or(&[], |header| &header.entries);
    let entries = &flow.entries;
    let variants = Variants::new(contexts);
    let Some(start) = State::default().under(conditions, Contexts::ROOT, contexts) else { return Vec::new() };
    let mut out = Vec::new();
    for (_, state) in variants.destinations(&flow.from, Contexts::ROOT, start, 0) {
        // The source is a role of the reader's: what matters of it is only under which conditions it is there.
        for (destinations, state) in variants.destinations(&flow.to, Contexts::ROOT, state, 0) {
            let services = match &flow.service {
                Some(service) => variants.services(service, Contexts::ROOT, state, 0),
                None => vec![(variants::ServiceList::any(), state)],
            };
            for (services, state) in services {
                let several = destinations.len() > 1;
                let notes: Vec<String> = word(entries, "note").into_iter().chain(state.notes).collect();
                let rows = if state.rows.is_empty() { words(entries, "row") } else { state.rows };
                out.push(LibraryRecord {
                    module: module.to_owned(),
                    label: flow.label.as_ref().map(|label| label.text.clone()),
                    document: word(entries, "document").or_else(|| word(header, "document")),
                    version: word(header, "version"),
                    date: word(header, "date"),
                    row: (!rows.is_empty()).then(|| rows.join("; ")),
                    from: spelled(&flow.from),
                    to: spelled(&flow.to),
                    hosts: destinations.iter().flat_map(|it| it.hosts.iter().cloned()).collect(),
                    addresses: destinations.iter().flat_map(|it| it.addresses.iter().cloned()).collect(),
                    alternatives: if several { destinations.clone() } else { Vec::new() },
                    any_of: several || services.any_of,
                    services: services.parts,
                    optional: flow.kind == FlowKind::Optional,
                    condition: word(entries, "condition"),
                    when: state.when.to_json(),
                    category: word(entries, "category"),
                    constraints: words(entries, "constraints"),
                    default_of: services.default_of,
                    purpose: word(entries, "purpose"),
                    note: (!notes.is_empty()).then(|| notes.join("; ")),
                    deprecated: word(entries, "deprecated").or(state.deprecated),
                    incomplete: words(entries, "incomplete"),
                    storage_names: state.storage_names,
                    express_route: word(entries, "express_route").map(|word| word == "true"),
                });
            }
        }
    }
    out
}

fn spelled(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Any => "any".to_owned(),
        ExpressionKind::Either(elements) => elements.iter().map(spelled).collect::<Vec<_>>().join(" or "),
        ExpressionKind::Except(from, without) => format!("{} except {}", spelled(from), spelled(without)),
        ExpressionKind::List(elements) => elements.iter().map(spelled).collect::<Vec<_>>().join(", "),
        _ => expression_words(expression).join(", "),
    }
}

fn word(entries: &[ast::Entry], key: &str) -> Option<String> {
    words(entries, key).into_iter().next()
}

fn words(entries: &[ast::Entry], key: &str) -> Vec<String> {
    match entry(entries, key).map(|entry| &entry.value) {
        Some(EntryValue::Expression(expression)) => expression_words(expression),
        _ => Vec::new(),
    }
}

fn expression_words(expression: &Expression) -> Vec<String> {
    match &expression.kind {
        ExpressionKind::Text(text) => vec![text.clone()],
        ExpressionKind::Number(number) => vec![number.to_string()],
        ExpressionKind::Path(path) => vec![path.to_string()],
        ExpressionKind::None => vec!["none".to_owned()],
        ExpressionKind::Date { year, month, day } => vec![format!("{year:04}-{month:02}-{day:02}")],
        ExpressionKind::Address(literal) => vec![address(literal)],
        ExpressionKind::List(elements) | ExpressionKind::Either(elements) => {
            elements.iter().flat_map(expression_words).collect()
        }
        _ => Vec::new(),
    }
}

fn address(literal: &ast::AddressLiteral) -> String {
    match literal {
        ast::AddressLiteral::Host(address) => address.to_string(),
        ast::AddressLiteral::Network(network) => network.to_string(),
        ast::AddressLiteral::Range(low, high) => format!("{low}-{high}"),
    }
}

#[cfg(test)]
mod tests;
