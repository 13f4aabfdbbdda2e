//! A rule in no vendor's words to an entry of an extended list, and the objects that it needs.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use diagnostics::printable;
use ipnet::IpNet;
use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, SymbolKind};

use super::config::{Config, Kind, Member, Service};
use super::resolve::{Resolver, merged};
use super::write_services::{One, protocol_with_ports, services};
use crate::{NewRule, Refusal};

/// "Object names are limited to 64 characters" (firewall configuration guide, "Objects for Access Control").
const LONGEST_OBJECT_NAME: usize = 64;

/// "Each remark can be up to 100 characters" (command reference, `access-list remark`).
const LONGEST_REMARK: usize = 100;

/// A range that takes more prefixes than this becomes an object of its own.
const MOST_PREFIXES: usize = 4;

/// One group holds no more members than this.
pub(super) const MOST_MEMBERS: usize = 10_000;

/// An entry as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub remark: Option<String>,
    /// After the name of the list: `extended permit tcp any any eq 443`.
    pub text: String,
}

/// A section that defines an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewObject {
    /// `object network web`
    pub head: String,
    pub members: Vec<String>,
}

/// Protocols, source ports and destination ports.
type Key = (IntervalSet<u8>, IntervalSet<u16>, IntervalSet<u16>);

/// Writes entries, and keeps which objects there are.
pub(super) struct Writer {
    /// Before ASA 9.0: lists are for IPv4 alone, and objects hold neither ranges nor names.
    old: bool,
    by_addresses: HashMap<AddressSet, String>,
    by_name: HashMap<(String, AddressSet), String>,
    by_services: HashMap<Vec<Key>, String>,
    taken: HashSet<String>,
    pub new_objects: Vec<NewObject>,
}

impl Writer {
    /// For a new file.
    pub fn new() -> Self {
        Writer {
            old: false,
            by_addresses: HashMap::new(),
            by_name: HashMap::new(),
            by_services: HashMap::new(),
            taken: HashSet::new(),
            new_objects: Vec::new(),
        }
    }

    /// For a file that has objects already.
    pub fn beside(config: &Config<'_>) -> Self {
        let mut writer = Writer { old: config.split_families, ..Writer::new() };
        let mut resolver = Resolver::new(config);
        for (at, definition) in config.definitions.iter().enumerate() {
            writer.taken.insert(definition.name.to_owned());
            if let (Kind::Network, [Member::Name(families, name, _)]) =
                (definition.kind, definition.members.as_slice())
            {
                let key = (name.to_ascii_lowercase(), families.clone());
                writer.by_name.entry(key).or_insert_with(|| definition.name.to_owned());
                continue;
            }
            let resolved = resolver.resolve(at);
            if !resolved.missing.is_empty() {
                continue;
            }
            match definition.kind {
                Kind::Network | Kind::Networks => {
                    let word = if definition.kind == Kind::Network { "object" } else { "object-group" };
                    let written = format!("{word} {}", definition.name);
                    writer.by_addresses.entry(resolved.addresses.clone()).or_insert(written);
                }
                Kind::Services => {
                    let name = definition.name.to_owned();
                    writer.by_services.entry(key_of(&resolved.services)).or_insert(name);
                }
                _ => {}
            }
        }
        writer.taken.extend(config.aliases.keys().map(|alias| (*alias).to_owned()));
        writer
    }

    /// The entry for a rule, whatever its interfaces.
    pub fn entry(&mut self, rule: &NewRule) -> Result<Entry, Refusal> {
        let region = &rule.region;
        if region.is_empty() || region.families().is_empty() {
            let message = format!("the rule `{}` matches nothing", printable(&rule.name));
            return Err(Refusal::new(message, "leave it out"));
        }
        let (from, to) = names(&region.conditions)?;
        let source = self.endpoint(&region.source, from, &rule.name, "src")?;
        let destination = self.endpoint(&region.destination, to, &rule.name, "dst")?;
        let action = if rule.permit { "permit" } else { "deny" };
        let services = services(region)?;
        let text = match services.as_slice() {
            [One { protocol, source_port, destination_port }] => {
                let ports = |ports: &str| if ports.is_empty() { String::new() } else { format!(" {ports}") };
                let (from, to) = (ports(source_port), ports(destination_port));
                format!("extended {action} {protocol} {source}{from} {destination}{to}")
            }
            several => {
                let group = self.service_group(region, several, &rule.name)?;
                format!("extended {action} object-group {group} {source} {destination}")
            }
        };
        Ok(Entry { remark: remark(&rule.name), text })
    }

    fn endpoint(
        &mut self,
        set: &AddressSet,
        name: Option<&str>,
        rule: &str,
        end: &str,
    ) -> Result<String, Refusal> {
        if let Some(name) = name {
            return self.named(set, name);
        }
        let set = if self.old {
            let v4 = AddressSet { v6: IntervalSet::empty(), ..set.clone() };
            if v4.is_empty() {
                return Err(Refusal::new(
                    "before ASA 9.0 IPv6 has access lists of its own, which are not written here",
                    "write the entry by hand, with `ipv6 access-list`",
                ));
            }
            v4
        } else {
            set.clone()
        };
        let open = if self.old { set.v4.is_any() } else { set.is_any() };
        if open {
            return Ok("any".to_owned());
        }
        if set == AddressSet::any_v4() {
            return Ok("any4".to_owned());
        }
        if set == AddressSet::any_v6() {
            return Ok("any6".to_owned());
        }
        if let Some(prefix) = only_prefix(&set) {
            return Ok(written_prefix(prefix));
        }
        if let Some(known) = self.by_addresses.get(&set) {
            return Ok(known.clone());
        }
        self.address_group(set, rule, end)
    }

    fn address_group(&mut self, set: AddressSet, rule: &str, end: &str) -> Result<String, Refusal> {
        if set.ranges().count() > MOST_MEMBERS {
            let message = format!("a group of {} ranges of addresses is too large", set.ranges().count());
            return Err(Refusal::new(message, "write larger networks, or fewer of them"));
        }
        let ranges: Vec<(IpAddr, IpAddr)> = set.ranges().collect();
        let mut members = Vec::new();
        let alone = ranges.len() == 1;
        for (low, high) in ranges {
            let range = AddressSet::range(low, high);
            let prefixes = range.prefixes();
            if self.old || prefixes.len() <= MOST_PREFIXES && !alone {
                members.extend(
                    prefixes.iter().map(|prefix| format!("network-object {}", written_prefix(*prefix))),
                );
                continue;
            }
            let object = match self.by_addresses.get(&range).and_then(|known| known.strip_prefix("object ")) {
                Some(known) => known.to_owned(),
                None => {
                    let object = self.fresh(&format!("{low}-{high}").replace(':', "_"), "");
                    let head = format!("object network {object}");
                    self.new_objects.push(NewObject { head, members: vec![format!("range {low} {high}")] });
                    self.by_addresses.insert(range, format!("object {object}"));
                    object
                }
            };
            if alone {
                return Ok(format!("object {object}"));
            }
            members.push(format!("network-object object {object}"));
        }
        let group = self.fresh(rule, end);
        self.new_objects.push(NewObject { head: format!("object-group network {group}"), members });
        let written = format!("object-group {group}");
        self.by_addresses.insert(set, written.clone());
        Ok(written)
    }

    /// An object for one DNS name.
    fn named(&mut self, set: &AddressSet, name: &str) -> Result<String, Refusal> {
        let (families, keyword) = if set.is_any() {
            (AddressSet::any(), "")
        } else if *set == AddressSet::any_v4() {
            (AddressSet::any_v4(), "v4 ")
        } else if *set == AddressSet::any_v6() {
            (AddressSet::any_v6(), "v6 ")
        } else {
            let message = format!("`{}` at certain addresses only cannot be written", printable(name));
            return Err(Refusal::new(message, "give the flow the name or the addresses"));
        };
        if self.old {
            let message = format!("`{}` is a name, and this firewall matches addresses", printable(name));
            return Err(Refusal::new(message, "give the role the addresses that the name has"));
        }
        check_name(name)?;
        let key = (name.to_ascii_lowercase(), families);
        if let Some(known) = self.by_name.get(&key) {
            return Ok(format!("object {known}"));
        }
        let object = self.fresh(name, keyword.trim_end());
        let head = format!("object network {object}");
        self.new_objects.push(NewObject { head, members: vec![format!("fqdn {keyword}{name}")] });
        self.by_name.insert(key, object.clone());
        Ok(format!("object {object}"))
    }

    fn service_group(&mut self, region: &Region, all: &[One], rule: &str) -> Result<String, Refusal> {
        let mut members = Vec::with_capacity(all.len());
        let mut wanted = Vec::with_capacity(all.len());
        for one in all {
            let mut member = format!("service-object {}", one.protocol);
            if protocol_with_ports(&one.protocol) {
                for (word, ports) in [("source", &one.source_port), ("destination", &one.destination_port)] {
                    if !ports.is_empty() {
                        member.push_str(&format!(" {word} {ports}"));
                    }
                }
            } else if !one.destination_port.is_empty() {
                member.push_str(&format!(" {}", one.destination_port));
            }
            members.push(member);
        }
        for number in region.protocol.ranges().flat_map(|(low, high)| low..=high) {
            wanted.push(Service {
                protocols: IntervalSet::one(number),
                source: region.source_port.clone(),
                destination: region.destination_port.clone(),
            });
        }
        let key = key_of(&merged(wanted));
        if let Some(known) = self.by_services.get(&key) {
            return Ok(known.clone());
        }
        if members.len() > MOST_MEMBERS {
            let message = format!("a group of {} services is too large", members.len());
            return Err(Refusal::new(message, "write ranges of ports, or fewer of them"));
        }
        let group = self.fresh(rule, "svc");
        self.new_objects.push(NewObject { head: format!("object-group service {group}"), members });
        self.by_services.insert(key, group.clone());
        Ok(group)
    }

    /// A name for an object that no other has: objects and groups share one name space.
    fn fresh(&mut self, wanted: &str, end: &str) -> String {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let mut stem: String = wanted.chars().map(|c| if legal(c) { c } else { '_' }).collect();
        // Room for an end, and for a number after it.
        stem.truncate(LONGEST_OBJECT_NAME - 12);
        if stem.is_empty() {
            stem.push_str("rule");
        }
        if !end.is_empty() {
            stem.push('-');
            stem.push_str(end);
        }
        let mut name = stem.clone();
        let mut number = 1_u32;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        name
    }
}

fn key_of(services: &[Service]) -> Vec<Key> {
    let mut all: Vec<_> = services
        .iter()
        .map(|service| (service.protocols.clone(), service.source.clone(), service.destination.clone()))
        .collect();
    all.sort();
    all
}

/// The DNS names of source and destination, if the conditions say that and nothing more.
fn names(conditions: &Conditions) -> Result<(Option<&str>, Option<&str>), Refusal> {
    // The narrowest name comes last, and implies the wildcards above it.
    let narrowest = |side| {
        let names = conditions
            .iter()
            .filter(|(symbol, held)| *held && symbol.side == side && symbol.kind == SymbolKind::Name);
        names.last().map(|(symbol, _)| &*symbol.name)
    };
    let named =
        |side, name: Option<&str>| name.map_or_else(Conditions::none, |name| Conditions::named(side, name));
    let (source, destination) = (narrowest(Side::Source), narrowest(Side::Destination));
    let written = named(Side::Source, source).and(&named(Side::Destination, destination)).unwrap_or_default();
    if written == *conditions {
        return Ok((source, destination));
    }
    let essential = conditions.essential();
    let other = essential.iter().find(|(symbol, held)| !(*held && symbol.kind == SymbolKind::Name));
    let (symbol, _) = match other.or(essential.first()) {
        Some(found) => found,
        None => return Ok((source, destination)),
    };
    Err(Refusal::new(
        format!("a condition on the {} `{}` cannot be written", symbol.kind.noun(), printable(&symbol.name)),
        "give the flow as addresses, DNS names of single hosts, protocols and ports",
    ))
}

/// "The FQDN must begin and end with a digit or letter. Only letters, digits, and hyphens are allowed as internal
/// characters. Labels are separated by a dot" (command reference, `fqdn`).
fn check_name(name: &str) -> Result<(), Refusal> {
    if name.contains('*') {
        let message = format!("an ASA has no wildcards, and `{}` is one", printable(name));
        let help = "name the hosts one by one, give the role their addresses (an address feed can keep them), or let the \
                    flow pass a proxy that knows names";
        return Err(Refusal::new(message, help));
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.contains('.') && name.len() <= 253 && name.split('.').all(label) {
        return Ok(());
    }
    let message = format!("`{}` is no DNS name that an ASA takes", printable(name));
    Err(Refusal::new(
        message,
        "labels of letters, digits and hyphens, separated by dots, at least two of them",
    ))
}

fn only_prefix(set: &AddressSet) -> Option<IpNet> {
    if set.ranges().count() != 1 {
        return None;
    }
    match set.prefixes().as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

fn written_prefix(prefix: IpNet) -> String {
    match prefix {
        IpNet::V4(net) if net.prefix_len() == 32 => format!("host {}", net.addr()),
        IpNet::V4(net) => format!("{} {}", net.network(), net.netmask()),
        IpNet::V6(net) if net.prefix_len() == 128 => format!("host {}", net.addr()),
        IpNet::V6(net) => net.trunc().to_string(),
    }
}

/// The name as a remark that fits: one line, and no `?`, at which the command line shows its help.
fn remark(name: &str) -> Option<String> {
    let words: Vec<String> = name
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('?', "."))
        .collect();
    let mut text = words.join(" ");
    let mut end = text.len().min(LONGEST_REMARK);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    let text = text.trim_end().to_owned();
    (!text.is_empty()).then_some(text)
}
