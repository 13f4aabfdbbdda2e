use std::borrow::Cow;
use std::collections::HashMap;

use diagnostics::{TextRange, printable};
use space::{AddressSet, Conditions, IntervalSet, NameSet, Region, Set, Side, Symbol, SymbolKind};

use super::keywords::Keywords;
use super::lists::is_type;
use super::model::{Reading, Rule, Slot, Store};
use super::profiles;
use super::property::{FILTERS, Property, bits};
use super::words;
use crate::{Direction, Problem, Status};

/// What a rule matches, and how sure that is.
pub struct Matched {
    pub regions: Vec<Region>,
    pub status: Status,
    pub reason: Cow<'static, str>,
    pub problems: Vec<Problem>,
    /// It matches nothing here, and why.
    pub inactive: Option<&'static str>,
}

/// Turns rules into regions. What several rules ask alike is one symbol.
pub struct Matcher<'r, 't> {
    reading: &'r Reading<'t>,
    pub keywords: &'r Keywords<'r, 't>,
    /// The profiles in which local rules count, and those where it is not known.
    local: (u8, u8),
    filters: u64,
    /// Conditions by what they are called in lower case: paths and account names have no case of their own.
    known: HashMap<String, Conditions>,
}

/// More combinations than this of what one rule's lists name are kept as one unknown.
pub const ALTERNATIVE_LIMIT: usize = 512;

/// One of the things that a list names: a set, under a condition where what it holds is not known.
pub type Alternative<S> = (S, Conditions);

impl<'r, 't> Matcher<'r, 't> {
    pub fn new(reading: &'r Reading<'t>, keywords: &'r Keywords<'r, 't>) -> Self {
        Matcher {
            reading,
            keywords,
            local: profiles::local_rules(&reading.profiles),
            filters: bits(FILTERS),
            known: HashMap::new(),
        }
    }

    /// What `rule` matches of the packets that go one way. `name` is what the rule is called in its list.
    pub fn matches(&mut self, rule: &Rule<'t>, name: &str, direction: Direction) -> Matched {
        let mut reader = Reader {
            matcher: self,
            rule,
            name,
            direction,
            out: Matched {
                regions: Vec::new(),
                status: Status::Understood,
                reason: Cow::Borrowed(""),
                problems: Vec::new(),
                inactive: None,
            },
        };
        reader.read();
        reader.out
    }

    /// A condition that all rules share which say the same.
    pub fn shared(&mut self, what: &str, value: &str) -> Conditions {
        let key = format!("{what} {}", value.to_lowercase());
        let made = || Conditions::holds(packet_symbol(&format!("{what} {value}")));
        self.known.entry(key).or_insert_with(made).clone()
    }
}

fn packet_symbol(name: &str) -> Symbol {
    Symbol::new(Side::Packet, SymbolKind::Match, name)
}

/// The properties that narrow a rule in a way the flow space has no coordinate for, and what the condition is called.
pub const SCOPES: &[(Property, &str)] = &[
    (Property::Program, "program"),
    (Property::Service, "service"),
    (Property::Package, "package"),
    (Property::PackageFamilyName, "package family"),
    (Property::Owner, "owner"),
    (Property::LocalUser, "local user"),
    (Property::RemoteUser, "remote user"),
    (Property::RemoteMachine, "remote computer"),
    (Property::DynamicTarget, "dynamic target"),
    (Property::PolicyAppId, "policy application"),
    (Property::NetworkName, "network name"),
    (Property::SecurityRealm, "security realm"),
];

pub struct Reader<'m, 'r, 't> {
    pub matcher: &'m mut Matcher<'r, 't>,
    pub rule: &'m Rule<'t>,
    pub name: &'m str,
    pub direction: Direction,
    pub out: Matched,
}

impl<'m, 't> Reader<'m, '_, 't> {
    fn read(&mut self) {
        let mut base = Conditions::none();
        let mut hold = |condition: Conditions| {
            if let Some(both) = base.and(&condition) {
                base = both;
            }
        };
        for condition in self.scopes() {
            hold(condition);
        }
        for condition in self.unseen() {
            hold(condition);
        }
        let Some(bits) = self.profiles(&mut hold) else { return };
        let profile = profiles::conditions(bits);
        let types = self.interface_types();
        let aliases = self.interface_aliases(&mut hold);
        let protocol = self.protocol(&mut hold);
        let [local_ports, remote_ports] = self.ports(&protocol);
        let local = self.addresses(Property::LocalAddress);
        let remote = self.addresses(Property::RemoteAddress);

        let factors =
            [profile.len(), types.len(), local_ports.len(), remote_ports.len(), local.len(), remote.len()];
        let many = factors.iter().fold(1_usize, |product, factor| product.saturating_mul(*factor));
        if many > ALTERNATIVE_LIMIT {
            self.approximate("it names more objects than are told apart");
            let unknown = Conditions::holds(packet_symbol(&format!("objects of {}", self.name)));
            if let Some(conditions) = base.and(&unknown) {
                self.out.regions.push(Region::any().when(conditions));
            }
            return;
        }
        for profile in &profile {
            let Some(base) = base.and(profile) else { continue };
            for kind in &types {
                let Some(base) = base.and(kind) else { continue };
                for (local_port, condition) in &local_ports {
                    let Some(base) = base.and(condition) else { continue };
                    for (remote_port, condition) in &remote_ports {
                        let Some(base) = base.and(condition) else { continue };
                        for (local, condition) in &local {
                            let Some(base) = base.and(condition) else { continue };
                            for (remote, condition) in &remote {
                                let Some(conditions) = base.and(condition) else { continue };
                                self.out.regions.push(region(
                                    self.direction,
                                    [local, remote],
                                    [local_port, remote_port],
                                    &protocol,
                                    &aliases,
                                    conditions,
                                ));
                            }
                        }
                    }
                }
            }
        }
        self.out.regions.retain(|region| !region.is_empty());
    }

    pub fn approximate(&mut self, reason: impl Into<Cow<'static, str>>) {
        if self.out.status == Status::Understood {
            self.out.status = Status::Approximated;
            self.out.reason = reason.into();
        }
    }

    pub fn problem(&mut self, place: TextRange, message: String, help: &str) {
        if self.out.problems.len() < 8 {
            self.out.problems.push(Problem { place, message, help: help.to_owned() });
        }
    }

    /// A condition of this rule alone: what the word stands for is not known.
    pub fn own(&self, what: &str) -> Conditions {
        Conditions::holds(packet_symbol(&format!("{what} of {}", self.name)))
    }

    /// A value that only running a script would give.
    pub fn placeholder(&mut self, property: Property) -> Conditions {
        self.approximate("a value is known only when the script runs");
        let name = format!("{} of {}", property.name(), self.name);
        Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Placeholder, &name))
    }

    fn scopes(&mut self) -> Vec<Conditions> {
        let mut out = Vec::new();
        for (property, slot) in self.rule.slots() {
            let property = *property;
            let scope = SCOPES.iter().find(|(known, _)| *known == property);
            let text = match slot {
                Slot::Expression(_) if scope.is_some() || is_security(property) => {
                    out.push(self.placeholder(property));
                    continue;
                }
                Slot::Text(text, _) => Cow::Borrowed(text.trim()),
                Slot::List(items) => match items.as_slice() {
                    [(one, _)] => Cow::Borrowed(one.trim()),
                    _ => Cow::Owned(items.iter().map(|(text, _)| text.trim()).collect::<Vec<_>>().join(", ")),
                },
                Slot::Expression(_) => continue,
            };
            if let Some((_, what)) = scope.filter(|_| is_type(&text)) {
                out.push(self.own(&format!("{what} {text}")));
                continue;
            }
            if let Some((_, what)) = scope {
                out.push(self.matcher.shared(what, &text));
                continue;
            }
            match property {
                Property::Authentication => {
                    let word = match &*text {
                        "1" => "Required",
                        "2" => "NoEncap",
                        text => text,
                    };
                    out.push(self.matcher.shared("authentication", word));
                }
                Property::Encryption => {
                    let word = match &*text {
                        "1" => "Required",
                        "2" => "Dynamic",
                        text => text,
                    };
                    out.push(self.matcher.shared("encryption", word));
                }
                // A rule that overrides blocking rules matches authenticated traffic only, whatever else it says.
                Property::OverrideBlockRules if !self.rule.has(Property::Authentication) => {
                    out.push(self.matcher.shared("authentication", "Required"));
                }
                Property::Platform => out.extend(self.platform(slot)),
                _ => {}
            }
        }
        out
    }

    /// `6.2+` is version 6.2 of Windows and later ones, `6.2` that one alone.
    fn platform(&mut self, slot: &Slot<'t>) -> Option<Conditions> {
        let words = slot.words();
        let fits = |word: &str, (major, minor): (u32, u32)| {
            let (version, later) = word.strip_suffix('+').map_or((word, false), |version| (version, true));
            let (wanted_major, wanted_minor) = version.split_once('.')?;
            let wanted = (wanted_major.parse().ok()?, wanted_minor.parse().ok()?);
            Some(if later { (major, minor) >= wanted } else { (major, minor) == wanted })
        };
        if let Some(version) = self.matcher.reading.version {
            let answers: Vec<Option<bool>> = words.iter().map(|(word, _)| fits(word, version)).collect();
            if answers.contains(&Some(true)) {
                return None;
            }
            if answers.iter().all(|answer| *answer == Some(false)) && !answers.is_empty() {
                self.out.inactive = Some("for another version of Windows");
                return None;
            }
        }
        let text = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        if words.iter().any(|(word, _)| is_type(word)) {
            return Some(self.own(&format!("platform {text}")));
        }
        Some(self.matcher.shared("platform", &text))
    }

    /// What the file does not show of the rule.
    fn unseen(&mut self) -> Vec<Conditions> {
        let mut out = Vec::new();
        let missing = self.rule.missing(self.matcher.filters);
        if missing != 0 {
            let names: Vec<&str> = FILTERS
                .iter()
                .filter(|property| missing & property.bit() != 0)
                .map(|property| property.name())
                .collect();
            out.push(self.own("what the export leaves out"));
            self.approximate(format!("the export does not say {}", names.join(", ")));
        }
        if let Some(hidden) = self.rule.hidden {
            out.push(self.own(hidden.symbol));
            self.approximate(hidden.reason);
        }
        out
    }

    /// The profiles in which the rule counts; `None` where there are none.
    fn profiles(&mut self, hold: &mut impl FnMut(Conditions)) -> Option<u8> {
        let mut bits = words::ALL_PROFILES;
        if let Some(slot) = self.rule.get(Property::Profile) {
            bits = 0;
            if let Slot::Expression(_) = slot {
                bits = words::ALL_PROFILES;
                let condition = self.placeholder(Property::Profile);
                hold(condition);
            }
            for (word, place) in slot.words() {
                match words::profile(word) {
                    Some(more) => bits |= more,
                    None => {
                        bits = words::ALL_PROFILES;
                        hold(self.own(&format!("profile {word}")));
                        self.approximate("a profile is not known");
                        let message = format!("`{}` is no network profile", printable(word));
                        self.problem(place, message, "say `Domain`, `Private`, `Public` or `Any`");
                        break;
                    }
                }
            }
        }
        if self.rule.store == Store::Local {
            let (counted, unknown) = self.matcher.local;
            if bits & counted & unknown != 0 {
                hold(Conditions::holds(packet_symbol("local rules counted")));
                self.approximate("whether local rules count is not known");
            }
            if bits != 0 && bits & counted == 0 {
                self.out.inactive = Some("local rules are ignored");
                return None;
            }
            bits &= counted;
        }
        if bits == 0 {
            self.out.inactive = Some("for no profile");
            return None;
        }
        Some(bits)
    }

    fn interface_types(&mut self) -> Vec<Conditions> {
        let Some(slot) = self.rule.get(Property::InterfaceType) else { return vec![Conditions::none()] };
        if let Slot::Expression(_) = slot {
            return vec![self.placeholder(Property::InterfaceType)];
        }
        let mut out: Vec<Conditions> = Vec::new();
        for (word, place) in slot.words() {
            let condition = match words::interface_type(word) {
                Some(kind) => self.matcher.shared("interface type", kind),
                None => {
                    self.approximate("an interface type is not known");
                    let message = format!("`{}` is no interface type", printable(word));
                    self.problem(place, message, "say `Wired`, `Wireless`, `RemoteAccess` or `Any`");
                    self.own(&format!("interface type {word}"))
                }
            };
            if !out.contains(&condition) {
                out.push(condition);
            }
        }
        if out.is_empty() { vec![Conditions::none()] } else { out }
    }

    fn interface_aliases(&mut self, hold: &mut impl FnMut(Conditions)) -> NameSet {
        let Some(slot) = self.rule.get(Property::InterfaceAlias) else { return NameSet::any() };
        if let Slot::Expression(_) = slot {
            let condition = self.placeholder(Property::InterfaceAlias);
            hold(condition);
            return NameSet::any();
        }
        // An alias may have a comma in it only where the file has a list.
        let names: Vec<&str> = match slot {
            Slot::List(items) => items.iter().map(|(text, _)| text.trim()).collect(),
            _ => slot.words().into_iter().map(|(word, _)| word).collect(),
        };
        // Sets of names are joined one by one, which nobody does with thousands.
        if names.len() > ALTERNATIVE_LIMIT {
            hold(self.own("interfaces"));
            self.approximate("it names more interfaces than are told apart");
            return NameSet::any();
        }
        let mut out = NameSet::empty();
        for name in names {
            let stem = name.strip_suffix('*');
            if stem.unwrap_or(name).contains(['*', '?', '[', '`']) {
                hold(self.own(&format!("interface {name}")));
                self.approximate("an interface pattern is kept as an unknown");
                return NameSet::any();
            }
            out = out.union(&stem.map_or_else(|| NameSet::one(name), NameSet::starting_with));
        }
        out
    }

    fn protocol(&mut self, hold: &mut impl FnMut(Conditions)) -> Protocol {
        let Some(slot) = self.rule.get(Property::Protocol) else { return Protocol::Any };
        let words = slot.words();
        match words.as_slice() {
            [(word, _)] if *word == "256" => return Protocol::Any,
            [(word, _)] => {
                if let Some(number) = words::protocol(word) {
                    return Protocol::One(number);
                }
                hold(self.own(&format!("protocol {word}")));
                self.approximate("the protocol is not known");
                let message = format!("`{}` is no protocol that Windows knows", printable(word));
                self.problem(slot.place(), message, "say a name such as `TCP`, or a number up to 255");
            }
            _ => {
                let condition = self.placeholder(Property::Protocol);
                hold(condition);
            }
        }
        Protocol::Unknown
    }
}

fn is_security(property: Property) -> bool {
    matches!(
        property,
        Property::Authentication | Property::Encryption | Property::OverrideBlockRules | Property::Platform
    )
}

pub enum Protocol {
    Any,
    One(u8),
    Unknown,
}

fn region(
    direction: Direction,
    [local, remote]: [&AddressSet; 2],
    [local_port, remote_port]: [&IntervalSet<u16>; 2],
    protocol: &Protocol,
    aliases: &NameSet,
    conditions: Conditions,
) -> Region {
    let (source, destination, source_port, destination_port) = match direction {
        Direction::Outbound => (local, remote, local_port, remote_port),
        _ => (remote, local, remote_port, local_port),
    };
    let (in_interface, out_interface) = match direction {
        Direction::Outbound => (NameSet::any(), aliases.clone()),
        _ => (aliases.clone(), NameSet::any()),
    };
    Region {
        source: source.clone(),
        destination: destination.clone(),
        protocol: match protocol {
            Protocol::One(number) => IntervalSet::one(*number),
            Protocol::Any | Protocol::Unknown => IntervalSet::any(),
        },
        source_port: source_port.clone(),
        destination_port: destination_port.clone(),
        in_interface,
        out_interface,
        conditions,
    }
}
