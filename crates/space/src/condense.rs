use crate::{FlowSet, Region, Set};

/// More regions than this are left as they are: the search for pairs that join grows with their square.
const MOST: usize = 256;

impl FlowSet {
    /// The same packets by few regions as a reader would write them. They may overlap: `a -> any tcp/443` stays whole beside
    /// `a -> b tcp/{22, 443}`.
    pub fn condensed(&self) -> FlowSet {
        let mut regions = self.regions.clone();
        if regions.len() > MOST {
            return FlowSet { regions };
        }
        loop {
            drop_parts(&mut regions);
            // What is part of a whole goes first: joined with something else it would stay.
            let pairs = (0..regions.len()).flat_map(|at| (0..at).map(move |before| (before, at)));
            let join = pairs.into_iter().find_map(|(one, other)| {
                joined(regions.get(one)?, regions.get(other)?).map(|both| (one, other, both))
            });
            let Some((one, other, both)) = join else {
                regions.sort();
                return FlowSet { regions };
            };
            regions.remove(other);
            regions[one] = both;
        }
    }
}

/// Drops the regions that lie in another one; of equal ones the first stays.
fn drop_parts(regions: &mut Vec<Region>) {
    let mut kept: Vec<Region> = Vec::with_capacity(regions.len());
    for region in regions.drain(..) {
        if !kept.iter().any(|other| region.is_subset_of(other)) {
            kept.retain(|other| !other.is_subset_of(&region));
            kept.push(region);
        }
    }
    *regions = kept;
}

/// Whether one of them is all about IPv4 and the other all about IPv6. Between the two there are no packets, so that what
/// joins them adds none.
fn other_family(a: &Region, b: &Region) -> bool {
    let four = |region: &Region| region.source.v6.is_empty() && region.destination.v6.is_empty();
    let six = |region: &Region| region.source.v4.is_empty() && region.destination.v4.is_empty();
    four(a) && six(b) || six(a) && four(b)
}

/// One region that is exactly both: they differ in one coordinate only, or in the family.
fn joined(a: &Region, b: &Region) -> Option<Region> {
    let differ = [
        a.source != b.source,
        a.destination != b.destination,
        a.protocol != b.protocol,
        a.source_port != b.source_port,
        a.destination_port != b.destination_port,
        a.in_interface != b.in_interface,
        a.out_interface != b.out_interface,
        a.conditions != b.conditions,
    ];
    let ends_only = !differ[2..].contains(&true);
    let count = differ.iter().filter(|differ| **differ).count();
    if count > 1 && !(ends_only && other_family(a, b)) || a.conditions != b.conditions {
        return None;
    }
    Some(Region {
        source: a.source.union(&b.source),
        destination: a.destination.union(&b.destination),
        protocol: a.protocol.union(&b.protocol),
        source_port: a.source_port.union(&b.source_port),
        destination_port: a.destination_port.union(&b.destination_port),
        in_interface: a.in_interface.union(&b.in_interface),
        out_interface: a.out_interface.union(&b.out_interface),
        conditions: a.conditions.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Effort, IntervalSet, protocol};

    #[test]
    fn ports_join_and_parts_of_wholes_go() {
        let host = |last: u8| crate::AddressSet::from(std::net::IpAddr::from([10, 0, 0, last]));
        let tcp = |ports: &[u16]| {
            Region::any()
                .service(protocol::TCP, IntervalSet::from_ranges(ports.iter().map(|port| (*port, *port))))
        };
        let set: FlowSet = [
            tcp(&[443]).from(host(1)).to(host(2)),
            tcp(&[80]).from(host(1)).to(host(2)),
            tcp(&[443]).from(host(1)),
            tcp(&[80]).from(host(1)).to(host(3)),
        ]
        .into_iter()
        .collect();
        let condensed = set.condensed();
        let shown: Vec<String> = condensed.regions.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.1 -> any tcp/443", "10.0.0.1 -> 10.0.0.2/31 tcp/80"]);
        let effort = Effort::usual();
        assert_eq!(condensed.canonical(&effort), set.canonical(&effort));
    }
    #[test]
    fn families_join_where_all_else_is_the_same() {
        let of_family = |any: crate::AddressSet, port| {
            Region::any().service(protocol::TCP, IntervalSet::one(port)).from(any.clone()).to(any)
        };
        let condensed = |ports: [u16; 2]| {
            let [four, six] = [crate::AddressSet::any_v4(), crate::AddressSet::any_v6()];
            let set: FlowSet = [of_family(four, ports[0]), of_family(six, ports[1])].into_iter().collect();
            set.condensed().to_string()
        };
        assert_eq!(condensed([443, 443]), "any -> any tcp/443");
        assert_eq!(condensed([80, 443]), "::/0 -> ::/0 tcp/443; 0.0.0.0/0 -> 0.0.0.0/0 tcp/80");
    }
}
