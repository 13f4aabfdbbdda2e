use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use crate::{IntervalSet, Set};

/// A set of IPv4 and IPv6 addresses. The families never mix: `::ffff:10.0.0.1` is an IPv6 address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressSet {
    pub v4: IntervalSet<u32>,
    pub v6: IntervalSet<u128>,
}

impl AddressSet {
    /// All of IPv4, nothing of IPv6.
    pub fn any_v4() -> Self {
        AddressSet { v4: IntervalSet::any(), v6: IntervalSet::empty() }
    }

    /// All of IPv6, nothing of IPv4.
    pub fn any_v6() -> Self {
        AddressSet { v4: IntervalSet::empty(), v6: IntervalSet::any() }
    }

    /// All addresses of the families that the set has any of.
    pub fn whole_families(&self) -> Self {
        let whole = |empty: bool, all: Self| if empty { Self::empty() } else { all };
        whole(self.v4.is_empty(), Self::any_v4()).union(&whole(self.v6.is_empty(), Self::any_v6()))
    }

    /// From `low` to `high`, both included; empty when the families differ or `low > high`.
    pub fn range(low: IpAddr, high: IpAddr) -> Self {
        match (low, high) {
            (IpAddr::V4(low), IpAddr::V4(high)) => {
                AddressSet { v4: IntervalSet::range(low.into(), high.into()), v6: IntervalSet::empty() }
            }
            (IpAddr::V6(low), IpAddr::V6(high)) => {
                AddressSet { v4: IntervalSet::empty(), v6: IntervalSet::range(low.into(), high.into()) }
            }
            _ => AddressSet::empty(),
        }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.contains(address.into()),
            IpAddr::V6(address) => self.v6.contains(address.into()),
        }
    }

    /// The lowest IPv4 address, or else the lowest IPv6 one.
    pub fn first(&self) -> Option<IpAddr> {
        self.v4
            .first()
            .map(|address| IpAddr::V4(Ipv4Addr::from(address)))
            .or_else(|| self.v6.first().map(|address| IpAddr::V6(Ipv6Addr::from(address))))
    }

    /// How many addresses, as a float.
    pub fn size(&self) -> f64 {
        self.v4.size() + self.v6.size()
    }

    /// The fewest prefixes whose union is exactly this set, IPv4 first.
    pub fn prefixes(&self) -> Vec<IpNet> {
        let v4 = self.v4.ranges().flat_map(|(low, high)| Ipv4Subnets::new(low.into(), high.into(), 0));
        let v6 = self.v6.ranges().flat_map(|(low, high)| Ipv6Subnets::new(low.into(), high.into(), 0));
        v4.map(IpNet::V4).chain(v6.map(IpNet::V6)).collect()
    }

    /// The ranges as addresses, IPv4 first.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        let v4 = self.v4.ranges().map(|(low, high)| (IpAddr::V4(low.into()), IpAddr::V4(high.into())));
        let v6 = self.v6.ranges().map(|(low, high)| (IpAddr::V6(low.into()), IpAddr::V6(high.into())));
        v4.chain(v6)
    }

    /// The union of many sets, in one pass.
    pub fn union_of<'a>(sets: impl IntoIterator<Item = &'a AddressSet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for set in sets {
            v4.extend(set.v4.ranges());
            v6.extend(set.v6.ranges());
        }
        AddressSet { v4: IntervalSet::from_ranges(v4), v6: IntervalSet::from_ranges(v6) }
    }
}

impl Set for AddressSet {
    fn any() -> Self {
        AddressSet { v4: IntervalSet::any(), v6: IntervalSet::any() }
    }

    fn empty() -> Self {
        AddressSet { v4: IntervalSet::empty(), v6: IntervalSet::empty() }
    }

    fn is_any(&self) -> bool {
        self.v4.is_any() && self.v6.is_any()
    }

    fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    fn intersect(&self, other: &Self) -> Self {
        AddressSet { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    fn subtract(&self, other: &Self) -> Self {
        AddressSet { v4: self.v4.subtract(&other.v4), v6: self.v6.subtract(&other.v6) }
    }

    fn union(&self, other: &Self) -> Self {
        AddressSet { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.v4.overlaps(&other.v4) || self.v6.overlaps(&other.v6)
    }
}

impl From<Ipv4Net> for AddressSet {
    /// Host bits do not count: `10.1.2.3/24` is all of `10.1.2.0/24`.
    fn from(net: Ipv4Net) -> Self {
        AddressSet {
            v4: IntervalSet::range(net.network().into(), net.broadcast().into()),
            v6: IntervalSet::empty(),
        }
    }
}

impl From<Ipv6Net> for AddressSet {
    /// Host bits do not count.
    fn from(net: Ipv6Net) -> Self {
        AddressSet {
            v4: IntervalSet::empty(),
            v6: IntervalSet::range(net.network().into(), net.broadcast().into()),
        }
    }
}

impl From<IpNet> for AddressSet {
    fn from(net: IpNet) -> Self {
        match net {
            IpNet::V4(net) => net.into(),
            IpNet::V6(net) => net.into(),
        }
    }
}

impl From<IpAddr> for AddressSet {
    fn from(address: IpAddr) -> Self {
        AddressSet::range(address, address)
    }
}
