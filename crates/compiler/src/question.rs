use formats::established;
use space::{
    AddressSet, Conditions, Hidden, IntervalSet, NameSet, Question, Region, Set, Side, Symbol, protocol,
};

use crate::{EndpointSet, Facts, ServicePart};

/// The questions that ask for all packets from `from` to `to` by `services`.
///
/// A packet has one family: IPv4 sources go with IPv4 destinations. A host known only by name has an address that is
/// not known, of either family that the other side has.
pub fn questions(
    from: &EndpointSet,
    to: &EndpointSet,
    services: &[ServicePart],
    facts: &Facts,
) -> Vec<Question> {
    let mut out = Vec::new();
    for service in services {
        for (source, source_name, source_hidden) in ends(from, facts) {
            for (destination, destination_name, destination_hidden) in ends(to, facts) {
                for family in [AddressSet::any_v4(), AddressSet::any_v6()] {
                    let region = Region {
                        source: source.intersect(&family),
                        destination: destination.intersect(&family),
                        in_interface: network_interfaces(),
                        ..service.region()
                    };
                    let named = |side, name: Option<&str>| {
                        name.map_or_else(Conditions::none, |name| Conditions::named(side, name))
                    };
                    let conditions = named(Side::Source, source_name)
                        .and(&named(Side::Destination, destination_name))
                        .unwrap_or_default();
                    let hidden = Hidden {
                        source: source_hidden,
                        destination: destination_hidden,
                        ..Hidden::default()
                    };
                    if !region.is_empty() {
                        out.push(Question { region: region.when(conditions), hidden });
                    }
                }
            }
        }
    }
    out
}

/// The interfaces by which the packets of a flow can come: all but the loopback, by which a host talks to itself and no
/// packet comes from the network (RFC 1122, section 3.2.1.3; `lo` on Linux).
pub fn network_interfaces() -> NameSet {
    NameSet::one("lo").complement()
}

/// The first packets of the flows that are asked about, where a rule set tells replies from them.
pub fn first_packet(question: &Question) -> Question {
    let first = question.region.conditions.and(&Conditions::lacks(established()));
    let region = question.region.clone().when(first.unwrap_or_default());
    Question { region, ..question.clone() }
}

/// The ports that a client takes where a requirement does not say: all that are not well known, for the ranges of
/// systems differ (RFC 6335 section 6 has 49152-65535, Linux 32768-60999, older Windows 1025-5000).
const DYNAMIC_PORTS: (u16, u16) = (1024, u16::MAX);

/// The replies to what is asked about: the same flow seen the other way, from the service's port to the client's. Of
/// ICMP, an echo is answered; other protocols without ports are asked for in each direction by themselves.
pub fn replies(question: &Question) -> Vec<Question> {
    let asked = &question.region;
    let with_ports = |number: &u8| protocol::has_ports(*number);
    let mut out = Vec::new();
    let tcp = asked.protocol.intersect(&IntervalSet::one(protocol::TCP));
    let others: IntervalSet<u8> = (0..=u8::MAX)
        .filter(|number| *number != protocol::TCP && with_ports(number))
        .map(IntervalSet::one)
        .fold(IntervalSet::empty(), |all, one| all.union(&one))
        .intersect(&asked.protocol);
    let client = match asked.source_port.is_any() {
        true => IntervalSet::range(DYNAMIC_PORTS.0, DYNAMIC_PORTS.1),
        false => asked.source_port.clone(),
    };
    for (protocol, source_port, destination_port, known) in [
        (tcp, &asked.destination_port, client.clone(), Conditions::holds(established())),
        (others, &asked.destination_port, client, Conditions::none()),
    ] {
        out.push((protocol, source_port.clone(), destination_port, known));
    }
    for (number, echo, reply) in [(protocol::ICMP, 8, 0), (protocol::ICMPV6, 128, 129)] {
        let whole = |kind: u16| IntervalSet::range(kind * 256, kind * 256 + 255);
        if asked.destination_port.overlaps(&whole(echo)) {
            let protocol = asked.protocol.intersect(&IntervalSet::one(number));
            out.push((protocol, IntervalSet::any(), IntervalSet::one(reply * 256), Conditions::none()));
        }
    }
    let names = seen_from_the_other_side(&asked.conditions);
    let turned = out.into_iter().filter_map(|(protocol, source_port, destination_port, known)| {
        let region = Region {
            source: asked.destination.clone(),
            destination: asked.source.clone(),
            protocol,
            source_port,
            destination_port,
            in_interface: asked.out_interface.clone(),
            out_interface: asked.in_interface.clone(),
            conditions: names.and(&known)?,
        };
        let hidden = Hidden {
            source: question.hidden.destination,
            destination: question.hidden.source,
            ..question.hidden
        };
        (!region.is_empty()).then_some(Question { region, hidden })
    });
    turned.collect()
}

/// The conditions on source and destination with the ends exchanged. What is said of the packet itself is not said of
/// its reply.
fn seen_from_the_other_side(conditions: &Conditions) -> Conditions {
    let mut out = Conditions::none();
    for (symbol, held) in conditions.iter() {
        let side = match symbol.side {
            Side::Source => Side::Destination,
            Side::Destination => Side::Source,
            Side::Packet => continue,
        };
        let symbol = Symbol::new(side, symbol.kind, &symbol.name);
        let literal = if *held { Conditions::holds(symbol) } else { Conditions::lacks(symbol) };
        out = out.and(&literal).unwrap_or(out);
    }
    out
}

/// The addresses as one end, and each name as one, with whether its addresses are not known. Of a name that a feed knows,
/// all addresses are asked for: any of them may answer.
fn ends<'a>(set: &'a EndpointSet, facts: &Facts) -> Vec<(AddressSet, Option<&'a str>, bool)> {
    let mut out = Vec::new();
    if !set.addresses.is_empty() {
        out.push((set.addresses.clone(), None, false));
    }
    out.extend(set.names.iter().map(|name| match facts.addresses_of(name) {
        Some(known) => (known, Some(&**name), false),
        None => (AddressSet::any(), Some(&**name), true),
    }));
    out
}
