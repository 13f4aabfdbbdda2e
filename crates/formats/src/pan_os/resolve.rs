use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use space::{AddressSet, Conditions, Set, Side, Symbol, SymbolKind};

use super::applications::{Part, Standard};
use super::config::{Config, Definition, Kind};
use super::findings::Findings;
use super::tree::{NodeId, Tree};
use super::values::{self, Wrong, shown};

/// How deep groups may lie in each other; a firewall takes far fewer.
pub const DEEPEST: usize = 64;
/// How many ranges all address groups together may have, and how many applications and ports.
const MOST_RANGES: usize = 20_000_000;

/// Something whose extent the file does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    pub kind: SymbolKind,
    pub name: Rc<str>,
}

impl Atom {
    pub fn new(kind: SymbolKind, name: &str) -> Self {
        Atom { kind, name: name.into() }
    }

    pub fn symbol(&self, side: Side) -> Symbol {
        Symbol::new(side, self.kind, &self.name)
    }
}

/// What an address, group or list stands for.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    pub known: Option<AddressSet>,
    pub unknown: Vec<Atom>,
}

#[derive(Clone, Debug, Default)]
pub struct Services {
    pub parts: Vec<Part>,
    pub unknown: Vec<Atom>,
}

/// An application, and where it runs by default.
#[derive(Clone, Debug)]
pub struct Application {
    pub symbol: Rc<str>,
    pub standard: Option<Rc<Standard>>,
}

/// One alternative of a URL category.
#[derive(Clone, Debug)]
pub struct Category {
    pub conditions: Conditions,
    /// The condition is about the host of a web session: other sessions have none that the firewall looks at.
    pub host: bool,
}

/// Reads references to objects the way one vsys or device group sees them.
pub struct Resolver<'a, 't> {
    pub tree: &'a Tree<'t>,
    pub config: &'a Config,
    pub findings: &'a mut Findings,
    /// Where names are looked up, the nearest first.
    pub chain: Vec<usize>,
    addresses: HashMap<&'a str, Rc<Addresses>>,
    pub services: HashMap<&'a str, Rc<Services>>,
    pub applications: HashMap<&'a str, Rc<Vec<Application>>>,
    pub categories: HashMap<&'a str, Rc<Vec<Category>>>,
    found: HashMap<(Family, &'a str), Option<usize>>,
    pub open: HashSet<usize>,
    pub ranges_left: usize,
}

/// Objects that share their names.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    Addresses,
    Services,
    Applications,
    Categories,
    Schedules,
}

impl Family {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Family::Addresses => &[Kind::Address, Kind::AddressGroup, Kind::ExternalList, Kind::Region],
            Family::Services => &[Kind::Service, Kind::ServiceGroup],
            Family::Applications => &[Kind::Application, Kind::ApplicationGroup, Kind::ApplicationFilter],
            Family::Categories => &[Kind::UrlCategory, Kind::ExternalList],
            Family::Schedules => &[Kind::Schedule],
        }
    }
}

impl<'a, 't> Resolver<'a, 't> {
    pub fn new(tree: &'a Tree<'t>, config: &'a Config, findings: &'a mut Findings, scope: usize) -> Self {
        Resolver {
            tree,
            config,
            findings,
            chain: config.chain(scope),
            addresses: HashMap::new(),
            services: HashMap::new(),
            applications: HashMap::new(),
            categories: HashMap::new(),
            found: HashMap::new(),
            open: HashSet::new(),
            ranges_left: MOST_RANGES,
        }
    }

    pub fn find(&mut self, family: Family, name: &'a str) -> Option<usize> {
        if let Some(known) = self.found.get(&(family, name)) {
            return *known;
        }
        let definition = self.config.find(&self.chain, family.kinds(), name);
        self.found.insert((family, name), definition);
        definition
    }

    pub fn definition(&self, index: usize) -> Option<&'a Definition> {
        self.config.definitions.get(index)
    }

    /// Counts whatever the words below a node refer to.
    pub fn count(&mut self, node: NodeId) {
        let families = [
            Family::Addresses,
            Family::Services,
            Family::Applications,
            Family::Categories,
            Family::Schedules,
        ];
        for leaf in self.tree.below(node).filter(|node| self.tree.first(*node).is_none()) {
            let name = self.tree.word(leaf);
            for family in families {
                if let Some(definition) = self.find(family, name) {
                    self.findings.used(leaf, definition);
                }
            }
        }
    }

    /// What the word of `node` stands for as a source or destination.
    pub fn address(&mut self, node: NodeId) -> Rc<Addresses> {
        let name = self.tree.word(node);
        match self.find(Family::Addresses, name) {
            Some(definition) => self.findings.used(node, definition),
            None if self.literal(name).is_none() => self.findings.undefined_name(self.tree, "address", node),
            None => {}
        }
        self.address_named(name, node, 0)
    }

    fn address_named(&mut self, name: &'a str, node: NodeId, depth: usize) -> Rc<Addresses> {
        if let Some(known) = self.addresses.get(name) {
            return known.clone();
        }
        let value = match self.find(Family::Addresses, name) {
            Some(definition) => self.address_of(definition, name, depth),
            None => match self.literal(name) {
                Some(Ok(value)) => value,
                Some(Err(wrong)) => {
                    self.findings.problem(self.tree.name(node), wrong);
                    unknown(SymbolKind::Match, &format!("address {name}"))
                }
                None => unknown(SymbolKind::Undefined, name),
            },
        };
        let value = Rc::new(value);
        self.addresses.insert(name, value.clone());
        value
    }

    /// What a word means that is no object's name; `None` where it could only be one.
    fn literal(&mut self, name: &str) -> Option<Result<Addresses, Wrong>> {
        if name == "any" {
            return Some(Ok(known(AddressSet::any())));
        }
        if values::is_placeholder(name) {
            return Some(Ok(unknown(SymbolKind::Placeholder, name)));
        }
        // Lists that the vendor keeps, and regions: a code of two letters, as in ISO 3166.
        if name.starts_with("panw-") {
            return Some(Ok(unknown(SymbolKind::AddressGroup, name)));
        }
        if let [first, second] = name.as_bytes()
            && first.is_ascii_uppercase()
            && (second.is_ascii_uppercase() || second.is_ascii_digit())
        {
            return Some(Ok(unknown(SymbolKind::AddressGroup, &format!("region {name}"))));
        }
        if let Ok((set, _)) = values::network(name) {
            return Some(Ok(known(values::matched(set))));
        }
        let looks_like_addresses =
            name.split_once('-').is_some_and(|(first, _)| first.parse::<std::net::IpAddr>().is_ok());
        looks_like_addresses.then(|| values::range(name).map(values::matched).map(known))
    }

    fn address_of(&mut self, index: usize, name: &str, depth: usize) -> Addresses {
        let Some(definition) = self.definition(index) else { return Addresses::default() };
        let node = definition.node;
        match definition.kind {
            Kind::Address => self.address_object(node, name),
            Kind::ExternalList => unknown(SymbolKind::AddressGroup, name),
            Kind::Region => {
                let list = self.tree.child(node, "address");
                self.address_list(list, index, name, depth)
            }
            _ => {
                let dynamic = self.tree.child(node, "dynamic");
                let list = self.tree.child(node, "static");
                match (dynamic, list) {
                    (Some(_), None) => unknown(SymbolKind::AddressGroup, name),
                    _ => self.address_list(list, index, name, depth),
                }
            }
        }
    }

    fn address_object(&mut self, node: NodeId, name: &str) -> Addresses {
        let tree = self.tree;
        let choices = ["ip-netmask", "ip-range", "ip-wildcard", "fqdn"];
        // Commands may set one after the other: the last one counts.
        let chosen = tree.children(node).filter(|child| choices.contains(&tree.word(*child))).last();
        let value = chosen.and_then(|chosen| tree.value(chosen).map(|value| (chosen, value)));
        let Some((chosen, value)) = value else {
            let message = format!("the address `{}` has no value", shown(name));
            let help = "give it one, or delete it".to_owned();
            self.findings.problem(tree.name(node), Wrong { message, help });
            return unknown(SymbolKind::Match, &format!("address {name}"));
        };
        if values::is_placeholder(value) {
            return unknown(SymbolKind::Placeholder, value);
        }
        let place = tree.last(chosen).map_or(tree.name(chosen), |leaf| tree.name(leaf));
        let read = match tree.word(chosen) {
            "ip-netmask" => match values::network(value) {
                Ok((set, remark)) => {
                    if let Some(remark) = remark {
                        self.findings.problem(place, remark);
                    }
                    Ok(known(values::matched(set)))
                }
                Err(wrong) => Err(wrong),
            },
            "ip-range" => values::range(value).map(values::matched).map(known),
            "ip-wildcard" => match values::wildcard(value) {
                Ok(Some(set)) => Ok(known(set)),
                Ok(None) => Ok(unknown(SymbolKind::AddressGroup, name)),
                Err(wrong) => Err(wrong),
            },
            _ if values::is_host_name(value) => {
                let value = value.strip_suffix('.').unwrap_or(value);
                Ok(unknown(SymbolKind::Name, &value.to_ascii_lowercase()))
            }
            _ => Err(Wrong {
                message: format!("`{}` is no host name", shown(value)),
                help: "an FQDN object holds one whole name; wildcards go into a custom URL category"
                    .to_owned(),
            }),
        };
        read.unwrap_or_else(|wrong| {
            self.findings.problem(place, wrong);
            unknown(SymbolKind::Match, &format!("address {name}"))
        })
    }

    fn address_list(&mut self, list: Option<NodeId>, index: usize, name: &str, depth: usize) -> Addresses {
        let again = self.open.contains(&index);
        if again || depth >= DEEPEST {
            return self.tangled(index, name, again);
        }
        self.open.insert(index);
        let mut sets = Vec::new();
        let mut unknown_members = Vec::new();
        let mut ranges = 0;
        let tree = self.tree;
        for member in list.into_iter().flat_map(|list| tree.children(list)) {
            let member_name = tree.word(member);
            if self.find(Family::Addresses, member_name).is_none() && self.literal(member_name).is_none() {
                self.findings.undefined_name(tree, "address", member);
            }
            let value = self.address_named(member_name, member, depth + 1);
            ranges += value.known.as_ref().map_or(0, |set| set.v4.ranges().len() + set.v6.ranges().len());
            ranges += value.unknown.len();
            sets.push(value);
            if ranges > self.ranges_left {
                break;
            }
        }
        self.open.remove(&index);
        if ranges > self.ranges_left {
            self.ranges_left = 0;
            return unknown(SymbolKind::Match, &format!("address group {name}"));
        }
        self.ranges_left -= ranges;
        if sets.is_empty() {
            self.empty_group(index, name);
            return unknown(SymbolKind::Match, &format!("address group {name}"));
        }
        for value in &sets {
            unknown_members.extend(value.unknown.iter().cloned());
        }
        unknown_members.sort();
        unknown_members.dedup();
        let known = AddressSet::union_of(sets.iter().filter_map(|value| value.known.as_ref()));
        Addresses { known: (!known.is_empty()).then_some(known), unknown: unknown_members }
    }

    /// The firewall does not load a group without members: what it would stand for is not known.
    pub fn empty_group(&mut self, index: usize, name: &str) {
        if let Some(definition) = self.definition(index) {
            let message = format!("`{}` has no members", shown(name));
            let help = "give it some, or delete it".to_owned();
            self.findings.problem(self.tree.name(definition.node), Wrong { message, help });
        }
    }

    pub fn tangled(&mut self, index: usize, name: &str, circle: bool) -> Addresses {
        let message = if circle {
            format!("the group `{}` contains itself", shown(name))
        } else {
            format!("the group `{}` lies too deep in others", shown(name))
        };
        if let Some(definition) = self.definition(index) {
            let help = "list what it should contain".to_owned();
            self.findings.problem(self.tree.name(definition.node), Wrong { message, help });
        }
        unknown(SymbolKind::Match, &format!("group {name}"))
    }

    /// The definition of the schedule that the word of `node` names.
    pub fn schedule(&mut self, node: NodeId) -> Option<NodeId> {
        match self.find(Family::Schedules, self.tree.word(node)) {
            Some(definition) => {
                self.findings.used(node, definition);
                self.definition(definition).map(|definition| definition.node)
            }
            None => {
                self.findings.undefined_name(self.tree, "schedule", node);
                None
            }
        }
    }

    /// What the address object or group that `node` defines stands for.
    pub fn address_value(&mut self, node: NodeId) -> Rc<Addresses> {
        self.address_named(self.tree.word(node), node, 0)
    }

    /// Counts what a definition refers to.
    pub fn count_members(&mut self, definition: &Definition) {
        let (key, family) = match definition.kind {
            Kind::AddressGroup => ("static", Family::Addresses),
            Kind::ServiceGroup => ("members", Family::Services),
            Kind::ApplicationGroup => ("members", Family::Applications),
            _ => return,
        };
        let tree = self.tree;
        for member in tree.child(definition.node, key).into_iter().flat_map(|list| tree.children(list)) {
            if let Some(found) = self.find(family, tree.word(member)) {
                self.findings.used(member, found);
            }
        }
    }

    /// What an object stands for, in one spelling for all that stand for the same.
    pub fn content(&mut self, definition: &Definition) -> Option<String> {
        let name = self.tree.word(definition.node);
        match definition.kind {
            Kind::Address | Kind::AddressGroup | Kind::Region => {
                let value = self.address_named(name, definition.node, 0);
                let simple = value.unknown.iter().all(|atom| atom.kind == SymbolKind::Name);
                simple.then(|| {
                    let known = value.known.as_ref().map(space::address_set);
                    let names = value.unknown.iter().map(|atom| atom.name.to_string());
                    known.into_iter().chain(names).collect::<Vec<_>>().join(", ")
                })
            }
            Kind::Service | Kind::ServiceGroup => {
                let value = self.service_named(name, 0);
                value.unknown.is_empty().then(|| format!("{:?}", value.parts))
            }
            _ => None,
        }
    }
}

fn known(set: AddressSet) -> Addresses {
    Addresses { known: Some(set), unknown: Vec::new() }
}

fn unknown(kind: SymbolKind, name: &str) -> Addresses {
    Addresses { known: None, unknown: vec![Atom::new(kind, name)] }
}
