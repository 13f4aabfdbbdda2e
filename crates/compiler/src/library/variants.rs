//! What an expression of a module stands for, once for each way in which the parameters can decide.

use std::collections::BTreeMap;

use syntax::ast::{self, Expression, ExpressionKind, PortKind, Protocol};

use super::conditions::When;
use super::context::{Contexts, Guarded};
use super::{LibraryDestination, LibraryService, address, expression_words, word, words};

/// Definitions inside each other; one that is deeper than this leads back to itself.
const DEEPEST: usize = 32;
/// The most variants of one expression. The library has a handful; what has more is no document's row.
const MOST: usize = 4096;

/// Unfolds the expressions of a module.
pub(super) struct Variants<'c, 'a> {
    contexts: &'c Contexts<'a>,
}

/// What was decided on the way to a variant, and what the definitions on that way say of themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub when: When,
    pub rows: Vec<String>,
    pub notes: Vec<String>,
    pub deprecated: Option<String>,
    pub storage_names: Vec<String>,
    /// Which definition of a name was taken: all uses in a variant mean the same one.
    taken: BTreeMap<(usize, String), usize>,
}

impl State {
    /// The same under more conditions; `None` where they cannot hold together.
    pub fn under(
        mut self,
        conditions: &[&ast::Comparison],
        context: usize,
        contexts: &Contexts<'_>,
    ) -> Option<Self> {
        for comparison in conditions {
            self.when = self.when.with(comparison, context, contexts)?;
        }
        Some(self)
    }

    fn describe(&mut self, entries: &[ast::Entry]) {
        let add = |mine: &mut Vec<String>, key: &str| {
            for word in words(entries, key) {
                if !mine.contains(&word) {
                    mine.push(word);
                }
            }
        };
        add(&mut self.rows, "row");
        add(&mut self.notes, "note");
        add(&mut self.storage_names, "storage_names");
        self.deprecated = self.deprecated.take().or_else(|| word(entries, "deprecated"));
    }
}

/// The services of a row.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceList {
    pub parts: Vec<LibraryService>,
    /// Whether one of them is enough.
    pub any_of: bool,
    /// The last parameter that gives a port.
    pub default_of: Option<String>,
}

impl ServiceList {
    /// Every protocol.
    pub fn any() -> Self {
        let any = LibraryService { protocol: protocol(Protocol::Any), ports: Vec::new(), source_ports: None };
        ServiceList { parts: vec![any], ..ServiceList::default() }
    }
}

impl<'c, 'a> Variants<'c, 'a> {
    pub fn new(contexts: &'c Contexts<'a>) -> Self {
        Variants { contexts }
    }

    /// The destinations of which one is enough (mostly there is one), for each variant.
    pub fn destinations(
        &self,
        expression: &Expression,
        context: usize,
        state: State,
        depth: usize,
    ) -> Vec<(Vec<LibraryDestination>, State)> {
        let one = |destination: LibraryDestination, state| vec![(vec![destination], state)];
        if depth > DEEPEST {
            return one(LibraryDestination::default(), state);
        }
        match &expression.kind {
            ExpressionKind::Text(host) => {
                one(LibraryDestination { hosts: vec![host.clone()], addresses: Vec::new() }, state)
            }
            ExpressionKind::Address(literal) => {
                one(LibraryDestination { hosts: Vec::new(), addresses: vec![address(literal)] }, state)
            }
            ExpressionKind::List(elements) => {
                let start = one(LibraryDestination::default(), state);
                elements.iter().fold(start, |before, element| {
                    each(before, |mine, state| {
                        let theirs = self.destinations(element, context, state, depth + 1);
                        theirs.into_iter().map(|(theirs, state)| (both(&mine, &theirs), state)).collect()
                    })
                })
            }
            ExpressionKind::Either(elements) => {
                elements.iter().fold(vec![(Vec::new(), state)], |before, element| {
                    each(before, |mine, state| {
                        let theirs = self.destinations(element, context, state, depth + 1);
                        theirs
                            .into_iter()
                            .map(|(theirs, state)| ([&mine[..], &theirs].concat(), state))
                            .collect()
                    })
                })
            }
            ExpressionKind::Except(from, without) => {
                each(self.destinations(from, context, state, depth + 1), |mine, state| {
                    let cut = self.destinations(without, context, state, depth + 1);
                    cut.into_iter().map(|(cut, state)| (less(&mine, &cut), state)).collect()
                })
            }
            ExpressionKind::Path(path) => {
                let Some((inner, name, conditions)) = self.contexts.follow(path, context) else {
                    return one(LibraryDestination::default(), state);
                };
                let Some(state) = state.under(conditions, context, self.contexts) else { return Vec::new() };
                let roles = self.contexts.roles(name, inner);
                if !roles.is_empty() {
                    return self.definitions(roles, (inner, name), state, |role, mut state| {
                        state.describe(&role.entries);
                        self.destinations(&role.value, inner, state, depth + 1)
                    });
                }
                let value =
                    self.contexts.parameter(name, inner).and_then(|it| self.contexts.value(it, inner));
                match value {
                    Some((value, outer)) => self.destinations(value, outer, state, depth + 1),
                    None => one(LibraryDestination::default(), state),
                }
            }
            _ => one(LibraryDestination::default(), state),
        }
    }

    /// The services, for each variant.
    pub fn services(
        &self,
        expression: &Expression,
        context: usize,
        state: State,
        depth: usize,
    ) -> Vec<(ServiceList, State)> {
        if depth > DEEPEST {
            return vec![(ServiceList::default(), state)];
        }
        match &expression.kind {
            ExpressionKind::Any => vec![(ServiceList::any(), state)],
            ExpressionKind::Service(literal) => vec![(self.literal(literal, context), state)],
            ExpressionKind::List(elements)
            | ExpressionKind::Alternatives(elements)
            | ExpressionKind::Either(elements) => {
                let any_of = !matches!(expression.kind, ExpressionKind::List(_));
                let start = ServiceList { any_of, ..ServiceList::default() };
                elements.iter().fold(vec![(start, state)], |before, element| {
                    each(before, |mine, state| {
                        let theirs = self.services(element, context, state, depth + 1);
                        let joined = |theirs: ServiceList| ServiceList {
                            parts: [&mine.parts[..], &theirs.parts].concat(),
                            any_of: mine.any_of || theirs.any_of,
                            default_of: theirs.default_of.or_else(|| mine.default_of.clone()),
                        };
                        theirs.into_iter().map(|(theirs, state)| (joined(theirs), state)).collect()
                    })
                })
            }
            ExpressionKind::Path(path) => {
                let Some((inner, name, conditions)) = self.contexts.follow(path, context) else {
                    return vec![(ServiceList::default(), state)];
                };
                let Some(state) = state.under(conditions, context, self.contexts) else { return Vec::new() };
                let services = self.contexts.services(name, inner);
                self.definitions(services, (inner, name), state, |service, mut state| {
                    state.describe(&service.entries);
                    self.services(&service.value, inner, state, depth + 1)
                })
            }
            _ => vec![(ServiceList::default(), state)],
        }
    }

    /// Each definition of a name that the conditions so far allow; the one taken before, if there is one.
    fn definitions<T, V>(
        &self,
        definitions: Vec<Guarded<'a, T>>,
        (context, name): (usize, &str),
        state: State,
        unfold: impl Fn(&'a T, State) -> Vec<(V, State)>,
    ) -> Vec<(V, State)> {
        let key = (context, name.to_owned());
        let taken = state.taken.get(&key).copied();
        let mut out = Vec::new();
        for (index, (definition, conditions)) in definitions.into_iter().enumerate() {
            if taken.is_some_and(|taken| taken != index) {
                continue;
            }
            if let Some(mut state) = state.clone().under(&conditions, context, self.contexts) {
                state.taken.insert(key.clone(), index);
                out.extend(unfold(definition, state));
            }
            if out.len() >= MOST {
                break;
            }
        }
        out
    }

    /// Empty where the port is one that the document leaves open: a parameter that is `none` by default.
    fn literal(&self, literal: &ast::ServiceLiteral, context: usize) -> ServiceList {
        let mut default_of = None;
        let mut open = false;
        let mut written = |ports: &[ast::Port]| -> Vec<String> {
            let mut out = Vec::new();
            for port in ports {
                match &port.kind {
                    PortKind::Range { start, end } if start == end => out.push(start.to_string()),
                    PortKind::Range { start, end } => out.push(format!("{start}-{end}")),
                    PortKind::Name(path) => {
                        let name = path.to_string();
                        let defaults = self.ports(&name, context);
                        open |= defaults.iter().any(|default| default == "none");
                        out.extend(defaults);
                        default_of = Some(name);
                    }
                }
            }
            out
        };
        let ports = written(&literal.ports);
        let source_ports = written(&literal.source_ports);
        let service = LibraryService {
            protocol: protocol(literal.protocol),
            ports,
            source_ports: (!source_ports.is_empty()).then(|| source_ports.join(", ")),
        };
        ServiceList { parts: if open { Vec::new() } else { vec![service] }, any_of: false, default_of }
    }

    /// The ports that a parameter has when nobody gives it others; `<name>` where it has no default.
    fn ports(&self, name: &str, context: usize) -> Vec<String> {
        let value = self.contexts.parameter(name, context).and_then(|it| self.contexts.value(it, context));
        match value {
            Some((Expression { kind: ExpressionKind::Path(path), .. }, outer)) if outer < context => {
                self.ports(&path.to_string(), outer)
            }
            Some((value, _)) => expression_words(value),
            None => vec![format!("<{name}>")],
        }
    }
}

/// Carries every variant on.
fn each<T, U>(before: Vec<(T, State)>, step: impl Fn(T, State) -> Vec<(U, State)>) -> Vec<(U, State)> {
    let mut out = Vec::new();
    for (value, state) in before {
        out.extend(step(value, state));
        if out.len() >= MOST {
            break;
        }
    }
    out
}

/// All of one of `mine` and all of one of `theirs`.
fn both(mine: &[LibraryDestination], theirs: &[LibraryDestination]) -> Vec<LibraryDestination> {
    let pairs = mine.iter().flat_map(|a| theirs.iter().map(move |b| (a, b)));
    pairs
        .map(|(a, b)| LibraryDestination {
            hosts: [&a.hosts[..], &b.hosts].concat(),
            addresses: [&a.addresses[..], &b.addresses].concat(),
        })
        .take(MOST)
        .collect()
}

/// `mine` without what `cut` names in the same words.
fn less(mine: &[LibraryDestination], cut: &[LibraryDestination]) -> Vec<LibraryDestination> {
    let kept = |values: &[String], names: fn(&LibraryDestination) -> &Vec<String>| {
        values.iter().filter(|value| !cut.iter().any(|cut| names(cut).contains(value))).cloned().collect()
    };
    mine.iter()
        .map(|it| LibraryDestination {
            hosts: kept(&it.hosts, |cut| &cut.hosts),
            addresses: kept(&it.addresses, |cut| &cut.addresses),
        })
        .collect()
}

fn protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::Any => "any".to_owned(),
        Protocol::Tcp => "tcp".to_owned(),
        Protocol::Udp => "udp".to_owned(),
        Protocol::Sctp => "sctp".to_owned(),
        Protocol::Icmp => "icmp".to_owned(),
        Protocol::Icmpv6 => "icmpv6".to_owned(),
        Protocol::Number(number) => {
            space::protocol::name(number).map_or_else(|| number.to_string(), str::to_owned)
        }
    }
}
