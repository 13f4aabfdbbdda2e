//! Sections: interfaces, objects and object groups, time ranges.

use diagnostics::TextRange;
use space::{AddressSet, IntervalSet, Set, protocol};

use super::config::{Definition, Interface, Kind, Member, TimeRange, Transport};
use super::literals;
use super::parse::{Mode, Reader, interface_address_of};
use super::values::{self, Addresses, Wrong};
use super::words::{Word, Words};
use crate::{Day, Status};

const OF_INTERFACE: &str = "a setting of the interface, which filters nothing";

impl<'a> Reader<'a> {
    /// A line of the section that is open; `false` where it is none.
    pub fn section_line(&mut self, words: Words<'a>, indented: bool, place: TextRange) -> bool {
        match self.mode {
            Mode::Interface(at) => self.interface_line(at, words, indented, place),
            Mode::Definition(at) => self.definition_line(at, words, indented, place),
            Mode::TimeRange(name) => self.time_range_line(name, words, indented, place),
            Mode::Other(reason) if indented => {
                if words.peek().is_some_and(|word| word == "certificate") {
                    self.mode = Mode::Certificate;
                }
                self.irrelevant(words, place, reason);
                true
            }
            _ => false,
        }
    }

    pub fn interface(&mut self, mut rest: Words<'a>, words: Words<'a>, place: TextRange) {
        let Some(port) = rest.next() else {
            self.irrelevant(words, place, "an interface without a name");
            return;
        };
        let config = &mut self.config;
        let at = *self.ports.entry(port.text).or_insert_with(|| {
            config.interfaces.push(Interface {
                port: port.text,
                place,
                name: None,
                level: None,
                level_place: place,
                addresses: Vec::new(),
                address_place: None,
                unknown_address: false,
                shutdown: false,
                management_only: None,
            });
            config.interfaces.len() - 1
        });
        self.mode = Mode::Interface(at);
        self.push(place, Status::Understood, "");
    }

    /// PIX 6: `nameif ethernet0 outside security0`
    pub fn old_nameif(&mut self, mut rest: Words<'a>, words: Words<'a>, place: TextRange) {
        let (port, name, level) = (rest.next(), rest.next(), rest.next());
        let level = level.and_then(|level| level.text.strip_prefix("security")?.parse().ok());
        let (Some(port), Some(name), Some(level)) = (port, name, level) else {
            self.obscure(words, place, false, Status::NotUnderstood, "not a form that is known");
            return;
        };
        self.ports.insert(port.text, self.config.interfaces.len());
        self.old_names.insert(name.text, self.config.interfaces.len());
        self.config.interfaces.push(Interface {
            port: port.text,
            place,
            name: Some(name.text),
            level: Some(level),
            level_place: place,
            addresses: Vec::new(),
            address_place: None,
            unknown_address: false,
            shutdown: false,
            management_only: None,
        });
        self.push(place, Status::Understood, "");
    }

    fn interface_line(&mut self, at: usize, words: Words<'a>, indented: bool, place: TextRange) -> bool {
        let mut rest = words;
        let Some(mut first) = rest.next() else { return false };
        let negated = first.text == "no";
        if negated {
            let Some(next) = rest.next() else { return false };
            first = next;
        }
        let second = rest.peek();
        if !indented && !negated && self.names_an_interface(first.text, rest) {
            return false;
        }
        let Some(interface) = self.config.interfaces.get_mut(at) else { return false };
        match (first.text, second) {
            ("nameif", _) => {
                interface.name = if negated { None } else { rest.next().map(|word| word.text) };
                interface.level_place = place;
            }
            ("security-level", _) => {
                let level = rest.next().and_then(|word| word.text.parse::<u8>().ok());
                interface.level = level.filter(|level| !negated && *level <= 100);
                interface.level_place = place;
            }
            ("management-only", _) => interface.management_only = (!negated).then_some(place),
            ("shutdown", None) => interface.shutdown = !negated,
            ("ip" | "ipv6", Some("address")) => {
                rest.next();
                if negated {
                    self.push(place, Status::Understood, "");
                } else {
                    self.interface_address(at, rest, place);
                }
                return true;
            }
            ("ip", Some("access-group")) => {
                self.obscure(words, place, false, Status::NotUnderstood, "a command of IOS, not of the ASA");
                return true;
            }
            ("policy-route", _) => {
                self.config.dynamic_routes = true;
                self.irrelevant(words, place, "routing");
                return true;
            }
            _ if indented => {
                self.irrelevant(words, place, OF_INTERFACE);
                return true;
            }
            _ => return false,
        }
        self.push(place, Status::Understood, "");
        true
    }

    /// Whether this is a command of PIX 6, which follows lines `interface ethernet0 auto` and stands in no section:
    /// `nameif ethernet0 outside security0`, `ip address outside 192.0.2.1 255.255.255.0`.
    fn names_an_interface(&self, first: &str, mut rest: Words<'a>) -> bool {
        match first {
            "nameif" => rest.nth(2).is_some_and(|level| level.text.starts_with("security")),
            "ip" => rest.nth(1).is_some_and(|name| self.old_names.contains_key(name.text)),
            _ => false,
        }
    }

    /// After `ip address` or `ipv6 address`.
    pub fn interface_address(&mut self, at: usize, mut rest: Words<'a>, place: TextRange) {
        let (first, second) = (rest.next(), rest.peek());
        let aliases = &self.config.aliases;
        let net = first.and_then(|first| match first.text.split_once('/') {
            Some((address, length)) => Some((address.parse().ok()?, length.parse().ok()?)),
            None => {
                let mask = second?.parse().ok()?;
                Some((interface_address_of(first, aliases)?, ipnet::ipv4_mask_to_prefix(mask).ok()?))
            }
        });
        let Some(interface) = self.config.interfaces.get_mut(at) else { return };
        interface.address_place.get_or_insert(place);
        match net.filter(|(address, length)| ipnet::IpNet::new(*address, *length).is_ok()) {
            Some(known) => {
                interface.addresses.push(known);
                self.push(place, Status::Understood, "");
            }
            // A link-local address has no network that routes lead to.
            None if second == Some("link-local") => {
                self.push(place, Status::Irrelevant, "a link-local address");
            }
            None => {
                interface.unknown_address = true;
                self.push(place, Status::Approximated, "the file does not say the address");
            }
        }
    }

    pub fn object(&mut self, mut rest: Words<'a>, place: TextRange) {
        let kind = match rest.next().map(|word| word.text) {
            Some("network") => Kind::Network,
            Some("service") => Kind::Service,
            _ => Kind::Other,
        };
        self.define(kind, rest.next(), place);
    }

    pub fn object_group(&mut self, mut rest: Words<'a>, place: TextRange) {
        let word = rest.next().map_or("", |word| word.text);
        let name = rest.next();
        let kind = match (word, rest.next().map(|word| word.text)) {
            ("network", None) => Kind::Networks,
            ("service", None) => Kind::Services,
            ("service", Some("tcp")) => Kind::Ports(Transport::Tcp),
            ("service", Some("udp")) => Kind::Ports(Transport::Udp),
            ("service", Some("tcp-udp")) => Kind::Ports(Transport::Both),
            ("protocol", None) => Kind::Protocols,
            ("icmp-type", None) => Kind::IcmpTypes,
            ("user", None) => Kind::Users,
            ("security", None) => Kind::SecurityGroups,
            _ => Kind::Other,
        };
        self.define(kind, name, place);
    }

    fn define(&mut self, kind: Kind, name: Option<Word<'a>>, place: TextRange) {
        let Some(name) = name else {
            self.mode = Mode::Top;
            self.push(place, Status::NotUnderstood, "an object without a name");
            return;
        };
        let config = &mut self.config;
        // The same object comes again with its `nat`: the section goes on.
        let known = config.definition_names.get(name.text).copied();
        let same = known.filter(|at| config.definitions.get(*at).is_some_and(|known| known.kind == kind));
        let at = same.unwrap_or_else(|| {
            config.definitions.push(Definition {
                kind,
                name: name.text,
                place,
                head: place,
                members: Vec::new(),
            });
            let at = config.definitions.len() - 1;
            config.definition_names.insert(name.text, at);
            at
        });
        self.mode = Mode::Definition(at);
        let status = if kind == Kind::Other { Status::Approximated } else { Status::Understood };
        let reason = if kind == Kind::Other { "what is in an object of this kind is not known" } else { "" };
        self.push(place, status, reason);
    }

    fn definition_line(&mut self, at: usize, words: Words<'a>, indented: bool, place: TextRange) -> bool {
        let mut rest = words;
        let Some(first) = rest.next() else { return false };
        let Some(kind) = self.config.definitions.get(at).map(|definition| definition.kind) else {
            return false;
        };
        match first.text {
            "description" => {
                self.push(place, Status::Irrelevant, "a description");
                return true;
            }
            "nat" if indented => {
                let reason = "address translation: the access lists name the real address (since ASA 8.3)";
                self.irrelevant(words, place, reason);
                return true;
            }
            _ => {}
        }
        let ours = match kind {
            Kind::Network => matches!(first.text, "host" | "subnet" | "range" | "fqdn"),
            Kind::Service => first.text == "service",
            Kind::Users => matches!(first.text, "user" | "user-group" | "group-object"),
            Kind::SecurityGroups => matches!(first.text, "security-group" | "group-object"),
            _ => first.text == "group-object" || first.text.ends_with("-object"),
        };
        if !ours && !indented {
            return false;
        }
        let before = self.config.problems.len();
        let member =
            if ours { self.member(kind, first, rest, words) } else { Err(values::unexpected(first)) };
        let (status, reason, member) = match member {
            Ok(Member::Elsewhere(what)) => {
                (Status::Approximated, "a set that is kept elsewhere".into(), Member::Elsewhere(what))
            }
            Ok(member) if self.config.problems.len() == before => (Status::Understood, String::new(), member),
            Ok(member) => (Status::Approximated, "an address that is not known".into(), member),
            Err(wrong) => {
                let reason = wrong.message.clone();
                // What an object of an unknown kind holds is no mistake.
                if kind != Kind::Other {
                    self.config.problems.push(wrong.into());
                }
                (Status::NotUnderstood, reason, Member::Unclear(words.rest()))
            }
        };
        self.push(place, status, reason);
        let Some(definition) = self.config.definitions.get_mut(at) else { return true };
        // `object network` and `object service` hold one value: a later one takes its place.
        if matches!(kind, Kind::Network | Kind::Service) {
            definition.members.clear();
        }
        definition.members.push(member);
        if definition.members.len() == 1 || definition.place.end < place.end {
            definition.place = definition.place.cover(place);
        }
        true
    }

    fn member(
        &mut self,
        kind: Kind,
        first: Word<'a>,
        mut rest: Words<'a>,
        words: Words<'a>,
    ) -> Result<Member<'a>, Wrong> {
        if first.text == "group-object" {
            return reference(rest);
        }
        let aliases = &self.config.aliases;
        let before = rest;
        let addresses = match (kind, first.text) {
            (Kind::Network, "host") => values::host(&mut rest, aliases)?,
            (Kind::Network, "subnet") => values::subnet(&mut rest, aliases)?,
            (Kind::Network, "range") => values::range(&mut rest, aliases)?,
            (Kind::Network, "fqdn") => {
                // Without a keyword both families are resolved (command reference, `fqdn`).
                let families = if rest.eat("v4") {
                    AddressSet::any_v4()
                } else if rest.eat("v6") {
                    AddressSet::any_v6()
                } else {
                    AddressSet::any()
                };
                let name = rest.next().ok_or_else(|| values::missing(&rest, "a DNS name"))?;
                if name.text.contains('*') {
                    let message =
                        format!("`{}` is a wildcard, and an ASA has none", diagnostics::printable(name.text));
                    return Err(Wrong::new(name.place(), message, "name the hosts one by one"));
                }
                return end(rest, Member::Name(families, name.text.trim_end_matches('.'), name.place()));
            }
            (Kind::Networks, "network-object") => {
                if rest.eat("object") {
                    return reference(rest);
                }
                if rest.eat("host") {
                    values::host(&mut rest, aliases)?
                } else {
                    values::subnet(&mut rest, aliases)?
                }
            }
            (Kind::Service, "service") => return values::service(&mut rest).map(Member::Service),
            (Kind::Services, "service-object") => {
                if rest.eat("object") {
                    return reference(rest);
                }
                return values::service(&mut rest).map(Member::Service);
            }
            (Kind::Ports(_), "port-object") => {
                let ports = values::ports(&mut rest)?;
                return end(rest, Member::Numbers(ports));
            }
            (Kind::Protocols, "protocol-object") => {
                let word = rest.next().ok_or_else(|| values::missing(&rest, "a protocol"))?;
                let protocols = match word.text {
                    "ip" => IntervalSet::any(),
                    name => IntervalSet::one(literals::protocol_number(name).ok_or_else(|| {
                        let message = format!("`{}` is no protocol", diagnostics::printable(name));
                        Wrong::new(word.place(), message, "name the protocol, or give its number")
                    })?),
                };
                return end(rest, Member::Protocols(protocols));
            }
            (Kind::IcmpTypes, "icmp-object") => {
                let types = values::icmp(&mut rest, protocol::ICMP)?;
                return end(rest, Member::Numbers(types));
            }
            (Kind::Users | Kind::SecurityGroups, _) => return Ok(Member::Elsewhere(words.rest())),
            _ => return Err(values::unexpected(first)),
        };
        match addresses {
            Addresses::Known(set) => end(rest, Member::Addresses(set)),
            Addresses::Undefined(word) => {
                self.undefined_alias(word);
                // With its mask: the host and the network of one name are two things.
                let text = before.distance(&rest);
                end(rest, Member::Undefined(text))
            }
        }
    }

    pub fn time_range(&mut self, mut rest: Words<'a>, place: TextRange) {
        let Some(name) = rest.next() else {
            self.push(place, Status::NotUnderstood, "a time range without a name");
            return;
        };
        self.config.time_ranges.entry(name.text).or_insert(TimeRange { place, head: place, end: None });
        self.mode = Mode::TimeRange(name.text);
        self.push(place, Status::Understood, "");
    }

    fn time_range_line(&mut self, name: &'a str, words: Words<'a>, indented: bool, place: TextRange) -> bool {
        let mut rest = words;
        let first = rest.next().map_or("", |word| word.text);
        if !indented && !matches!(first, "absolute" | "periodic") {
            return false;
        }
        if let Some(range) = self.config.time_ranges.get_mut(name) {
            range.place = range.place.cover(place);
            if first == "absolute" {
                range.end = end_of(rest);
            }
        }
        let reason = "the time is not known: rules of this range match under a condition";
        self.push(place, Status::Approximated, reason);
        true
    }
}

fn reference(mut rest: Words<'_>) -> Result<Member<'_>, Wrong> {
    let name = rest.next().ok_or_else(|| values::missing(&rest, "the name of an object"))?;
    end(rest, Member::Reference(name.text))
}

fn end<'a>(mut rest: Words<'a>, member: Member<'a>) -> Result<Member<'a>, Wrong> {
    rest.next().map_or(Ok(member), |word| Err(values::unexpected(word)))
}

/// `start 08:00 1 January 2026 end 17:00 31 December 2026`
fn end_of(mut words: Words<'_>) -> Option<Day> {
    words.find(|word| word.text == "end")?;
    words.next()?;
    let day = words.next()?.text.parse().ok()?;
    let name = words.next()?.text.to_ascii_lowercase();
    let year = words.next()?.text.parse().ok()?;
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = MONTHS.iter().position(|month| name.starts_with(month))?;
    Some(Day { year, month: i8::try_from(month + 1).ok()?, day })
}
