use std::borrow::Cow;
use std::rc::Rc;

use space::{Action, AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::applications::Part;
use super::resolve::{Addresses, Application, Atom, Resolver};
use super::resolve_services::merged;
use super::rule_keys::{Keys, keys, names};
use super::schedule::last_day;
use super::tree::NodeId;
use super::values::shown;
use super::zones::{RuleType, Zones, region};
use crate::{Day, Status};

/// The ports on which a session is taken for one of the web, whose host the firewall knows.
pub const WEB_PORTS: [u16; 3] = [80, 443, 8080];

/// A security rule, read.
pub struct RuleReading {
    pub matches: Vec<Region>,
    pub action: Action,
    pub enabled: bool,
    pub logs: bool,
    pub comment: Option<String>,
    pub expires: Option<Day>,
    /// What of the rule is not simply understood.
    pub parts: Vec<(NodeId, Status, Cow<'static, str>)>,
}

/// Services and applications as pairs of ports and conditions.
type Alternatives = Vec<(Part, Conditions)>;

/// Reads one security rule. `name` is the one it has in its rule set; `budget` is how many regions are left.
pub fn read<'a>(
    resolver: &mut Resolver<'a, '_>,
    node: NodeId,
    name: &str,
    zones: &Zones,
    budget: &mut usize,
) -> RuleReading {
    let tree = resolver.tree;
    let keys = keys(tree, node);
    let mut reading = RuleReading {
        matches: Vec::new(),
        action: Action::Unknown,
        enabled: !keys.disabled,
        // Security rules log the end of a session unless they say otherwise.
        logs: keys.log_start || keys.log_end.unwrap_or(true),
        comment: keys.description.map(str::to_owned),
        expires: None,
        parts: Vec::new(),
    };
    let mut reader = Reader { resolver, name, parts: &mut reading.parts, always: Conditions::none() };
    reading.action = reader.action(&keys, node);
    let (schedule, expires) = reader.schedule(&keys);
    let source = reader.addresses(keys.source, node, "source", keys.negate_source, Side::Source);
    let destination =
        reader.addresses(keys.destination, node, "destination", keys.negate_destination, Side::Destination);
    let services = reader.services(&keys, node);
    let others = reader.others(&keys);
    let always = reader.always(&keys, node).and(&schedule);
    let kind = reader.rule_type(&keys);
    reading.expires = expires;
    if keys.disabled {
        return reading;
    }
    let Some(always) = always else { return reading };

    let fixed = source
        .len()
        .saturating_mul(destination.len())
        .saturating_mul(services.len())
        .saturating_mul(others.iter().map(Vec::len).fold(1, usize::saturating_mul));
    let expand = fixed.saturating_mul(zones.len() + 2) <= *budget / 64 + 4096;
    let pairs = zones.pairs(kind, keys.from.as_deref(), keys.to.as_deref(), expand);
    let count = fixed.saturating_mul(pairs.len());
    // One for each rule is always there.
    if count.saturating_sub(1) > *budget {
        let reason = "too many combinations of names, applications and users";
        reading.parts.push((node, Status::NotUnderstood, Cow::Borrowed(reason)));
        reading.matches = vec![Region::any().when(own_symbol(name, "too many combinations"))];
        reading.action = Action::Unknown;
        return reading;
    }
    *budget -= count.saturating_sub(1);

    let mut regions: Vec<Region> = pairs.into_iter().map(region).collect();
    multiply(&mut regions, &source, |region, (set, conditions)| {
        Some(Region { source: set.clone(), conditions: region.conditions.and(conditions)?, ..region.clone() })
    });
    multiply(&mut regions, &destination, |region, (set, conditions)| {
        Some(Region {
            destination: set.clone(),
            conditions: region.conditions.and(conditions)?,
            ..region.clone()
        })
    });
    multiply(&mut regions, &services, |region, (part, conditions)| {
        Some(Region {
            protocol: part.protocols.clone(),
            source_port: part.source.clone(),
            destination_port: part.destination.clone(),
            conditions: region.conditions.and(conditions)?,
            ..region.clone()
        })
    });
    for alternatives in &others {
        multiply(&mut regions, alternatives, |region, conditions| {
            Some(Region { conditions: region.conditions.and(conditions)?, ..region.clone() })
        });
    }
    if !always.is_none() {
        multiply(&mut regions, &[always], |region, conditions| {
            Some(Region { conditions: region.conditions.and(conditions)?, ..region.clone() })
        });
    }
    regions.retain(|region| !region.is_empty());
    reading.matches = regions;
    reading
}

fn multiply<T>(regions: &mut Vec<Region>, by: &[T], join: impl Fn(&Region, &T) -> Option<Region>) {
    *regions = match (regions.as_slice(), by) {
        ([region], [one]) => join(region, one).into_iter().collect(),
        _ => regions.iter().flat_map(|region| by.iter().filter_map(|one| join(region, one))).collect(),
    };
}

/// A condition of one rule alone.
fn own_symbol(rule: &str, says: &str) -> Conditions {
    Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, &format!("rule {rule}: {says}")))
}

fn matching(name: &str) -> Conditions {
    Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, name))
}

struct Reader<'r, 'a, 't> {
    resolver: &'r mut Resolver<'a, 't>,
    name: &'r str,
    parts: &'r mut Vec<(NodeId, Status, Cow<'static, str>)>,
    /// What was not understood and narrows the rule.
    always: Conditions,
}

impl Reader<'_, '_, '_> {
    fn approximated(&mut self, node: NodeId, reason: impl Into<Cow<'static, str>>) {
        self.parts.push((node, Status::Approximated, reason.into()));
    }

    fn narrow(&mut self, says: &str) {
        let own = own_symbol(self.name, says);
        self.always = self.always.and(&own).unwrap_or(own);
    }

    fn action(&mut self, keys: &Keys<'_>, node: NodeId) -> Action {
        let Some((key, action)) = keys.action else {
            let reason = "it has no action";
            self.parts.push((node, Status::NotUnderstood, Cow::Borrowed(reason)));
            return Action::Unknown;
        };
        action_of(action).unwrap_or_else(|| {
            let reason = format!("the action `{}` is not known", shown(action));
            self.parts.push((key, Status::NotUnderstood, Cow::Owned(reason)));
            Action::Unknown
        })
    }

    fn rule_type(&mut self, keys: &Keys<'_>) -> RuleType {
        match keys.rule_type {
            None | Some((_, "universal")) => RuleType::Universal,
            Some((_, "intrazone")) => RuleType::Intrazone,
            Some((_, "interzone")) => RuleType::Interzone,
            // `always` was asked for before: the type is looked at there too.
            Some(_) => RuleType::Universal,
        }
    }

    fn schedule(&mut self, keys: &Keys<'_>) -> (Conditions, Option<Day>) {
        let Some(key) = keys.schedule else { return (Conditions::none(), None) };
        let tree = self.resolver.tree;
        let Some(leaf) = tree.last(key) else { return (Conditions::none(), None) };
        let name = format!("schedule {}", tree.word(leaf));
        self.approximated(key, "whether it is the time of the `schedule` is kept as an unknown");
        match self.resolver.schedule(leaf) {
            Some(schedule) => (matching(&name), last_day(tree, schedule)),
            None => {
                let symbol = Symbol::new(Side::Packet, SymbolKind::Undefined, &name);
                (Conditions::holds(symbol), None)
            }
        }
    }

    /// One side of the rule, each unknown in a part of its own.
    fn addresses(
        &mut self,
        key: Option<NodeId>,
        rule: NodeId,
        word: &str,
        negated: bool,
        side: Side,
    ) -> Vec<(AddressSet, Conditions)> {
        let tree = self.resolver.tree;
        let members: Vec<NodeId> = key.into_iter().flat_map(|key| tree.children(key)).collect();
        let Some(key) = key.filter(|_| !members.is_empty()) else {
            self.missing(rule, word);
            return vec![(AddressSet::any(), Conditions::none())];
        };
        let values: Vec<Rc<Addresses>> =
            members.iter().map(|member| self.resolver.address(*member)).collect();
        let known = match values.as_slice() {
            [one] => one.known.clone().unwrap_or_else(AddressSet::empty),
            _ => AddressSet::union_of(values.iter().filter_map(|value| value.known.as_ref())),
        };
        if negated && known.is_any() {
            self.approximated(key, "what the firewall makes of a negated `any` is not documented");
            self.narrow(&format!("negate-{word} of any"));
            return vec![(AddressSet::any(), Conditions::none())];
        }
        if known.is_any() {
            return vec![(known, Conditions::none())];
        }
        let mut atoms: Vec<&Atom> = values.iter().flat_map(|value| value.unknown.iter()).collect();
        atoms.sort();
        atoms.dedup();
        if let Some(atom) = atoms.iter().find(|atom| atom.kind != SymbolKind::Name) {
            let reason = format!("which addresses `{}` has is not in the file", shown(&atom.name));
            self.approximated(key, reason);
        }
        if negated {
            let mut conditions = Conditions::none();
            for atom in atoms {
                conditions = conditions.and(&Conditions::lacks(atom.symbol(side))).unwrap_or(conditions);
            }
            return vec![(known.complement(), conditions)];
        }
        let mut out: Vec<(AddressSet, Conditions)> = Vec::with_capacity(1 + atoms.len());
        if !known.is_empty() {
            out.push((known, Conditions::none()));
        }
        out.extend(atoms.iter().map(|atom| (AddressSet::any(), Conditions::holds(atom.symbol(side)))));
        out
    }

    /// A key that every rule must have. The firewall does not load a rule without it.
    fn missing(&mut self, rule: NodeId, word: &str) {
        self.approximated(rule, format!("it has no `{word}`, which every rule must have"));
        self.narrow(&format!("no {word}"));
    }

    fn services(&mut self, keys: &Keys<'_>, rule: NodeId) -> Alternatives {
        let tree = self.resolver.tree;
        let words = |key: Option<NodeId>| -> Vec<NodeId> {
            key.into_iter().flat_map(|key| tree.children(key)).collect()
        };
        let (applications, services) = (words(keys.application), words(keys.service));
        let any_application = match keys.application {
            Some(_) if !applications.is_empty() => {
                applications.iter().any(|application| tree.word(*application) == "any")
            }
            _ => {
                self.missing(rule, "application");
                true
            }
        };
        let mut defaults = services.iter().any(|service| tree.word(*service) == "application-default");
        let mut parts: Alternatives = Vec::new();
        if services.is_empty() {
            self.missing(rule, "service");
            parts.push((Part::any(), Conditions::none()));
            defaults = false;
        } else {
            let named: Vec<NodeId> =
                services.iter().copied().filter(|node| tree.word(*node) != "application-default").collect();
            parts.extend(self.named_services(&named));
        }
        let applied = if any_application {
            if defaults {
                if let Some(key) = keys.service {
                    self.approximated(key, "the standard ports of all applications are kept as an unknown");
                }
                parts.push((Part::any(), matching("application-default of any application")));
            }
            parts
        } else {
            self.applications(keys, &applications, &parts, defaults)
        };
        self.categories(keys, applied)
    }

    fn named_services(&mut self, nodes: &[NodeId]) -> Alternatives {
        let values: Vec<_> = nodes.iter().map(|node| self.resolver.service(*node)).collect();
        let parts: Vec<Part> = values.iter().flat_map(|value| value.parts.iter().cloned()).collect();
        let mut atoms: Vec<&Atom> = values.iter().flat_map(|value| value.unknown.iter()).collect();
        atoms.sort();
        atoms.dedup();
        let mut out: Alternatives =
            merged(&parts).into_iter().map(|part| (part, Conditions::none())).collect();
        for atom in atoms {
            if let Some(node) = nodes.first().and_then(|node| self.resolver.tree.parent(*node)) {
                let reason = format!("which ports `{}` stands for is not in the file", shown(&atom.name));
                self.approximated(node, reason);
            }
            out.push((Part::any(), Conditions::holds(atom.symbol(Side::Packet))));
        }
        out
    }

    fn applications(
        &mut self,
        keys: &Keys<'_>,
        nodes: &[NodeId],
        parts: &Alternatives,
        defaults: bool,
    ) -> Alternatives {
        if let Some(key) = keys.application {
            self.approximated(key, "which application a packet belongs to is kept as an unknown");
        }
        let lists: Vec<Rc<Vec<Application>>> =
            nodes.iter().map(|node| self.resolver.application(*node)).collect();
        let mut applications: Vec<&Application> = lists.iter().flat_map(|list| list.iter()).collect();
        applications.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        applications.dedup_by(|a, b| a.symbol == b.symbol);
        let mut out: Alternatives = Vec::new();
        for application in applications {
            let own = matching(&application.symbol);
            out.extend(parts.iter().filter_map(|(part, when)| Some((part.clone(), own.and(when)?))));
            if !defaults {
                continue;
            }
            match &application.standard {
                Some(standard) => {
                    out.extend(standard.parts.iter().map(|part| (part.clone(), own.clone())));
                    let decrypted = own.and(&matching("the session is decrypted")).unwrap_or_default();
                    out.extend(standard.secure.iter().map(|part| (part.clone(), decrypted.clone())));
                }
                None => {
                    let ports = matching(&format!("application-default of {}", application.symbol));
                    out.extend(own.and(&ports).map(|both| (Part::any(), both)));
                }
            }
        }
        out
    }

    /// Narrows to URL categories. They are looked up for web sessions, by the host.
    fn categories(&mut self, keys: &Keys<'_>, parts: Alternatives) -> Alternatives {
        let tree = self.resolver.tree;
        let Some(key) = keys.category else { return parts };
        let nodes: Vec<NodeId> = tree.children(key).collect();
        if nodes.is_empty() || nodes.iter().any(|node| tree.word(*node) == "any") {
            return parts;
        }
        let mut out: Alternatives = Vec::new();
        let mut opaque = false;
        for node in nodes {
            for category in self.resolver.category(node).iter() {
                opaque |= !category.host;
                for (part, when) in &parts {
                    let Some(both) = when.and(&category.conditions) else { continue };
                    if category.host {
                        split_web(part, &both, &mut out);
                    } else {
                        out.push((part.clone(), both));
                    }
                }
            }
        }
        if opaque {
            self.approximated(key, "which sites the URL category has is not in the file");
        }
        out
    }

    fn others(&mut self, keys: &Keys<'_>) -> Vec<Vec<Conditions>> {
        let tree = self.resolver.tree;
        let mut out = Vec::new();
        for (key, word) in &keys.others {
            if let Some(names) = names(tree, *key) {
                self.approximated(*key, format!("`{}` is kept as an unknown", tree.word(*key)));
                out.push(names.iter().map(|name| matching(&format!("{word} {name}"))).collect());
            }
        }
        out
    }

    /// What narrows the whole rule.
    fn always(&mut self, keys: &Keys<'_>, rule: NodeId) -> Conditions {
        let tree = self.resolver.tree;
        if !keys.has_from {
            self.missing(rule, "from");
        }
        if !keys.has_to && keys.rule_type.is_none_or(|(_, kind)| kind != "intrazone") {
            self.missing(rule, "to");
        }
        if let Some((key, kind)) = keys.rule_type
            && !matches!(kind, "universal" | "intrazone" | "interzone")
        {
            let reason = format!("the rule type `{}` is not known", shown(kind));
            self.parts.push((key, Status::NotUnderstood, Cow::Owned(reason)));
            self.narrow("rule-type");
        }
        for key in &keys.strange {
            let word = tree.word(*key);
            let reason = format!("`{}` is not known", shown(word));
            self.parts.push((*key, Status::NotUnderstood, Cow::Owned(reason)));
            self.narrow(word);
        }
        if let Some(target) = keys.target {
            let leaf_paths = |word: &str| -> Vec<String> {
                let list = tree.child(target, word);
                let leaves = list.into_iter().flat_map(|list| tree.below(list).skip(1));
                leaves.map(|node| tree.word(node).to_owned()).collect()
            };
            let mut devices = leaf_paths("devices");
            devices.extend(leaf_paths("tags"));
            if !devices.is_empty() {
                let name = format!("target {}", devices.join(" "));
                let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
                let negated = tree.value_of(target, "negate") == Some("yes");
                let only = if negated { Conditions::lacks(symbol) } else { Conditions::holds(symbol) };
                self.approximated(
                    target,
                    "which firewall it is, of those of `target`, is kept as an unknown",
                );
                self.always = self.always.and(&only).unwrap_or(only);
            }
        }
        self.always.clone()
    }
}

/// What an action of a rule does.
pub fn action_of(action: &str) -> Option<Action> {
    match action {
        "allow" => Some(Action::Permit),
        "deny" | "drop" | "reset-client" | "reset-server" | "reset-both" => Some(Action::Deny),
        _ => None,
    }
}

/// A part with a condition on the host: on the ports of the web it is enough, elsewhere the session has to be one too.
fn split_web(part: &Part, when: &Conditions, out: &mut Alternatives) {
    let tcp = IntervalSet::one(protocol::TCP);
    let web = IntervalSet::from_ranges(WEB_PORTS.map(|port| (port, port)));
    let elsewhere = when.and(&matching("a web session on another port")).unwrap_or_default();
    if part.protocols.overlaps(&tcp) {
        let on_web = part.destination.intersect(&web);
        let beside = part.destination.subtract(&web);
        if !on_web.is_empty() {
            let part = Part { protocols: tcp.clone(), destination: on_web, source: part.source.clone() };
            out.push((part, when.clone()));
        }
        if !beside.is_empty() {
            let part = Part { protocols: tcp.clone(), destination: beside, source: part.source.clone() };
            out.push((part, elsewhere.clone()));
        }
    }
    let others = part.protocols.subtract(&tcp);
    if !others.is_empty() {
        out.push((Part { protocols: others, ..part.clone() }, elsewhere));
    }
}
