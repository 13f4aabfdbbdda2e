use diagnostics::printable;
use space::{AddressSet, IntervalSet, Region, Set, Side, SymbolKind, protocol};

use super::model::Kind;
use super::names::{Pattern, pattern};
use super::tags;
use crate::{NewRule, Refusal};

/// One rule to be written, of one kind and for one family of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub kind: Kind,
    pub permit: bool,
    pub sources: Vec<String>,
    pub source_groups: Vec<String>,
    /// Addresses and service tags; empty on an application rule.
    pub destinations: Vec<String>,
    pub destination_groups: Vec<String>,
    /// `destinationFqdns` or `targetFqdns`.
    pub names: Vec<String>,
    /// `TCP`, `UDP`, `ICMP`, `Any`; of an application rule `Http` and `Https`.
    pub protocols: Vec<&'static str>,
    /// Of an application rule the port of each protocol.
    pub ports: Vec<String>,
    /// All that the rule was wanted for, of which this may be a part.
    pub region: Region,
}

/// How an IP group of a name is pointed at; `None` where that is not known.
pub type GroupId<'f> = &'f dyn Fn(&str) -> Option<String>;

/// What a condition puts in the place of addresses.
enum End {
    Addresses,
    Name(String),
    Tag(String),
    Group(String),
}

/// The ports on which HTTP and HTTPS are spoken wherever nobody says otherwise.
const WEB: [(u16, &str); 2] = [(80, "Http"), (443, "Https")];

/// The rules that together match exactly `rule.region`, or why there are none. With `by_address`, names go into network
/// rules on all ports.
pub fn specs(rule: &NewRule, by_address: bool, group_id: GroupId<'_>) -> Result<Vec<Spec>, Refusal> {
    let region = &rule.region;
    let name = printable(&rule.name);
    if !region.in_interface.is_any() || !region.out_interface.is_any() {
        return Err(Refusal::new(
            format!("`{name}` names an interface, and an Azure Firewall knows none"),
            "say the addresses behind the interface instead",
        ));
    }
    if region.is_empty() {
        return Ok(Vec::new());
    }
    if !region.source_port.is_any() {
        return Err(Refusal::new(
            format!("`{name}` names source ports, and rules of an Azure Firewall have none"),
            "write the rule for every source port",
        ));
    }
    let (source, destination) = ends(rule, group_id)?;
    let pairs = families(&region.source, &region.destination);
    if pairs.is_empty() {
        return Err(Refusal::new(
            format!("`{name}` goes from one address family to the other"),
            "name IPv4 addresses on both sides, or IPv6 addresses on both",
        ));
    }
    let mut out = Vec::new();
    for (from, to) in &pairs {
        let mut base = Spec {
            kind: Kind::Network,
            permit: rule.permit,
            sources: Vec::new(),
            source_groups: Vec::new(),
            destinations: Vec::new(),
            destination_groups: Vec::new(),
            names: Vec::new(),
            protocols: Vec::new(),
            ports: Vec::new(),
            region: region.clone(),
        };
        match &source {
            End::Group(id) => base.source_groups.push(id.clone()),
            _ => base.sources = prefixes(from),
        }
        match &destination {
            End::Addresses => base.destinations = prefixes(to),
            End::Name(host) => base.names.push(host.clone()),
            End::Tag(tag) => base.destinations.push(tag.clone()),
            End::Group(id) => base.destination_groups.push(id.clone()),
        }
        let mut protocols = region.protocol.clone();
        if let End::Name(host) = &destination
            && (!by_address || host.starts_with('*'))
            && let Some(web) = web_ports(&region.destination_port)
            && protocols.contains(protocol::TCP)
        {
            // What is left goes by address: UDP on the same ports, which is QUIC.
            protocols = protocols.subtract(&IntervalSet::one(protocol::TCP));
            out.push(Spec {
                kind: Kind::Application,
                protocols: web.iter().map(|(_, word)| *word).collect(),
                ports: web.iter().map(|(port, _)| port.to_string()).collect(),
                ..base.clone()
            });
        }
        if protocols.is_empty() {
            continue;
        }
        if let End::Name(host) = &destination
            && host.starts_with('*')
        {
            return Err(Refusal::new(
                format!("`{name}` is for `{host}`, and network rules of an Azure Firewall have no wildcards"),
                "name the hosts, or keep to tcp/80 and tcp/443, which an application rule matches",
            ));
        }
        let (words, ported) = words(&name, region, &protocols)?;
        base.protocols = words;
        base.ports = if ported { port_ranges(&region.destination_port) } else { vec!["*".to_owned()] };
        out.push(base);
    }
    Ok(out)
}

/// The ports as protocols of an application rule, if they are all of HTTP and HTTPS.
fn web_ports(ports: &IntervalSet<u16>) -> Option<Vec<(u16, &'static str)>> {
    let web = IntervalSet::from_ranges(WEB.map(|(port, _)| (port, port)));
    let all = !ports.is_empty() && ports.subtract(&web).is_empty();
    all.then(|| WEB.into_iter().filter(|(port, _)| ports.contains(*port)).collect())
}

/// What stands on each side.
fn ends(rule: &NewRule, group_id: GroupId<'_>) -> Result<(End, End), Refusal> {
    let (mut source, mut destination) = (End::Addresses, End::Addresses);
    for (symbol, held) in rule.region.conditions.essential() {
        let refused = |why: &str, help: &str| {
            let symbol = format!("{} `{}`", symbol.kind.noun(), printable(&symbol.name));
            Refusal::new(format!("`{}` demands the {symbol}: {why}", printable(&rule.name)), help)
        };
        if !held {
            return Err(refused(
                "a rule cannot say that it does not hold",
                "put a rule of the other action before it",
            ));
        }
        let (slot, addresses) = match symbol.side {
            Side::Source => (&mut source, &rule.region.source),
            Side::Destination => (&mut destination, &rule.region.destination),
            Side::Packet => {
                return Err(refused("an Azure Firewall has no such match", "write the rule without it"));
            }
        };
        let end = match (symbol.kind, symbol.side) {
            (SymbolKind::Name, Side::Destination) => match pattern(&symbol.name) {
                Pattern::Exact(name) if *name == *symbol.name => End::Name(name),
                _ => {
                    return Err(refused(
                        "an Azure Firewall knows host names, and an asterisk in the place of the first labels",
                        "name the hosts themselves",
                    ));
                }
            },
            (SymbolKind::Name, _) => {
                return Err(refused(
                    "a source is an address on an Azure Firewall",
                    "list the addresses behind the name",
                ));
            }
            (SymbolKind::ServiceTag, Side::Destination) => {
                let spelling = tags::canonical(&symbol.name);
                if !tags::has_form(&symbol.name) || *spelling != *symbol.name || spelling == "any" {
                    let help = format!("write it as `{spelling}`");
                    return Err(refused("this is not how Azure spells a tag", &help));
                }
                End::Tag(spelling)
            }
            (SymbolKind::ServiceTag, _) => {
                return Err(refused(
                    "a service tag is a destination on an Azure Firewall",
                    "list the addresses instead",
                ));
            }
            (SymbolKind::AddressGroup, _) => match group_id(&symbol.name) {
                Some(id) => End::Group(id),
                None => {
                    return Err(refused(
                        "the id of the IP group is not known",
                        "use the group in another rule of the export first",
                    ));
                }
            },
            _ => {
                return Err(refused(
                    "it stands for what is not known",
                    "say the addresses, names or ports themselves",
                ));
            }
        };
        if !matches!(slot, End::Addresses) {
            return Err(refused("a rule has one name, tag or group a side", "write one rule for each"));
        }
        if !addresses.is_any() {
            return Err(refused(
                "a name, tag or group cannot be cut down to addresses",
                "list the addresses instead, or leave them out",
            ));
        }
        *slot = end;
    }
    Ok((source, destination))
}

/// The protocols as Azure names them, and whether ports go with them.
fn words(
    name: &str,
    region: &Region,
    protocols: &IntervalSet<u8>,
) -> Result<(Vec<&'static str>, bool), Refusal> {
    let any_port = region.destination_port.is_any();
    if protocols.is_any() && any_port {
        return Ok((vec!["Any"], false));
    }
    if protocols.is_any() {
        return Err(Refusal::new(
            format!("`{name}` has ports for every protocol, and what Azure makes of that is not documented"),
            "name the protocols: tcp and udp",
        ));
    }
    let mut out = Vec::new();
    for number in protocols.ranges().flat_map(|(low, high)| low..=high) {
        let word = match number {
            protocol::TCP => "TCP",
            protocol::UDP => "UDP",
            protocol::ICMP | protocol::ICMPV6 => "ICMP",
            other => {
                let what = protocol::name(other).map_or_else(|| format!("ip/{other}"), str::to_owned);
                return Err(Refusal::new(
                    format!("`{name}` is for `{what}`, which an Azure Firewall cannot name"),
                    "a network rule is for tcp, udp, icmp or any protocol",
                ));
            }
        };
        if word == "ICMP" && !any_port {
            return Err(Refusal::new(
                format!("`{name}` picks types or ports of icmp, which Azure does not tell apart"),
                "write the rule for the whole protocol",
            ));
        }
        if !out.contains(&word) {
            out.push(word);
        }
    }
    let has = |number| protocols.contains(number);
    let v4 = !region.source.v4.is_empty() && !region.destination.v4.is_empty();
    let v6 = !region.source.v6.is_empty() && !region.destination.v6.is_empty();
    if has(protocol::ICMP) != has(protocol::ICMPV6) && (if has(protocol::ICMP) { v6 } else { v4 }) {
        return Err(Refusal::new(
            format!("`{name}` is for one of ICMP and ICMPv6, and Azure's `ICMP` is both"),
            "allow both, or name addresses of the one family",
        ));
    }
    Ok((out, !any_port))
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
