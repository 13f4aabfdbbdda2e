use std::collections::HashMap;

use diagnostics::printable;
use ipnet::IpNet;
use space::{Effort, FlowSet, IntervalSet, Region, Set, Side, SymbolKind, protocol};

use super::keys::Style;
use super::model::TargetKind;
use super::traffic::Traffic;
use crate::json_out::Out;
use crate::{Direction, NewRule, Refusal};

/// One rule to be written: one protocol, one range of ports, one prefix, list or group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spec {
    pub traffic: Traffic,
    pub far: Far,
}

/// The source of an inbound and the destination of an outbound rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Far {
    Net(IpNet),
    PrefixList(String),
    Group(String),
}

/// A rule to be written, and its description.
pub type Wanted = (Spec, Option<String>);
/// For whom a permission is, each with a description.
pub type Targets = Vec<(Far, Option<String>)>;

/// What a rule is written into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    SecurityGroup,
    NetworkAcl,
}

/// "Amazon VPC quotas", section "Security groups": 60 rules of each family and direction unless raised, and never so
/// many that groups times rules of a network interface are over 1,000.
pub const RULE_LIMIT: usize = 1_000;
/// More than this of one rule is refused before it is made.
const SPEC_LIMIT: usize = 2 * RULE_LIMIT;

impl Far {
    pub fn kind(&self) -> TargetKind {
        match self {
            Far::Net(IpNet::V4(_)) => TargetKind::V4,
            Far::Net(IpNet::V6(_)) => TargetKind::V6,
            Far::PrefixList(_) => TargetKind::PrefixList,
            Far::Group(_) => TargetKind::Group,
        }
    }

    pub fn text(&self) -> String {
        match self {
            Far::Net(net) => net.to_string(),
            Far::PrefixList(id) | Far::Group(id) => id.clone(),
        }
    }
}

impl Place {
    fn noun(self) -> &'static str {
        match self {
            Place::SecurityGroup => "security group",
            Place::NetworkAcl => "network ACL",
        }
    }
}

/// The rules that together match exactly `region`, or why there are none.
pub fn specs(name: &str, region: &Region, direction: Direction, place: Place) -> Result<Vec<Spec>, Refusal> {
    let shown = printable(name);
    if !region.in_interface.is_any() || !region.out_interface.is_any() {
        return Err(Refusal::new(
            format!("`{shown}` names an interface, and a {} knows none", place.noun()),
            "attach the group to the network interface, or the network ACL to the subnet, instead",
        ));
    }
    if region.is_empty() {
        return Ok(Vec::new());
    }
    let listed = condition(name, region, direction, place)?;
    let (near, far) = match direction {
        Direction::Inbound => (&region.destination, &region.source),
        _ => (&region.source, &region.destination),
    };
    // A packet has one family at both ends: of the near side, only the families of the far side count.
    let near_is_open = |far_is_empty: bool, near_is_any: bool, near_is_empty: bool| {
        far_is_empty || near_is_any || near_is_empty
    };
    let open = near_is_open(far.v4.is_empty(), near.v4.is_any(), near.v4.is_empty())
        && near_is_open(far.v6.is_empty(), near.v6.is_any(), near.v6.is_empty());
    if !open {
        let (near, far, way) = match direction {
            Direction::Inbound => ("destination", "source", "inbound"),
            _ => ("source", "destination", "outbound"),
        };
        let what = match place {
            Place::SecurityGroup => "the group is attached to",
            Place::NetworkAcl => "is in the subnet",
        };
        return Err(Refusal::new(
            format!(
                "`{shown}` picks the {near}, and the {way} rules of a {} can only pick the {far}: they hold for all that {what}",
                place.noun()
            ),
            format!("say `any` for the {near}, and give those hosts a {} of their own", place.noun()),
        ));
    }
    let mut fars: Vec<Far> = match listed {
        Some(far) => vec![far],
        None => {
            let prefixes = far.prefixes();
            let meets = |net: &IpNet| match net {
                IpNet::V4(_) => !near.v4.is_empty(),
                IpNet::V6(_) => !near.v6.is_empty(),
            };
            prefixes.into_iter().filter(meets).map(Far::Net).collect()
        }
    };
    if fars.is_empty() {
        return Err(Refusal::new(
            format!("`{shown}` goes from one address family to the other"),
            "name IPv4 addresses on both sides, or IPv6 addresses on both",
        ));
    }
    let traffics = traffics(name, region)?;
    if fars.len().saturating_mul(traffics.len()) > SPEC_LIMIT {
        return Err(too_many(name, fars.len().saturating_mul(traffics.len()), place));
    }
    let mut out = Vec::with_capacity(fars.len() * traffics.len());
    for traffic in traffics {
        for far in &mut fars {
            if place == Place::NetworkAcl
                && matches!(traffic, Traffic::Icmp(protocol::ICMPV6, Some(_), _))
                && matches!(far, Far::Net(IpNet::V4(_)))
            {
                return Err(Refusal::new(
                    format!(
                        "`{shown}` picks types of ICMPv6 between IPv4 addresses, and a network ACL cannot"
                    ),
                    "name IPv6 addresses for it",
                ));
            }
            out.push(Spec { traffic, far: far.clone() });
        }
    }
    Ok(out)
}

fn too_many(name: &str, count: usize, place: Place) -> Refusal {
    let help = "use larger prefixes, or a prefix list (`aws ec2 create-managed-prefix-list`)";
    let message = format!("`{}` takes {count} rules of a {}", printable(name), place.noun());
    Refusal::new(format!("{message}, which never has more than {RULE_LIMIT}"), help)
}

/// The prefix list or group that a condition puts in the place of addresses.
fn condition(
    name: &str,
    region: &Region,
    direction: Direction,
    place: Place,
) -> Result<Option<Far>, Refusal> {
    let mut found = None;
    let (far_side, far) = match direction {
        Direction::Inbound => (Side::Source, &region.source),
        _ => (Side::Destination, &region.destination),
    };
    for (symbol, held) in region.conditions.essential() {
        let refused = |why: &str, help: &str| {
            let symbol = format!("{} `{}`", symbol.kind.noun(), printable(&symbol.name));
            Refusal::new(format!("`{}` demands the {symbol}: {why}", printable(name)), help)
        };
        if *symbol == crate::established() {
            return Err(match (place, held) {
                (Place::SecurityGroup, _) => Refusal::new(
                    format!(
                        "`{}` tells replies, which a security group lets pass by itself",
                        printable(name)
                    ),
                    "leave the rule for replies out",
                ),
                (Place::NetworkAcl, _) => Refusal::new(
                    format!(
                        "`{}` tells replies from other packets, and a network ACL cannot",
                        printable(name)
                    ),
                    "permit the ports of the clients, 1024-65535, without that condition",
                ),
            });
        }
        if !held {
            return Err(refused(
                "a rule cannot say that it does not hold",
                "list the addresses that are meant",
            ));
        }
        match symbol.kind {
            SymbolKind::Name => {
                return Err(refused(
                    &format!("a {} matches addresses, not names", place.noun()),
                    "list the addresses in a prefix list, or match names with AWS Network Firewall or Route 53 Resolver DNS Firewall",
                ));
            }
            SymbolKind::AddressGroup if symbol.side == far_side => {}
            SymbolKind::AddressGroup => {
                return Err(refused("only the far side can be a list or a group", "say `any` for this side"));
            }
            _ => {
                return Err(refused(
                    "it stands for what is not known",
                    "say the addresses or ports themselves",
                ));
            }
        }
        if place == Place::NetworkAcl {
            return Err(refused("a network ACL matches prefixes alone", "list the addresses instead"));
        }
        let id = |prefix: &str| {
            symbol.name.strip_prefix(prefix).is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
        };
        let target = if id("pl-") {
            Far::PrefixList(symbol.name.to_string())
        } else if id("sg-") {
            Far::Group(symbol.name.to_string())
        } else {
            return Err(refused(
                "this is no id of a prefix list (`pl-...`) or security group (`sg-...`)",
                "list the addresses, or make a prefix list of them: `aws ec2 create-managed-prefix-list`",
            ));
        };
        if found.is_some() {
            return Err(refused("a rule has one prefix list or group", "list the addresses instead"));
        }
        if !far.is_any() {
            return Err(refused(
                "a list or group cannot be cut down to addresses",
                "list the addresses instead",
            ));
        }
        found = Some(target);
    }
    Ok(found)
}

/// The protocols and ports of the region, one rule each.
fn traffics(name: &str, region: &Region) -> Result<Vec<Traffic>, Refusal> {
    let shown = printable(name);
    let ports_are_open = region.destination_port.is_any();
    if !region.source_port.is_any() {
        return Err(Refusal::new(
            format!("`{shown}` picks source ports, which security groups and network ACLs do not match"),
            "leave the source port open",
        ));
    }
    if region.protocol.is_any() && ports_are_open {
        return Ok(vec![Traffic::All]);
    }
    let mut out = Vec::new();
    for number in region.protocol.ranges().flat_map(|(low, high)| low..=high) {
        match number {
            protocol::TCP | protocol::UDP => {
                out.extend(
                    region.destination_port.ranges().map(|(low, high)| Traffic::Ports(number, low, high)),
                );
            }
            protocol::ICMP | protocol::ICMPV6 => icmp(number, &region.destination_port, &mut out),
            other if ports_are_open => out.push(Traffic::Other(other)),
            other => {
                let word = protocol::name(other).map_or_else(|| format!("ip/{other}"), str::to_owned);
                let all = region.protocol.is_any();
                let what = if all { "every protocol".to_owned() } else { format!("`{word}`") };
                return Err(Refusal::new(
                    format!("`{shown}` has ports for {what}, and AWS tells ports of tcp and udp alone"),
                    "name the protocols: a rule for tcp, a rule for udp",
                ));
            }
        }
        if out.len() > SPEC_LIMIT {
            return Err(too_many(name, out.len(), Place::SecurityGroup));
        }
    }
    Ok(out)
}

/// Types and codes, from `type * 256 + code`.
fn icmp(number: u8, codes: &IntervalSet<u16>, out: &mut Vec<Traffic>) {
    if codes.is_any() {
        return out.push(Traffic::Icmp(number, None, None));
    }
    for kind in 0..=u8::MAX {
        let first = u16::from(kind) * 256;
        let whole = IntervalSet::range(first, first + 255);
        if whole.is_subset_of(codes) {
            out.push(Traffic::Icmp(number, Some(kind), None));
            continue;
        }
        for code in codes.intersect(&whole).ranges().flat_map(|(low, high)| low..=high) {
            out.push(Traffic::Icmp(number, Some(kind), u8::try_from(code & 255).ok()));
        }
    }
}

/// What a list of rules permits, as permits alone: each without what denies above it take away.
pub fn permits(rules: &[NewRule]) -> Result<Vec<(String, Region)>, Refusal> {
    let mut denied = FlowSet::empty();
    let mut out = Vec::new();
    for rule in rules {
        if !rule.permit {
            denied = denied.union(rule.region.clone().into());
            continue;
        }
        out.extend(less(&rule.name, rule.region.clone().into(), &denied)?);
    }
    Ok(out)
}

/// What is left of a rule without what is denied, under its name.
pub fn less(name: &str, set: FlowSet, denied: &FlowSet) -> Result<Vec<(String, Region)>, Refusal> {
    let left = set.subtract(denied, &Effort::limited(EFFORT)).map_err(|_| {
        Refusal::new(
            format!("what the denies leave of `{}` takes too many rules", printable(name)),
            "a security group has no denies: permit less, or use a network ACL",
        )
    })?;
    Ok(left.regions.into_iter().map(|region| (name.to_owned(), region)).collect())
}

const EFFORT: u64 = 200_000;

/// A description of a rule: up to 255 characters that AWS takes ("Security group rules", section "Security group rule
/// components").
pub fn description(name: &str) -> Option<String> {
    let fits =
        |character: char| character.is_ascii_alphanumeric() || " ._-:/()#,@[]+=;{}!$*".contains(character);
    let mut out = String::new();
    for character in name.trim().chars().take(255) {
        out.push(if fits(character) { character } else { '-' });
    }
    Some(out).filter(|out| !out.is_empty())
}

/// The rules as permissions: those with the same protocol and ports are one.
pub fn by_traffic(wanted: impl IntoIterator<Item = Wanted>) -> Vec<(Traffic, Targets)> {
    let mut out: Vec<(Traffic, Targets)> = Vec::new();
    let mut places: HashMap<Traffic, usize> = HashMap::new();
    for (spec, description) in wanted {
        let at = *places.entry(spec.traffic).or_insert_with(|| {
            out.push((spec.traffic, Vec::new()));
            out.len() - 1
        });
        if let Some((_, targets)) = out.get_mut(at) {
            targets.push((spec.far, description));
        }
    }
    out
}

/// An item of a permission's list.
pub fn target(far: &Far, description: Option<&str>, style: Style) -> Out {
    let (_, key) = far.kind().keys();
    let mut members = vec![(style.key(key), Out::Text(far.text()))];
    members.extend(description.map(|text| (style.key("Description"), Out::Text(text.to_owned()))));
    Out::Object(members)
}

/// A permission with these items in its lists; empty lists are written where `is_whole`.
pub fn permission(traffic: Traffic, targets: &[(Far, Option<String>)], style: Style, is_whole: bool) -> Out {
    let mut members = vec![(style.key("IpProtocol"), Out::Text(traffic.permission_protocol()))];
    if let Some((from, to)) = traffic.port_fields() {
        members.push((style.key("FromPort"), Out::Number(from)));
        members.push((style.key("ToPort"), Out::Number(to)));
    }
    for kind in [TargetKind::Group, TargetKind::V4, TargetKind::V6, TargetKind::PrefixList] {
        let of_kind = targets.iter().filter(|(far, _)| far.kind() == kind);
        let items: Vec<Out> = of_kind.map(|(far, text)| target(far, text.as_deref(), style)).collect();
        if is_whole || !items.is_empty() {
            members.push((style.key(kind.keys().0), Out::List(items)));
        }
    }
    Out::Object(members)
}

/// A rule in the shape of `describe-security-group-rules`.
pub fn flat_rule(
    spec: &Spec,
    group: Option<&str>,
    direction: Direction,
    description: Option<&str>,
    style: Style,
) -> Out {
    let mut members = Vec::new();
    members.extend(group.map(|id| (style.key("GroupId"), Out::Text(id.to_owned()))));
    members.push((style.key("IsEgress"), Out::Bool(direction == Direction::Outbound)));
    members.push((style.key("IpProtocol"), Out::Text(spec.traffic.permission_protocol())));
    let (from, to) = spec.traffic.port_fields().unwrap_or((-1, -1));
    members.push((style.key("FromPort"), Out::Number(from)));
    members.push((style.key("ToPort"), Out::Number(to)));
    let text = Out::Text(spec.far.text());
    members.push(match spec.far.kind() {
        TargetKind::V4 => (style.key("CidrIpv4"), text),
        TargetKind::V6 => (style.key("CidrIpv6"), text),
        TargetKind::PrefixList => (style.key("PrefixListId"), text),
        TargetKind::Group => {
            (style.key("ReferencedGroupInfo"), Out::Object(vec![(style.key("GroupId"), text)]))
        }
    });
    members.extend(description.map(|text| (style.key("Description"), Out::Text(text.to_owned()))));
    Out::Object(members)
}

/// An entry of a network ACL.
pub fn entry(spec: &Spec, permit: bool, number: i64, direction: Direction, style: Style) -> Out {
    let pair = |one: &str, first: i64, other: &str, second: i64| {
        Out::Object(vec![(style.key(one), Out::Number(first)), (style.key(other), Out::Number(second))])
    };
    let far = match spec.far {
        Far::Net(IpNet::V6(_)) => "Ipv6CidrBlock",
        _ => "CidrBlock",
    };
    let mut members = vec![
        (style.key(far), Out::Text(spec.far.text())),
        (style.key("Egress"), Out::Bool(direction == Direction::Outbound)),
    ];
    match (spec.traffic, spec.traffic.port_fields()) {
        (Traffic::Icmp(..), Some((kind, code))) => {
            members.push((style.key("IcmpTypeCode"), pair("Code", code, "Type", kind)));
        }
        (_, Some((from, to))) => members.push((style.key("PortRange"), pair("From", from, "To", to))),
        (_, None) => {}
    }
    members.push((style.key("Protocol"), Out::Text(spec.traffic.entry_protocol())));
    members.push((style.key("RuleAction"), Out::Text(if permit { "allow" } else { "deny" }.to_owned())));
    members.push((style.key("RuleNumber"), Out::Number(number)));
    Out::Object(members)
}
