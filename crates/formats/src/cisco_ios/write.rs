//! A rule in no vendor's words to entries of a list.

use std::net::{Ipv4Addr, Ipv6Addr};

use diagnostics::printable;
use ipnet::IpNet;
use space::{AddressSet, Conditions, IntervalSet, Region, Set, SymbolKind, protocol};

use super::model::Family;
use super::names;
use crate::{NewRule, Refusal};

/// In which words a list is written.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    pub family: Family,
    /// Only sources: `access-list 10 permit ...`
    pub standard: bool,
    /// `10.0.0.0/8`, not `10.0.0.0 0.255.255.255`.
    pub prefixes: bool,
    /// IOS XR says `ipv4` where the others say `ip`.
    pub xr: bool,
}

/// One rule becomes no more lines than this.
const MOST_LINES: usize = 4096;

/// A remark has at most 100 characters ("remark").
const LONGEST_REMARK: usize = 100;

/// The rule as entries, without numbers: none where it is for the other family alone.
pub fn entries(rule: &NewRule, dialect: Dialect) -> Result<Vec<String>, Refusal> {
    let any = dialect.family.any();
    let region = Region {
        source: rule.region.source.intersect(&any),
        destination: rule.region.destination.intersect(&any),
        ..rule.region.clone()
    };
    if rule.region.is_empty() {
        let message = format!("the rule `{}` matches nothing", printable(&rule.name));
        return Err(Refusal::new(message, "leave it out"));
    }
    if region.is_empty() {
        return Ok(Vec::new());
    }
    let established = established(&region)?;
    let verb = if rule.permit { "permit" } else { "deny" };
    let sources = addresses(&region.source, dialect)?;
    if dialect.standard {
        let plain = region.destination == any && has_no_service(&region) && !established;
        if !plain {
            return Err(Refusal::new(
                "a standard access list matches source addresses alone",
                "bind an extended list in its place, and put the rule there",
            ));
        }
        return Ok(sources.iter().map(|source| format!("{verb} {source}")).collect());
    }
    let destinations = addresses(&region.destination, dialect)?;
    let services = services(&region, dialect)?;
    let count =
        [sources.len(), destinations.len(), services.len()].into_iter().fold(1, usize::saturating_mul);
    if count > MOST_LINES {
        return Err(Refusal::new(
            format!("the rule would become {count} entries"),
            "put its addresses into fewer prefixes, or write it by hand with object groups",
        ));
    }
    let mut out = Vec::with_capacity(count);
    for source in &sources {
        for destination in &destinations {
            for (protocol, from, to) in &services {
                let end = if established { " established" } else { "" };
                out.push(format!("{verb} {protocol} {source}{from} {destination}{to}{end}"));
            }
        }
    }
    Ok(out)
}

/// What denies, or permits, everything of the family.
pub fn everything(permit: bool, dialect: Dialect) -> String {
    let verb = if permit { "permit" } else { "deny" };
    match dialect.standard {
        true => format!("{verb} any"),
        false => format!("{verb} {} any any", any_protocol(dialect)),
    }
}

fn any_protocol(dialect: Dialect) -> &'static str {
    match dialect.family {
        Family::V4 if dialect.xr => "ipv4",
        Family::V4 => "ip",
        Family::V6 => "ipv6",
    }
}

fn has_no_service(region: &Region) -> bool {
    region.protocol.is_any() && region.source_port.is_any() && region.destination_port.is_any()
}

/// Whether the rule is for replies alone; nothing else can be a condition.
fn established(region: &Region) -> Result<bool, Refusal> {
    if region.conditions.is_none() {
        return Ok(false);
    }
    if region.conditions == Conditions::holds(crate::established()) {
        if region.protocol == IntervalSet::one(protocol::TCP) {
            return Ok(true);
        }
        return Err(Refusal::new(
            "only TCP tells replies from other packets, by `established`",
            "write a rule for TCP alone, or one that permits every packet of the reply's ports",
        ));
    }
    let Some((symbol, _)) =
        region.conditions.essential().into_iter().find(|(symbol, _)| **symbol != crate::established())
    else {
        return Err(Refusal::new(
            "a list cannot ask for packets that are no replies",
            "leave that condition out",
        ));
    };
    let name = printable(&symbol.name);
    Err(match symbol.kind {
        SymbolKind::Name => Refusal::new(
            format!("an access list matches addresses, and `{name}` is a name"),
            "give the role the addresses that the name has (an address feed can keep them), or let the flow pass a proxy that \
             knows names",
        ),
        kind => Refusal::new(
            format!("an access list cannot match the {} `{name}`", kind.noun()),
            "give the flow as addresses, protocols and ports",
        ),
    })
}

fn addresses(set: &AddressSet, dialect: Dialect) -> Result<Vec<String>, Refusal> {
    if *set == dialect.family.any() {
        return Ok(vec!["any".to_owned()]);
    }
    let prefixes = set.prefixes();
    if prefixes.len() > MOST_LINES {
        return Err(Refusal::new(
            format!("the addresses of the rule are {} prefixes", prefixes.len()),
            "put them into fewer prefixes, or write the rule by hand with object groups",
        ));
    }
    let word = |prefix: IpNet| match prefix {
        IpNet::V4(net) if net.prefix_len() == 32 => host(net.network()),
        IpNet::V4(net) if dialect.prefixes => net.to_string(),
        IpNet::V4(net) => format!("{} {}", net.network(), net.hostmask()),
        IpNet::V6(net) if net.prefix_len() == 128 => host6(net.network()),
        IpNet::V6(net) => net.to_string(),
    };
    Ok(prefixes.into_iter().map(word).collect())
}

fn host(address: Ipv4Addr) -> String {
    format!("host {address}")
}

fn host6(address: Ipv6Addr) -> String {
    // Plain groups: a mixed form with an IPv4 tail is not taken everywhere.
    let groups = address.segments();
    let text = address.to_string();
    match text.contains('.') {
        true => format!("host {}", groups.map(|group| format!("{group:x}")).join(":")),
        false => format!("host {text}"),
    }
}

/// Protocol, source ports and destination ports (or messages), each with a blank in front where there is one.
fn services(region: &Region, dialect: Dialect) -> Result<Vec<(String, String, String)>, Refusal> {
    if has_no_service(region) {
        return Ok(vec![(any_protocol(dialect).to_owned(), String::new(), String::new())]);
    }
    let (from, to) = (&region.source_port, &region.destination_port);
    let mut out = Vec::new();
    for number in region.protocol.ranges().flat_map(|(low, high)| low..=high) {
        let word = names::protocol_word(number, dialect.family);
        let own_messages =
            number == if dialect.family == Family::V4 { protocol::ICMP } else { protocol::ICMPV6 };
        if number == 0 {
            return Err(Refusal::new(
                "protocol 0 cannot be written: it reads as any protocol",
                "name the protocols that the rule is for",
            ));
        }
        if from.is_any() && to.is_any() {
            out.push((word, String::new(), String::new()));
        } else if own_messages && from.is_any() {
            out.extend(messages(to)?.into_iter().map(|message| (word.clone(), String::new(), message)));
        } else if matches!(number, protocol::TCP | protocol::UDP | protocol::SCTP) {
            let (from, to) = (ports(from), ports(to));
            if from.len().saturating_mul(to.len()) > MOST_LINES {
                return Err(Refusal::new(
                    "the rule has too many ranges of ports",
                    "put its ports into fewer ranges",
                ));
            }
            for from in &from {
                out.extend(to.iter().map(|to| (word.clone(), from.clone(), to.clone())));
            }
        } else {
            return Err(Refusal::new(
                format!(
                    "ports of the protocol `{word}` cannot be written: a list knows those of TCP, UDP and SCTP"
                ),
                "write a rule for it without ports",
            ));
        }
        if out.len() > MOST_LINES {
            return Err(Refusal::new("the rule has too many services", "write one rule for fewer of them"));
        }
    }
    Ok(out)
}

fn ports(set: &IntervalSet<u16>) -> Vec<String> {
    if set.is_any() {
        return vec![String::new()];
    }
    let rest = set.complement();
    let mut holes = rest.ranges();
    if let (Some((low, high)), None) = (holes.next(), holes.next())
        && low == high
    {
        return vec![format!(" neq {low}")];
    }
    let word = |(low, high): (u16, u16)| {
        if low == high { format!(" eq {low}") } else { format!(" range {low} {high}") }
    };
    set.ranges().map(word).collect()
}

/// Types, and types with a code.
fn messages(set: &IntervalSet<u16>) -> Result<Vec<String>, Refusal> {
    let mut out = Vec::new();
    for (low, high) in set.ranges() {
        let mut at = u32::from(low);
        while at <= u32::from(high) {
            let (kind, code) = (at / 256, at % 256);
            if code == 0 && at + 255 <= u32::from(high) {
                out.push(format!(" {kind}"));
                at += 256;
            } else {
                out.push(format!(" {kind} {code}"));
                at += 1;
            }
            if out.len() > MOST_LINES {
                return Err(Refusal::new("the rule has too many ICMP messages", "name whole types"));
            }
        }
    }
    Ok(out)
}

/// A remark in one line; `None` where nothing of the name is left.
pub fn remark(name: &str) -> Option<String> {
    // A question mark asks the command line for help.
    let plain =
        |character: char| if character.is_ascii_graphic() && character != '?' { character } else { ' ' };
    let text: String = name.chars().map(plain).collect();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let text: String = words.join(" ").chars().take(LONGEST_REMARK).collect();
    (!text.is_empty()).then(|| format!("remark {}", text.trim_end()))
}
