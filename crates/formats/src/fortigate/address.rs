//! Address objects and groups, and what they stand for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use diagnostics::TextRange;
use space::{Side, Symbol, SymbolKind};

use super::address_object::{KNOWN, Reader};
use super::interface::Interfaces;
use super::lexer::Word;
use super::parts::{Family, Part, Parts, joined, kept_elsewhere, without};
use super::sections::Kind;
use super::tree::{Document, Node, strange};
use super::values::is_placeholder;
use super::{Findings, shown};

/// What policies of one virtual domain name as source and destination, of one family.
pub(super) struct Objects<'d, 't> {
    document: &'d Document<'t>,
    pub family: Family,
    pub list: Vec<Object<'d, 't>>,
    by_name: HashMap<&'d str, usize>,
    /// What each object stands for as a source, and as a destination, once it was asked for.
    sources: Vec<State>,
    destinations: Vec<State>,
}

pub(super) struct Object<'d, 't> {
    pub node: &'d Node<'t>,
    pub kind: Sort,
    pub uses: u32,
    /// Why what it stands for is not known whole.
    pub unknown: Option<&'static str>,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Address,
    Group,
    Vip,
    VipGroup,
    Resource,
}

impl Sort {
    pub fn noun(self) -> &'static str {
        match self {
            Sort::Address => "address",
            Sort::Group => "address group",
            Sort::Vip => "virtual IP",
            Sort::VipGroup => "virtual IP group",
            Sort::Resource => "external resource",
        }
    }
}

#[derive(Clone)]
enum State {
    New,
    /// It is being resolved: whoever meets it again goes in a circle.
    Open,
    Done(Parts),
}

/// What a name in a policy stands for.
pub(super) enum Named {
    Parts(Parts),
    /// Virtual IPs, by their index.
    Vips(Vec<usize>),
}

impl<'d, 't> Objects<'d, 't> {
    pub fn of(document: &'d Document<'t>, scope: usize, family: Family) -> Self {
        let kinds = match family {
            Family::V4 => [Kind::Address, Kind::AddressGroup, Kind::Vip, Kind::VipGroup],
            Family::V6 => [Kind::Address6, Kind::AddressGroup6, Kind::Vip6, Kind::VipGroup6],
        };
        let sorts = [Sort::Address, Sort::Group, Sort::Vip, Sort::VipGroup];
        let mut list = Vec::new();
        let mut by_name = HashMap::new();
        let mut add = |node: &'d Node<'t>, kind| {
            by_name.entry(&*node.name).or_insert(list.len());
            list.push(Object { node, kind, uses: 0, unknown: None });
        };
        for (kind, sort) in kinds.into_iter().zip(sorts) {
            document.entries(scope, kind).for_each(|node| add(node, sort));
        }
        // Lists of addresses that are fetched are named like addresses, in all virtual domains.
        for holder in if scope == 0 { vec![0] } else { vec![0, scope] } {
            document.entries(holder, Kind::ExternalResource).for_each(|node| add(node, Sort::Resource));
        }
        let states = vec![State::New; list.len()];
        Objects { document, family, list, by_name, sources: states.clone(), destinations: states }
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// What `word` stands for in a policy; notes its use.
    pub fn named(
        &mut self,
        side: Side,
        word: &Word<'_>,
        interfaces: &Interfaces<'_>,
        findings: &mut Findings,
    ) -> Named {
        let Some(at) = self.find(&word.text) else {
            return Named::Parts(self.predefined(side, &word.text, word.place, findings));
        };
        if let Some(object) = self.list.get_mut(at) {
            object.uses = object.uses.saturating_add(1);
        }
        match self.list.get(at).map(|object| object.kind) {
            Some(Sort::Vip) => Named::Vips(vec![at]),
            Some(Sort::VipGroup) => Named::Vips(self.vips_of(at, findings)),
            _ => Named::Parts(self.resolve(at, side, interfaces, findings)),
        }
    }

    /// The virtual IPs in a group.
    fn vips_of(&mut self, group: usize, findings: &mut Findings) -> Vec<usize> {
        let Some(object) = self.list.get(group) else { return Vec::new() };
        let members = self.document.list(object.node, "member").0;
        let mut vips = Vec::new();
        for word in members {
            match self.find(&word.text).filter(|&at| self.list.get(at).is_some_and(|it| it.kind == Sort::Vip))
            {
                Some(at) => vips.push(at),
                None => findings.undefined("virtual IP", &word.text, word.place),
            }
        }
        vips
    }

    /// The addresses that FortiOS has by itself, and what is nowhere defined.
    fn predefined(&self, side: Side, name: &str, place: TextRange, findings: &mut Findings) -> Parts {
        let known = match (name, self.family) {
            ("all", family) => Some(family.all()),
            // `none` is the address 0.0.0.0, or ::, which no host has.
            ("none", Family::V4) => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into()),
            ("none", Family::V6) => Some(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED).into()),
            _ => None,
        };
        if let Some(known) = known {
            return Rc::from([Part::known(known)]);
        }
        let kind = if is_placeholder(name) { SymbolKind::Placeholder } else { SymbolKind::Undefined };
        if kind == SymbolKind::Undefined {
            findings.undefined("address", name, place);
        }
        Rc::from([Part::unknown(self.family, Symbol::new(side, kind, name))])
    }

    /// What the object at `root` stands for. Groups of groups are walked with a stack of our own: they may be deep.
    pub fn resolve(
        &mut self,
        root: usize,
        side: Side,
        interfaces: &Interfaces<'_>,
        findings: &mut Findings,
    ) -> Parts {
        let mut stack = vec![root];
        while let Some(&top) = stack.last() {
            match self.state(top, side) {
                State::Done(_) => {
                    stack.pop();
                }
                State::New => {
                    self.set(top, side, State::Open);
                    for member in self.members(top) {
                        if matches!(self.state(member, side), State::New) {
                            stack.push(member);
                        }
                    }
                }
                State::Open => {
                    stack.pop();
                    let parts = self.compute(top, side, interfaces, findings);
                    self.set(top, side, State::Done(parts));
                }
            }
        }
        match self.state(root, side) {
            State::Done(parts) => parts,
            _ => Rc::from([]),
        }
    }

    fn state(&self, at: usize, side: Side) -> State {
        let all = if side == Side::Source { &self.sources } else { &self.destinations };
        all.get(at).cloned().unwrap_or(State::Done(Rc::from([])))
    }

    fn set(&mut self, at: usize, side: Side, state: State) {
        let all = if side == Side::Source { &mut self.sources } else { &mut self.destinations };
        if let Some(slot) = all.get_mut(at) {
            *slot = state;
        }
    }

    fn members(&self, at: usize) -> Vec<usize> {
        let Some(object) = self.list.get(at).filter(|object| object.kind == Sort::Group) else {
            return Vec::new();
        };
        let lists = ["member", "exclude-member"].map(|key| self.document.list(object.node, key).0);
        lists.into_iter().flatten().filter_map(|word| self.find(&word.text)).collect()
    }

    fn compute(
        &mut self,
        at: usize,
        side: Side,
        interfaces: &Interfaces<'_>,
        findings: &mut Findings,
    ) -> Parts {
        let Some(object) = self.list.get(at) else { return Rc::from([]) };
        let (node, kind) = (object.node, object.kind);
        if let Some(why) = strange(node, KNOWN).filter(|_| matches!(kind, Sort::Address | Sort::Group)) {
            if let Some(object) = self.list.get_mut(at) {
                object.unknown = Some(why);
            }
            let symbol = kept_elsewhere(side, &format!("{} {}", kind.noun(), node.name));
            return Rc::from([Part::unknown(self.family, symbol)]);
        }
        match kind {
            Sort::Address => {
                let reader = Reader { document: self.document, family: self.family, side, interfaces };
                let (part, unknown) = reader.address(node, findings);
                if let Some(object) = self.list.get_mut(at) {
                    object.unknown = unknown;
                }
                part.into()
            }
            Sort::Group => self.group(at, node, side, findings),
            Sort::Resource | Sort::Vip | Sort::VipGroup => {
                let name = format!("{} {}", kind.noun(), node.name);
                Rc::from([Part::unknown(self.family, kept_elsewhere(side, &name))])
            }
        }
    }

    fn group(&mut self, at: usize, node: &'d Node<'t>, side: Side, findings: &mut Findings) -> Parts {
        let mut whole: Vec<Parts> = Vec::new();
        let mut cut: Vec<Parts> = Vec::new();
        let mut unknown = None;
        // What is excluded counts only while exclusion is enabled (FortiOS CLI Reference, config firewall addrgrp).
        let excludes = self.document.is_enabled(node, "exclude");
        for (key, parts) in [("member", &mut whole), ("exclude-member", &mut cut)] {
            if key == "exclude-member" && !excludes {
                continue;
            }
            for word in self.document.list(node, key).0 {
                let Some(member) = self.find(&word.text) else {
                    parts.push(self.predefined(side, &word.text, word.place, findings));
                    continue;
                };
                match self.state(member, side) {
                    State::Done(known) => parts.push(known),
                    _ => {
                        findings.problem(
                            word.place,
                            format!("the group `{}` is a member of itself", shown(&node.name)),
                            "take one of the groups out of the other",
                        );
                        let symbol =
                            Symbol::new(side, SymbolKind::Undefined, &format!("group {}", word.text));
                        parts.push(Rc::from([Part::unknown(self.family, symbol)]));
                    }
                }
                unknown = unknown.or(self.list.get(member).and_then(|member| member.unknown));
            }
        }
        let flat = |parts: &[Parts]| joined(parts.iter().flat_map(|parts| parts.iter()));
        let mut result = flat(&whole);
        if excludes && let Some(members) = result {
            result = flat(&cut).and_then(|cut| without(&members, &cut));
        }
        if result.is_none() {
            unknown = Some("it has more members of which something is not known than can be followed");
        }
        if let Some(object) = self.list.get_mut(at) {
            object.unknown = unknown;
        }
        match result {
            Some(parts) => parts.into(),
            None => {
                let symbol = kept_elsewhere(side, &format!("address group {}", node.name));
                Rc::from([Part::unknown(self.family, symbol)])
            }
        }
    }
}
