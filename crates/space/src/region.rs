use crate::{AddressSet, Conditions, IntervalSet, NameSet, Set, protocol};

/// A product of sets: the packets that have each coordinate in its set and meet every condition.
///
/// A protocol without ports has them all; ICMP has its type and code in the destination port, as
/// `type * 256 + code`. The constructors keep a port beside protocols that have ports, so no packet is counted
/// that cannot exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    pub source: AddressSet,
    pub destination: AddressSet,
    pub protocol: IntervalSet<u8>,
    pub source_port: IntervalSet<u16>,
    pub destination_port: IntervalSet<u16>,
    /// The interface or zone a packet comes in by.
    pub in_interface: NameSet,
    /// The interface or zone it leaves by.
    pub out_interface: NameSet,
    pub conditions: Conditions,
}

/// Calls the macro `$one` with each coordinate that is a plain set, the ones that tell most apart first.
macro_rules! each_axis {
    ($one:ident) => {
        $one!(protocol);
        $one!(destination_port);
        $one!(destination);
        $one!(source);
        $one!(source_port);
        $one!(in_interface);
        $one!(out_interface);
    };
}

impl Region {
    /// All packets.
    pub fn any() -> Self {
        Region {
            source: AddressSet::any(),
            destination: AddressSet::any(),
            protocol: IntervalSet::any(),
            source_port: IntervalSet::any(),
            destination_port: IntervalSet::any(),
            in_interface: NameSet::any(),
            out_interface: NameSet::any(),
            conditions: Conditions::none(),
        }
    }

    pub fn from(self, source: AddressSet) -> Self {
        Region { source, ..self }
    }

    pub fn to(self, destination: AddressSet) -> Self {
        Region { destination, ..self }
    }

    /// One protocol, whatever its ports.
    pub fn protocol(self, protocol: u8) -> Self {
        Region { protocol: IntervalSet::one(protocol), ..self }
    }

    /// One protocol and its destination ports (or ICMP types and codes).
    pub fn service(self, protocol: u8, destination_port: IntervalSet<u16>) -> Self {
        debug_assert!(
            protocol::has_ports(protocol) || protocol::is_icmp(protocol) || destination_port.is_any()
        );
        Region { protocol: IntervalSet::one(protocol), destination_port, ..self }
    }

    pub fn when(self, conditions: Conditions) -> Self {
        Region { conditions, ..self }
    }

    pub fn is_empty(&self) -> bool {
        macro_rules! one {
            ($axis:ident) => {
                if self.$axis.is_empty() {
                    return true;
                }
            };
        }
        each_axis!(one);
        false
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        macro_rules! one {
            ($axis:ident) => {
                if !self.$axis.overlaps(&other.$axis) {
                    return false;
                }
            };
        }
        each_axis!(one);
        !self.conditions.contradict(&other.conditions)
    }

    pub fn intersect(&self, other: &Self) -> Option<Self> {
        if !self.overlaps(other) {
            return None;
        }
        Some(Region {
            source: self.source.intersect(&other.source),
            destination: self.destination.intersect(&other.destination),
            protocol: self.protocol.intersect(&other.protocol),
            source_port: self.source_port.intersect(&other.source_port),
            destination_port: self.destination_port.intersect(&other.destination_port),
            in_interface: self.in_interface.intersect(&other.in_interface),
            out_interface: self.out_interface.intersect(&other.out_interface),
            conditions: self.conditions.and(&other.conditions)?,
        })
    }

    pub fn is_subset_of(&self, other: &Self) -> bool {
        macro_rules! one {
            ($axis:ident) => {
                if !self.$axis.is_subset_of(&other.$axis) {
                    return false;
                }
            };
        }
        if self.is_empty() {
            return true;
        }
        each_axis!(one);
        other.conditions.implied_by(&self.conditions)
    }

    /// Pushes what of `self` lies outside `other`, as disjoint regions; returns what lies inside.
    pub fn split(&self, other: &Self, outside: &mut Vec<Region>) -> Option<Region> {
        if !self.overlaps(other) {
            if !self.is_empty() {
                outside.push(self.clone());
            }
            return None;
        }
        let mut rest = self.clone();
        macro_rules! one {
            ($axis:ident) => {
                if !other.$axis.is_any() {
                    let beyond = rest.$axis.subtract(&other.$axis);
                    if !beyond.is_empty() {
                        rest.$axis = rest.$axis.intersect(&other.$axis);
                        outside.push(Region { $axis: beyond, ..rest.clone() });
                    }
                }
            };
        }
        each_axis!(one);
        for conditions in rest.conditions.outside(&other.conditions) {
            outside.push(Region { conditions, ..rest.clone() });
        }
        rest.conditions = rest.conditions.and(&other.conditions)?;
        Some(rest)
    }

    /// What it costs to make this region, in steps: more for sets in many pieces and for many conditions.
    pub(crate) fn weight(&self) -> usize {
        let mut pieces = self.conditions.literals().len();
        pieces += self.source.v4.ranges().len() + self.source.v6.ranges().len();
        pieces += self.destination.v4.ranges().len() + self.destination.v6.ranges().len();
        pieces += self.source_port.ranges().len() + self.destination_port.ranges().len();
        pieces += self.in_interface.flips() + self.out_interface.flips();
        2 + pieces / 8
    }

    /// The IPv4 and the IPv6 part: a packet from the one family to the other does not exist.
    pub fn families(&self) -> Vec<Region> {
        let one = |v4: bool| {
            let part = |set: &AddressSet| {
                if v4 {
                    AddressSet { v6: IntervalSet::empty(), ..set.clone() }
                } else {
                    AddressSet { v4: IntervalSet::empty(), ..set.clone() }
                }
            };
            let has = |set: &AddressSet| if v4 { !set.v4.is_empty() } else { !set.v6.is_empty() };
            (has(&self.source) && has(&self.destination)).then(|| Region {
                source: part(&self.source),
                destination: part(&self.destination),
                ..self.clone()
            })
        };
        one(true).into_iter().chain(one(false)).collect()
    }

    /// The region without its conditions and with the interfaces left open.
    pub fn packets_only(&self) -> Self {
        Region {
            in_interface: NameSet::any(),
            out_interface: NameSet::any(),
            conditions: Conditions::none(),
            ..self.clone()
        }
    }

    /// How many packets, interfaces and conditions aside, as a float. Protocols without ports count once. Pairs of an
    /// IPv4 and an IPv6 address count too: who does not mean them asks of one family at a time.
    pub fn size(&self) -> f64 {
        let addresses = self.source.size() * self.destination.size();
        let services: f64 = self
            .protocol
            .ranges()
            .flat_map(|(low, high)| low..=high)
            .map(|protocol| {
                if protocol::has_ports(protocol) {
                    self.source_port.size() * self.destination_port.size()
                } else if protocol::is_icmp(protocol) {
                    self.destination_port.size()
                } else {
                    1.0
                }
            })
            .sum();
        addresses * services
    }
}
