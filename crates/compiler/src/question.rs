use space::{AddressSet, Conditions, Hidden, NameSet, Question, Region, Set, Side};

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
