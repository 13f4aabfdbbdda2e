use space::{AddressSet, IntervalSet, NameSet, Region, Set, Side, SymbolKind, protocol};

use super::keywords::is_name;
use super::matching::SCOPES;
use super::profiles;
use super::property::Property;
use super::values;
use super::words::ALL_PROFILES;
use crate::{Direction, Refusal};

/// What one `New-NetFirewallRule` can say of what it matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specification {
    /// The filters that are not `Any`, in the order of the cmdlet's parameters.
    pub filters: Vec<(Property, Vec<String>)>,
    /// The DNS name of the destination, for a dynamic keyword address.
    pub name: Option<String>,
}

/// More addresses than this do not go into one rule (MS-FASP: "range(0, 1000)").
const LIST_LIMIT: usize = 1_000;
/// Nobody wants a rule for each of more protocols than this.
const PROTOCOL_LIMIT: usize = 32;

/// The rules that together match exactly `region`.
pub fn specifications(region: &Region, direction: Direction) -> Result<Vec<Specification>, Refusal> {
    if region.is_empty() {
        return Err(Refusal::new("a rule that matches nothing", "leave it out"));
    }
    let mut scope = Scope::default();
    conditions(region, direction, &mut scope)?;
    let (alias, other) = match direction {
        Direction::Outbound => (&region.out_interface, &region.in_interface),
        _ => (&region.in_interface, &region.out_interface),
    };
    if !other.is_any() {
        return Err(Refusal::new(
            "a rule of a computer knows the one interface that a packet uses, and none for the other way",
            "leave the interface on the other side open",
        ));
    }
    let aliases = aliases(alias)?;
    let (local, remote) = match direction {
        Direction::Outbound => (&region.source, &region.destination),
        _ => (&region.destination, &region.source),
    };
    let remotes = remote_words(remote, &scope)?;
    let locals = values::address_words(local);
    if locals.len() > LIST_LIMIT {
        return Err(too_many("addresses of the computer"));
    }
    let mut out = Vec::new();
    for service in services(region, direction)? {
        for remote in &remotes {
            let mut filters: Vec<(Property, Vec<String>)> = Vec::new();
            let mut push = |property, words: &[String]| {
                if !words.is_empty() {
                    filters.push((property, words.to_vec()));
                }
            };
            push(Property::Profile, &scope.profiles);
            push(Property::LocalAddress, &locals);
            push(Property::RemoteAddress, remote);
            for (property, words) in &service {
                push(*property, words);
            }
            for (property, word) in &scope.scopes {
                push(*property, std::slice::from_ref(word));
            }
            push(Property::InterfaceAlias, &aliases);
            out.push(Specification { filters, name: scope.name.clone() });
        }
    }
    Ok(out)
}

fn too_many(what: &str) -> Refusal {
    Refusal::new(format!("a Windows rule takes at most {LIST_LIMIT} {what}"), "use larger prefixes or ranges")
}

/// What the conditions of a region become.
#[derive(Default)]
struct Scope {
    profiles: Vec<String>,
    scopes: Vec<(Property, String)>,
    keyword: Option<String>,
    name: Option<String>,
}

fn conditions(region: &Region, direction: Direction, scope: &mut Scope) -> Result<(), Refusal> {
    let remote = if direction == Direction::Outbound { Side::Destination } else { Side::Source };
    let bits = profiles::bits(&region.conditions).ok_or_else(|| {
        Refusal::new("a condition on a network profile that no rule can say", "leave the profile open")
    })?;
    if bits != ALL_PROFILES {
        let names = profiles::NAMES.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
        scope.profiles = names.map(|(_, name)| (*name).to_owned()).collect();
    }
    for (symbol, held) in region.conditions.essential() {
        if profiles::is_profile(symbol) {
            continue;
        }
        if !held {
            return Err(Refusal::new(
                format!(
                    "a Windows rule cannot match all but the {} `{}`",
                    symbol.kind.noun(),
                    diagnostics::printable(&symbol.name)
                ),
                "blocking rules come before allowing ones on Windows: block other packets, or name addresses",
            ));
        }
        let known = match symbol.kind {
            SymbolKind::Name => {
                name(symbol.side, &symbol.name, remote, direction)?;
                scope.name.replace(symbol.name.to_string()).is_none()
            }
            SymbolKind::AddressGroup if symbol.side == remote => {
                scope.keyword.replace(symbol.name.to_string()).is_none()
            }
            SymbolKind::Match if symbol.side == Side::Packet => match scoped(&symbol.name) {
                Some(found) => {
                    scope.scopes.push(found);
                    true
                }
                None => false,
            },
            _ => false,
        };
        if !known {
            return Err(Refusal::new(
                format!(
                    "a Windows rule cannot match the {} `{}` here",
                    symbol.kind.noun(),
                    diagnostics::printable(&symbol.name)
                ),
                "give the addresses that it stands for",
            ));
        }
    }
    Ok(())
}

/// Names are for what outbound rules lead to ("Windows Firewall dynamic keywords": "Inbound FQDN rules aren't natively
/// supported").
fn name(side: Side, name: &str, remote: Side, direction: Direction) -> Result<(), Refusal> {
    let shown = diagnostics::printable(name);
    if side != remote || direction != Direction::Outbound {
        return Err(Refusal::new(
            format!("the name `{shown}` stands where Windows rules match addresses only"),
            "give the role addresses: names are for the destination of outbound rules",
        ));
    }
    if !is_name(name) {
        return Err(Refusal::new(
            format!("`{shown}` is no host or `*.domain`, which is all that Windows resolves"),
            "name the hosts one by one, or give their addresses",
        ));
    }
    Ok(())
}

/// The parameter that says what a condition of an imported rule says.
fn scoped(name: &str) -> Option<(Property, String)> {
    let types = [("interface type", Property::InterfaceType), ("authentication", Property::Authentication)];
    let more = [("encryption", Property::Encryption)];
    let all = SCOPES.iter().map(|(property, what)| (*what, *property)).chain(types).chain(more);
    let mut found = all.filter_map(|(what, property)| {
        let value = name.strip_prefix(what)?.strip_prefix(' ')?;
        // "package family X" is not the package of the name "family X".
        let longer = SCOPES.iter().any(|(_, other)| {
            other.len() > what.len() && name.strip_prefix(other).is_some_and(|rest| rest.starts_with(' '))
        });
        (!longer).then(|| (property, value.to_owned()))
    });
    let (property, value) = found.next()?;
    let has_parameter = !matches!(
        property,
        Property::PackageFamilyName | Property::NetworkName | Property::SecurityRealm | Property::PolicyAppId
    );
    (has_parameter && !value.chars().any(char::is_control)).then_some((property, value))
}

/// The remote addresses, in lists that are not too long.
fn remote_words(set: &AddressSet, scope: &Scope) -> Result<Vec<Vec<String>>, Refusal> {
    if let Some(keyword) = &scope.keyword {
        let word = values::keyword(keyword, set).filter(|_| scope.name.is_none());
        return word.map(|word| vec![vec![word]]).ok_or_else(|| {
            Refusal::new(
                format!("Windows cannot cut `{}` down to addresses", diagnostics::printable(keyword)),
                "give the addresses alone, or the keyword alone",
            )
        });
    }
    if scope.name.is_some() && !set.is_any() {
        return Err(Refusal::new(
            "a Windows rule matches any of its names and addresses, never both at once",
            "give the addresses alone, or the name alone",
        ));
    }
    let words = values::address_words(set);
    if words.is_empty() {
        return Ok(vec![Vec::new()]);
    }
    Ok(words.chunks(LIST_LIMIT).map(<[String]>::to_vec).collect())
}

fn aliases(set: &NameSet) -> Result<Vec<String>, Refusal> {
    if set.is_any() {
        return Ok(Vec::new());
    }
    let names = set.exact().filter(|names| {
        names
            .iter()
            .all(|name| !name.contains(['*', '?', '[', ']', '`']) && !name.chars().any(char::is_control))
    });
    let names = names.ok_or_else(|| {
        Refusal::new("a Windows rule takes whole names of interfaces only", "name the interfaces one by one")
    })?;
    Ok(names.into_iter().map(str::to_owned).collect())
}

type Filters = Vec<(Property, Vec<String>)>;

/// Protocol and ports: a rule has one protocol, or any.
fn services(region: &Region, direction: Direction) -> Result<Vec<Filters>, Refusal> {
    let free = region.source_port.is_any() && region.destination_port.is_any();
    let ports_of_all = || {
        Refusal::new(
            "Windows rules have ports for TCP and UDP, and types for ICMP, only",
            "name TCP or UDP beside the ports",
        )
    };
    if region.protocol.is_any() {
        return if free { Ok(vec![Vec::new()]) } else { Err(ports_of_all()) };
    }
    let numbers: Vec<u8> =
        region.protocol.ranges().flat_map(|(low, high)| low..=high).take(PROTOCOL_LIMIT + 1).collect();
    if numbers.len() > PROTOCOL_LIMIT {
        return Err(Refusal::new(
            "a Windows rule has one protocol or any, and this would take dozens of rules",
            "name the protocols that are meant, or any",
        ));
    }
    let mut out = Vec::new();
    for number in numbers {
        let name = match number {
            protocol::TCP => "TCP".to_owned(),
            protocol::UDP => "UDP".to_owned(),
            protocol::ICMP => "ICMPv4".to_owned(),
            protocol::ICMPV6 => "ICMPv6".to_owned(),
            other => other.to_string(),
        };
        let mut filters: Filters = vec![(Property::Protocol, vec![name])];
        match number {
            protocol::TCP | protocol::UDP => {
                let (local, remote) = match direction {
                    Direction::Outbound => (&region.source_port, &region.destination_port),
                    _ => (&region.destination_port, &region.source_port),
                };
                filters.push((Property::LocalPort, ports(local)?));
                filters.push((Property::RemotePort, ports(remote)?));
            }
            protocol::ICMP | protocol::ICMPV6 if region.source_port.is_any() => {
                let types = values::icmp_words(&region.destination_port);
                if types.len() > LIST_LIMIT {
                    return Err(too_many("ICMP types and codes"));
                }
                filters.push((Property::IcmpType, types));
            }
            _ if !free => return Err(ports_of_all()),
            _ => {}
        }
        out.push(filters);
    }
    Ok(out)
}

fn ports(set: &IntervalSet<u16>) -> Result<Vec<String>, Refusal> {
    let words = values::port_words(set);
    if words.len() > LIST_LIMIT { Err(too_many("ports")) } else { Ok(words) }
}
