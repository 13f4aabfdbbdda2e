//! Services and their groups, and what they stand for.

use std::collections::HashMap;
use std::rc::Rc;

use diagnostics::TextRange;
use space::{Conditions, IntervalSet, Set, Side, Symbol, SymbolKind, protocol};

use super::lexer::Word;
use super::predefined::{self, Predefined};
use super::sections::Kind;
use super::service_custom::custom;
use super::service_parts::{ServicePart, ServiceParts, icmp_codes, merged, port_range};
use super::tree::{Document, Node, strange};
use super::values::is_placeholder;
use super::{Findings, shown};

/// The services of one virtual domain.
pub(super) struct Services<'d, 't> {
    document: &'d Document<'t>,
    pub list: Vec<Service<'d, 't>>,
    by_name: HashMap<&'d str, usize>,
    states: Vec<State>,
}

pub(super) struct Service<'d, 't> {
    pub node: &'d Node<'t>,
    pub is_group: bool,
    pub uses: u32,
    /// Why what it stands for is not known whole.
    pub unknown: Option<&'static str>,
}

#[derive(Clone)]
enum State {
    New,
    Open,
    Done(ServiceParts),
}

impl<'d, 't> Services<'d, 't> {
    pub fn of(document: &'d Document<'t>, scope: usize) -> Self {
        let mut list = Vec::new();
        let mut by_name = HashMap::new();
        for (kind, is_group) in [(Kind::Service, false), (Kind::ServiceGroup, true)] {
            for node in document.entries(scope, kind) {
                by_name.entry(&*node.name).or_insert(list.len());
                list.push(Service { node, is_group, uses: 0, unknown: None });
            }
        }
        let states = vec![State::New; list.len()];
        Services { document, list, by_name, states }
    }

    /// What `word` stands for in a policy; notes its use.
    pub fn named(&mut self, word: &Word<'_>, findings: &mut Findings) -> ServiceParts {
        let Some(&at) = self.by_name.get(&*word.text) else {
            return undefined(&word.text, word.place, findings);
        };
        if let Some(service) = self.list.get_mut(at) {
            service.uses = service.uses.saturating_add(1);
        }
        self.resolve(at, findings)
    }

    /// Notes one more use.
    pub fn refer(&mut self, name: &str) {
        if let Some(service) = self.by_name.get(name).and_then(|&at| self.list.get_mut(at)) {
            service.uses = service.uses.saturating_add(1);
        }
    }

    /// Groups of groups are walked with a stack of our own: they may be deep.
    pub fn resolve(&mut self, root: usize, findings: &mut Findings) -> ServiceParts {
        let mut stack = vec![root];
        while let Some(&top) = stack.last() {
            match self.states.get(top).cloned() {
                Some(State::New) => {
                    self.set(top, State::Open);
                    let members = self.members(top);
                    stack.extend(
                        members.into_iter().filter(|&it| matches!(self.states.get(it), Some(State::New))),
                    );
                }
                Some(State::Open) => {
                    stack.pop();
                    let parts = self.compute(top, findings);
                    self.set(top, State::Done(parts));
                }
                _ => {
                    stack.pop();
                }
            }
        }
        match self.states.get(root) {
            Some(State::Done(parts)) => parts.clone(),
            _ => Rc::from([]),
        }
    }

    fn set(&mut self, at: usize, state: State) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = state;
        }
    }

    fn members(&self, at: usize) -> Vec<usize> {
        let Some(service) = self.list.get(at).filter(|service| service.is_group) else { return Vec::new() };
        let words = self.document.list(service.node, "member").0;
        words.into_iter().filter_map(|word| self.by_name.get(&*word.text).copied()).collect()
    }

    fn compute(&mut self, at: usize, findings: &mut Findings) -> ServiceParts {
        let Some(service) = self.list.get(at) else { return Rc::from([]) };
        let node = service.node;
        let (parts, unknown) = if let Some(why) = strange(node, KNOWN) {
            (vec![ServicePart::unknown(&node.name)], Some(why))
        } else if service.is_group {
            self.group(node, findings)
        } else {
            custom(self.document, node, findings)
        };
        if let Some(service) = self.list.get_mut(at) {
            service.unknown = unknown;
        }
        parts.into()
    }

    fn group(&self, node: &Node<'_>, findings: &mut Findings) -> (Vec<ServicePart>, Option<&'static str>) {
        let mut members: Vec<ServiceParts> = Vec::new();
        let mut unknown = None;
        for word in self.document.list(node, "member").0 {
            let Some(&member) = self.by_name.get(&*word.text) else {
                members.push(undefined(&word.text, word.place, findings));
                continue;
            };
            match self.states.get(member) {
                Some(State::Done(parts)) => members.push(parts.clone()),
                _ => {
                    findings.problem(
                        word.place,
                        format!("the group `{}` is a member of itself", shown(&node.name)),
                        "take one of the groups out of the other",
                    );
                    members.push(Rc::from([ServicePart::unknown(&word.text)]));
                }
            }
            unknown = unknown.or(self.list.get(member).and_then(|member| member.unknown));
        }
        match merged(members.iter().flat_map(|parts| parts.iter())) {
            Some(parts) => (parts, unknown),
            None => {
                let why = "it has more members of which something is not known than can be followed";
                (vec![ServicePart::unknown(&node.name)], Some(why))
            }
        }
    }
}

/// The settings of services and their groups, those that decide nothing too.
const KNOWN: &[&str] = &[
    "uuid",
    "category",
    "comment",
    "color",
    "visibility",
    "protocol",
    "protocol-number",
    "icmptype",
    "icmpcode",
    "tcp-portrange",
    "udp-portrange",
    "sctp-portrange",
    "udplite-portrange",
    "iprange",
    "fqdn",
    "proxy",
    "explicit-proxy",
    "member",
    "helper",
    "tcp-halfclose-timer",
    "tcp-halfopen-timer",
    "tcp-timewait-timer",
    "tcp-rst-timer",
    "udp-idle-timer",
    "session-ttl",
    "check-reset-range",
    "fabric-object",
    "app-service-type",
    "app-category",
    "application",
];

/// A service that the file does not define: one that FortiOS comes with, or none.
fn undefined(name: &str, place: TextRange, findings: &mut Findings) -> ServiceParts {
    match predefined::find(name) {
        Some(Predefined::Ports { tcp, udp }) => {
            let parts =
                [(protocol::TCP, tcp), (protocol::UDP, udp)].into_iter().flat_map(|(number, text)| {
                    text.split_ascii_whitespace().filter_map(move |text| port_range(number, text))
                });
            let parts: Vec<ServicePart> = parts.collect();
            merged(&parts).unwrap_or(parts).into()
        }
        Some(Predefined::Protocol { number: 0, .. }) => Rc::from([ServicePart::any()]),
        Some(Predefined::Protocol { number, icmp_type }) => {
            Rc::from([ServicePart::ports(number, IntervalSet::any(), icmp_codes(icmp_type, None))])
        }
        Some(Predefined::Group(members)) => {
            let parts: Vec<ServiceParts> =
                members.iter().map(|member| undefined(member, place, findings)).collect();
            merged(parts.iter().flat_map(|parts| parts.iter())).unwrap_or_default().into()
        }
        None => {
            let kind = if is_placeholder(name) { SymbolKind::Placeholder } else { SymbolKind::Undefined };
            if kind == SymbolKind::Undefined {
                findings.undefined("service", name, place);
            }
            let symbol = Symbol::new(Side::Packet, kind, &format!("service {}", shown(name)));
            Rc::from([ServicePart { when: Conditions::holds(symbol), ..ServicePart::any() }])
        }
    }
}
