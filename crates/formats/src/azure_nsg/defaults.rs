use space::{AddressSet, Conditions, Region, Side, Symbol, SymbolKind};

use super::tags;
use crate::Direction;

/// A rule that Azure adds to every group and that nobody can remove.
pub struct DefaultRule {
    pub name: &'static str,
    pub priority: i64,
    pub direction: Direction,
    pub permits: bool,
    pub peer: Peer,
}

/// What is at the far end of a default rule: the source of inbound, the destination of outbound traffic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    VirtualNetwork,
    LoadBalancer,
    Internet,
    Anywhere,
}

/// From "Network security groups", section "Default security rules"; the names are those that the REST API gives.
pub const DEFAULTS: &[DefaultRule] = &[
    default("AllowVnetInBound", 65000, Direction::Inbound, true, Peer::VirtualNetwork),
    default("AllowAzureLoadBalancerInBound", 65001, Direction::Inbound, true, Peer::LoadBalancer),
    default("DenyAllInBound", 65500, Direction::Inbound, false, Peer::Anywhere),
    default("AllowVnetOutBound", 65000, Direction::Outbound, true, Peer::VirtualNetwork),
    default("AllowInternetOutBound", 65001, Direction::Outbound, true, Peer::Internet),
    default("DenyAllOutBound", 65500, Direction::Outbound, false, Peer::Anywhere),
];

const fn default(
    name: &'static str,
    priority: i64,
    direction: Direction,
    permits: bool,
    peer: Peer,
) -> DefaultRule {
    DefaultRule { name, priority, direction, permits, peer }
}

impl DefaultRule {
    /// What it matches: the same as if the file had listed it. The near end is in the virtual network.
    pub fn regions(&self, any: &Region) -> Vec<Region> {
        let side = if self.direction == Direction::Inbound { Side::Source } else { Side::Destination };
        let tag = |name| Symbol::new(side, SymbolKind::ServiceTag, name);
        let at = |addresses: AddressSet| match side {
            Side::Source => any.clone().from(addresses),
            _ => any.clone().to(addresses),
        };
        match self.peer {
            Peer::Anywhere => vec![any.clone()],
            Peer::VirtualNetwork => vec![any.clone().when(Conditions::holds(tag(tags::VIRTUAL_NETWORK)))],
            Peer::LoadBalancer => vec![
                at(std::net::IpAddr::V4(tags::HOST_ADDRESS).into()),
                any.clone().when(Conditions::holds(tag(tags::AZURE_LOAD_BALANCER))),
            ],
            Peer::Internet => {
                let outside = Conditions::lacks(tag(tags::VIRTUAL_NETWORK));
                let doubtful = Conditions::holds(tag(tags::INTERNET)).and(&outside);
                let doubtful = doubtful.map(|conditions| at(tags::DOUBTFUL.clone()).when(conditions));
                std::iter::once(at(tags::PUBLIC.clone()).when(outside)).chain(doubtful).collect()
            }
        }
    }
}
