//! New rules in the words of nft.

use diagnostics::printable;
use space::{AddressSet, IntervalSet, NameSet, Region, Set, SymbolKind, protocol};

use super::model::{Family, Hook};
use crate::{NewRule, Refusal};

/// A rule of more lines than this is not written.
const MOST_RULES: usize = 4096;

/// What a comment may hold: the kernel keeps 128 bytes with the zero at the end.
const LONGEST_COMMENT: usize = 120;

/// Where a rule is to stand.
#[derive(Clone, Copy)]
pub(super) struct Where {
    pub family: Family,
    /// `None` where several hooks may lead to the chain.
    pub hook: Option<Hook>,
}

/// The rules that together say what `rule` says, each without the words for its table and chain.
pub(super) fn rules(rule: &NewRule, place: Where) -> Result<Vec<String>, Refusal> {
    refuse_conditions(&rule.region)?;
    let mut end = String::from(if rule.permit { "accept" } else { "drop" });
    if let Some(comment) = comment(&rule.name) {
        end.push_str(&format!(" comment \"{comment}\""));
    }
    let incoming = interfaces(&rule.region.in_interface, "iifname", place)?;
    let outgoing = interfaces(&rule.region.out_interface, "oifname", place)?;
    let mut out = Vec::new();
    for part in parts(&rule.region, place, rule.permit)? {
        for service in services(&part.region)? {
            let words = [&incoming, &outgoing, &part.addresses, &service, &end];
            let all: Vec<&str> =
                words.iter().map(|word| word.as_str()).filter(|word| !word.is_empty()).collect();
            out.push(all.join(" "));
            if out.len() > MOST_RULES {
                return Err(Refusal::new(
                    format!("a rule of more than {MOST_RULES} lines cannot be written"),
                    "split the flow, or name whole types of ICMP",
                ));
            }
        }
    }
    Ok(out)
}

fn refuse_conditions(region: &Region) -> Result<(), Refusal> {
    let Some((symbol, _)) = region.conditions.essential().pop() else { return Ok(()) };
    let name = printable(&symbol.name);
    Err(match symbol.kind {
        SymbolKind::Name => Refusal::new(
            format!("nftables matches addresses, and `{name}` is a name"),
            "give the role the addresses that the name has (an address feed can keep them), or let the flow pass a proxy \
             that knows names; `query` shows what the rules do with single addresses",
        ),
        SymbolKind::AddressGroup => Refusal::new(
            format!("which addresses are in `{name}` is not known, and a new rule does not match it"),
            "write the rule by hand, with the name of the set: `ip daddr @name`",
        ),
        kind => Refusal::new(
            format!("nftables cannot match the {} `{name}`", kind.noun()),
            "give the flow as addresses, protocols and ports",
        ),
    })
}

/// One or both IPs, with the words for the addresses.
struct Part {
    region: Region,
    addresses: String,
}

fn parts(region: &Region, place: Where, permit: bool) -> Result<Vec<Part>, Refusal> {
    let whole = |v4: bool| {
        if v4 { AddressSet::any_v4() } else { AddressSet::any_v6() }
    };
    let both = region.source.is_any() && region.destination.is_any();
    if both && !matches!(place.family, Family::Ip | Family::Ip6) {
        return Ok(vec![Part { region: region.clone(), addresses: String::new() }]);
    }
    let mut out = Vec::new();
    for part in region.families() {
        let v4 = !part.source.v4.is_empty();
        let (header, table) = if v4 { ("ip", Family::Ip) } else { ("ip6", Family::Ip6) };
        if matches!(place.family, Family::Ip | Family::Ip6) && place.family != table {
            // A chain of one family lets the other pass: to permit that there is no rule needed, nor possible.
            if permit && both {
                continue;
            }
            let (own, other) = if v4 { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
            return Err(Refusal::new(
                format!("the rule is for addresses of {other}, and its chain sees those of {own} only"),
                format!("put it into a chain of the family inet or {header}"),
            ));
        }
        let any = whole(v4);
        let mut words: Vec<String> = [("saddr", &part.source), ("daddr", &part.destination)]
            .into_iter()
            .filter(|(_, set)| **set != any)
            .map(|(field, set)| format!("{header} {field} {}", addresses(set, &any)))
            .collect();
        if words.is_empty() && !matches!(place.family, Family::Ip | Family::Ip6) {
            words.push(format!("meta nfproto {}", if v4 { "ipv4" } else { "ipv6" }));
        }
        out.push(Part { region: part, addresses: words.join(" ") });
    }
    Ok(out)
}

/// `10.0.0.0/8`, `{ 10.0.0.1, 10.0.0.4-10.0.0.9 }` or, where that is shorter, `!= ...`.
fn addresses(set: &AddressSet, any: &AddressSet) -> String {
    let rest = any.subtract(set);
    let (bang, set) = if rest.ranges().count() < set.ranges().count() { ("!= ", &rest) } else { ("", set) };
    let all = set
        .ranges()
        .map(|(low, high)| match AddressSet::range(low, high).prefixes().as_slice() {
            _ if low == high => low.to_string(),
            [prefix] => prefix.to_string(),
            _ => format!("{low}-{high}"),
        })
        .collect();
    format!("{bang}{}", list(all))
}

/// One value, or several in braces.
fn list(mut all: Vec<String>) -> String {
    if all.len() == 1 { all.swap_remove(0) } else { format!("{{ {} }}", all.join(", ")) }
}

fn interfaces(names: &NameSet, key: &str, place: Where) -> Result<String, Refusal> {
    if names.is_any() {
        return Ok(String::new());
    }
    let unknown = match (key, place.hook) {
        ("iifname", Some(Hook::Output | Hook::Postrouting | Hook::Egress)) => {
            Some("a packet that comes in by no interface")
        }
        ("oifname", Some(Hook::Input | Hook::Prerouting | Hook::Ingress)) => {
            Some("a packet that has no interface to leave by yet")
        }
        _ => None,
    };
    if let (Some(what), Some(hook)) = (unknown, place.hook) {
        return Err(Refusal::new(
            format!("a chain at the hook {} sees {what}, and `{key}` matches none", hook.name()),
            "leave the interface out of the flow, or put the rule into another chain",
        ));
    }
    let without = names.complement();
    let (found, bang) = match (patterns(names), patterns(&without)) {
        (Some(found), _) => (found, ""),
        (None, Some(found)) => (found, "!= "),
        (None, None) => {
            return Err(Refusal::new(
                "these interfaces are no list of names, and no list of what to leave out",
                "name the interfaces of the flow one by one",
            ));
        }
    };
    for name in &found {
        let plain = name.strip_suffix('*').unwrap_or(name);
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '"' | '*' | '\\');
        if plain.is_empty() || name.len() > 15 || plain.contains(odd) {
            let message = format!("`{}` cannot be the name of an interface", printable(name));
            return Err(Refusal::new(message, "a name has at most 15 bytes, no blank, no `/` and no `*`"));
        }
    }
    let quoted = found.into_iter().map(|name| format!("\"{name}\"")).collect();
    Ok(format!("{key} {bang}{}", list(quoted)))
}

/// The names, or the one beginning that all of them have: `eth0`, `eth*`.
fn patterns(names: &NameSet) -> Option<Vec<String>> {
    if let Some(exact) = names.exact() {
        let exact: Vec<String> = exact.into_iter().map(str::to_owned).collect();
        return (!exact.is_empty()).then_some(exact);
    }
    let example = names.example()?;
    let ends = example.char_indices().map(|(at, character)| at + character.len_utf8());
    let beginning = ends.map(|end| &example[..end]).find(|part| NameSet::starting_with(part) == *names)?;
    Some(vec![format!("{beginning}*")])
}

/// The protocol with its ports or types, in as many ways as are needed.
fn services(region: &Region) -> Result<Vec<String>, Refusal> {
    let plain = region.source_port.is_any() && region.destination_port.is_any();
    if plain {
        return Ok(vec![protocols(&region.protocol)]);
    }
    if region.protocol.is_any() {
        return Err(Refusal::new(
            "a port without its protocol cannot be matched",
            "name the protocol: `tcp/443`",
        ));
    }
    let with_ports = IntervalSet::from_ranges(protocol::WITH_PORTS.map(|number| (number, number)));
    let icmp = IntervalSet::from_ranges([protocol::ICMP, protocol::ICMPV6].map(|number| (number, number)));
    let others = region.protocol.subtract(&with_ports).subtract(&icmp);
    if !others.is_empty() || region.protocol.overlaps(&icmp) && !region.source_port.is_any() {
        let named = others.first().unwrap_or(protocol::ICMP);
        let message = format!("protocol {} has no ports", protocol_name(named));
        return Err(Refusal::new(message, "leave the ports out, or name a protocol that has them"));
    }
    let mut out = Vec::new();
    let ported = region.protocol.intersect(&with_ports);
    if !ported.is_empty() {
        let single = ported.first().filter(|number| ported == IntervalSet::one(*number));
        let header = match single {
            Some(number) => protocol_name(number),
            None => "th".to_owned(),
        };
        let mut words = Vec::new();
        if single.is_none() {
            words.push(protocols(&ported));
        }
        for (field, set) in [("sport", &region.source_port), ("dport", &region.destination_port)] {
            if !set.is_any() {
                words.push(format!("{header} {field} {}", ports(set)));
            }
        }
        out.push(words.join(" "));
    }
    for (number, header) in [(protocol::ICMP, "icmp"), (protocol::ICMPV6, "icmpv6")] {
        if region.protocol.contains(number) {
            // The protocol is said first: `icmp type` alone would be for one IP only.
            let head = format!("meta l4proto {}", protocol_name(number));
            out.extend(
                types(&region.destination_port, header).into_iter().map(|types| format!("{head} {types}")),
            );
        }
    }
    Ok(out)
}

fn protocols(set: &IntervalSet<u8>) -> String {
    if set.is_any() {
        return String::new();
    }
    let rest = set.complement();
    let (bang, set) = if rest.ranges().len() < set.ranges().len() { ("!= ", &rest) } else { ("", set) };
    let written = |(low, high): (u8, u8)| match low == high {
        true => protocol_name(low),
        false => format!("{low}-{high}"),
    };
    format!("meta l4proto {bang}{}", list(set.ranges().map(written).collect()))
}

/// The name that every version of nft knows without `/etc/protocols`, or the number.
fn protocol_name(number: u8) -> String {
    match number {
        protocol::TCP => "tcp".to_owned(),
        protocol::UDP => "udp".to_owned(),
        protocol::ICMP => "icmp".to_owned(),
        protocol::ICMPV6 => "icmpv6".to_owned(),
        protocol::ESP => "esp".to_owned(),
        protocol::AH => "ah".to_owned(),
        protocol::SCTP => "sctp".to_owned(),
        protocol::DCCP => "dccp".to_owned(),
        protocol::UDPLITE => "udplite".to_owned(),
        other => other.to_string(),
    }
}

fn ports(set: &IntervalSet<u16>) -> String {
    let rest = set.complement();
    let (bang, set) = if rest.ranges().len() < set.ranges().len() { ("!= ", &rest) } else { ("", set) };
    let written =
        |(low, high): (u16, u16)| if low == high { low.to_string() } else { format!("{low}-{high}") };
    format!("{bang}{}", list(set.ranges().map(written).collect()))
}

/// `icmp type { 8, 13 }`, and for types with some codes only `icmp type 3 icmp code { 1, 4 }`.
fn types(set: &IntervalSet<u16>, header: &str) -> Vec<String> {
    if set.is_any() {
        return vec![String::new()];
    }
    let mut whole: Vec<(u16, u16)> = Vec::new();
    let mut out = Vec::new();
    for (low, high) in set.ranges() {
        let (first, last) = (low >> 8, high >> 8);
        let mut partial = |kind: u16, from: u16, to: u16| {
            let codes = if from == to { from.to_string() } else { format!("{from}-{to}") };
            out.push(format!("{header} type {kind} {header} code {codes}"));
        };
        let begins = low & 255 == 0;
        let ends = high & 255 == 255;
        if first == last && !(begins && ends) {
            partial(first, low & 255, high & 255);
            continue;
        }
        if !begins {
            partial(first, low & 255, 255);
        }
        if !ends {
            partial(last, 0, high & 255);
        }
        let (from, to) = (first + u16::from(!begins), if ends { Some(last) } else { last.checked_sub(1) });
        if let Some(to) = to.filter(|to| from <= *to) {
            whole.push((from, to));
        }
    }
    if !whole.is_empty() {
        let written =
            |(low, high): (u16, u16)| if low == high { low.to_string() } else { format!("{low}-{high}") };
        out.insert(0, format!("{header} type {}", list(whole.into_iter().map(written).collect())));
    }
    out
}

/// The name as a comment that fits: on one line, without quotes, and not longer than the kernel keeps.
fn comment(name: &str) -> Option<String> {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = name
        .trim()
        .chars()
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            c => plain(c),
        })
        .collect();
    let cut = text.get(..text.floor_char_boundary(LONGEST_COMMENT)).unwrap_or_default().trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}
