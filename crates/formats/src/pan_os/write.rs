use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use space::{AddressSet, Coordinate, IntervalSet, NameSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::applications::Part;
use super::config::Kind;
use super::resolve_services::predefined_service;
use super::rule::WEB_PORTS;
use super::values::{as_v4, is_host_name, shown};
use crate::{NewRule, Refusal};

/// The longest names (PAN-OS Web Interface Help: "Building Blocks in a Security Policy Rule", "Objects").
const LONGEST_NAME: usize = 63;
const LONGEST_CATEGORY_NAME: usize = 31;
/// The longest list of ports in a service.
const LONGEST_PORTS: usize = 1023;

/// A rule or an object as what it has under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub path: Vec<&'static str>,
    pub values: Vec<String>,
    /// The values are members of a list.
    pub list: bool,
}

impl Field {
    fn one(path: &[&'static str], value: impl Into<String>) -> Self {
        Field { path: path.to_vec(), values: vec![value.into()], list: false }
    }

    fn list(key: &'static str, values: Vec<String>) -> Self {
        Field { path: vec![key], values, list: true }
    }
}

/// What the file has already, as the rules of one rule set see it.
#[derive(Default)]
pub struct Existing {
    /// Addresses and groups that are exactly such a set.
    pub addresses: HashMap<AddressSet, String>,
    pub hosts: HashMap<String, String>,
    pub services: HashMap<Vec<PartKey>, String>,
    /// Custom URL categories of one host, by the host.
    pub categories: HashMap<String, String>,
    /// Names that lead to what the file does not determine, by side-less symbol.
    pub named: HashMap<(SymbolKind, String), String>,
    /// Every name of an address object, and of a service object.
    pub address_names: HashSet<String>,
    pub service_names: HashSet<String>,
    pub category_names: HashSet<String>,
    pub application_names: HashSet<String>,
    pub schedule_names: HashSet<String>,
    pub rule_names: HashSet<String>,
}

/// A part of a service, to be looked up.
pub type PartKey = (IntervalSet<u8>, IntervalSet<u16>, IntervalSet<u16>);

pub fn key(part: &Part) -> PartKey {
    (part.protocols.clone(), part.source.clone(), part.destination.clone())
}

/// Writes rules, and the objects that they need.
#[derive(Default)]
pub struct Writer {
    pub existing: Existing,
    /// Objects to be made, in order.
    pub objects: Vec<(Kind, Entry)>,
}

impl Writer {
    /// A rule in the vendor's words. `kept` are symbols that what is kept of an old rule stands for.
    pub fn rule(&mut self, rule: &NewRule, name: String, kept: &[Symbol]) -> Result<Entry, Refusal> {
        let region = &rule.region;
        if region.is_empty() {
            let message = format!("the rule `{}` matches nothing", shown(&rule.name));
            return Err(Refusal::new(message, "leave it out"));
        }
        let mut named = Named::of(region, kept, &self.existing)?;
        let from = zones(&region.in_interface)?;
        let to = zones(&region.out_interface)?;
        let source = self.endpoint(&region.source, named.source.take())?;
        let destination = self.endpoint(&region.destination, named.destination.take())?;
        let service = self.services(rule)?;
        let mut category = named.category.take();
        if let Some(wildcard) = named.wildcard.take() {
            category = Some(self.category(region, &wildcard)?);
        }
        let any = || "any".to_owned();
        let mut fields = vec![
            Field::list("from", from),
            Field::list("to", to),
            Field::list("source", source),
            Field::list("destination", destination),
        ];
        fields.extend(named.user.take().map(|user| Field::list("source-user", vec![user])));
        fields.extend(category.map(|category| Field::list("category", vec![category])));
        fields.push(Field::list("application", vec![named.application.take().unwrap_or_else(any)]));
        fields.push(Field::list("service", service));
        fields.extend(named.hip.take().map(|hip| Field::list("hip-profiles", vec![hip])));
        fields.push(Field::one(&["action"], if rule.permit { "allow" } else { "deny" }));
        fields.extend(named.schedule.take().map(|schedule| Field::one(&["schedule"], schedule)));
        Ok(Entry { name, fields })
    }

    /// The words for one side: an object's name, or addresses.
    fn endpoint(&mut self, set: &AddressSet, name: Option<End>) -> Result<Vec<String>, Refusal> {
        match name {
            Some(_) if !set.is_any() => Err(Refusal::new(
                "a name at certain addresses only cannot be written",
                "use the name or the addresses",
            )),
            Some(End::Object(name)) => Ok(vec![name]),
            Some(End::Host(host)) => Ok(vec![self.host(&host)]),
            None => self.addresses(set),
        }
    }

    fn addresses(&self, set: &AddressSet) -> Result<Vec<String>, Refusal> {
        if set.is_any() {
            return Ok(vec!["any".to_owned()]);
        }
        if let Some(name) = self.existing.addresses.get(set) {
            return Ok(vec![name.clone()]);
        }
        if !as_v4(set).is_subset_of(&set.v4) {
            return Err(Refusal::new(
                "IPv6 addresses from `::` on cannot be written without IPv4",
                "IPv4 addresses match `::/96` and what is around it too: name what IPv6 is for, as `2000::/3`, or \
                 any address",
            ));
        }
        set.ranges()
            .map(|(low, high)| {
                let range = AddressSet::range(low, high);
                if let Some(name) = self.existing.addresses.get(&range) {
                    return Ok(name.clone());
                }
                let words = match range.prefixes().as_slice() {
                    _ if low == high => {
                        vec![low.to_string(), format!("{low}/{}", if low.is_ipv4() { 32 } else { 128 })]
                    }
                    [prefix] => vec![prefix.to_string(), format!("{low}-{high}")],
                    _ => vec![format!("{low}-{high}")],
                };
                // An object may be called like an address, and be another.
                let free = words.into_iter().find(|word| !self.existing.address_names.contains(word));
                free.ok_or_else(|| {
                    let message = format!("`{low}` is the name of an object that is something else");
                    Refusal::new(message, "rename the object")
                })
            })
            .collect()
    }

    fn host(&mut self, host: &str) -> String {
        if let Some(name) = self.existing.hosts.get(host) {
            return name.clone();
        }
        let name = free(host, LONGEST_NAME, &mut self.existing.address_names);
        let entry = Entry { name: name.clone(), fields: vec![Field::one(&["fqdn"], host)] };
        self.objects.push((Kind::Address, entry));
        self.existing.hosts.insert(host.to_owned(), name.clone());
        name
    }

    /// A category is looked up for web sessions only: on their ports it says the same as the name.
    fn category(&mut self, region: &Region, wildcard: &str) -> Result<String, Refusal> {
        let web = IntervalSet::from_ranges(WEB_PORTS.map(|port| (port, port)));
        let of_web =
            region.protocol == IntervalSet::one(protocol::TCP) && region.destination_port.is_subset_of(&web);
        if !of_web {
            return Err(Refusal::new(
                format!("`{}` cannot be written for other ports than those of the web", shown(wildcard)),
                "an FQDN object takes no wildcard, and a URL category matches web sessions: list the hosts or their \
                 addresses, or narrow the service to tcp 80, 443 or 8080",
            ));
        }
        if let Some(name) = self.existing.categories.get(wildcard) {
            return Ok(name.clone());
        }
        let wanted = wildcard.replacen("*.", "below.", 1);
        let name = free(&wanted, LONGEST_CATEGORY_NAME, &mut self.existing.category_names);
        let fields =
            vec![Field::one(&["type"], "URL List"), Field::list("list", vec![format!("{wildcard}/")])];
        self.objects.push((Kind::UrlCategory, Entry { name: name.clone(), fields }));
        self.existing.categories.insert(wildcard.to_owned(), name.clone());
        Ok(name)
    }

    fn services(&mut self, rule: &NewRule) -> Result<Vec<String>, Refusal> {
        let region = &rule.region;
        let (source, destination) = (&region.source_port, &region.destination_port);
        if region.protocol.is_any() && source.is_any() && destination.is_any() {
            return Ok(vec!["any".to_owned()]);
        }
        let numbers: Vec<u8> = region.protocol.ranges().flat_map(|(low, high)| low..=high).collect();
        let other = |number: &&u8| !matches!(**number, protocol::TCP | protocol::UDP | protocol::SCTP);
        if let Some(number) = numbers.iter().find(other) {
            let what = protocol::name(*number).map_or_else(|| format!("ip/{number}"), str::to_owned);
            let help = if protocol::is_icmp(*number) {
                "a service is tcp, udp or sctp; write a rule with the application `ping` or `icmp` by hand"
            } else {
                "a service is tcp, udp or sctp; write a rule with the protocol's application by hand"
            };
            let message = format!("`{}` is for `{what}`, which no service can be", shown(&rule.name));
            return Err(Refusal::new(message, help));
        }
        numbers.into_iter().map(|number| self.service(number, source, destination)).collect()
    }

    fn service(
        &mut self,
        number: u8,
        source: &IntervalSet<u16>,
        destination: &IntervalSet<u16>,
    ) -> Result<String, Refusal> {
        let key = vec![(IntervalSet::one(number), source.clone(), destination.clone())];
        if let Some(name) = self.existing.services.get(&key) {
            return Ok(name.clone());
        }
        let word = match number {
            protocol::UDP => "udp",
            protocol::SCTP => "sctp",
            _ => "tcp",
        };
        let predefined = ["service-http", "service-https"].into_iter().find(|name| {
            let parts = predefined_service(name).unwrap_or_default();
            !self.existing.service_names.contains(*name)
                && parts.iter().map(self::key).collect::<Vec<_>>() == key
        });
        if let Some(name) = predefined {
            return Ok(name.to_owned());
        }
        let (to, from) = (ports(destination), ports(source));
        if to.len() > LONGEST_PORTS || from.len() > LONGEST_PORTS {
            let message =
                format!("a service with {} ranges of ports is too long", destination.ranges().len());
            return Err(Refusal::new(message, "split the ports over several rules"));
        }
        let mut wanted = if destination.is_any() { format!("{word}-any") } else { format!("{word}-{to}") };
        let mut fields = vec![Field::one(&["protocol", word, "port"], to)];
        if !source.is_any() {
            wanted.push_str(&format!("-from-{from}"));
            fields.push(Field::one(&["protocol", word, "source-port"], from));
        }
        let name = free(&wanted.replace(',', "_"), LONGEST_NAME, &mut self.existing.service_names);
        self.objects.push((Kind::Service, Entry { name: name.clone(), fields }));
        self.existing.services.insert(key, name.clone());
        Ok(name)
    }
}

/// One side of a rule, where it is no addresses.
enum End {
    Host(String),
    Object(String),
}

/// The conditions of a rule, as what it names.
#[derive(Default)]
struct Named {
    source: Option<End>,
    destination: Option<End>,
    wildcard: Option<String>,
    category: Option<String>,
    application: Option<String>,
    user: Option<String>,
    hip: Option<String>,
    schedule: Option<String>,
}

impl Named {
    fn of(region: &Region, kept: &[Symbol], existing: &Existing) -> Result<Self, Refusal> {
        let mut named = Named::default();
        for (symbol, held) in region.conditions.essential() {
            if held && kept.contains(symbol) {
                continue;
            }
            named.add(symbol, held, existing)?;
        }
        if named.wildcard.is_some() && (named.category.is_some() || named.destination.is_some()) {
            return Err(Refusal::new(
                "a wildcard and another name of the destination do not go into one rule",
                "write a rule for each",
            ));
        }
        Ok(named)
    }

    fn add(&mut self, symbol: &Symbol, held: bool, existing: &Existing) -> Result<(), Refusal> {
        let name = &*symbol.name;
        let refused = |help: &str| {
            let what = format!("a condition on the {} `{}`", symbol.kind.noun(), shown(name));
            Refusal::new(format!("{what} cannot be written"), help)
        };
        if !held {
            return Err(refused("put a rule of the other action before it"));
        }
        let twice = || refused("write a rule for each name");
        match (symbol.side, symbol.kind) {
            (Side::Packet, SymbolKind::Match) => {
                let (slot, value) = self
                    .field(name, existing)
                    .ok_or_else(|| refused("use addresses, ports, DNS names, applications or users"))?;
                if slot.replace(value).is_some() {
                    return Err(twice());
                }
            }
            (Side::Packet, _) => {
                return Err(refused("use addresses, ports, DNS names, applications or users"));
            }
            (Side::Destination, SymbolKind::Name) if name.starts_with("*.") => {
                if !name.strip_prefix("*.").is_some_and(|rest| rest.contains('.') && is_host_name(rest)) {
                    return Err(refused("a wildcard is `*.` before a whole domain name"));
                }
                if self.wildcard.replace(name.to_owned()).is_some() {
                    return Err(twice());
                }
            }
            (side, kind) => {
                let end = match existing.named.get(&(kind, name.to_owned())) {
                    _ if kind == SymbolKind::Name && is_host_name(name) && name.contains('.') => {
                        End::Host(name.to_owned())
                    }
                    Some(object) => End::Object(object.clone()),
                    None if kind == SymbolKind::AddressGroup => predefined_list(name, existing)
                        .map(End::Object)
                        .ok_or_else(|| refused("define it in the export first, or list its addresses"))?,
                    None if kind == SymbolKind::Name => {
                        return Err(refused(
                            "an FQDN object is one whole name; a wildcard goes into a custom URL category, for the \
                             destination of web sessions only",
                        ));
                    }
                    None => return Err(refused("define it in the export first, or list its addresses")),
                };
                let slot = if side == Side::Source { &mut self.source } else { &mut self.destination };
                if slot.replace(end).is_some() {
                    return Err(twice());
                }
            }
        }
        Ok(())
    }

    /// The key of a rule that a symbol of ours stands for.
    fn field(&mut self, name: &str, existing: &Existing) -> Option<(&mut Option<String>, String)> {
        let own = |value: &str| value.to_owned();
        if let Some(value) = name.strip_prefix("application ") {
            // Groups and filters have symbols of their own, and a custom one is looked up like the vendor's.
            let plain = !existing.application_names.contains(value)
                || existing.named.contains_key(&(SymbolKind::Match, name.to_owned()));
            let one = !value.starts_with("group ") && !value.starts_with("filter ") && value != "any";
            return (plain && one).then(|| (&mut self.application, own(value)));
        }
        if let Some(value) = name.strip_prefix("source-user ") {
            return (value != "any").then(|| (&mut self.user, own(value)));
        }
        if let Some(value) = name.strip_prefix("hip-profile ") {
            return (value != "any").then(|| (&mut self.hip, own(value)));
        }
        if let Some(value) = name.strip_prefix("url category ") {
            let opaque = !existing.category_names.contains(value) && value != "any";
            return opaque.then(|| (&mut self.category, own(value)));
        }
        let value = name.strip_prefix("schedule ")?;
        existing.schedule_names.contains(value).then(|| (&mut self.schedule, own(value)))
    }
}

/// A list that every firewall has, or a region.
fn predefined_list(name: &str, existing: &Existing) -> Option<String> {
    let plain = name.strip_prefix("region ").unwrap_or(name);
    let known = name.starts_with("panw-") || name.starts_with("region ");
    (known && !existing.address_names.contains(plain)).then(|| plain.to_owned())
}

fn zones(names: &NameSet) -> Result<Vec<String>, Refusal> {
    if names.is_any() {
        return Ok(vec!["any".to_owned()]);
    }
    let exact = names.exact().filter(|names| names.iter().all(|name| !name.is_empty() && *name != "any"));
    let exact = exact.ok_or_else(|| {
        let name = names.example().unwrap_or_default();
        let message = format!("a set of zones such as `{}` cannot be written", shown(&name));
        Refusal::new(message, "list whole names of zones")
    })?;
    Ok(exact.into_iter().map(str::to_owned).collect())
}

fn ports<T: Coordinate + Display>(ports: &IntervalSet<T>) -> String {
    let word = |(low, high)| if low == high { format!("{low}") } else { format!("{low}-{high}") };
    ports.ranges().map(word).collect::<Vec<_>>().join(",")
}

/// A name as the vendor takes it, which nothing has yet.
pub fn free(wanted: &str, longest: usize, taken: &mut HashSet<String>) -> String {
    let base = fitted(wanted, longest);
    let mut name = base.clone();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        let suffix = format!("-{number}");
        let head: String = base.chars().take(longest.saturating_sub(suffix.len())).collect();
        name = format!("{}{suffix}", head.trim_end());
    }
    name
}

/// A name for a rule.
pub fn rule_name(wanted: &str, taken: &mut HashSet<String>) -> String {
    free(wanted, LONGEST_NAME, taken)
}

/// Letters, digits, `_`, `-`, `.` and blanks, a letter or digit first.
fn fitted(wanted: &str, longest: usize) -> String {
    let mut out = String::new();
    for character in wanted.chars() {
        let fits = character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | ' ');
        if out.is_empty() && !character.is_ascii_alphanumeric() {
            continue;
        }
        if fits {
            if !(character == ' ' && out.ends_with(' ')) {
                out.push(character);
            }
        } else if !out.ends_with(['-', ' ']) {
            out.push('-');
        }
        if out.len() >= longest {
            break;
        }
    }
    out.truncate(out.trim_end_matches([' ', '-']).len());
    // What a list takes for all is no name.
    if out.is_empty() || out == "any" { "rule".to_owned() } else { out }
}
