use std::collections::{HashMap, HashSet};

use diagnostics::printable;
use space::{AddressSet, IntervalSet, Set, Side, SymbolKind, protocol};

use super::tags;
use crate::json_out::Out;
use crate::{Direction, NewRule, Refusal};

/// One security rule to be written: one protocol, one family of addresses, at most one tag or group a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub permit: bool,
    pub protocol: &'static str,
    pub source: End,
    pub destination: End,
}

/// One side of a rule to be written: addresses (or `*`, or one tag) or application security groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    pub addresses: Vec<String>,
    /// Ids, or expressions that give one.
    pub groups: Vec<String>,
    pub ports: Vec<String>,
}

/// How an application security group of a name is pointed at; `None` where that is not known.
pub type GroupId<'f> = &'f dyn Fn(&str) -> Option<String>;

/// The rules that together match exactly `rule.region`, or why there are none.
///
/// Azure does not mix IPv4 and IPv6 in one rule, so that both on both sides become two rules: IPv4 to IPv4 and IPv6
/// to IPv6. Packets from one family to the other do not exist.
pub fn specs(rule: &NewRule, direction: Direction, group_id: GroupId<'_>) -> Result<Vec<Spec>, Refusal> {
    let region = &rule.region;
    if !region.in_interface.is_any() || !region.out_interface.is_any() {
        return Err(Refusal::new(
            format!(
                "`{}` names an interface, and a network security group knows none",
                printable(&rule.name)
            ),
            "bind the group to the subnet or network interface instead",
        ));
    }
    if region.is_empty() {
        return Ok(Vec::new());
    }
    let named = Sides::of(rule, direction, group_id)?;
    let pairs = families(&region.source, &region.destination);
    if pairs.is_empty() {
        return Err(Refusal::new(
            format!("`{}` goes from one address family to the other", printable(&rule.name)),
            "name IPv4 addresses on both sides, or IPv6 addresses on both",
        ));
    }
    let services = services(rule)?;
    let mut out = Vec::with_capacity(services.len() * pairs.len());
    for (protocol, ported) in services {
        for (source, destination) in &pairs {
            let end = |given: &Option<End>, addresses: &AddressSet, ports: &IntervalSet<u16>| {
                let mut end =
                    given.clone().unwrap_or_else(|| End { addresses: prefixes(addresses), ..End::default() });
                end.ports = if ported { port_ranges(ports) } else { vec!["*".to_owned()] };
                end
            };
            out.push(Spec {
                permit: rule.permit,
                protocol,
                source: end(&named.source, source, &region.source_port),
                destination: end(&named.destination, destination, &region.destination_port),
            });
        }
    }
    Ok(out)
}

/// The tag or group that a condition puts in the place of addresses.
struct Sides {
    source: Option<End>,
    destination: Option<End>,
}

impl Sides {
    fn of(rule: &NewRule, direction: Direction, group_id: GroupId<'_>) -> Result<Self, Refusal> {
        let mut sides = Sides { source: None, destination: None };
        let own = if direction == Direction::Inbound { Side::Destination } else { Side::Source };
        for (symbol, held) in rule.region.conditions.essential() {
            let refused = |why: &str, help: &str| {
                let symbol = format!("{} `{}`", symbol.kind.noun(), printable(&symbol.name));
                Refusal::new(format!("`{}` demands the {symbol}: {why}", printable(&rule.name)), help)
            };
            let addresses =
                if symbol.side == Side::Source { &rule.region.source } else { &rule.region.destination };
            let slot = match symbol.side {
                Side::Source => &mut sides.source,
                Side::Destination => &mut sides.destination,
                Side::Packet => return Err(refused("Azure has no such match", "write the rule without it")),
            };
            if !held {
                return Err(refused(
                    "a rule cannot say that it does not hold",
                    "put a rule of the other action before it",
                ));
            }
            let end = match symbol.kind {
                SymbolKind::ServiceTag => {
                    let spelling = tags::canonical(&symbol.name);
                    if !tags::has_form(&symbol.name)
                        || spelling.eq_ignore_ascii_case("any")
                        || *spelling != *symbol.name
                    {
                        return Err(refused(
                            "this is not how Azure spells a tag",
                            &format!("write it as `{spelling}`"),
                        ));
                    }
                    if [tags::INTERNET, tags::AZURE_LOAD_BALANCER].contains(&&*symbol.name) {
                        return Err(refused(
                            "the tag stands for more than this condition",
                            "list the addresses instead",
                        ));
                    }
                    if &*symbol.name == tags::VIRTUAL_NETWORK && symbol.side == own {
                        return Err(refused(
                            "this side is always in the virtual network",
                            "leave the condition out",
                        ));
                    }
                    End { addresses: vec![symbol.name.to_string()], ..End::default() }
                }
                SymbolKind::ApplicationSecurityGroup => match group_id(&symbol.name) {
                    Some(id) => End { groups: vec![id], ..End::default() },
                    None => {
                        return Err(refused(
                            "its id is not known",
                            "use the group in another rule of the export first",
                        ));
                    }
                },
                SymbolKind::Name => {
                    return Err(refused(
                        "a network security group matches addresses, not names",
                        "list the addresses behind the name, or use an Azure Firewall, which matches names",
                    ));
                }
                _ => {
                    return Err(refused(
                        "it stands for what is not known",
                        "say the addresses or ports themselves",
                    ));
                }
            };
            if slot.is_some() {
                return Err(refused("a rule has one tag or group a side", "write one rule for each"));
            }
            if !addresses.is_any() {
                return Err(refused(
                    "a tag or group cannot be cut down to addresses",
                    "list the addresses instead",
                ));
            }
            *slot = Some(end);
        }
        Ok(sides)
    }
}

/// The protocols of the region as Azure names them, and whether ports go with them.
fn services(rule: &NewRule) -> Result<Vec<(&'static str, bool)>, Refusal> {
    let region = &rule.region;
    let name = printable(&rule.name);
    let any_port = region.source_port.is_any() && region.destination_port.is_any();
    if region.protocol.is_any() && any_port {
        return Ok(vec![("*", false)]);
    }
    if region.protocol.is_any() {
        return Err(Refusal::new(
            format!("`{name}` has ports for every protocol, and what Azure makes of that is not documented"),
            "name the protocols: a rule for tcp, a rule for udp",
        ));
    }
    let mut out = Vec::new();
    let numbers: Vec<u8> = region.protocol.ranges().flat_map(|(low, high)| low..=high).collect();
    for number in &numbers {
        let word = match *number {
            protocol::TCP => "Tcp",
            protocol::UDP => "Udp",
            protocol::ICMP | protocol::ICMPV6 => "Icmp",
            protocol::ESP => "Esp",
            protocol::AH => "Ah",
            other => {
                let what = protocol::name(other).map_or_else(|| format!("ip/{other}"), str::to_owned);
                return Err(Refusal::new(
                    format!("`{name}` is for `{what}`, which a security rule cannot name"),
                    "a security rule is for tcp, udp, icmp, esp, ah or any protocol",
                ));
            }
        };
        let ported = protocol::has_ports(*number);
        if !ported && !any_port {
            return Err(Refusal::new(
                format!(
                    "`{name}` picks types or ports of `{}`, which Azure does not tell apart",
                    word.to_lowercase()
                ),
                "write the rule for the whole protocol",
            ));
        }
        if !out.contains(&(word, ported)) {
            out.push((word, ported));
        }
    }
    let has = |number| region.protocol.contains(number);
    let meets = |source: bool, destination: bool| !source && !destination;
    let v4 = meets(region.source.v4.is_empty(), region.destination.v4.is_empty());
    let v6 = meets(region.source.v6.is_empty(), region.destination.v6.is_empty());
    if has(protocol::ICMP) != has(protocol::ICMPV6) && (if has(protocol::ICMP) { v6 } else { v4 }) {
        return Err(Refusal::new(
            format!("`{name}` is for one of ICMP and ICMPv6, and Azure's `Icmp` is both"),
            "allow both, or name addresses of the one family",
        ));
    }
    Ok(out)
}

/// The pairs of address sets that a rule each can have.
fn families(source: &AddressSet, destination: &AddressSet) -> Vec<(AddressSet, AddressSet)> {
    let v4 = |set: &AddressSet| AddressSet { v4: set.v4.clone(), v6: IntervalSet::empty() };
    let v6 = |set: &AddressSet| AddressSet { v4: IntervalSet::empty(), v6: set.v6.clone() };
    let parts =
        |set: &AddressSet| [v4(set), v6(set)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    match (source.is_any(), destination.is_any()) {
        (true, true) => vec![(source.clone(), destination.clone())],
        (true, false) => parts(destination).into_iter().map(|part| (source.clone(), part)).collect(),
        (false, true) => parts(source).into_iter().map(|part| (part, destination.clone())).collect(),
        (false, false) => {
            let pairs = [(v4(source), v4(destination)), (v6(source), v6(destination))];
            pairs
                .into_iter()
                .filter(|(source, destination)| !source.is_empty() && !destination.is_empty())
                .collect()
        }
    }
}

fn prefixes(set: &AddressSet) -> Vec<String> {
    if set.is_any() {
        return vec!["*".to_owned()];
    }
    let host = |net: &ipnet::IpNet| net.prefix_len() == net.max_prefix_len();
    set.prefixes()
        .iter()
        .map(|net| if host(net) { net.addr().to_string() } else { net.to_string() })
        .collect()
}

fn port_ranges(ports: &IntervalSet<u16>) -> Vec<String> {
    if ports.is_any() {
        return vec!["*".to_owned()];
    }
    ports
        .ranges()
        .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
        .collect()
}

/// How much of Azure's limits the rules take: prefixes of both sides.
pub fn address_count(spec: &Spec) -> usize {
    spec.source.addresses.len() + spec.destination.addresses.len()
}

/// Names for rules: as Azure wants them, and no two alike (it compares them in any case).
#[derive(Default)]
pub struct Names {
    taken: HashSet<String>,
    /// How often a name was wanted, so that a thousand equal ones are not tried from 2 on each time.
    wanted: HashMap<String, usize>,
}

/// "Naming rules and restrictions for Azure resources": 1 to 80 characters for a security rule and for its group.
const NAME_LIMIT: usize = 80;

impl Names {
    pub fn take_as_it_is(&mut self, name: &str) {
        self.taken.insert(name.to_ascii_lowercase());
    }

    pub fn take(&mut self, wanted: &str) -> String {
        let base = fitted(wanted);
        let mut name = base.clone();
        while !self.taken.insert(name.to_ascii_lowercase()) {
            let number = self.wanted.entry(base.to_ascii_lowercase()).or_insert(1);
            *number += 1;
            let suffix = format!("-{number}");
            let head = base.get(..NAME_LIMIT - suffix.len()).unwrap_or(&base);
            name = format!("{}{suffix}", head.trim_end_matches(['-', '.']));
        }
        name
    }
}

/// The name with what Azure does not take written as dashes: letters, digits, `_`, `.` and `-`; a letter or digit
/// first, one of them or `_` last.
pub fn fitted(name: &str) -> String {
    let mut out = String::new();
    // Whether the dash at the end stands for something else: what is next to it needs no dash of its own.
    let mut stands_in = false;
    for character in name.chars() {
        let fits = character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
        if out.is_empty() && !character.is_ascii_alphanumeric() || stands_in && (!fits || character == '-') {
            continue;
        }
        stands_in = !fits;
        out.push(if fits { character } else { '-' });
        if out.len() == NAME_LIMIT {
            break;
        }
    }
    out.truncate(out.trim_end_matches(['-', '.']).len());
    if out.is_empty() { "rule".to_owned() } else { out }
}

/// A description says what a fitted name lost; Azure takes 140 characters of it.
pub fn description(wanted: &str, name: &str) -> Option<String> {
    let wanted = wanted.trim();
    (!wanted.is_empty() && wanted != name).then(|| printable(wanted).chars().take(140).collect())
}

/// How a file writes its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// The key of the object that holds the properties, where they are nested.
    pub nested: Option<String>,
    /// PowerShell: keys in Pascal case, and every list of addresses or ports under the key of the single one.
    pub pascal: bool,
    /// The command line: properties that a rule does not have are there and empty.
    pub explicit: bool,
    /// A template, in which a text that begins with a bracket is an expression.
    pub template: bool,
}

impl Dialect {
    pub fn key(&self, camel: &str) -> String {
        let mut key = camel.to_owned();
        if self.pascal
            && let Some(first) = key.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        key
    }

    pub fn text(&self, text: &str) -> Out {
        // `[[` is how a template writes a text that begins with a bracket.
        if self.template && text.starts_with('[') {
            Out::Text(format!("[{text}"))
        } else {
            Out::Text(text.to_owned())
        }
    }

    /// The properties of one side, by camel-case key; an empty one says that the side has none of it.
    pub fn end(&self, end: &End, side: &str) -> Vec<(String, Out)> {
        let texts = |values: &[String]| Out::List(values.iter().cloned().map(Out::Text).collect());
        let pair = |one: String, several: String, values: &[String]| {
            if self.pascal {
                return vec![(one, texts(values))];
            }
            match values {
                [value] => vec![(one, Out::Text(value.clone())), (several, Out::List(Vec::new()))],
                _ => vec![(one, Out::Null), (several, texts(values))],
            }
        };
        let mut out = pair(format!("{side}AddressPrefix"), format!("{side}AddressPrefixes"), &end.addresses);
        let id = |group: &String| Out::Object(vec![(self.key("id"), Out::Text(group.clone()))]);
        let groups = end.groups.iter().map(id).collect();
        out.push((format!("{side}ApplicationSecurityGroups"), Out::List(groups)));
        out.extend(pair(format!("{side}PortRange"), format!("{side}PortRanges"), &end.ports));
        out
    }

    /// A whole rule.
    pub fn rule(
        &self,
        spec: &Spec,
        name: &str,
        description: Option<&str>,
        priority: i64,
        direction: Direction,
    ) -> Out {
        let mut properties: Vec<(String, Out)> = Vec::new();
        if let Some(description) = description {
            properties.push(("description".to_owned(), self.text(description)));
        } else if self.explicit {
            properties.push(("description".to_owned(), Out::Null));
        }
        properties.push(("protocol".to_owned(), Out::Text(spec.protocol.to_owned())));
        properties.extend(self.end(&spec.source, "source"));
        properties.extend(self.end(&spec.destination, "destination"));
        properties.push(("access".to_owned(), Out::Text(access(spec.permit).to_owned())));
        properties.push(("priority".to_owned(), Out::Number(priority)));
        properties.push(("direction".to_owned(), Out::Text(direction_name(direction).to_owned())));
        if !self.explicit {
            properties.retain(|(_, value)| !value.is_empty());
        }
        for (key, _) in &mut properties {
            *key = self.key(key);
        }
        let name = (self.key("name"), self.text(name));
        match &self.nested {
            Some(nested) => Out::Object(vec![name, (nested.clone(), Out::Object(properties))]),
            None => Out::Object(std::iter::once(name).chain(properties).collect()),
        }
    }
}

pub fn access(permit: bool) -> &'static str {
    if permit { "Allow" } else { "Deny" }
}

pub fn direction_name(direction: Direction) -> &'static str {
    if direction == Direction::Inbound { "Inbound" } else { "Outbound" }
}
