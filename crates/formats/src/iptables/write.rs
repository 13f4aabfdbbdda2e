//! A rule in no vendor's words to the arguments of iptables.

use std::borrow::Cow;

use diagnostics::printable;
use ipnet::IpNet;
use space::{AddressSet, IntervalSet, NameSet, Region, Set, Side, SymbolKind, protocol};

use super::addresses;
use super::dump::{Hook, TableKind};
use super::family::Family;
use super::tokens;
use crate::{NewRule, Refusal};

/// Where a rule is to stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Where {
    pub family: Family,
    pub table: TableKind,
    /// `None` in a chain of the administrator's own.
    pub hook: Option<Hook>,
}

/// The arguments of one rule after its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec(pub Vec<String>);

/// One rule becomes no more lines than this.
const MOST_LINES: usize = 4096;

/// `multiport` holds 15 numbers, and a range counts as two (`man iptables-extensions`).
const MOST_PORTS: usize = 15;

/// More protocols than this in one rule are the complement of something.
const MOST_PROTOCOLS: usize = 16;

/// A comment has at most 255 bytes and a zero.
const LONGEST_COMMENT: usize = 255;

impl Spec {
    /// As text of a file for `iptables-restore`.
    pub fn for_restore(&self) -> String {
        self.join(tokens::for_restore)
    }

    /// As arguments of a command.
    pub fn for_shell(&self) -> String {
        self.join(tokens::for_shell)
    }

    fn join(&self, quote: fn(&str) -> Cow<'_, str>) -> String {
        // An option is no text that needs quotes.
        let written = |word: &String| {
            if word == "!" || word.starts_with('-') && is_option(word) {
                word.clone()
            } else {
                quote(word).into_owned()
            }
        };
        self.0.iter().map(written).collect::<Vec<_>>().join(" ")
    }
}

fn is_option(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The rule as the fewest lines that mean it, or why iptables cannot say it.
pub(super) fn specs(rule: &NewRule, place: Where) -> Result<Vec<Spec>, Refusal> {
    let region = &rule.region;
    refuse_conditions(region)?;
    if place.table == TableKind::Nat && !rule.permit {
        return Err(Refusal::new("table nat cannot deny a packet", "put the rule into table filter"));
    }
    let sources = addresses_of(&region.source, Side::Source, place.family)?;
    let destinations = addresses_of(&region.destination, Side::Destination, place.family)?;
    let incoming = interfaces(&region.in_interface, "-i", place)?;
    let outgoing = interfaces(&region.out_interface, "-o", place)?;
    let services = services(region, place.family)?;
    let count = [sources.len(), destinations.len(), incoming.len(), outgoing.len(), services.len()]
        .into_iter()
        .fold(1_usize, usize::saturating_mul);
    if count > MOST_LINES {
        return Err(Refusal::new(
            format!("the rule would become {count} lines of iptables"),
            "put the addresses into an ipset, and match that by hand",
        ));
    }
    let mut end = Vec::new();
    if let Some(comment) = comment(&rule.name) {
        end.extend(words(&["-m", "comment", "--comment"]));
        end.push(comment);
    }
    end.extend(words(&["-j", if rule.permit { "ACCEPT" } else { "DROP" }]));

    let mut specs = Vec::with_capacity(count);
    for source in &sources {
        for destination in &destinations {
            for incoming in &incoming {
                for outgoing in &outgoing {
                    for service in &services {
                        let ranges: Vec<&String> = source.range.iter().chain(&destination.range).collect();
                        let module = if ranges.is_empty() { Vec::new() } else { words(&["-m", "iprange"]) };
                        let parts =
                            [&source.option, &destination.option, incoming, outgoing, service, &module];
                        let all = parts.into_iter().flatten().chain(ranges).chain(&end);
                        specs.push(Spec(all.cloned().collect()));
                    }
                }
            }
        }
    }
    Ok(specs)
}

/// The one family that the rules speak of; `None` where they speak of any address.
pub(super) fn family(rules: &[NewRule]) -> Result<Option<Family>, Refusal> {
    let mut found = None;
    for rule in rules {
        for set in [&rule.region.source, &rule.region.destination] {
            let family = match (set.v4.is_empty(), set.v6.is_empty()) {
                _ if set.is_any() => continue,
                (false, true) => Family::V4,
                (true, false) => Family::V6,
                _ => return Err(mixed()),
            };
            if found.is_some_and(|found| found != family) {
                return Err(mixed());
            }
            found = Some(family);
        }
    }
    Ok(found)
}

fn mixed() -> Refusal {
    Refusal::new(
        "the rules are for IPv4 and IPv6 addresses, and iptables has a rule set for each",
        "write one file for each family: `flowright compile --family ipv4`, and `ipv6`",
    )
}

fn refuse_conditions(region: &Region) -> Result<(), Refusal> {
    let Some((symbol, _)) = region.conditions.essential().pop() else { return Ok(()) };
    let name = printable(&symbol.name);
    Err(match symbol.kind {
        SymbolKind::Name => Refusal::new(
            format!("iptables matches addresses, and `{name}` is a name"),
            "give the role the addresses that the name has (an address feed can keep them), or let the flow pass a proxy \
             that knows names; `query` shows what the rules do with single addresses",
        ),
        SymbolKind::AddressGroup => Refusal::new(
            format!("which addresses are in `{name}` is not known, and a new rule does not match it"),
            "write the rule by hand, with `-m set --match-set`",
        ),
        kind => Refusal::new(
            format!("iptables cannot match the {} `{name}`", kind.noun()),
            "give the flow as addresses, protocols and ports",
        ),
    })
}

/// One way to say some of the addresses of one side.
#[derive(Default)]
struct Matcher {
    /// `-s 10.0.0.0/8`
    option: Vec<String>,
    /// `--src-range 10.0.0.1-10.0.0.9`, behind one `-m iprange` for both sides.
    range: Vec<String>,
}

fn addresses_of(set: &AddressSet, side: Side, family: Family) -> Result<Vec<Matcher>, Refusal> {
    let any = addresses::any(family);
    let mine = set.intersect(&any);
    if set.is_any() || mine == any && *set == mine {
        return Ok(vec![Matcher::default()]);
    }
    if mine != *set {
        return Err(if mine.is_empty() && !set.is_empty() {
            let (own, other) = (family.name(), family.other().name());
            Refusal::new(
                format!("the rule is for addresses of {other}, and the rule set for those of {own}"),
                format!("put it into the rule set of {}", family.other().program()),
            )
        } else {
            mixed()
        });
    }
    let rest = any.subtract(&mine);
    if rest.ranges().count() == 1 && mine.ranges().count() > 1 {
        return Ok(rest
            .ranges()
            .map(|(low, high)| matcher(&AddressSet::range(low, high), side, true))
            .collect());
    }
    Ok(mine.ranges().map(|(low, high)| matcher(&AddressSet::range(low, high), side, false)).collect())
}

/// A matcher for one range of addresses, or for all but it.
fn matcher(range: &AddressSet, side: Side, negated: bool) -> Matcher {
    let bang: &[&str] = if negated { &["!"] } else { &[] };
    let (option, option_of_ranges) = match side {
        Side::Source => ("-s", "--src-range"),
        _ => ("-d", "--dst-range"),
    };
    match (range.prefixes().as_slice(), range.ranges().next()) {
        ([prefix], _) => {
            let prefix: &IpNet = prefix;
            Matcher {
                option: [words(bang), vec![option.to_owned(), prefix.to_string()]].concat(),
                range: Vec::new(),
            }
        }
        (_, Some((low, high))) => {
            let range = vec![option_of_ranges.to_owned(), format!("{low}-{high}")];
            Matcher { option: Vec::new(), range: [words(bang), range].concat() }
        }
        (_, None) => Matcher::default(),
    }
}

fn interfaces(names: &NameSet, option: &str, place: Where) -> Result<Vec<Vec<String>>, Refusal> {
    if names.is_any() {
        return Ok(vec![Vec::new()]);
    }
    let unknown = match (option, place.hook) {
        ("-i", Some(Hook::Output | Hook::Postrouting)) => Some("a packet that comes in by no interface"),
        ("-o", Some(Hook::Input | Hook::Prerouting)) => {
            Some("a packet that has no interface to leave by yet")
        }
        _ => None,
    };
    if let (Some(what), Some(hook)) = (unknown, place.hook) {
        return Err(Refusal::new(
            format!("chain {} sees {what}, and takes no `{option}`", hook.chain()),
            "leave the interface out of the flow, or put the rule into another chain",
        ));
    }
    let (exact, bang) = match (names.exact(), names.complement().exact()) {
        (Some(exact), _) => (exact.into_iter().map(str::to_owned).collect::<Vec<_>>(), false),
        (None, Some(without)) if without.len() == 1 => {
            (without.into_iter().map(str::to_owned).collect(), true)
        }
        _ => {
            return Err(Refusal::new(
                "iptables matches one interface, or all but one",
                "name the interfaces of the flow one by one",
            ));
        }
    };
    let written = |name: String| {
        let odd = name.is_empty()
            || name.len() > 15
            || name.ends_with('+')
            || name.starts_with(['-', '!'])
            || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/');
        if odd {
            let message = format!("`{}` cannot be the name of an interface", printable(&name));
            return Err(Refusal::new(
                message,
                "a name has at most 15 bytes, no blank, no `/`, no `+` at its end, and begins with a letter or a digit",
            ));
        }
        Ok([words(if bang { &["!"] } else { &[] }), vec![option.to_owned(), name]].concat())
    };
    exact.into_iter().map(written).collect()
}

/// `-p` with what the protocol has for ports, in as many ways as are needed.
fn services(region: &Region, family: Family) -> Result<Vec<Vec<String>>, Refusal> {
    let plain = region.source_port.is_any() && region.destination_port.is_any();
    if region.protocol.is_any() {
        if plain {
            return Ok(vec![Vec::new()]);
        }
        return Err(Refusal::new(
            "a port without its protocol cannot be matched",
            "name the protocol: `tcp/443`",
        ));
    }
    let without = region.protocol.complement();
    if let Some((low, _)) = without.hull().filter(|(low, high)| low == high && plain && *low != 0) {
        return Ok(vec![vec!["!".to_owned(), "-p".to_owned(), protocol_name(low)]]);
    }
    let numbers: Vec<u8> = region.protocol.ranges().flat_map(|(low, high)| low..=high).collect();
    if numbers.len() > MOST_PROTOCOLS {
        let message = format!("a rule for {} protocols cannot be written", numbers.len());
        return Err(Refusal::new(message, "name the protocols of the flow one by one, or all of them"));
    }
    if numbers.contains(&0) {
        return Err(Refusal::new(
            "iptables reads protocol 0 as all protocols",
            "leave protocol 0 out, or name the other protocols alone",
        ));
    }
    let mut all = Vec::new();
    for number in numbers {
        let head = vec!["-p".to_owned(), protocol_name(number)];
        if plain {
            all.push(head);
        } else if protocol::has_ports(number) {
            let own = number != protocol::UDPLITE;
            for source in ports(&region.source_port, ["--sport", "--sports"], own) {
                for destination in ports(&region.destination_port, ["--dport", "--dports"], own) {
                    all.push(with_ports(&head, number, &source, &destination));
                }
            }
        } else if protocol::is_icmp(number) && region.source_port.is_any() {
            for types in icmp_types(&region.destination_port, number, family)? {
                all.push([head.clone(), types].concat());
            }
        } else {
            let message = format!("protocol {} has no ports", protocol_name(number));
            return Err(Refusal::new(message, "leave the ports out, or name a protocol that has them"));
        }
    }
    Ok(all)
}

/// The name that every version of iptables knows without `/etc/protocols`, or the number.
fn protocol_name(number: u8) -> String {
    match number {
        protocol::TCP => "tcp".to_owned(),
        protocol::UDP => "udp".to_owned(),
        protocol::ICMP => "icmp".to_owned(),
        protocol::ICMPV6 => "ipv6-icmp".to_owned(),
        protocol::ESP => "esp".to_owned(),
        protocol::AH => "ah".to_owned(),
        protocol::SCTP => "sctp".to_owned(),
        protocol::UDPLITE => "udplite".to_owned(),
        other => other.to_string(),
    }
}

/// One way to say some of the ports of one side.
enum Ports {
    Any,
    /// Of the protocol's own module.
    One(Vec<String>),
    /// Of `-m multiport`.
    List(Vec<String>),
}

/// `own` says whether the protocol has a module of its own: UDP-Lite has none, and `multiport` takes it.
fn ports(set: &IntervalSet<u16>, [one, list]: [&str; 2], own: bool) -> Vec<Ports> {
    if set.is_any() {
        return vec![Ports::Any];
    }
    let written =
        |(low, high): (u16, u16)| if low == high { low.to_string() } else { format!("{low}:{high}") };
    let single = |set: &IntervalSet<u16>| set.hull().filter(|_| set.ranges().len() == 1);
    let without = single(&set.complement());
    if let Some(range) = single(set).or(without) {
        let mut words = if single(set).is_none() { vec!["!".to_owned()] } else { Vec::new() };
        words.extend([if own { one } else { list }.to_owned(), written(range)]);
        return vec![if own { Ports::One(words) } else { Ports::List(words) }];
    }
    let mut chunks: Vec<(usize, Vec<String>)> = Vec::new();
    for (low, high) in set.ranges() {
        let weight = if low == high { 1 } else { 2 };
        match chunks.last_mut() {
            Some((used, chunk)) if *used + weight <= MOST_PORTS => {
                *used += weight;
                chunk.push(written((low, high)));
            }
            _ => chunks.push((weight, vec![written((low, high))])),
        }
    }
    chunks.into_iter().map(|(_, chunk)| Ports::List(vec![list.to_owned(), chunk.join(",")])).collect()
}

fn with_ports(head: &[String], number: u8, source: &Ports, destination: &Ports) -> Vec<String> {
    let mut out = head.to_vec();
    let own: Vec<&String> = [source, destination]
        .into_iter()
        .filter_map(|ports| if let Ports::One(words) = ports { Some(words) } else { None })
        .flatten()
        .collect();
    if !own.is_empty() {
        let module = protocol::name(number).unwrap_or_default();
        out.extend(words(&["-m", module]));
        out.extend(own.into_iter().cloned());
    }
    for ports in [source, destination] {
        if let Ports::List(list) = ports {
            out.extend(words(&["-m", "multiport"]));
            out.extend(list.iter().cloned());
        }
    }
    out
}

/// `-m icmp --icmp-type 8`, once for each type, or type and code.
fn icmp_types(set: &IntervalSet<u16>, number: u8, family: Family) -> Result<Vec<Vec<String>>, Refusal> {
    if set.is_any() {
        return Ok(vec![Vec::new()]);
    }
    let (module, option, own) = match number {
        protocol::ICMP => ("icmp", "--icmp-type", Family::V4),
        _ => ("icmp6", "--icmpv6-type", Family::V6),
    };
    if own != family {
        return Err(Refusal::new(
            format!("rules for {} cannot match the types of {}", family.name(), protocol_name(number)),
            format!("put the flow into the rule set of {}", own.program()),
        ));
    }
    let one = |set: &IntervalSet<u16>| match elements(set).as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    let all_but = one(&set.complement()).filter(|_| one(set).is_none());
    let (types, bang) = match all_but {
        Some(type_) => (vec![type_], true),
        None => (elements(set), false),
    };
    let any_type = |text: &String| text == "255" || text.starts_with("255/");
    if family == Family::V4 && types.iter().any(any_type) {
        return Err(Refusal::new(
            "iptables reads ICMP type 255 as any type",
            "leave type 255 out of the flow",
        ));
    }
    let written = |type_: String| {
        let head = words(&["-m", module]);
        let bang = words(if bang { &["!"] } else { &[] });
        [head, bang, vec![option.to_owned(), type_]].concat()
    };
    Ok(types.into_iter().map(written).collect())
}

/// Whole types and single codes that make up the set.
fn elements(set: &IntervalSet<u16>) -> Vec<String> {
    let mut out = Vec::new();
    for (low, high) in set.ranges() {
        let mut at = u32::from(low);
        while at <= u32::from(high) {
            let (type_, code) = (at >> 8, at & 255);
            if code == 0 && at + 255 <= u32::from(high) {
                out.push(type_.to_string());
                at += 256;
            } else {
                out.push(format!("{type_}/{code}"));
                at += 1;
            }
        }
    }
    out
}

/// The name as a comment that fits: on one line, not longer than the kernel keeps, and not like an option.
fn comment(name: &str) -> Option<String> {
    let mut text: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.starts_with('-') || text == "!" {
        text.insert(0, '\'');
        text.push('\'');
    }
    let mut end = text.len().min(LONGEST_COMMENT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    (!text.is_empty()).then_some(text)
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}
